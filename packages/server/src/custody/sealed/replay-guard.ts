/** Messages of one batch at one signer; a batch of slow keys sends one item in each. */
const MAX_RANGES_PER_BATCH = 16_384;

/**
 * Refuses items of a batch that this process was asked to sign before: a batch id never repeats, and every item of
 * a batch is sent once. It guards against a mistake of ours (a message sent twice), for which a second, different
 * signature could exist unrecorded; a taken-over HTTP process can ask another signer, or invent an id.
 *
 * Memory is bounded: the ranges of the last `capacity` messages' batches are kept, batches that are still being
 * signed being the youngest. What is forgotten leaves a floor: ids grow with time, so an unknown batch at or below
 * the highest forgotten id is refused as well.
 */
export class ReplayGuard {
  readonly #capacity: number;
  /** Batch id -> first and end of each range seen, flat. In the order of the last message. */
  readonly #seen = new Map<number, number[]>();
  #ranges = 0;
  #floor = -1;

  constructor(capacity = 65_536) {
    this.#capacity = capacity;
  }

  /** false: some of these items were seen, or may have been; nothing is noted then. */
  admit(batchId: number, firstItem: number, itemCount: number): boolean {
    const end = firstItem + itemCount;
    const ranges = this.#seen.get(batchId);
    if (ranges === undefined) {
      if (batchId <= this.#floor) return false;
      this.#seen.set(batchId, [firstItem, end]);
    } else {
      if (ranges.length >= 2 * MAX_RANGES_PER_BATCH) return false;
      for (let index = 0; index < ranges.length; index += 2) {
        if (firstItem < (ranges[index + 1] ?? 0) && end > (ranges[index] ?? 0)) return false;
      }
      ranges.push(firstItem, end);
      this.#seen.delete(batchId);
      this.#seen.set(batchId, ranges);
    }
    this.#ranges++;
    this.#forget();
    return true;
  }

  #forget(): void {
    if (this.#ranges <= this.#capacity) return;
    for (const [batchId, ranges] of this.#seen) {
      // The batch of this very message, if it is all that there is, stays.
      if (this.#ranges <= this.#capacity || this.#seen.size === 1) return;
      this.#seen.delete(batchId);
      this.#ranges -= ranges.length / 2;
      if (batchId > this.#floor) this.#floor = batchId;
    }
  }
}
