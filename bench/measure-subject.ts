/** Everything about one algorithm: its raw limit, batches, single requests, latency at half of the maximum rate. */
import type { DsmClient } from '../scripts/demo/dsm-client.ts';
import type { OtherOpenssl } from '../scripts/demo/other-openssl.ts';
import type { ServiceProcess } from '../scripts/demo/service-process.ts';
import { openLimit } from './measure-limit.ts';
import { measureHalfRate, measureThroughput, type ServiceRun, warmUp } from './measure-service.ts';
import type { BenchOptions } from './options.ts';
import type { Cell, HalfRateLatency, RawLimit } from './results-file.ts';
import { makeKeys, type PreparedKeys, prepareLoad } from './service/prepared-keys.ts';
import type { Subject } from './subjects.ts';

export interface SubjectResult {
  readonly limit: RawLimit;
  readonly cells: readonly Cell[];
  readonly latency: HalfRateLatency | undefined;
  readonly notes: readonly string[];
}

interface PlannedCell {
  readonly batchSize: number | 'single';
  readonly connections: number;
}

export const KEYS_PER_SUBJECT = 10;
const WARM_UP_BATCH = 100;
/** Connections have no more work than this under way at once, so that slow algorithms have fewer; the output says so. */
const MAX_ROUND_SECONDS = 8;
/** One that is worked on and one that is prepared. */
const MIN_CONNECTIONS = 2;

export async function measureSubject(
  service: ServiceProcess,
  client: DsmClient,
  openssl: OtherOpenssl,
  subject: Subject,
  options: BenchOptions,
  cores: number,
): Promise<SubjectResult> {
  const keys = await makeKeys(client, subject, KEYS_PER_SUBJECT);
  await warmUp(prepareLoad(service, keys, WARM_UP_BATCH));
  const openedLimit = await openLimit(subject, cores, options.seconds);
  try {
    const runs: { readonly cell: PlannedCell; readonly run: ServiceRun }[] = [];
    const notes: string[] = [];
    for (const planned of plan(options)) {
      const cell = fitConnections(planned, openedLimit.roughAllCores);
      if (cell.connections < planned.connections) {
        const what = `${subject.name}: batches of ${itemsOf(cell)} over ${planned.connections} connections`;
        if (runs.some(({ cell: done }) => isSameCell(done, cell))) {
          notes.push(`${what} left out`);
          continue;
        }
        notes.push(`${what} cut to ${cell.connections}`);
      }
      const load = prepareLoad(service, keys, cell.batchSize);
      runs.push({ cell, run: await measureThroughput(service, load, cell.connections, options, openssl) });
    }
    // Its own part of the run follows, so that the limit is measured on both sides of the batches.
    const limit = await openedLimit.settle();
    const latency = await halfRate(service, keys, runs, options, limit);
    return { limit, latency, notes, cells: runs.map(({ cell, run }) => asCell(cell, run, limit)) };
  } finally {
    openedLimit.close();
  }
}

function plan(options: BenchOptions): readonly PlannedCell[] {
  return [
    ...options.batchSizes.flatMap((batchSize) =>
      options.batchConnections.map((connections) => ({ batchSize, connections })),
    ),
    ...options.singleConnections.map((connections) => ({ batchSize: 'single' as const, connections })),
  ];
}

function fitConnections(cell: PlannedCell, perSecond: number): PlannedCell {
  const most = Math.max(MIN_CONNECTIONS, Math.floor((MAX_ROUND_SECONDS * perSecond) / itemsOf(cell)));
  return { ...cell, connections: Math.min(cell.connections, most) };
}

function isSameCell(a: PlannedCell, b: PlannedCell): boolean {
  return a.batchSize === b.batchSize && a.connections === b.connections;
}

async function halfRate(
  service: ServiceProcess,
  keys: PreparedKeys,
  runs: readonly { readonly cell: PlannedCell; readonly run: ServiceRun }[],
  options: BenchOptions,
  limit: RawLimit,
): Promise<HalfRateLatency | undefined> {
  const rates = runs.filter(({ cell }) => cell.batchSize === 'single').map(({ run }) => run.itemsPerSecond);
  if (rates.length === 0) return undefined;
  const measured = await measureHalfRate(prepareLoad(service, keys, 'single'), Math.max(...rates), options);
  return { algorithm: limit.algorithm, engine: limit.engine, ...measured };
}

function asCell(cell: PlannedCell, run: ServiceRun, limit: RawLimit): Cell {
  return {
    algorithm: limit.algorithm,
    engine: limit.engine,
    request: cell.batchSize === 'single' ? 'single' : 'batch',
    batchSize: itemsOf(cell),
    connections: cell.connections,
    itemsPerSecond: run.itemsPerSecond,
    shareOfLimit: run.itemsPerSecond / limit.limitAllCores,
    shareOfEngine: run.itemsPerSecond / limit.engineAllCores,
    p50Ms: run.p50Ms,
    p99Ms: run.p99Ms,
    peakMemoryBytes: run.memory.bytes,
    otherLoad: run.otherLoad,
    cpuMicroseconds: {
      byRole: run.cpuMicrosecondsByRole,
      total: run.cpuMicroseconds,
      outsideEngine: run.cpuMicroseconds - limit.engineCpuMicroseconds,
      client: run.clientCpuMicroseconds,
      engineShare: limit.engineCpuMicroseconds / (run.cpuMicroseconds + run.clientCpuMicroseconds),
    },
  };
}

function itemsOf(cell: PlannedCell): number {
  return cell.batchSize === 'single' ? 1 : cell.batchSize;
}
