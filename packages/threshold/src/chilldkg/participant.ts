/**
 * A participant's side of ChillDKG. All functions are pure; secrets that they hand out lie in the group's locked
 * memory and belong to the caller. States are for one use.
 */
import type { Point } from '../group.ts';
import type { Secp256k1Group } from '../secp256k1/secp256k1-group.ts';
import { bipDkgTag } from './bip-dkg-tag.ts';
import { missingSigners, signTranscript } from './certificate.ts';
import {
  FaultyCoordinatorError,
  FaultyParticipantOrCoordinatorError,
  HostSeckeyError,
  MessageParseError,
  ProtocolError,
  RandomnessError,
} from './chilldkg-errors.ts';
import type { DkgOutput } from './dkg-output.ts';
import { hostPublicKey } from './host-public-key.ts';
import {
  type CoordinatorMessage1,
  parseCoordinatorMessage1,
  parseInvestigationMessage,
  serializeParticipantMessage1,
} from './messages.ts';
import { withSecrets } from './secret-scope.ts';
import { participantOf, type SessionParams, serializeParams, validateParams } from './session-params.ts';
import { decryptSum, type EncryptionKey, padsFromSenders, padsToReceivers } from './share-encryption.ts';
import { deal, receiveShare, serializeSum } from './simpl-ped-pop.ts';

/** After step 1; holds no secret. */
export interface ParticipantState1 {
  readonly params: SessionParams;
  readonly participant: number;
  readonly constantCommitment: Point;
  readonly publicNonce: Uint8Array;
}

/** After step 2. Whoever gives it up frees `output.secretShare`. */
export interface ParticipantState2 {
  readonly params: SessionParams;
  /** What everyone signs (`eq_input`): threshold, commitments, host keys, nonces and encrypted shares. */
  readonly transcript: Uint8Array;
  readonly output: DkgOutput;
}

/** Secrets with which a participant finds out whose share was wrong. `participantInvestigate` frees them. */
export interface Investigation {
  readonly participant: number;
  readonly count: number;
  readonly encryptedSum: Uint8Array;
  /** The decrypted sum, then one pad for each sender, 32 bytes each, in locked memory. */
  readonly secrets: Uint8Array;
  readonly publicShare: Point;
}

/** The shares for this participant don't sum up to what was committed to; an investigation tells whose is wrong. */
export class UnknownFaultyParticipantOrCoordinatorError extends ProtocolError {
  override readonly name = 'UnknownFaultyParticipantOrCoordinatorError';
  readonly investigation: Investigation;
  constructor(investigation: Investigation) {
    super('the sum of the shares for this participant does not match the commitments');
    this.investigation = investigation;
  }
}

/**
 * @param hostSecret 32 bytes
 * @param random 32 fresh bytes
 * @returns the first message, 33t + 32n + 97 bytes
 * @throws RangeError for wrong lengths
 * @throws HostSeckeyError also where the key isn't among those of the session
 * @throws SessionParamsError
 * @throws RandomnessError
 */
export function participantStep1(
  group: Secp256k1Group,
  hostSecret: Uint8Array,
  params: SessionParams,
  random: Uint8Array,
): { readonly state: ParticipantState1; readonly message: Uint8Array } {
  const ownKey = hostPublicKey(group, hostSecret);
  validateParams(group, params);
  const participant = participantOf(params, ownKey);
  if (participant < 0) throw new HostSeckeyError('the host secret key belongs to no participant');
  if (random.length !== 32) throw new RangeError('the randomness must be 32 bytes');
  if (group.isZero(random)) throw new RandomnessError();

  const { hostPublicKeys, threshold } = params;
  const context = serializeParams(params);
  return withSecrets(group, (scope) => {
    const seeds = scope.allocate(3 * 32);
    const seed = seeds.subarray(0, 32);
    const auxiliaryRandom = seeds.subarray(32, 64);
    const secretNonce = seeds.subarray(64);
    // The nonce comes from the seed of the shares, so that other shares never meet the same pads.
    group.hashSecret(seed, `${bipDkgTag}encpedpop seed`, [hostSecret, random, context]);
    group.hashSecret(auxiliaryRandom, `${bipDkgTag}simplpedpop aux`, [seed]);
    group.hashSecret(secretNonce, `${bipDkgTag}encpedpop secnonce`, [seed]);
    const publicNonce = group.encode(group.multiplyBase(secretNonce));

    const dealing = deal(group, scope, seed, threshold, hostPublicKeys.length, participant, auxiliaryRandom);
    const key: EncryptionKey = { secret: hostSecret, publicKey: ownKey, participant, context };
    const pads = padsToReceivers(group, scope, key, secretNonce, publicNonce, hostPublicKeys);
    const encryptedShares = dealing.shares.map((share, receiver) => {
      const encrypted = new Uint8Array(32);
      group.addScalars(encrypted, share, pads[receiver] ?? new Uint8Array());
      return encrypted;
    });
    const { commitment, proofOfPossession } = dealing;
    const message = { commitment, proofOfPossession, publicNonce, encryptedShares };
    return {
      state: { params, participant, constantCommitment: commitment[0], publicNonce },
      message: serializeParticipantMessage1(group, message),
    };
  });
}

/**
 * Once the returned message has been sent, the host secret key must be kept: another participant may find the session
 * successful, and can prove it at any time with the recovery data.
 *
 * @param hostSecret 32 bytes, as in step 1
 * @param coordinatorMessage 33(t - 1) + 162n bytes
 * @param auxiliaryRandom 32 bytes
 * @returns the second message, 64 bytes
 * @throws RangeError for wrong lengths
 * @throws HostSeckeyError
 * @throws FaultyCoordinatorError
 * @throws FaultyParticipantOrCoordinatorError
 * @throws UnknownFaultyParticipantOrCoordinatorError with what an investigation needs
 * @throws IdentitySumError
 */
export function participantStep2(
  group: Secp256k1Group,
  hostSecret: Uint8Array,
  state: ParticipantState1,
  coordinatorMessage: Uint8Array,
  auxiliaryRandom: Uint8Array,
): { readonly state: ParticipantState2; readonly message: Uint8Array } {
  const { params, participant, constantCommitment, publicNonce } = state;
  const { hostPublicKeys, threshold } = params;
  const ownKey = hostPublicKey(group, hostSecret);
  if (auxiliaryRandom.length !== 32) throw new RangeError('auxiliary randomness must be 32 bytes');
  if (participantOf(params, ownKey) !== participant) {
    throw new HostSeckeyError('the host secret key is not the one of step 1');
  }
  const message = blamingCoordinator(() =>
    parseCoordinatorMessage1(group, coordinatorMessage, threshold, hostPublicKeys.length),
  );
  const { publicNonces, encryptedShares } = message;
  if (Buffer.compare(publicNonces[participant] ?? new Uint8Array(), publicNonce) !== 0) {
    throw new FaultyCoordinatorError('the public nonce of this participant came back changed');
  }
  const encryptedSum = encryptedShares[participant] ?? new Uint8Array();
  const key = { secret: hostSecret, publicKey: ownKey, participant, context: serializeParams(params) };

  return withSecrets(group, (scope) => {
    const pads = padsFromSenders(group, scope, key, publicNonces);
    const share = scope.allocate(32);
    decryptSum(group, share, encryptedSum, pads);
    const received = receiveShare(group, scope, message, participant, constantCommitment, share);
    if (received.kind === 'invalid') {
      const secrets = scope.allocate(32 * (1 + pads.length));
      for (const [index, secret] of [share, ...pads].entries()) secrets.set(secret, 32 * index);
      throw new UnknownFaultyParticipantOrCoordinatorError({
        participant,
        count: pads.length,
        encryptedSum,
        secrets: scope.keep(secrets),
        publicShare: received.publicShare,
      });
    }
    const transcript = Buffer.concat([serializeSum(group, received.sum), serializeRest(params, message)]);
    try {
      return {
        state: { params, transcript, output: received.output },
        message: signTranscript(group, hostSecret, participant, transcript, auxiliaryRandom),
      };
    } catch (error) {
      group.freeSecret(received.output.secretShare);
      throw error;
    }
  });
}

/** What the transcript holds after the threshold and the summed commitment. */
export function serializeRest(
  params: SessionParams,
  message: Pick<CoordinatorMessage1, 'publicNonces' | 'encryptedShares'>,
): Uint8Array {
  return Buffer.concat([...params.hostPublicKeys, ...message.publicNonces, ...message.encryptedShares]);
}

/**
 * The session has succeeded for this participant if this returns. If it throws, it may have succeeded for others:
 * the host secret key must be kept. `state.output.secretShare` then still belongs to the caller.
 *
 * @param certificate 64n bytes, the coordinator's second message
 * @throws RangeError for another length
 * @throws FaultyCoordinatorError
 */
export function participantFinalize(
  group: Secp256k1Group,
  state: ParticipantState2,
  certificate: Uint8Array,
): { readonly output: DkgOutput; readonly recoveryData: Uint8Array } {
  const { params, transcript, output } = state;
  const signatures = splitCertificate(certificate, params.hostPublicKeys.length);
  if (missingSigners(group, params, transcript, signatures).length > 0) {
    throw new FaultyCoordinatorError('a signature of the certificate is not valid');
  }
  return { output, recoveryData: Buffer.concat([transcript, certificate]) };
}

/** @throws RangeError unless the certificate is one signature of 64 bytes for each participant */
export function splitCertificate(certificate: Uint8Array, count: number): Uint8Array[] {
  if (certificate.length !== 64 * count) throw new RangeError(`the certificate must be ${64 * count} bytes`);
  return Array.from({ length: count }, (_, index) => certificate.subarray(64 * index, 64 * index + 64));
}

/**
 * Finds out whose share was wrong, and throws the finding. Frees the secrets of the error, so that it works once.
 *
 * @param message the coordinator's investigation message for this participant, 65n bytes
 * @throws RangeError for another length
 * @throws FaultyParticipantOrCoordinatorError
 * @throws FaultyCoordinatorError
 */
export function participantInvestigate(
  group: Secp256k1Group,
  { investigation }: UnknownFaultyParticipantOrCoordinatorError,
  message: Uint8Array,
): never {
  const { participant, count, encryptedSum, secrets, publicShare } = investigation;
  if (secrets.length === 0) throw new Error('the investigation was used before');
  try {
    const parsed = blamingCoordinator(() => parseInvestigationMessage(group, message, count));
    const { encryptedShares, publicShares } = parsed;
    if (!group.equals(group.add(publicShares), publicShare)) {
      throw new FaultyCoordinatorError('the public shares of the senders do not sum up to the public share');
    }
    const sum = new Uint8Array(32);
    for (const share of encryptedShares) group.addScalars(sum, sum, share);
    // Encryption adds, so that the sums agree in the clear exactly where they agree encrypted.
    if (Buffer.compare(sum, encryptedSum) !== 0) {
      throw new FaultyCoordinatorError('the encrypted shares do not sum up to their encrypted sum');
    }
    withSecrets(group, (scope) => {
      const share = scope.allocate(32);
      for (const [sender, encryptedShare] of encryptedShares.entries()) {
        decryptSum(group, share, encryptedShare, [secrets.subarray(32 * (sender + 1), 32 * (sender + 2))]);
        if (group.equals(group.multiplyBase(share), publicShares[sender] ?? group.identity)) continue;
        if (sender === participant) {
          throw new FaultyCoordinatorError('the share of this participant for itself came back changed');
        }
        throw new FaultyParticipantOrCoordinatorError(sender, 'the share does not match the commitment');
      }
    });
    throw new Error('the investigation found nothing wrong');
  } finally {
    group.freeSecret(secrets);
  }
}

function blamingCoordinator<Result>(parse: () => Result): Result {
  try {
    return parse();
  } catch (error) {
    if (error instanceof MessageParseError) throw new FaultyCoordinatorError(error.message);
    throw error;
  }
}
