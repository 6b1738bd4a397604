/**
 * Requests at a fixed rate, whether or not earlier ones are answered: how long a caller waits. The time of a request
 * counts from the moment at which it was due, also when it had to wait for the generator or for a free connection,
 * so that a stalled service can't hide its stall by slowing the generator down.
 */
import { KeepAliveConnection } from './keep-alive-connection.ts';
import type { LoadTarget } from './load-target.ts';

export interface OpenLoopOptions {
  readonly requestsPerSecond: number;
  readonly connections: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
  readonly onClock?: (event: 'start' | 'stop') => void;
}

export interface OpenLoopResult {
  readonly requests: number;
  readonly seconds: number;
  /** Sorted, in milliseconds: from when the request was due to the end of its response. */
  readonly latenciesMs: Float64Array;
  /** Sorted, in milliseconds: how late requests were sent; timers are whole milliseconds, so up to 1 is usual. */
  readonly latenessMs: Float64Array;
}

const TICK_MS = 1;
/** How long after the last due time the answers may take. */
const DRAIN_MS = 30_000;

/** @throws Error as soon as a response isn't 200, or when answers stay out */
export async function runOpenLoop(target: LoadTarget, options: OpenLoopOptions): Promise<OpenLoopResult> {
  const intervalMs = 1000 / options.requestsPerSecond;
  const warmUpCount = Math.floor(options.warmUpSeconds * options.requestsPerSecond);
  const count = Math.max(1, Math.floor(options.seconds * options.requestsPerSecond));
  const latenciesMs = new Float64Array(count);
  const latenessMs = new Float64Array(count);
  const idle: KeepAliveConnection[] = [];
  const all: KeepAliveConnection[] = [];
  return await new Promise<OpenLoopResult>((done, reject) => {
    let timer: NodeJS.Timeout | undefined;
    let isOver = false;
    const end = (): void => {
      isOver = true;
      clearTimeout(timer);
      for (const connection of all) connection.close();
    };
    const fail = (error: Error): void => {
      if (isOver) return;
      end();
      reject(error);
    };
    const total = warmUpCount + count;
    let due = 0;
    let sent = 0;
    let answered = 0;
    let startMs = 0;

    const dispatch = (): void => {
      while (sent < due) {
        const connection = idle.pop();
        if (connection === undefined) return;
        send(connection, sent++);
      }
    };
    const send = (connection: KeepAliveConnection, index: number): void => {
      const request = target.requests[index % target.requests.length];
      if (request === undefined) {
        fail(new Error('there is nothing to send'));
        return;
      }
      const dueMs = startMs + index * intervalMs;
      const measured = index - warmUpCount;
      if (measured === 0) options.onClock?.('start');
      if (measured >= 0) latenessMs[measured] = performance.now() - dueMs;
      connection.send(request, (summary) => {
        if (summary.status !== 200 || summary.hasError) {
          fail(new Error(`a response with status ${summary.status}`));
          return;
        }
        if (measured >= 0) latenciesMs[measured] = performance.now() - dueMs;
        answered++;
        idle.push(connection);
        if (answered === total) finish();
        else if (sent < due) dispatch();
      });
    };
    const finish = (): void => {
      options.onClock?.('stop');
      end();
      done({
        requests: count,
        seconds: count * intervalMs * 1e-3,
        latenciesMs: latenciesMs.sort(),
        latenessMs: latenessMs.sort(),
      });
    };
    const tick = (): void => {
      if (isOver) return;
      const elapsedMs = performance.now() - startMs;
      due = Math.min(total, Math.floor(elapsedMs / intervalMs) + 1);
      dispatch();
      if (elapsedMs > total * intervalMs + DRAIN_MS) {
        fail(new Error('the service stopped answering'));
        return;
      }
      timer = setTimeout(tick, TICK_MS);
    };
    const open = async (): Promise<void> => {
      for (let i = 0; i < options.connections; i++) {
        const connection = await KeepAliveConnection.open(target.host, target.port, fail);
        all.push(connection);
        idle.push(connection);
      }
      startMs = performance.now();
      tick();
    };
    open().catch((error: unknown) => fail(error instanceof Error ? error : new Error(String(error))));
  });
}
