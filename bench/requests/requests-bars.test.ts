import { describe, expect, it } from 'vitest';
import { requestsBars } from './requests-bars.ts';
import type { ListRow, LoadFigures, PolicyRow } from './requests-results.ts';

const figures = (perSecond: number): LoadFigures => ({
  perSecond,
  p50Ms: 1,
  p99Ms: 2,
  cpuMicrosecondsByRole: {},
  cpuMicroseconds: 10,
  clientCpuMicroseconds: 1,
  otherLoad: undefined,
});
const policies = (text: string, governed: number, free: number, matches = false): PolicyRow => ({
  algorithm: 'P-256',
  batchSize: 1000,
  connections: 8,
  policies: text,
  matches,
  governed: figures(governed),
  free: figures(free),
});
const list = (stored: number, p50Ms: number): ListRow => ({
  list: 'all',
  position: 'end',
  stored,
  items: 100,
  p50Ms,
  p99Ms: 9,
});
const results = { threeCalls: [], chains: [], fillSeconds: 1, policies: [], lists: [] };

describe('the bars of requests', () => {
  it('compare policies that do not match with what two equal services differ by', () => {
    const rows = [policies('0', 90, 100), policies("10 that don't match", 88, 100), policies('1', 50, 100, true)];
    expect(requestsBars({ ...results, policies: rows })).toMatchObject([{ isMet: true }]);
    expect(requestsBars({ ...results, policies: [...rows, policies("1000 that don't match", 80, 100)] })).toMatchObject(
      [{ isMet: true }, { isMet: false, measured: expect.stringContaining('+13 %') }],
    );
  });

  it('take the worst page of many stored requests', () => {
    expect(requestsBars({ ...results, lists: [list(10, 1), list(1000, 1.4)] })).toMatchObject([{ isMet: true }]);
    expect(requestsBars({ ...results, lists: [list(10, 1), list(1000, 1.6)] })).toMatchObject([
      { isMet: false, measured: expect.stringContaining('1.60') },
    ]);
  });

  it('are none where nothing was measured', () => {
    expect(requestsBars(undefined)).toEqual([]);
    expect(requestsBars(results)).toEqual([]);
  });
});
