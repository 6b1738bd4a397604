/**
 * A group of prime order, as the protocols see it. Two implementations per curve may exist (native, and a slower one
 * for machines without the library); every one passes `group-contract.ts`.
 *
 * Scalars are 32 bytes below the order, in the curve's own byte order: big-endian for secp256k1, little-endian for
 * Ed25519. Secret ones live in locked memory that the caller owns; every operation on scalars is constant-time and
 * writes into memory that it is given, so that nothing secret is left behind in the collector's heap. Points are
 * opaque; the identity is a value like any other and never reaches a library that can't take it.
 */
declare const point: unique symbol;
/** A point of the prime-order group, decoded once. Immutable. */
export interface Point {
  readonly [point]: true;
}

export interface PrimeOrderGroup {
  readonly name: 'secp256k1' | 'ed25519';
  /** Library and version, for people. */
  readonly description: string;
  /** false: secrets are only blinded (split additively), since no constant-time library was found. */
  readonly constantTime: boolean;
  /** Length of an encoded point: 33 (SEC1 compressed) or 32 (RFC 8032). */
  readonly pointBytes: number;
  readonly identity: Point;
  readonly generator: Point;

  /** Whether these are 32 bytes below the order; zero is a scalar. Constant-time in the value. */
  isScalar(bytes: Uint8Array): boolean;
  isZero(scalar: Uint8Array): boolean;
  /** A small public number, 0 to 2^32 - 1. */
  scalarOf(value: number): Uint8Array;
  /** `out` = the wide number modulo the order; 32 to 64 bytes in the curve's byte order. */
  reduce(out: Uint8Array, wide: Uint8Array): void;
  /** `out` = uniform, not zero, from the kernel. */
  randomScalar(out: Uint8Array): void;
  /** `out` may be `a` or `b`. */
  addScalars(out: Uint8Array, a: Uint8Array, b: Uint8Array): void;
  multiplyScalars(out: Uint8Array, a: Uint8Array, b: Uint8Array): void;
  negateScalar(out: Uint8Array, a: Uint8Array): void;
  /** For public scalars only (Lagrange coefficients). @throws RangeError for zero */
  invertPublic(scalar: Uint8Array): Uint8Array;

  /** secret * G; constant-time. Zero gives the identity. */
  multiplyBase(secret: Uint8Array): Point;
  /** scalar * G for a public scalar; may be faster. */
  multiplyBasePublic(scalar: Uint8Array): Point;
  /** scalar * P for a public scalar; variable-time. */
  multiplyPublic(p: Point, scalar: Uint8Array): Point;
  /**
   * `out` (pointBytes long) = the encoding of secret * P; constant-time, for Diffie-Hellman.
   * @throws RangeError for the identity or a zero secret
   */
  diffieHellman(out: Uint8Array, secret: Uint8Array, p: Point): void;
  add(points: readonly Point[]): Point;
  negate(p: Point): Point;
  isIdentity(p: Point): boolean;
  equals(a: Point, b: Point): boolean;
  /** @throws RangeError for the identity, which has no encoding in any message of ours */
  encode(p: Point): Uint8Array;
  /** Undefined for what isn't the one canonical encoding of a point of the prime-order group; the identity included. */
  decode(encoded: Uint8Array): Point | undefined;
}
