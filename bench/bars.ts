/** The bars that the project set itself, each beside what was measured. */
import { LARGE_BATCH, SMALL_BATCH } from './measure-large-batches.ts';
import { requestsBars } from './requests/requests-bars.ts';
import type { Bar, BenchResults } from './results-file.ts';
import { SUBJECTS } from './subjects.ts';
import { thresholdBars } from './threshold/threshold-bars.ts';

const BAR_BATCH = 1000;
const MAX_HALF_RATE_P99_MS = 5;
const MAX_MEMORY_BYTES = 400e6;
const MAX_OTHER_LOAD = 0.05;
const MAX_COST_CHANGE = 0.15;
/** The design's budget for everything around one signature, all processes together. */
const MAX_OUTSIDE_ENGINE_MICROSECONDS = 8;

export function judgeBars(results: Omit<BenchResults, 'bars'>): readonly Bar[] {
  return [
    ...throughputBars(results),
    ...latencyBars(results),
    ...memoryBars(results),
    ...costBars(results),
    ...storedKeyBars(results),
    ...budgetBars(results),
    ...thresholdBars(results.threshold),
    ...requestsBars(results.requests),
  ];
}

function throughputBars({ cells }: Omit<BenchResults, 'bars'>): Bar[] {
  return SUBJECTS.flatMap(({ name, bar }) => {
    const best = bestBatch(cells, name);
    if (bar === undefined || best === undefined) return [];
    const wanted = bar.wanted > bar.least ? ` (wanted: ${bar.wanted.toFixed(2)})` : '';
    return [
      {
        bar: `${name}: batches of ${BAR_BATCH} reach ${bar.least.toFixed(2)} of the all-core limit${wanted}`,
        measured: `${best.shareOfLimit.toFixed(2)} over ${best.connections} connections${disturbance(best.otherLoad)}`,
        isMet: best.shareOfLimit >= bar.least,
      },
    ];
  });
}

function bestBatch(cells: BenchResults['cells'], algorithm: string): BenchResults['cells'][number] | undefined {
  return cells
    .filter((cell) => cell.algorithm === algorithm && cell.request === 'batch' && cell.batchSize === BAR_BATCH)
    .toSorted((a, b) => b.itemsPerSecond - a.itemsPerSecond)[0];
}

function latencyBars({ latencies }: Omit<BenchResults, 'bars'>): Bar[] {
  return latencies.map(({ algorithm, p99Ms, requestsPerSecond }) => ({
    bar: `${algorithm}: p99 of single requests under ${MAX_HALF_RATE_P99_MS} ms at half of the maximum rate`,
    measured: `${p99Ms.toFixed(1)} ms at ${requestsPerSecond.toFixed(0)}/s`,
    isMet: p99Ms < MAX_HALF_RATE_P99_MS,
  }));
}

function memoryBars({ largeBatches }: Omit<BenchResults, 'bars'>): Bar[] {
  return largeBatches
    .filter(({ batchSize }) => batchSize === LARGE_BATCH)
    .map(({ connections, peakMemoryBytes, isProportional }) => ({
      bar: `memory under ${MAX_MEMORY_BYTES / 1e6} MB at batches of ${LARGE_BATCH}, ${connections} connections`,
      measured: `${(peakMemoryBytes / 1e6).toFixed(0)} MB${isProportional ? '' : ' (RSS: too high, PSS needs root)'}`,
      isMet: peakMemoryBytes < MAX_MEMORY_BYTES,
    }));
}

function costBars({ largeBatches }: Omit<BenchResults, 'bars'>): Bar[] {
  return largeBatches
    .filter(({ batchSize }) => batchSize === LARGE_BATCH)
    .flatMap((large) => {
      const small = largeBatches.find((row) => row.batchSize === SMALL_BATCH && row.connections === large.connections);
      if (small === undefined) return [];
      const change = small.itemsPerSecond / large.itemsPerSecond - 1;
      return [
        {
          bar: `cost of an item within 15 % between batches of ${SMALL_BATCH} and ${LARGE_BATCH}, ${large.connections} connections`,
          measured: `${signed(change)} time, ${signed(large.cpuMicrosecondsPerItem / small.cpuMicrosecondsPerItem - 1)} CPU`,
          isMet: Math.abs(change) <= MAX_COST_CHANGE,
        },
      ];
    });
}

function storedKeyBars({ storedKeys }: Omit<BenchResults, 'bars'>): Bar[] {
  if (storedKeys === undefined) return [];
  const { storedKeys: count, tenKeysBefore, tenKeysAfter, spreadKeys, spreadOver } = storedKeys;
  const row = (which: string, after: number): Bar => ({
    bar: `cost of an item within 15 % between 10 and ${count} stored keys, ${which}`,
    measured: signed(tenKeysBefore / after - 1),
    isMet: Math.abs(tenKeysBefore / after - 1) <= MAX_COST_CHANGE,
  });
  return [
    row('signing with the same ten', tenKeysAfter),
    row(`signing with ${spreadOver} of them in turn`, spreadKeys),
  ];
}

function budgetBars({ cells }: Omit<BenchResults, 'bars'>): Bar[] {
  return SUBJECTS.flatMap(({ name }) => {
    const best = bestBatch(cells, name);
    if (best === undefined) return [];
    const { outsideEngine } = best.cpuMicroseconds;
    return [
      {
        bar: `${name}: at most ${MAX_OUTSIDE_ENGINE_MICROSECONDS} us of CPU an item outside the engine (budget)`,
        measured: `${outsideEngine.toFixed(1)} us`,
        isMet: outsideEngine <= MAX_OUTSIDE_ENGINE_MICROSECONDS,
      },
    ];
  });
}

/** A figure that others had a part in says so. */
function disturbance(otherLoad: number | undefined): string {
  if (otherLoad === undefined || otherLoad <= MAX_OTHER_LOAD) return '';
  return `, disturbed: ${(100 * otherLoad).toFixed(0)} % of the machine went to others`;
}

function signed(share: number): string {
  return `${share < 0 ? '' : '+'}${(100 * share).toFixed(0)} %`;
}
