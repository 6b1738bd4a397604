import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAttemptLimit } from './attempt-limit.ts';
import { createSingleUseMap } from './single-use-map.ts';

describe('a map of single-use values', () => {
  it('never holds more than it may, and gives each value once, in its time', () => {
    const limits = { lifetimeMs: 10, maxEntries: 5, maxPerOwner: 2 };
    const step = fc.oneof(
      fc.record({ kind: fc.constant('put' as const), owner: fc.constantFrom('a', 'b', 'c', 'd') }),
      fc.record({ kind: fc.constant('take' as const), index: fc.nat(30) }),
      fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(8) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let nowMs = 0;
        const map = createSingleUseMap<number>(limits, () => nowMs);
        // The model: everything that was ever put, and whether it is still to be had.
        const model: { id: string; owner: string; expiresAtMs: number; taken: boolean }[] = [];
        const live = () => model.filter(({ taken, expiresAtMs }) => !taken && expiresAtMs > nowMs);
        for (const each of steps)
          if (each.kind === 'wait') nowMs += each.ms;
          else if (each.kind === 'take') {
            const entry = model[each.index];
            const taken = map.take(entry?.id ?? 'unknown');
            expect(taken).toBe(entry !== undefined && live().includes(entry) ? each.index : undefined);
            if (entry !== undefined) entry.taken = true;
          } else {
            const held = (of: string): number => live().filter(({ owner }) => owner === of).length;
            const own = held(each.owner);
            const share = Math.floor(limits.maxEntries / (new Set(live().map(({ owner }) => owner)).size + 1));
            const evicted =
              live().length < limits.maxEntries || own >= Math.min(share, limits.maxPerOwner)
                ? undefined
                : live().find(({ owner }) => held(owner) > share);
            if (evicted !== undefined) evicted.taken = true;
            const fits = own < limits.maxPerOwner && live().length < limits.maxEntries;
            const put = () => map.put(each.owner, model.length);
            if (!fits) expect(put).toThrow(expect.objectContaining({ code: 'rate_limited' }));
            else model.push({ ...put(), owner: each.owner, taken: false });
          }
      }),
    );
  });
});

it('many owners that fill a map keep nobody else out', () => {
  const map = createSingleUseMap<string>({ lifetimeMs: 10, maxEntries: 100, maxPerOwner: 25 }, () => 0);
  const hoarded = Array.from({ length: 100 }, (_, index) => map.put(`hoarder ${index % 4}`, 'hoarded').id);
  const { id } = map.put('somebody', 'own');
  expect(map.take(id)).toBe('own');
  expect(hoarded.filter((each) => map.take(each) === undefined)).toHaveLength(1);
});

describe('a limit on attempts', () => {
  const limits = { maxFailures: 3, lockMs: 100, maxSubjects: 2 };
  const isLocked = (check: () => void): boolean => {
    try {
      check();
      return false;
    } catch {
      return true;
    }
  };

  it('locks after so many failures, for a time, and forgets after a success', () => {
    let nowMs = 0;
    const limit = createAttemptLimit(limits, () => nowMs);
    const check = () => isLocked(() => limit.check('a'));
    for (let i = 0; i < 3; i++) {
      expect(check()).toBe(false);
      limit.fail('a');
    }
    expect(check()).toBe(true);
    expect(isLocked(() => limit.check('b'))).toBe(false);
    nowMs += 100;
    expect(check()).toBe(false);
    limit.fail('a');
    limit.fail('a');
    limit.succeed('a');
    limit.fail('a');
    expect(check()).toBe(false);
  });

  it('remembers the latest so many only', () => {
    const limit = createAttemptLimit({ ...limits, maxFailures: 1 }, () => 0);
    for (const subject of ['a', 'b', 'c']) limit.fail(subject);
    expect(['a', 'b', 'c'].map((subject) => isLocked(() => limit.check(subject)))).toEqual([false, true, true]);
  });
});
