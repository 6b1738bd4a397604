/**
 * Generation of an Ed25519 key that never exists in one place: PedPoP (eprint 2020/852, figure 1) in broadcasts, with a
 * certificate.
 *
 * Round 1: every party deals a polynomial: commitments, proof of possession, everybody's share of it, encrypted.
 * Round 2: every party signs the transcript of round 1, or complains about a share so that everybody can see who lied.
 *
 * A key is made once all have signed. A party that has signed keeps what it has (`keep`), also where it then hears no
 * more or sees an abort, since the others may have all signatures; anybody's certificate finishes the matter
 * (`resumeFromPending`), and until then the party doesn't know. A party that complained hasn't signed: there's no key.
 *
 * Blame is right only where all got the same broadcasts, which the exchange makes sure of before it calls `next`.
 */
import { type Codec, decode, encode, fixed, MalformedBytes, struct, u8, u16, variants } from '../codec.ts';
import { parseX25519PublicKey, x25519, x25519PrivateKey, x25519PublicBytes } from '../exchange/x25519.ts';
import { ProtocolAbort, type Round, round, type Step } from '../protocol.ts';
import type { SecretMemory } from '../secret-memory.ts';
import { openShare } from '../share-encryption.ts';
import { type Complaint, complain, complaintMessage, isShare, judge } from './complaint.ts';
import {
  checkDealing,
  type DealerContext,
  type Dealing,
  type DealingMessage,
  deal,
  dealingMessage,
  sealedShareOf,
} from './dealing.ts';
import type { Ed25519Group } from './ed25519-group.ts';
import {
  CERTIFICATE_TAG,
  encodeCertificate,
  encodeTranscript,
  hashTranscript,
  isSignedBy,
  readCertificate,
  type SharedPublicKey,
  SIGNATURE_BYTES,
  sharedPublicKeyOf,
} from './key-generation-certificate.ts';
import { hashSession, type KeyGenerationSession } from './key-generation-session.ts';

const SCALAR_BYTES = 32;
const PENDING_VERSION = 1;

export interface KeyGenerationParameters {
  readonly group: Ed25519Group;
  readonly memory: SecretMemory;
  readonly session: KeyGenerationSession;
  /** This party's position. */
  readonly me: number;
  /** The X25519 secret of this party's deal key, 32 bytes in secret memory; the caller's, read until round 1 ends. */
  readonly dealSecret: Uint8Array;
  /** 32 fresh bytes of the kernel in secret memory; wiped. */
  readonly seed: Uint8Array;
  /** Ed25519 by this party's identity key over `taggedHash(tag, message)`, 64 bytes. */
  readonly sign: (tag: string, message: Uint8Array) => Uint8Array;
}

/** One holder's part of a key. */
export interface GeneratedShare extends SharedPublicKey {
  /** This party's position. */
  readonly index: number;
  /** 32 bytes of secret memory, the receiver's to free. */
  readonly secretShare: Buffer;
  /** For peers that didn't finish, and for good. */
  readonly certificate: Uint8Array;
}

type Verdict = { readonly signature: { readonly bytes: Uint8Array }; readonly complaint: Complaint };

const verdictMessage = variants<Verdict>({
  signature: struct<Verdict['signature']>({ bytes: fixed(SIGNATURE_BYTES) }),
  complaint: complaintMessage,
});

interface Pending {
  readonly version: number;
  readonly index: number;
  readonly transcriptHash: Uint8Array;
  readonly secretShare: Uint8Array;
}

const pendingCodec: Codec<Pending> = struct<Pending>({
  version: u8,
  index: u16,
  transcriptHash: fixed(32),
  secretShare: fixed(SCALAR_BYTES),
});
const PENDING_BYTES = 1 + 2 + 32 + SCALAR_BYTES;

/**
 * @throws RangeError for a session that can't be, or a deal secret that isn't this party's
 * @throws ProtocolAbort naming whose deal key isn't one
 */
export function startKeyGeneration(parameters: KeyGenerationParameters): Round<GeneratedShare> {
  const { group, memory, session, me, dealSecret, seed } = parameters;
  const sessionHash = hashSession(group, session);
  const dealKey = session.dealKeys[me];
  if (dealKey === undefined) throw new RangeError('no such party');
  if (Buffer.compare(x25519PublicBytes(x25519PrivateKey(dealSecret)), dealKey) !== 0) {
    throw new RangeError("the deal secret isn't this party's");
  }

  const ownShare = memory.allocate(SCALAR_BYTES);
  try {
    const message = deal(group, memory, { session, sessionHash, dealer: me }, seed, ownShare);
    seed.fill(0);
    const broadcast = encode(dealingMessage, message);
    return round({
      broadcast,
      next: (broadcasts) => {
        try {
          return acceptDealings(parameters, sessionHash, ownShare, broadcast, broadcasts);
        } finally {
          memory.free(ownShare);
        }
      },
      abandon: () => memory.free(ownShare),
    });
  } catch (error) {
    memory.free(ownShare);
    throw error;
  }
}

/** Round 2: signs, or complains. */
function acceptDealings(
  parameters: KeyGenerationParameters,
  sessionHash: Uint8Array,
  ownShare: Uint8Array,
  own: Uint8Array,
  broadcasts: readonly Uint8Array[],
): Step<GeneratedShare> {
  const { group, memory, session, me, dealSecret } = parameters;
  assertBroadcasts(parameters, broadcasts, own);
  // Copies: what is checked now is what the certificate holds later.
  const messages = broadcasts.map((bytes) => Uint8Array.from(bytes));
  const contexts = messages.map((_, dealer): DealerContext => ({ session, sessionHash, dealer }));
  const dealings = checkDealings(group, contexts, messages);

  const transcript = encodeTranscript(session, messages);
  const shared = sharedPublicKeyOf(
    group,
    transcript,
    dealings.map(({ commitments }) => commitments),
  );
  if (shared === undefined) throw new ProtocolAbort([], 'the dealings cancel each other');

  const secretShare = memory.allocate(SCALAR_BYTES);
  const received = memory.allocate(SCALAR_BYTES);
  let isKept = false;
  try {
    secretShare.set(ownShare);
    for (const [dealer, dealing] of dealings.entries()) {
      if (dealer === me) continue;
      const context = at(contexts, dealer);
      if (!receiveShare(parameters, context, dealing, received)) {
        const complaint = complain(group, memory, context, dealing, me, dealSecret);
        const broadcast = encode(verdictMessage, { kind: 'complaint', ...complaint });
        // Nothing to keep: a key needs this party's signature, and there's none.
        return round<GeneratedShare>({
          broadcast,
          next: (verdicts) => conclude(parameters, contexts, dealings, transcript, broadcast, verdicts, undefined),
        });
      }
      group.addScalars(secretShare, secretShare, received);
    }

    const transcriptHash = hashTranscript(transcript);
    const signature = parameters.sign(CERTIFICATE_TAG, transcriptHash);
    if (!isSignedBy(at(session.identities, me), transcriptHash, signature)) {
      throw new RangeError("the identity isn't this party's");
    }
    const broadcast = encode(verdictMessage, { kind: 'signature', bytes: signature });
    const pending = memory.allocate(PENDING_BYTES);
    writePending(pending, me, transcriptHash, secretShare);
    isKept = true;
    return round<GeneratedShare>({
      broadcast,
      keep: { kind: 'pending', secret: pending },
      next: (verdicts) => {
        let isHandedOver = false;
        try {
          const finished = conclude(parameters, contexts, dealings, transcript, broadcast, verdicts, {
            ...shared,
            secretShare,
          });
          isHandedOver = true;
          return finished;
        } finally {
          if (!isHandedOver) memory.free(secretShare);
        }
      },
      abandon: () => memory.free(secretShare),
    });
  } finally {
    memory.free(received);
    if (!isKept) memory.free(secretShare);
  }
}

/** Judges the complaints, checks the signatures. @throws ProtocolAbort */
function conclude(
  { group, memory, session, me }: KeyGenerationParameters,
  contexts: readonly DealerContext[],
  dealings: readonly Dealing[],
  transcript: Uint8Array,
  own: Uint8Array,
  broadcasts: readonly Uint8Array[],
  share: (SharedPublicKey & { readonly secretShare: Buffer }) | undefined,
): Step<GeneratedShare> {
  assertBroadcasts({ session, me }, broadcasts, own);
  const culprits = new Set<number>();
  const signatures: (Uint8Array | undefined)[] = broadcasts.map(() => undefined);
  for (const [party, bytes] of broadcasts.entries()) {
    const verdict = decodeOrNothing(verdictMessage, bytes);
    if (verdict?.kind === 'signature') {
      signatures[party] = Uint8Array.from(verdict.bytes);
    } else if (verdict === undefined || verdict.dealer === party || verdict.dealer >= dealings.length) {
      culprits.add(party);
    } else {
      const context = at(contexts, verdict.dealer);
      const liar = judge(group, memory, context, at(dealings, verdict.dealer), party, verdict);
      culprits.add(liar === 'dealer' ? verdict.dealer : party);
    }
  }
  const transcriptHash = hashTranscript(transcript);
  for (const [party, signature] of signatures.entries()) {
    if (signature === undefined) continue;
    if (!isSignedBy(at(session.identities, party), transcriptHash, signature)) culprits.add(party);
  }
  if (culprits.size > 0) {
    throw new ProtocolAbort(
      [...culprits].sort((a, b) => a - b),
      'a dealt share, a complaint or a signature is wrong',
    );
  }
  if (share === undefined) throw new Error('a complaint without a liar');
  const certificate = encodeCertificate(
    transcript,
    signatures.map((_, party) => at(signatures, party)),
  );
  return { kind: 'finished', result: { ...share, index: me, certificate } };
}

/**
 * Finishes what a crash or a silent relay interrupted.
 *
 * @param pending what the second round kept; the caller's, to be wiped
 * @param certificate anybody's of that session
 * @throws MalformedBytes where they don't belong together, or aren't what they should be
 */
export function resumeFromPending(
  group: Ed25519Group,
  memory: SecretMemory,
  pending: Uint8Array,
  certificate: Uint8Array,
): GeneratedShare {
  const { version, index, transcriptHash, secretShare } = decode(pendingCodec, pending);
  if (version !== PENDING_VERSION) throw new MalformedBytes('version of the pending share');
  const certified = readCertificate(group, certificate);
  const publicShare = certified.publicShares[index];
  if (Buffer.compare(certified.transcriptHash, transcriptHash) !== 0 || publicShare === undefined) {
    throw new MalformedBytes("the certificate isn't of this session");
  }
  if (
    !group.isScalar(secretShare) ||
    Buffer.compare(group.encode(group.multiplyBase(secretShare)), publicShare) !== 0
  ) {
    throw new MalformedBytes('the pending share');
  }
  const copy = memory.allocate(SCALAR_BYTES);
  copy.set(secretShare);
  const { threshold, publicKey, publicShares, chainCode } = certified;
  return {
    ...{ index, threshold, publicKey, publicShares, chainCode },
    secretShare: copy,
    certificate: Uint8Array.from(certificate),
  };
}

/** @throws ProtocolAbort naming everybody whose dealing isn't one, all parties the same */
function checkDealings(
  group: Ed25519Group,
  contexts: readonly DealerContext[],
  messages: readonly Uint8Array[],
): readonly Dealing[] {
  const dealings: Dealing[] = [];
  const culprits: number[] = [];
  let reason = '';
  for (const [dealer, bytes] of messages.entries()) {
    const message: DealingMessage | undefined = decodeOrNothing(dealingMessage, bytes);
    const checked = message === undefined ? 'a malformed dealing' : checkDealing(group, at(contexts, dealer), message);
    if (typeof checked === 'string') {
      culprits.push(dealer);
      reason ||= checked;
    } else {
      dealings.push(checked);
    }
  }
  if (culprits.length > 0) throw new ProtocolAbort(culprits, reason);
  return dealings;
}

/** `out` = this party's share of the dealing. @returns whether it's a good one */
function receiveShare(
  { group, me, dealSecret }: KeyGenerationParameters,
  context: DealerContext,
  { message, commitments }: Dealing,
  out: Uint8Array,
): boolean {
  const { sealed, context: sealing } = sealedShareOf(context, message, me);
  const ephemeralKey = parseX25519PublicKey(message.ephemeralKey);
  if (ephemeralKey === undefined) return false;
  const shared = x25519(x25519PrivateKey(dealSecret), ephemeralKey);
  const isOpened = openShare(out, sealing, shared, sealed);
  shared.fill(0);
  return isOpened && isShare(group, out, commitments, me);
}

function writePending(out: Buffer, index: number, transcriptHash: Uint8Array, secretShare: Uint8Array): void {
  // Not by `encode`, which would leave the share in ordinary memory.
  out.writeUInt8(PENDING_VERSION);
  out.writeUInt16LE(index, 1);
  out.set(transcriptHash, 3);
  out.set(secretShare, PENDING_BYTES - SCALAR_BYTES);
}

function assertBroadcasts(
  { session, me }: Pick<KeyGenerationParameters, 'session' | 'me'>,
  broadcasts: readonly Uint8Array[],
  own: Uint8Array,
): void {
  if (broadcasts.length !== session.identities.length) throw new RangeError('one message of each party');
  if (Buffer.compare(at(broadcasts, me), own) !== 0) {
    throw new ProtocolAbort([], "this party's own message was altered on the way");
  }
}

function decodeOrNothing<T>(codec: Codec<T>, bytes: Uint8Array): T | undefined {
  try {
    return decode(codec, bytes);
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined;
    throw error;
  }
}

function at<T>(list: readonly (T | undefined)[], position: number): T {
  const item = list[position];
  if (item === undefined) throw new RangeError('no such party');
  return item;
}
