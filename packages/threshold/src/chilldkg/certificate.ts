/** CertEq: everyone's signature over what all parties have to agree on. */
import type { Secp256k1Group } from '../secp256k1/secp256k1-group.ts';
import { bipDkgTag } from './bip-dkg-tag.ts';
import { signSchnorr } from './schnorr.ts';
import type { SessionParams } from './session-params.ts';
import { uint32 } from './uint32.ts';

const certificatePrefix = messagePrefix('certeq message');
const acknowledgementPrefix = messagePrefix('recovery acknowledgment');

/** BIP340's advice for messages of an application: a prefix of 33 bytes that no other one begins with. */
function messagePrefix(name: string): Uint8Array {
  const prefix = Buffer.alloc(33);
  prefix.write(`${bipDkgTag}${name}`);
  return prefix;
}

/** What a participant signs to say that it agrees on `transcript`. */
export function certificateMessage(transcript: Uint8Array, participant: number): Uint8Array {
  return Buffer.concat([certificatePrefix, uint32(participant), transcript]);
}

/** What a participant signs to say that it has the recovery data. */
export function acknowledgementMessage(recoveryData: Uint8Array, participant: number): Uint8Array {
  return Buffer.concat([acknowledgementPrefix, uint32(participant), recoveryData]);
}

/** @param hostSecret 32 bytes, valid. @returns 64 bytes */
export function signTranscript(
  group: Secp256k1Group,
  hostSecret: Uint8Array,
  participant: number,
  transcript: Uint8Array,
  auxiliaryRandom: Uint8Array,
): Uint8Array {
  return signSchnorr(group, hostSecret, certificateMessage(transcript, participant), auxiliaryRandom);
}

/**
 * Whether this is the participant's signature over `message`, which has to name the participant: the key's sign is
 * dropped, and the message commits to all keys in full.
 */
export function isSignedBy(
  group: Secp256k1Group,
  params: SessionParams,
  participant: number,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const key = group.decode(params.hostPublicKeys[participant] ?? new Uint8Array());
  return key !== undefined && group.verifySchnorr(key, message, signature);
}

/** Who didn't sign the transcript. @param signatures one of 64 bytes for each participant */
export function missingSigners(
  group: Secp256k1Group,
  params: SessionParams,
  transcript: Uint8Array,
  signatures: readonly Uint8Array[],
): number[] {
  return signatures.flatMap((signature, participant) =>
    isSignedBy(group, params, participant, certificateMessage(transcript, participant), signature) ? [] : [participant],
  );
}
