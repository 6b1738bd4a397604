/**
 * ChillDKG among n parties that broadcast, without a coordinator: its functions are deterministic and see nothing
 * secret, so that every party runs them for itself and nobody can be framed by one.
 *
 * Round 1: everyone's first message. Round 2: everyone's signature over the transcript, or a complaint. Blame is right
 * only where all parties got the same broadcasts, which the exchange makes sure of before it calls `next`.
 *
 * A party that signed may not forget: the others may have a certificate even if this party sees an abort. What it keeps
 * (`Keep`, kind `pending`) ends the matter either way, with `resumeFromPending`. A party that complained never signed,
 * so that there can be no certificate; its complaint makes everyone stop, but to the others it proves nothing. A proof
 * would need the shared secret of the Diffie-Hellman with the accused, whose nonce the accused chose: it could be the
 * nonce of another participant in an earlier session with the same host key.
 */

import { ProtocolAbort, type Round, round, type Step } from '../protocol.ts';
import type { Secp256k1Group } from '../secp256k1/secp256k1-group.ts';
import { missingSigners } from './certificate.ts';
import {
  DuplicateHostPubkeyError,
  FaultyCoordinatorError,
  FaultyParticipantError,
  FaultyParticipantOrCoordinatorError,
  IdentitySumError,
  InvalidHostPubkeyError,
  MessageParseError,
} from './chilldkg-errors.ts';
import { coordinatorInvestigateFor, coordinatorStep1 } from './coordinator.ts';
import { type KeygenResult, keygenResult } from './keygen-result.ts';
import { parseParticipantMessage1, participantMessage1Length } from './messages.ts';
import {
  type ParticipantState1,
  type ParticipantState2,
  participantFinalize,
  participantInvestigate,
  participantStep1,
  participantStep2,
  UnknownFaultyParticipantOrCoordinatorError,
} from './participant.ts';
import { serializePending } from './pending-keygen.ts';
import { SecretScope } from './secret-scope.ts';
import type { SessionParams } from './session-params.ts';
import { provesPossession } from './simpl-ped-pop.ts';
import { uint32 } from './uint32.ts';

const signatureBytes = 64;
/** The number of the accused. */
const complaintBytes = 4;

export interface KeygenInput {
  /** 32 bytes, a host key made for this one threshold key. Copied: the caller still owns, and wipes, this one. */
  readonly hostSecret: Uint8Array;
  /** The same for all parties, the order of the keys included; the parties of the protocol are in this order. */
  readonly params: SessionParams;
  /** 32 fresh bytes. */
  readonly random: Uint8Array;
  /** 32 bytes, for the signature. */
  readonly auxiliaryRandom: Uint8Array;
}

/**
 * @throws ProtocolAbort for a host public key that is no point (its owner is to blame), and for two that are the same
 *   (either owner may have copied the other's)
 * @throws HostSeckeyError where the host secret key is invalid or belongs to no party
 * @throws ThresholdOrCountError
 * @throws RandomnessError
 * @throws RangeError for wrong lengths
 */
export function startKeygen(group: Secp256k1Group, input: KeygenInput): Round<KeygenResult> {
  const { params } = input;
  if (input.auxiliaryRandom.length !== 32) throw new RangeError('auxiliary randomness must be 32 bytes');
  const { state, message } = refusingKeys(() => participantStep1(group, input.hostSecret, params, input.random));
  const scope = new SecretScope(group);
  const hostSecret = scope.allocate(32);
  hostSecret.set(input.hostSecret);
  const party: Party = { group, scope, hostSecret, auxiliaryRandom: Uint8Array.from(input.auxiliaryRandom), state };
  return round({
    broadcast: message,
    next: (broadcasts) => endingOnError(scope, () => secondRound(party, message, broadcasts)),
    abandon: () => scope.end(),
  });
}

/** What a party has from round to round. The scope holds its secrets, and ends with the protocol. */
interface Party {
  readonly group: Secp256k1Group;
  readonly scope: SecretScope;
  readonly hostSecret: Uint8Array;
  readonly auxiliaryRandom: Uint8Array;
  readonly state: ParticipantState1;
}

function secondRound(party: Party, own: Uint8Array, messages: readonly Uint8Array[]): Step<KeygenResult> {
  const { group, scope, hostSecret, auxiliaryRandom, state } = party;
  const { params, participant } = state;
  requireOwnBroadcast(params, participant, own, messages);
  let second: { readonly state: ParticipantState2; readonly message: Uint8Array };
  try {
    const first = coordinatorStep1(group, messages, params);
    second = participantStep2(group, hostSecret, state, first.message, auxiliaryRandom);
  } catch (error) {
    if (error instanceof UnknownFaultyParticipantOrCoordinatorError) return complain(party, error, messages);
    throw blame(group, params, messages, error);
  }

  const share = { end: () => group.freeSecret(second.state.output.secretShare) };
  return endingOnError(share, () => {
    const pending = serializePending(group, hostSecret, participant, second.state.transcript);
    // From here on the host secret key is only needed if this party is interrupted.
    scope.end();
    return round({
      broadcast: second.message,
      keep: { kind: 'pending', secret: pending },
      next: (signatures) =>
        endingOnError(share, () => {
          requireOwnBroadcast(params, participant, second.message, signatures);
          return { kind: 'finished', result: finish(group, second.state, participant, signatures) };
        }),
      abandon: share.end,
    });
  });
}

function finish(
  group: Secp256k1Group,
  state: ParticipantState2,
  participant: number,
  messages: readonly Uint8Array[],
): KeygenResult {
  const { params, transcript } = state;
  if (messages.every(({ length }) => length === signatureBytes)) {
    try {
      const { output, recoveryData } = participantFinalize(group, state, Buffer.concat(messages));
      return keygenResult(output, params, participant, recoveryData);
    } catch (error) {
      if (!(error instanceof FaultyCoordinatorError)) throw error;
    }
  }
  const unsigned = missingSigners(group, params, transcript, messages);
  const complaints = unsigned.flatMap((accuser) => {
    const accused = accusedBy(messages[accuser], accuser, params);
    return accused === undefined ? [] : [{ accuser, accused }];
  });
  // A party knows that the share that it sent was right.
  const credible = complaints.filter(({ accused }) => accused !== participant);
  const culprits = unsigned.filter((sender) => !credible.some(({ accuser }) => accuser === sender));
  const accusations = complaints.map(
    ({ accuser, accused }) => `party ${accuser} says that party ${accused} sent it a wrong share`,
  );
  if (culprits.length > 0) {
    const besides = accusations.length > 0 ? `; ${accusations.join('; ')}` : '';
    throw new ProtocolAbort(culprits, `no valid signature over the transcript from ${naming(culprits)}${besides}`);
  }
  throw new ProtocolAbort([], `${accusations.join('; ')}; which of the two is to blame can't be told`);
}

/** Tells the others that a share is wrong, and stops: without this party's signature there is no certificate. */
function complain(
  { group, scope, state: { params, participant } }: Party,
  error: UnknownFaultyParticipantOrCoordinatorError,
  messages: readonly Uint8Array[],
): Step<KeygenResult> {
  scope.end();
  const accused = investigate(group, error, coordinatorInvestigateFor(group, messages, params, participant));
  return round({
    broadcast: uint32(accused),
    next: () => {
      throw new ProtocolAbort([accused], `party ${accused} sent this party a share that does not match its commitment`);
    },
  });
}

function investigate(
  group: Secp256k1Group,
  unknown: UnknownFaultyParticipantOrCoordinatorError,
  message: Uint8Array,
): number {
  try {
    return participantInvestigate(group, unknown, message);
  } catch (error) {
    // This party is the coordinator: nobody can have framed the participant.
    if (error instanceof FaultyParticipantOrCoordinatorError) return error.participant;
    throw error;
  }
}

/** Whom a complaint of this sender is about; undefined for anything but a complaint about another party. */
function accusedBy(
  message: Uint8Array | undefined,
  sender: number,
  { hostPublicKeys }: SessionParams,
): number | undefined {
  if (message?.length !== complaintBytes) return undefined;
  const accused = Buffer.from(message).readUInt32BE();
  return accused < hostPublicKeys.length && accused !== sender ? accused : undefined;
}

/** Whose first message every party sees to be wrong. All of them are named, so that all honest parties name the same. */
function blame(group: Secp256k1Group, params: SessionParams, messages: readonly Uint8Array[], error: unknown): unknown {
  const expected =
    error instanceof RangeError ||
    error instanceof FaultyParticipantError ||
    error instanceof FaultyParticipantOrCoordinatorError ||
    error instanceof IdentitySumError;
  if (!expected) return error;
  const culprits = messages.flatMap((message, sender) =>
    isSoundMessage1(group, params, message, sender) ? [] : [sender],
  );
  if (culprits.length > 0) return new ProtocolAbort(culprits, `the first message of ${naming(culprits)} is not valid`);
  if (!(error instanceof IdentitySumError)) return error;
  // Anyone can have chosen its polynomial after the others' messages.
  return new ProtocolAbort([], `${error.message}; who is to blame can't be told`);
}

function isSoundMessage1(
  group: Secp256k1Group,
  { hostPublicKeys, threshold }: SessionParams,
  message: Uint8Array,
  sender: number,
): boolean {
  if (message.length !== participantMessage1Length(threshold, hostPublicKeys.length)) return false;
  try {
    const parsed = parseParticipantMessage1(group, message, threshold, hostPublicKeys.length);
    return (
      group.decode(parsed.publicNonce) !== undefined &&
      provesPossession(group, parsed.commitment[0], parsed.proofOfPossession, sender)
    );
  } catch (error) {
    if (error instanceof MessageParseError) return false;
    throw error;
  }
}

function refusingKeys<Result>(start: () => Result): Result {
  try {
    return start();
  } catch (error) {
    if (error instanceof InvalidHostPubkeyError) throw new ProtocolAbort([error.participant], error.message);
    if (error instanceof DuplicateHostPubkeyError) {
      throw new ProtocolAbort([], `${error.message}; which of the two is to blame can't be told`);
    }
    throw error;
  }
}

function requireOwnBroadcast(
  { hostPublicKeys }: SessionParams,
  participant: number,
  own: Uint8Array,
  broadcasts: readonly Uint8Array[],
): void {
  if (broadcasts.length !== hostPublicKeys.length) throw new RangeError('there must be one broadcast per party');
  if (Buffer.compare(broadcasts[participant] ?? new Uint8Array(), own) !== 0) {
    throw new ProtocolAbort([], "this party's own broadcast came back changed; who is to blame can't be told");
  }
}

function naming(parties: readonly number[]): string {
  return `${parties.length > 1 ? 'parties' : 'party'} ${parties.join(', ')}`;
}

function endingOnError<Result>(secrets: { readonly end: () => void }, run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    secrets.end();
    throw error;
  }
}
