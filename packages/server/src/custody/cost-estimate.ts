import type { KeyRecord } from '@countersign/core/key-record';
import { canonicalParameters } from './canonical-parameters.ts';

const FIRST_GUESS_US = 300;
const SMALLEST_US = 1;
const LARGEST_US = 10_000_000;
/**
 * Weights of a new observation that is below, or above, the estimate. Times are wall times, so on a busy machine many
 * contain the turns of others; believing those would cut ever smaller messages and make the machine busier still.
 * (Processor time would be the true measure, but its clock ticks by the millisecond on some kernels.)
 */
const WEIGHT_BELOW = 0.5;
const WEIGHT_ABOVE = 0.05;
/** Kinds of keys that are told apart; more than there are sensible pairs of algorithm and size. */
const MAX_KINDS = 1024;

/** What one item of one kind of key takes in the engine, as a weighted mean that leans to the low side. */
export interface ItemCost {
  us: number;
  observed: boolean;
}

/** Learns from the sealed processes' own reports how long items take, so that messages can be cut by time. */
export class CostEstimate {
  readonly #costs = new Map<string, ItemCost>();
  readonly #others: ItemCost = { us: FIRST_GUESS_US, observed: false };

  /** The live estimate for keys of this algorithm and these parameters. */
  costOf(key: KeyRecord): ItemCost {
    const kind = `${key.algorithm} ${canonicalParameters(key.parameters).toString('latin1')}`;
    let cost = this.#costs.get(kind);
    if (cost === undefined) {
      if (this.#costs.size >= MAX_KINDS) return this.#others;
      cost = { us: FIRST_GUESS_US, observed: false };
      this.#costs.set(kind, cost);
    }
    return cost;
  }

  /** A message with `counts[i]` items of `costs[i]` took `busyUs`. A mixture is blamed in proportion. */
  observe(costs: readonly ItemCost[], counts: ArrayLike<number>, busyUs: number): void {
    let expectedUs = 0;
    for (let index = 0; index < costs.length; index++) expectedUs += (costs[index]?.us ?? 0) * (counts[index] ?? 0);
    if (expectedUs <= 0) return;
    const ratio = busyUs / expectedUs;
    for (let index = 0; index < costs.length; index++) {
      const cost = costs[index];
      if (cost === undefined) continue;
      const share = (cost.us * (counts[index] ?? 0)) / expectedUs;
      const weight = cost.observed ? (ratio < 1 ? WEIGHT_BELOW : WEIGHT_ABOVE) * share : 1;
      cost.us = Math.min(LARGEST_US, Math.max(SMALLEST_US, cost.us * (1 + weight * (ratio - 1))));
      cost.observed = true;
    }
  }
}
