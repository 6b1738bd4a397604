/**
 * PedPoP's proof (eprint 2020/852, figure 1, round 1, step 2) that a dealer knows a secret: a Schnorr signature under it,
 * bound to the session (and thereby to n, t and the identities), to the dealer's index and to the rest of its statement.
 */
import type { Point } from '../group.ts';
import type { Ed25519Group } from './ed25519-group.ts';

const TAG = Buffer.from('countersign/ed25519/key-generation/possession/v1');
const SCALAR_BYTES = 32;

export interface ProofContext {
  /** 32 bytes. */
  readonly sessionHash: Uint8Array;
  readonly dealer: number;
  /** What the secret is of: no proof of one is one of the other. */
  readonly purpose: 'polynomial' | 'ephemeral key';
  /** Encodings, 32 bytes each: the public keys that are dealt, the secret's among them. */
  readonly statement: readonly Uint8Array[];
}

export interface ProofOfPossession {
  /** R, 32 bytes. */
  readonly nonceCommitment: Uint8Array;
  /** A scalar. */
  readonly response: Uint8Array;
}

/**
 * @param nonce a fresh uniform scalar in secret memory; used up and wiped
 * @param scratch 32 bytes of secret memory, wiped
 */
export function provePossession(
  group: Ed25519Group,
  context: ProofContext,
  secret: Uint8Array,
  nonce: Uint8Array,
  scratch: Uint8Array,
): ProofOfPossession {
  const nonceCommitment = group.encode(group.multiplyBase(nonce));
  group.multiplyScalars(scratch, secret, challengeOf(group, context, nonceCommitment));
  group.addScalars(scratch, scratch, nonce);
  const response = Uint8Array.from(scratch);
  scratch.fill(0);
  nonce.fill(0);
  return { nonceCommitment, response };
}

/** @param publicKey of the secret */
export function isProofOfPossession(
  group: Ed25519Group,
  context: ProofContext,
  publicKey: Point,
  { nonceCommitment, response }: ProofOfPossession,
): boolean {
  const decoded = group.decode(nonceCommitment);
  if (decoded === undefined || !group.isScalar(response)) return false;
  const challenge = challengeOf(group, context, nonceCommitment);
  const expected = group.add([decoded, group.multiplyPublic(publicKey, challenge)]);
  return group.equals(group.multiplyBasePublic(response), expected);
}

function challengeOf(group: Ed25519Group, context: ProofContext, nonceCommitment: Uint8Array): Uint8Array {
  const digest = new Uint8Array(2 * SCALAR_BYTES);
  group.hash(digest, [
    ...[TAG, Buffer.from(`${context.purpose}\0`), context.sessionHash, group.scalarOf(context.dealer + 1)],
    ...[...context.statement, nonceCommitment],
  ]);
  const challenge = new Uint8Array(SCALAR_BYTES);
  group.reduce(challenge, digest);
  return challenge;
}
