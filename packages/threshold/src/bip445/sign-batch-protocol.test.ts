/** A batch among parties, honest and not. One of them computes with @noble/curves, which also verifies the result. */
import { createHash, randomBytes } from 'node:crypto';
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DealtKey, dealSecp256k1Key } from '../../test/deal-secp256k1-key.ts';
import { nobleSecp256k1Group } from '../../test/noble-secp256k1-group.ts';
import { loadSecp256k1Group } from '../engines/secp256k1/load-group.ts';
import { ProtocolAbort, type Round, type Step } from '../protocol.ts';
import type { Secp256k1Group } from '../secp256k1/secp256k1-group.ts';
import type { Tweak } from '../secp256k1/tweak.ts';
import { type BatchElement, type ElementResult, signBatch } from './sign-batch-protocol.ts';
import { tweakKey } from './tweaked-key.ts';

const native = await loadSecp256k1Group();
const { Fn } = secp256k1.Point;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** One element as all parties see it; `ids[j]` is party j's identifier in this key. */
interface Shared {
  readonly key: DealtKey;
  readonly ids: readonly number[];
  readonly tweaks: readonly Tweak[];
  readonly message: Uint8Array;
}

type Batch = Round<readonly ElementResult[]>;

/** What a party sees of a batch: with its own secret shares, and one context object for each key. */
function elementsOf(shared: readonly Shared[], me: number): BatchElement[] {
  const contexts = new Map<DealtKey, { ids: readonly number[]; context: BatchElement['context'] }>();
  return shared.map(({ key, ids, tweaks, message }, index) => {
    let known = contexts.get(key);
    if (known?.ids !== ids) {
      known = { ids, context: key.contextOf(ids) };
      contexts.set(key, known);
    }
    return {
      context: known.context,
      secretShare: key.secretShares[ids[me] ?? -1] ?? new Uint8Array(0),
      tweaks,
      message,
      extraInput: Buffer.from(`element ${index}`),
    };
  });
}

function start(group: Secp256k1Group, me: number, parties: number, elements: readonly BatchElement[]): Batch {
  return signBatch(group, { me, parties, elements, random: randomBytes(32 * elements.length) });
}

function startAll(shared: readonly Shared[], parties: number): Batch[] {
  const noble = nobleSecp256k1Group();
  return Array.from({ length: parties }, (_, me) =>
    start(me === 1 ? noble : native, me, parties, elementsOf(shared, me)),
  );
}

function asRound(step: Step<readonly ElementResult[]>): Batch {
  if (step.kind !== 'round') throw new Error('finished too early');
  return step;
}

function asResult(step: Step<readonly ElementResult[]>): readonly ElementResult[] {
  if (step.kind !== 'finished') throw new Error('not finished');
  return step.result;
}

type Change = (broadcast: Uint8Array) => void;

/** Runs both rounds; the cheater's broadcasts are changed as told, also for itself. Gives every party's result. */
function run(
  shared: readonly Shared[],
  parties: number,
  cheater = -1,
  changes: { readonly nonces?: Change; readonly signatures?: Change } = {},
): (readonly ElementResult[])[] {
  const step = (rounds: readonly Batch[], change: Change | undefined): Step<readonly ElementResult[]>[] => {
    if (cheater !== -1) change?.(rounds[cheater]?.broadcast ?? new Uint8Array(0));
    const broadcasts = rounds.map(({ broadcast }) => Uint8Array.from(broadcast));
    return rounds.map((round) => round.next(broadcasts));
  };
  const second = step(startAll(shared, parties), changes.nonces).map(asRound);
  return step(second, changes.signatures).map(asResult);
}

function isSigned(result: ElementResult | undefined, { key, tweaks, message }: Shared): boolean {
  const point = native.decode(key.thresholdPublicKey);
  if (result?.kind !== 'signed' || point === undefined) return false;
  return schnorr.verify(result.signature, message, tweakKey(native, point, tweaks).xOnly);
}

/** Two or three parties and elements of several keys, in which the parties have different identifiers. */
const anyBatch = fc.integer({ min: 2, max: 3 }).chain((parties) => {
  const keys = [dealSecp256k1Key(parties, parties), dealSecp256k1Key(parties + 2, 2), dealSecp256k1Key(5, 1)];
  const element = fc.record({
    key: fc.constantFrom(...keys),
    order: fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 }),
    tweaks: fc.array(
      fc.record({
        value: fc.bigInt({ min: 1n, max: Fn.ORDER - 1n }).map((value) => Fn.toBytes(value)),
        isXOnly: fc.boolean(),
      }),
      { maxLength: 2 },
    ),
    message: fc.uint8Array({ maxLength: 40 }),
  });
  return fc.record({
    parties: fc.constant(parties),
    shared: fc.array(element, { minLength: 1, maxLength: 5 }).map((elements): Shared[] =>
      elements.map(({ key, order, tweaks, message }) => ({
        key,
        ids: order.filter((id) => id < key.participants).slice(0, parties),
        tweaks,
        message,
      })),
    ),
  });
});

/** `count` elements of one 2-of-3 key. */
function simpleBatch(count: number, ids: readonly number[] = [0, 2]): Shared[] {
  const key = dealSecp256k1Key(3, 2);
  return Array.from({ length: count }, (_, index) => ({
    key,
    ids,
    tweaks: [],
    message: new Uint8Array(32).fill(index),
  }));
}

describe('a batch among honest parties', () => {
  it('is signed, every element under its own key, and all parties have the same signatures', () => {
    fc.assert(
      fc.property(anyBatch, ({ parties, shared }) => {
        const [first = [], ...others] = run(shared, parties);
        for (const other of others) expect(other).toEqual(first);
        return first.length === shared.length && shared.every((element, index) => isSigned(first[index], element));
      }),
      { numRuns: 15 },
    );
  });

  it('is signed by each pair of a 2-of-3 key and by all three', () => {
    for (const ids of [
      [0, 1],
      [1, 2],
      [2, 0],
      [2, 1, 0],
    ]) {
      const shared = simpleBatch(3, ids);
      const [result = []] = run(shared, ids.length);
      expect(shared.every((element, index) => isSigned(result[index], element))).toBe(true);
    }
  });

  it('is signed under the right key where elements have one tweak in both modes', () => {
    let key = dealSecp256k1Key(3, 2);
    // Only for a point with odd y do the modes differ.
    while (key.thresholdPublicKey[0] !== 3) key = dealSecp256k1Key(3, 2);
    const value = Fn.toBytes(77n);
    const ids = [0, 1];
    const shared = [false, true, false].map((isXOnly) => ({
      key,
      ids,
      tweaks: [{ value, isXOnly }],
      message: new Uint8Array(32),
    }));
    const [result = []] = run(shared, 2);
    expect(shared.every((element, index) => isSigned(result[index], element))).toBe(true);
  });

  it('keeps a hash of every public nonce, and uses no nonce twice', () => {
    const rounds = startAll(simpleBatch(4), 2);
    const seen = new Set<string>();
    for (const { broadcast, keep } of rounds) {
      expect(broadcast).toHaveLength(4 * 66);
      if (keep?.kind !== 'nonces') throw new Error('nothing kept');
      const expected = [0, 1, 2, 3].map((index) =>
        createHash('sha256')
          .update(broadcast.subarray(66 * index, 66 * index + 66))
          .digest('hex'),
      );
      expect(keep.hashes.map(hex)).toEqual(expected);
      for (const each of expected) seen.add(each);
    }
    expect(seen.size).toBe(8);
    for (const round of rounds) round.abandon();
  });
});

describe('a party that cheats on one element', () => {
  const offCurve = Uint8Array.of(2, ...new Uint8Array(31), 5);
  const nonceChanges: Readonly<Record<string, Change>> = {
    'zeros for a nonce': (nonce) => nonce.fill(0),
    'a first half that is no point': (nonce) => nonce.set(offCurve),
    'a second half that is no point': (nonce) => nonce.set(offCurve, 33),
    'the identity as second half': (nonce) => nonce.fill(0, 33),
    'an unknown tag': (nonce) => nonce.set([4]),
  };
  const signatureChanges: Readonly<Record<string, Change>> = {
    'one bit of a partial signature': (signature) => signature.set([(signature[31] ?? 0) ^ 1], 31),
    'zeros for a partial signature': (signature) => signature.fill(0),
    'a partial signature above the order': (signature) => signature.fill(0xff),
    'the order as a partial signature': (signature) => signature.set(Buffer.from(Fn.ORDER.toString(16), 'hex')),
  };

  /** The cheater's own computations go on with what it made, so that only what the honest ones find counts. */
  function judge(elementBytes: number, round: 'nonces' | 'signatures', change: Change, count: number, target: number) {
    const shared = simpleBatch(count, [2, 0, 1]);
    const cheater = 2;
    const rounds = startAll(shared, 3);
    const tampered = (current: readonly Batch[], isNow: boolean): Uint8Array[] => {
      const broadcasts = current.map(({ broadcast }) => Uint8Array.from(broadcast));
      if (isNow) change(broadcasts[cheater]?.subarray(elementBytes * target, elementBytes * (target + 1)) ?? offCurve);
      return broadcasts;
    };
    const first = tampered(rounds, round === 'nonces');
    const honest = rounds.map((each) => Uint8Array.from(each.broadcast));
    const second = rounds.map((each, party) => asRound(each.next(party === cheater ? honest : first)));
    const partial = tampered(second, round === 'signatures');
    const results = second.slice(0, 2).map((each) => asResult(each.next(partial)));
    return { shared, cheater, results };
  }

  function expectOneFailure({ shared, cheater, results }: ReturnType<typeof judge>, target: number): void {
    for (const result of results) {
      for (const [index, element] of shared.entries()) {
        if (index === target) expect(result[index]).toMatchObject({ kind: 'failed', culprits: [cheater] });
        else expect(isSigned(result[index], element)).toBe(true);
      }
    }
    expect(results[1]).toEqual(results[0]);
  }

  for (const [title, change] of Object.entries(nonceChanges)) {
    it(`is named for ${title}, and the other elements are signed`, () => {
      for (const target of [0, 2]) expectOneFailure(judge(66, 'nonces', change, 3, target), target);
    });
  }
  for (const [title, change] of Object.entries(signatureChanges)) {
    it(`is named for ${title}, and the other elements are signed`, () => {
      for (const target of [0, 2]) expectOneFailure(judge(32, 'signatures', change, 3, target), target);
    });
  }

  it('is named beside another who cheats too', () => {
    const shared = simpleBatch(1, [0, 1, 2]);
    const second = startAll(shared, 3).map((round, _party, all) => {
      return asRound(round.next(all.map(({ broadcast }) => broadcast)));
    });
    const broadcasts = second.map(({ broadcast }) => Uint8Array.from(broadcast));
    for (const cheater of [1, 2]) broadcasts[cheater]?.fill(7);
    expect(asResult(second[0]?.next(broadcasts) ?? { kind: 'finished', result: [] })).toMatchObject([
      { kind: 'failed', culprits: [1, 2] },
    ]);
  });

  it('gets nobody else blamed when nonces cancel out', () => {
    const shared = simpleBatch(2);
    const [honest, cheating] = startAll(shared, 2);
    if (honest === undefined || cheating === undefined) throw new Error('no parties');
    const negated = Uint8Array.from(honest.broadcast, (byte, index) => (index % 33 === 0 ? byte ^ 1 : byte));
    const second = asRound(honest.next([honest.broadcast, negated]));
    cheating.abandon();
    const result = asResult(second.next([second.broadcast, new Uint8Array(64).fill(9)]));
    expect(result).toMatchObject([
      { kind: 'failed', culprits: [1] },
      { kind: 'failed', culprits: [1] },
    ]);
  });
});

describe('broadcasts that are no vector of elements', () => {
  it('end the batch and name who sent them', () => {
    for (const wrong of [0, 65, 2 * 66 - 1, 2 * 66 + 1, 3 * 66]) {
      const [honest, other] = startAll(simpleBatch(2), 2);
      const broadcast = honest?.broadcast ?? new Uint8Array(0);
      const abort = caught(() => honest?.next([broadcast, new Uint8Array(wrong)]));
      expect(abort).toBeInstanceOf(ProtocolAbort);
      expect((abort as ProtocolAbort).culprits).toEqual([1]);
      other?.abandon();
    }
    const rounds = startAll(simpleBatch(2), 2);
    const [second] = rounds.map((round, _party, all) => asRound(round.next(all.map(({ broadcast }) => broadcast))));
    const abort = caught(() => second?.next([second.broadcast, new Uint8Array(63)]));
    expect((abort as ProtocolAbort).culprits).toEqual([1]);
  });

  it("are a fault of the exchange where a party's own is missing or changed", () => {
    const changes: ((own: Uint8Array, others: Uint8Array) => Uint8Array[])[] = [
      (own) => [own],
      (own, other) => [other, own],
      (own, other) => [own, other, other],
      (own, other) => [own.map((byte) => byte ^ 1), other],
    ];
    for (const change of changes) {
      const [honest, other] = startAll(simpleBatch(1), 2);
      if (honest === undefined || other === undefined) throw new Error('no parties');
      const error = caught(() => honest.next(change(honest.broadcast, other.broadcast)));
      expect(error).toBeInstanceOf(Error);
      expect(error).not.toBeInstanceOf(ProtocolAbort);
      other.abandon();
    }
  });
});

describe('an element that a party cannot sign', () => {
  it('fails where what was agreed is inconsistent, at every party and with nobody blamed', () => {
    const shared = simpleBatch(3);
    const other = dealSecp256k1Key(3, 2);
    const broken: ((element: BatchElement) => BatchElement)[] = [
      (element) => ({ ...element, context: { ...element.context, thresholdPublicKey: other.thresholdPublicKey } }),
      (element) => ({ ...element, context: { ...element.context, publicShares: other.publicShares.slice(0, 2) } }),
      (element) => ({ ...element, context: { ...element.context, ids: [0, 2, 1] } }),
      (element) => ({ ...element, tweaks: [{ value: new Uint8Array(31), isXOnly: false }] }),
      (element) => ({ ...element, tweaks: [{ value: new Uint8Array(32).fill(0xff), isXOnly: true }] }),
    ];
    for (const breakElement of broken) {
      const rounds = [0, 1].map((me) => {
        const elements = elementsOf(shared, me).map((each, index) => (index === 1 ? breakElement(each) : each));
        return start(native, me, 2, elements);
      });
      expect(rounds[0]?.keep).toMatchObject({ hashes: { length: 2 } });
      const results = finish(rounds);
      for (const result of results) {
        expect(result[1]).toMatchObject({ kind: 'failed', culprits: [] });
        expect(isSigned(result[0], shared[0] as Shared)).toBe(true);
        expect(isSigned(result[2], shared[2] as Shared)).toBe(true);
      }
    }
  });

  it('fails at every party where one has lost its share, and that one is named', () => {
    const shared = simpleBatch(2);
    const shares = [new Uint8Array(32).fill(3), new Uint8Array(32), new Uint8Array(32).fill(0xff), new Uint8Array(31)];
    for (const secretShare of shares) {
      const rounds = [0, 1].map((me) => {
        const elements = elementsOf(shared, me);
        const [first, second] = elements;
        if (first === undefined || second === undefined) throw new Error('no elements');
        return start(native, me, 2, me === 1 ? [{ ...first, secretShare }, second] : elements);
      });
      const results = finish(rounds);
      for (const result of results) {
        expect(result[0]).toMatchObject({ kind: 'failed', culprits: [1] });
        expect(isSigned(result[1], shared[1] as Shared)).toBe(true);
      }
    }
  });

  it('says why without the share', () => {
    const [element] = elementsOf(simpleBatch(1), 0);
    if (element === undefined) throw new Error('no element');
    const secretShare = randomBytes(32);
    const round = start(native, 0, 2, [{ ...element, secretShare }]);
    const [result] = asResult(
      asRound(round.next([round.broadcast, round.broadcast])).next([new Uint8Array(32), new Uint8Array(32)]),
    );
    expect(JSON.stringify(result)).not.toContain(hex(secretShare));
    expect(result?.kind === 'failed' && result.reason).toMatch(/secret share/);
  });
});

describe('secrets of a batch', () => {
  /** Remembers what was allocated, and how much of it was given up, which wipes. */
  function watched(): { group: Secp256k1Group; pieces: Uint8Array[]; inUse: () => number } {
    const pieces: Uint8Array[] = [];
    let freed = 0;
    const group = {
      ...native,
      allocateSecret: (length: number) => {
        const piece = new Uint8Array(length);
        pieces.push(piece);
        return piece;
      },
      freeSecret: () => {
        freed += 1;
      },
    };
    return { group, pieces, inUse: () => pieces.length - freed };
  }

  it('lie in one piece of memory, however many elements there are', () => {
    const { group, pieces, inUse } = watched();
    const round = start(group, 0, 2, elementsOf(simpleBatch(50), 0));
    expect(pieces).toHaveLength(1);
    expect(pieces[0]?.some((byte) => byte !== 0)).toBe(true);
    round.abandon();
    expect(inUse()).toBe(0);
  });

  it('are wiped when the nonces are used, when the batch aborts and when it is abandoned', () => {
    const shared = simpleBatch(3);
    const endings: ((round: Batch, other: Batch) => unknown)[] = [
      (round, other) => round.next([round.broadcast, other.broadcast]),
      (round, other) => round.next([round.broadcast, other.broadcast.map((byte) => byte ^ 0xff)]),
      (round) => caught(() => round.next([round.broadcast, new Uint8Array(1)])),
      (round) => caught(() => round.next([])),
      (round) => round.abandon(),
    ];
    for (const end of endings) {
      const { group, inUse } = watched();
      const round = start(group, 0, 2, elementsOf(shared, 0));
      const other = start(native, 1, 2, elementsOf(shared, 1));
      expect(inUse()).toBe(1);
      end(round, other);
      expect(inUse()).toBe(0);
      other.abandon();
    }
  });

  it('are wiped when a batch does not even start, and so is the randomness', () => {
    const { group, inUse } = watched();
    const elements = elementsOf(simpleBatch(2), 0);
    const failing = {
      ...group,
      multiplyBase: (() => {
        let calls = 0;
        return (secret: Uint8Array) => {
          calls += 1;
          if (calls > 4) throw new Error('broken');
          return native.multiplyBase(secret);
        };
      })(),
    };
    const random = randomBytes(64);
    expect(() => signBatch(failing, { me: 0, parties: 2, elements, random })).toThrow('broken');
    expect(inUse()).toBe(0);
    expect(random).toEqual(Buffer.alloc(64));
  });

  it('come from the randomness, which is wiped', () => {
    const random = new Uint8Array(32).fill(5);
    const elements = elementsOf(simpleBatch(1), 0);
    const first = signBatch(native, { me: 0, parties: 2, elements, random: Uint8Array.from(random) });
    const same = signBatch(native, { me: 0, parties: 2, elements, random });
    expect(random).toEqual(new Uint8Array(32));
    expect(same.broadcast).toEqual(first.broadcast);
    const other = signBatch(native, { me: 0, parties: 2, elements, random: new Uint8Array(32).fill(6) });
    expect(other.broadcast).not.toEqual(first.broadcast);
    for (const round of [first, same, other]) round.abandon();
  });
});

describe('a round', () => {
  it('works once', () => {
    const rounds = startAll(simpleBatch(1), 2);
    const broadcasts = rounds.map(({ broadcast }) => broadcast);
    const [round] = rounds;
    round?.next(broadcasts);
    expect(() => round?.next(broadcasts)).toThrow('round used twice');
    rounds[1]?.abandon();
    expect(() => rounds[1]?.next(broadcasts)).toThrow('round used twice');
  });

  it('is refused for no elements, no such party, or too little randomness', () => {
    const elements = elementsOf(simpleBatch(1), 0);
    const input = { me: 0, parties: 2, elements, random: new Uint8Array(32) };
    for (const changed of [
      { elements: [], random: new Uint8Array(0) },
      { me: 2 },
      { me: -1 },
      { me: 0.5 },
      { random: new Uint8Array(31) },
      { random: new Uint8Array(64) },
    ]) {
      expect(() => signBatch(native, { ...input, ...changed })).toThrow(RangeError);
    }
  });
});

function finish(rounds: readonly Batch[]): (readonly ElementResult[])[] {
  const first = rounds.map(({ broadcast }) => broadcast);
  const second = rounds.map((round) => asRound(round.next(first)));
  const partial = second.map(({ broadcast }) => broadcast);
  return second.map((round) => asResult(round.next(partial)));
}

function caught(operation: () => unknown): unknown {
  try {
    operation();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
