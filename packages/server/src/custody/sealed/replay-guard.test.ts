import { describe, expect, it } from 'vitest';
import { ReplayGuard } from './replay-guard.ts';

describe('ReplayGuard', () => {
  it('admits the parts of a batch once each, in any order', () => {
    const guard = new ReplayGuard();
    expect(guard.admit(7, 100, 50)).toBe(true);
    expect(guard.admit(7, 0, 100)).toBe(true);
    expect(guard.admit(8, 100, 50)).toBe(true);
    expect(guard.admit(7, 100, 50)).toBe(false);
  });

  it('refuses a part that overlaps one before it', () => {
    const guard = new ReplayGuard();
    guard.admit(1, 10, 10);
    expect(guard.admit(1, 19, 1)).toBe(false);
    expect(guard.admit(1, 0, 11)).toBe(false);
    expect(guard.admit(1, 5, 100)).toBe(false);
    expect(guard.admit(1, 20, 1)).toBe(true);
  });

  it('still refuses what it has forgotten, and admits what it has never seen', () => {
    const guard = new ReplayGuard(10);
    for (let batchId = 1; batchId <= 100; batchId++) expect(guard.admit(batchId, 0, 1)).toBe(true);
    for (let batchId = 1; batchId <= 100; batchId++) expect(guard.admit(batchId, 0, 1), `${batchId}`).toBe(false);
    expect(guard.admit(101, 0, 1)).toBe(true);
  });

  it('keeps a long batch that is still being signed while many others pass', () => {
    const guard = new ReplayGuard(30);
    for (let turn = 0; turn < 20; turn++) {
      expect(guard.admit(1, turn, 1), `turn ${turn}`).toBe(true);
      expect(guard.admit(1000 + turn, 0, 1)).toBe(true);
    }
    expect(guard.admit(1, 3, 1)).toBe(false);
  });
});
