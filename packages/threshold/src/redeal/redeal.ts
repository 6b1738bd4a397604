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
 *
 * Blame is right only where all got the same broadcasts, which the exchange makes sure of before it names anybody.
 */
import { decode, encode, fixed, MalformedBytes, struct, u8, u16, variants } from '../codec.ts';
import { x25519PrivateKey, x25519PublicBytes } from '../exchange/x25519.ts';
import type { Point, PrimeOrderGroup } from '../group.ts';
import { ProtocolAbort, type Round, round, type Step } from '../protocol.ts';
import type { SecretMemory } from '../secret-memory.ts';
import { checkDealings, type Dealing, deal, dealKeyFor, dealSecretFor, openPart } from './redeal-dealing.ts';
import { assertParameters, dealersOf, type RedealParameters, receiversOf } from './redeal-parameters.ts';
import {
  CERTIFICATE_TAG,
  encodeEvidence,
  encodeTranscript,
  hashTranscript,
  isSignedBy,
  newPublicShares,
  type RedealTranscript,
  readEvidence,
  SIGNATURE_BYTES,
} from './redeal-transcript.ts';

const SCALAR_BYTES = 32;
const PENDING_VERSION = 1;

export interface Redealt {
  /** Secret memory, the receiver's to free; undefined for who received nothing. */
  readonly scalar: Buffer | undefined;
  /** By index. */
  readonly publicShares: readonly Uint8Array[];
  /**
   * 32 bytes, the same for all parties, also for those that recover. What has to be equal everywhere is derived from
   * this: of the evidence there can be several, since a signer may sign the same thing differently again.
   */
  readonly transcriptHash: Uint8Array;
  /** The transcript with everybody's signature: at most 56 KiB. */
  readonly evidence: Uint8Array;
}

const verdict = variants({
  signature: struct({ bytes: fixed(SIGNATURE_BYTES) }),
  /** `secret`: the complainer's X25519 secret for this dealer. */
  complaint: struct({ dealer: u16, secret: fixed(32) }),
  /** Nothing to complain about, but there's a receiver whose share would be zero. */
  refusal: struct({}),
});

const pendingState = struct({ version: u8, index: u16, transcriptHash: fixed(32), scalar: fixed(SCALAR_BYTES) });
const PENDING_BYTES = 1 + 2 + 32 + SCALAR_BYTES;

/** What all parties have from round 1. */
interface Accepted {
  readonly dealings: readonly Dealing[];
  readonly transcript: Uint8Array;
  readonly transcriptHash: Uint8Array;
  readonly publicShares: readonly Point[];
}

/**
 * @throws RangeError for parameters that no honest party has
 * @throws ProtocolAbort for those that are others' fault: `assertParameters`
 */
export function redeal(parameters: RedealParameters): Round<Redealt> {
  const { memory, parties, me, seed } = parameters;
  try {
    assertParameters(parameters);
    const ownPart = memory.allocate(SCALAR_BYTES);
    try {
      const broadcast = parties[me]?.constant === undefined ? new Uint8Array(0) : deal(parameters, ownPart);
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
    }
  } finally {
    seed.fill(0);
  }
}

/** Round 2: signs, or complains. */
function acceptDealings(
  parameters: RedealParameters,
  ownPart: Uint8Array,
  own: Uint8Array,
  broadcasts: readonly Uint8Array[],
): Step<Redealt> {
  const { group, memory, parties, base } = parameters;
  assertBroadcasts(parameters, broadcasts, own);
  // Copies: what is checked now is what the evidence holds later.
  const messages = broadcasts.map((message) => Uint8Array.from(message));
  const dealings = checkDealings(parameters, messages);
  const transcript = encodeTranscript(transcriptOf(parameters, messages));
  const accepted: Accepted = {
    dealings,
    transcript,
    transcriptHash: hashTranscript(transcript),
    publicShares: newPublicShares(
      group,
      { parties, base: base?.publicShares ?? [] },
      dealings.map(({ commitments }) => commitments),
    ),
  };

  const scalar = memory.allocate(SCALAR_BYTES);
  let isHandedOn = false;
  try {
    const liar = receive(parameters, dealings, ownPart, scalar);
    // Not before the parts are checked: commitments alone can make anybody's share zero, by a dealer that can't
    // have dealt what they say.
    const isUsable = !accepted.publicShares.some((share) => group.isIdentity(share));
    if (liar !== undefined || !isUsable) {
      const broadcast =
        liar === undefined
          ? encode(verdict, { kind: 'refusal' })
          : encode(verdict, { kind: 'complaint', dealer: liar, secret: dealSecretFor(parameters, liar) });
      // Nothing to keep: without this party's signature there are no new shares.
      return round<Redealt>({
        broadcast,
        next: (verdicts) => {
          judge(parameters, accepted, broadcast, verdicts);
          throw new Error('a complaint without a liar');
        },
      });
    }
    const signed = sign(parameters, accepted, scalar);
    isHandedOn = true;
    return signed;
  } finally {
    if (!isHandedOn) memory.free(scalar);
  }
}

/**
 * `out` = the new share: the sum of all parts, and of what they are added to.
 * @returns the first dealer whose part isn't the one that it has committed to, if there is one
 */
function receive(
  parameters: RedealParameters,
  dealings: readonly Dealing[],
  ownPart: Uint8Array,
  out: Uint8Array,
): number | undefined {
  const { group, memory, parties, me, base } = parameters;
  if (parties[me]?.index === undefined) return undefined;
  const part = memory.allocate(SCALAR_BYTES);
  try {
    if (base !== undefined) out.set(base.scalar);
    for (const dealing of dealings) {
      const { dealer } = dealing;
      if (dealer === me) part.set(ownPart);
      else if (!openPart(parameters, dealing, me, dealSecretFor(parameters, dealer), part)) return dealer;
      group.addScalars(out, out, part);
    }
    return undefined;
  } finally {
    memory.free(part);
  }
}

/** @param scalar of this party, whose it is only while this throws */
function sign(parameters: RedealParameters, accepted: Accepted, scalar: Buffer): Round<Redealt> {
  const { group, memory, parties, me } = parameters;
  const { transcript, transcriptHash } = accepted;
  const { index, identity } = parties[me] ?? {};
  const bytes = parameters.sign(CERTIFICATE_TAG, transcriptHash);
  if (identity === undefined || !isSignedBy(identity, transcriptHash, bytes))
    throw new RangeError("the identity isn't this party's");
  const broadcast = encode(verdict, { kind: 'signature', bytes });
  const publicShares = accepted.publicShares.map((share) => group.encode(share));
  return round<Redealt>({
    broadcast,
    // Who only deals has nothing to lose.
    keep:
      index === undefined ? undefined : { kind: 'pending', secret: pendingOf(memory, index, transcriptHash, scalar) },
    next: (verdicts) => {
      let isTaken = false;
      try {
        const signatures = judge(parameters, accepted, broadcast, verdicts);
        const evidence = encodeEvidence(transcript, signatures);
        isTaken = index !== undefined;
        const result = { publicShares, transcriptHash, evidence, scalar: isTaken ? scalar : undefined };
        return { kind: 'finished', result };
      } finally {
        if (!isTaken) memory.free(scalar);
      }
    },
    abandon: () => memory.free(scalar),
  });
}

/** @returns everybody's signature. @throws ProtocolAbort where somebody lied, or refused */
function judge(
  parameters: RedealParameters,
  accepted: Accepted,
  own: Uint8Array,
  broadcasts: readonly Uint8Array[],
): readonly Uint8Array[] {
  assertBroadcasts(parameters, broadcasts, own);
  const { group, parties } = parameters;
  const zero = accepted.publicShares.findIndex((share) => group.isIdentity(share));
  const culprits = new Set<number>();
  const signatures: Uint8Array[] = [];
  for (const [party, bytes] of broadcasts.entries()) {
    const said = decodeOrNothing(bytes);
    const identity = parties[party]?.identity ?? new Uint8Array(0);
    if (said?.kind === 'complaint') {
      culprits.add(isJustified(parameters, accepted.dealings, party, said) ? said.dealer : party);
    } else if (zero !== -1) {
      // Who signs changes nothing: such evidence is refused.
      if (said === undefined) culprits.add(party);
    } else if (said?.kind === 'signature' && isSignedBy(identity, accepted.transcriptHash, said.bytes)) {
      signatures.push(Uint8Array.from(said.bytes));
    } else culprits.add(party);
  }
  if (culprits.size > 0)
    throw new ProtocolAbort(
      [...culprits].sort((a, b) => a - b),
      'a dealt share, a complaint or a signature is wrong',
    );
  if (zero !== -1) blameForZero(parameters, zero);
  return signatures;
}

/**
 * All parts are good, and together they give a receiver the share zero, which chance doesn't. A receiver that deals
 * has the last word on its own share, and nobody else knows its part. One that doesn't deal can have told a dealer
 * what the others gave it; or it's honest and all dealers together did it. Which of the two, nobody can tell.
 */
function blameForZero({ parties }: RedealParameters, index: number): never {
  const receiver = parties.findIndex((party) => party.index === index);
  const dealers = dealersOf(parties).map(({ dealer }) => dealer);
  const reason = 'a new share is zero, which does not happen by chance';
  if (dealers.includes(receiver)) throw new ProtocolAbort([receiver], reason);
  if (dealers.length === 1) throw new ProtocolAbort(dealers, reason);
  throw new ProtocolAbort([], `${reason}: its receiver (number ${receiver}) and a dealer did it, or all dealers`);
}

/** False as well for a complaint about what wasn't dealt. One about oneself is against oneself either way. */
function isJustified(
  parameters: RedealParameters,
  dealings: readonly Dealing[],
  complainer: number,
  complaint: { readonly dealer: number; readonly secret: Uint8Array },
): boolean {
  const dealing = dealings.find(({ dealer }) => dealer === complaint.dealer);
  const isReceiver = receiversOf(parameters.parties).some(({ receiver }) => receiver === complainer);
  if (dealing === undefined || !isReceiver) return false;
  const dealKey = dealKeyFor(parameters, complaint.dealer, complainer);
  if (Buffer.compare(x25519PublicBytes(x25519PrivateKey(complaint.secret)), dealKey) !== 0) return false;
  const out = parameters.memory.allocate(SCALAR_BYTES);
  try {
    return !openPart(parameters, dealing, complainer, complaint.secret, out);
  } finally {
    parameters.memory.free(out);
  }
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
  const kept = decode(pendingState, pending);
  if (kept.version !== PENDING_VERSION) throw new MalformedBytes('version of the pending share');
  const { transcript, hash: transcriptHash, publicShares } = readEvidence(group, evidence);
  if (Buffer.compare(transcriptHash, kept.transcriptHash) !== 0)
    throw new MalformedBytes('the evidence of another operation');
  const publicShare = group.decode(publicShares[kept.index] ?? new Uint8Array(0));
  if (
    publicShare === undefined ||
    !group.isScalar(kept.scalar) ||
    !group.equals(group.multiplyBase(kept.scalar), publicShare)
  )
    throw new MalformedBytes('the pending share');
  const scalar = memory.allocate(SCALAR_BYTES);
  scalar.set(kept.scalar);
  return { publicShares, transcriptHash, evidence: Uint8Array.from(evidence), transcript, scalar };
}

/** In secret memory, the host's to free; not by `encode`, which would leave the share in ordinary memory. */
function pendingOf(memory: SecretMemory, index: number, transcriptHash: Uint8Array, scalar: Uint8Array): Buffer {
  const pending = memory.allocate(PENDING_BYTES);
  pending.writeUInt8(PENDING_VERSION);
  pending.writeUInt16LE(index, 1);
  pending.set(transcriptHash, 3);
  pending.set(scalar, PENDING_BYTES - SCALAR_BYTES);
  return pending;
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

function decodeOrNothing(bytes: Uint8Array) {
  try {
    return decode(verdict, bytes);
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined;
    throw error;
  }
}
