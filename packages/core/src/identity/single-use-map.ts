/** Values that can be taken out once, within a time, by whoever has the random id: challenges and one-time tokens. */
import { randomBytes } from 'node:crypto';
import { DomainError } from '../domain-error.ts';

export interface SingleUseMap<Value> {
  /**
   * Keeps a value under a fresh id of 32 random bytes in base64url. `owner` is who the limit counts for.
   * Where all together have too many, the oldest of an owner with more than its share makes room for one with less.
   * @throws DomainError `rate_limited` where the owner has too many, or its share of all, neither used nor expired
   */
  put(owner: string, value: Value): { readonly id: string; readonly expiresAtMs: number };
  /** The value, which is gone then; undefined for an id that is unknown, used or expired. */
  take(id: string): Value | undefined;
}

export interface SingleUseLimits {
  readonly lifetimeMs: number;
  readonly maxEntries: number;
  readonly maxPerOwner: number;
}

interface Entry<Value> {
  readonly owner: string;
  readonly value: Value;
  readonly expiresAtMs: number;
}

export function createSingleUseMap<Value>(limits: SingleUseLimits, now: () => number): SingleUseMap<Value> {
  // All entries live equally long, so that the order of insertion is the order of expiry.
  const entries = new Map<string, Entry<Value>>();
  const perOwner = new Map<string, number>();

  function remove(id: string, { owner }: Entry<Value>): void {
    entries.delete(id);
    const left = (perOwner.get(owner) ?? 0) - 1;
    if (left > 0) perOwner.set(owner, left);
    else perOwner.delete(owner);
  }

  function removeExpired(nowMs: number): void {
    for (const [id, entry] of entries) {
      if (entry.expiresAtMs > nowMs) return;
      remove(id, entry);
    }
  }

  /** Many owners with many entries must not keep everybody else out. */
  function makeRoom(held: number): boolean {
    const share = Math.floor(limits.maxEntries / (perOwner.size + 1));
    if (held >= share) return false;
    for (const [id, entry] of entries) {
      if ((perOwner.get(entry.owner) ?? 0) <= share) continue;
      remove(id, entry);
      return true;
    }
    return false;
  }

  return {
    put(owner, value) {
      const nowMs = now();
      removeExpired(nowMs);
      const held = perOwner.get(owner) ?? 0;
      const isFull = entries.size >= limits.maxEntries;
      if (held >= limits.maxPerOwner || (isFull && !makeRoom(held)))
        throw new DomainError('rate_limited', 'too many challenges are open; answer them, or wait until they expire');
      const id = randomBytes(32).toString('base64url');
      const expiresAtMs = nowMs + limits.lifetimeMs;
      entries.set(id, { owner, value, expiresAtMs });
      perOwner.set(owner, held + 1);
      return { id, expiresAtMs };
    },

    take(id) {
      const entry = entries.get(id);
      if (entry === undefined) return undefined;
      remove(id, entry);
      return entry.expiresAtMs > now() ? entry.value : undefined;
    },
  };
}
