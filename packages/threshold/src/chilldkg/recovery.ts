/** What a session's recovery data gives back, and the participants' acknowledgements that they have it. */
import type { Secp256k1Group } from '../secp256k1/secp256k1-group.ts';
import { ByteReader } from './byte-reader.ts';
import { acknowledgementMessage, isSignedBy, missingSigners } from './certificate.ts';
import {
  HostSeckeyError,
  InvalidRecoveryAckError,
  ProtocolError,
  RecoveryDataError,
  SessionParamsError,
} from './chilldkg-errors.ts';
import { type DkgOutput, type DkgPublicOutput, publicOutput } from './dkg-output.ts';
import { hostPublicKey } from './host-public-key.ts';
import { splitCertificate } from './participant.ts';
import { decodeWithIdentity } from './point-encoding.ts';
import { signSchnorr } from './schnorr.ts';
import { withSecrets } from './secret-scope.ts';
import { participantOf, type SessionParams, serializeParams, validateParams } from './session-params.ts';
import { decryptSum, padsFromSenders } from './share-encryption.ts';
import { commitToUnspendableScriptPath, type VssCommitment } from './vss.ts';

/** Recovery data taken apart. */
export interface RecoveryRecord {
  readonly params: SessionParams;
  /** The group's commitment before the taproot tweak. */
  readonly sum: VssCommitment;
  readonly publicNonces: readonly Uint8Array[];
  readonly encryptedShares: readonly Uint8Array[];
  /** 64n bytes. */
  readonly certificate: Uint8Array;
  /** What the certificate is over (`eq_input`). */
  readonly transcript: Uint8Array;
}

/** Takes recovery data apart; the certificate isn't checked. @throws RecoveryDataError */
export function parseRecoveryData(group: Secp256k1Group, recoveryData: Uint8Array): RecoveryRecord {
  const reader = new ByteReader(recoveryData);
  try {
    const threshold = Buffer.from(reader.take(4)).readUInt32BE();
    const sum = reader.takeEach(threshold, 33).map((encoded) => {
      const point = decodeWithIdentity(group, encoded);
      if (point === undefined) throw new RangeError('a commitment is not a point');
      return point;
    });
    const count = reader.remaining / (33 + 33 + 32 + 64);
    if (!Number.isInteger(count)) throw new RangeError('the data is no whole number of participants long');
    const hostPublicKeys = reader.takeEach(count, 33);
    const publicNonces = reader.takeEach(count, 33);
    const encryptedShares = reader.takeEach(count, 32);
    if (!encryptedShares.every((share) => group.isScalar(share))) throw new RangeError('a share is not a scalar');
    const certificate = reader.take(64 * count);
    const transcript = recoveryData.subarray(0, recoveryData.length - certificate.length);
    const params = { hostPublicKeys, threshold };
    // After everything was read, so that a threshold of 0 is told apart from data that can't be read.
    validateParams(group, params);
    const [constant, ...rest] = sum;
    if (constant === undefined) throw new RangeError('there is no commitment');
    return { params, sum: [constant, ...rest], publicNonces, encryptedShares, certificate, transcript };
  } catch (cause) {
    const what = cause instanceof SessionParamsError ? 'has parameters that cannot be used' : 'cannot be read';
    throw new RecoveryDataError(`the recovery data ${what}`, { cause });
  }
}

/**
 * A participant's output, from its host secret key alone.
 * @throws RangeError for a key of another length
 * @throws RecoveryDataError
 * @throws HostSeckeyError for an invalid key, or one of no participant
 */
export function participantRecover(
  group: Secp256k1Group,
  hostSecret: Uint8Array,
  recoveryData: Uint8Array,
): { readonly output: DkgOutput; readonly params: SessionParams; readonly participant: number } {
  const record = parseCertified(group, recoveryData);
  const { params, publicNonces, encryptedShares } = record;
  const { tweak, output } = recoverPublic(group, record);
  const ownKey = hostPublicKey(group, hostSecret);
  const participant = participantOf(params, ownKey);
  if (participant < 0) throw new HostSeckeyError('the host secret key belongs to no participant of the recovery data');
  const key = { secret: hostSecret, publicKey: ownKey, participant, context: serializeParams(params) };
  return withSecrets(group, (scope) => {
    const share = scope.allocate(32);
    try {
      const pads = padsFromSenders(group, scope, key, publicNonces);
      decryptSum(group, share, encryptedShares[participant] ?? new Uint8Array(), pads);
    } catch (cause) {
      if (!(cause instanceof ProtocolError)) throw cause;
      throw new RecoveryDataError('the recovery data was certified by participants that broke the protocol', { cause });
    }
    group.addScalars(share, share, tweak);
    // Its signature says that this participant has checked this already; memory and disks fail, though.
    const expected = output.publicShares[participant] ?? new Uint8Array();
    if (group.isZero(share) || Buffer.compare(group.encode(group.multiplyBase(share)), expected) !== 0) {
      throw new RecoveryDataError('the share in the recovery data does not match its public share');
    }
    return { output: { ...output, secretShare: scope.keep(share) }, params, participant };
  });
}

/** What the coordinator knew. @throws RecoveryDataError */
export function coordinatorRecover(
  group: Secp256k1Group,
  recoveryData: Uint8Array,
): { readonly output: DkgPublicOutput; readonly params: SessionParams } {
  const record = parseCertified(group, recoveryData);
  return { output: recoverPublic(group, record).output, params: record.params };
}

/**
 * A participant's signature that it has the recovery data: 64 bytes.
 * @param auxiliaryRandom 32 bytes
 * @throws RangeError for wrong lengths
 * @throws HostSeckeyError
 * @throws SessionParamsError
 * @throws RecoveryDataError also where it is another session's
 */
export function signRecoveryAcknowledgement(
  group: Secp256k1Group,
  hostSecret: Uint8Array,
  recoveryData: Uint8Array,
  params: SessionParams,
  auxiliaryRandom: Uint8Array,
): Uint8Array {
  const ownKey = hostPublicKey(group, hostSecret);
  validateParams(group, params);
  const participant = participantOf(params, ownKey);
  if (participant < 0) throw new HostSeckeyError('the host secret key belongs to no participant');
  if (auxiliaryRandom.length !== 32) throw new RangeError('auxiliary randomness must be 32 bytes');
  requireSession(group, recoveryData, params);
  return signSchnorr(group, hostSecret, acknowledgementMessage(recoveryData, participant), auxiliaryRandom);
}

/**
 * Returns if all participants have the recovery data, so that the key may be used.
 * @param signatures one of 64 bytes for each participant
 * @throws RangeError for a wrong count or length
 * @throws SessionParamsError
 * @throws RecoveryDataError also where it is another session's
 * @throws InvalidRecoveryAckError for the first that isn't valid; the session may have succeeded nevertheless
 */
export function verifyRecoveryAcknowledgements(
  group: Secp256k1Group,
  recoveryData: Uint8Array,
  params: SessionParams,
  signatures: readonly Uint8Array[],
): void {
  validateParams(group, params);
  if (signatures.length !== params.hostPublicKeys.length || signatures.some(({ length }) => length !== 64)) {
    throw new RangeError('there must be one signature of 64 bytes per participant');
  }
  requireSession(group, recoveryData, params);
  for (const [participant, signature] of signatures.entries()) {
    const message = acknowledgementMessage(recoveryData, participant);
    if (!isSignedBy(group, params, participant, message, signature)) throw new InvalidRecoveryAckError(participant);
  }
}

function requireSession(group: Secp256k1Group, recoveryData: Uint8Array, params: SessionParams): void {
  const recorded = parseRecoveryData(group, recoveryData).params;
  if (Buffer.compare(serializeParams(recorded), serializeParams(params)) !== 0) {
    throw new RecoveryDataError('the recovery data is that of a session with other parameters');
  }
}

function parseCertified(group: Secp256k1Group, recoveryData: Uint8Array): RecoveryRecord {
  const record = parseRecoveryData(group, recoveryData);
  const { params, transcript, certificate } = record;
  const signatures = splitCertificate(certificate, params.hostPublicKeys.length);
  if (missingSigners(group, params, transcript, signatures).length > 0) {
    throw new RecoveryDataError('the certificate in the recovery data is not valid');
  }
  return record;
}

function recoverPublic(
  group: Secp256k1Group,
  { sum, params }: RecoveryRecord,
): { readonly tweak: Uint8Array; readonly output: DkgPublicOutput } {
  try {
    const { commitment, tweak } = commitToUnspendableScriptPath(group, sum);
    return { tweak, output: publicOutput(group, commitment, params.hostPublicKeys.length) };
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause;
    throw new RecoveryDataError('the recovery data gives a key that cannot be used', { cause });
  }
}
