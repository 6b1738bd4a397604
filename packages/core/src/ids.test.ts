import { afterEach, describe, expect, it, vi } from 'vitest';
import { newOrderedId, parseId } from './ids.ts';

describe('ordered identifiers', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('are UUIDs of version 7 with the time in front', () => {
    vi.useFakeTimers({ now: 0x1fa_0123_4567 + 0x100_0000_0000 });
    const id: string = newOrderedId<never>();
    expect(parseId(id)).toBe(id);
    expect(id).toMatch(/^02fa0123-4567-7[0-9a-f]{3}-[89ab]/);
  });

  it('grow, however many are made in a millisecond, and when the clock is set back', () => {
    vi.useFakeTimers({ now: 0x300_0000_0000 });
    const ids: string[] = Array.from({ length: 10_000 }, () => newOrderedId<never>());
    vi.setSystemTime(1_000);
    for (let i = 0; i < 5_000; i++) ids.push(newOrderedId<never>());
    vi.setSystemTime(0x400_0000_0000);
    ids.push(newOrderedId<never>());
    expect(ids.toSorted()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.at(-1)).toMatch(/^04000000-0000-7000-/);
  });
});
