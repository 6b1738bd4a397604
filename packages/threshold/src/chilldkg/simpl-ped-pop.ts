/**
 * SimplPedPop: Pedersen's distributed key generation with a proof of possession from everyone. Shares reach their
 * receivers over private channels, which EncPedPop adds.
 */
import type { Point } from '../group.ts';
import type { Secp256k1Group } from '../secp256k1/secp256k1-group.ts';
import { bipDkgTag } from './bip-dkg-tag.ts';
import { FaultyCoordinatorError, FaultyParticipantOrCoordinatorError } from './chilldkg-errors.ts';
import { type DkgOutput, publicOutput } from './dkg-output.ts';
import type { CoordinatorMessage1, ParticipantMessage1 } from './messages.ts';
import { encodeWithIdentity } from './point-encoding.ts';
import { signSchnorr, verifySchnorr } from './schnorr.ts';
import type { SecretScope } from './secret-scope.ts';
import { uint32 } from './uint32.ts';
import {
  commitTo,
  commitToUnspendableScriptPath,
  evaluateShare,
  generateCoefficients,
  publicShare,
  type VssCommitment,
} from './vss.ts';

const popTagPrefix = `${bipDkgTag}pop message`;

/** What a participant committed to, and the shares that it dealt. */
export interface Dealing {
  readonly commitment: VssCommitment;
  readonly proofOfPossession: Uint8Array;
  /** One share for each participant, in the scope's memory. */
  readonly shares: readonly Uint8Array[];
}

/**
 * @param seed 32 secret bytes, never used twice
 * @param auxiliaryRandom 32 bytes, for the proof of possession
 */
export function deal(
  group: Secp256k1Group,
  scope: SecretScope,
  seed: Uint8Array,
  threshold: number,
  count: number,
  participant: number,
  auxiliaryRandom: Uint8Array,
): Dealing {
  const coefficients = generateCoefficients(group, scope, seed, threshold);
  const [constant] = coefficients;
  if (constant === undefined) throw new RangeError('the threshold must be at least 1');
  const shares = scope.allocateScalars(count);
  for (const [receiver, share] of shares.entries()) evaluateShare(group, share, coefficients, receiver);
  return {
    commitment: commitTo(group, coefficients),
    proofOfPossession: signSchnorr(group, constant, uint32(participant), auxiliaryRandom, popTagPrefix),
    shares,
  };
}

/** Whether the sender proved that it knows its contribution to the key; false for a commitment to nothing. */
export function provesPossession(
  group: Secp256k1Group,
  constantCommitment: Point,
  proofOfPossession: Uint8Array,
  participant: number,
): boolean {
  return (
    !group.isIdentity(constantCommitment) &&
    verifySchnorr(group, constantCommitment, uint32(participant), proofOfPossession, popTagPrefix)
  );
}

/** The coordinator's sums: the commitments to other than constant coefficients. */
export function sumCommitments(
  group: Secp256k1Group,
  messages: readonly ParticipantMessage1[],
  threshold: number,
): Point[] {
  return Array.from({ length: threshold - 1 }, (_, index) =>
    group.add(messages.map(({ commitment }) => commitment[index + 1] ?? group.identity)),
  );
}

/** The commitment of the whole group, before the taproot tweak. */
export function assembleSum(
  group: Secp256k1Group,
  constantCommitments: readonly Point[],
  summedCommitments: readonly Point[],
): VssCommitment {
  return [group.add(constantCommitments), ...summedCommitments];
}

/** What all parties have to agree on, this layer's part: the threshold and the group's commitment before the tweak. */
export function serializeSum(group: Secp256k1Group, sum: VssCommitment): Uint8Array {
  return Buffer.concat([uint32(sum.length), ...sum.map((point) => encodeWithIdentity(group, point))]);
}

/** What a participant received: its output, or a share that doesn't match and what it should have matched. */
export type ShareCheck =
  | { readonly kind: 'valid'; readonly output: DkgOutput; readonly sum: VssCommitment }
  | { readonly kind: 'invalid'; readonly publicShare: Point };

/**
 * Checks everyone's proof of possession, then the sum of the shares for this participant.
 *
 * @param ownCommitment this participant's commitment to its constant coefficient
 * @param share the sum of the shares for this participant, without the taproot tweak
 * @throws FaultyCoordinatorError
 * @throws FaultyParticipantOrCoordinatorError
 * @throws IdentitySumError
 */
export function receiveShare(
  group: Secp256k1Group,
  scope: SecretScope,
  message: Pick<CoordinatorMessage1, 'constantCommitments' | 'summedCommitments' | 'proofsOfPossession'>,
  participant: number,
  ownCommitment: Point,
  share: Uint8Array,
): ShareCheck {
  const { constantCommitments, summedCommitments, proofsOfPossession } = message;
  for (const [sender, commitment] of constantCommitments.entries()) {
    if (sender === participant && !group.equals(commitment, ownCommitment)) {
      throw new FaultyCoordinatorError('the commitment of this participant came back changed');
    }
  }
  for (const [sender, commitment] of constantCommitments.entries()) {
    // Its own proof a participant needn't check.
    if (sender === participant) continue;
    if (!provesPossession(group, commitment, proofsOfPossession[sender] ?? new Uint8Array(64), sender)) {
      throw new FaultyParticipantOrCoordinatorError(sender, 'the proof of possession is not valid');
    }
  }
  const sum = assembleSum(group, constantCommitments, summedCommitments);
  const tweaked = commitToUnspendableScriptPath(group, sum);
  const secretShare = scope.allocate(32);
  group.addScalars(secretShare, share, tweaked.tweak);
  const expected = publicShare(group, tweaked.commitment, participant);
  if (!group.equals(group.multiplyBase(secretShare), expected)) {
    return { kind: 'invalid', publicShare: group.add([expected, group.negate(tweaked.tweakPoint)]) };
  }
  const output = publicOutput(group, tweaked.commitment, constantCommitments.length);
  return { kind: 'valid', output: { ...output, secretShare: scope.keep(secretShare) }, sum };
}
