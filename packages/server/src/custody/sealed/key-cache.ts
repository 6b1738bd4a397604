import type { KeyEntry } from '../messages/key-entry.ts';

interface CachedKey<K> {
  /** The whole entry that the key was opened from, byte for byte. */
  readonly entry: Buffer;
  readonly key: K;
}

/**
 * Opened keys, least recently used first out, wiped on eviction. A hit needs every byte of the entry to be the same
 * (sealed key, public key, ids, algorithm), so that an altered or swapped row can't ride on a key opened before.
 */
export class KeyCache<K extends { readonly destroy: () => void }> {
  readonly #capacity: number;
  /** In the order of use: Map keeps insertion order, and a hit is inserted again. */
  readonly #keys = new Map<string, CachedKey<K>>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get(entry: KeyEntry): K | undefined {
    const id = entry.keyId.toString('latin1');
    const cached = this.#keys.get(id);
    if (cached === undefined || !cached.entry.equals(entry.bytes)) return undefined;
    this.#keys.delete(id);
    this.#keys.set(id, cached);
    return cached.key;
  }

  /** Takes ownership of `key`. It replaces, and wipes, what was there for the same id. */
  put(entry: KeyEntry, key: K): void {
    const id = entry.keyId.toString('latin1');
    this.#keys.get(id)?.key.destroy();
    this.#keys.delete(id);
    this.#keys.set(id, { entry: Buffer.from(entry.bytes), key });
  }

  /** Evicts down to capacity. Called between messages, so that a key is never wiped while a message uses it. */
  trim(): void {
    for (const [id, cached] of this.#keys) {
      if (this.#keys.size <= this.#capacity) return;
      this.#keys.delete(id);
      cached.key.destroy();
    }
  }

  clear(): void {
    for (const cached of this.#keys.values()) cached.key.destroy();
    this.#keys.clear();
  }
}
