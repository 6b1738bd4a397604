import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CountingMemory } from '../../test/counting-memory.ts';
import { type DealtKey, dealKey } from '../../test/ed25519/dealt-key.ts';
import { GROUPS } from '../../test/ed25519/groups.ts';
import { runProtocol, type Tamper } from '../../test/run-protocol.ts';
import type { Round } from '../protocol.ts';
import { derivePath } from './derivation.ts';
import type { Ed25519Group } from './ed25519-group.ts';
import { startSignBatch } from './sign-batch-protocol.ts';
import type { SigningElement, SigningOutcome } from './signing-element.ts';

const OPENING_BYTES = 96;
const SHARE_BYTES = 32;
const [native] = GROUPS;

/** What all parties sign, seen from none of them. */
interface Request {
  readonly key: DealtKey;
  /** Holders of the key, in the order of the parties. */
  readonly holders: readonly number[];
  readonly message: Uint8Array;
  readonly path?: readonly number[];
}

function elementOf(group: Ed25519Group, { key, holders, message, path }: Request, me: number): SigningElement {
  return {
    secretShare: Uint8Array.from(key.secretShares[holders[me] as number] as Uint8Array),
    signers: holders.map((index) => ({ index, publicShare: key.publicShares[index] as Uint8Array })),
    publicKey: key.publicKey,
    tweak: path === undefined ? undefined : derivePath(group, key.publicKey, key.chainCode, path).tweak,
    message,
    extraInput: Buffer.from('room'),
  };
}

interface Started {
  readonly rounds: readonly Round<readonly SigningOutcome[]>[];
  readonly memory: CountingMemory;
}

/** @param requestsOf what a party was asked; the same for all, if not given by party */
function start(group: Ed25519Group, parties: number, requestsOf: (me: number) => readonly Request[]): Started {
  const memory = new CountingMemory();
  const rounds = Array.from({ length: parties }, (_, me) => {
    const elements = requestsOf(me).map((request) => elementOf(group, request, me));
    const randomness = randomBytes(64 * elements.length);
    const round = startSignBatch({ group, memory, parties, me, elements, randomness });
    expect(randomness.every((byte) => byte === 0)).toBe(true);
    return round;
  });
  return { rounds, memory };
}

function run(
  group: Ed25519Group,
  parties: number,
  requestsOf: (me: number) => readonly Request[],
  tamper?: Tamper,
): readonly (readonly SigningOutcome[])[] {
  const { rounds, memory } = start(group, parties, requestsOf);
  const outcomes = runProtocol(rounds, tamper);
  expect(memory.allocated).toBe(0);
  return outcomes.map(({ result, abort }) => {
    if (result === undefined) throw abort ?? new Error('no result');
    return result;
  });
}

function isSignature(publicKey: Uint8Array, message: Uint8Array, outcome: SigningOutcome | undefined): boolean {
  if (outcome?.kind !== 'signed') return false;
  const key = createPublicKey({ key: Buffer.from(publicKey), format: 'raw-public', asymmetricKeyType: 'ed25519' });
  return verify(null, message, key, outcome.signature);
}

/** Alters some bytes of one party's message in one round. */
const altering =
  (party: number, round: number, offset: number, replacement: Uint8Array): Tamper =>
  (broadcast, from, number) => {
    if (from === party && number === round) broadcast.set(replacement, offset);
    return broadcast;
  };

const message = (text: string): Uint8Array => Buffer.from(text);

describe.each(GROUPS.map((group) => ({ name: group.description, group })))('a batch on $name', ({ group }) => {
  const key = dealKey(group, 2, 3);

  it('gives every party the same signatures, which node:crypto verifies, for every pair of holders', () => {
    for (const holders of [
      [0, 1],
      [2, 0],
      [1, 2],
    ]) {
      const requests: Request[] = [
        { key, holders, message: message('one') },
        { key, holders, message: new Uint8Array(0) },
        { key, holders, message: message('three'), path: [1, 2] },
      ];
      const [first, second] = run(group, 2, () => requests);
      expect(first).toEqual(second);
      const child = derivePath(group, key.publicKey, key.chainCode, [1, 2]);
      expect(isSignature(key.publicKey, message('one'), first?.[0])).toBe(true);
      expect(isSignature(key.publicKey, new Uint8Array(0), first?.[1])).toBe(true);
      expect(isSignature(child.publicKey, message('three'), first?.[2])).toBe(true);
      expect(isSignature(key.publicKey, message('three'), first?.[2])).toBe(false);
    }
  });

  it('names who sent a wrong signature share, to everybody, and signs the rest', () => {
    const requests = ['a', 'b', 'c'].map((text) => ({ key, holders: [0, 1, 2], message: message(text) }));
    const outcomes = run(group, 3, () => requests, altering(1, 2, SHARE_BYTES, group.scalarOf(5)));
    for (const me of [0, 2]) {
      expect(outcomes[me]?.[1]).toEqual({
        kind: 'failed',
        culprits: [1],
        reason: "a signature share doesn't belong to its signer's public share",
      });
      expect(isSignature(key.publicKey, message('a'), outcomes[me]?.[0])).toBe(true);
      expect(isSignature(key.publicKey, message('c'), outcomes[me]?.[2])).toBe(true);
    }
  });
});

describe('a batch', () => {
  const group = native;

  it('signs with any keys, thresholds, signers, messages and paths, in any order of parties', () => {
    const request = (parties: number) =>
      fc
        .record({
          holders: fc.integer({ min: parties, max: 6 }),
          threshold: fc.integer({ min: 1, max: parties }),
          text: fc.uint8Array({ maxLength: 300 }),
          path: fc.option(fc.array(fc.nat({ max: 0x7fff_ffff }), { maxLength: 3 }), { nil: undefined }),
        })
        .chain(({ holders, threshold, text, path }) =>
          fc
            .shuffledSubarray(
              Array.from({ length: holders }, (_, i) => i),
              { minLength: parties, maxLength: parties },
            )
            .map((signers) => ({ signers, holders, threshold, text, path })),
        );
    const batch = fc
      .integer({ min: 1, max: 4 })
      .chain((parties) => fc.tuple(fc.constant(parties), fc.array(request(parties), { minLength: 1, maxLength: 4 })));
    fc.assert(
      fc.property(batch, ([parties, described]) => {
        const requests = described.map(({ signers, holders, threshold, text, path }): Request => {
          const request = { key: dealKey(group, threshold, holders), holders: signers, message: text };
          return path === undefined ? request : { ...request, path };
        });
        const outcomes = run(group, parties, () => requests);
        for (const result of outcomes) {
          expect(result).toEqual(outcomes[0]);
          for (const [i, { key, message: text, path = [] }] of requests.entries()) {
            const { publicKey } = derivePath(group, key.publicKey, key.chainCode, path);
            expect(isSignature(publicKey, text, result[i])).toBe(true);
          }
        }
      }),
      { numRuns: 15 },
    );
  });

  it('does not sign with fewer than the threshold, and blames nobody who did right', () => {
    const key = dealKey(group, 3, 4);
    for (const [outcome] of run(group, 2, () => [{ key, holders: [0, 3], message: message('too few') }])) {
      expect(outcome).toEqual({
        kind: 'failed',
        culprits: [],
        reason: "the public shares don't belong to the key",
      });
    }
  });

  describe('of two out of three', () => {
    const key = dealKey(group, 2, 3);
    const request: Request = { key, holders: [2, 0, 1], message: message('pay') };
    const honest = [0, 2];
    const liar = 1;

    const failuresOf = (tamper: Tamper): readonly (SigningOutcome | undefined)[] => {
      const outcomes = run(group, 3, () => [request], tamper);
      return honest.map((me) => outcomes[me]?.[0]);
    };
    const blamed = (outcome: SigningOutcome | undefined) => (outcome?.kind === 'failed' ? outcome.culprits : 'signed');

    it('names who sent nonce commitments that are no points', () => {
      const mixed = ed25519.Point.BASE.add(ed25519.Point.fromBytes(new Uint8Array(32))).toBytes();
      const identity = Uint8Array.of(1, ...new Uint8Array(31));
      for (const bad of [mixed, identity, new Uint8Array(32), new Uint8Array(32).fill(0xff)]) {
        for (const offset of [32, 64]) {
          expect(failuresOf(altering(liar, 1, offset, bad)).map(blamed)).toEqual([[liar], [liar]]);
        }
      }
    });

    it('names who sent other nonce commitments than it signs with', () => {
      const other = group.encode(group.multiplyBasePublic(group.scalarOf(12345)));
      expect(failuresOf(altering(liar, 1, 32, other)).map(blamed)).toEqual([[liar], [liar]]);
      expect(failuresOf(altering(liar, 1, 64, other)).map(blamed)).toEqual([[liar], [liar]]);
    });

    it('names who sent a share that is no scalar', () => {
      for (const bad of [ed25519.Point.Fn.ORDER, 2n ** 256n - 1n]) {
        const bytes = Uint8Array.from(Buffer.from(bad.toString(16).padStart(64, '0'), 'hex')).toReversed();
        const outcomes = failuresOf(altering(liar, 2, 0, bytes));
        expect(outcomes.map(blamed)).toEqual([[liar], [liar]]);
      }
    });

    it('names who sent a wrong share, whichever bit of it', () => {
      fc.assert(
        fc.property(fc.nat({ max: 251 }), (bit) => {
          const tamper: Tamper = (broadcast, from, number) => {
            if (from === liar && number === 2) broadcast[bit >> 3] = (broadcast[bit >> 3] ?? 0) ^ (1 << (bit & 7));
            return broadcast;
          };
          expect(failuresOf(tamper).map(blamed)).toEqual([[liar], [liar]]);
        }),
        { numRuns: 15 },
      );
    });

    it('names every liar where there are several', () => {
      const outcomes = run(
        group,
        3,
        () => [request],
        (broadcast, from, number) => (from > 0 && number === 2 ? Uint8Array.from(group.scalarOf(3 + from)) : broadcast),
      );
      expect(blamed(outcomes[0]?.[0])).toEqual([1, 2]);
    });

    it('names who sent a message of the wrong length, and ends for all elements', () => {
      for (const round of [1, 2]) {
        for (const length of [0, 31, 97]) {
          const { rounds, memory } = start(group, 3, () => [request]);
          const outcomes = runProtocol(rounds, (broadcast, from, number) =>
            from === liar && number === round ? new Uint8Array(length) : broadcast,
          );
          for (const me of honest) expect(outcomes[me]?.abort?.culprits).toEqual([liar]);
          expect(memory.allocated).toBe(0);
        }
      }
    });

    it('blames nobody where parties were asked to sign different things, and signs the rest', () => {
      const rest: Request = { ...request, message: message('the rest') };
      const [first, , third] = key.publicShares as [Uint8Array, Uint8Array, Uint8Array];
      const changes: Partial<Request>[] = [
        { message: message('pay me') },
        { path: [1] },
        { key: dealKey(group, 2, 3) },
        // Of another epoch, say, and with the other holders in each other's place.
        { key: { ...key, publicShares: [first, first, third] } },
        { holders: [1, 0, 2] },
      ];
      for (const change of changes) {
        const outcomes = run(group, 3, (me) => [me === liar ? { ...request, ...change } : request, rest]);
        for (const result of outcomes) {
          expect(result[0]).toEqual({
            kind: 'failed',
            culprits: [],
            reason: 'the parties were asked to sign different things',
          });
          expect(isSignature(key.publicKey, rest.message, result[1])).toBe(true);
        }
      }
    });

    it('names who says that it signs one message and signs another', () => {
      const { rounds } = start(group, 3, (me) => [me === liar ? { ...request, message: message('pay me') } : request]);
      const digest = rounds[0]?.broadcast.slice(0, 32);
      if (digest === undefined) throw new Error('a digest');
      // The liar is also told that all agree with it, so that it goes on.
      const wrong = rounds[liar]?.broadcast.slice(0, 32);
      const seconds = rounds.map((round, me) => {
        const received = rounds.map(({ broadcast }) => {
          const copy = Uint8Array.from(broadcast);
          copy.set((me === liar ? wrong : digest) ?? digest);
          return copy;
        });
        const step = round.next(received);
        if (step.kind !== 'round') throw new Error('two rounds');
        return step;
      });
      for (const me of honest) {
        const step = seconds[me]?.next(seconds.map(({ broadcast }) => broadcast));
        expect(step?.kind === 'finished' && blamed(step.result[0])).toEqual([liar]);
      }
    });

    it('stops where its own message comes back altered, and blames nobody', () => {
      const { rounds, memory } = start(group, 3, () => [request]);
      const received = rounds.map(({ broadcast }) => Uint8Array.from(broadcast));
      (received[0] as Uint8Array)[40] = ((received[0] as Uint8Array)[40] ?? 0) ^ 1;
      expect(() => rounds[0]?.next(received)).toThrow(
        expect.objectContaining({ name: 'ProtocolAbort', culprits: [] }) as Error,
      );
      for (const round of rounds) round.abandon();
      expect(memory.allocated).toBe(0);
    });
  });

  it('keeps a hash of every public nonce before it leaves', () => {
    const key = dealKey(group, 2, 3);
    const requests = ['a', 'b'].map((text) => ({ key, holders: [0, 1], message: message(text) }));
    const { rounds } = start(group, 2, () => requests);
    for (const round of rounds) {
      const hashes = [0, 1].map((i) => {
        const nonces = round.broadcast.subarray(OPENING_BYTES * i + 32, OPENING_BYTES * (i + 1));
        return createHash('sha256').update(nonces).digest();
      });
      expect(round.keep).toEqual({ kind: 'nonces', hashes });
      round.abandon();
    }
  });

  it('uses its nonces once: a round that was used or abandoned gives no second share', () => {
    const key = dealKey(group, 2, 3);
    const { rounds, memory } = start(group, 2, () => [{ key, holders: [0, 1], message: message('once') }]);
    const openings = rounds.map(({ broadcast }) => Uint8Array.from(broadcast));
    rounds[0]?.next(openings);
    expect(() => rounds[0]?.next(openings)).toThrow('round used twice');
    rounds[1]?.abandon();
    expect(() => rounds[1]?.next(openings)).toThrow('round used twice');
    expect(memory.allocated).toBe(0);
  });

  it('never shares a nonce between siblings that sign one message, even with the same randomness', () => {
    const key = dealKey(group, 2, 3);
    const randomness = randomBytes(64);
    const paths = [undefined, [0], [1], [0, 0]];
    const elements = paths.map((path) => {
      const request = { key, holders: [0, 1], message: message('the same') };
      return elementOf(group, path === undefined ? request : { ...request, path }, 0);
    });
    const memory = new CountingMemory();
    const round = startSignBatch({
      ...{ group, memory, parties: 2, me: 0, elements },
      randomness: Buffer.concat(elements.map(() => randomness)),
    });
    const nonces = elements.flatMap((_, i) =>
      [32, 64].map((offset) =>
        Buffer.from(round.broadcast.subarray(OPENING_BYTES * i + offset, OPENING_BYTES * i + offset + 32)).toString(
          'hex',
        ),
      ),
    );
    expect(new Set(nonces).size).toBe(2 * paths.length);
    round.abandon();

    // And the R of whole signatures.
    const requests = paths.map((path): Request => {
      const request = { key, holders: [0, 1], message: message('the same') };
      return path === undefined ? request : { ...request, path };
    });
    const [outcomes] = run(group, 2, () => [...requests, ...requests]);
    const commitments = outcomes?.map((outcome) =>
      outcome.kind === 'signed' ? Buffer.from(outcome.signature.subarray(0, 32)).toString('hex') : '',
    );
    expect(new Set(commitments).size).toBe(2 * paths.length);
  });

  describe('with an element that one party cannot sign', () => {
    const key = dealKey(group, 2, 3);
    const other = dealKey(group, 2, 3);
    const requests = ['good', 'bad'].map((text): Request => ({ key, holders: [0, 1], message: message(text) }));
    const unfit: [string, readonly number[], (good: SigningElement) => SigningElement][] = [
      ['too few signers', [], (good) => ({ ...good, signers: good.signers.slice(1) })],
      [
        'a signer named twice',
        [],
        (good) => ({ ...good, signers: [good.signers[0], good.signers[0]] as SigningElement['signers'] }),
      ],
      [
        'a signer that cannot be',
        [],
        (good) => ({ ...good, signers: good.signers.map(({ publicShare }, i) => ({ index: i - 1, publicShare })) }),
      ],
      [
        'a public share of another length',
        [],
        (good) => ({
          ...good,
          signers: good.signers.map(({ index, publicShare }) => ({ index, publicShare: publicShare.subarray(1) })),
        }),
      ],
      ['a public key that is no point', [], (good) => ({ ...good, publicKey: new Uint8Array(32) })],
      ['a public key of another length', [], (good) => ({ ...good, publicKey: key.publicKey.subarray(1) })],
      ['a tweak that is no scalar', [], (good) => ({ ...good, tweak: new Uint8Array(32).fill(0xff) })],
      ["another key's share", [0], (good) => ({ ...good, secretShare: other.secretShares[0] as Uint8Array })],
      ['a share of zero', [0], (good) => ({ ...good, secretShare: new Uint8Array(32) })],
      ['a share that is no scalar', [0], (good) => ({ ...good, secretShare: new Uint8Array(32).fill(0xff) })],
    ];

    it.each(unfit)('(%s) signs the rest, and the others name it', (_, culprits, spoil) => {
      const memory = new CountingMemory();
      const rounds = [0, 1].map((me) => {
        const [good, bad] = requests.map((request) => elementOf(group, request, me)) as [
          SigningElement,
          SigningElement,
        ];
        const elements = [good, me === 0 ? spoil(bad) : bad];
        return startSignBatch({ group, memory, parties: 2, me, elements, randomness: randomBytes(128) });
      });
      expect(rounds[0]?.keep).toMatchObject({ hashes: { length: 1 } });
      const [mine, theirs] = runProtocol(rounds).map(({ result }) => result ?? []);
      expect(mine?.[1]).toMatchObject({ kind: 'failed', culprits });
      expect(theirs?.[1]).toEqual({ kind: 'failed', culprits: [0], reason: "a party couldn't sign this" });
      for (const result of [mine, theirs]) expect(isSignature(key.publicKey, message('good'), result?.[0])).toBe(true);
      expect(memory.allocated).toBe(0);
    });
  });

  it('looks at a secret share again where the public one differs', () => {
    const key = dealKey(group, 2, 3);
    const good = elementOf(group, { key, holders: [0, 1], message: message('m') }, 0);
    const bad = { ...good, signers: good.signers.map(({ index }) => ({ index, publicShare: key.publicKey })) };
    const round = startSignBatch({
      ...{ group, memory: new CountingMemory(), parties: 2, me: 0 },
      ...{ elements: [good, bad, good], randomness: randomBytes(192) },
    });
    const isSilent = [0, 1, 2].map((i) =>
      round.broadcast.subarray(OPENING_BYTES * i, OPENING_BYTES * (i + 1)).every((byte) => byte === 0),
    );
    expect(isSilent).toEqual([false, true, false]);
    round.abandon();
  });

  it('refuses to begin without elements, randomness, or a place among the parties', () => {
    const key = dealKey(group, 2, 3);
    const good = elementOf(group, { key, holders: [0, 1], message: message('m') }, 0);
    const memory = new CountingMemory();
    const attempt = (elements: readonly SigningElement[], random: number, me: number) =>
      startSignBatch({ group, memory, parties: 2, me, elements, randomness: randomBytes(random) });
    expect(() => attempt([], 0, 0)).toThrow(RangeError);
    expect(() => attempt([good], 63, 0)).toThrow(RangeError);
    expect(() => attempt([good], 128, 0)).toThrow(RangeError);
    for (const me of [-1, 2, 0.5]) expect(() => attempt([good], 64, me)).toThrow(RangeError);
    expect(memory.allocated).toBe(0);
    attempt([good], 64, 0).abandon();
  });

  it('does not sign with a tweak that cancels the key', () => {
    const key = dealKey(group, 1, 1);
    const tweak = new Uint8Array(32);
    group.negateScalar(tweak, key.secretShares[0] as Uint8Array);
    const element = { ...elementOf(group, { key, holders: [0], message: message('m') }, 0), tweak };
    const memory = new CountingMemory();
    const round = startSignBatch({
      ...{ group, memory, parties: 1, me: 0 },
      ...{ elements: [element], randomness: randomBytes(64) },
    });
    expect(runProtocol([round])[0]?.result).toEqual([
      { kind: 'failed', culprits: [], reason: 'the tweak cancels the key' },
    ]);
  });
});
