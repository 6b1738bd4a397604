/**
 * What a key generation leaves behind: its transcript (session and all messages of round 1), and everybody's signature
 * over it. Who has it and its own share has the key; the certificate itself is public to the holders.
 */
import { createPublicKey, verify } from 'node:crypto';
import { taggedHash } from '@countersign/algorithms/tagged-hash';
import { bytes, type Codec, decode, encode, fixed, list, MalformedBytes, struct, u8, u16 } from '../codec.ts';
import type { Point } from '../group.ts';
import { evaluateCommitments } from '../polynomial.ts';
import { dealingMessage } from './dealing.ts';
import type { Ed25519Group } from './ed25519-group.ts';
import { type KeyGenerationSession, MAX_HOLDERS } from './key-generation-session.ts';

const VERSION = 1;
const TRANSCRIPT_TAG = 'countersign/ed25519/key-generation/transcript/v1';
const CHAIN_CODE_TAG = 'countersign/ed25519/key-generation/chain-code/v1';
/** Tag of everybody's signature over the transcript's hash. */
export const CERTIFICATE_TAG = 'countersign/ed25519/key-generation/certificate/v1';
export const SIGNATURE_BYTES = 64;
/** Commitments and encrypted shares of the largest key, and some room for lengths. */
const MAX_DEALING_BYTES = MAX_HOLDERS * (32 + 48) + 128;

interface Transcript {
  readonly version: number;
  readonly session: Uint8Array;
  readonly threshold: number;
  readonly identities: readonly Uint8Array[];
  readonly dealKeys: readonly Uint8Array[];
  /** The broadcasts of round 1. */
  readonly dealings: readonly Uint8Array[];
}

interface Certificate {
  readonly transcript: Transcript;
  readonly signatures: readonly Uint8Array[];
}

const transcriptCodec: Codec<Transcript> = struct<Transcript>({
  version: u8,
  session: fixed(32),
  threshold: u16,
  identities: list(fixed(32), MAX_HOLDERS),
  dealKeys: list(fixed(32), MAX_HOLDERS),
  dealings: list(bytes(MAX_DEALING_BYTES), MAX_HOLDERS),
});

const certificateCodec: Codec<Certificate> = struct<Certificate>({
  transcript: transcriptCodec,
  signatures: list(fixed(SIGNATURE_BYTES), MAX_HOLDERS),
});

/** The public half of a key, which follows from the transcript alone. */
export interface SharedPublicKey {
  readonly threshold: number;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Of each holder, 32 bytes. */
  readonly publicShares: readonly Uint8Array[];
  /** 32 bytes. */
  readonly chainCode: Uint8Array;
}

/** A certificate that was checked. */
export interface CertifiedKey extends SharedPublicKey {
  readonly session: KeyGenerationSession;
  /** 32 bytes. */
  readonly transcriptHash: Uint8Array;
}

export function encodeTranscript(session: KeyGenerationSession, dealings: readonly Uint8Array[]): Uint8Array {
  return encode(transcriptCodec, { version: VERSION, ...session, dealings });
}

/** 32 bytes: what everybody signs, with `CERTIFICATE_TAG`. */
export function hashTranscript(transcript: Uint8Array): Uint8Array {
  return taggedHash(TRANSCRIPT_TAG, transcript);
}

/**
 * @param commitments of all dealings, decoded
 * @returns undefined where the key or a share of it is the identity
 */
export function sharedPublicKeyOf(
  group: Ed25519Group,
  transcript: Uint8Array,
  commitments: readonly (readonly Point[])[],
): SharedPublicKey | undefined {
  const threshold = commitments[0]?.length ?? 0;
  const sums = Array.from({ length: threshold }, (_, i) =>
    group.add(commitments.map((dealt) => dealt[i] ?? group.identity)),
  );
  const shares = commitments.map((_, holder) => evaluateCommitments(group, sums, holder + 1));
  const [key] = sums;
  if (key === undefined || [key, ...shares].some((point) => group.isIdentity(point))) return undefined;
  return {
    threshold,
    publicKey: group.encode(key),
    publicShares: shares.map((point) => group.encode(point)),
    chainCode: taggedHash(CHAIN_CODE_TAG, transcript),
  };
}

/** Whether this is the party's signature over the transcript. */
export function isSignedBy(identity: Uint8Array, transcriptHash: Uint8Array, signature: Uint8Array): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(identity), format: 'raw-public', asymmetricKeyType: 'ed25519' });
    // By one implementation everywhere: two that judge a strange key differently would leave some without a key.
    return (
      signature.length === SIGNATURE_BYTES && verify(null, taggedHash(CERTIFICATE_TAG, transcriptHash), key, signature)
    );
  } catch {
    return false;
  }
}

/** @param transcript from `encodeTranscript` */
export function encodeCertificate(transcript: Uint8Array, signatures: readonly Uint8Array[]): Uint8Array {
  return encode(certificateCodec, { transcript: decode(transcriptCodec, transcript), signatures });
}

/**
 * Checks a certificate that somebody sent: all holders have signed, so that each of them has checked the dealings.
 * @throws MalformedBytes for bytes that are none
 */
export function readCertificate(group: Ed25519Group, certificate: Uint8Array): CertifiedKey {
  const { transcript, signatures } = decode(certificateCodec, certificate);
  const { identities, dealKeys, session, threshold } = transcript;
  const parties = identities.length;
  if (transcript.version !== VERSION) throw new MalformedBytes('version of the certificate');
  if (parties === 0 || dealKeys.length !== parties || transcript.dealings.length !== parties) {
    throw new MalformedBytes('number of holders');
  }
  const encoded = encode(transcriptCodec, transcript);
  const transcriptHash = hashTranscript(encoded);
  const isSigned = identities.every((identity, i) => {
    const signature = signatures[i];
    return signature !== undefined && isSignedBy(identity, transcriptHash, signature);
  });
  if (signatures.length !== parties || !isSigned) {
    throw new MalformedBytes('signatures of the certificate');
  }
  const commitments = transcript.dealings.map((dealing) =>
    decode(dealingMessage, dealing).commitments.map((commitment) => {
      const point = group.decode(commitment);
      if (point === undefined) throw new MalformedBytes('commitment in the certificate');
      return point;
    }),
  );
  if (commitments.some(({ length }) => length !== threshold)) throw new MalformedBytes('number of commitments');
  const shared = sharedPublicKeyOf(group, encoded, commitments);
  if (shared === undefined) throw new MalformedBytes('key of the certificate');
  return { ...shared, session: { session, threshold, identities, dealKeys }, transcriptHash };
}
