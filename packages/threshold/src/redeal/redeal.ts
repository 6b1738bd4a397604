/**
 * New shares of a key that stays the same, as one protocol:
 *
 * - refresh (Herzberg, Jarecki, Krawczyk, Yung 1995): every holder deals a polynomial with constant zero, and what it
 *   receives is added to its share;
 * - reshare (Desmedt, Jajodia 1997; Wong, Wang, Wing 2002): holders deal their shares, weighted so that the constants
 *   add up to the key, to a quorum of any size; what is received is the new share;
 * - import (RFC 9591, appendix C): one dealer deals the whole key.
 *
 * Each dealer's constant has a commitment that everybody knows beforehand, so that nobody can deal anything else.
 *
 * Round 1: dealers broadcast commitments and every receiver's part, encrypted. Round 2: everybody signs the transcript,
 * or complains about a part by showing the one secret that it was encrypted to; then everybody sees who lied. A receiver
 * has a fresh X25519 key for each dealer, so that a complaint shows nothing else, and forgets them all at the end, so
 * that the transcript doesn't give shares away later.
 */
import { createHmac } from 'node:crypto';
import { decode, encode, fixed, MalformedBytes, struct, u16, variants } from '../codec.ts';
import { evaluateCommitments, evaluatePolynomial } from '../ed25519/polynomial.ts';
import { openShare, type SealingContext, sealShare } from '../ed25519/share-encryption.ts';
import { parseX25519PublicKey, x25519, x25519PrivateKey, x25519PublicBytes } from '../exchange/x25519.ts';
import type { Point, PrimeOrderGroup } from '../group.ts';
import { ProtocolAbort, type Round, round, type Step } from '../protocol.ts';
import type { SecretMemory } from '../secret-memory.ts';
import {
  CERTIFICATE_TAG,
  type DealingMessage,
  dealingMessage,
  encodeEvidence,
  encodeTranscript,
  hashTranscript,
  isSignedBy,
  newPublicShares,
  readCommitments,
  readEvidence,
  type RedealKind,
  type RedealParty,
  type RedealTranscript,
  SIGNATURE_BYTES,
} from './redeal-transcript.ts';

const SCALAR_BYTES = 32;
const DIGEST_BYTES = 64;
const PENDING_BYTES = 32 + SCALAR_BYTES;

export interface RedealParameters {
  readonly group: PrimeOrderGroup;
  readonly memory: SecretMemory;
  readonly kind: RedealKind;
  /** Of the new shares. */
  readonly threshold: number;
  readonly epoch: number;
  /** That all dealers' constants add up to; for a refresh, that of the shares which are added to. */
  readonly groupKey: Uint8Array;
  /** 32 bytes that no other operation has; bound to everything else that was agreed upon. */
  readonly session: Uint8Array;
  /** Everybody in the room, in an order that all share. */
  readonly parties: readonly RedealParty[];
  /** This party's position. */
  readonly me: number;
  /** A receiver's X25519 secrets, one for each dealer in the dealers' order; the caller's, read until the end. */
  readonly dealSecrets: readonly Uint8Array[];
  /** A dealer's constant, in secret memory; undefined where it is zero, and for who doesn't deal. */
  readonly constant: Uint8Array | undefined;
  /** What a refresh adds to: this party's share, and all public shares by index. */
  readonly base: { readonly scalar: Uint8Array; readonly publicShares: readonly Uint8Array[] } | undefined;
  /** 32 fresh bytes of the kernel, in secret memory; wiped. */
  readonly seed: Uint8Array;
  /** Ed25519 by this party's identity over `taggedHash(tag, message)`. */
  readonly sign: (tag: string, message: Uint8Array) => Uint8Array;
}

export interface Redealt {
  /** Secret memory, the receiver's to free; undefined for who received nothing. */
  readonly scalar: Buffer | undefined;
  /** By index. */
  readonly publicShares: readonly Uint8Array[];
  readonly evidence: Uint8Array;
}

const verdict = variants({
  signature: struct({ bytes: fixed(SIGNATURE_BYTES) }),
  /** `secret`: the complainer's X25519 secret for this dealer. */
  complaint: struct({ dealer: u16, secret: fixed(32) }),
});

/** A dealer's message that everybody may rely on, as far as everybody can see. */
interface Dealing {
  /** Position among the parties. */
  readonly dealer: number;
  readonly message: DealingMessage;
  readonly commitments: readonly Point[];
}

/** @throws RangeError for parameters that no honest party has */
export function redeal(parameters: RedealParameters): Round<Redealt> {
  const { memory, parties, me, seed, threshold } = parameters;
  const own = parties[me];
  if (own === undefined || threshold < 1) throw new RangeError('no such party, or no threshold');
  assertConstants(parameters);
  const ownPart = memory.allocate(SCALAR_BYTES);
  try {
    const broadcast = own.constant === undefined ? new Uint8Array(0) : deal(parameters, own.constant, ownPart);
    return round({
      broadcast,
      next: (broadcasts) => {
        try {
          return acceptDealings(parameters, ownPart, broadcast, broadcasts);
        } finally {
          memory.free(ownPart);
        }
      },
      abandon: () => memory.free(ownPart),
    });
  } catch (error) {
    memory.free(ownPart);
    throw error;
  } finally {
    seed.fill(0);
  }
}

/** What an honest caller has made sure of; a mistake here would change the key. */
function assertConstants({ group, kind, parties, groupKey }: RedealParameters): void {
  const constants = parties.flatMap(({ constant }) => (constant === undefined ? [] : [constant]));
  const points = constants.map((constant) => (constant.length === 0 ? group.identity : group.decode(constant)));
  const isZero = kind === 'refresh';
  const sum = group.add(points.map((point) => point ?? group.identity));
  const isRight = isZero
    ? constants.every((constant) => constant.length === 0)
    : points.every((point) => point !== undefined && !group.isIdentity(point)) &&
      !group.isIdentity(sum) &&
      Buffer.compare(group.encode(sum), groupKey) === 0;
  if (constants.length === 0 || !isRight) throw new RangeError('the dealt constants are not those of the group key');
}

function deal(parameters: RedealParameters, constant: Uint8Array, ownPart: Uint8Array): Uint8Array {
  const { group, memory, parties, me, threshold } = parameters;
  const secrets = memory.allocate(SCALAR_BYTES * (threshold + 2) + DIGEST_BYTES);
  const coefficients = secrets.subarray(0, SCALAR_BYTES * threshold);
  const part = secrets.subarray(SCALAR_BYTES * threshold, SCALAR_BYTES * (threshold + 1));
  const ephemeralSecret = secrets.subarray(SCALAR_BYTES * (threshold + 1), SCALAR_BYTES * (threshold + 2));
  const wide = secrets.subarray(SCALAR_BYTES * (threshold + 2));
  try {
    for (let power = 0; power < threshold; power++) {
      const coefficient = coefficients.subarray(SCALAR_BYTES * power, SCALAR_BYTES * (power + 1));
      if (power === 0) {
        if (parameters.constant !== undefined) coefficient.set(parameters.constant);
        continue;
      }
      expand(wide, parameters, 'coefficient', power);
      group.reduce(coefficient, wide);
    }
    expand(wide, parameters, 'ephemeral', 0);
    ephemeralSecret.set(wide.subarray(0, SCALAR_BYTES));
    const ephemeral = x25519PrivateKey(ephemeralSecret);
    const ephemeralKey = x25519PublicBytes(ephemeral);
    const firstPower = constant.length === 0 ? 1 : 0;
    const commitments = Array.from({ length: threshold - firstPower }, (_, place) => {
      const power = place + firstPower;
      return group.encode(group.multiplyBase(coefficients.subarray(SCALAR_BYTES * power, SCALAR_BYTES * (power + 1))));
    });
    const sealed: Uint8Array[] = [];
    for (const [recipient, { index }] of parties.entries()) {
      if (index === undefined) continue;
      evaluatePolynomial(group, part, coefficients, index + 1);
      if (recipient === me) {
        ownPart.set(part);
        continue;
      }
      const context = sealingContext(parameters, me, recipient, ephemeralKey);
      const recipientKey = parseX25519PublicKey(context.dealKey);
      if (recipientKey === undefined) throw new ProtocolAbort([recipient], "a deal key isn't a public key");
      const shared = x25519(ephemeral, recipientKey);
      sealed.push(sealShare(context, shared, part));
      shared.fill(0);
    }
    return encode(dealingMessage, { commitments, ephemeralKey, sealed });
  } finally {
    memory.free(secrets);
  }
}

/** Round 2: signs, or complains. */
function acceptDealings(
  parameters: RedealParameters,
  ownPart: Uint8Array,
  own: Uint8Array,
  broadcasts: readonly Uint8Array[],
): Step<Redealt> {
  const { group, memory, parties, me } = parameters;
  assertBroadcasts(parameters, broadcasts, own);
  // Copies: what is checked now is what the evidence holds later.
  const messages = broadcasts.map((message) => Uint8Array.from(message));
  const dealings = checkDealings(parameters, messages);
  const transcript = encodeTranscript(transcriptOf(parameters, messages));
  const publicShares = newPublicShares(
    group,
    { parties, base: parameters.base?.publicShares ?? [] },
    dealings.map(({ commitments }) => commitments),
  );
  if (publicShares === undefined) throw new ProtocolAbort([], 'the dealings give a party no share');

  const index = parties[me]?.index;
  const scalar = memory.allocate(SCALAR_BYTES);
  const received = memory.allocate(SCALAR_BYTES);
  let isHandedOn = false;
  try {
    if (parameters.base !== undefined) scalar.set(parameters.base.scalar);
    for (const dealing of index === undefined ? [] : dealings) {
      if (dealing.dealer === me) received.set(ownPart);
      else if (!receive(parameters, dealing, index ?? 0, received)) {
        const broadcast = encode(verdict, {
          kind: 'complaint',
          dealer: dealing.dealer,
          secret: dealSecretFor(parameters, dealing.dealer),
        });
        // Nothing to keep: without this party's signature there are no new shares.
        return round<Redealt>({
          broadcast,
          next: (verdicts) => conclude(parameters, dealings, transcript, broadcast, verdicts, undefined),
        });
      }
      group.addScalars(scalar, scalar, received);
    }
    const hash = hashTranscript(transcript);
    const signature = parameters.sign(CERTIFICATE_TAG, hash);
    const broadcast = encode(verdict, { kind: 'signature', bytes: signature });
    isHandedOn = true;
    return round<Redealt>({
      broadcast,
      // Who only deals has nothing to lose.
      keep: index === undefined ? undefined : { kind: 'pending', secret: pendingOf(memory, hash, scalar) },
      next: (verdicts) => {
        let isTaken = false;
        try {
          const finished = conclude(parameters, dealings, transcript, broadcast, verdicts, {
            scalar: index === undefined ? undefined : scalar,
            publicShares,
          });
          isTaken = index !== undefined;
          return finished;
        } finally {
          if (!isTaken) memory.free(scalar);
        }
      },
      abandon: () => memory.free(scalar),
    });
  } finally {
    memory.free(received);
    if (!isHandedOn) memory.free(scalar);
  }
}

/** Judges complaints and checks signatures. @throws ProtocolAbort */
function conclude(
  parameters: RedealParameters,
  dealings: readonly Dealing[],
  transcript: Uint8Array,
  own: Uint8Array,
  broadcasts: readonly Uint8Array[],
  share: Omit<Redealt, 'evidence'> | undefined,
): Step<Redealt> {
  assertBroadcasts(parameters, broadcasts, own);
  const hash = hashTranscript(transcript);
  const culprits = new Set<number>();
  const signatures: Uint8Array[] = [];
  for (const [party, bytes] of broadcasts.entries()) {
    const said = decodeOrNothing(bytes);
    const identity = parameters.parties[party]?.identity ?? new Uint8Array(0);
    if (said?.kind === 'signature' && isSignedBy(identity, hash, said.bytes)) {
      signatures.push(Uint8Array.from(said.bytes));
    } else if (said?.kind === 'complaint') {
      culprits.add(isJustified(parameters, dealings, party, said) ? said.dealer : party);
    } else culprits.add(party);
  }
  if (culprits.size > 0)
    throw new ProtocolAbort(
      [...culprits].sort((a, b) => a - b),
      'a dealt share, a complaint or a signature is wrong',
    );
  if (share === undefined) throw new Error('a complaint without a liar');
  return { kind: 'finished', result: { ...share, evidence: encodeEvidence(transcript, signatures) } };
}

/**
 * Finishes what a crash or a silent relay interrupted: the share that was kept, and another party's evidence.
 * @param pending what round 2 kept; the caller's, to be wiped
 * @throws MalformedBytes where they don't belong together
 */
export function recoverRedealt(
  group: PrimeOrderGroup,
  memory: SecretMemory,
  pending: Uint8Array,
  evidence: Uint8Array,
): Redealt & { readonly scalar: Buffer; readonly transcript: RedealTranscript } {
  if (pending.length !== PENDING_BYTES) throw new MalformedBytes('the pending share');
  const { transcript, hash, publicShares } = readEvidence(group, evidence);
  if (Buffer.compare(hash, pending.subarray(0, 32)) !== 0) throw new MalformedBytes('the evidence of another operation');
  const scalar = memory.allocate(SCALAR_BYTES);
  scalar.set(pending.subarray(32));
  const publicShare = group.isScalar(scalar) ? group.encode(group.multiplyBase(scalar)) : undefined;
  if (publicShare === undefined || !publicShares.some((share) => Buffer.compare(share, publicShare) === 0)) {
    memory.free(scalar);
    throw new MalformedBytes('the pending share');
  }
  return { publicShares, evidence: Uint8Array.from(evidence), transcript, scalar };
}

/** Hash of the transcript (32 bytes), the new share: in secret memory. */
function pendingOf(memory: SecretMemory, hash: Uint8Array, scalar: Uint8Array): Buffer {
  const pending = memory.allocate(PENDING_BYTES);
  pending.set(hash);
  pending.set(scalar, 32);
  return pending;
}

function checkDealings(parameters: RedealParameters, messages: readonly Uint8Array[]): readonly Dealing[] {
  const { group, parties, threshold } = parameters;
  const receivers = parties.filter(({ index }) => index !== undefined).length;
  const dealings: Dealing[] = [];
  const culprits: number[] = [];
  for (const [dealer, { constant, index }] of parties.entries()) {
    const bytes = messages[dealer] ?? new Uint8Array(0);
    if (constant === undefined) {
      if (bytes.length > 0) culprits.push(dealer);
      continue;
    }
    const message = decodeDealing(bytes);
    const commitments = message && readCommitments(group, message, constant, threshold);
    const sealedParts = receivers - (index === undefined ? 0 : 1);
    const isWhole = message?.sealed.length === sealedParts && parseX25519PublicKey(message.ephemeralKey) !== undefined;
    if (message === undefined || commitments === undefined || !isWhole) culprits.push(dealer);
    else dealings.push({ dealer, message, commitments });
  }
  if (culprits.length > 0)
    throw new ProtocolAbort(culprits, 'a dealing is malformed, of the wrong degree, or of another constant');
  return dealings;
}

/** `out` = this party's part of the dealing. @returns whether it is a good one */
function receive(parameters: RedealParameters, dealing: Dealing, index: number, out: Uint8Array): boolean {
  return openPart(parameters, dealing, parameters.me, index, dealSecretFor(parameters, dealing.dealer), out);
}

function openPart(
  parameters: RedealParameters,
  { dealer, message, commitments }: Dealing,
  recipient: number,
  index: number,
  dealSecret: Uint8Array,
  out: Uint8Array,
): boolean {
  const { group } = parameters;
  const sealed = message.sealed[sealedPlace(parameters, dealer, recipient)];
  const ephemeralKey = parseX25519PublicKey(message.ephemeralKey);
  if (sealed === undefined || ephemeralKey === undefined) return false;
  const context = sealingContext(parameters, dealer, recipient, message.ephemeralKey);
  const shared = x25519(x25519PrivateKey(dealSecret), ephemeralKey);
  const isOpened = openShare(out, context, shared, sealed);
  shared.fill(0);
  return (
    isOpened &&
    group.isScalar(out) &&
    group.equals(group.multiplyBase(out), evaluateCommitments(group, commitments, index + 1))
  );
}

function isJustified(
  parameters: RedealParameters,
  dealings: readonly Dealing[],
  complainer: number,
  complaint: { readonly dealer: number; readonly secret: Uint8Array },
): boolean {
  const dealing = dealings.find(({ dealer }) => dealer === complaint.dealer);
  const index = parameters.parties[complainer]?.index;
  if (dealing === undefined || index === undefined || complaint.dealer === complainer) return false;
  const { dealKey } = sealingContext(parameters, complaint.dealer, complainer, dealing.message.ephemeralKey);
  if (Buffer.compare(x25519PublicBytes(x25519PrivateKey(complaint.secret)), dealKey) !== 0) return false;
  const out = parameters.memory.allocate(SCALAR_BYTES);
  try {
    return !openPart(parameters, dealing, complainer, index, complaint.secret, out);
  } finally {
    parameters.memory.free(out);
  }
}

/** Where a receiver's part is in a dealer's message: its place among the receivers without the dealer itself. */
function sealedPlace({ parties }: RedealParameters, dealer: number, recipient: number): number {
  return parties.filter(({ index }, position) => index !== undefined && position < recipient && position !== dealer)
    .length;
}

function sealingContext(
  { parties, session }: RedealParameters,
  dealer: number,
  recipient: number,
  ephemeralKey: Uint8Array,
): SealingContext {
  const dealKey = parties[recipient]?.dealKeys[dealerPlace(parties, dealer)];
  if (dealKey === undefined) throw new RangeError('a receiver without a key for each dealer');
  return { sessionHash: session, dealer, recipient, ephemeralKey, dealKey };
}

function dealSecretFor({ parties, dealSecrets }: RedealParameters, dealer: number): Uint8Array {
  const secret = dealSecrets[dealerPlace(parties, dealer)];
  if (secret === undefined) throw new RangeError('a receiver without a secret for each dealer');
  return secret;
}

function dealerPlace(parties: readonly RedealParty[], dealer: number): number {
  return parties.slice(0, dealer).filter(({ constant }) => constant !== undefined).length;
}

function transcriptOf(parameters: RedealParameters, dealings: readonly Uint8Array[]): RedealTranscript {
  const { kind, threshold, epoch, groupKey, session, parties, base } = parameters;
  return { kind, threshold, epoch, groupKey, session, base: base?.publicShares ?? [], parties, dealings };
}

function assertBroadcasts({ parties, me }: RedealParameters, broadcasts: readonly Uint8Array[], own: Uint8Array): void {
  if (broadcasts.length !== parties.length) throw new RangeError('one message of each party');
  if (Buffer.compare(broadcasts[me] ?? new Uint8Array(0), own) !== 0)
    throw new ProtocolAbort([], "this party's own message was altered on the way");
}

function decodeDealing(bytes: Uint8Array): DealingMessage | undefined {
  try {
    return decode(dealingMessage, bytes);
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined;
    throw error;
  }
}

function decodeOrNothing(bytes: Uint8Array) {
  try {
    return decode(verdict, bytes);
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined;
    throw error;
  }
}

/** `out` = 64 bytes of HMAC-SHA512 under the seed. */
function expand(out: Uint8Array, { seed, session, me }: RedealParameters, purpose: string, power: number): void {
  const digest = createHmac('sha512', seed)
    .update(`countersign/redeal/${purpose}/v1\0${me}/${power}\0`)
    .update(session)
    .digest();
  out.set(digest);
  digest.fill(0);
}
