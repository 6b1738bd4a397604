/** What the service counts and measures, in Prometheus' text format. Callers don't see the library behind it. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { boundedLabel } from './bounded-label.ts';

/** Everything here is called per batch or per request, never per item; nothing throws. */
export interface Metrics {
  /** `outcome` is that of the signing result: signed, pending, denied, failed. */
  signed(dialect: string, algorithm: string, outcome: string, count: number): void;
  /** `outcome`: valid, invalid, denied, failed. */
  verified(dialect: string, algorithm: string, outcome: string, count: number): void;
  /** `operation`: sign or verify. */
  batch(dialect: string, operation: string, items: number): void;
  /** `route` is the route's pattern, never the path that was asked for. */
  request(dialect: string, route: string, status: number, seconds: number): void;
  /** Items that wait for a sealed process of this role. */
  queueDepth(role: string, depth: number): void;
  /** One commit of the database, shared by `requests` requests. */
  commit(seconds: number, requests: number): void;
  /** Sealed processes of this role that are attached now. */
  processes(role: string, attached: number): void;
  readonly contentType: string;
  render(): Promise<string>;
}

const LATENCY_SECONDS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5];
const COMMIT_SECONDS = [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1];
const BATCH_ITEMS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 100_000];

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const signatures = new Counter({
    name: 'countersign_signatures_total',
    help: 'Signing items by outcome.',
    labelNames: ['dialect', 'algorithm', 'outcome'] as const,
    registers,
  });
  const verifications = new Counter({
    name: 'countersign_verifications_total',
    help: 'Verification items by outcome.',
    labelNames: ['dialect', 'algorithm', 'outcome'] as const,
    registers,
  });
  const batches = new Histogram({
    name: 'countersign_batch_items',
    help: 'Items in one request.',
    labelNames: ['dialect', 'operation'] as const,
    buckets: BATCH_ITEMS,
    registers,
  });
  const requests = new Histogram({
    name: 'countersign_request_seconds',
    help: 'From the end of the headers to the end of the answer.',
    labelNames: ['dialect', 'route', 'status'] as const,
    buckets: LATENCY_SECONDS,
    registers,
  });
  const queue = new Gauge({
    name: 'countersign_queue_items',
    help: 'Items that wait for a sealed process.',
    labelNames: ['role'] as const,
    registers,
  });
  const attached = new Gauge({
    name: 'countersign_sealed_processes',
    help: 'Sealed processes that are attached.',
    labelNames: ['role'] as const,
    registers,
  });
  const commits = new Histogram({
    name: 'countersign_commit_seconds',
    help: 'One durable commit.',
    buckets: COMMIT_SECONDS,
    registers,
  });
  const committed = new Counter({
    name: 'countersign_committed_requests_total',
    help: 'Requests whose writes were committed; divided by the commits, how many share one.',
    registers,
  });
  observeProcess(registers);

  const dialectLabel = boundedLabel(16);
  const algorithmLabel = boundedLabel(64);
  const outcomeLabel = boundedLabel(16);
  const routeLabel = boundedLabel(256);
  const roleLabel = boundedLabel(16);
  const statusLabel = (status: number): string => (status >= 100 && status < 600 ? String(status) : 'other');
  return {
    signed: (dialect, algorithm, outcome, count) =>
      signatures.inc(
        { dialect: dialectLabel(dialect), algorithm: algorithmLabel(algorithm), outcome: outcomeLabel(outcome) },
        countable(count),
      ),
    verified: (dialect, algorithm, outcome, count) =>
      verifications.inc(
        { dialect: dialectLabel(dialect), algorithm: algorithmLabel(algorithm), outcome: outcomeLabel(outcome) },
        countable(count),
      ),
    batch: (dialect, operation, items) =>
      batches.observe({ dialect: dialectLabel(dialect), operation: outcomeLabel(operation) }, countable(items)),
    request: (dialect, route, status, seconds) =>
      requests.observe(
        { dialect: dialectLabel(dialect), route: routeLabel(route), status: statusLabel(status) },
        countable(seconds),
      ),
    queueDepth: (role, depth) => queue.set({ role: roleLabel(role) }, countable(depth)),
    processes: (role, count) => attached.set({ role: roleLabel(role) }, countable(count)),
    commit: (seconds, sharedBy) => {
      commits.observe(countable(seconds));
      committed.inc(countable(sharedBy));
    },
    contentType: registry.contentType,
    render: () => registry.metrics(),
  };
}

/** The library throws for a negative or unreal number; a measurement must never fail a request. */
function countable(value: number): number {
  return Number.isFinite(value) && value > 0 ? value : 0;
}

/** Memory, processor time and delay of this process, read when they are asked for. */
function observeProcess(registers: Registry[]): void {
  new Gauge({
    name: 'countersign_process_memory_bytes',
    help: 'Memory of the HTTP process.',
    labelNames: ['kind'] as const,
    registers,
    collect() {
      const { rss, heapUsed, external } = process.memoryUsage();
      this.set({ kind: 'rss' }, rss);
      this.set({ kind: 'heap' }, heapUsed);
      this.set({ kind: 'external' }, external);
    },
  });
  new Gauge({
    name: 'countersign_process_cpu_seconds',
    help: 'Processor time of the HTTP process since its start.',
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      this.set((user + system) / 1e6);
    },
  });
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  new Gauge({
    name: 'countersign_event_loop_delay_seconds',
    help: 'The 99th percentile since the last reading.',
    registers,
    collect() {
      const { count } = delay;
      this.set(count === 0 ? 0 : delay.percentile(99) / 1e9);
      delay.reset();
    },
  });
}
