/**
 * Signing of a batch with FROST(Ed25519, SHA-512), RFC 9591, without a coordinator: two rounds for all elements
 * together, and every party aggregates and checks for itself. An element that fails doesn't harm the others.
 *
 * Round 1, per element: digest of what this party was asked to sign (32 bytes), public nonces (64 bytes).
 * Round 2, per element: signature share (32 bytes).
 * Zeros, which are none of these, where a party can't sign an element or knows that it failed.
 */
import { createHash } from 'node:crypto';
import type { Point } from '../group.ts';
import { ProtocolAbort, type Round, round, type Step } from '../protocol.ts';
import type { SecretMemory } from '../secret-memory.ts';
import type { Ed25519Group } from './ed25519-group.ts';
import { ElementPreparation } from './element-preparation.ts';
import {
  aggregate,
  COMMITMENT_BYTES,
  combineNonces,
  commitToNonces,
  computeBindingFactors,
  computeChallenge,
  computeCommitmentShare,
  isSignatureShare,
  NONCE_PAIR_BYTES,
  type NonceCommitment,
  respond,
} from './frost-signing.ts';
import { NONCE_RANDOM_BYTES, NonceGenerator } from './nonce-generation.ts';
import type { FailedElement, PreparedElement, SigningElement, SigningOutcome } from './signing-element.ts';

const DIGEST_BYTES = 32;
const OPENING_BYTES = DIGEST_BYTES + COMMITMENT_BYTES;
const SHARE_BYTES = 32;

export interface SignBatchParameters {
  readonly group: Ed25519Group;
  readonly memory: SecretMemory;
  /** Number of parties, each of which signs every element. */
  readonly parties: number;
  /** This one's position. */
  readonly me: number;
  /** At least one. All parties have them in the same order. */
  readonly elements: readonly SigningElement[];
  /** 64 fresh bytes of the kernel per element, in secret memory; wiped. */
  readonly randomness: Uint8Array;
}

/** An element whose share this party has made. */
interface SharedElement {
  readonly kind: 'shared';
  readonly prepared: PreparedElement;
  /** R, encoded. */
  readonly groupCommitment: Uint8Array;
  /** Of each party. */
  readonly commitmentShares: readonly Point[];
  readonly challenge: Uint8Array;
  readonly ownShare: Uint8Array;
}

/**
 * Makes the nonces, and keeps their hashes. Secret shares are read until the second round has begun.
 *
 * Beside some 15 us of hashing and scalars an element takes three multiplications of the base point, for each other
 * party a decoding, a multiplication and two additions, and one verification.
 *
 * @throws RangeError for an empty batch, a position outside the parties, too little randomness
 */
export function startSignBatch(parameters: SignBatchParameters): Round<readonly SigningOutcome[]> {
  const { group, memory, parties, me, elements, randomness } = parameters;
  if (elements.length === 0) throw new RangeError('an empty batch');
  if (randomness.length !== NONCE_RANDOM_BYTES * elements.length) throw new RangeError('64 random bytes per element');
  const preparation = new ElementPreparation(group, parties, me);
  const prepared = elements.map((element) => preparation.prepare(element));

  // One piece for all: locked memory comes in pages, and an allocation costs as much as a multiplication.
  const noncePairs = memory.allocate(NONCE_PAIR_BYTES * elements.length);
  const generator = new NonceGenerator(group, memory);
  const broadcast = Buffer.alloc(OPENING_BYTES * elements.length);
  const hashes: Uint8Array[] = [];
  try {
    for (const [i, state] of prepared.entries()) {
      if (state.kind === 'failed') continue;
      const { element, publicKey, digest } = state;
      const pair = part(noncePairs, i, NONCE_PAIR_BYTES);
      generator.generate(pair, part(randomness, i, NONCE_RANDOM_BYTES), {
        secretShare: element.secretShare,
        publicShare: at(element.signers, me).publicShare,
        publicKey,
        message: element.message,
        extraInput: element.extraInput,
      });
      const commitment = commitToNonces(group, pair);
      hashes.push(createHash('sha256').update(commitment).digest());
      broadcast.set(digest, OPENING_BYTES * i);
      broadcast.set(commitment, OPENING_BYTES * i + DIGEST_BYTES);
    }
  } catch (error) {
    memory.free(noncePairs);
    throw error;
  } finally {
    randomness.fill(0);
    generator.free();
  }
  return round({
    broadcast,
    keep: { kind: 'nonces', hashes },
    next: (broadcasts) => {
      try {
        return share(parameters, prepared, noncePairs, broadcast, broadcasts);
      } finally {
        memory.free(noncePairs);
      }
    },
    abandon: () => memory.free(noncePairs),
  });
}

/** Round 2: this party's signature shares. */
function share(
  parameters: SignBatchParameters,
  prepared: readonly (PreparedElement | FailedElement)[],
  noncePairs: Buffer,
  own: Uint8Array,
  broadcasts: readonly Uint8Array[],
): Step<readonly SigningOutcome[]> {
  assertBroadcasts(parameters, broadcasts, own);
  const states = prepared.map((element, i) => {
    if (element.kind === 'failed') return element;
    const openings = broadcasts.map((bytes) => part(bytes, i, OPENING_BYTES));
    return shareElement(parameters, element, part(noncePairs, i, NONCE_PAIR_BYTES), openings);
  });

  const broadcast = Buffer.alloc(SHARE_BYTES * states.length);
  for (const [i, state] of states.entries()) {
    if (state.kind === 'shared') broadcast.set(state.ownShare, SHARE_BYTES * i);
  }
  return round({
    broadcast,
    next: (broadcastShares) => {
      assertBroadcasts(parameters, broadcastShares, broadcast);
      const result = states.map((state, i): SigningOutcome => {
        if (state.kind === 'failed') return state;
        const shares = broadcastShares.map((bytes) => part(bytes, i, SHARE_BYTES));
        return finishElement(parameters, state, shares);
      });
      return { kind: 'finished', result };
    },
  });
}

function shareElement(
  { group, me }: SignBatchParameters,
  prepared: PreparedElement,
  noncePair: Uint8Array,
  openings: readonly Uint8Array[],
): SharedElement | FailedElement {
  const { element, publicKey, digest, signerSet } = prepared;
  const absent = partiesWhere(openings, (opening) => opening.every((byte) => byte === 0));
  if (absent.length > 0) return failed(absent, "a party couldn't sign this");
  // Who is asked to sign something else isn't a liar, and nobody else can tell who was misled.
  if (openings.some((opening) => Buffer.compare(opening.subarray(0, DIGEST_BYTES), digest) !== 0)) {
    return failed([], 'the parties were asked to sign different things');
  }
  // Copies: the hash and the point must be of the same bytes, whatever happens to the message.
  const commitments = openings.map(
    (opening, party): NonceCommitment => ({
      identifier: at(signerSet.identifiers, party),
      encoded: Uint8Array.from(opening.subarray(DIGEST_BYTES)),
    }),
  );
  const { ascending, coefficients } = signerSet;
  const factors = computeBindingFactors(
    group,
    publicKey,
    ascending.map((party) => at(commitments, party)),
    element.message,
  );
  const factorOf = (party: number) => at(factors, ascending.indexOf(party));
  const commitmentShares: Point[] = [];
  const culprits: number[] = [];
  for (const [party, { encoded }] of commitments.entries()) {
    const factor = factorOf(party);
    const commitmentShare =
      party === me ? combineNonces(group, noncePair, factor) : computeCommitmentShare(group, encoded, factor);
    if (commitmentShare === undefined) culprits.push(party);
    else commitmentShares.push(commitmentShare);
  }
  if (culprits.length > 0) return failed(culprits, "a nonce commitment isn't a pair of points");
  const sum = group.add(commitmentShares);
  if (group.isIdentity(sum)) return failed([], 'the nonces cancel each other');
  const groupCommitment = group.encode(sum);
  const challenge = computeChallenge(group, groupCommitment, publicKey, element.message);
  const ownShare = respond(group, noncePair, element.secretShare, weightOf(group, at(coefficients, me), challenge));
  return { kind: 'shared', prepared, groupCommitment, commitmentShares, challenge, ownShare };
}

function finishElement(
  { group }: SignBatchParameters,
  state: SharedElement,
  shares: readonly Uint8Array[],
): SigningOutcome {
  const { prepared, groupCommitment, challenge, commitmentShares } = state;
  const { element, publicKey, signerSet } = prepared;
  const malformed = partiesWhere(shares, (bytes) => !group.isScalar(bytes));
  if (malformed.length > 0) return failed(malformed, "a signature share isn't a scalar");

  const signature = aggregate(group, groupCommitment, shares, challenge, element.tweak);
  if (group.verifySignature(publicKey, element.message, signature)) return { kind: 'signed', signature };

  // Only now is each share worth its two multiplications.
  const publicShares = element.signers.map(({ publicShare }) => group.decode(publicShare));
  if (publicShares.includes(undefined)) return failed([], "a public share of the key isn't a point");
  const culprits = partiesWhere(shares, (bytes, party) => {
    const weight = weightOf(group, at(signerSet.coefficients, party), challenge);
    return !isSignatureShare(group, bytes, at(commitmentShares, party), at(publicShares, party), weight);
  });
  return culprits.length > 0
    ? failed(culprits, "a signature share doesn't belong to its signer's public share")
    : failed([], "the public shares don't belong to the key");
}

function weightOf(group: Ed25519Group, coefficient: Uint8Array, challenge: Uint8Array): Uint8Array {
  const weight = new Uint8Array(challenge.length);
  group.multiplyScalars(weight, coefficient, challenge);
  return weight;
}

/** @throws ProtocolAbort naming whose message hasn't the one length that it can have */
function assertBroadcasts(
  { parties, me }: SignBatchParameters,
  broadcasts: readonly Uint8Array[],
  own: Uint8Array,
): void {
  if (broadcasts.length !== parties) throw new RangeError('one message of each party');
  if (Buffer.compare(at(broadcasts, me), own) !== 0) {
    throw new ProtocolAbort([], "this party's own message was altered on the way");
  }
  const culprits = partiesWhere(broadcasts, (bytes) => bytes.length !== own.length);
  if (culprits.length > 0) throw new ProtocolAbort(culprits, 'a message of the wrong length');
}

function partiesWhere(
  messages: readonly Uint8Array[],
  isWrong: (bytes: Uint8Array, party: number) => boolean,
): readonly number[] {
  return messages.flatMap((bytes, party) => (isWrong(bytes, party) ? [party] : []));
}

/** Of element `i`; a view. */
function part(all: Uint8Array, i: number, bytesPerElement: number): Uint8Array {
  return all.subarray(bytesPerElement * i, bytesPerElement * (i + 1));
}

function failed(culprits: readonly number[], reason: string): FailedElement {
  return { kind: 'failed', culprits, reason };
}

function at<T>(list: readonly (T | undefined)[], position: number): T {
  const item = list[position];
  if (item === undefined) throw new RangeError('no such party');
  return item;
}
