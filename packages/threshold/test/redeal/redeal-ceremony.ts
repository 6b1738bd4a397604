import { createPrivateKey, createPublicKey, type KeyObject, randomBytes, sign } from 'node:crypto';
import { taggedHash } from '@countersign/algorithms/tagged-hash';
import { decode, encode } from '../../src/codec.ts';
import { parseX25519PublicKey, x25519, x25519PrivateKey, x25519PublicBytes } from '../../src/exchange/x25519.ts';
import { ProtocolAbort, type Round, round } from '../../src/protocol.ts';
import { type Redealt, redeal } from '../../src/redeal/redeal.ts';
import type { RedealParameters } from '../../src/redeal/redeal-parameters.ts';
import {
  CERTIFICATE_TAG,
  dealingMessage,
  encodeTranscript,
  hashTranscript,
  type RedealKind,
  type RedealParty,
} from '../../src/redeal/redeal-transcript.ts';
import { openShare, sealShare } from '../../src/share-encryption.ts';
import { CountingMemory } from '../counting-memory.ts';
import type { Curve } from './curves.ts';
import { evaluate, mod, type Polynomial, randomScalar, type SharedKey, weight } from './shamir.ts';

/** Somebody in the room. */
export interface Seat {
  /** Index of the old share that is dealt; 0 for an import's dealer. */
  readonly deals?: number;
  /** Index of the new share. */
  readonly receives?: number;
}

export interface Ceremony {
  readonly curve: Curve;
  readonly key: SharedKey;
  readonly memory: CountingMemory;
  readonly parameters: readonly RedealParameters[];
  readonly identities: readonly KeyObject[];
  /** What each party deals. */
  readonly constants: readonly (bigint | undefined)[];
}

export interface CeremonyParts {
  readonly key: SharedKey;
  readonly kind: RedealKind;
  readonly threshold: number;
  readonly seats: readonly Seat[];
  readonly memory?: CountingMemory;
}

export function ceremony({ key, kind, threshold, seats, memory = new CountingMemory() }: CeremonyParts): Ceremony {
  const { curve } = key;
  if (curve.group === undefined) throw new Error('no engine');
  const identities = seats.map(() =>
    createPrivateKey({ key: randomBytes(32), format: 'raw-private', asymmetricKeyType: 'ed25519' }),
  );
  const old = seats.flatMap(({ deals }) => (deals === undefined ? [] : [deals]));
  const constants = seats.map(({ deals }): bigint | undefined => {
    if (deals === undefined) return undefined;
    if (kind === 'refresh') return 0n;
    if (kind === 'import') return key.secret;
    return mod(weight(curve, old, deals) * (key.shares[deals] ?? 0n), curve.order);
  });
  const dealSecrets = seats.map(({ receives }) => (receives === undefined ? [] : old.map(() => randomBytes(32))));
  const parties = seats.map(({ receives: index }, position): RedealParty => {
    const constant = constants[position];
    return {
      identity: createPublicKey(identities[position] as KeyObject).export({ format: 'raw-public' }),
      dealKeys: (dealSecrets[position] ?? []).map((secret) => x25519PublicBytes(x25519PrivateKey(secret))),
      index,
      constant: constant === undefined ? undefined : constant === 0n ? new Uint8Array(0) : curve.multiplyBase(constant),
    };
  });
  const session = randomBytes(32);
  const parameters = seats.map(({ receives }, me): RedealParameters => {
    const constant = constants[me];
    const share = receives === undefined ? undefined : key.shares[receives];
    return {
      ...{ group: curve.group as NonNullable<Curve['group']>, memory, kind, threshold, epoch: 7, session, parties, me },
      groupKey: key.groupKey,
      dealSecrets: dealSecrets[me] ?? [],
      constant: constant === undefined || constant === 0n ? undefined : curve.toBytes(constant),
      base:
        kind === 'refresh' && share !== undefined
          ? { scalar: curve.toBytes(share), publicShares: key.publicShares }
          : undefined,
      seed: randomBytes(32),
      sign: (tag, message) => sign(null, taggedHash(tag, message), identities[me] as KeyObject),
    };
  });
  return { curve, key, memory, parameters, identities, constants };
}

/** Everybody honest, but for who is replaced. */
export function start(
  { parameters }: Ceremony,
  liars: ReadonlyMap<number, Round<Redealt>> = new Map(),
): readonly Round<Redealt>[] {
  return parameters.map((own, position) => liars.get(position) ?? redeal(own));
}

export interface Lie {
  /** Coefficients, the constant first; random but for the constant unless given. */
  readonly polynomial?: Polynomial;
  /** Alters what a receiver gets. */
  readonly part?: (receiver: number, part: bigint) => bigint;
  /** Alters the message of round 1. */
  readonly dealing?: (message: HandMadeDealing) => HandMadeDealing;
  /** Alters the encoded message of round 1. */
  readonly round1?: (broadcast: Uint8Array) => Uint8Array;
  /** Makes the message of round 2 from the honest one, a signature over what all were told. */
  readonly round2?: (signed: Uint8Array, transcriptHash: Uint8Array) => Uint8Array;
}

export interface HandMadeDealing {
  readonly commitments: readonly Uint8Array[];
  readonly ephemeralKey: Uint8Array;
  readonly sealed: readonly Uint8Array[];
}

/** The encoding of round 2's messages. */
export const said = {
  signature: (bytes: Uint8Array): Uint8Array => Uint8Array.of(0, ...bytes),
  complaint: (dealer: number, secret: Uint8Array): Uint8Array => Uint8Array.of(1, dealer, 0, ...secret),
  refusal: (): Uint8Array => Uint8Array.of(2),
};

/** A party of big integers and Node's own cryptography, which keeps to the protocol except for its lie. */
export function liar(room: Ceremony, me: number, lie: Lie): Round<Redealt> {
  const { parameters, identities } = room;
  const own = parameters[me] as RedealParameters;
  const constant = room.constants[me];
  const dealing = constant === undefined ? new Uint8Array(0) : dealByHand(room, me, constant, lie);
  return round({
    broadcast: lie.round1?.(dealing) ?? dealing,
    next: (dealings) => {
      const { kind, threshold, epoch, groupKey, session, parties, base } = own;
      const transcript = encodeTranscript({
        ...{ kind, threshold, epoch, groupKey, session, parties, dealings },
        base: base?.publicShares ?? [],
      });
      const hash = hashTranscript(transcript);
      const message = taggedHash(CERTIFICATE_TAG, hash);
      const signed = said.signature(sign(null, message, identities[me] as KeyObject));
      return round({
        broadcast: lie.round2?.(signed, hash) ?? signed,
        next: () => {
          throw new ProtocolAbort([], 'the liar goes');
        },
      });
    },
  });
}

function dealByHand(room: Ceremony, me: number, constant: bigint, lie: Lie): Uint8Array {
  const { curve, parameters } = room;
  const { parties, threshold } = parameters[me] as RedealParameters;
  const random = Array.from({ length: threshold }, (_, power) => (power === 0 ? constant : randomScalar(curve)));
  const polynomial = lie.polynomial ?? random;
  const part = lie.part ?? ((_: number, honest: bigint) => honest);
  const ephemeralSecret = randomBytes(32);
  const ephemeralKey = x25519PublicBytes(x25519PrivateKey(ephemeralSecret));
  const sealed = parties.flatMap(({ index }, receiver) =>
    index === undefined || receiver === me
      ? []
      : [seal(room, me, receiver, ephemeralSecret, part(receiver, evaluate(curve, polynomial, index + 1)))],
  );
  const commitments = polynomial.filter((_, power) => power > 0 || constant !== 0n).map((c) => curve.multiplyBase(c));
  const message = { commitments, ephemeralKey, sealed };
  return encode(dealingMessage, lie.dealing?.(message) ?? message);
}

function seal(room: Ceremony, dealer: number, receiver: number, ephemeralSecret: Uint8Array, part: bigint): Uint8Array {
  const ephemeral = x25519PrivateKey(ephemeralSecret);
  const context = sealingContext(room, dealer, receiver, x25519PublicBytes(ephemeral));
  const key = parseX25519PublicKey(context.dealKey);
  if (key === undefined) throw new Error('not a key');
  return sealShare(context, x25519(ephemeral, key), room.curve.toBytes(part));
}

/** What a receiver finds in a dealer's message. */
export function openByHand(room: Ceremony, dealer: number, receiver: number, broadcast: Uint8Array): bigint {
  const { ephemeralKey, sealed } = decode(dealingMessage, broadcast);
  const { parties, dealSecrets } = room.parameters[receiver] as RedealParameters;
  const others = parties.flatMap(({ index }, position) =>
    index === undefined || position === dealer ? [] : [position],
  );
  const secret = dealSecrets[dealerPlace(parties, dealer)];
  const key = parseX25519PublicKey(ephemeralKey);
  const part = sealed[others.indexOf(receiver)];
  if (secret === undefined || key === undefined || part === undefined) throw new Error('no such part');
  const out = new Uint8Array(32);
  const shared = x25519(x25519PrivateKey(secret), key);
  if (!openShare(out, sealingContext(room, dealer, receiver, ephemeralKey), shared, part))
    throw new Error('not opened');
  return room.curve.toScalar(out);
}

function sealingContext({ parameters }: Ceremony, dealer: number, recipient: number, ephemeralKey: Uint8Array) {
  const { session, parties } = parameters[dealer] as RedealParameters;
  const dealKey = parties[recipient]?.dealKeys[dealerPlace(parties, dealer)];
  if (dealKey === undefined) throw new Error('no such receiver');
  return { sessionHash: session, dealer, recipient, ephemeralKey, dealKey };
}

function dealerPlace(parties: readonly RedealParty[], dealer: number): number {
  return parties.slice(0, dealer).filter(({ constant }) => constant !== undefined).length;
}
