/**
 * A batch of signatures in one exchange: one frame per round and party for all elements together. The hellos say what
 * each party was asked to sign; where two parties differ the element fails, with the field that differs, and the
 * others go on.
 */
import { hash } from 'node:crypto';
import { allocateSecret, freeSecret } from '@countersign/algorithms/secret-memory';
import {
  bool,
  bytes,
  type Decoded,
  encode,
  fixed,
  list,
  optional,
  struct,
  text,
  u16,
  u32,
} from '@countersign/threshold/codec';
import { Exchange, type Meeting } from '@countersign/threshold/exchange/exchange';
import { parsePublicIdentity } from '@countersign/threshold/exchange/identity';
import { type Step, transformed } from '@countersign/threshold/protocol';
import {
  type ElementResult,
  MAX_ELEMENTS,
  MAX_PARTIES,
  type PartyOutcome,
  type SigningElement,
  type StoredSecret,
} from '../../../messages/party-message.ts';
import { candidateOf, kernelRandom, readHellos } from '../exchange-parts.ts';
import { type OpenOperation, OperationRefused, type PartyContext } from '../party-context.ts';
import type { PartyScheme, SigningItem, SigningOutcome } from '../party-scheme.ts';
import { openShare, type ShareSecret } from '../sealed-secrets.ts';

type SigningShare = Pick<Extract<ShareSecret, { kind: 'share' }>, 'scalar' | 'facts'>;

const SCALAR_BYTES = 32;

/** What a party says of one element; compared field by field. */
const elementHello = struct({
  room: text(128),
  /** Policy refused it, or the party has no such key. */
  declined: bool,
  groupKey: bytes(33),
  epoch: u32,
  /** Hash of threshold and all public shares: differs between parties of different epochs. */
  sharesHash: fixed(32),
  path: list(u32, 16),
  merkleRoot: optional(bytes(32)),
  messageHash: fixed(32),
});
type ElementHello = Decoded<typeof elementHello>;
const signHello = struct({ elements: list(elementHello, MAX_ELEMENTS), algorithm: text(20), parties: u16 });

/** Fields that must be the same everywhere, and what they are called towards callers. */
const FIELDS: readonly (readonly [string, (one: ElementHello, other: ElementHello) => boolean])[] = [
  ['key', (one, other) => equal(one.groupKey, other.groupKey)],
  ['share epoch', (one, other) => one.epoch === other.epoch && equal(one.sharesHash, other.sharesHash)],
  ['derivation_path', (one, other) => one.path.join('/') === other.path.join('/')],
  ['merkle root', (one, other) => equal(one.merkleRoot ?? NO_ROOT, other.merkleRoot ?? NO_ROOT)],
  ['msg', (one, other) => equal(one.messageHash, other.messageHash)],
];
/** Stands for no merkle root; none is so long. */
const NO_ROOT = new Uint8Array(33);
const NO_HASH = new Uint8Array(32);
const DECLINED = { reason: 'this server declined the element', mayExist: false } as const;

export const openSign: OpenOperation<'sign'> = (context, { algorithm, shares, elements }) => {
  const scheme = context.schemes.get(algorithm);
  if (scheme === undefined) throw new OperationRefused('not_supported', `no library for ${algorithm} is present`);
  // One piece for all: locked memory comes in pages with guards around them, of which a process has some ten thousand.
  const scalars = allocateSecret(SCALAR_BYTES * Math.max(1, shares.length));
  const free = (): void => freeSecret(scalars);
  try {
    const opened = shares.map((stored, place) =>
      openForSigning(context, stored, scalars.subarray(SCALAR_BYTES * place, SCALAR_BYTES * (place + 1))),
    );
    const order = elementOrder(elements);
    // Hashed once for all elements of a key.
    const sharesHashes = opened.map(hashShares);
    const own = order.map((place) => describe(elements[place], opened, sharesHashes));
    const candidates = candidatesOf(context, opened);
    if (context.size > candidates.length)
      throw new OperationRefused(
        'invalid_request',
        `the room is for ${context.size} parties, and the key has ${candidates.length}`,
      );
    const exchange = new Exchange<PartyOutcome>({
      roomId: context.room,
      roomSize: context.size,
      operation: `sign/${algorithm}`,
      me: context.identity,
      candidates,
      hello: encode(signHello, { elements: own, algorithm, parties: candidates.length }),
      random: kernelRandom,
      checkHellos: (meeting) => {
        const hellos = readHellos(signHello, meeting, candidates).map((said) => byRoom(said.elements));
        const results = new Array<ElementResult>(elements.length);
        const items: SigningItem[] = [];
        const places: number[] = [];
        const seen = new Map<string, number>();
        order.forEach((place, position) => {
          const share = shareOf(elements[place], opened);
          const ownHello = own[position];
          if (ownHello === undefined) throw new Error('elements out of step');
          const ordinal = seen.get(ownHello.room) ?? 0;
          seen.set(ownHello.room, ordinal + 1);
          const differs = disagreement(
            ownHello,
            ordinal,
            hellos,
            (party) => candidates[meeting.parties[party] ?? 0]?.name ?? '',
          );
          const signers = share && signersOf(share, meeting, candidates);
          const reason =
            differs ??
            (share === undefined ? DECLINED.reason : signers === undefined ? tooFew(share, meeting) : undefined);
          if (reason !== undefined || share === undefined || signers === undefined) {
            results[place] = { kind: 'failed', reason: reason ?? DECLINED.reason, mayExist: false };
            return;
          }
          places.push(place);
          items.push(itemOf(elements[place], share, signers, context.room, meeting.session));
        });
        return signTogether(scheme, items, meeting, (outcomes) => {
          outcomes.forEach((outcome, index) => {
            results[places[index] ?? -1] = resultOf(
              outcome,
              (party) => candidates[meeting.parties[party] ?? 0]?.name ?? '',
            );
          });
          return { kind: 'signatures', elements: results };
        });
      },
    });
    return {
      exchange,
      seal: () => {
        throw new Error('signing keeps nothing but nonces');
      },
      free,
    };
  } catch (error) {
    free();
    throw error;
  }
};

function signTogether(
  scheme: PartyScheme,
  items: readonly SigningItem[],
  meeting: Meeting,
  form: (outcomes: readonly SigningOutcome[]) => PartyOutcome,
): Step<PartyOutcome> {
  // All parties see the same hellos and come to the same end.
  if (items.length === 0) return { kind: 'finished', result: form([]) };
  return transformed(scheme.signBatch(items, meeting.parties.length, meeting.me), form);
}

/** @param scalar takes the secret */
function openForSigning(context: PartyContext, stored: StoredSecret, scalar: Uint8Array): SigningShare {
  const opened = openShare(context.rootKey, stored);
  try {
    if (opened?.value.kind === 'share') {
      scalar.set(opened.value.scalar);
      return { scalar, facts: opened.value.facts };
    }
  } finally {
    opened?.free();
  }
  throw new OperationRefused('invalid_request', 'the share is not one that this server can sign with');
}

/** By room, and in the order of the request where they have one room: the same on every server. */
function elementOrder(elements: readonly SigningElement[]): readonly number[] {
  const isOneRoom = elements.every(({ room }) => room === elements[0]?.room);
  const places = elements.map((_, place) => place);
  if (isOneRoom) return places;
  return places.sort((a, b) => {
    const [left, right] = [elements[a]?.room ?? '', elements[b]?.room ?? ''];
    return left < right ? -1 : left > right ? 1 : a - b;
  });
}

function shareOf(element: SigningElement | undefined, opened: readonly SigningShare[]): SigningShare | undefined {
  return element?.share === undefined ? undefined : opened[element.share];
}

function describe(
  element: SigningElement | undefined,
  opened: readonly SigningShare[],
  sharesHashes: readonly Uint8Array[],
): ElementHello {
  if (element === undefined) throw new Error('elements out of step');
  const share = shareOf(element, opened);
  const { room, path, merkleRoot, message } = element;
  const sharesHash = element.share === undefined ? undefined : sharesHashes[element.share];
  if (share === undefined || sharesHash === undefined)
    return {
      room,
      declined: true,
      groupKey: new Uint8Array(0),
      epoch: 0,
      sharesHash: NO_HASH,
      path: [],
      merkleRoot: undefined,
      messageHash: NO_HASH,
    };
  const { facts } = share;
  return {
    room,
    declined: false,
    groupKey: facts.groupKey,
    epoch: facts.epoch,
    sharesHash,
    path,
    merkleRoot,
    messageHash: hash('sha256', message, 'buffer'),
  };
}

function hashShares({ facts }: SigningShare): Uint8Array {
  const parts = facts.parties.flatMap((party) => [Buffer.of(party.index), party.identity, party.publicShare]);
  return hash('sha256', Buffer.concat([Buffer.of(facts.threshold), ...parts]), 'buffer');
}

/**
 * The parties of all keys of the batch, in an order that doesn't depend on how the request was written, since another
 * server's may be written differently. A room of parties that don't all hold a key's shares fails for that key alone.
 */
function candidatesOf(context: PartyContext, opened: readonly SigningShare[]) {
  const holders = new Map(
    opened.flatMap(({ facts }) => facts.parties.map((party) => [hex(party.identity), party] as const)),
  );
  if (holders.size === 0) throw new OperationRefused('invalid_request', 'no key of the batch may sign');
  if (holders.size > MAX_PARTIES)
    throw new OperationRefused(
      'invalid_request',
      `the keys of the batch have more than ${MAX_PARTIES} parties together; sign them in parts`,
    );
  const candidates = [...holders.values()]
    .sort((a, b) => Buffer.compare(a.identity, b.identity))
    .map(({ identity, channelKey, index }) => {
      const parsed = parsePublicIdentity(identity, channelKey);
      if (parsed === undefined) throw new Error('a sealed identity that is none');
      return candidateOf(parsed, index);
    });
  if (!candidates.some(({ identity }) => equal(identity.identityKey, context.identity.public.identityKey)))
    throw new OperationRefused('conflict', "the key belongs to another identity than this server's");
  return candidates;
}

/** Elements by their rooms, those of one room in their order. */
function byRoom(elements: readonly ElementHello[]): ReadonlyMap<string, readonly ElementHello[]> {
  return Map.groupBy(elements, ({ room }) => room);
}

/**
 * Why the element can't be signed, seen from all hellos; undefined where all were asked for the same. Nobody's place is
 * special in it, so that all who were given the same hellos come to the same elements: one more here than there would
 * look like a broken protocol.
 * @param ordinal of the element among those of its room
 */
function disagreement(
  own: ElementHello,
  ordinal: number,
  hellos: readonly ReadonlyMap<string, readonly ElementHello[]>[],
  nameOf: (party: number) => string,
): string | undefined {
  for (const [party, said] of hellos.entries()) {
    const other = said.get(own.room)?.[ordinal];
    if (other === undefined) return `${nameOf(party)} was not asked to sign ${place(own.room, ordinal)}`;
    if (other.declined) return `${nameOf(party)} declined: its policy refused, or it has no such key`;
    if (own.declined) continue;
    for (const [field, isSame] of FIELDS) {
      if (!isSame(other, own)) return `${nameOf(party)} was asked to sign with another ${field}`;
    }
  }
  return undefined;
}

/** The room's parties as signers of this key; undefined where one of them has no share of it. */
function signersOf(
  { facts }: SigningShare,
  meeting: Meeting,
  candidates: ReturnType<typeof candidatesOf>,
): SigningItem['signers'] | undefined {
  if (meeting.parties.length < facts.threshold) return undefined;
  const signers = meeting.parties.map((candidate) => {
    const identity = candidates[candidate]?.identity.identityKey;
    return facts.parties.find((party) => identity !== undefined && equal(party.identity, identity));
  });
  const found = signers.filter((signer) => signer !== undefined);
  return found.length === signers.length ? found : undefined;
}

function tooFew({ facts }: SigningShare, meeting: Meeting): string {
  return meeting.parties.length < facts.threshold
    ? `${facts.threshold} parties sign with this key, and the room has ${meeting.parties.length}`
    : 'a party of the room holds no share of this key';
}

function itemOf(
  element: SigningElement | undefined,
  { scalar, facts }: SigningShare,
  signers: SigningItem['signers'],
  room: string,
  session: Uint8Array,
): SigningItem {
  if (element === undefined) throw new Error('elements out of step');
  return {
    scalar,
    groupKey: facts.groupKey,
    chainCode: facts.chainCode,
    signers,
    threshold: facts.threshold,
    partyCount: facts.parties.length,
    path: element.path,
    merkleRoot: element.merkleRoot,
    message: element.message,
    extraInput: Buffer.concat([Buffer.from(`${room}\0${element.room}\0`), session]),
  };
}

/** This party's partial signature has left by then. */
function resultOf(outcome: SigningOutcome, nameOf: (party: number) => string): ElementResult {
  if (outcome.kind === 'signed') return { kind: 'signed', signature: outcome.signature };
  const who = outcome.culprits.map(nameOf).join(', ');
  return { kind: 'failed', reason: who === '' ? outcome.reason : `${who}: ${outcome.reason}`, mayExist: true };
}

function place(room: string, ordinal: number): string {
  return ordinal === 0 ? `in room ${room}` : `element ${ordinal + 1} in room ${room}`;
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
