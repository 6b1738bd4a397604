import { BENCH_SCHEMES, type BenchScheme, type Quorum } from './schemes.ts';

export interface ThresholdPlan {
  readonly quorums: readonly Quorum[];
  readonly schemes: readonly BenchScheme[];
  readonly batchSizes: readonly number[];
  /** How long a batch size is repeated at least. */
  readonly seconds: number;
  readonly keys: number;
  readonly singles: number;
  /** Single requests at once. */
  readonly concurrent: number;
}

/** The whole plan, or a quick look. */
export function thresholdPlan(isQuick: boolean, seconds: number): ThresholdPlan {
  const small: Quorum = { threshold: 2, parties: 3 };
  const large: Quorum = { threshold: 5, parties: 9 };
  return {
    quorums: isQuick ? [small] : [small, large],
    schemes: BENCH_SCHEMES,
    batchSizes: isQuick ? [100, 1000] : [10, 100, 1000],
    seconds,
    keys: isQuick ? 3 : 10,
    singles: isQuick ? 30 : 200,
    concurrent: isQuick ? 20 : 100,
  };
}
