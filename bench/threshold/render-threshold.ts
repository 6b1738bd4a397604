/** The threshold rows as tables in Markdown. */
import { type Column, milliseconds, percent, rate, section, share } from '../table.ts';
import { MULTIPLICATIONS } from './counted-group.ts';
import type { ThresholdCell, ThresholdLimit, ThresholdResults } from './threshold-results.ts';

const microseconds = (value: number): string => value.toFixed(1);

export function renderThreshold(results: ThresholdResults | undefined): string {
  if (results === undefined) return '';
  return [renderThresholdLimits(results), renderThresholdCells(results), renderThresholdCpu(results)].join('\n\n');
}

export function renderThresholdLimits({ limits }: Pick<ThresholdResults, 'limits'>): string {
  return section<ThresholdLimit>('Threshold keys: one item without servers', limits, [
    ['scheme', 'left', ({ scheme }) => scheme],
    ['quorum', 'left', ({ quorum }) => quorum],
    ['operation', 'left', ({ operation }) => operation],
    ['engine', 'left', ({ engine }) => engine],
    ...MULTIPLICATIONS.map(
      (kind): Column<ThresholdLimit> => [
        `${kind}: number x us`,
        'right',
        ({ multiplications, multiplicationMicroseconds: times }) =>
          multiplications[kind] === 0 ? '-' : `${multiplications[kind]} x ${microseconds(times[kind])}`,
      ],
    ),
    ['arithmetic, us', 'right', ({ arithmeticMicroseconds }) => arithmeticMicroseconds.toFixed(0)],
    ['drift', 'right', ({ drift }) => `${(100 * drift).toFixed(0)} %`],
    ['cores', 'right', ({ cores }) => String(cores)],
    ['**(a)** arithmetic/s', 'right', ({ arithmeticPerSecond }) => rate(arithmeticPerSecond)],
    ['**(b)** @noble/curves/s', 'right', ({ noblePerSecond }) => noblePerSecond.toFixed(1)],
  ]);
}

export function renderThresholdCells({ cells }: Pick<ThresholdResults, 'cells'>): string {
  return section<ThresholdCell>('Threshold keys: servers over a relay', cells, [
    ...name,
    ['engine', 'left', ({ engine }) => engine.split(' by FFI')[0] ?? engine],
    ['operations', 'right', ({ operations }) => String(operations)],
    ['items/s', 'right', ({ itemsPerSecond }) => itemsPerSecond.toFixed(itemsPerSecond < 100 ? 1 : 0)],
    ['of (a)', 'right', ({ shareOfArithmetic }) => share(shareOfArithmetic)],
    ['times (b)', 'right', ({ timesNoble }) => timesNoble.toFixed(1)],
    ['min ms', 'right', ({ minMs }) => milliseconds(minMs)],
    ['p50 ms', 'right', ({ p50Ms }) => milliseconds(p50Ms)],
    ['p99 ms', 'right', ({ p99Ms }) => milliseconds(p99Ms)],
    ['max ms', 'right', ({ maxMs }) => milliseconds(maxMs)],
    ['others', 'right', ({ otherLoad }) => percent(otherLoad)],
  ]);
}

function renderThresholdCpu({ cells }: Pick<ThresholdResults, 'cells'>): string {
  const used = cells.flatMap(({ cpuMicrosecondsByRole }) =>
    Object.entries(cpuMicrosecondsByRole).flatMap(([role, value]) => (value > 0 ? [role] : [])),
  );
  return section<ThresholdCell>('Threshold keys: CPU microseconds for one item, all servers together', cells, [
    ...name,
    ...[...new Set(used)].map(
      (role): Column<ThresholdCell> => [
        role,
        'right',
        ({ cpuMicrosecondsByRole }) => (cpuMicrosecondsByRole[role] ?? 0).toFixed(0),
      ],
    ),
    ['load generator', 'right', ({ clientCpuMicroseconds }) => clientCpuMicroseconds.toFixed(0)],
    ['**arithmetic share**', 'right', ({ arithmeticShare }) => share(arithmeticShare)],
  ]);
}

const name: readonly Column<ThresholdCell>[] = [
  ['scheme', 'left', ({ scheme }) => scheme],
  ['quorum', 'left', ({ quorum }) => quorum],
  [
    'request',
    'left',
    ({ request, items }) =>
      request === 'batch' ? `batch of ${items}` : request === 'concurrent' ? `${items} singles at once` : request,
  ],
];
