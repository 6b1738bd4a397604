/** Everything about one algorithm: its raw limit, batches, single requests, latency at half of the maximum rate. */
import type { DsmClient } from '../scripts/demo/dsm-client.ts';
import type { OtherOpenssl } from '../scripts/demo/other-openssl.ts';
import type { ServiceProcess } from '../scripts/demo/service-process.ts';
import { openLimit } from './measure-limit.ts';
import { measureHalfRate, measureThroughput, type ServiceRun } from './measure-service.ts';
import type { BenchOptions } from './options.ts';
import type { Cell, HalfRateLatency, RawLimit } from './results-file.ts';
import { makeKeys, type PreparedKeys, prepareLoad } from './service/prepared-keys.ts';
import type { Subject } from './subjects.ts';

export interface SubjectResult {
  readonly limit: RawLimit;
  readonly cells: readonly Cell[];
  readonly latency: HalfRateLatency | undefined;
  readonly skipped: readonly string[];
}

interface PlannedCell {
  readonly batchSize: number | 'single';
  readonly connections: number;
}

export const KEYS_PER_SUBJECT = 10;
/** A cell whose connections have more work than this under way at once is left out, and the output says so. */
const MAX_ROUND_SECONDS = 12;

export async function measureSubject(
  service: ServiceProcess,
  client: DsmClient,
  openssl: OtherOpenssl,
  subject: Subject,
  options: BenchOptions,
  cores: number,
): Promise<SubjectResult> {
  const keys = await makeKeys(client, subject, KEYS_PER_SUBJECT);
  const openedLimit = await openLimit(subject, cores, options.seconds);
  try {
    const runs: { readonly cell: PlannedCell; readonly run: ServiceRun }[] = [];
    const skipped: string[] = [];
    for (const cell of plan(options)) {
      const round = (itemsOf(cell) * cell.connections) / openedLimit.roughAllCores;
      if (round > MAX_ROUND_SECONDS)
        skipped.push(
          `${subject.name}: batches of ${cell.batchSize} over ${cell.connections} connections ` +
            `(${round.toFixed(0)} s of work at once)`,
        );
      else
        runs.push({
          cell,
          run: await measureThroughput(
            service,
            prepareLoad(service, keys, cell.batchSize),
            cell.connections,
            options,
            openssl,
          ),
        });
    }
    // Its own part of the run follows, so that the limit is measured on both sides of the batches.
    const limit = await openedLimit.settle();
    const latency = await halfRate(service, keys, runs, options, limit);
    return { limit, latency, skipped, cells: runs.map(({ cell, run }) => asCell(cell, run, limit)) };
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
    cpuMicroseconds: {
      byRole: run.cpuMicrosecondsByRole,
      total: run.cpuMicroseconds,
      outsideEngine: run.cpuMicroseconds - limit.engineCpuMicroseconds,
      client: run.clientCpuMicroseconds,
    },
  };
}

function itemsOf(cell: PlannedCell): number {
  return cell.batchSize === 'single' ? 1 : cell.batchSize;
}
