/** Hexadecimal as this API has it: two digits for each byte in either case, no prefix. Answers are in lower case. */
import type { ParsedItem } from '@countersign/core/signing-item';
import { refuse } from './refuse.ts';

/** The bytes of a hexadecimal member, at most `maxBytes` of them. The empty text is zero bytes. */
export function readHex(member: string, value: unknown, maxBytes: number): ParsedItem<Uint8Array> {
  if (typeof value !== 'string') return refuse(`${member} must be a string of hexadecimal digits`);
  if (value.length > 2 * maxBytes + 2) return refuse(`${member} may stand for at most ${maxBytes} bytes`);
  try {
    const item = Uint8Array.fromHex(value);
    return item.length > maxBytes ? refuse(`${member} may stand for at most ${maxBytes} bytes`) : { ok: true, item };
  } catch {
    return /^0x/i.test(value)
      ? refuse(`${member} must be hexadecimal without the prefix 0x; leave it out`)
      : refuse(`${member} must be hexadecimal digits, two for each byte`);
  }
}

export function encodeHex(bytes: Uint8Array): string {
  return bytes.toHex();
}
