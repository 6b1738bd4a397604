/**
 * As many requests at a time as there are connections, each sent when the one before it is answered: how much the
 * service can do. The clock starts and stops at the end of a response while all connections are busy, so that
 * neither the start nor the end of the run counts.
 */
import { KeepAliveConnection } from './keep-alive-connection.ts';
import type { LoadTarget } from './load-target.ts';
import type { ResponseSummary } from './response-reader.ts';

export interface ClosedLoopOptions {
  readonly connections: number;
  readonly warmUpSeconds: number;
  readonly minSeconds: number;
  /** Measure until so many responses were counted as well, however long they take (but see `maxSeconds`). */
  readonly minResponses: number;
  readonly maxSeconds: number;
  /** Called when the clock starts and when it stops. */
  readonly onClock?: (event: 'start' | 'stop') => void;
}

export interface KeptResponse {
  readonly requestIndex: number;
  readonly body: Buffer;
}

export interface ClosedLoopResult {
  readonly responses: number;
  readonly items: number;
  readonly seconds: number;
  readonly itemsPerSecond: number;
  /** Sorted, in milliseconds. */
  readonly latenciesMs: Float64Array;
  readonly responseBytes: number;
  /** One from before the clock started and one from after it stopped, for checking the signatures. */
  readonly kept: readonly KeptResponse[];
}

const STALL_MS = 120_000;

/** @throws Error as soon as a response isn't 200, holds a failed item, or doesn't come */
export async function runClosedLoop(target: LoadTarget, options: ClosedLoopOptions): Promise<ClosedLoopResult> {
  return new Promise((done, fail) => {
    const run = new ClosedLoopRun(target, options, done, fail);
    run.start().catch((error: unknown) => run.fail(error instanceof Error ? error : new Error(String(error))));
  });
}

class ClosedLoopRun {
  readonly #target: LoadTarget;
  readonly #options: ClosedLoopOptions;
  readonly #done: (result: ClosedLoopResult) => void;
  readonly #reject: (error: Error) => void;
  readonly #connections: KeepAliveConnection[] = [];
  readonly #kept: KeptResponse[] = [];
  #phase: 'warm-up' | 'measure' | 'drain' | 'over' = 'warm-up';
  #nextRequest = 0;
  #inFlight = 0;
  #warmed = 0;
  #isLastSent = false;
  #runStartMs = 0;
  #clockStartMs = 0;
  #clockStopMs = 0;
  #latencies = new Float64Array(4096);
  #responses = 0;
  #responseBytes = 0;
  #lastAnswerMs = 0;
  #watch: NodeJS.Timeout | undefined;

  constructor(
    target: LoadTarget,
    options: ClosedLoopOptions,
    done: (result: ClosedLoopResult) => void,
    reject: (error: Error) => void,
  ) {
    this.#target = target;
    this.#options = options;
    this.#done = done;
    this.#reject = reject;
  }

  async start(): Promise<void> {
    const { host, port } = this.#target;
    for (let i = 0; i < this.#options.connections; i++)
      this.#connections.push(await KeepAliveConnection.open(host, port, (error) => this.fail(error)));
    this.#runStartMs = performance.now();
    this.#lastAnswerMs = this.#runStartMs;
    this.#watch = setInterval(() => {
      if (performance.now() - this.#lastAnswerMs > STALL_MS) this.fail(new Error('the service stopped answering'));
    }, 1000);
    for (const connection of this.#connections) this.#send(connection);
  }

  fail(error: Error): void {
    if (this.#phase === 'over') return;
    this.#end();
    this.#reject(error);
  }

  #send(connection: KeepAliveConnection): void {
    const requestIndex = this.#nextRequest++ % this.#target.requests.length;
    const request = this.#target.requests[requestIndex];
    if (request === undefined) {
      this.fail(new Error('there is nothing to send'));
      return;
    }
    connection.keepBodies = this.#nextRequest === 1 || this.#phase === 'drain';
    const sentMs = performance.now();
    this.#inFlight++;
    connection.send(request, (summary) => this.#receive(connection, requestIndex, sentMs, summary));
  }

  #receive(connection: KeepAliveConnection, requestIndex: number, sentMs: number, summary: ResponseSummary): void {
    const nowMs = performance.now();
    this.#lastAnswerMs = nowMs;
    this.#inFlight--;
    if (summary.status !== 200 || summary.hasError) {
      this.fail(new Error(`a response with status ${summary.status}${summary.hasError ? ' and errors' : ''}`));
      return;
    }
    if (summary.body !== undefined) this.#kept.push({ requestIndex, body: summary.body });
    if (this.#phase === 'warm-up') this.#warmUp(nowMs);
    else if (this.#phase === 'measure') this.#count(nowMs, nowMs - sentMs, summary.bodyBytes);
    if (this.#phase === 'drain') this.#drain(connection);
    else if (this.#phase !== 'over') this.#send(connection);
  }

  #warmUp(nowMs: number): void {
    this.#warmed++;
    const isWarm = nowMs - this.#runStartMs >= this.#options.warmUpSeconds * 1000;
    if (!isWarm || this.#warmed < this.#options.connections) return;
    this.#phase = 'measure';
    this.#options.onClock?.('start');
    this.#clockStartMs = performance.now();
  }

  #count(nowMs: number, latencyMs: number, bodyBytes: number): void {
    if (this.#responses === this.#latencies.length) {
      const larger = new Float64Array(2 * this.#latencies.length);
      larger.set(this.#latencies);
      this.#latencies = larger;
    }
    this.#latencies[this.#responses++] = latencyMs;
    this.#responseBytes += bodyBytes;
    const elapsed = (nowMs - this.#clockStartMs) / 1000;
    const { minSeconds, minResponses, maxSeconds } = this.#options;
    if (elapsed < maxSeconds && (elapsed < minSeconds || this.#responses < minResponses)) return;
    this.#clockStopMs = nowMs;
    this.#phase = 'drain';
    this.#options.onClock?.('stop');
  }

  /** After the clock, one more request among those under way, whose response is kept; then all are awaited. */
  #drain(connection: KeepAliveConnection): void {
    if (!this.#isLastSent) {
      this.#isLastSent = true;
      this.#send(connection);
      return;
    }
    if (this.#inFlight > 0) return;
    const seconds = (this.#clockStopMs - this.#clockStartMs) / 1000;
    const items = this.#responses * this.#target.itemsPerRequest;
    this.#end();
    this.#done({
      responses: this.#responses,
      items,
      seconds,
      itemsPerSecond: items / seconds,
      latenciesMs: this.#latencies.slice(0, this.#responses).sort(),
      responseBytes: this.#responseBytes,
      kept: this.#kept,
    });
  }

  #end(): void {
    this.#phase = 'over';
    clearInterval(this.#watch);
    for (const connection of this.#connections) connection.close();
  }
}
