/** Threshold keys: key generation and signing between servers over a relay, beside what one process can do alone. */
import {
  createRoom,
  generateKey,
  type Party,
  signTogether,
  type ThresholdKey,
} from '../../scripts/demo/threshold-parties.ts';
import { percentile } from '../load/percentile.ts';
import { asRecord } from '../measure-service.ts';
import { total } from '../service/process-usage.ts';
import {
  arithmeticMicroseconds,
  countKeyGeneration,
  countSigning,
  type MultiplicationTimes,
  timeMultiplications,
} from './bare-arithmetic.ts';
import type { MultiplicationCounts } from './counted-group.ts';
import { nobleKeysPerSecond, nobleSignaturesPerSecond } from './noble-frost.ts';
import { renderThresholdCells, renderThresholdLimits } from './render-threshold.ts';
import { type BenchScheme, type Quorum, quorumName, type SchemeGroup } from './schemes.ts';
import { startServers, type ThresholdServers, type Usage } from './servers.ts';
import type { ThresholdPlan } from './threshold-plan.ts';
import type { ThresholdCell, ThresholdLimit, ThresholdResults } from './threshold-results.ts';

const MIN_BATCHES = 5;
/** Lets new servers compile their hot paths, whose cost would otherwise be the first cell's. */
const WARM_UP_SINGLES = 20;
const WARM_UP_BATCHES = 6;
const NAME_DIGITS = 6;

/** How often one kind of operation was done, and how long each took. */
interface Timed {
  readonly request: ThresholdCell['request'];
  readonly items: number;
  readonly operationsMs: readonly number[];
  /** From the first operation's start to the last one's end, without what was prepared in between. */
  readonly totalMs: number;
  readonly allItems: number;
  readonly usage: Usage;
}

interface Subject {
  readonly scheme: BenchScheme;
  readonly group: SchemeGroup;
  readonly quorum: Quorum;
}

export async function measureThreshold(plan: ThresholdPlan, cores: number): Promise<ThresholdResults> {
  const limits: ThresholdLimit[] = [];
  const cells: ThresholdCell[] = [];
  for (const quorum of plan.quorums) {
    // Servers of their own for each: nine that idle still take memory and a timer now and then.
    const servers = await startServers(quorum.parties);
    try {
      for (const scheme of plan.schemes) {
        const subject: Subject = { scheme, group: await scheme.load(), quorum };
        const found = await measureSubject(subject, servers, plan, cores);
        limits.push(...found.limits);
        cells.push(...found.cells);
        console.log(`\n## ${scheme.title}, threshold ${quorumName(quorum)}\n\n${renderThresholdLimits(found)}`);
        console.log(`\n${renderThresholdCells(found)}`);
      }
    } catch (error) {
      console.error(`The end of the servers' logs:\n${servers.logTail()}`);
      throw error;
    } finally {
      if (!(await servers.stop())) console.error('the servers or the relay did not stop cleanly');
    }
  }
  return { limits, cells };
}

async function measureSubject(
  subject: Subject,
  servers: ThresholdServers,
  plan: ThresholdPlan,
  cores: number,
): Promise<ThresholdResults> {
  const before = timeMultiplications(subject.scheme, subject.group, plan.seconds);
  const timed = await measureServers(subject, servers, plan);
  const after = timeMultiplications(subject.scheme, subject.group, plan.seconds);
  const { scheme, group, quorum } = subject;
  const common = { scheme: scheme.title, engine: group.description, quorum: quorumName(quorum) };
  const limits: ThresholdLimit[] = [
    {
      ...common,
      operation: 'key generation',
      ...arithmeticOf(countKeyGeneration(group, quorum), before, after, Math.min(cores, quorum.parties)),
      noblePerSecond: nobleKeysPerSecond(scheme, quorum, plan.seconds),
    },
    {
      ...common,
      operation: 'signing',
      ...arithmeticOf(countSigning(group, quorum), before, after, Math.min(cores, quorum.threshold)),
      noblePerSecond: nobleSignaturesPerSecond(scheme, quorum, plan.seconds),
    },
  ];
  return { limits, cells: timed.map((one) => ({ ...common, ...cellOf(one, limits) })) };
}

async function measureServers(subject: Subject, servers: ThresholdServers, plan: ThresholdPlan): Promise<Timed[]> {
  const { scheme, quorum } = subject;
  const parties = servers.parties;
  // The first is part of the warm-up.
  const key = await generateKey(parties, quorum.threshold, scheme.name);
  const signing = new Signing(scheme, parties, key, quorum.threshold);
  const largest = Math.max(...plan.batchSizes);
  const warmUps = [...Array<number>(WARM_UP_SINGLES).fill(1), ...Array<number>(WARM_UP_BATCHES).fill(largest)];
  for (const count of warmUps) await (await signing.prepare(count))();

  const results: Timed[] = [
    await repeat(servers, { request: 'key generation', items: 1, least: plan.keys, seconds: 0 }, async () => {
      return () => generateKey(parties, quorum.threshold, scheme.name);
    }),
    await repeat(servers, { request: 'single', items: 1, least: plan.singles, seconds: 0 }, () => signing.prepare(1)),
  ];
  for (const size of plan.batchSizes)
    results.push(
      await repeat(servers, { request: 'batch', items: size, least: MIN_BATCHES, seconds: plan.seconds }, () =>
        signing.prepare(size),
      ),
    );
  results.push(await concurrently(servers, signing, plan.concurrent));
  // Not within the timed part: it takes longer than the signatures.
  signing.verifyAll();
  return results;
}

/**
 * One after another, at least `least` times and for at least `seconds`.
 * @param prepare what isn't timed; gives what is
 */
async function repeat(
  servers: ThresholdServers,
  { request, items, least, seconds }: Pick<Timed, 'request' | 'items'> & { least: number; seconds: number },
  prepare: () => Promise<() => Promise<unknown>>,
): Promise<Timed> {
  const operationsMs: number[] = [];
  const meter = servers.meter();
  let totalMs = 0;
  while (operationsMs.length < least || totalMs < 1000 * seconds) {
    const operation = await prepare();
    const tookMs = await meter.during(operation);
    operationsMs.push(tookMs);
    totalMs += tookMs;
  }
  return { request, items, operationsMs, totalMs, allItems: items * operationsMs.length, usage: meter.total() };
}

/** All at once; each one's time is from the common start to its last answer. @throws Error where one fails */
async function concurrently(servers: ThresholdServers, signing: Signing, count: number): Promise<Timed> {
  const rooms = await signing.rooms(count);
  const meter = servers.meter();
  const operationsMs: number[] = [];
  const totalMs = await meter.during(async () => {
    const startMs = performance.now();
    await Promise.all(
      rooms.map(async (room) => {
        await signing.sign([room]);
        operationsMs.push(performance.now() - startMs);
      }),
    );
  });
  return { request: 'concurrent', items: count, operationsMs, totalMs, allItems: count, usage: meter.total() };
}

/** Messages that no other has, signed by the first parties of a key; what they answered is kept for verification. */
class Signing {
  readonly #scheme: BenchScheme;
  readonly #parties: readonly Party[];
  readonly #key: ThresholdKey;
  readonly #places: readonly number[];
  readonly #kept: { readonly message: string; readonly signatures: readonly Buffer[] }[] = [];
  #messages = 0;

  constructor(scheme: BenchScheme, parties: readonly Party[], key: ThresholdKey, threshold: number) {
    this.#scheme = scheme;
    this.#parties = parties;
    this.#key = key;
    this.#places = Array.from({ length: threshold }, (_, place) => place);
  }

  /** A room for each signature, as the API asks for it. */
  async rooms(count: number): Promise<readonly string[]> {
    const [first] = this.#parties;
    if (first === undefined) throw new Error('no parties');
    const rooms: string[] = [];
    for (let made = 0; made < count; made++) rooms.push(await createRoom(first, this.#places.length));
    return rooms;
  }

  /** Rooms for as many messages, which are then signed in one request to each party. */
  async prepare(count: number): Promise<() => Promise<void>> {
    const rooms = await this.rooms(count);
    return () => this.sign(rooms);
  }

  /** @throws Error where a party's answer is none */
  async sign(rooms: readonly string[]): Promise<void> {
    const messages = rooms.map(() => `message ${String(this.#messages++).padStart(NAME_DIGITS, '0')}`);
    const answers = await signTogether(this.#parties, this.#key, this.#places, messages, rooms);
    messages.forEach((message, index) => {
      const signatures = answers.map((outcomes) => {
        const outcome = outcomes[index];
        if (outcome !== undefined && 'signature' in outcome) return outcome.signature;
        throw new Error(`${this.#scheme.title}: ${outcome?.errType}: ${outcome?.errMsg}`);
      });
      this.#kept.push({ message, signatures });
    });
  }

  /** @throws Error for a signature that @noble/curves refuses, or that two parties have differently */
  verifyAll(): void {
    for (const { message, signatures } of this.#kept.splice(0)) {
      const [first] = signatures;
      if (first === undefined || signatures.some((other) => !other.equals(first)))
        throw new Error(`${this.#scheme.title}: the parties answered different signatures`);
      if (!this.#scheme.verify(this.#key.publicKey, Buffer.from(message), first))
        throw new Error(`${this.#scheme.title}: a signature doesn't verify`);
    }
  }
}

function arithmeticOf(
  multiplications: MultiplicationCounts,
  before: MultiplicationTimes,
  after: MultiplicationTimes,
  cores: number,
) {
  const times = mean(before.wall, after.wall);
  const microseconds = arithmeticMicroseconds(multiplications, times);
  const change =
    arithmeticMicroseconds(multiplications, after.wall) - arithmeticMicroseconds(multiplications, before.wall);
  return {
    multiplications,
    multiplicationMicroseconds: times,
    drift: change / microseconds,
    arithmeticMicroseconds: microseconds,
    arithmeticCpuMicroseconds: arithmeticMicroseconds(multiplications, mean(before.cpu, after.cpu)),
    cores,
    arithmeticPerSecond: (1e6 * cores) / microseconds,
  };
}

function mean(one: MultiplicationCounts, other: MultiplicationCounts): MultiplicationCounts {
  return {
    base: (one.base + other.base) / 2,
    point: (one.point + other.point) / 2,
    secret: (one.secret + other.secret) / 2,
    verification: (one.verification + other.verification) / 2,
  };
}

function cellOf(
  { request, items, operationsMs, totalMs, allItems, usage }: Timed,
  limits: readonly ThresholdLimit[],
): Omit<ThresholdCell, 'scheme' | 'engine' | 'quorum'> {
  const operation = request === 'key generation' ? 'key generation' : 'signing';
  const limit = limits.find((each) => each.operation === operation);
  const sorted = Float64Array.from(operationsMs).sort();
  const itemsPerSecond = (1000 * allItems) / totalMs;
  const cpuMicroseconds = (1e6 * (total(usage.byRole) + usage.clientSeconds)) / allItems;
  return {
    request,
    items,
    operations: operationsMs.length,
    itemsPerSecond,
    shareOfArithmetic: itemsPerSecond / (limit?.arithmeticPerSecond ?? Number.NaN),
    timesNoble: itemsPerSecond / (limit?.noblePerSecond ?? Number.NaN),
    minMs: percentile(sorted, 0),
    p50Ms: percentile(sorted, 0.5),
    p99Ms: percentile(sorted, 0.99),
    maxMs: percentile(sorted, 1),
    otherLoad: usage.otherLoad,
    cpuMicrosecondsByRole: asRecord(usage.byRole, 1e6 / allItems),
    clientCpuMicroseconds: (1e6 * usage.clientSeconds) / allItems,
    arithmeticShare: (limit?.arithmeticCpuMicroseconds ?? Number.NaN) / cpuMicroseconds,
  };
}
