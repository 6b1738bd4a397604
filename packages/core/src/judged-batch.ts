import type { PermittedItem } from './permit.ts';
import type { IntentItem, PendingItem, RefusedItem } from './ports/signing-journal.ts';
import type { SigningResult } from './signing-item.ts';

/** Items that policy allowed, side by side with their place in the request. */
export interface Allowed {
  readonly places: number[];
  readonly permitted: PermittedItem[];
}

/** Steps 1 to 4 of a batch: what is recorded next, and what is signed after it. */
export interface Judged {
  readonly allowed: Allowed;
  /** Of every item of the request; undefined for those that are allowed. */
  readonly results: (SigningResult | undefined)[];
  /** Side by side with `allowed`. */
  readonly intents: readonly IntentItem[];
  readonly refused: readonly RefusedItem[];
  /** Absent where nothing waits for people. */
  readonly pending?: readonly PendingItem[];
}

/** Takes items out of what was allowed, by their index there. */
export function keepAllowed(allowed: Allowed, stays: (index: number) => boolean): Allowed {
  return {
    places: allowed.places.filter((_, index) => stays(index)),
    permitted: allowed.permitted.filter((_, index) => stays(index)),
  };
}
