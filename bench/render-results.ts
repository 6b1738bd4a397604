/** Results as tables in Markdown, for `bench/README.md` and for the terminal. */
import { renderRequests } from './requests/render-requests.ts';
import type { BenchResults, Cell } from './results-file.ts';
import { type Column, milliseconds, percent, rate, section, share } from './table.ts';
import { renderThreshold } from './threshold/render-threshold.ts';

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);
const microseconds = (value: number): string => value.toFixed(1);
/** `openssl: OpenSSL 3.5.8 inside ...` is told in full once, in the table of limits. */
const shortEngine = (engine: string): string => engine.split(':')[0] ?? engine;

export function renderResults(results: BenchResults): string {
  return [renderMachine(results), renderBars(results), renderLimits(results), renderCells(results)]
    .concat([renderCpu(results), renderLatencies(results), renderLargeBatches(results), renderStoredKeys(results)])
    .concat([renderThreshold(results.threshold), renderRequests(results.requests)])
    .filter((part) => part !== '')
    .join('\n\n');
}

function renderMachine({ machine, secondsPerCell, ...results }: BenchResults): string {
  const command = machine.opensslCommand ?? 'no openssl command';
  const kind = results.isMemoryProportional ? 'PSS' : 'RSS';
  const roles = Object.entries(results.idleMemoryByRole).map(([role, bytes]) => `${role} ${megabytes(bytes)}`);
  return [
    '### Machine',
    '',
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system}; Node ${machine.node} with ` +
      `OpenSSL ${machine.nodeOpenssl}; command: ${command}. ${secondsPerCell} s a cell.` +
      // A run of the threshold rows alone starts no service for it.
      (roles.length === 0
        ? ''
        : ` ${kind} of the idle service: ${megabytes(results.idleMemoryBytes)} MB (${roles.join(', ')}).`),
  ].join('\n');
}

function renderBars({ bars }: Pick<BenchResults, 'bars'>): string {
  return section('Bars', bars, [
    ['bar', 'left', ({ bar }) => bar],
    ['measured', 'left', ({ measured }) => measured],
    ['', 'left', ({ isMet }) => (isMet ? 'met' : '**missed**')],
  ]);
}

export function renderLimits({ limits }: Pick<BenchResults, 'limits'>): string {
  return section('Raw limits, signatures per second', limits, [
    ['algorithm', 'left', ({ algorithm }) => algorithm],
    ['engine', 'left', ({ engine }) => engine],
    ['engine, 1 core', 'right', ({ engineOneCore }) => rate(engineOneCore)],
    ['engine, all cores', 'right', ({ engineAllCores }) => rate(engineAllCores)],
    ['others', 'right', ({ otherLoad }) => percent(otherLoad)],
    ['drift', 'right', ({ drift }) => `${(100 * drift).toFixed(0)} %`],
    ['us CPU each', 'right', ({ engineCpuMicroseconds }) => microseconds(engineCpuMicroseconds)],
    ['openssl speed, 1 core', 'right', ({ opensslOneCore }) => rate(opensslOneCore)],
    ['openssl speed, all cores', 'right', ({ opensslAllCores }) => rate(opensslAllCores)],
    ['**limit**', 'right', ({ limitAllCores }) => rate(limitAllCores)],
  ]);
}

export function renderCells({ cells, notes }: Pick<BenchResults, 'cells' | 'notes'>): string {
  const table = section('Service over HTTP', cells, [
    ['algorithm', 'left', ({ algorithm }) => algorithm],
    ['engine', 'left', ({ engine }) => shortEngine(engine)],
    ['request', 'left', requestName],
    ['connections', 'right', ({ connections }) => String(connections)],
    ['items/s', 'right', ({ itemsPerSecond }) => rate(itemsPerSecond)],
    ['service/limit', 'right', ({ shareOfLimit }) => share(shareOfLimit)],
    ['service/engine', 'right', ({ shareOfEngine }) => share(shareOfEngine)],
    ['p50 ms', 'right', ({ p50Ms }) => milliseconds(p50Ms)],
    ['p99 ms', 'right', ({ p99Ms }) => milliseconds(p99Ms)],
    ['peak MB', 'right', ({ peakMemoryBytes }) => megabytes(peakMemoryBytes)],
    ['others', 'right', ({ otherLoad }) => percent(otherLoad)],
  ]);
  return notes.length === 0 ? table : `${table}\n\nToo slow for as many connections: ${notes.join('; ')}.`;
}

function renderCpu({ cells }: Pick<BenchResults, 'cells'>): string {
  const roles = [...new Set(cells.flatMap(({ cpuMicroseconds }) => Object.keys(cpuMicroseconds.byRole)))];
  return section('CPU microseconds for one item', cells, [
    ['algorithm', 'left', ({ algorithm }) => algorithm],
    ['request', 'left', requestName],
    ['connections', 'right', ({ connections }) => String(connections)],
    ...roles.map(
      (role): Column<Cell> => [role, 'right', ({ cpuMicroseconds }) => microseconds(cpuMicroseconds.byRole[role] ?? 0)],
    ),
    ['service', 'right', ({ cpuMicroseconds }) => microseconds(cpuMicroseconds.total)],
    ['**outside the engine**', 'right', ({ cpuMicroseconds }) => microseconds(cpuMicroseconds.outsideEngine)],
    ['load generator', 'right', ({ cpuMicroseconds }) => microseconds(cpuMicroseconds.client)],
    ['engine share', 'right', ({ cpuMicroseconds }) => share(cpuMicroseconds.engineShare)],
  ]);
}

export function renderLatencies({ latencies }: Pick<BenchResults, 'latencies'>): string {
  return section('Single requests at half of the maximum rate', latencies, [
    ['algorithm', 'left', ({ algorithm }) => algorithm],
    ['engine', 'left', ({ engine }) => shortEngine(engine)],
    ['maximum/s', 'right', ({ maximumPerSecond }) => rate(maximumPerSecond)],
    ['sent/s', 'right', ({ requestsPerSecond }) => rate(requestsPerSecond)],
    ['requests', 'right', ({ requests }) => String(requests)],
    ['p50 ms', 'right', ({ p50Ms }) => milliseconds(p50Ms)],
    ['p99 ms', 'right', ({ p99Ms }) => milliseconds(p99Ms)],
    ['p99.9 ms', 'right', ({ p999Ms }) => milliseconds(p999Ms)],
    ['of it the generator, p99', 'right', ({ generatorLatenessP99Ms }) => milliseconds(generatorLatenessP99Ms)],
  ]);
}

export function renderLargeBatches({ largeBatches }: Pick<BenchResults, 'largeBatches'>): string {
  return section('Large batches', largeBatches, [
    ['algorithm', 'left', ({ algorithm }) => algorithm],
    ['engine', 'left', ({ engine }) => shortEngine(engine)],
    ['batch', 'right', ({ batchSize }) => String(batchSize)],
    ['connections', 'right', ({ connections }) => String(connections)],
    ['items/s', 'right', ({ itemsPerSecond }) => rate(itemsPerSecond)],
    ['us CPU an item', 'right', ({ cpuMicrosecondsPerItem }) => microseconds(cpuMicrosecondsPerItem)],
    ['peak MB', 'right', ({ peakMemoryBytes }) => megabytes(peakMemoryBytes)],
    [
      'of it',
      'left',
      ({ peakMemoryByRole }) =>
        Object.entries(peakMemoryByRole)
          .map(([role, bytes]) => `${role} ${megabytes(bytes)}`)
          .join(', '),
    ],
  ]);
}

export function renderStoredKeys({ storedKeys }: Pick<BenchResults, 'storedKeys'>): string {
  if (storedKeys === undefined) return '';
  const { storedKeys: count, insertSeconds, batchSize, connections, algorithm } = storedKeys;
  const table = section(
    'Stored keys',
    [storedKeys],
    [
      ['stored keys', 'right', () => String(count)],
      ['ten keys, before: items/s', 'right', ({ tenKeysBefore }) => rate(tenKeysBefore)],
      ['the same ten, after', 'right', ({ tenKeysAfter }) => rate(tenKeysAfter)],
      [`${storedKeys.spreadOver} keys in turn`, 'right', ({ spreadKeys }) => rate(spreadKeys)],
      ['peak MB', 'right', ({ peakMemoryBytes }) => megabytes(peakMemoryBytes)],
    ],
  );
  const made = count - 10;
  return `${table}\n\n${algorithm}, batches of ${batchSize} over ${connections} connections. Making ${made} keys over the API took ${insertSeconds.toFixed(0)} s (${rate(made / insertSeconds)}/s).`;
}

function requestName({ request, batchSize }: Cell): string {
  return request === 'single' ? 'single' : `batch of ${batchSize}`;
}
