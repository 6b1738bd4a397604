/** The rows on signature requests as tables in Markdown. */
import { type Column, milliseconds, percent, rate, section, share } from '../table.ts';
import type { ChainRow, ListRow, LoadFigures, PolicyRow, RequestResults, ThreeCallsRow } from './requests-results.ts';

const microseconds = (value: number): string => value.toFixed(1);
const shortEngine = (engine: string): string => engine.split(':')[0] ?? engine;

export function renderRequests(results: RequestResults | undefined): string {
  if (results === undefined) return '';
  return [renderThreeCalls(results), renderPolicies(results), renderLists(results), renderChains(results)].join('\n\n');
}

export function renderThreeCalls({ threeCalls }: Pick<RequestResults, 'threeCalls'>): string {
  const rates = section<ThreeCallsRow>('One Hash signature by three calls', threeCalls, [
    ['algorithm', 'left', ({ algorithm }) => algorithm],
    ['engine', 'left', ({ engine }) => shortEngine(engine)],
    ['clients', 'right', ({ clients }) => String(clients)],
    ['three calls/s', 'right', (row) => rate(row.threeCalls.perSecond)],
    ['p50 ms', 'right', (row) => milliseconds(row.threeCalls.p50Ms)],
    ['p99 ms', 'right', (row) => milliseconds(row.threeCalls.p99Ms)],
    ['DSM sign/s', 'right', (row) => rate(row.dsmSign.perSecond)],
    ['p50 ms', 'right', (row) => milliseconds(row.dsmSign.p50Ms)],
    ['p99 ms', 'right', (row) => milliseconds(row.dsmSign.p99Ms)],
    ['**three calls/DSM**', 'right', (row) => share(row.threeCalls.perSecond / row.dsmSign.perSecond)],
    ['engine/s', 'right', ({ limitPerSecond }) => rate(limitPerSecond)],
    ['three calls/engine', 'right', (row) => (row.threeCalls.perSecond / row.limitPerSecond).toFixed(3)],
    ['others', 'right', (row) => percent(largest(row.threeCalls.otherLoad, row.dsmSign.otherLoad))],
  ]);
  const sides = threeCalls.flatMap(({ algorithm, clients, threeCalls: flow, dsmSign }) => [
    { algorithm, clients, side: 'three calls', figures: flow },
    { algorithm, clients, side: 'DSM sign', figures: dsmSign },
  ]);
  const cpu = section<(typeof sides)[number]>('One Hash signature: CPU microseconds', sides, [
    ['algorithm', 'left', ({ algorithm }) => algorithm],
    ['clients', 'right', ({ clients }) => String(clients)],
    ['', 'left', ({ side }) => side],
    ...cpuColumns(
      sides.map(({ figures }) => figures),
      ({ figures }: (typeof sides)[number]) => figures,
    ),
  ]);
  return `${rates}\n\n${cpu}`;
}

export function renderPolicies({ policies }: Pick<RequestResults, 'policies'>): string {
  return section<PolicyRow>('Policies', policies, [
    ['algorithm', 'left', ({ algorithm }) => algorithm],
    ['policies', 'left', ({ policies: text }) => text],
    ['request', 'left', ({ batchSize }) => (batchSize === 1 ? 'single' : `batch of ${batchSize}`)],
    ['connections', 'right', ({ connections }) => String(connections)],
    ['items/s', 'right', ({ governed }) => rate(governed.perSecond)],
    ['p99 ms', 'right', ({ governed }) => milliseconds(governed.p99Ms)],
    ['without: items/s', 'right', ({ free }) => rate(free.perSecond)],
    ['p99 ms', 'right', ({ free }) => milliseconds(free.p99Ms)],
    ['**with/without**', 'right', ({ governed, free }) => share(governed.perSecond / free.perSecond)],
    ['us CPU an item', 'right', ({ governed }) => microseconds(governed.cpuMicroseconds)],
    ['without', 'right', ({ free }) => microseconds(free.cpuMicroseconds)],
    ['others', 'right', ({ governed, free }) => percent(largest(governed.otherLoad, free.otherLoad))],
  ]);
}

export function renderLists({ lists, fillSeconds }: Pick<RequestResults, 'lists' | 'fillSeconds'>): string {
  if (lists.length === 0) return '';
  const few = Math.min(...lists.map(({ stored }) => stored));
  const many = Math.max(...lists.map(({ stored }) => stored));
  const before = (row: ListRow): ListRow | undefined =>
    lists.find(({ list, position, stored }) => stored === few && list === row.list && position === row.position);
  const table = section<ListRow>(
    'Lists of stored requests',
    lists.filter(({ stored }) => stored === many),
    [
      ['list', 'left', ({ list }) => list],
      ['page at the', 'left', ({ position }) => position],
      ['items', 'right', ({ items }) => String(items)],
      [`${few} stored: p50 ms`, 'right', (row) => milliseconds(before(row)?.p50Ms ?? 0)],
      [`${many} stored: p50 ms`, 'right', ({ p50Ms }) => milliseconds(p50Ms)],
      ['p99 ms', 'right', ({ p99Ms }) => milliseconds(p99Ms)],
      ['**times**', 'right', (row) => share(row.p50Ms / (before(row)?.p50Ms ?? row.p50Ms))],
    ],
  );
  return `${table}\n\nWriting the requests into the database took ${fillSeconds.toFixed(0)} s.`;
}

export function renderChains({ chains }: Pick<RequestResults, 'chains'>): string {
  return section<ChainRow>('Chains: one payload on one core', chains, [
    ['EVM payload', 'left', ({ payload }) => payload],
    ['decode us', 'right', ({ decodeMicroseconds }) => microseconds(decodeMicroseconds)],
    ['assemble us', 'right', ({ assembleMicroseconds }) => microseconds(assembleMicroseconds)],
    ['both/s', 'right', (row) => rate(1e6 / bothMicroseconds(row))],
    [
      'viem us',
      'right',
      ({ viemMicroseconds }) => (viemMicroseconds === undefined ? '-' : microseconds(viemMicroseconds)),
    ],
    [
      '**viem/ours**',
      'right',
      (row) => (row.viemMicroseconds === undefined ? '-' : share(row.viemMicroseconds / bothMicroseconds(row))),
    ],
  ]);
}

function bothMicroseconds({ decodeMicroseconds, assembleMicroseconds }: ChainRow): number {
  return decodeMicroseconds + assembleMicroseconds;
}

function cpuColumns<Row>(all: readonly LoadFigures[], figures: (row: Row) => LoadFigures): readonly Column<Row>[] {
  const roles = [...new Set(all.flatMap(({ cpuMicrosecondsByRole }) => Object.keys(cpuMicrosecondsByRole)))];
  return [
    ...roles.map(
      (role): Column<Row> => [role, 'right', (row) => microseconds(figures(row).cpuMicrosecondsByRole[role] ?? 0)],
    ),
    ['service', 'right', (row) => microseconds(figures(row).cpuMicroseconds)],
    ['load generator', 'right', (row) => microseconds(figures(row).clientCpuMicroseconds)],
  ];
}

function largest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);
}
