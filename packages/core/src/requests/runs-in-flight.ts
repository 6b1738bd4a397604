import type { RequestId } from '../ids.ts';

/** Requests that this process is signing: each by one run at a time. */
export class RunsInFlight {
  readonly #runs = new Map<RequestId, PromiseWithResolvers<void>>();

  get size(): number {
    return this.#runs.size;
  }

  /** Resolves when the run is over; undefined where there is none. */
  get(id: RequestId): Promise<void> | undefined {
    return this.#runs.get(id)?.promise;
  }

  /** false: there is a run already. */
  claim(id: RequestId): boolean {
    if (this.#runs.has(id)) return false;
    this.#runs.set(id, Promise.withResolvers());
    return true;
  }

  done(id: RequestId): void {
    const run = this.#runs.get(id);
    this.#runs.delete(id);
    run?.resolve();
  }
}
