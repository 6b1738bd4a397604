import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CURVES } from '../../test/redeal/curves.ts';
import { type Ceremony, ceremony, type Seat, start } from '../../test/redeal/redeal-ceremony.ts';
import { combine, type SharedKey, shareKey } from '../../test/redeal/shamir.ts';
import { type Outcome, runProtocol } from '../../test/run-protocol.ts';
import { type Redealt, redeal } from './redeal.ts';
import type { RedealParameters } from './redeal-parameters.ts';
import { readEvidence } from './redeal-transcript.ts';

/** Some of these, in random order. */
const subset = (of: number, size: number): fc.Arbitrary<number[]> =>
  fc.shuffledSubarray(
    Array.from({ length: of }, (_, place) => place),
    { minLength: size, maxLength: size },
  );

interface Sizes {
  readonly oldThreshold: number;
  readonly oldHolders: number;
  readonly threshold: number;
  readonly seats: readonly Seat[];
}

/** t of n to t' of n', any at least t holders dealing; who stays, joins and leaves, and where it sits, is random. */
const resharing: fc.Arbitrary<Sizes> = fc
  .record({ oldHolders: fc.integer({ min: 1, max: 7 }), holders: fc.integer({ min: 1, max: 7 }) })
  .chain(({ oldHolders, holders }) =>
    fc
      .record({
        oldThreshold: fc.integer({ min: 1, max: oldHolders }),
        threshold: fc.integer({ min: 1, max: holders }),
      })
      .chain((thresholds) => fc.record({ ...constants({ ...thresholds, oldHolders, holders }) })),
  )
  .chain(({ oldHolders, holders, oldThreshold, threshold }) =>
    fc
      .integer({ min: oldThreshold, max: oldHolders })
      .chain((dealing) =>
        fc.record({
          dealers: subset(oldHolders, dealing),
          receivers: subset(holders, holders),
          staying: fc.integer({ min: 0, max: Math.min(dealing, holders) }),
        }),
      )
      .chain(({ dealers, receivers, staying }) => {
        const seats: Seat[] = [
          ...dealers.map((deals, place) => {
            const receives = receivers[place];
            return place < staying && receives !== undefined ? { deals, receives } : { deals };
          }),
          ...receivers.slice(staying).map((receives) => ({ receives })),
        ];
        return fc
          .shuffledSubarray(seats, { minLength: seats.length })
          .map((shuffled) => ({ oldThreshold, oldHolders, threshold, seats: shuffled }));
      }),
  );

function constants<T extends object>(values: T): { [Name in keyof T]: fc.Arbitrary<T[Name]> } {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, fc.constant(value)])) as never;
}

const refreshing: fc.Arbitrary<Sizes> = fc.integer({ min: 1, max: 7 }).chain((holders) =>
  fc.record({ threshold: fc.integer({ min: 1, max: holders }), order: subset(holders, holders) }).map(
    ({ threshold, order }): Sizes => ({
      ...{ oldThreshold: threshold, oldHolders: holders, threshold },
      seats: order.map((index) => ({ deals: index, receives: index })),
    }),
  ),
);

const importing: fc.Arbitrary<Sizes> = fc
  .integer({ min: 1, max: 7 })
  .chain((holders) =>
    fc.record({
      threshold: fc.integer({ min: 1, max: holders }),
      order: subset(holders, holders),
      dealer: fc.integer({ min: 0, max: holders }),
    }),
  )
  .map(({ threshold, order, dealer }): Sizes => {
    const seats = order.map((receives, place): Seat => (place === dealer ? { deals: 0, receives } : { receives }));
    // Outside the receivers, or one of them.
    if (dealer === order.length) seats.splice(threshold % (order.length + 1), 0, { deals: 0 });
    return { oldThreshold: 1, oldHolders: 1, threshold, seats };
  });

/** The new shares by index; what all must have alike is checked. */
function sharesOf({ curve, key, parameters }: Ceremony, outcomes: readonly Outcome<Redealt>[]): Map<number, bigint> {
  const [first] = outcomes;
  const shares = new Map<number, bigint>();
  for (const [position, { abort, result }] of outcomes.entries()) {
    expect(abort).toBeUndefined();
    expect(result?.publicShares).toEqual(first?.result?.publicShares);
    expect(result?.transcriptHash).toEqual(first?.result?.transcriptHash);
    expect(result?.evidence).toEqual(first?.result?.evidence);
    const { index } = parameters[position]?.parties[position] ?? {};
    expect(result?.scalar === undefined).toBe(index === undefined);
    if (index === undefined || result?.scalar === undefined) continue;
    const share = curve.toScalar(result.scalar);
    shares.set(index, share);
    expect(Buffer.from(result.publicShares[index] ?? [])).toEqual(Buffer.from(curve.multiplyBase(share)));
  }
  if (curve.group === undefined || first?.result === undefined) throw new Error('no result');
  const read = readEvidence(curve.group, first.result.evidence);
  expect(read.publicShares).toEqual(first.result.publicShares);
  expect(Buffer.from(read.transcript.groupKey)).toEqual(Buffer.from(key.groupKey));
  expect(Buffer.from(read.hash)).toEqual(Buffer.from(first.result.transcriptHash));
  return shares;
}

function some(shares: ReadonlyMap<number, bigint>, count: number, from = 0): ReadonlyMap<number, bigint> {
  const all = [...shares];
  return new Map(Array.from({ length: count }, (_, place) => all[(from + place) % all.length] as [number, bigint]));
}

/** Everything that the host owns now. */
function freeAll({ memory }: Ceremony, outcomes: readonly Outcome<Redealt>[]): void {
  for (const { result, kept } of outcomes) {
    if (result?.scalar !== undefined) memory.free(result.scalar);
    for (const keep of kept) if (keep.kind === 'pending') memory.free(keep.secret as Buffer);
  }
}

describe.each(CURVES)('redealing on $name', (curve) => {
  const hasEngine = curve.group !== undefined;

  describe.skipIf(!hasEngine)('with the native group', () => {
    const kinds = [
      { kind: 'refresh', sizes: refreshing },
      { kind: 'reshare', sizes: resharing },
      { kind: 'import', sizes: importing },
    ] as const;

    it.each(kinds)('$kind: any t new shares are the key, t - 1 are not; nothing secret is left', ({ kind, sizes }) => {
      fc.assert(
        fc.property(sizes, fc.nat({ max: 6 }), ({ oldThreshold, oldHolders, threshold, seats }, from) => {
          const key = shareKey(curve, oldThreshold, oldHolders);
          const room = ceremony({ key, kind, threshold, seats });
          const outcomes = runProtocol(start(room));
          const shares = sharesOf(room, outcomes);
          expect(combine(curve, some(shares, threshold, from))).toBe(key.secret);
          if (threshold > 1) expect(combine(curve, some(shares, threshold - 1, from))).not.toBe(key.secret);
          expect(room.parameters.every(({ seed }) => seed.every((byte) => byte === 0))).toBe(true);
          freeAll(room, outcomes);
          expect(room.memory.allocated).toBe(0);
        }),
        { numRuns: 12 },
      );
    });

    it.each([
      { kind: 'refresh', threshold: 3, seats: [0, 1, 2, 3, 4].map((index) => ({ deals: index, receives: index })) },
      { kind: 'reshare', threshold: 3, seats: [0, 1, 2, 3, 4].map((index) => ({ deals: index, receives: index })) },
    ] as const)('$kind: shares of two epochs do not make the key', ({ kind, threshold, seats }) => {
      const key = shareKey(curve, 3, 5);
      const room = ceremony({ key, kind, threshold, seats });
      const outcomes = runProtocol(start(room));
      const shares = sharesOf(room, outcomes);
      for (let fresh = 1; fresh < threshold; fresh += 1) {
        const mixed = some(shares, fresh);
        const old = new Map(key.shares.entries().filter(([index]) => index >= fresh));
        expect(combine(curve, new Map([...mixed, ...some(old, threshold - fresh)]))).not.toBe(key.secret);
        // t - 1 of each: no t of them that are of different holders, whichever are taken.
        expect(combine(curve, new Map([...mixed, ...some(old, threshold - 1)]))).not.toBe(key.secret);
      }
      for (const [index, share] of shares) expect(share).not.toBe(key.shares[index]);
    });

    it('redeals what was redealt, from each kind to each other', () => {
      let key: SharedKey = shareKey(curve, 1, 1);
      const { secret } = key;
      const steps = [
        { kind: 'import', threshold: 2, seats: [{ deals: 0 }, { receives: 0 }, { receives: 1 }, { receives: 2 }] },
        { kind: 'refresh', threshold: 2, seats: [0, 1, 2].map((index) => ({ deals: index, receives: index })) },
        {
          kind: 'reshare',
          threshold: 3,
          seats: [{ deals: 2, receives: 3 }, { receives: 0 }, { deals: 0, receives: 1 }, { receives: 2 }],
        },
        { kind: 'refresh', threshold: 3, seats: [3, 1, 0, 2].map((index) => ({ deals: index, receives: index })) },
        { kind: 'reshare', threshold: 1, seats: [{ deals: 0, receives: 0 }, { deals: 3 }, { deals: 2 }] },
      ] as const;
      for (const { kind, threshold, seats } of steps) {
        const room = ceremony({ key, kind, threshold, seats });
        const shares = sharesOf(room, runProtocol(start(room)));
        const ordered = [...shares].sort(([a], [b]) => a - b).map(([, share]) => share);
        const publicShares = ordered.map((share) => curve.multiplyBase(share));
        key = { ...key, threshold, shares: ordered, publicShares };
        expect(combine(curve, some(shares, threshold))).toBe(secret);
      }
    });

    it('makes different shares every time, from different seeds', () => {
      const key = shareKey(curve, 2, 2);
      const seats = [0, 1].map((index) => ({ deals: index, receives: index }));
      const [first, second] = [0, 1].map(() => {
        const room = ceremony({ key, kind: 'refresh', threshold: 2, seats });
        return sharesOf(room, runProtocol(start(room)));
      });
      expect(first?.get(0)).not.toBe(second?.get(0));
    });

    describe('parameters that no honest party has', () => {
      const seats: readonly Seat[] = [{ deals: 0, receives: 1 }, { deals: 1 }, { receives: 0 }];
      const reshare = (): RedealParameters =>
        ceremony({ key: shareKey(curve, 2, 3), kind: 'reshare', threshold: 2, seats })
          .parameters[0] as RedealParameters;
      const refresh = (): RedealParameters => {
        const three = [0, 1, 2].map((index) => ({ deals: index, receives: index }));
        const key = shareKey(curve, 2, 3);
        return ceremony({ key, kind: 'refresh', threshold: 2, seats: three }).parameters[0] as RedealParameters;
      };
      const withParty = (own: RedealParameters, position: number, change: object): RedealParameters => ({
        ...own,
        parties: own.parties.map((party, place) => (place === position ? { ...party, ...change } : party)),
      });

      it.each<[string, (own: RedealParameters) => RedealParameters]>([
        ['a position outside the room', (own) => ({ ...own, me: 3 })],
        ['a short session', (own) => ({ ...own, session: randomBytes(31) })],
        ['no threshold', (own) => ({ ...own, threshold: 0 })],
        ['a threshold above the receivers', (own) => ({ ...own, threshold: 3 })],
        ['a threshold that is no number of parties', (own) => ({ ...own, threshold: 1.5 })],
        ['a party twice', (own) => withParty(own, 2, { identity: own.parties[1]?.identity })],
        ['receivers that are not numbered from 0', (own) => withParty(own, 2, { index: 2 })],
        ['two receivers with one number', (own) => withParty(own, 2, { index: 1 })],
        ['a receiver with too few keys', (own) => withParty(own, 2, { dealKeys: [] })],
        ['keys of who does not receive', (own) => withParty(own, 1, { dealKeys: own.parties[2]?.dealKeys })],
        ['another constant than the one that was promised', (own) => ({ ...own, constant: curve.toBytes(5n) })],
        ['no constant', (own) => ({ ...own, constant: undefined })],
        ['too few deal secrets', (own) => ({ ...own, dealSecrets: own.dealSecrets.slice(1) })],
        ['deal secrets in another order', (own) => ({ ...own, dealSecrets: own.dealSecrets.toReversed() })],
        ['a group key that is no point', (own) => ({ ...own, groupKey: new Uint8Array(33) })],
        ['two who import', (own) => ({ ...own, kind: 'import' })],
        ['shares to add to', (own) => ({ ...own, base: refresh().base })],
        ['a refresh without shares to add to', (own) => ({ ...own, kind: 'refresh' })],
      ])('%s', (_, change) => {
        const own = reshare();
        expect(() => redeal(change(own))).toThrow(RangeError);
        expect(own.seed.every((byte) => byte === 0)).toBe(true);
        expect((own.memory as Ceremony['memory']).allocated).toBe(0);
      });

      it.each<[string, (own: RedealParameters) => RedealParameters]>([
        ['no shares to add to', (own) => ({ ...own, base: undefined })],
        ['a share that is not its own', (own) => withBase(own, { scalar: curve.toBytes(5n) })],
        ['a threshold below the old one', (own) => ({ ...own, threshold: 1 })],
        ['old shares of another key', (own) => ({ ...own, groupKey: curve.multiplyBase(5n) })],
        ['too few old shares', (own) => withBase(own, { publicShares: own.base?.publicShares.slice(1) })],
        ['an old share that is no point', (own) => withOldShare(own, new Uint8Array(33))],
        ['an old share of another polynomial', (own) => withOldShare(own, curve.multiplyBase(5n))],
        ['a dealer of something', (own) => withParty(own, 1, { constant: own.groupKey })],
        ['a party that does not deal', (own) => withParty(own, 1, { constant: undefined })],
      ])('of a refresh: %s', (_, change) => {
        const own = refresh();
        expect(() => redeal(change(own))).toThrow(RangeError);
        expect((own.memory as Ceremony['memory']).allocated).toBe(0);
      });

      function withBase(own: RedealParameters, change: object): RedealParameters {
        return { ...own, base: { ...(own.base as NonNullable<RedealParameters['base']>), ...change } };
      }

      function withOldShare(own: RedealParameters, share: Uint8Array): RedealParameters {
        return withBase(own, { publicShares: own.base?.publicShares.with(2, share) });
      }
    });
  });
});
