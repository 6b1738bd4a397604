/** What a run writes to bench/results, and what `render.ts` makes tables from. Times and sizes have their unit in the name. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Machine } from './machine.ts';
import type { RequestResults } from './requests/requests-results.ts';
import type { ThresholdResults } from './threshold/threshold-results.ts';

export interface RawLimit {
  readonly algorithm: string;
  readonly engine: string;
  /** Signatures per second of the bare loop over the engine, in one process. */
  readonly engineOneCore: number;
  /** In one process per core: the mean of before and after the service was measured. */
  readonly engineAllCores: number;
  /** How far the two measurements of `engineAllCores` lie apart, as a share of their mean. */
  readonly drift: number;
  /** CPU time of one signature in the bare loop on all cores. */
  readonly engineCpuMicroseconds: number;
  readonly opensslOneCore: number | undefined;
  readonly opensslAllCores: number | undefined;
  /** Share of the machine that went to others during the bare loops; the larger of before and after. */
  readonly otherLoad: number | undefined;
  /** The faster of the two on all cores. */
  readonly limitAllCores: number;
}

export interface CpuPerItem {
  /** Microseconds of CPU time for one item, by role of the process. */
  readonly byRole: Readonly<Record<string, number>>;
  readonly total: number;
  /** Without the engine's own part as the bare loop measured it. */
  readonly outsideEngine: number;
  /** The load generator's, which takes its share of the same cores. */
  readonly client: number;
  /** The engine's part of all of it: what service/engine comes to when nobody else uses the machine. */
  readonly engineShare: number;
}

export interface Cell {
  readonly algorithm: string;
  readonly engine: string;
  readonly request: 'batch' | 'single';
  readonly batchSize: number;
  readonly connections: number;
  readonly itemsPerSecond: number;
  readonly shareOfLimit: number;
  readonly shareOfEngine: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly peakMemoryBytes: number;
  /** Share of the machine that went to others meanwhile; undefined where that isn't known. */
  readonly otherLoad: number | undefined;
  readonly cpuMicroseconds: CpuPerItem;
}

export interface HalfRateLatency {
  readonly algorithm: string;
  readonly engine: string;
  readonly maximumPerSecond: number;
  readonly requestsPerSecond: number;
  readonly requests: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly generatorLatenessP99Ms: number;
}

export interface LargeBatch {
  readonly algorithm: string;
  readonly engine: string;
  readonly batchSize: number;
  readonly connections: number;
  readonly itemsPerSecond: number;
  readonly cpuMicrosecondsPerItem: number;
  readonly peakMemoryBytes: number;
  readonly peakMemoryByRole: Readonly<Record<string, number>>;
  readonly isProportional: boolean;
}

export interface StoredKeys {
  readonly algorithm: string;
  readonly storedKeys: number;
  readonly insertSeconds: number;
  readonly batchSize: number;
  readonly connections: number;
  /** Signing with the same ten keys before and after the others were stored. */
  readonly tenKeysBefore: number;
  readonly tenKeysAfter: number;
  /** Signing with keys picked from all that are stored. */
  readonly spreadKeys: number;
  readonly spreadOver: number;
  readonly peakMemoryBytes: number;
}

export interface Bar {
  readonly bar: string;
  readonly measured: string;
  readonly isMet: boolean;
}

export interface BenchResults {
  readonly machine: Machine;
  readonly secondsPerCell: number;
  readonly idleMemoryBytes: number;
  readonly idleMemoryByRole: Readonly<Record<string, number>>;
  readonly isMemoryProportional: boolean;
  readonly limits: readonly RawLimit[];
  readonly cells: readonly Cell[];
  readonly notes: readonly string[];
  readonly latencies: readonly HalfRateLatency[];
  readonly largeBatches: readonly LargeBatch[];
  readonly storedKeys: StoredKeys | undefined;
  /** Absent where they weren't measured, and in files from before there were any. */
  readonly threshold?: ThresholdResults | undefined;
  readonly requests?: RequestResults | undefined;
  readonly bars: readonly Bar[];
}

const RESULTS_FOLDER = resolve(import.meta.dirname, 'results');

/** Writes to `file`, or to a new file that git ignores, and returns its path. */
export function writeResults(results: BenchResults, file: string | undefined): string {
  const stamp = new Date()
    .toISOString()
    .replaceAll(/[^0-9T]/g, '')
    .slice(0, 15);
  const path = file === undefined ? resolve(RESULTS_FOLDER, `${stamp}.local.json`) : resolve(file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(results, rounded, 2)}\n`);
  return path;
}

export function readResults(file: string): BenchResults {
  return JSON.parse(readFileSync(file, 'utf8')) as BenchResults;
}

/** Five digits are more than any of the figures is worth. */
function rounded(_name: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value;
}
