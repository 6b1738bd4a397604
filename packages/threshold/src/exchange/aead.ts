/** ChaCha20-Poly1305 (RFC 8439) with counters for nonces. */
import { createCipheriv, createDecipheriv } from 'node:crypto';

export const AEAD_KEY_BYTES = 32;
export const AEAD_TAG_BYTES = 16;
const NONCE_BYTES = 12;
const OPTIONS = { authTagLength: AEAD_TAG_BYTES };

/** @param sequence used once per key, below 2^32 */
export function sealBox(key: Uint8Array, sequence: number, plain: Uint8Array): Buffer {
  const cipher = createCipheriv('chacha20-poly1305', key, nonceOf(sequence), OPTIONS);
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** Undefined for what wasn't sealed under this key and sequence. */
export function openBox(key: Uint8Array, sequence: number, sealed: Uint8Array): Buffer | undefined {
  const end = sealed.length - AEAD_TAG_BYTES;
  if (end < 0) return undefined;
  const decipher = createDecipheriv('chacha20-poly1305', key, nonceOf(sequence), OPTIONS);
  decipher.setAuthTag(sealed.subarray(end));
  const plain = decipher.update(sealed.subarray(0, end));
  try {
    decipher.final();
    return plain;
  } catch {
    return undefined;
  }
}

function nonceOf(sequence: number): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES);
  nonce.writeUInt32LE(sequence, NONCE_BYTES - 4);
  return nonce;
}
