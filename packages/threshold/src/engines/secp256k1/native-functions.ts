/**
 * What a build of libsecp256k1 has to give. Scalars are 32 bytes, checked by the caller for their length; a function
 * that gives false has left its output unusable. Keys are the library's own form of a point other than the identity.
 */
export interface NativeFunctions {
  readonly description: string;
  /** Length of a key in the library's own form. */
  readonly keyBytes: number;
  /** Whether a scalar is below the order and not zero. */
  readonly isPrivateKey: (scalar: Uint8Array) => boolean;
  /** In place; false for a zero or invalid operand and for a zero sum. */
  readonly addToScalar: (scalar: Uint8Array, addend: Uint8Array) => boolean;
  /** In place; false for a zero or invalid operand. */
  readonly multiplyScalar: (scalar: Uint8Array, factor: Uint8Array) => boolean;
  /** In place; false for a zero or invalid operand. */
  readonly negateScalar: (scalar: Uint8Array) => boolean;
  /** Constant-time; false for a zero or invalid scalar. */
  readonly createKey: (key: Buffer, secret: Uint8Array) => boolean;
  /** In place, variable-time; false for a zero or invalid scalar. */
  readonly multiplyKey: (key: Buffer, scalar: Uint8Array) => boolean;
  /** In place: key + scalar * G, variable-time; false for an invalid scalar and where the result is the identity. */
  readonly addBaseToKey: (key: Buffer, scalar: Uint8Array) => boolean;
  /** False where the sum of one or more keys is the identity. */
  readonly combineKeys: (key: Buffer, keys: readonly Buffer[]) => boolean;
  /** In place. */
  readonly negateKey: (key: Buffer) => void;
  /** Takes 33 bytes, SEC1 compressed. */
  readonly parseKey: (key: Buffer, compressed: Uint8Array) => boolean;
  readonly serializeKey: (compressed: Buffer, key: Buffer) => void;
  /** The coordinates of secret * key, to two buffers in locked memory; constant-time. */
  readonly multiplySecret: (x32: Buffer, y32: Buffer, secret: Uint8Array, key: Buffer) => boolean;
  /** BIP340 for a key with any y. */
  readonly verifySchnorr: (signature: Uint8Array, message: Uint8Array, key: Buffer) => boolean;
}
