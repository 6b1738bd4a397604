/** What the threshold rows of a run hold. */
import type { MultiplicationCounts } from './counted-group.ts';

/** What one item takes without servers: (a) bare arithmetic, (b) the peer. */
export interface ThresholdLimit {
  readonly scheme: string;
  readonly engine: string;
  /** `2 of 3`. */
  readonly quorum: string;
  readonly operation: 'key generation' | 'signing';
  /** Of all parties that take part, for one item. */
  readonly multiplications: MultiplicationCounts;
  /** Microseconds of one multiplication of each kind in this process, the mean of before and after the service. */
  readonly multiplicationMicroseconds: MultiplicationCounts;
  /** How far the two measurements of one item's arithmetic lie apart, as a share of their mean. */
  readonly drift: number;
  /** Of one item, on one core. */
  readonly arithmeticMicroseconds: number;
  /** The same in CPU time. */
  readonly arithmeticCpuMicroseconds: number;
  /** Cores that can work on it at once: not more than there are parties. */
  readonly cores: number;
  /** Items per second on so many cores. */
  readonly arithmeticPerSecond: number;
  /** Of @noble/curves, items per second in one process. */
  readonly noblePerSecond: number;
}

export interface ThresholdCell {
  readonly scheme: string;
  readonly engine: string;
  readonly quorum: string;
  /** `concurrent`: singles, `items` of them at once. */
  readonly request: 'key generation' | 'single' | 'batch' | 'concurrent';
  /** Of one batch, or at once. */
  readonly items: number;
  /** How many were timed; each is over when the last party has its answer. */
  readonly operations: number;
  readonly itemsPerSecond: number;
  /** Of `arithmeticPerSecond`. */
  readonly shareOfArithmetic: number;
  readonly timesNoble: number;
  readonly minMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly otherLoad: number | undefined;
  /** Microseconds of CPU time for one item: all servers and the relay, by role of the process. */
  readonly cpuMicrosecondsByRole: Readonly<Record<string, number>>;
  readonly clientCpuMicroseconds: number;
  /** The arithmetic's part of all of it: what `shareOfArithmetic` comes to on cores that are busy with nothing else. */
  readonly arithmeticShare: number;
}

export interface ThresholdResults {
  readonly limits: readonly ThresholdLimit[];
  readonly cells: readonly ThresholdCell[];
}
