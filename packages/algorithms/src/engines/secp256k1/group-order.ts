/** Numbers modulo the order n of secp256k1. For public values only: the time that this takes depends on them. */

/** n (SEC 2, version 2, section 2.4.1), big-endian. */
const GROUP_ORDER = Buffer.from('fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141', 'hex');

export const SCALAR_BYTES = 32;

/** Whether 32 big-endian bytes are below n. */
export function isBelowOrder(scalar: Uint8Array): boolean {
  for (let index = 0; index < SCALAR_BYTES; index += 1) {
    const difference = (scalar[index] ?? 0) - (GROUP_ORDER[index] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/** Reduces 32 big-endian bytes modulo n, in place. Since 2n > 2^256, one subtraction is enough. */
export function reduceModOrder(scalar: Uint8Array): void {
  if (isBelowOrder(scalar)) return;
  let borrow = 0;
  for (let index = SCALAR_BYTES - 1; index >= 0; index -= 1) {
    const difference = (scalar[index] ?? 0) - (GROUP_ORDER[index] ?? 0) - borrow;
    borrow = difference < 0 ? 1 : 0;
    scalar[index] = difference & 0xff;
  }
}

/**
 * The number that ECDSA signs for a digest of any length: its leftmost 256 bits as an integer, modulo n (SEC 1,
 * section 4.1.3; bits2int and bits2octets of RFC 6979, section 2.3).
 *
 * The reduction matters: libraries that hand an unreduced digest to the nonce function make another nonce than
 * RFC 6979 for digests of n and above, which a caller can choose.
 *
 * @param out 32 bytes, overwritten
 */
export function writeDigestScalar(digest: Uint8Array, out: Uint8Array): void {
  const padding = SCALAR_BYTES - digest.length;
  if (padding === 0) out.set(digest);
  else
    for (let index = 0; index < SCALAR_BYTES; index += 1)
      out[index] = padding < 0 ? (digest[index] ?? 0) : (digest[index - padding] ?? 0);
  reduceModOrder(out);
}
