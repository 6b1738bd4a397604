/**
 * FROST(Ed25519, SHA-512), RFC 9591, sections 4 and 5, as functions of one signature. Who calls them decodes points
 * once and keeps them beside their encodings.
 */
import type { Point } from '../group.ts';
import type { Ed25519Group } from './ed25519-group.ts';
import { hashBindingFactor, hashChallenge, hashCommitments, hashMessage } from './frost-hashes.ts';

const SCALAR_BYTES = 32;

/** Both secret nonces of one signer, one after another: hiding, binding. */
export const NONCE_PAIR_BYTES = 64;
/** Both public nonces, likewise. */
export const COMMITMENT_BYTES = 64;

/** What one signer sent in round one. */
export interface NonceCommitment {
  /** 1 to 2^32 - 1. */
  readonly identifier: number;
  /** Hiding, binding; 64 bytes that may be no points. */
  readonly encoded: Uint8Array;
}

/** Section 5.1, commit, without the drawing of nonces. */
export function commitToNonces(group: Ed25519Group, noncePair: Uint8Array): Uint8Array {
  const encoded = new Uint8Array(COMMITMENT_BYTES);
  encoded.set(group.encode(group.multiplyBase(noncePair.subarray(0, SCALAR_BYTES))));
  encoded.set(group.encode(group.multiplyBase(noncePair.subarray(SCALAR_BYTES))), COMMITMENT_BYTES / 2);
  return encoded;
}

/**
 * Section 4.4, compute_binding_factors, in the order of the commitments.
 * @param commitments ascending by identifier
 */
export function computeBindingFactors(
  group: Ed25519Group,
  publicKey: Uint8Array,
  commitments: readonly NonceCommitment[],
  message: Uint8Array,
): readonly Uint8Array[] {
  const identifiers = commitments.map(({ identifier }) => group.scalarOf(identifier));
  const list = commitments.flatMap(({ encoded }, i) => [identifiers[i] as Uint8Array, encoded]);
  const prefix = [publicKey, hashMessage(group, message), hashCommitments(group, list)];
  return identifiers.map((identifier) => hashBindingFactor(group, [...prefix, identifier]));
}

/**
 * hiding + factor * binding: one signer's part of the group commitment (section 4.5).
 * @param encoded hiding, binding
 * @returns undefined where one of the two isn't the encoding of a point (section 3.1, DeserializeElement)
 */
export function computeCommitmentShare(
  group: Ed25519Group,
  encoded: Uint8Array,
  factor: Uint8Array,
): Point | undefined {
  if (encoded.length !== COMMITMENT_BYTES) return undefined;
  const hiding = group.decode(encoded.subarray(0, COMMITMENT_BYTES / 2));
  const product = group.multiplyEncoded(encoded.subarray(COMMITMENT_BYTES / 2), factor);
  return hiding === undefined || product === undefined ? undefined : group.add([hiding, product]);
}

/**
 * The same for one's own commitment, from the secret nonces and for a quarter of the price. The pair holds
 * hiding + factor * binding in place of the hiding nonce afterwards, and zero in place of the other.
 */
export function combineNonces(group: Ed25519Group, noncePair: Uint8Array, factor: Uint8Array): Point {
  const hiding = noncePair.subarray(0, SCALAR_BYTES);
  const binding = noncePair.subarray(SCALAR_BYTES, NONCE_PAIR_BYTES);
  group.multiplyScalars(binding, binding, factor);
  group.addScalars(hiding, hiding, binding);
  binding.fill(0);
  return group.multiplyBase(hiding);
}

/** Section 4.6, compute_challenge. */
export function computeChallenge(
  group: Ed25519Group,
  groupCommitment: Uint8Array,
  publicKey: Uint8Array,
  message: Uint8Array,
): Uint8Array {
  return hashChallenge(group, [groupCommitment, publicKey, message]);
}

/**
 * Section 5.2, sign: the signature share, of which nothing is secret. Uses up and wipes the combined nonces.
 * @param weight Lagrange coefficient * challenge
 */
export function respond(
  group: Ed25519Group,
  combinedNonces: Uint8Array,
  secretShare: Uint8Array,
  weight: Uint8Array,
): Uint8Array {
  const nonce = combinedNonces.subarray(0, SCALAR_BYTES);
  const product = combinedNonces.subarray(SCALAR_BYTES, NONCE_PAIR_BYTES);
  group.multiplyScalars(product, secretShare, weight);
  group.addScalars(product, product, nonce);
  const share = Uint8Array.from(product);
  combinedNonces.fill(0);
  return share;
}

/**
 * Section 5.4, verify_signature_share.
 * @param commitmentShare of this signer, from `computeCommitmentShare`
 * @param weight Lagrange coefficient * challenge
 */
export function isSignatureShare(
  group: Ed25519Group,
  signatureShare: Uint8Array,
  commitmentShare: Point,
  publicShare: Point,
  weight: Uint8Array,
): boolean {
  if (!group.isScalar(signatureShare)) return false;
  const expected = group.add([commitmentShare, group.multiplyPublic(publicShare, weight)]);
  return group.equals(group.multiplyBasePublic(signatureShare), expected);
}

/**
 * Section 5.3, aggregate, and the response to a tweak of the public key: S = sum of the shares + challenge * tweak.
 * The tweak is public, so that everybody can add it, and it is added once, after all shares.
 *
 * @param groupCommitment R, encoded
 * @param signatureShares all of them scalars
 * @param tweak of the public key; undefined for none
 * @returns R and S, 64 bytes (appendix A)
 */
export function aggregate(
  group: Ed25519Group,
  groupCommitment: Uint8Array,
  signatureShares: readonly Uint8Array[],
  challenge: Uint8Array,
  tweak: Uint8Array | undefined,
): Uint8Array {
  const response = new Uint8Array(SCALAR_BYTES);
  if (tweak !== undefined) group.multiplyScalars(response, challenge, tweak);
  for (const share of signatureShares) group.addScalars(response, response, share);
  const signature = new Uint8Array(groupCommitment.length + SCALAR_BYTES);
  signature.set(groupCommitment);
  signature.set(response, groupCommitment.length);
  return signature;
}
