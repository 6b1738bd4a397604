/** Values that can be taken out once, within a time, by whoever has the random id: challenges and one-time tokens. */
import { randomBytes } from 'node:crypto';
import { DomainError } from '../domain-error.ts';

export interface SingleUseMap<Value> {
  /**
   * Keeps a value under a fresh id of 32 random bytes in base64url. `owner` is who the limit counts for.
   * @throws DomainError `rate_limited` where the owner, or all together, have too many that are neither used nor expired
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

  return {
    put(owner, value) {
      const nowMs = now();
      removeExpired(nowMs);
      const held = perOwner.get(owner) ?? 0;
      if (held >= limits.maxPerOwner || entries.size >= limits.maxEntries)
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
