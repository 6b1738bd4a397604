import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CountingMemory } from '../../test/counting-memory.ts';
import { FailingMemory, OutOfMemory } from '../../test/failing-memory.ts';
import { CURVES, type Curve } from '../../test/redeal/curves.ts';
import { mod, type SharedKey, shareKey } from '../../test/redeal/shamir.ts';
import { parseX25519PublicKey, x25519, x25519PrivateKey, x25519PublicBytes } from '../exchange/x25519.ts';
import { ProtocolAbort } from '../protocol.ts';
import { sealShare } from '../share-encryption.ts';
import { type ExportParameters, exportToOne } from './export-to-one.ts';

interface Room {
  readonly curve: Curve;
  readonly key: SharedKey;
  readonly parameters: readonly ExportParameters[];
}

function exporting(
  curve: Curve,
  threshold: number,
  holders: number,
  indexes: readonly number[],
  recipient: number,
  memory = new CountingMemory(),
): Room {
  if (curve.group === undefined) throw new Error('no engine');
  const { group } = curve;
  const key = shareKey(curve, threshold, holders);
  const recipientSecret = randomBytes(32);
  const session = randomBytes(32);
  const parties = indexes.map((index) => ({ index, publicShare: key.publicShares[index] as Uint8Array }));
  const parameters = indexes.map(
    (index, me): ExportParameters => ({
      ...{ group, memory, session, groupKey: key.groupKey, parties, me, recipient },
      recipientKey: x25519PublicBytes(x25519PrivateKey(recipientSecret)),
      recipientSecret: me === recipient ? recipientSecret : undefined,
      scalar: curve.toBytes(key.shares[index] ?? 0n),
      seed: randomBytes(32),
    }),
  );
  return { curve, key, parameters };
}

/** The message in which somebody gives this share. */
function give({ curve, parameters }: Room, me: number, share: bigint, change: object = {}): Uint8Array {
  const { recipientKey, session, recipient } = parameters[me] as ExportParameters;
  const key = parseX25519PublicKey(recipientKey);
  if (key === undefined) throw new Error('no key');
  const ephemeral = x25519PrivateKey(randomBytes(32));
  const ephemeralKey = x25519PublicBytes(ephemeral);
  const context = { sessionHash: session, dealer: me, recipient, ephemeralKey, dealKey: recipientKey, ...change };
  return Buffer.concat([ephemeralKey, sealShare(context, x25519(ephemeral, key), curve.toBytes(share))]);
}

describe.each(CURVES)('an export on $name', (curve) => {
  const { group } = curve;
  describe.skipIf(group === undefined)('with the native group', () => {
    const sizes = fc
      .integer({ min: 1, max: 7 })
      .chain((holders) => fc.record({ holders: fc.constant(holders), threshold: fc.integer({ min: 1, max: holders }) }))
      .chain(({ holders, threshold }) =>
        fc.record({
          ...{ holders: fc.constant(holders), threshold: fc.constant(threshold), recipient: fc.nat() },
          indexes: fc.shuffledSubarray([...Array(holders).keys()], { minLength: threshold }),
        }),
      );

    it('gives the key to the recipient alone, whoever takes part', () => {
      fc.assert(
        fc.property(sizes, ({ holders, threshold, indexes, recipient: any }) => {
          const recipient = any % indexes.length;
          const memory = new CountingMemory();
          const { key, parameters } = exporting(curve, threshold, holders, indexes, recipient, memory);
          const rounds = parameters.map((own) => exportToOne(own));
          expect(parameters.every(({ seed }) => seed.every((byte) => byte === 0))).toBe(true);
          expect(memory.allocated).toBe(0);
          const broadcasts = rounds.map(({ broadcast }) => broadcast);
          for (const [me, each] of rounds.entries()) {
            expect(each.keep).toBeUndefined();
            const step = each.next(broadcasts);
            if (step.kind !== 'finished') throw new Error('not finished');
            if (me !== recipient) expect(step.result.secret).toBeUndefined();
            else if (step.result.secret !== undefined) {
              expect(curve.toScalar(step.result.secret)).toBe(key.secret);
              expect(memory.allocated).toBe(1);
              memory.free(step.result.secret);
            } else throw new Error('no secret');
          }
          expect(memory.allocated).toBe(0);
        }),
        { numRuns: 25 },
      );
    });

    const bad: Record<string, (room: Room) => Uint8Array> = {
      'another share': (room) => give(room, 1, mod((room.key.shares[1] ?? 0n) + 1n, curve.order)),
      'the share zero': (room) => give(room, 1, 0n),
      'a share above the order': (room) => give(room, 1, 2n ** 256n - 1n),
      "another holder's share": (room) => give(room, 1, room.key.shares[2] ?? 0n),
      'a share for another session': (room) =>
        give(room, 1, room.key.shares[1] ?? 0n, { sessionHash: randomBytes(32) }),
      "another holder's message": (room) => give(room, 2, room.key.shares[2] ?? 0n),
      'a share for somebody else': (room) => give(room, 1, room.key.shares[1] ?? 0n, { recipient: 2 }),
      'no key': (room) => Uint8Array.from([...new Uint8Array(32), ...give(room, 1, 1n).subarray(32)]),
      nothing: () => new Uint8Array(0),
      garbage: () => randomBytes(80),
      'a byte too many': (room) => Uint8Array.of(...give(room, 1, room.key.shares[1] ?? 0n), 0),
    };
    it.each(Object.keys(bad))('blames, at the recipient, who gives %s', (lie) => {
      const memory = new CountingMemory();
      const room = exporting(curve, 2, 3, [0, 1, 2], 0, memory);
      const rounds = room.parameters.map((own) => exportToOne(own));
      const broadcasts: Uint8Array[] = rounds.map(({ broadcast }) => broadcast);
      broadcasts[1] = bad[lie]?.(room) ?? new Uint8Array(0);
      expect(culpritsOf(() => rounds[0]?.next(broadcasts))).toEqual([1]);
      expect(memory.allocated).toBe(0);
      // Who isn't the recipient can't see into it.
      expect(rounds[2]?.next(broadcasts)).toEqual({ kind: 'finished', result: { secret: undefined } });
    });

    it('accepts a message made by hand, and blames all who lie', () => {
      const room = exporting(curve, 2, 3, [0, 1, 2], 0);
      const { shares } = room.key;
      const play = (...broadcasts: Uint8Array[]) => {
        const recipient = exportToOne({ ...(room.parameters[0] as ExportParameters), seed: randomBytes(32) });
        return recipient.next([recipient.broadcast, ...broadcasts]);
      };
      expect(play(give(room, 1, shares[1] ?? 0n), give(room, 2, shares[2] ?? 0n)).kind).toBe('finished');
      expect(culpritsOf(() => play(give(room, 1, 1n), give(room, 2, 1n)))).toEqual([1, 2]);
    });

    it('blames the recipient for a key that is none, at all who would give their shares', () => {
      const room = exporting(curve, 2, 3, [0, 1, 2], 0);
      for (const own of room.parameters.slice(1))
        expect(culpritsOf(() => exportToOne({ ...own, recipientKey: new Uint8Array(32) }))).toEqual([0]);
      expect(room.parameters.slice(1).every(({ seed }) => seed.every((byte) => byte === 0))).toBe(true);
    });

    it.each<[string, (own: ExportParameters) => ExportParameters]>([
      ['too few parties for the threshold', (own) => ({ ...own, parties: own.parties.slice(0, 2) })],
      ['another key', (own) => ({ ...own, groupKey: curve.multiplyBase(5n) })],
      ['no key', (own) => ({ ...own, groupKey: new Uint8Array(33) })],
      [
        'a party twice',
        (own) => ({ ...own, parties: own.parties.map(() => own.parties[0] as ExportParameters['parties'][0]) }),
      ],
      [
        'a public share that is none',
        (own) => ({ ...own, parties: own.parties.map((party) => ({ ...party, publicShare: new Uint8Array(33) })) }),
      ],
      ['a share that is not its own', (own) => ({ ...own, scalar: curve.toBytes(5n) })],
      ['a position outside the room', (own) => ({ ...own, me: 3 })],
      ['a recipient outside the room', (own) => ({ ...own, recipient: 3 })],
      ['a short session', (own) => ({ ...own, session: randomBytes(31) })],
      ['a recipient without its secret', (own) => ({ ...own, recipientSecret: undefined })],
      ['a recipient with another secret', (own) => ({ ...own, recipientSecret: randomBytes(32) })],
    ])('gives nothing away for %s', (_, change) => {
      const [own] = exporting(curve, 3, 4, [3, 0, 2], 0).parameters;
      if (own === undefined) throw new Error('no party');
      expect(() => exportToOne(change(own))).toThrow(RangeError);
      expect(own.seed.every((byte) => byte === 0)).toBe(true);
    });

    it('leaves nothing, abandoned, cut short, or where memory runs out', () => {
      const memory = new CountingMemory();
      const { parameters } = exporting(curve, 2, 2, [0, 1], 0, memory);
      const again = (own: ExportParameters | undefined): ExportParameters => ({
        ...(own as ExportParameters),
        seed: randomBytes(32),
      });
      for (const own of parameters) {
        exportToOne(again(own)).abandon();
        expect(() => exportToOne(again(own)).next([])).toThrow(RangeError);
        expect(memory.allocated).toBe(0);
      }
      const broadcasts = parameters.map((own) => exportToOne(again(own)).broadcast);
      for (let pieces = 0; pieces < 2; pieces += 1) {
        const failing = new FailingMemory(pieces);
        expect(() => exportToOne({ ...again(parameters[0]), memory: failing }).next(broadcasts)).toThrow(OutOfMemory);
        expect(failing.allocated).toBe(0);
      }
    });
  });
});

function culpritsOf(run: () => unknown): readonly number[] | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof ProtocolAbort) return error.culprits;
    throw error;
  }
}
