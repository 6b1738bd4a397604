import { setTimeout } from 'node:timers/promises';
import type { RequestStore } from '../ports/request-store.ts';
import { createSigningPath, type SigningDependencies, type SigningPath } from '../sign-batch.ts';
import type { LoadChain } from './decode-content.ts';
import { RequestWaiters } from './request-waiters.ts';
import { RunsInFlight } from './runs-in-flight.ts';

export interface RequestDependencies {
  /** The same as those of `createSignBatch`. */
  readonly signing: SigningDependencies;
  readonly requests: RequestStore;
  readonly loadChain: LoadChain;
  /** Told of faults that no caller is there to be told of; must not throw. */
  readonly report: (fault: unknown) => void;
  /** Resolves after a time, or when the signal is aborted; never rejects. For tests: by default the real time. */
  readonly wait?: Wait;
}

export type Wait = (ms: number, signal: AbortSignal) => Promise<void>;

/** What the commands and the runner share. */
export interface RequestContext extends Omit<RequestDependencies, 'wait'> {
  readonly path: SigningPath;
  readonly inFlight: RunsInFlight;
  readonly waiters: RequestWaiters;
  readonly wait: Wait;
  /** Each closes an intent whose outcome couldn't be recorded. */
  readonly unclosed: Set<() => Promise<void>>;
  /** Aborted when the service stops. */
  readonly stopped: AbortSignal;
}

/** More aren't kept: their requests are signed after the next start, which closes every intent. */
const MAX_UNCLOSED = 10_000;

export function requestContext(dependencies: RequestDependencies, stopped: AbortSignal): RequestContext {
  const unclosed = new Set<() => Promise<void>>();
  return {
    wait: waitUnreferenced,
    ...dependencies,
    unclosed,
    path: createSigningPath({
      ...dependencies.signing,
      closeLater: (close) => {
        if (unclosed.size < MAX_UNCLOSED) unclosed.add(close);
      },
    }),
    inFlight: new RunsInFlight(),
    waiters: new RequestWaiters(),
    stopped,
  };
}

/** A wait that doesn't hold up the end of the process. */
const waitUnreferenced: Wait = (ms, signal) =>
  setTimeout(ms, undefined, { signal, ref: false }).then(
    () => undefined,
    () => undefined,
  );
