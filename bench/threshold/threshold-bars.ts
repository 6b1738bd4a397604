/** The bars for threshold keys, each beside what was measured. */
import type { Bar } from '../results-file.ts';
import type { ThresholdCell, ThresholdResults } from './threshold-results.ts';

const SCHEME = 'BIP340';
const QUORUM = '2 of 3';
const BATCH = 1000;
const LEAST_SHARE = 0.5;
const LEAST_TIMES_NOBLE = 15;
const MAX_SINGLE_P50_MS = 20;
/** A figure that others had a part in says so. */
const MAX_OTHER_LOAD = 0.05;

export function thresholdBars(results: ThresholdResults | undefined): Bar[] {
  if (results === undefined) return [];
  const { cells } = results;
  const batch = cells.find(
    ({ scheme, quorum, request, items }) =>
      scheme === SCHEME && quorum === QUORUM && request === 'batch' && items === BATCH,
  );
  return [
    ...(batch === undefined ? [] : batchBars(batch)),
    ...cells.filter(({ request, quorum }) => request === 'single' && quorum === QUORUM).map(singleBar),
    ...cells.filter(({ request }) => request === 'concurrent').map(concurrentBar),
  ];
}

function batchBars(batch: ThresholdCell): Bar[] {
  const what = `threshold ${SCHEME}, ${QUORUM}: batches of ${BATCH}`;
  return [
    {
      bar: `${what} reach ${LEAST_SHARE.toFixed(2)} of the bare arithmetic`,
      measured: `${batch.shareOfArithmetic.toFixed(2)}${disturbance(batch)}`,
      isMet: batch.shareOfArithmetic >= LEAST_SHARE,
    },
    {
      bar: `${what} reach ${LEAST_TIMES_NOBLE} times @noble/curves`,
      measured: `${batch.timesNoble.toFixed(1)}${disturbance(batch)}`,
      isMet: batch.timesNoble >= LEAST_TIMES_NOBLE,
    },
  ];
}

function singleBar(cell: ThresholdCell): Bar {
  return {
    bar: `threshold ${cell.scheme}, ${cell.quorum}: p50 of one signature under ${MAX_SINGLE_P50_MS} ms`,
    measured: `${cell.p50Ms.toFixed(1)} ms${disturbance(cell)}`,
    isMet: cell.p50Ms < MAX_SINGLE_P50_MS,
  };
}

/** The row is only there when all finished; none starves where the slowest waits for little more than all the work. */
function concurrentBar(cell: ThresholdCell): Bar {
  return {
    bar: `threshold ${cell.scheme}, ${cell.quorum}: ${cell.items} single signatures at once all finish`,
    measured: `${cell.operations} of ${cell.items}, after ${cell.minMs.toFixed(0)} to ${cell.maxMs.toFixed(0)} ms${disturbance(cell)}`,
    isMet: cell.operations === cell.items,
  };
}

function disturbance({ otherLoad }: ThresholdCell): string {
  if (otherLoad === undefined || otherLoad <= MAX_OTHER_LOAD) return '';
  return `, disturbed: ${(100 * otherLoad).toFixed(0)} % of the machine went to others`;
}
