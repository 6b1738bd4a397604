import type { ServiceRun } from '../measure-service.ts';
import type { LoadFigures } from './requests-results.ts';

export function figuresOf(run: ServiceRun): LoadFigures {
  return {
    perSecond: run.itemsPerSecond,
    p50Ms: run.p50Ms,
    p99Ms: run.p99Ms,
    cpuMicrosecondsByRole: run.cpuMicrosecondsByRole,
    cpuMicroseconds: run.cpuMicroseconds,
    clientCpuMicroseconds: run.clientCpuMicroseconds,
    otherLoad: run.otherLoad,
  };
}

/** Runs two loads in turns, so that a slow minute of the machine harms both; resolves with the mean of each. */
export async function inTurns(
  rounds: number,
  first: () => Promise<LoadFigures>,
  second: () => Promise<LoadFigures>,
): Promise<readonly [LoadFigures, LoadFigures]> {
  const firsts: LoadFigures[] = [];
  const seconds: LoadFigures[] = [];
  for (let round = 0; round < rounds; round++) {
    // Neither is always the one that comes after the other.
    if (round % 2 === 0) firsts.push(await first());
    seconds.push(await second());
    if (round % 2 !== 0) firsts.push(await first());
  }
  return [meanOf(firsts), meanOf(seconds)];
}

export function meanOf(figures: readonly LoadFigures[]): LoadFigures {
  const mean = (of: (each: LoadFigures) => number): number =>
    figures.reduce((sum, each) => sum + of(each), 0) / figures.length;
  const roles = new Set(figures.flatMap((each) => Object.keys(each.cpuMicrosecondsByRole)));
  const loads = figures.map(({ otherLoad }) => otherLoad).filter((load) => load !== undefined);
  return {
    perSecond: mean(({ perSecond }) => perSecond),
    p50Ms: mean(({ p50Ms }) => p50Ms),
    p99Ms: mean(({ p99Ms }) => p99Ms),
    cpuMicrosecondsByRole: Object.fromEntries(
      [...roles].map((role) => [role, mean((each) => each.cpuMicrosecondsByRole[role] ?? 0)]),
    ),
    cpuMicroseconds: mean(({ cpuMicroseconds }) => cpuMicroseconds),
    clientCpuMicroseconds: mean(({ clientCpuMicroseconds }) => clientCpuMicroseconds),
    otherLoad: loads.length === 0 ? undefined : Math.max(...loads),
  };
}
