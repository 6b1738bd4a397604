/**
 * A bounded cache whose hits cost one look-up. Two generations: what is used lives in the young one; when that is
 * full it becomes the old one, and the former old one is dropped. A least-recently-used list would move an entry at
 * every hit, which costs more than the hit.
 */
export class GenerationCache<K, V> {
  readonly #maxEntries: number;
  readonly #maxWeight: number;
  readonly #weigh: (value: V) => number;
  #young = new Map<K, V>();
  #old = new Map<K, V>();
  #youngWeight = 0;

  /** Holds at most `maxEntries` entries of together `maxWeight` (half of it in each generation). */
  constructor(maxEntries: number, maxWeight = Number.POSITIVE_INFINITY, weigh: (value: V) => number = () => 0) {
    this.#maxEntries = Math.max(1, Math.floor(maxEntries / 2));
    this.#maxWeight = maxWeight / 2;
    this.#weigh = weigh;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(key: K): V | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) {
      this.#old.delete(key);
      this.set(key, old);
    }
    return old;
  }

  set(key: K, value: V): void {
    const weight = this.#weigh(value);
    this.delete(key);
    if (weight > this.#maxWeight) return;
    if (this.#young.size >= this.#maxEntries || this.#youngWeight + weight > this.#maxWeight) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngWeight = 0;
    }
    this.#young.set(key, value);
    this.#youngWeight += weight;
  }

  delete(key: K): void {
    const young = this.#young.get(key);
    if (young !== undefined) {
      this.#youngWeight -= this.#weigh(young);
      this.#young.delete(key);
    }
    this.#old.delete(key);
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
    this.#youngWeight = 0;
  }
}
