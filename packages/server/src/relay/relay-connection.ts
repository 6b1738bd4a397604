/**
 * One client's WebSocket at the relay. Everything that comes in on it is hostile: what isn't exactly the protocol ends
 * the connection, and what it makes the relay hold is counted and bounded.
 */
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { RelayLimits } from './relay-limits.ts';
import type { RelayMemory } from './relay-memory.ts';
import type { RelayRooms, RoomListener, Seat } from './relay-rooms.ts';
import {
  type ClientMessage,
  encodeClosed,
  encodeFrame,
  encodeJoined,
  encodeMember,
  encodeStopping,
  MAX_JOIN_BYTES,
  parseClientMessage,
} from './relay-wire.ts';

/** Why the relay ended a connection; the numbers are WebSocket close codes. */
export const CONNECTION_ENDS = {
  idle: 1000,
  stopping: 1001,
  protocol: 1002,
  flooding: 1008,
  slow: 1013,
} as const;
export type ConnectionEnd = keyof typeof CONNECTION_ENDS | 'silent' | 'gone';

export interface RelayConnectionOptions {
  readonly socket: WebSocket;
  /** The bytes below the WebSocket. */
  readonly transport: Duplex;
  readonly rooms: RelayRooms;
  readonly memory: RelayMemory;
  readonly limits: RelayLimits;
  readonly now: () => number;
  /** Called once; the connection holds nothing from then on. */
  readonly onEnd: (reason: ConnectionEnd) => void;
  /** The relay holds more than it may. */
  readonly onMemoryOver: () => void;
}

export class RelayConnection {
  readonly #options: RelayConnectionOptions;
  readonly #sessions = new Map<number, Seat>();
  /** Since when it has had no session. */
  #idleSinceMs: number;
  #askedAtMs: number;
  #answered = true;
  /** Given to the socket and not yet taken by the system. */
  #backlogBytes = 0;
  #backlogWhenAsked = 0;
  /** Of a message that hasn't arrived as a whole. */
  #arrivingBytes = 0;
  #sawMessage = false;
  #isEnded = false;

  constructor(options: RelayConnectionOptions) {
    this.#options = options;
    const { socket, transport, now } = options;
    this.#idleSinceMs = this.#askedAtMs = now();
    socket.on('message', (data, isBinary) => {
      this.#sawMessage = true;
      // With ws' default `binaryType` a message is one Buffer.
      this.#receive(isBinary && data instanceof Uint8Array ? parseClientMessage(data) : undefined);
    });
    socket.on('pong', () => {
      this.#sawMessage = true;
      this.#answered = true;
    });
    socket.on('error', () => this.end('protocol'));
    socket.on('close', () => this.end('gone'));
    // After ws' own listener, so that the messages in this chunk have been seen.
    transport.on('data', (chunk: Uint8Array) => this.#countArriving(chunk.length));
  }

  get sessionCount(): number {
    return this.#sessions.size;
  }

  get backlogBytes(): number {
    return this.#backlogBytes;
  }

  announceStop(): void {
    this.#send(encodeStopping());
  }

  /** Asks for a sign of life when it is time, and ends what is silent or idle. */
  check(): void {
    const { limits, now, socket } = this.#options;
    const nowMs = now();
    if (this.#sessions.size === 0 && nowMs - this.#idleSinceMs >= limits.idleTimeoutMs) {
      this.end('idle');
      return;
    }
    if (nowMs - this.#askedAtMs < limits.keepaliveMs) return;
    // The question waits behind everything else that waits to be read: whoever reads is alive.
    if (!this.#answered && this.#backlogBytes >= this.#backlogWhenAsked) {
      this.end('silent');
      return;
    }
    this.#askedAtMs = nowMs;
    this.#backlogWhenAsked = this.#backlogBytes;
    if (!this.#answered) return;
    this.#answered = false;
    socket.ping();
  }

  end(reason: ConnectionEnd): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    const { socket, memory, onEnd } = this.#options;
    memory.give(this.#backlogBytes + this.#arrivingBytes);
    this.#backlogBytes = this.#arrivingBytes = 0;
    if (reason === 'idle' || reason === 'stopping' || reason === 'protocol')
      socket.close(CONNECTION_ENDS[reason], reason);
    // Nothing more is written to somebody who doesn't read, nor read from somebody who floods.
    else socket.terminate();
    onEnd(reason);
    // Not at once: this may be called while a room tells its members something.
    queueMicrotask(() => {
      for (const seat of this.#sessions.values()) seat.leave();
      this.#sessions.clear();
    });
  }

  #receive(message: ClientMessage | undefined): void {
    if (this.#isEnded) return;
    switch (message?.kind) {
      case 'join':
        this.#join(message.session, message.rooms);
        return;
      case 'send':
        // A session that the relay has just closed may still be sent to.
        this.#sessions.get(message.session)?.send(message.frame);
        return;
      case 'leave':
        this.#sessions.get(message.session)?.leave();
        this.#forget(message.session);
        return;
      case undefined:
        this.end('protocol');
    }
  }

  #join(session: number, ids: readonly string[]): void {
    if (this.#sessions.has(session)) {
      this.end('protocol');
      return;
    }
    if (this.#sessions.size >= this.#options.limits.maxSessionsPerConnection) {
      this.#send(
        encodeJoined(
          session,
          undefined,
          ids.map(() => 'busy'),
        ),
      );
      return;
    }
    const { seat, rooms } = this.#options.rooms.join(ids, this.#listenerOf(session));
    if (seat === undefined) this.#send(encodeJoined(session, undefined, rooms));
    else this.#sessions.set(session, seat);
  }

  #listenerOf(session: number): RoomListener {
    return {
      joined: (slot, rooms) => this.#send(encodeJoined(session, slot, rooms)),
      frame: (slot, frame) => this.#send(encodeFrame(session, slot, frame)),
      member: (slot, event) => this.#send(encodeMember(session, slot, event)),
      closed: (reason) => {
        this.#send(encodeClosed(session, reason));
        this.#forget(session);
      },
    };
  }

  #forget(session: number): void {
    if (this.#sessions.delete(session) && this.#sessions.size === 0) this.#idleSinceMs = this.#options.now();
  }

  #send(message: Uint8Array): void {
    const { socket, memory, limits, onMemoryOver } = this.#options;
    if (this.#isEnded) return;
    const { length } = message;
    this.#backlogBytes += length;
    memory.take(length);
    socket.send(message, () => {
      if (this.#isEnded) return;
      this.#backlogBytes -= length;
      memory.give(length);
    });
    if (this.#backlogBytes > limits.maxBacklogBytes) this.end('slow');
    else if (memory.isOver) onMemoryOver();
  }

  /** ws collects a message until it is there as a whole: what it collects counts, and is little before a join. */
  #countArriving(length: number): void {
    if (this.#isEnded) return;
    const { memory, onMemoryOver } = this.#options;
    if (this.#sawMessage) {
      this.#sawMessage = false;
      memory.give(this.#arrivingBytes);
      this.#arrivingBytes = 0;
      return;
    }
    this.#arrivingBytes += length;
    memory.take(length);
    if (this.#sessions.size === 0 && this.#arrivingBytes > 2 * MAX_JOIN_BYTES) this.end('flooding');
    else if (memory.isOver) onMemoryOver();
  }

  /** What it makes the relay hold at the moment. */
  get heldBytes(): number {
    return this.#backlogBytes + this.#arrivingBytes;
  }
}
