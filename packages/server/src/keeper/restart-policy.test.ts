import { describe, expect, it } from 'vitest';
import { RestartPolicy } from './restart-policy.ts';

const LIMITS = {
  firstDelayMs: 100,
  maxDelayMs: 1_000,
  stableAfterMs: 10_000,
  maxQuickEnds: 7,
  isTirelessOnceProven: false,
};

describe('RestartPolicy', () => {
  it('doubles the delay up to its ceiling, then gives up', () => {
    const policy = new RestartPolicy(LIMITS);
    const decisions = Array.from({ length: 7 }, () => policy.ended(5));
    expect(decisions.map((decision) => (decision.restart ? decision.delayMs : 'no'))).toEqual([
      100,
      200,
      400,
      800,
      1_000,
      1_000,
      'no',
    ]);
  });

  it('begins anew after a process was stable', () => {
    const policy = new RestartPolicy(LIMITS);
    for (let i = 0; i < 5; i++) policy.ended(5);
    expect(policy.ended(10_000)).toEqual({ restart: true, delayMs: 100 });
    expect(policy.ended(5)).toEqual({ restart: true, delayMs: 100 });
  });

  it.each([
    ['was stable', (policy: RestartPolicy) => policy.ended(10_000)],
    ['has worked', (policy: RestartPolicy) => policy.prove()],
  ])('never gives up on what %s once, where that is asked for', (_, prove) => {
    const policy = new RestartPolicy({ ...LIMITS, isTirelessOnceProven: true });
    prove(policy);
    for (let i = 0; i < 50; i++) policy.ended(5);
    expect(policy.ended(5)).toEqual({ restart: true, delayMs: 1_000 });
  });
});
