/**
 * Thrown and caught inside this folder alone: the message is the reason that the caller reads. It names the member and
 * what would be right, and repeats at most a few characters of what the caller sent.
 */
export class InvalidPayload extends Error {}

/** A value from outside as it may stand in a reason: shortened, quoted, without control characters. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}...` : text);
}
