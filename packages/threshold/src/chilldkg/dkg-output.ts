import type { Point } from '../group.ts';
import type { Secp256k1Group } from '../secp256k1/secp256k1-group.ts';
import { IdentitySumError } from './chilldkg-errors.ts';
import { publicShare, type VssCommitment } from './vss.ts';

/** What everybody knows after a key generation, the coordinator included. */
export interface DkgPublicOutput {
  /** 33 bytes, compressed. */
  readonly thresholdPublicKey: Uint8Array;
  /** 33 bytes for each participant: its secret share times G. */
  readonly publicShares: readonly Uint8Array[];
}

/** What one participant knows. */
export interface DkgOutput extends DkgPublicOutput {
  /** 32 bytes in the group's locked memory, owned by whoever holds the output. */
  readonly secretShare: Uint8Array;
}

/**
 * Key and public shares from the summed commitment, to which the taproot tweak was added.
 * @throws IdentitySumError
 */
export function publicOutput(group: Secp256k1Group, commitment: VssCommitment, count: number): DkgPublicOutput {
  const encode = (point: Point, what: string) => {
    if (group.isIdentity(point)) throw new IdentitySumError(`${what} is the identity`);
    return group.encode(point);
  };
  return {
    thresholdPublicKey: encode(commitment[0], 'the threshold public key'),
    publicShares: Array.from({ length: count }, (_, participant) =>
      encode(publicShare(group, commitment, participant), `the public share of participant ${participant}`),
    ),
  };
}
