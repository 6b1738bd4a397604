import type { RawSignature } from '../chain.ts';

export interface RecoverableSignature {
  /** 64 bytes: r || s. */
  readonly bytes: Uint8Array;
  /** Whether the y coordinate of R is odd. */
  readonly yParity: 0 | 1;
}

/**
 * The one signature of a payload with one part, in the form that Ethereum can write.
 *
 * @throws RangeError unless there is exactly one, of 64 bytes, with recovery id 0 or 1. Ids 2 and 3 mean that r was
 *   reduced by the group's order, which no honest signer meets (about one in 2^127) and Ethereum has no room for.
 */
export function onlySignature(signatures: readonly RawSignature[]): RecoverableSignature {
  const [signature] = signatures;
  if (signature === undefined || signatures.length !== 1) {
    throw new RangeError(`an EVM payload has one signature, not ${signatures.length}`);
  }
  const { bytes, recoveryId } = signature;
  if (bytes.length !== 64) {
    throw new RangeError(`an EVM signature has 64 bytes, not ${bytes.length}`);
  }
  if (recoveryId !== 0 && recoveryId !== 1) {
    throw new RangeError('an EVM signature needs its recovery id, 0 or 1');
  }
  return { bytes, yParity: recoveryId };
}

/** 65 bytes: r || s || v with v = 27 + yParity, as wallets and `ecrecover` use it. */
export function encodeRecoverable(signature: RecoverableSignature): Uint8Array {
  const encoded = new Uint8Array(65);
  encoded.set(signature.bytes);
  encoded[64] = 27 + signature.yParity;
  return encoded;
}
