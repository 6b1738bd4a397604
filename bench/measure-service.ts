/** One run against the service: throughput, latency, CPU by role, memory. */
import type { OtherOpenssl } from '../scripts/demo/other-openssl.ts';
import { type FamilyMember, processFamily } from '../scripts/demo/process-family.ts';
import type { ServiceProcess } from '../scripts/demo/service-process.ts';
import { runClosedLoop } from './load/closed-loop.ts';
import { runOpenLoop } from './load/open-loop.ts';
import { percentile } from './load/percentile.ts';
import type { HalfRateLatency } from './results-file.ts';
import { type MachineClock, otherLoad, startMachineClock } from './service/machine-load.ts';
import { type MemoryPeak, watchMemory } from './service/memory-watch.ts';
import type { SigningLoad } from './service/prepared-keys.ts';
import { cpuSecondsByRole, difference, total, type UsageByRole } from './service/process-usage.ts';

export interface ServiceRun {
  readonly itemsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuMicrosecondsByRole: Readonly<Record<string, number>>;
  readonly cpuMicroseconds: number;
  readonly clientCpuMicroseconds: number;
  readonly memory: MemoryPeak;
  /** Share of the machine that went to others meanwhile. */
  readonly otherLoad: number | undefined;
}

export interface RunLength {
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

const MIN_RESPONSES = 5;
const MAX_SECONDS = 20;
const WARM_UP_SECONDS = 3;
const WARM_UP_CONNECTIONS = 4;
const LATENCY_CONNECTIONS = 64;
/** So that the slowest hundredth is made of many requests. */
const MIN_LATENCY_SECONDS = 3;

/** As much as the service can do over `connections`. Signatures of two responses are verified afterwards. */
export async function measureThroughput(
  service: ServiceProcess,
  load: SigningLoad,
  connections: number,
  { warmUpSeconds, seconds }: RunLength,
  openssl: OtherOpenssl,
): Promise<ServiceRun> {
  const clock = new CpuClock(service.pid);
  const memory = watchMemory(service.pid);
  let peak: MemoryPeak | undefined;
  try {
    const result = await runClosedLoop(load.target, {
      connections,
      warmUpSeconds,
      minSeconds: seconds,
      minResponses: Math.max(MIN_RESPONSES, connections),
      maxSeconds: MAX_SECONDS,
      onClock: (event) => clock[event](),
    });
    peak = memory.stop();
    await load.check(result.kept, openssl);
    const perItem = 1e6 / result.items;
    return {
      itemsPerSecond: result.itemsPerSecond,
      p50Ms: percentile(result.latenciesMs, 0.5),
      p99Ms: percentile(result.latenciesMs, 0.99),
      cpuMicrosecondsByRole: asRecord(clock.service, perItem),
      cpuMicroseconds: total(clock.service) * perItem,
      clientCpuMicroseconds: clock.clientSeconds * perItem,
      memory: peak,
      otherLoad: clock.otherLoad,
    };
  } finally {
    if (peak === undefined) memory.stop();
  }
}

/** Lets a new service compile its hot paths, whose cost would otherwise be counted as the first cell's. */
export async function warmUp(load: SigningLoad): Promise<void> {
  await runClosedLoop(load.target, {
    connections: WARM_UP_CONNECTIONS,
    warmUpSeconds: 0,
    minSeconds: WARM_UP_SECONDS,
    minResponses: 1,
    maxSeconds: WARM_UP_SECONDS,
  });
}

/** Single requests at half of what the service can do at most, each timed from when it was due. */
export async function measureHalfRate(
  load: SigningLoad,
  maximumPerSecond: number,
  { warmUpSeconds, seconds }: RunLength,
): Promise<Omit<HalfRateLatency, 'algorithm' | 'engine'>> {
  const requestsPerSecond = maximumPerSecond / 2;
  const result = await runOpenLoop(load.target, {
    requestsPerSecond,
    connections: LATENCY_CONNECTIONS,
    warmUpSeconds,
    seconds: Math.max(MIN_LATENCY_SECONDS, seconds),
  });
  return {
    maximumPerSecond,
    requestsPerSecond,
    requests: result.requests,
    p50Ms: percentile(result.latenciesMs, 0.5),
    p99Ms: percentile(result.latenciesMs, 0.99),
    p999Ms: percentile(result.latenciesMs, 0.999),
    generatorLatenessP99Ms: percentile(result.latenessMs, 0.99),
  };
}

export function asRecord(usage: UsageByRole, factor: number): Readonly<Record<string, number>> {
  return Object.fromEntries([...usage].map(([role, value]) => [role, value * factor]));
}

/** CPU time of a service and of this process between two moments. */
export class CpuClock {
  service: UsageByRole = new Map();
  clientSeconds = 0;
  otherLoad: number | undefined;
  #machine: MachineClock | undefined;
  readonly #family: readonly FamilyMember[];
  #before: UsageByRole = new Map();
  #clientBefore: NodeJS.CpuUsage = { user: 0, system: 0 };

  constructor(rootPid: number) {
    this.#family = processFamily(rootPid);
  }

  start(): void {
    this.#before = cpuSecondsByRole(this.#family);
    this.#clientBefore = process.cpuUsage();
    this.#machine = startMachineClock();
  }

  stop(): void {
    const { user, system } = process.cpuUsage(this.#clientBefore);
    this.clientSeconds = (user + system) / 1e6;
    this.service = difference(cpuSecondsByRole(this.#family), this.#before);
    this.otherLoad = otherLoad(this.#machine, total(this.service) + this.clientSeconds);
  }
}
