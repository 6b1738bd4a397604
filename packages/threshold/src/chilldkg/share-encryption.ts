/**
 * EncPedPop's encryption of shares: to each share is added a pad, which sender and receiver get from Diffie-Hellman
 * between the sender's nonce and the receiver's host key. Ciphertexts can be summed, and so can pads.
 */
import { createHash } from 'node:crypto';
import type { Point } from '../group.ts';
import type { Secp256k1Group } from '../secp256k1/secp256k1-group.ts';
import { bipDkgTag } from './bip-dkg-tag.ts';
import { FaultyParticipantOrCoordinatorError } from './chilldkg-errors.ts';
import { type SecretScope, withSecrets } from './secret-scope.ts';
import { uint32 } from './uint32.ts';

/** A participant's own side of all encryptions of a session. */
export interface EncryptionKey {
  /** The host secret key, 32 bytes. */
  readonly secret: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly participant: number;
  /** The serialized parameters of the session. */
  readonly context: Uint8Array;
}

/**
 * What a sender adds to its share for each receiver.
 * @param secretNonce 32 bytes, used for one dealing only
 * @param publicKeys the host public keys of all, valid
 */
export function padsToReceivers(
  group: Secp256k1Group,
  scope: SecretScope,
  key: EncryptionKey,
  secretNonce: Uint8Array,
  publicNonce: Uint8Array,
  publicKeys: readonly Uint8Array[],
): readonly Uint8Array[] {
  const pads = scope.allocateScalars(publicKeys.length);
  for (const [receiver, pad] of pads.entries()) {
    const publicKey = publicKeys[receiver] ?? new Uint8Array();
    const context = [uint32(receiver), key.context];
    if (receiver === key.participant) {
      padToSelf(group, pad, key.secret, publicNonce, context);
      continue;
    }
    const point = group.decode(publicKey);
    if (point === undefined) throw new RangeError('a host public key is not a point');
    sharedPad(group, pad, secretNonce, point, [publicNonce, publicKey, ...context]);
  }
  return pads;
}

/**
 * What each sender added to its share for this participant.
 * @throws FaultyParticipantOrCoordinatorError for a nonce that is no point
 */
export function padsFromSenders(
  group: Secp256k1Group,
  scope: SecretScope,
  key: EncryptionKey,
  publicNonces: readonly Uint8Array[],
): readonly Uint8Array[] {
  const pads = scope.allocateScalars(publicNonces.length);
  const context = [uint32(key.participant), key.context];
  for (const [sender, pad] of pads.entries()) {
    const publicNonce = publicNonces[sender] ?? new Uint8Array();
    if (sender === key.participant) {
      padToSelf(group, pad, key.secret, publicNonce, context);
      continue;
    }
    const point = group.decode(publicNonce);
    if (point === undefined) {
      throw new FaultyParticipantOrCoordinatorError(sender, 'the public nonce is not a point');
    }
    sharedPad(group, pad, key.secret, point, [publicNonce, key.publicKey, ...context]);
  }
  return pads;
}

/** `out` = the sum of what was sent to this participant, less the pads. */
export function decryptSum(
  group: Secp256k1Group,
  out: Uint8Array,
  encryptedSum: Uint8Array,
  pads: readonly Uint8Array[],
): void {
  out.fill(0);
  for (const pad of pads) group.addScalars(out, out, pad);
  group.negateScalar(out, out);
  group.addScalars(out, out, encryptedSum);
}

function sharedPad(
  group: Secp256k1Group,
  pad: Uint8Array,
  secret: Uint8Array,
  other: Point,
  parts: readonly Uint8Array[],
): void {
  withSecrets(group, (scope) => {
    const secrets = scope.allocate(33 + 32);
    const sharedPoint = secrets.subarray(0, 33);
    const sharedSecret = secrets.subarray(33);
    group.diffieHellman(sharedPoint, secret, other);
    // Untagged, as libsecp256k1's own ECDH has it; the group only offers tagged ones in locked memory.
    const digest = createHash('sha256').update(sharedPoint).digest();
    sharedSecret.set(digest);
    digest.fill(0);
    group.hashSecret(pad, `${bipDkgTag}encpedpop ecdh`, [sharedSecret, ...parts]);
    group.reduce(pad, pad);
  });
}

/** Nobody else has to compute this one, so that no Diffie-Hellman is needed. */
function padToSelf(
  group: Secp256k1Group,
  pad: Uint8Array,
  secret: Uint8Array,
  publicNonce: Uint8Array,
  context: readonly Uint8Array[],
): void {
  group.hashSecret(pad, `${bipDkgTag}encaps_multi self_pad`, [secret, publicNonce, ...context]);
  group.reduce(pad, pad);
}
