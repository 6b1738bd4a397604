import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from 'node:crypto';

const KEY_BYTES = 32;

/** @param secret 32 bytes, read where they lie; the caller still owns, and wipes, them */
export function x25519PrivateKey(secret: Uint8Array): KeyObject {
  if (secret.length !== KEY_BYTES) throw new RangeError('an X25519 secret has 32 bytes');
  return createPrivateKey({ key: view(secret), format: 'raw-private', asymmetricKeyType: 'x25519' });
}

/** The 32 bytes of the public key (RFC 7748, section 5). */
export function x25519PublicBytes(privateKey: KeyObject): Buffer {
  return createPublicKey(privateKey).export({ format: 'raw-public' });
}

/**
 * Undefined for what isn't 32 bytes, isn't the one canonical encoding (bit 255 set, or p and above, which RFC 7748
 * would reduce), or is of low order, which gives everybody the same shared secret.
 */
export function parseX25519PublicKey(bytes: Uint8Array): KeyObject | undefined {
  if (bytes.length !== KEY_BYTES || !isBelowP(bytes)) return undefined;
  const key = createPublicKey({ key: view(bytes), format: 'raw-public', asymmetricKeyType: 'x25519' });
  return diffieHellmanOrNothing(PROBE, key) === undefined ? undefined : key;
}

/**
 * 32 secret bytes, to be wiped by the caller; never the all-zero value (RFC 7748, section 6.1).
 * @throws RangeError for a public key of low order
 */
export function x25519(privateKey: KeyObject, publicKey: KeyObject): Buffer {
  const shared = diffieHellmanOrNothing(privateKey, publicKey);
  if (shared === undefined) throw new RangeError('an X25519 public key of low order');
  return shared;
}

/**
 * Any clamped scalar is a multiple of the cofactor, so that a product with it is zero exactly for points of low order
 * (its odd part shares no factor with the orders of curve and twist, as a fixed number may be checked to).
 */
const PROBE = x25519PrivateKey(Buffer.alloc(KEY_BYTES, 0x42));

function diffieHellmanOrNothing(privateKey: KeyObject, publicKey: KeyObject): Buffer | undefined {
  try {
    const shared = diffieHellman({ privateKey, publicKey });
    // OpenSSL refuses the all-zero result itself; another build of the library may not.
    return shared.every((byte) => byte === 0) ? undefined : shared;
  } catch {
    return undefined;
  }
}

/** Whether this little-endian number is below p = 2^255 - 19. */
export function isBelowP(bytes: Uint8Array): boolean {
  const top = bytes[KEY_BYTES - 1] ?? 0xff;
  if (top !== 0x7f) return top < 0x7f;
  for (let i = 1; i < KEY_BYTES - 1; i++) if (bytes[i] !== 0xff) return true;
  return (bytes[0] ?? 0xff) < 0xed;
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
