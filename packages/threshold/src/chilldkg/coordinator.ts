/**
 * The coordinator's side of ChillDKG: no secrets, and the same result for whoever computes it from the same messages.
 */
import type { Secp256k1Group } from '../secp256k1/secp256k1-group.ts';
import { missingSigners } from './certificate.ts';
import { FaultyParticipantError, MessageParseError } from './chilldkg-errors.ts';
import { type DkgPublicOutput, publicOutput } from './dkg-output.ts';
import {
  type ParticipantMessage1,
  parseParticipantMessage1,
  serializeCoordinatorMessage1,
  serializeInvestigationMessage,
} from './messages.ts';
import { serializeRest } from './participant.ts';
import { type SessionParams, validateParams } from './session-params.ts';
import { assembleSum, serializeSum, sumCommitments } from './simpl-ped-pop.ts';
import { commitToUnspendableScriptPath, publicShare } from './vss.ts';

export interface CoordinatorState {
  readonly params: SessionParams;
  /** What everyone signs (`eq_input`). */
  readonly transcript: Uint8Array;
  readonly output: DkgPublicOutput;
}

/**
 * @param messages the participants' first messages, in their order
 * @returns the message for all participants, 33(t - 1) + 162n bytes
 * @throws RangeError for a wrong count or length
 * @throws SessionParamsError
 * @throws FaultyParticipantError
 * @throws IdentitySumError
 */
export function coordinatorStep1(
  group: Secp256k1Group,
  messages: readonly Uint8Array[],
  params: SessionParams,
): { readonly state: CoordinatorState; readonly message: Uint8Array } {
  validateParams(group, params);
  const { hostPublicKeys, threshold } = params;
  if (messages.length !== hostPublicKeys.length) throw new RangeError('there must be one message per participant');
  const parsed = parseAll(group, messages, threshold);

  const summary = {
    constantCommitments: parsed.map(({ commitment }) => commitment[0]),
    summedCommitments: sumCommitments(group, parsed, threshold),
    proofsOfPossession: parsed.map(({ proofOfPossession }) => proofOfPossession),
    publicNonces: parsed.map(({ publicNonce }) => publicNonce),
    encryptedShares: hostPublicKeys.map((_, receiver) => {
      const sum = new Uint8Array(32);
      for (const { encryptedShares } of parsed) group.addScalars(sum, sum, encryptedShares[receiver] ?? sum);
      return sum;
    }),
  };
  const sum = assembleSum(group, summary.constantCommitments, summary.summedCommitments);
  const { commitment } = commitToUnspendableScriptPath(group, sum);
  return {
    state: {
      params,
      transcript: Buffer.concat([serializeSum(group, sum), serializeRest(params, summary)]),
      output: publicOutput(group, commitment, hostPublicKeys.length),
    },
    message: serializeCoordinatorMessage1(group, summary),
  };
}

/**
 * @param signatures the participants' second messages, 64 bytes each, in their order
 * @returns the certificate for all participants (64n bytes), and the recovery data
 * @throws RangeError for a wrong count or length
 * @throws FaultyParticipantError for the first that didn't sign
 */
export function coordinatorFinalize(
  group: Secp256k1Group,
  state: CoordinatorState,
  signatures: readonly Uint8Array[],
): { readonly certificate: Uint8Array; readonly output: DkgPublicOutput; readonly recoveryData: Uint8Array } {
  const { params, transcript, output } = state;
  if (signatures.length !== params.hostPublicKeys.length) {
    throw new RangeError('there must be one signature per participant');
  }
  if (signatures.some(({ length }) => length !== 64)) throw new RangeError('a signature must be 64 bytes');
  const [missing] = missingSigners(group, params, transcript, signatures);
  if (missing !== undefined) throw new FaultyParticipantError(missing, 'its signature of the certificate is not valid');
  const certificate = Buffer.concat(signatures);
  return { certificate, output, recoveryData: Buffer.concat([transcript, certificate]) };
}

/**
 * The messages with which each participant finds out who sent it a wrong share: 65n bytes each, nothing secret.
 *
 * @param messages the participants' first messages, in their order
 * @throws RangeError for a wrong length
 * @throws FaultyParticipantError
 */
export function coordinatorInvestigate(
  group: Secp256k1Group,
  messages: readonly Uint8Array[],
  params: SessionParams,
): Uint8Array[] {
  const parsed = parseAll(group, messages, params.threshold);
  return messages.map((_, receiver) => investigationFor(group, parsed, receiver));
}

/** The one message of `coordinatorInvestigate` for this participant: computing all n takes n^2 public shares. */
export function coordinatorInvestigateFor(
  group: Secp256k1Group,
  messages: readonly Uint8Array[],
  params: SessionParams,
  receiver: number,
): Uint8Array {
  return investigationFor(group, parseAll(group, messages, params.threshold), receiver);
}

function investigationFor(
  group: Secp256k1Group,
  messages: readonly ParticipantMessage1[],
  receiver: number,
): Uint8Array {
  return serializeInvestigationMessage(group, {
    encryptedShares: messages.map(({ encryptedShares }) => encryptedShares[receiver] ?? new Uint8Array(32)),
    publicShares: messages.map(({ commitment }) => publicShare(group, commitment, receiver)),
  });
}

function parseAll(
  group: Secp256k1Group,
  messages: readonly Uint8Array[],
  threshold: number,
): readonly ParticipantMessage1[] {
  return messages.map((message, participant) => {
    try {
      return parseParticipantMessage1(group, message, threshold, messages.length);
    } catch (error) {
      if (error instanceof MessageParseError) throw new FaultyParticipantError(participant, error.message);
      throw error;
    }
  });
}
