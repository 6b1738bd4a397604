/** What every use of a private scalar of secp256k1 needs from a native library. Scalars are 32 big-endian bytes. */
export interface ScalarFunctions {
  /** 0 < scalar < n */
  readonly isPrivateKey: (scalar: Buffer) => boolean;
  /** The public key of a valid scalar, uncompressed. Constant-time. */
  readonly writePublicKey: (scalar: Buffer, point65: Buffer) => void;
  /** In place, constant-time. False where the addend isn't below n, or the sum is zero; the scalar is lost then. */
  readonly addToScalar: (scalar: Buffer, addend: Buffer) => boolean;
  /** In place, of a valid scalar. */
  readonly negateScalar: (scalar: Buffer) => void;
}
