import type { Point, PrimeOrderGroup } from '../group.ts';

/**
 * secp256k1 as the protocols of Bitcoin see it: x-only points, BIP340, and the few operations on secret bytes that
 * aren't group operations but need native code too.
 */
export interface Secp256k1Group extends PrimeOrderGroup {
  readonly name: 'secp256k1';

  /** @throws RangeError for the identity, which has no coordinates */
  hasEvenY(p: Point): boolean;
  /** The x coordinate, 32 bytes. @throws RangeError for the identity */
  xOnly(p: Point): Uint8Array;
  /** BIP340 lift_x: the point with this x coordinate, 32 bytes, and even y; undefined where there's none. */
  liftX(xOnly: Uint8Array): Point | undefined;
  /** P + scalar * G for a public scalar; variable-time, and cheaper than its two halves. */
  addBasePublic(p: Point, scalar: Uint8Array): Point;
  /**
   * BIP340 verification of a 64-byte signature over a message of any length.
   * @param publicKey its y coordinate is disregarded, as in the BIP; the identity verifies nothing
   */
  verifySchnorr(publicKey: Point, message: Uint8Array, signature: Uint8Array): boolean;

  /** `out` (32 bytes) = the tagged hash of BIP340 over parts of which some are secret; works in locked memory. */
  hashSecret(out: Uint8Array, tag: string, parts: readonly Uint8Array[]): void;
  /**
   * `length` zero bytes in locked memory, wiped and given up by `freeSecret`. Each call takes pages of its own: what
   * a batch needs is allocated once and divided with `subarray`.
   */
  allocateSecret(length: number): Uint8Array;
  freeSecret(secret: Uint8Array): void;
}
