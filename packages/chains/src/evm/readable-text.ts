export const MAX_MEMO_CHARACTERS = 4_096;

/** Controls, format characters (among them those that turn the direction of writing), line separators, lone surrogates. */
const UNREADABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * Text as it may be shown to an approver: at most 4,096 characters (UTF-16 units), ASCII controls as their pictures
 * (U+2400 and on), everything else that could hide or reorder text as U+FFFD.
 */
export function readableText(text: string): { readonly text: string; readonly truncated: boolean } {
  const truncated = text.length > MAX_MEMO_CHARACTERS;
  const shown = truncated ? text.slice(0, MAX_MEMO_CHARACTERS) : text;
  return {
    // Pictures and U+FFFD have one UTF-16 unit, and what they replace one or two: the text doesn't grow.
    text: shown.replace(UNREADABLE, (character) => {
      const code = character.codePointAt(0) ?? 0;
      if (code < 0x20) {
        return String.fromCodePoint(0x2400 + code);
      }
      return code === 0x7f ? '\u2421' : '\ufffd';
    }),
    truncated,
  };
}
