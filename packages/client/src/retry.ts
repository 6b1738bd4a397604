/** Tries again, some times and not too fast. */
import { CountersignError } from './countersign-error.ts';

const FIRST_DELAY_MS = 200;
const MAX_DELAY_MS = 5_000;
/** A service that asks for more patience than this gets its error to the caller instead. */
const MAX_RETRY_AFTER_MS = 30_000;

export interface RetryOptions {
  /** Most attempts after the first. */
  readonly retries: number;
  /** Whether the call may be sent again although it may have been carried out. */
  readonly isRepeatable: () => boolean;
  readonly signal: AbortSignal;
}

/**
 * `attempt`, again after `rate_limited` and where the service can't have seen it, and after `unavailable` and
 * `unreachable` where it is repeatable. Never after a time-out: the caller's time is over.
 */
export async function withRetries<Result>(options: RetryOptions, attempt: () => Promise<Result>): Promise<Result> {
  for (let tried = 0; ; tried += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof CountersignError) || tried >= options.retries || !mayTryAgain(error, options)) throw error;
      await delay(Math.max(backoffMs(tried), error.retryAfterMs ?? 0), options.signal);
    }
  }
}

function mayTryAgain(error: CountersignError, { isRepeatable }: RetryOptions): boolean {
  if ((error.retryAfterMs ?? 0) > MAX_RETRY_AFTER_MS) return false;
  if (error.code === 'rate_limited' || error.isUnsent) return true;
  return (error.code === 'unavailable' || error.code === 'unreachable') && isRepeatable();
}

/** Doubles with every attempt; half of it at random, so that clients that failed together don't come back together. */
function backoffMs(tried: number): number {
  const full = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** tried);
  return full / 2 + (Math.random() * full) / 2;
}

/** @throws the signal's reason */
function delay(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const end = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', end);
      resolve();
    }, ms);
    signal.addEventListener('abort', end, { once: true });
  });
}
