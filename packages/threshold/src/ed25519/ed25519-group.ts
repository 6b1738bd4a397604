import type { Point, PrimeOrderGroup } from '../group.ts';

/** The prime-order group of Ed25519, with the hash of FROST(Ed25519, SHA-512) over secrets and RFC 8032's check. */
export interface Ed25519Group extends PrimeOrderGroup {
  readonly name: 'ed25519';
  /** `out` (64 bytes) = SHA-512 of the parts, one after another. Some may be secret: it leaves no copies behind. */
  hash(out: Uint8Array, parts: readonly Uint8Array[]): void;
  /**
   * `multiplyPublic(decode(encoded), scalar)` for what the library checks anyway when it multiplies: half the price.
   * @returns undefined for what `decode` refuses
   */
  multiplyEncoded(encoded: Uint8Array, scalar: Uint8Array): Point | undefined;
  /**
   * RFC 8032, section 5.1.7, on 64 bytes of signature.
   * @param publicKey an encoding that `decode` takes
   */
  verifySignature(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}
