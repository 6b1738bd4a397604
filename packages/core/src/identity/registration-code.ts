/** Codes with which people register: shown once, kept as SHA-256, easy to read out. */
import { hash, randomBytes } from 'node:crypto';

/** RFC 4648, section 6, in lower case: no 0, 1 or 8. */
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const CHARACTERS = 32;

/** 160 random bits in base32, in groups of four: `abcd-efgh-...`. */
export function createRegistrationCode(): { readonly text: string; readonly digest: Uint8Array } {
  const characters = [...randomBytes(CHARACTERS)].map((byte) => ALPHABET.charAt(byte & 31));
  const compact = characters.join('');
  return { text: compact.replace(/(.{4})(?=.)/g, '$1-'), digest: digestOf(compact) };
}

/** Case, hyphens and spaces don't matter. Undefined for what can't be a code. */
export function registrationCodeDigest(text: string): Uint8Array | undefined {
  if (text.length > 4 * CHARACTERS) return undefined;
  const compact = text.replace(/[-\s]/g, '').toLowerCase();
  return compact.length === CHARACTERS ? digestOf(compact) : undefined;
}

function digestOf(compact: string): Uint8Array {
  return hash('sha256', compact, 'buffer');
}
