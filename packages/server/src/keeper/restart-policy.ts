export interface RestartLimits {
  /** Delay after the first failure; doubles with each further one. */
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  /** A process that lived this long was stable: the count begins anew. */
  readonly stableAfterMs: number;
  /** So many quick ends in a row, and it isn't tried again. */
  readonly maxQuickEnds: number;
  /** Once it has worked, retried for ever at the longest delay, since then the fault is likely to pass. */
  readonly isTirelessOnceProven: boolean;
}

export type RestartDecision = { readonly restart: true; readonly delayMs: number } | { readonly restart: false };

/** Counts the ends of one process and says whether and when to start it again. No clock of its own. */
export class RestartPolicy {
  readonly #limits: RestartLimits;
  #quickEnds = 0;
  #isProven = false;

  constructor(limits: RestartLimits) {
    this.#limits = limits;
  }

  /** It did its work once. */
  prove(): void {
    this.#isProven = true;
  }

  ended(livedMs: number): RestartDecision {
    const { firstDelayMs, maxDelayMs, stableAfterMs, maxQuickEnds, isTirelessOnceProven } = this.#limits;
    if (livedMs >= stableAfterMs) {
      this.#isProven = true;
      this.#quickEnds = 0;
      return { restart: true, delayMs: firstDelayMs };
    }
    this.#quickEnds += 1;
    if (this.#quickEnds >= maxQuickEnds && !(isTirelessOnceProven && this.#isProven)) return { restart: false };
    return { restart: true, delayMs: Math.min(maxDelayMs, firstDelayMs * 2 ** (this.#quickEnds - 1)) };
  }
}
