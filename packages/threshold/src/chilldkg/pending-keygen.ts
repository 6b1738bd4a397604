/** A key generation that this party signed and of which it doesn't know the end: what is kept, and how it ends. */
import { ProtocolAbort } from '../protocol.ts';
import type { Secp256k1Group } from '../secp256k1/secp256k1-group.ts';
import { missingSigners } from './certificate.ts';
import { RecoveryDataError } from './chilldkg-errors.ts';
import { type KeygenResult, keygenResult } from './keygen-result.ts';
import { parseRecoveryData, participantRecover } from './recovery.ts';

const version = 1;
const headerBytes = 1 + 4 + 32;

/** What tells this party that the key generation succeeded. */
export type KeygenEvidence =
  /** From any other party, at any time. */
  | { readonly kind: 'recovery-data'; readonly recoveryData: Uint8Array }
  /** Everyone's broadcasts of round 2, in the parties' order. */
  | { readonly kind: 'signatures'; readonly signatures: readonly Uint8Array[] };

/**
 * Version (1 byte), this party's number (4), the host secret key (32), the transcript: in locked memory, to be wrapped
 * and freed by whoever gets it. The share isn't there: host secret key and transcript give it.
 */
export function serializePending(
  group: Secp256k1Group,
  hostSecret: Uint8Array,
  participant: number,
  transcript: Uint8Array,
): Uint8Array {
  const secret = group.allocateSecret(headerBytes + transcript.length);
  const header = new DataView(secret.buffer, secret.byteOffset, headerBytes);
  header.setUint8(0, version);
  header.setUint32(1, participant);
  secret.set(hostSecret, 5);
  secret.set(transcript, headerBytes);
  return secret;
}

/**
 * Ends a key generation that was interrupted after this party had signed, or of which it only saw an abort.
 *
 * @param pending what the second round asked to keep; the caller still owns, and wipes, it
 * @throws ProtocolAbort naming whose broadcast isn't its signature; others may have seen another one
 * @throws RecoveryDataError where the evidence is invalid or another session's: the pending state must be kept
 * @throws RangeError for a pending state that this version didn't write, and a wrong number of signatures
 */
export function resumeFromPending(group: Secp256k1Group, pending: Uint8Array, evidence: KeygenEvidence): KeygenResult {
  if (pending.length <= headerBytes || pending[0] !== version) {
    throw new RangeError('the pending state is not one of this version');
  }
  const participant = new DataView(pending.buffer, pending.byteOffset, headerBytes).getUint32(1);
  const hostSecret = pending.subarray(5, headerBytes);
  const transcript = Uint8Array.from(pending.subarray(headerBytes));
  const recoveryData =
    evidence.kind === 'recovery-data' ? evidence.recoveryData : certified(group, transcript, evidence.signatures);
  // The length too, so that nothing larger than this session's is ever taken apart.
  const isThisSession =
    recoveryData.length === transcript.length + 64 * partyCount(transcript) &&
    Buffer.compare(recoveryData.subarray(0, transcript.length), transcript) === 0;
  if (!isThisSession) throw new RecoveryDataError('the recovery data is that of another session');
  const recovered = participantRecover(group, hostSecret, recoveryData);
  if (recovered.participant !== participant) {
    group.freeSecret(recovered.output.secretShare);
    throw new RangeError('the pending state contradicts itself');
  }
  return keygenResult(recovered.output, recovered.params, participant, Uint8Array.from(recoveryData));
}

/** A transcript is the threshold (4 bytes), 33 bytes for each of as many commitments, and 98 for each party. */
function partyCount(transcript: Uint8Array): number {
  const threshold = Buffer.from(transcript.subarray(0, 4)).readUInt32BE();
  return (transcript.length - 4 - 33 * threshold) / 98;
}

function certified(group: Secp256k1Group, transcript: Uint8Array, signatures: readonly Uint8Array[]): Uint8Array {
  if (signatures.length !== partyCount(transcript)) throw new RangeError('there must be one signature per party');
  const { params } = parseRecoveryData(group, Buffer.concat([transcript, new Uint8Array(64 * signatures.length)]));
  const culprits = missingSigners(group, params, transcript, signatures);
  if (culprits.length > 0) throw new ProtocolAbort(culprits, 'a signature over the transcript is not valid');
  return Buffer.concat([transcript, ...signatures]);
}
