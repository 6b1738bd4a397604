import { describe, expect, it } from 'vitest';
import { renderThreshold } from './render-threshold.ts';
import { thresholdBars } from './threshold-bars.ts';
import type { ThresholdCell, ThresholdResults } from './threshold-results.ts';

function cell(changes: Partial<ThresholdCell>): ThresholdCell {
  return {
    scheme: 'BIP340',
    engine: 'a library by FFI (/its/path)',
    quorum: '2 of 3',
    request: 'batch',
    items: 1000,
    operations: 5,
    itemsPerSecond: 3000,
    shareOfArithmetic: 0.6,
    timesNoble: 40,
    minMs: 1,
    p50Ms: 2,
    p99Ms: 3,
    maxMs: 4,
    otherLoad: 0,
    cpuMicrosecondsByRole: { party: 400, http: 0 },
    clientCpuMicroseconds: 5,
    arithmeticShare: 0.6,
    ...changes,
  };
}

function verdicts(...cells: readonly ThresholdCell[]): readonly boolean[] {
  return thresholdBars({ limits: [], cells }).map(({ isMet }) => isMet);
}

describe('the bars for threshold keys', () => {
  it('judge batches of 1,000 with BIP340 keys of two of three, and no others', () => {
    expect(verdicts(cell({}))).toEqual([true, true]);
    expect(verdicts(cell({ shareOfArithmetic: 0.49 }))).toEqual([false, true]);
    expect(verdicts(cell({ timesNoble: 14.9 }))).toEqual([true, false]);
    expect(verdicts(cell({ items: 100 }), cell({ scheme: 'Ed25519' }), cell({ quorum: '5 of 9' }))).toEqual([]);
  });

  it('judge the time of a single signature, and whether all that were asked for at once came', () => {
    expect(verdicts(cell({ request: 'single', items: 1, p50Ms: 19 }))).toEqual([true]);
    expect(verdicts(cell({ request: 'single', items: 1, p50Ms: 20 }))).toEqual([false]);
    expect(verdicts(cell({ request: 'concurrent', items: 100, operations: 100 }))).toEqual([true]);
    expect(verdicts(cell({ request: 'concurrent', items: 100, operations: 99 }))).toEqual([false]);
  });

  it('say where others had a part in a figure', () => {
    const [bar] = thresholdBars({ limits: [], cells: [cell({ otherLoad: 0.4 })] });
    expect(bar?.measured).toBe('0.60, disturbed: 40 % of the machine went to others');
  });
});

describe('the threshold tables', () => {
  it('are left out where nothing was measured', () => {
    expect(renderThreshold(undefined)).toBe('');
    expect(thresholdBars(undefined)).toEqual([]);
  });

  it('name the engine in each row, and only processes that did something', () => {
    const results: ThresholdResults = { limits: [], cells: [cell({}), cell({ request: 'concurrent', items: 100 })] };
    const text = renderThreshold(results);
    expect(text).toContain('| BIP340 | 2 of 3 | batch of 1000 | a library | 5 | 3000 | 0.60 | 40.0 |');
    expect(text).toContain('| BIP340 | 2 of 3 | 100 singles at once | a library |');
    expect(text).toContain('| scheme | quorum | request | party | load generator | **arithmetic share** |');
  });
});
