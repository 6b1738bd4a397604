const MAX_CHARACTERS = 254;
/** Only ASCII: letters that look alike, or that change their number with their case, would make two people of one. */
const ADDRESS = /^[a-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/;

/** An email address in lower case; undefined for anything that isn't one. */
export function parseEmail(text: string): string | undefined {
  if (text.length > MAX_CHARACTERS) return undefined;
  const lower = text.toLowerCase();
  return ADDRESS.test(lower) ? lower : undefined;
}
