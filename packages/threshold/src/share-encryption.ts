/**
 * Encryption of a dealt share to its recipient's deal key: X25519 with the dealer's ephemeral key, HKDF-SHA256,
 * ChaCha20-Poly1305. Session, dealer and recipient go into the key, so that a ciphertext that is moved doesn't open.
 */
import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';

export const SEALED_SHARE_BYTES = 48;

const TAG = Buffer.from('countersign/share-encryption/v1');
const CIPHER = 'chacha20-poly1305';
const KEY_BYTES = 32;
const SHARE_BYTES = 32;
const AUTHENTICATION_TAG_BYTES = 16;
/** Every key seals one share. */
const NONCE = Buffer.alloc(12);

/** Of one share. */
export interface SealingContext {
  /** 32 bytes. */
  readonly sessionHash: Uint8Array;
  readonly dealer: number;
  readonly recipient: number;
  /** X25519, 32 bytes each. */
  readonly ephemeralKey: Uint8Array;
  readonly dealKey: Uint8Array;
}

/** @param shared the X25519 secret of ephemeral and deal key; the caller wipes it */
export function sealShare(context: SealingContext, shared: Uint8Array, share: Uint8Array): Uint8Array {
  return withKey(context, shared, (key) => {
    const cipher = createCipheriv(CIPHER, key, NONCE, { authTagLength: AUTHENTICATION_TAG_BYTES });
    return Buffer.concat([cipher.update(share), cipher.final(), cipher.getAuthTag()]);
  });
}

/**
 * @param out 32 bytes of secret memory
 * @returns whether the ciphertext was made by somebody with this key; if not, `out` is zero
 */
export function openShare(out: Uint8Array, context: SealingContext, shared: Uint8Array, sealed: Uint8Array): boolean {
  return withKey(context, shared, (key) => {
    const decipher = createDecipheriv(CIPHER, key, NONCE, { authTagLength: AUTHENTICATION_TAG_BYTES });
    decipher.setAuthTag(sealed.subarray(SHARE_BYTES));
    const opened = decipher.update(sealed.subarray(0, SHARE_BYTES));
    try {
      decipher.final();
      out.set(opened);
      return true;
    } catch {
      out.fill(0);
      return false;
    } finally {
      opened.fill(0);
    }
  });
}

function withKey<Result>(context: SealingContext, shared: Uint8Array, use: (key: Uint8Array) => Result): Result {
  const positions = Buffer.alloc(8);
  positions.writeUInt32LE(context.dealer);
  positions.writeUInt32LE(context.recipient, 4);
  const info = Buffer.concat([TAG, positions, context.ephemeralKey, context.dealKey]);
  const key = new Uint8Array(hkdfSync('sha256', shared, context.sessionHash, info, KEY_BYTES));
  try {
    return use(key);
  } finally {
    key.fill(0);
  }
}
