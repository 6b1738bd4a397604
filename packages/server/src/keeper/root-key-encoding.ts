import { allocateSecret, freeSecret } from '@countersign/algorithms/secret-memory';

export const ROOT_KEY_LENGTH = 32;

/**
 * Reads 64 hex digits or padded base64 of 32 bytes straight into locked memory; no string or heap copy is made.
 *
 * @returns 32 bytes in locked memory (free with `freeSecret`), or undefined when `text` is neither, or all zero
 */
export function decodeRootKey(text: Uint8Array): Buffer | undefined {
  const key = allocateSecret(ROOT_KEY_LENGTH);
  const ok = text.length === 64 ? decodeHex(text, key) : text.length === 44 ? decodeBase64(text, key) : false;
  if (ok && key.some((byte) => byte !== 0)) return key;
  freeSecret(key);
  return undefined;
}

/** Writes `key` as lower-case hex into `out` (64 bytes). */
export function encodeRootKeyHex(key: Uint8Array, out: Uint8Array): void {
  const digit = (value: number): number => (value < 10 ? 48 + value : 87 + value);
  key.forEach((byte, i) => {
    out[2 * i] = digit(byte >> 4);
    out[2 * i + 1] = digit(byte & 15);
  });
}

function decodeHex(text: Uint8Array, key: Uint8Array): boolean {
  for (let i = 0; i < ROOT_KEY_LENGTH; i++) {
    const high = hexValue(text[2 * i]);
    const low = hexValue(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    key[i] = (high << 4) | low;
  }
  return true;
}

function hexValue(code: number | undefined): number {
  if (code === undefined) return -1;
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

/** 43 digits and one '='; the two bits of the last digit that carry nothing must be zero. */
function decodeBase64(text: Uint8Array, key: Uint8Array): boolean {
  if (text[43] !== 61) return false;
  let bits = 0;
  let count = 0;
  let length = 0;
  for (let i = 0; i < 43; i++) {
    const value = base64Value(text[i]);
    if (value < 0) return false;
    bits = ((bits << 6) | value) & 0xfff;
    count += 6;
    if (count >= 8) {
      count -= 8;
      key[length++] = (bits >> count) & 255;
    }
  }
  return length === ROOT_KEY_LENGTH && (bits & 3) === 0;
}

function base64Value(code: number | undefined): number {
  if (code === undefined) return -1;
  if (code >= 65 && code <= 90) return code - 65;
  if (code >= 97 && code <= 122) return code - 71;
  if (code >= 48 && code <= 57) return code + 4;
  if (code === 43) return 62;
  return code === 47 ? 63 : -1;
}
