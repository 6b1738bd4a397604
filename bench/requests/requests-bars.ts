/** The bars of policies and stored requests, each beside what was measured. */
import type { Bar } from '../results-file.ts';
import type { RequestResults } from './requests-results.ts';

/** Policies that don't match, and requests that aren't on the page, must not cost anything; this is what noise may. */
const MAX_POLICY_COST = 0.05;
const MAX_LIST_FACTOR = 1.5;

export function requestsBars(results: RequestResults | undefined): readonly Bar[] {
  return results === undefined ? [] : [...policyBars(results), ...listBars(results)];
}

function policyBars({ policies }: RequestResults): Bar[] {
  const baseline = policies.filter(({ policies: text }) => text === '0');
  return policies
    .filter(({ matches, policies: text }) => !matches && text !== '0')
    .map((row) => {
      const { batchSize, governed, free } = row;
      // Relative to the row without policies: two services are never quite equally fast.
      const equal = baseline.find((each) => each.batchSize === batchSize);
      const base = equal === undefined ? 1 : equal.governed.perSecond / equal.free.perSecond;
      const cost = (base * free.perSecond) / governed.perSecond - 1;
      const request = batchSize === 1 ? 'single requests' : `batches of ${batchSize}`;
      return {
        bar: `${row.policies}: ${request} at most ${percentText(MAX_POLICY_COST)} dearer than without policies`,
        measured: `${percentText(cost)} time, ${percentText(governed.cpuMicroseconds / free.cpuMicroseconds - 1)} CPU`,
        isMet: cost <= MAX_POLICY_COST,
      };
    });
}

function listBars({ lists }: RequestResults): Bar[] {
  const few = Math.min(...lists.map(({ stored }) => stored));
  const later = lists.filter(({ stored }) => stored > few);
  const [first] = later;
  if (first === undefined) return [];
  const worst = later
    .map((row) => {
      const before = lists.find(
        (each) => each.stored === few && each.list === row.list && each.position === row.position,
      );
      // Pages of different sizes can't be compared.
      return { row, factor: before?.items === row.items ? row.p50Ms / before.p50Ms : 1 };
    })
    .reduce((a, b) => (b.factor > a.factor ? b : a));
  return [
    {
      bar: `pages of lists: at most ${MAX_LIST_FACTOR} times as long with ${first.stored} stored requests as with ${few}`,
      measured: `${worst.factor.toFixed(2)} times at worst (${worst.row.list}, ${worst.row.position})`,
      isMet: worst.factor <= MAX_LIST_FACTOR,
    },
  ];
}

function percentText(value: number): string {
  return `${value > 0 ? '+' : ''}${(100 * value).toFixed(0)} %`;
}
