/** Wakes those who wait for a request in this process. */
import type { RequestId } from '../ids.ts';

/** More waiters than this aren't taken; they look once and get the request as it is. */
const MAX_WAITERS = 10_000;

export interface RequestListener {
  /** Resolves at the next change of the request since `listen`, or with the signal. */
  readonly changed: Promise<void>;
  readonly stop: () => void;
}

export class RequestWaiters {
  readonly #byId = new Map<RequestId, Set<() => void>>();
  #count = 0;

  /** Undefined where there are too many already. */
  listen(id: RequestId): RequestListener | undefined {
    if (this.#count >= MAX_WAITERS) return undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    const ofRequest = this.#byId.get(id) ?? new Set();
    this.#byId.set(id, ofRequest.add(resolve));
    this.#count += 1;
    const stop = (): void => {
      if (!ofRequest.delete(resolve)) return;
      this.#count -= 1;
      if (ofRequest.size === 0 && this.#byId.get(id) === ofRequest) this.#byId.delete(id);
    };
    return { changed: promise, stop };
  }

  notify(id: RequestId): void {
    for (const wake of this.#byId.get(id) ?? []) wake();
  }
}
