import type { RunLength } from '../measure-service.ts';

export interface RequestsPlan extends RunLength {
  /** Clients of the three calls; each has a connection of its own. */
  readonly clients: readonly number[];
  /** How often two sides of a ratio take turns; their means are compared. */
  readonly rounds: number;
  /** Numbers of policies that don't match. */
  readonly policies: readonly number[];
  readonly storedRequests: number;
  /** Pages that are read at each position of a list. */
  readonly pages: number;
}

/** The whole plan, or a quick look. A million stored requests take about 2 GB and some minutes: with `isFull` alone. */
export function requestsPlan(
  size: { readonly isQuick: boolean; readonly isFull: boolean },
  length: RunLength,
): RequestsPlan {
  const { isQuick, isFull } = size;
  return {
    ...length,
    clients: isQuick ? [1, 8] : [1, 8, 64],
    rounds: isQuick ? 1 : 3,
    policies: isQuick ? [10, 100] : [10, 1000],
    storedRequests: isFull ? 1_000_000 : isQuick ? 40_000 : 100_000,
    pages: isQuick ? 20 : 200,
  };
}
