import type { Socket } from 'node:net';
import { FRAME_TYPES, FrameError, FrameReader, type SealedRole } from './frames.ts';
import { type Hello, parseHello } from './messages/hello.ts';
import { setRequestId } from './messages/item-message.ts';
import type { PoolMessage } from './pool-work.ts';

export interface ChannelEvents {
  readonly onHello: (hello: Hello) => void;
  /** A reply came: there is room for another message. */
  readonly onReply: () => void;
  /** The channel is gone, and every message in flight was reported lost. Called once. */
  readonly onClosed: (reason: string) => void;
}

interface Pending {
  readonly message: PoolMessage;
  readonly deadlineMs: number;
}

/** The HTTP process's end of the socket to one sealed process. */
export class SealedChannel {
  readonly #socket: Socket;
  readonly #role: SealedRole;
  readonly #events: ChannelEvents;
  readonly #pending = new Map<number, Pending>();
  readonly #helloDeadlineMs: number;
  #hello: Hello | undefined;
  #nextRequestId = 1;
  #inFlightUs = 0;
  #corked = false;
  #closed = false;

  constructor(socket: Socket, role: SealedRole, helloTimeoutMs: number, events: ChannelEvents) {
    this.#socket = socket;
    this.#role = role;
    this.#events = events;
    this.#helloDeadlineMs = performance.now() + helloTimeoutMs;
    const reader = new FrameReader((type, body) => this.#receive(type, body));
    socket.on('data', (chunk: Buffer) => {
      if (this.#closed) return;
      try {
        reader.push(chunk);
      } catch (error) {
        this.close(
          error instanceof FrameError ? `malformed answer: ${error.message}` : 'fault while reading an answer',
        );
      }
    });
    socket.on('error', (error) => this.close(error.message));
    socket.on('close', () => this.close('the process ended'));
  }

  /** Undefined until the process has said that it is sealed and ready. */
  get hello(): Hello | undefined {
    return this.#hello;
  }

  get inFlight(): number {
    return this.#pending.size;
  }

  /** What the messages in flight are expected to take together. */
  get inFlightUs(): number {
    return this.#inFlightUs;
  }

  send(message: PoolMessage, timeoutMs: number): void {
    const requestId = this.#nextRequestId;
    this.#nextRequestId = requestId === 0xffff_ffff ? 1 : requestId + 1;
    setRequestId(message.frame, requestId);
    this.#pending.set(requestId, { message, deadlineMs: performance.now() + timeoutMs });
    this.#inFlightUs += message.estimateUs;
    if (!this.#corked) {
      // Everything that one turn of the event loop sends leaves in one system call.
      this.#corked = true;
      this.#socket.cork();
      process.nextTick(() => {
        this.#corked = false;
        this.#socket.uncork();
      });
    }
    this.#socket.write(message.frame);
  }

  /** Closes the channel when the process has been silent for too long. */
  checkDeadlines(nowMs: number): void {
    if (this.#hello === undefined && nowMs > this.#helloDeadlineMs) {
      this.close('no hello in time');
      return;
    }
    for (const { deadlineMs } of this.#pending.values()) {
      if (nowMs > deadlineMs) {
        this.close('no answer in time');
        return;
      }
    }
  }

  close(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.destroy();
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    this.#inFlightUs = 0;
    for (const { message } of pending) message.lost();
    this.#events.onClosed(reason);
  }

  #receive(type: number, body: Buffer): void {
    if (this.#closed) return;
    if (this.#hello === undefined) {
      if (type !== FRAME_TYPES.hello) throw new FrameError('answer before hello');
      const hello = parseHello(body);
      if (hello.role !== this.#role) throw new FrameError('another role');
      this.#hello = hello;
      this.#events.onHello(hello);
      return;
    }
    const requestId = body.length < 4 ? 0 : body.readUInt32LE(0);
    const pending = this.#pending.get(requestId);
    if (pending === undefined || type !== pending.message.replyType) throw new FrameError('answer to nothing');
    // Stays pending until it is read: an answer that breaks the format is lost with the channel.
    pending.message.complete(body);
    this.#pending.delete(requestId);
    this.#inFlightUs = this.#pending.size === 0 ? 0 : this.#inFlightUs - pending.message.estimateUs;
    this.#events.onReply();
  }
}
