/**
 * `npm run bench`: the raw limits of this machine and the service beside them, in one run. What the columns mean and
 * what was measured elsewhere: `bench/README.md`.
 */
import { createDsmClient } from '../scripts/demo/dsm-client.ts';
import { findOtherOpenssl, type OtherOpenssl } from '../scripts/demo/other-openssl.ts';
import { processFamily } from '../scripts/demo/process-family.ts';
import { startService } from '../scripts/demo/service-process.ts';
import { judgeBars } from './bars.ts';
import { describeMachine } from './machine.ts';
import { measureLargeBatches } from './measure-large-batches.ts';
import { asRecord } from './measure-service.ts';
import { measureStoredKeys } from './measure-stored-keys.ts';
import { measureSubject, type SubjectResult } from './measure-subject.ts';
import { BENCH_HELP, type BenchOptions, parseBenchOptions } from './options.ts';
import {
  renderCells,
  renderLargeBatches,
  renderLatencies,
  renderLimits,
  renderResults,
  renderStoredKeys,
} from './render-results.ts';
import { measureRequests } from './requests/measure-requests.ts';
import { type BenchResults, writeResults } from './results-file.ts';
import { memoryByRole, total } from './service/process-usage.ts';
import { measureThreshold } from './threshold/measure-threshold.ts';

type Measured = Omit<BenchResults, 'bars'>;

async function main(): Promise<number> {
  const options = parseBenchOptions(process.argv.slice(2));
  if (options === 'help') {
    console.log(BENCH_HELP);
    return 0;
  }
  // A signal becomes an exit, and leaving ends what was started.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  const openssl = await findOtherOpenssl();
  try {
    const measured = await measure(openssl, options);
    const results: BenchResults = { ...measured, bars: judgeBars(measured) };
    const path = writeResults(results, options.jsonFile);
    console.log(`\n${renderResults(results)}\n\nWritten to ${path}.`);
    return 0;
  } finally {
    openssl.close();
  }
}

async function measure(openssl: OtherOpenssl, options: BenchOptions): Promise<Measured> {
  const machine = describeMachine();
  console.log(`${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, OpenSSL ${machine.nodeOpenssl}`);
  const service = options.hasService ? await measureVault(openssl, options, machine.cores) : NO_SERVICE;
  const threshold =
    options.threshold === undefined ? undefined : await measureThreshold(options.threshold, machine.cores);
  const requests =
    options.requests === undefined ? undefined : await measureRequests(openssl, options.requests, machine.cores);
  return { machine, secondsPerCell: options.seconds, ...service, threshold, requests };
}

type ServiceResults = Omit<Measured, 'machine' | 'secondsPerCell' | 'threshold' | 'requests'>;

const NO_SERVICE: ServiceResults = {
  idleMemoryBytes: 0,
  idleMemoryByRole: {},
  isMemoryProportional: true,
  limits: [],
  cells: [],
  notes: [],
  latencies: [],
  largeBatches: [],
  storedKeys: undefined,
};

/** Everything about keys that one server has for itself. */
async function measureVault(openssl: OtherOpenssl, options: BenchOptions, cores: number): Promise<ServiceResults> {
  const subjects = await measureSubjects(openssl, options, cores);
  const largeBatches = await measureLargeBatches(openssl, options);
  console.log(`\n${renderLargeBatches({ largeBatches })}`);
  const storedKeys = options.storedKeys === 0 ? undefined : await measureStoredKeys(openssl, options);
  console.log(`\n${renderStoredKeys({ storedKeys })}`);
  return { ...subjects, largeBatches, storedKeys };
}

async function measureSubjects(
  openssl: OtherOpenssl,
  options: BenchOptions,
  cores: number,
): Promise<Omit<ServiceResults, 'largeBatches' | 'storedKeys'>> {
  const service = await startService();
  const client = createDsmClient(service.host, service.port, service.apiKey);
  const results: SubjectResult[] = [];
  try {
    const idle = memoryByRole(processFamily(service.pid));
    for (const subject of options.subjects) {
      const result = await measureSubject(service, client, openssl, subject, options, cores);
      results.push(result);
      const { limit, cells, latency, notes } = result;
      const latencies = latency === undefined ? [] : [latency];
      console.log(`\n## ${subject.name}\n\n${renderLimits({ limits: [limit] })}\n\n${renderCells({ cells, notes })}`);
      console.log(`\n${renderLatencies({ latencies })}`);
    }
    return {
      idleMemoryBytes: total(idle.byRole),
      idleMemoryByRole: asRecord(idle.byRole, 1),
      isMemoryProportional: idle.isProportional,
      limits: results.map(({ limit }) => limit),
      cells: results.flatMap(({ cells }) => cells),
      notes: results.flatMap(({ notes }) => notes),
      latencies: results.flatMap(({ latency }) => (latency === undefined ? [] : [latency])),
    };
  } catch (error) {
    console.error(`The end of the service's log:\n${service.logTail()}`);
    throw error;
  } finally {
    client.close();
    const { clean } = await service.stop();
    if (!clean) console.error('the service did not stop cleanly');
  }
}

process.exitCode = await main();
