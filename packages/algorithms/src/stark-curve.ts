/** Numbers of Starknet's curve that both sides of a signature need; no arithmetic. */

export const STARK_ORDER_BITS = 252;
export const STARK_DIGEST_BYTES = 32;
/** The bits of the first byte that a number below 2^251 doesn't have. */
const ABOVE_DIGESTS = 0xf8;

/** Whether 32 big-endian bytes are a number below 2^251, which is what StarkWare's implementations sign. */
export function isStarkDigest(bytes: Uint8Array): boolean {
  return bytes.length === STARK_DIGEST_BYTES && ((bytes[0] ?? 0) & ABOVE_DIGESTS) === 0;
}
