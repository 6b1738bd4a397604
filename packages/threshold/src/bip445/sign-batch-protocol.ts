/**
 * BIP 445 for a vector of elements as two rounds of broadcasts: public nonces, then partial signatures. Every party
 * aggregates for itself. Elements don't touch each other: what is wrong with one fails that one only.
 *
 * That all parties mean the same elements, and saw the same broadcasts, is for the exchange to see to before the next
 * round: who is blamed here is blamed on that ground.
 */
import { hash } from 'node:crypto';
import { ProtocolAbort, type Round, round, type Step } from '../protocol.ts';
import type { Secp256k1Group } from '../secp256k1/secp256k1-group.ts';
import type { Tweak } from '../secp256k1/tweak.ts';
import { nonceGen } from './nonce-generation.ts';
import {
  aggregateNonces,
  decodePublicNonce,
  encodePublicNonce,
  PUBLIC_NONCE_BYTES,
  type PublicNonce,
} from './nonces.ts';
import { PARTIAL_SIGNATURE_BYTES, partialSigAgg, partialSigVerify, signWithShare } from './partial-signature.ts';
import { SECRET_NONCE_BYTES, type SecretNonce } from './secret-nonce.ts';
import { openSession, type Session } from './session.ts';
import { openShare, type Signers, type SignersContext, type SigningShare, validateSigners } from './signers.ts';
import { InvalidSigningInput } from './signing-errors.ts';
import { type TweakedKey, tweakKey } from './tweaked-key.ts';

const RANDOM_BYTES = 32;

export interface BatchElement {
  /**
   * The key and its signers: `ids[j]` is the identifier of party j in this key. Elements of one key share one object,
   * whose checks then cost their point multiplications once.
   */
  readonly context: SignersContext;
  /** This party's, 32 bytes in locked memory, which its owner keeps until the second round has begun. */
  readonly secretShare: Uint8Array;
  readonly tweaks: readonly Tweak[];
  readonly message: Uint8Array;
  /** Mixed into the nonces: what tells this signing from every other, such as room id and hash of the hellos. */
  readonly extraInput: Uint8Array;
}

export interface BatchInput {
  /** How many parties sign. */
  readonly parties: number;
  /** This party's position among them. */
  readonly me: number;
  /** One or more. */
  readonly elements: readonly BatchElement[];
  /** 32 bytes of the kernel's for each element, in locked memory; wiped here, still the caller's to free. */
  readonly random: Uint8Array;
}

/** `culprits` are positions of parties, as in `ProtocolAbort`; `reason` is for people. */
export type ElementResult =
  | { readonly kind: 'signed'; readonly signature: Uint8Array }
  | { readonly kind: 'failed'; readonly culprits: readonly number[]; readonly reason: string };

type Failure = Extract<ElementResult, { readonly kind: 'failed' }>;

/** An element between its nonce and the first round's end. */
interface Committed {
  readonly kind: 'committed';
  readonly element: BatchElement;
  readonly share: SigningShare;
  readonly key: TweakedKey;
  readonly secretNonce: SecretNonce;
  readonly publicNonce: PublicNonce;
}

/** An element between its partial signature and the end. */
interface PartlySigned {
  readonly kind: 'partly-signed';
  readonly session: Session;
  readonly nonces: readonly PublicNonce[];
}

/**
 * The first round of signing: its broadcast is a public nonce of 66 bytes for each element, and the second's a
 * partial signature of 32. A party that can't sign an element sends zeros, which are neither.
 *
 * @throws RangeError for an empty batch, a position outside the parties, too little randomness
 */
export function signBatch(group: Secp256k1Group, input: BatchInput): Round<readonly ElementResult[]> {
  const { parties, me, elements, random } = input;
  if (elements.length === 0) throw new RangeError('a batch has one element or more');
  if (!Number.isInteger(me) || me < 0 || me >= parties) throw new RangeError(`position ${me} of ${parties} parties`);
  if (random.length !== RANDOM_BYTES * elements.length) throw new RangeError('32 random bytes for each element');

  // One piece for all: locked memory comes in pages, and a thousand allocations cost as much as the signatures.
  const secrets = group.allocateSecret(SECRET_NONCE_BYTES * elements.length);
  const broadcast = new Uint8Array(PUBLIC_NONCE_BYTES * elements.length);
  const hashes: Uint8Array[] = [];
  let states: (Committed | Failure)[];
  try {
    const prepare = preparation(group, input);
    states = elements.map((element, index) => {
      const prepared = prepare(element);
      if (prepared.kind === 'failed') return prepared;
      const { share, key } = prepared;
      const nonce = nonceGen(
        group,
        {
          random: slice(random, index, RANDOM_BYTES),
          secretShare: element.secretShare,
          publicShare: element.context.publicShares[me],
          thresholdPublicKey: key.xOnly,
          message: element.message,
          extraInput: element.extraInput,
        },
        slice(secrets, index, SECRET_NONCE_BYTES),
      );
      const encoded = encodePublicNonce(group, nonce.public);
      broadcast.set(encoded, index * PUBLIC_NONCE_BYTES);
      hashes.push(hash('sha256', encoded, 'buffer'));
      return { kind: 'committed', element, share, key, secretNonce: nonce.secret, publicNonce: nonce.public };
    });
  } catch (error) {
    group.freeSecret(secrets);
    throw error;
  } finally {
    random.fill(0);
  }

  return round({
    broadcast,
    keep: { kind: 'nonces', hashes },
    next: (broadcasts) => {
      try {
        assertBroadcasts(broadcasts, input, broadcast, PUBLIC_NONCE_BYTES);
        return signAll(group, input, states, broadcasts);
      } finally {
        endNonces(states);
        group.freeSecret(secrets);
      }
    },
    abandon: () => {
      endNonces(states);
      group.freeSecret(secrets);
    },
  });
}

/** The second round. Secret nonces are used up when it is made. */
function signAll(
  group: Secp256k1Group,
  input: BatchInput,
  committed: readonly (Committed | Failure)[],
  nonceBroadcasts: readonly Uint8Array[],
): Round<readonly ElementResult[]> {
  const broadcast = new Uint8Array(PARTIAL_SIGNATURE_BYTES * committed.length);
  const states = committed.map((state, index): PartlySigned | Failure => {
    if (state.kind === 'failed') return state;
    const { element, share, key, secretNonce } = state;
    const nonces: PublicNonce[] = [];
    const culprits: number[] = [];
    for (const [party, sent] of nonceBroadcasts.entries()) {
      const nonce =
        party === input.me ? state.publicNonce : decodePublicNonce(group, slice(sent, index, PUBLIC_NONCE_BYTES));
      if (nonce === undefined) culprits.push(party);
      else nonces.push(nonce);
    }
    if (culprits.length > 0) return failed(culprits, 'no public nonce was sent, or one that is invalid');

    const aggregateNonce = aggregateNonces(group, nonces);
    const session = openSession(group, { signers: share.signers, key, aggregateNonce, message: element.message });
    broadcast.set(signWithShare(group, secretNonce, share, session), index * PARTIAL_SIGNATURE_BYTES);
    return { kind: 'partly-signed', session, nonces };
  });

  return round({
    broadcast,
    next: (broadcasts): Step<readonly ElementResult[]> => {
      assertBroadcasts(broadcasts, input, broadcast, PARTIAL_SIGNATURE_BYTES);
      const result = states.map((state, index) => {
        if (state.kind === 'failed') return state;
        return aggregate(
          group,
          state,
          broadcasts.map((sent) => slice(sent, index, PARTIAL_SIGNATURE_BYTES)),
        );
      });
      return { kind: 'finished', result };
    },
  });
}

/** One verification where all are honest; each partial signature is looked at only when the whole is wrong. */
function aggregate(
  group: Secp256k1Group,
  { session, nonces }: PartlySigned,
  partialSignatures: readonly Uint8Array[],
): ElementResult {
  if (partialSignatures.every(group.isScalar)) {
    const signature = partialSigAgg(group, partialSignatures, session);
    if (group.verifySchnorr(session.key.point, session.message, signature)) return { kind: 'signed', signature };
  }
  const culprits = [...partialSignatures.keys()].filter((party) => {
    const partialSignature = partialSignatures[party];
    const nonce = nonces[party];
    return (
      partialSignature === undefined ||
      nonce === undefined ||
      !partialSigVerify(group, partialSignature, party, nonce, session)
    );
  });
  // That all parts are right and the whole is wrong can't be, short of a fault of this machine.
  if (culprits.length === 0) return failed([], 'the signature is wrong although every partial signature is right');
  return failed(culprits, 'the partial signature is invalid');
}

/** Checks of keys, shares and tweaks, made once for all elements for which they are the same. */
function preparation(
  group: Secp256k1Group,
  { parties, me }: BatchInput,
): (element: BatchElement) => { readonly kind: 'ready'; share: SigningShare; key: TweakedKey } | Failure {
  /** By the caller's objects: equal ones that aren't the same only cost their checks again. */
  interface Known {
    readonly signers: Signers | Failure;
    readonly shares: Map<Uint8Array, SigningShare | Failure>;
    readonly tweaked: Map<string, TweakedKey | Failure>;
  }
  const keys = new Map<SignersContext, Known>();

  const openSigners = (context: SignersContext): Signers | Failure =>
    context.ids.length === parties
      ? orFailure(() => validateSigners(group, context))
      : failed([], `the key has ${context.ids.length} signers, not ${parties}`);

  return ({ context, secretShare, tweaks }) => {
    const known = getOrMake(
      keys,
      context,
      (): Known => ({
        signers: openSigners(context),
        shares: new Map<Uint8Array, SigningShare | Failure>(),
        tweaked: new Map<string, TweakedKey | Failure>(),
      }),
    );
    const { signers } = known;
    if ('kind' in signers) return signers;
    // What is wrong with the public part all parties see; a share that doesn't belong to it is seen here alone.
    const share = getOrMake(known.shares, secretShare, () =>
      orFailure(() => openShare(group, signers, signers.ids[me] ?? -1, secretShare), [me]),
    );
    if ('kind' in share) return share;
    const key = getOrMake(known.tweaked, nameOf(tweaks), () =>
      orFailure(() => tweakKey(group, signers.thresholdKey, tweaks)),
    );
    return 'kind' in key ? key : { kind: 'ready', share, key };
  };
}

function getOrMake<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

/** Tells lists of tweaks apart, of whatever lengths. */
function nameOf(tweaks: readonly Tweak[]): string {
  let name = '';
  for (const { value, isXOnly } of tweaks) name += `${isXOnly ? 'x' : 'p'}${Buffer.from(value).toString('hex')}`;
  return name;
}

/** The result, or the failure of an element whose input is no good. */
function orFailure<Value>(operation: () => Value, culprits: readonly number[] = []): Value | Failure {
  try {
    return operation();
  } catch (error) {
    if (error instanceof InvalidSigningInput) return failed(culprits, error.message);
    throw error;
  }
}

function failed(culprits: readonly number[], reason: string): Failure {
  return { kind: 'failed', culprits, reason };
}

function endNonces(states: readonly (Committed | Failure)[]): void {
  for (const state of states) if (state.kind === 'committed') state.secretNonce.destroy();
}

/**
 * @throws ProtocolAbort naming whoever sent a broadcast of the wrong length, in which elements can't be told apart
 * @throws Error where the exchange hands over something else than this party's own broadcast
 */
function assertBroadcasts(
  broadcasts: readonly Uint8Array[],
  { parties, me, elements }: BatchInput,
  own: Uint8Array,
  elementBytes: number,
): void {
  if (broadcasts.length !== parties) throw new Error(`${broadcasts.length} broadcasts of ${parties} parties`);
  const mine = broadcasts[me];
  if (mine === undefined || Buffer.compare(mine, own) !== 0) throw new Error("not this party's own broadcast");
  const length = elementBytes * elements.length;
  const culprits = [...broadcasts.keys()].filter((party) => broadcasts[party]?.length !== length);
  if (culprits.length > 0) throw new ProtocolAbort(culprits, `a broadcast of ${length} bytes was expected`);
}

/** The part of element `index` in a concatenation; a view. */
function slice(bytes: Uint8Array, index: number, elementBytes: number): Uint8Array {
  return bytes.subarray(index * elementBytes, (index + 1) * elementBytes);
}
