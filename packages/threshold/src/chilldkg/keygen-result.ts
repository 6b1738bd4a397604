import { taggedHash } from '@countersign/algorithms/tagged-hash';
import type { DkgOutput } from './dkg-output.ts';
import type { SessionParams } from './session-params.ts';

/** What a party has when a key generation succeeded. */
export interface KeygenResult {
  /** 32 bytes in the group's locked memory; the caller owns it. */
  readonly secretShare: Uint8Array;
  /** This party's place among the host public keys, from 0; its share is the polynomial at `participant + 1`. */
  readonly participant: number;
  /** 33 bytes, compressed; commits to a taproot script path that nobody can spend. */
  readonly thresholdPublicKey: Uint8Array;
  /** 33 bytes for each party. */
  readonly publicShares: readonly Uint8Array[];
  readonly params: SessionParams;
  /** With the host secret key it gives all of this again: `4 + 33t + 162n` bytes, the same for all parties. */
  readonly recoveryData: Uint8Array;
  /** The last 64n bytes of the recovery data: everyone's signature over the transcript. */
  readonly certificate: Uint8Array;
  /** 32 bytes for BIP32 derivation: a tagged hash of the transcript, on which all parties agree. */
  readonly chainCode: Uint8Array;
}

export function keygenResult(
  { secretShare, thresholdPublicKey, publicShares }: DkgOutput,
  params: SessionParams,
  participant: number,
  recoveryData: Uint8Array,
): KeygenResult {
  const end = recoveryData.length - 64 * params.hostPublicKeys.length;
  return {
    secretShare,
    participant,
    thresholdPublicKey,
    publicShares,
    params,
    recoveryData,
    certificate: Uint8Array.from(recoveryData.subarray(end)),
    chainCode: taggedHash('countersign/chaincode', recoveryData.subarray(0, end)),
  };
}
