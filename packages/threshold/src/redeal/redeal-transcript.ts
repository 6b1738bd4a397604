/** What a redealing leaves behind: everything that was said in round 1, and everybody's signature over it. */
import { createPublicKey, verify } from 'node:crypto';
import { taggedHash } from '@countersign/algorithms/tagged-hash';
import {
  bytes,
  type Decoded,
  decode,
  encode,
  fixed,
  list,
  MalformedBytes,
  optional,
  struct,
  u16,
  u32,
  word,
} from '../codec.ts';
import type { Point, PrimeOrderGroup } from '../group.ts';
import { evaluateCommitments } from '../polynomial.ts';

export const REDEAL_KINDS = ['refresh', 'reshare', 'import'] as const;
export type RedealKind = (typeof REDEAL_KINDS)[number];

export const MAX_REDEAL_PARTIES = 40;
export const SIGNATURE_BYTES = 64;
export const CERTIFICATE_TAG = 'countersign/redeal/certificate/v1';
const TRANSCRIPT_TAG = 'countersign/redeal/transcript/v1';
const SEALED_BYTES = 48;
const MAX_POINT_BYTES = 33;

/** Somebody in the room: deals, receives, or both. */
const party = struct({
  /** Ed25519, 32 bytes. */
  identity: fixed(32),
  /** Receivers: an X25519 key for each dealer, in the dealers' order, made for this operation alone. */
  dealKeys: list(fixed(32), MAX_REDEAL_PARTIES),
  /** Of a receiver: its share is the polynomial at `index + 1`. */
  index: optional(u16),
  /** Of a dealer: the commitment that its constant must have; empty for zero, whose commitment is the identity. */
  constant: optional(bytes(MAX_POINT_BYTES)),
});
export type RedealParty = Decoded<typeof party>;

const transcript = struct({
  kind: word(REDEAL_KINDS),
  /** Of the new shares. */
  threshold: u16,
  /** Of the new shares. */
  epoch: u32,
  groupKey: bytes(MAX_POINT_BYTES),
  /** Hash of what else was agreed upon, the room and the hellos among it. */
  session: fixed(32),
  /** Public shares that the dealt ones are added to, by index; empty where they start from nothing. */
  base: list(bytes(MAX_POINT_BYTES), MAX_REDEAL_PARTIES),
  parties: list(party, MAX_REDEAL_PARTIES),
  /** The broadcasts of round 1. */
  dealings: list(bytes(8 * 1024), MAX_REDEAL_PARTIES),
});
export type RedealTranscript = Decoded<typeof transcript>;

export const dealingMessage = struct({
  /** Without the constant's where that is zero. */
  commitments: list(bytes(MAX_POINT_BYTES), MAX_REDEAL_PARTIES),
  /** X25519, made for this message. */
  ephemeralKey: fixed(32),
  /** For each receiver but the dealer itself, in the order of the parties. */
  sealed: list(fixed(SEALED_BYTES), MAX_REDEAL_PARTIES),
});
export type DealingMessage = Decoded<typeof dealingMessage>;

const evidence = struct({ transcript: bytes(56 * 1024), signatures: list(fixed(SIGNATURE_BYTES), MAX_REDEAL_PARTIES) });

export function encodeTranscript(value: RedealTranscript): Uint8Array {
  return encode(transcript, value);
}

/** 32 bytes: what everybody signs, under `CERTIFICATE_TAG`. */
export function hashTranscript(encoded: Uint8Array): Uint8Array {
  return taggedHash(TRANSCRIPT_TAG, encoded);
}

export function encodeEvidence(encodedTranscript: Uint8Array, signatures: readonly Uint8Array[]): Uint8Array {
  return encode(evidence, { transcript: encodedTranscript, signatures });
}

/**
 * Checks what another party shows: all parties have signed, so that each of them has checked its part. The identities
 * are those that the evidence names: whoever reads it compares them, or the hash, with what it knows.
 * @throws MalformedBytes for bytes that aren't such evidence
 */
export function readEvidence(
  group: PrimeOrderGroup,
  encoded: Uint8Array,
): { readonly transcript: RedealTranscript; readonly hash: Uint8Array; readonly publicShares: readonly Uint8Array[] } {
  const { transcript: inner, signatures } = decode(evidence, encoded);
  const said = decode(transcript, inner);
  const hash = hashTranscript(inner);
  const isSigned = said.parties.every(({ identity }, position) => {
    const signature = signatures[position];
    return signature !== undefined && isSignedBy(identity, hash, signature);
  });
  if (!isSigned || signatures.length !== said.parties.length) throw new MalformedBytes('signatures of the evidence');
  const commitments = said.parties.flatMap(({ constant }, position) => {
    if (constant === undefined) return [];
    const message = decode(dealingMessage, said.dealings[position] ?? new Uint8Array(0));
    const points = readCommitments(group, message, constant, said.threshold);
    if (points === undefined) throw new MalformedBytes('commitments of the evidence');
    return [points];
  });
  const indexes = said.parties.flatMap(({ index }) => (index === undefined ? [] : [index])).sort((a, b) => a - b);
  const isNumbered = indexes.every((index, place) => index === place);
  const isBase = said.base.length === 0 || said.base.length === indexes.length;
  if (!isNumbered || !isBase || said.base.some((share) => group.decode(share) === undefined))
    throw new MalformedBytes('parties of the evidence');
  const publicShares = newPublicShares(group, said, commitments);
  if (publicShares.some((share) => group.isIdentity(share))) throw new MalformedBytes('shares of the evidence');
  return { transcript: said, hash, publicShares: publicShares.map((share) => group.encode(share)) };
}

export function isSignedBy(identity: Uint8Array, transcriptHash: Uint8Array, signature: Uint8Array): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(identity), format: 'raw-public', asymmetricKeyType: 'ed25519' });
    return (
      signature.length === SIGNATURE_BYTES && verify(null, taggedHash(CERTIFICATE_TAG, transcriptHash), key, signature)
    );
  } catch {
    return false;
  }
}

/** A dealer's commitments with the constant's, or undefined where they aren't what they must be. */
export function readCommitments(
  group: PrimeOrderGroup,
  message: DealingMessage,
  constant: Uint8Array,
  threshold: number,
): readonly Point[] | undefined {
  const points = message.commitments.map((commitment) => group.decode(commitment));
  if (points.some((point) => point === undefined)) return undefined;
  const isZero = constant.length === 0;
  const all = (isZero ? [group.identity, ...points] : points).filter((point) => point !== undefined);
  const [first] = message.commitments;
  if (all.length !== threshold) return undefined;
  if (!isZero && (first === undefined || Buffer.compare(first, constant) !== 0)) return undefined;
  return all;
}

/**
 * By index. The identity isn't refused here: who is to blame for it shows only after the parts are checked.
 * @param commitments of all dealers
 */
export function newPublicShares(
  group: PrimeOrderGroup,
  { parties, base }: Pick<RedealTranscript, 'parties' | 'base'>,
  commitments: readonly (readonly Point[])[],
): readonly Point[] {
  const length = Math.max(0, ...commitments.map((points) => points.length));
  const sums = Array.from({ length }, (_, power) =>
    group.add(commitments.map((points) => points[power] ?? group.identity)),
  );
  const receivers = parties.filter(({ index }) => index !== undefined).length;
  return Array.from({ length: receivers }, (_, index) => {
    const added = evaluateCommitments(group, sums, index + 1);
    if (base.length === 0) return added;
    const before = group.decode(base[index] ?? new Uint8Array(0));
    if (before === undefined) throw new RangeError('an old public share is none');
    return group.add([before, added]);
  });
}
