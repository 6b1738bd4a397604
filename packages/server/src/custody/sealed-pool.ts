/** The sealed processes of one role, as the HTTP process uses them. No native code, no key, no socket of its own. */
import type { Socket } from 'node:net';
import type { SealedRole } from './frames.ts';
import type { EngineReport, Hello } from './messages/hello.ts';
import type { PoolWork } from './pool-work.ts';
import { SealedChannel } from './sealed-channel.ts';

export interface PoolSettings {
  /**
   * How long one message should take in the sealed process, in microseconds. A message costs both sides some 100 us
   * whatever is in it, so that messages of slow keys must not hold three items; a request that comes between batches
   * waits for it.
   */
  readonly targetMessageUs: number;
  /**
   * How much work a sealed process may have lying before it when it is sent more, in microseconds. It has to last while
   * this process is kept from sending, which is as long as the database takes for a commit; a single request that comes
   * between batches waits for it.
   */
  readonly aheadUs: number;
  /** No answer for this long: the channel is closed, its messages are lost. */
  readonly messageTimeoutMs: number;
  /** Work none of which could be sent for this long (no process, or too much before it) is given up. */
  readonly queueTimeoutMs: number;
  /** More items than this waiting: new work is given up at once. */
  readonly maxQueuedItems: number;
  /** From the hand-over of the socket to the process's first frame. */
  readonly helloTimeoutMs: number;
}

export const DEFAULT_POOL_SETTINGS: PoolSettings = {
  targetMessageUs: 8000,
  aheadUs: 8000,
  messageTimeoutMs: 30_000,
  queueTimeoutMs: 5000,
  maxQueuedItems: 200_000,
  helloTimeoutMs: 60_000,
};

export type PoolEvent =
  /** Work has come and no process of the role is attached. */
  | { readonly event: 'wanted'; readonly role: SealedRole }
  | { readonly event: 'attached'; readonly role: SealedRole; readonly index: number; readonly hello: Hello }
  | { readonly event: 'lost'; readonly role: SealedRole; readonly index: number; readonly reason: string };

interface Member {
  readonly index: number;
  readonly incarnation: number;
  readonly channel: SealedChannel;
}

interface Queued {
  readonly work: PoolWork;
  waitingSinceMs: number;
}

/** At least this long, so that the end of a batch isn't cut into messages that cost more than their items. */
const SMALLEST_MESSAGE_US = 400;
/** Small messages of many batches may be in flight together; this bounds their number. */
const MAX_MESSAGES_IN_FLIGHT = 64;
const CLOCK_INTERVAL_MS = 50;

/**
 * Cuts work into messages by time, spreads them over the processes, and takes turns between batches, so that a
 * single signature doesn't wait behind a batch of ten thousand. Nothing that was sent is ever sent again: whether a
 * signature exists for it isn't known.
 */
export class SealedPool {
  readonly role: SealedRole;
  readonly #settings: PoolSettings;
  readonly #onEvent: (event: PoolEvent) => void;
  readonly #members = new Map<number, Member>();
  #queue: Queued[] = [];
  #queuedItems = 0;
  #clock: NodeJS.Timeout | undefined;
  #lastHello: Hello | undefined;
  #draining: PromiseWithResolvers<void> | undefined;

  constructor(role: SealedRole, settings: PoolSettings, onEvent: (event: PoolEvent) => void) {
    this.role = role;
    this.#settings = settings;
    this.#onEvent = onEvent;
  }

  /** Takes over a socket to a process; used for work once the process has said hello. */
  attach(index: number, incarnation: number, socket: Socket): void {
    const current = this.#members.get(index);
    if (current !== undefined) {
      if (current.incarnation >= incarnation) {
        socket.destroy();
        return;
      }
      current.channel.close('replaced');
    }
    const channel = new SealedChannel(socket, this.role, this.#settings.helloTimeoutMs, {
      onHello: (hello) => {
        this.#lastHello = hello;
        this.#onEvent({ event: 'attached', role: this.role, index, hello });
        this.#dispatch();
      },
      onReply: () => this.#dispatch(),
      onClosed: (reason) => {
        if (this.#members.get(index)?.channel === channel) this.#members.delete(index);
        this.#onEvent({ event: 'lost', role: this.role, index, reason });
        this.#dispatch();
      },
    });
    this.#members.set(index, { index, incarnation, channel });
    this.#startClock();
  }

  /** Queues work. What can't be done is given up through `PoolWork.abandon`, never by an exception. */
  submit(work: PoolWork): void {
    if (work.remainingItems === 0) return;
    if (this.#draining !== undefined || this.#queuedItems + work.remainingItems > this.#settings.maxQueuedItems) {
      work.abandon();
      return;
    }
    this.#queuedItems += work.remainingItems;
    this.#queue.push({ work, waitingSinceMs: performance.now() });
    if (this.#members.size === 0) this.#onEvent({ event: 'wanted', role: this.role });
    this.#dispatch();
    this.#startClock();
  }

  /** Whether at least one process is sealed and ready. */
  health(): boolean {
    for (const { channel } of this.#members.values()) if (channel.hello !== undefined) return true;
    return false;
  }

  get readyCount(): number {
    let count = 0;
    for (const { channel } of this.#members.values()) if (channel.hello !== undefined) count++;
    return count;
  }

  get queuedItems(): number {
    return this.#queuedItems;
  }

  /** The engines that the last process to arrive reported; empty before the first. */
  engines(): readonly EngineReport[] {
    return this.#lastHello?.engines ?? [];
  }

  /** Finishes what was accepted, refuses the rest, then closes all channels, upon which the processes end. */
  async drain(): Promise<void> {
    this.#draining ??= Promise.withResolvers<void>();
    this.#settleDrain();
    await this.#draining.promise;
    for (const { channel } of [...this.#members.values()]) channel.close('drained');
    clearInterval(this.#clock);
    this.#clock = undefined;
  }

  #dispatch(): void {
    while (this.#queue.length > 0) {
      const channel = this.#idlest();
      if (channel === undefined) break;
      const queued = this.#queue.shift();
      if (queued === undefined) break;
      const { work } = queued;
      const before = work.remainingItems;
      const message = work.take(this.#budgetUs(work));
      this.#queuedItems -= before - work.remainingItems;
      if (work.remainingItems > 0) {
        queued.waitingSinceMs = performance.now();
        this.#queue.push(queued);
      }
      channel.send(message, this.#settings.messageTimeoutMs);
    }
    this.#settleDrain();
  }

  /** The ready process with the least to do, if any has room. */
  #idlest(): SealedChannel | undefined {
    let best: SealedChannel | undefined;
    for (const { channel } of this.#members.values()) {
      if (channel.hello === undefined) continue;
      // Always one to work on and one to begin with when that is done, however long they are.
      const hasRoom =
        channel.inFlight < 2 ||
        (channel.inFlightUs <= this.#settings.aheadUs && channel.inFlight < MAX_MESSAGES_IN_FLIGHT);
      if (hasRoom && (best === undefined || channel.inFlightUs < best.inFlightUs)) best = channel;
    }
    return best;
  }

  /** Full messages; towards the end of a batch that is alone ever smaller ones, so that all processes end together. */
  #budgetUs(work: PoolWork): number {
    const target = this.#settings.targetMessageUs;
    if (this.#queue.length > 0) return target;
    return Math.min(target, Math.max(SMALLEST_MESSAGE_US, work.remainingUs / (2 * this.readyCount)));
  }

  #startClock(): void {
    if (this.#clock !== undefined) return;
    this.#clock = setInterval(() => this.#tick(), CLOCK_INTERVAL_MS);
    this.#clock.unref();
  }

  #tick(): void {
    const nowMs = performance.now();
    for (const { channel } of [...this.#members.values()]) channel.checkDeadlines(nowMs);
    const expired = this.#queue.filter(({ waitingSinceMs }) => nowMs - waitingSinceMs > this.#settings.queueTimeoutMs);
    if (expired.length > 0) {
      this.#queue = this.#queue.filter((queued) => !expired.includes(queued));
      for (const { work } of expired) {
        this.#queuedItems -= work.remainingItems;
        work.abandon();
      }
    }
    const busy = [...this.#members.values()].some(({ channel }) => channel.hello === undefined || channel.inFlight > 0);
    if (!busy && this.#queue.length === 0) {
      clearInterval(this.#clock);
      this.#clock = undefined;
    }
    this.#settleDrain();
  }

  #settleDrain(): void {
    if (this.#draining === undefined || this.#queue.length > 0) return;
    for (const { channel } of this.#members.values()) if (channel.inFlight > 0) return;
    this.#draining.resolve();
  }
}
