import { type KeyObject, randomBytes, sign } from 'node:crypto';
import { taggedHash } from '@countersign/algorithms/tagged-hash';
import { describe, expect, it } from 'vitest';
import { CURVES, type Curve } from '../../test/redeal/curves.ts';
import {
  type Ceremony,
  ceremony,
  type HandMadeDealing,
  type Lie,
  liar,
  openByHand,
  type Seat,
  said,
  start,
} from '../../test/redeal/redeal-ceremony.ts';
import { evaluate, invert, mod, randomScalar, shareKey } from '../../test/redeal/shamir.ts';
import { runProtocol } from '../../test/run-protocol.ts';
import { x25519PrivateKey, x25519PublicBytes } from '../exchange/x25519.ts';
import { ProtocolAbort } from '../protocol.ts';
import { redeal } from './redeal.ts';
import { CERTIFICATE_TAG } from './redeal-transcript.ts';

/** A dealer that leaves (0), one that stays (1), who joins (2), another dealer (3), another that joins (4). */
const RESHARE: readonly Seat[] = [
  { deals: 2 },
  { deals: 0, receives: 2 },
  { receives: 0 },
  { deals: 1, receives: 1 },
  { receives: 3 },
];
const REFRESH: readonly Seat[] = [2, 0, 1].map((index) => ({ deals: index, receives: index }));
const IMPORT: readonly Seat[] = [{ receives: 0 }, { deals: 0 }, { receives: 1 }, { receives: 2 }];

const roomOf = {
  reshare: (curve: Curve) => ceremony({ key: shareKey(curve, 2, 3), kind: 'reshare', threshold: 3, seats: RESHARE }),
  refresh: (curve: Curve) => ceremony({ key: shareKey(curve, 2, 3), kind: 'refresh', threshold: 2, seats: REFRESH }),
  import: (curve: Curve) => ceremony({ key: shareKey(curve, 1, 1), kind: 'import', threshold: 2, seats: IMPORT }),
};

/** All honest parties end with the same culprits, and keep nothing secret but what their hosts have. */
function expectBlame(room: Ceremony, lies: ReadonlyMap<number, Lie>, culprits: readonly number[], reason = /./u): void {
  const liars = new Map([...lies].map(([me, lie]) => [me, liar(room, me, lie)]));
  const outcomes = runProtocol(start(room, liars));
  for (const [party, { abort, kept }] of outcomes.entries()) {
    for (const keep of kept) if (keep.kind === 'pending') room.memory.free(keep.secret as Buffer);
    if (lies.has(party)) continue;
    expect(abort, `party ${party}`).toBeInstanceOf(ProtocolAbort);
    expect({ party, culprits: abort?.culprits }).toEqual({ party, culprits });
    expect(abort?.message).toMatch(reason);
  }
  expect(room.memory.allocated).toBe(0);
}

const flipped = (bytes: Uint8Array, bit = 0): Uint8Array => {
  const copy = Uint8Array.from(bytes);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
};

const alter = (change: (dealing: HandMadeDealing) => Partial<HandMadeDealing>): Lie => ({
  dealing: (dealing) => ({ ...dealing, ...change(dealing) }),
});

describe.each(CURVES)('blame in a redealing on $name', (curve) => {
  describe.skipIf(curve.group === undefined)('with the native group', () => {
    it('lets a party of big integers play along', () => {
      for (const make of Object.values(roomOf)) {
        const room = make(curve);
        for (const me of room.parameters.keys()) {
          const handMade = runProtocol(start(fresh(room), new Map([[me, liar(room, me, {})]])));
          for (const [party, { result }] of handMade.entries()) if (party !== me) expect(result).toBeDefined();
        }
      }
    });

    describe('of a dealer', () => {
      const bad: Record<string, (room: Ceremony, me: number) => Lie> = {
        'a part that is not its polynomial, for one receiver': () => ({
          part: (receiver, part) => (receiver === 2 ? mod(part + 1n, curve.order) : part),
        }),
        'wrong parts for all': () => ({ part: (_, part) => mod(part + 1n, curve.order) }),
        'a part above the order': () => ({ part: () => 2n ** 256n - 1n }),
        'the part zero': () => ({ part: () => 0n }),
        "one receiver's part to the others": () =>
          alter(({ sealed }) => ({ sealed: sealed.map(() => sealed[0] as Uint8Array) })),
        'a ciphertext that does not open': () =>
          alter(({ sealed }) => ({ sealed: sealed.with(-1, flipped(sealed.at(-1) as Uint8Array, 300)) })),
        'too few parts': () => alter(({ sealed }) => ({ sealed: sealed.slice(1) })),
        'too many parts': () => alter(({ sealed }) => ({ sealed: [...sealed, ...sealed.slice(0, 1)] })),
        'no ephemeral key': () => alter(() => ({ ephemeralKey: new Uint8Array(32) })),
        'another ephemeral key': () =>
          alter(() => ({ ephemeralKey: x25519PublicBytes(x25519PrivateKey(randomBytes(32))) })),
        'a degree too high': (room, me) => ({ polynomial: [...ownPolynomial(room, me), randomScalar(curve)] }),
        'a degree too low': (room, me) => ({ polynomial: ownPolynomial(room, me).slice(0, -1) }),
        'a commitment that is no point': () =>
          alter(({ commitments }) => ({
            commitments: commitments.with(-1, new Uint8Array(curve.group?.pointBytes ?? 0).fill(0xff)),
          })),
        'a commitment of another length': () =>
          alter(({ commitments }) => ({ commitments: commitments.with(-1, randomBytes(5)) })),
        nothing: () => ({ round1: () => new Uint8Array(0) }),
        'a byte too many': () => ({ round1: (broadcast) => Uint8Array.of(...broadcast, 0) }),
        garbage: () => ({ round1: () => randomBytes(900) }),
        'a count that there is no memory for': () => ({
          round1: (broadcast) => Uint8Array.of(255, 255, 255, 255, ...broadcast.slice(4)),
        }),
      };
      const cases = Object.keys(roomOf).flatMap((kind) => Object.keys(bad).map((lie) => ({ kind, lie })));
      it.each(cases)('$kind: $lie', ({ kind, lie }) => {
        const room = roomOf[kind as keyof typeof roomOf](curve);
        const me = 1;
        expectBlame(room, new Map([[me, bad[lie]?.(room, me) ?? {}]]), [me]);
      });

      it('reshare, import: another constant than its own', () => {
        for (const room of [roomOf.reshare(curve), roomOf.import(curve)]) {
          const [, ...rest] = ownPolynomial(room, 1);
          expectBlame(room, new Map([[1, { polynomial: [randomScalar(curve), ...rest] }]]), [1], /another constant/u);
        }
      });

      it('reshare: constants of two liars that add up to the same', () => {
        const room = roomOf.reshare(curve);
        const [own = 0n, ...rest] = ownPolynomial(room, 1);
        const [other = 0n, ...others] = ownPolynomial(room, 3);
        const lies = new Map([
          [1, { polynomial: [mod(own + 1n, curve.order), ...rest] }],
          [3, { polynomial: [mod(other - 1n, curve.order), ...others] }],
        ]);
        expectBlame(room, lies, [1, 3]);
      });

      it('refresh: a constant that is not zero, committed to or not', () => {
        const polynomial = [randomScalar(curve), randomScalar(curve)];
        const shown = alter(({ commitments }) => ({
          commitments: [curve.multiplyBase(polynomial[0] ?? 0n), ...commitments],
        }));
        expectBlame(roomOf.refresh(curve), new Map([[0, { ...shown, polynomial }]]), [0], /wrong degree/u);
        expectBlame(roomOf.refresh(curve), new Map([[0, { polynomial }]]), [0], /share/u);
      });

      it("another dealer's message as its own", () => {
        const room = roomOf.refresh(curve);
        const first = redealAs(room, 0);
        const outcomes = runProtocol([first, liar(room, 1, { round1: () => first.broadcast }), redealAs(room, 2)]);
        expect(outcomes.map(({ abort }) => abort?.culprits)).toEqual([[1], [], [1]]);
      });

      it('its message of another session', () => {
        const room = roomOf.reshare(curve);
        const before = liar(room, 1, {}).broadcast;
        const session = randomBytes(32);
        const next = fresh({ ...room, parameters: room.parameters.map((own) => ({ ...own, session })) });
        expectBlame(next, new Map([[1, { round1: () => before }]]), [1]);
      });

      it('of several, all of them', () => {
        const room = roomOf.reshare(curve);
        const lies = new Map([
          [3, { part: (receiver: number, part: bigint) => (receiver === 2 ? 1n : part) }],
          [1, { part: (receiver: number, part: bigint) => (receiver === 4 ? 1n : part) }],
        ]);
        expectBlame(room, lies, [1, 3]);
      });
    });

    describe('of somebody who does not deal', () => {
      it('for a message in round 1', () => {
        expectBlame(roomOf.reshare(curve), new Map([[2, { round1: () => Uint8Array.of(0) }]]), [2]);
        const room = roomOf.reshare(curve);
        const dealing = liar(room, 1, {}).broadcast;
        expectBlame(room, new Map([[2, { round1: () => dealing }]]), [2]);
      });

      it('for a key to deal to that is none, by all before anything is dealt', () => {
        for (const [kind, culprit] of [
          ['reshare', 2],
          ['refresh', 1],
          ['import', 0],
        ] as const) {
          const room = roomOf[kind](curve);
          const parties = room.parameters[0]?.parties.map((party, place) =>
            // For one dealer only.
            place === culprit ? { ...party, dealKeys: party.dealKeys.with(-1, new Uint8Array(32)) } : party,
          );
          if (parties === undefined) throw new Error('no parties');
          for (const [me, own] of room.parameters.entries()) {
            if (me === culprit) continue;
            expect(abortOf(() => redeal({ ...own, parties }))?.culprits).toEqual([culprit]);
          }
          expect(room.memory.allocated).toBe(0);
        }
      });
    });

    describe('of who lies in round 2', () => {
      /** Secrets of the liar, who is honest in round 1. */
      const secretFor = (room: Ceremony, me: number, place: number): Uint8Array =>
        room.parameters[me]?.dealSecrets[place] ?? new Uint8Array(32);
      const bad: Record<string, (room: Ceremony, me: number) => Lie> = {
        'complains without reason': (room, me) => ({ round2: () => said.complaint(0, secretFor(room, me, 0)) }),
        'complains with another secret': () => ({ round2: () => said.complaint(0, randomBytes(32)) }),
        'complains with its secret for another dealer': (room, me) => ({
          round2: () => said.complaint(0, secretFor(room, me, 1)),
        }),
        'complains about itself': (room, me) => ({ round2: () => said.complaint(me, secretFor(room, me, 1)) }),
        'complains about nobody': (room, me) => ({ round2: () => Uint8Array.of(1, 231, 3, ...secretFor(room, me, 0)) }),
        'complains about who does not deal': (room, me) => ({
          round2: () => said.complaint(2, secretFor(room, me, 0)),
        }),
        'refuses without reason': () => ({ round2: () => said.refusal() }),
        'signs wrongly': () => ({ round2: (signed) => flipped(signed, 100) }),
        'signs with the key of another party': ({ identities }) => ({
          round2: (_signed, hash) =>
            said.signature(sign(null, taggedHash(CERTIFICATE_TAG, hash), identities[0] as KeyObject)),
        }),
        'signs something else': ({ identities }, me) => ({
          round2: () =>
            said.signature(sign(null, taggedHash(CERTIFICATE_TAG, randomBytes(32)), identities[me] as KeyObject)),
        }),
        'says nothing': () => ({ round2: () => new Uint8Array(0) }),
        'says something of another length': () => ({ round2: (signed) => Uint8Array.of(...signed, 0) }),
        'says something unknown': () => ({ round2: (signed) => Uint8Array.of(9, ...signed.slice(1)) }),
      };
      const cases = (['reshare', 'refresh'] as const).flatMap((kind) => Object.keys(bad).map((lie) => ({ kind, lie })));
      it.each(cases)('$kind: $lie', ({ kind, lie }) => {
        const room = roomOf[kind](curve);
        expectBlame(room, new Map([[1, bad[lie]?.(room, 1) ?? {}]]), [1]);
      });

      it('complains without receiving', () => {
        const room = roomOf.reshare(curve);
        expectBlame(room, new Map([[0, { round2: () => said.complaint(1, randomBytes(32)) }]]), [0]);
      });

      it('lies about a liar: the complaint is right, and so is the blame', () => {
        const room = roomOf.reshare(curve);
        const secret = room.parameters[2]?.dealSecrets[1] as Uint8Array;
        const lies = new Map<number, Lie>([
          [1, { part: (receiver, part) => (receiver === 2 ? mod(part + 1n, curve.order) : part) }],
          [2, { round2: () => said.complaint(1, secret) }],
        ]);
        expectBlame(room, lies, [1]);
      });

      it('beside a dealer that lied to another', () => {
        const room = roomOf.reshare(curve);
        const secret = room.parameters[4]?.dealSecrets[0] as Uint8Array;
        const lies = new Map<number, Lie>([
          [1, { part: (receiver, part) => (receiver === 2 ? mod(part + 1n, curve.order) : part) }],
          [4, { round2: () => said.complaint(0, secret) }],
        ]);
        expectBlame(room, lies, [1, 4]);
      });
    });

    describe('of a share that is made zero', () => {
      it('of its holder, which deals last', () => {
        for (const round2 of [undefined, () => said.refusal()]) {
          const room = roomOf.refresh(curve);
          const me = 1;
          const index = REFRESH[me]?.receives ?? 0;
          const honest = [0, 2].map((party) => [party, redealAs(room, party)] as const);
          const others = honest.reduce(
            (sum, [party, { broadcast }]) => sum + openByHand(room, party, me, broadcast),
            0n,
          );
          const before = room.key.shares[index] ?? 0n;
          const slope = mod(-(before + others) * invert(BigInt(index + 1), curve.order), curve.order);
          const zeroed = liar(room, me, { polynomial: [0n, slope], ...(round2 && { round2 }) });
          const outcomes = runProtocol([honest[0]?.[1], zeroed, honest[1]?.[1]].map((each) => each ?? zeroed));
          expect(outcomes.map(({ abort }) => abort?.culprits)).toEqual([[me], [], [me]]);
          expect(room.memory.allocated).toBe(0);
        }
      });

      it('of its holder, whatever another liar says', () => {
        for (const [said2, culprits] of [
          [undefined, [1]],
          [() => randomBytes(3), [0]],
        ] as const) {
          const room = roomOf.refresh(curve);
          const index = REFRESH[1]?.receives ?? 0;
          const [accomplice, honest] = [liar(room, 0, said2 ? { round2: said2 } : {}), redealAs(room, 2)];
          const others = openByHand(room, 0, 1, accomplice.broadcast) + openByHand(room, 2, 1, honest.broadcast);
          const slope = mod(
            -((room.key.shares[index] ?? 0n) + others) * invert(BigInt(index + 1), curve.order),
            curve.order,
          );
          const outcomes = runProtocol([accomplice, liar(room, 1, { polynomial: [0n, slope] }), honest]);
          expect(outcomes[2]?.abort?.culprits).toEqual(culprits);
        }
      });

      it('by commitments of a dealer that does not know what it dealt, for an honest party', () => {
        const room = roomOf.refresh(curve);
        const { group } = curve;
        if (group === undefined) throw new Error('no engine');
        const victim = 2;
        const index = REFRESH[victim]?.receives ?? 0;
        const honest = [0, 2].map((party) => redealAs(room, party));
        const others = honest.map(({ broadcast }) => {
          // The one commitment of a polynomial of degree 1 without a constant; behind the count and its length.
          const commitment = group.decode(broadcast.subarray(8, 8 + group.pointBytes));
          return group.multiplyPublic(commitment ?? group.identity, group.scalarOf(index + 1));
        });
        const before = group.decode(room.key.publicShares[index] ?? new Uint8Array(0)) ?? group.identity;
        const target = group.negate(group.add([before, ...others]));
        const slope = group.multiplyPublic(target, group.invertPublic(group.scalarOf(index + 1)));
        const rogue = liar(
          room,
          1,
          alter(() => ({ commitments: [group.encode(slope)] })),
        );
        const [first, second] = honest;
        const outcomes = runProtocol([first ?? rogue, rogue, second ?? rogue]);
        expect(outcomes.map(({ abort }) => abort?.culprits)).toEqual([[1], [], [1]]);
        expect(room.memory.allocated).toBe(0);
      });

      it('by the only dealer, for an honest party', () => {
        const room = roomOf.import(curve);
        const slope = mod(-room.key.secret * invert(2n, curve.order), curve.order);
        const polynomial = [room.key.secret, slope];
        expect(evaluate(curve, polynomial, 2)).toBe(0n);
        expectBlame(room, new Map([[1, { polynomial, round2: () => said.refusal() }]]), [1], /zero/u);
      });

      it('by a receiver with a dealer, or all dealers: nobody can tell, and nobody is blamed', () => {
        const room = roomOf.reshare(curve);
        const honest = [0, 3].map((party) => [party, redealAs(room, party)] as const);
        // Party 2 gives its parts to party 1.
        const parts = honest.reduce((sum, [party, { broadcast }]) => sum + openByHand(room, party, 2, broadcast), 0n);
        const own = ownPolynomial(room, 1);
        const rest = mod(-parts - (own[0] ?? 0n) - (own[2] ?? 0n), curve.order);
        const refuse = { round2: () => said.refusal() };
        const zeroed = liar(room, 1, { polynomial: own.with(1, rest), ...refuse });
        const rounds = room.parameters.map((_, party) => {
          if (party === 1) return zeroed;
          if (party === 2) return liar(room, 2, refuse);
          return honest.find(([each]) => each === party)?.[1] ?? redealAs(room, party);
        });
        for (const [party, { abort }] of runProtocol(rounds).entries()) {
          if (party === 1 || party === 2) continue;
          expect(abort?.culprits).toEqual([]);
          expect(abort?.message).toMatch(/number 2.*or all dealers/u);
        }
        expect(room.memory.allocated).toBe(0);
      });
    });

    it('of nobody, where the constants are not those of the group key', () => {
      for (const room of [roomOf.reshare(curve), roomOf.import(curve)]) {
        const groupKey = curve.multiplyBase(randomScalar(curve));
        for (const own of room.parameters) {
          expect(abortOf(() => redeal({ ...own, groupKey }))?.culprits).toEqual([]);
          expect(own.seed.every((byte) => byte === 0)).toBe(true);
        }
        expect(room.memory.allocated).toBe(0);
      }
    });

    it("of nobody, where a party's own message is altered on the way", () => {
      const room = roomOf.refresh(curve);
      const rounds = start(room);
      const broadcasts = rounds.map(({ broadcast }) => Uint8Array.from(broadcast));
      for (const [me, each] of rounds.entries()) {
        const altered: Uint8Array[] = [...broadcasts];
        altered[me] = flipped(broadcasts[me] ?? new Uint8Array(0), 80);
        expect(abortOf(() => each.next(altered))?.culprits).toEqual([]);
      }
      expect(room.memory.allocated).toBe(0);
    });

    it('a complaint shows one secret, which opens no other part', () => {
      const room = roomOf.reshare(curve);
      const lies = new Map([[1, liar(room, 1, { part: () => 1n })]]);
      const rounds = start(room, lies);
      const broadcasts = rounds.map(({ broadcast }) => Uint8Array.from(broadcast));
      const second = rounds.map((each) => each.next(broadcasts));
      const complaint = second[2];
      if (complaint?.kind !== 'round') throw new Error('no round 2');
      const shown = Buffer.from(complaint.broadcast.subarray(3));
      const secrets = room.parameters[2]?.dealSecrets.map((secret) => Buffer.from(secret)) ?? [];
      expect(secrets.map((secret) => shown.equals(secret))).toEqual([false, true, false]);
      expect(complaint.keep).toBeUndefined();
      for (const step of second) if (step.kind === 'round') step.abandon();
    });

    /** The same room with new seeds, since a seed works once. */
    function fresh(room: Ceremony): Ceremony {
      return { ...room, parameters: room.parameters.map((own) => ({ ...own, seed: randomBytes(32) })) };
    }

    function redealAs(room: Ceremony, party: number): ReturnType<typeof redeal> {
      const own = room.parameters[party];
      if (own === undefined) throw new Error('no such party');
      return redeal(own);
    }

    function ownPolynomial({ parameters, constants }: Ceremony, me: number): bigint[] {
      const threshold = parameters[me]?.threshold ?? 0;
      return Array.from({ length: threshold }, (_, power) =>
        power === 0 ? (constants[me] ?? 0n) : randomScalar(curve),
      );
    }
  });
});

function abortOf(run: () => unknown): ProtocolAbort | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof ProtocolAbort) return error;
    throw error;
  }
}
