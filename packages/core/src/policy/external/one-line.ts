/** Line ends, NUL and the like, and what turns the direction of text: such a text would pose as another in logs. */
const MISLEADING = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
const EVERY_MISLEADING = new RegExp(MISLEADING.source, 'gu');

export function isOneLine(text: string): boolean {
  return !MISLEADING.test(text) && text.isWellFormed();
}

/** A foreign text as one line of at most `maxCharacters` characters (at least 4), cut with three dots. */
export function toOneLine(text: string, maxCharacters: number): string {
  // Cut before it is worked on: it may be long.
  const head = text.slice(0, maxCharacters * 2 + 2).toWellFormed();
  const line = [...head.replace(EVERY_MISLEADING, ' ')];
  if (line.length <= maxCharacters) return line.join('').trim();
  return `${line
    .slice(0, maxCharacters - 3)
    .join('')
    .trim()}...`;
}
