import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { CountingMemory } from '../../test/counting-memory.ts';
import { FailingMemory, OutOfMemory } from '../../test/failing-memory.ts';
import { CURVES, type Curve } from '../../test/redeal/curves.ts';
import { type Ceremony, ceremony, liar, type Seat, start } from '../../test/redeal/redeal-ceremony.ts';
import { shareKey } from '../../test/redeal/shamir.ts';
import type { Step } from '../protocol.ts';
import { type Redealt, redeal } from './redeal.ts';
import type { RedealParameters } from './redeal-parameters.ts';

const RESHARE: readonly Seat[] = [{ deals: 0, receives: 1 }, { deals: 2 }, { receives: 0 }];
const REFRESH: readonly Seat[] = [0, 1, 2].map((index) => ({ deals: index, receives: index }));
const IMPORT: readonly Seat[] = [{ deals: 0 }, { receives: 0 }, { receives: 1 }];

const roomOf = {
  reshare: (curve: Curve) => ceremony({ key: shareKey(curve, 2, 3), kind: 'reshare', threshold: 2, seats: RESHARE }),
  refresh: (curve: Curve) => ceremony({ key: shareKey(curve, 2, 3), kind: 'refresh', threshold: 2, seats: REFRESH }),
  import: (curve: Curve) => ceremony({ key: shareKey(curve, 1, 1), kind: 'import', threshold: 2, seats: IMPORT }),
};
const kinds = Object.keys(roomOf) as (keyof typeof roomOf)[];

/** Each party with memory of its own. */
function apart(room: Ceremony): { readonly room: Ceremony; readonly memories: readonly CountingMemory[] } {
  const memories = room.parameters.map(() => new CountingMemory());
  const parameters = room.parameters.map((own, me) => ({ ...own, memory: memories[me] as CountingMemory }));
  return { room: { ...room, parameters }, memories };
}

/** What the others say, as it stands; a party that has ended says nothing. */
const broadcastsOf = (steps: readonly Step<Redealt>[]): Uint8Array[] =>
  steps.map((step) => (step.kind === 'round' ? Uint8Array.from(step.broadcast) : new Uint8Array(0)));

const advance = (steps: readonly Step<Redealt>[]): Step<Redealt>[] => {
  const broadcasts = broadcastsOf(steps);
  return steps.map((step) => {
    if (step.kind !== 'round') throw new Error('ended');
    return step.next(broadcasts);
  });
};

describe.each(CURVES)('secrets of a redealing on $name', (curve) => {
  describe.skipIf(curve.group === undefined)('with the native group', () => {
    it.each(kinds)('%s: only pending state and the new share are left, each where it is handed out', (kind) => {
      const { room, memories } = apart(roomOf[kind](curve));
      const receives = room.parameters.map(({ parties }, me) => parties[me]?.index !== undefined);
      const first = start(room);
      const second = advance(first);
      const kept = second.map((step) => (step.kind === 'round' ? step.keep : undefined));
      expect(kept.map((keep) => keep?.kind)).toEqual(receives.map((yes) => (yes ? 'pending' : undefined)));
      for (const [me, keep] of kept.entries()) if (keep?.kind === 'pending') memories[me]?.free(keep.secret as Buffer);
      const third = advance(second);
      for (const [me, step] of third.entries()) {
        if (step.kind !== 'finished') throw new Error('not finished');
        expect(memories[me]?.allocated).toBe(receives[me] ? 1 : 0);
        if (step.result.scalar !== undefined) memories[me]?.free(step.result.scalar);
        expect(memories[me]?.allocated).toBe(0);
      }
    });

    it.each(kinds)('%s: abandoned in any round, nothing but pending state is left', (kind) => {
      for (const rounds of [1, 2]) {
        const { room, memories } = apart(roomOf[kind](curve));
        let steps: readonly Step<Redealt>[] = start(room);
        if (rounds === 2) steps = advance(steps);
        for (const [me, step] of steps.entries()) {
          if (step.kind !== 'round') throw new Error('ended');
          if (step.keep?.kind === 'pending') memories[me]?.free(step.keep.secret as Buffer);
          step.abandon();
          step.abandon();
          expect(memories[me]?.allocated).toBe(0);
          expect(() => step.next([])).toThrow('round used twice');
        }
      }
    });

    it.each(kinds)('%s: aborted in any round, or given nonsense, nothing but pending state is left', (kind) => {
      const spoils: ((broadcasts: Uint8Array[]) => Uint8Array[])[] = [
        (broadcasts) => broadcasts.map(() => randomBytes(10)),
        (broadcasts) => broadcasts.slice(1),
        () => [],
      ];
      for (const rounds of [1, 2])
        for (const spoil of spoils) {
          const { room, memories } = apart(roomOf[kind](curve));
          let steps: readonly Step<Redealt>[] = start(room);
          if (rounds === 2) steps = advance(steps);
          const spoilt = spoil(broadcastsOf(steps));
          for (const [me, step] of steps.entries()) {
            if (step.kind !== 'round') throw new Error('ended');
            if (step.keep?.kind === 'pending') memories[me]?.free(step.keep.secret as Buffer);
            // Its own message is as it was.
            const own = spoilt.map((bytes, party) => (party === me ? step.broadcast : bytes));
            expect(() => step.next(own)).toThrow();
            expect(memories[me]?.allocated).toBe(0);
          }
        }
    });

    it('complaints: nothing is left of them, abandoned or not', () => {
      for (const isAbandoned of [true, false]) {
        const { room, memories } = apart(roomOf.reshare(curve));
        const second = advance(start(room, new Map([[1, liar(room, 1, { part: () => 1n })]])));
        const broadcasts = broadcastsOf(second);
        for (const [me, step] of second.entries()) {
          if (step.kind !== 'round' || me === 1) continue;
          expect(memories[me]?.allocated).toBe(0);
          if (isAbandoned) step.abandon();
          else expect(() => step.next(broadcasts)).toThrow('a dealt share');
          expect(memories[me]?.allocated).toBe(0);
        }
      }
    });

    it.each(kinds)('%s: where memory runs out, what was had is given back', (kind) => {
      const room = roomOf[kind](curve);
      for (const victim of room.parameters.keys()) {
        let pieces = 0;
        for (let isEnough = false; !isEnough; pieces += 1) {
          const memory = new FailingMemory(pieces);
          isEnough = runVictim(roomOf[kind](curve), victim, memory);
          expect(memory.allocated).toBe(0);
          if (pieces > 50) throw new Error('never enough');
        }
        expect(pieces).toBeGreaterThan(1);
      }
    });

    it.each(kinds)('%s: where the identity does not sign, what was had is given back', (kind) => {
      for (const signature of [
        () => randomBytes(64),
        () => randomBytes(3),
        (): never => {
          throw new RangeError('gone');
        },
      ]) {
        const { room, memories } = apart(roomOf[kind](curve));
        const last = room.parameters.length - 1;
        const parameters = room.parameters.map(
          (own, me): RedealParameters => (me === last ? { ...own, sign: signature } : own),
        );
        const first = start({ ...room, parameters });
        const broadcasts = broadcastsOf(first);
        expect(() => first[last]?.next(broadcasts)).toThrow(RangeError);
        expect(memories[last]?.allocated).toBe(0);
        for (const step of first) step.abandon();
      }
    });
  });
});

/** @returns whether the memory was enough. Everything that is handed out is freed. */
function runVictim(room: Ceremony, victim: number, memory: FailingMemory): boolean {
  const parameters = room.parameters.map((own, me): RedealParameters => (me === victim ? { ...own, memory } : own));
  const rounds = parameters.map((own, me) => (me === victim ? undefined : redeal(own)));
  try {
    let steps: Step<Redealt>[] = rounds.map((each) => each ?? redeal(parameters[victim] as RedealParameters));
    for (let number = 1; number <= 2; number += 1) {
      const broadcasts = broadcastsOf(steps);
      // The victim last, so that the others' steps don't hide where it failed.
      const others = steps.map((step, me) => (me === victim || step.kind !== 'round' ? step : step.next(broadcasts)));
      const own = steps[victim];
      if (own?.kind !== 'round') throw new Error('ended');
      const next = own.next(broadcasts);
      if (next.kind === 'round' && next.keep?.kind === 'pending') memory.free(next.keep.secret as Buffer);
      if (next.kind === 'finished' && next.result.scalar !== undefined) memory.free(next.result.scalar);
      steps = others.with(victim, next);
    }
    return true;
  } catch (error) {
    if (error instanceof OutOfMemory) return false;
    throw error;
  }
}
