/** A client's one connection to a relay, shared by all its sessions there. */
import type { LookupFunction } from 'node:net';
import { WebSocket } from 'ws';
import { RelayError } from './relay-error.ts';
import { ClientSession, type RelaySession, type SessionEnd, type SessionLimits } from './relay-session.ts';
import {
  CONNECT_PATH,
  encodeJoin,
  encodeLeave,
  encodeSend,
  FRAME_HEADER_BYTES,
  type JoinRefusal,
  MAX_JOINED_BYTES,
  nextSession,
  parseRelayMessage,
  RELAY_SUBPROTOCOL,
  type RelayMessage,
} from './relay-wire.ts';

export interface LinkLimits extends SessionLimits {
  /** What may wait for the relay to take it, before the connection is given up. */
  readonly maxBacklogBytes: number;
  readonly connectTimeoutMs: number;
  readonly joinTimeoutMs: number;
  readonly keepaliveMs: number;
  /** A connection without a session is closed after this time; shorter than the relay's own. */
  readonly idleTimeoutMs: number;
}

export interface LinkTarget {
  /** `wss://host:port` */
  readonly origin: string;
  readonly lookup: LookupFunction | undefined;
  /** PEM of certificates to trust instead of the system's. */
  readonly ca: string | Buffer | undefined;
}

type JoinedMessage = RelayMessage & { readonly kind: 'joined' };

interface PendingJoin {
  readonly rooms: readonly string[];
  readonly settle: (outcome: JoinedMessage | RelayError) => void;
}

export class RelayLink {
  readonly #socket: WebSocket;
  readonly #limits: LinkLimits;
  readonly #joining = new Map<number, PendingJoin>();
  readonly #sessions = new Map<number, ClientSession>();
  readonly #keepalive: NodeJS.Timeout;
  readonly #onEnd: () => void;
  #nextSession = 1;
  #answered = true;
  #idle: NodeJS.Timeout | undefined;
  #isStopping = false;
  #isEnded = false;

  private constructor(socket: WebSocket, limits: LinkLimits, onEnd: () => void) {
    this.#socket = socket;
    this.#limits = limits;
    this.#onEnd = onEnd;
    socket.on('message', (data, isBinary) => {
      this.#answered = true;
      this.#receive(isBinary && data instanceof Uint8Array ? parseRelayMessage(data) : undefined);
    });
    socket.on('pong', () => {
      this.#answered = true;
    });
    socket.on('close', () => this.end('connection-lost'));
    this.#keepalive = setInterval(() => this.#askForLife(), limits.keepaliveMs);
    this.#keepalive.unref();
    this.#watchIdle();
  }

  /** @throws RelayError `unreachable` or `timeout` */
  static async open(target: LinkTarget, limits: LinkLimits, onEnd: () => void): Promise<RelayLink> {
    const socket = new WebSocket(`${target.origin}${CONNECT_PATH}`, RELAY_SUBPROTOCOL, {
      perMessageDeflate: false,
      followRedirects: false,
      maxPayload: Math.max(limits.maxFrameBytes + FRAME_HEADER_BYTES, MAX_JOINED_BYTES),
      maxFragments: 1024,
      maxBufferedChunks: 8192,
      minVersion: 'TLSv1.2',
      ...(target.lookup && { lookup: target.lookup }),
      ...(target.ca !== undefined && { ca: target.ca }),
    });
    const opened = Promise.withResolvers<void>();
    let cause: Error | undefined;
    socket.on('error', (error) => {
      cause ??= error;
    });
    const onClose = (): void =>
      opened.reject(new RelayError('unreachable', 'the relay could not be reached', { cause }));
    socket.once('close', onClose);
    // Once all is said, and not since the last byte: a byte now and then must not keep it open.
    const timer = setTimeout(() => {
      opened.reject(new RelayError('timeout', 'the relay did not answer in time'));
      socket.terminate();
    }, limits.connectTimeoutMs);
    let link: RelayLink | undefined;
    // Here and not after the promise: the first messages may come in the same chunk.
    socket.once('open', () => {
      socket.off('close', onClose);
      link = new RelayLink(socket, limits, onEnd);
      opened.resolve();
    });
    try {
      await opened.promise;
    } finally {
      clearTimeout(timer);
    }
    if (link === undefined) throw new RelayError('unreachable', 'the relay could not be reached');
    return link;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** For new sessions. */
  get isUsable(): boolean {
    return !this.#isEnded && !this.#isStopping;
  }

  get sessionCount(): number {
    return this.#sessions.size + this.#joining.size;
  }

  /** @throws RelayError `refused` with what was said of each room, or why there was no answer */
  async join(rooms: readonly string[]): Promise<RelaySession> {
    if (this.#isEnded) throw new RelayError('unreachable', 'the connection to the relay was lost');
    const session = this.#newSession();
    clearTimeout(this.#idle);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#send(encodeLeave(session));
        settle(new RelayError('timeout', 'the relay did not answer in time'));
      }, this.#limits.joinTimeoutMs);
      const settle = (outcome: JoinedMessage | RelayError): void => {
        clearTimeout(timer);
        this.#joining.delete(session);
        if (outcome instanceof RelayError) reject(outcome);
        else if (outcome.slot === undefined)
          reject(new RelayError('refused', 'the relay refused the room', { rooms: outcome.rooms }));
        // At once, since what follows may be in the same chunk.
        else resolve(this.#begin(session, outcome.slot, rooms, outcome.rooms));
        this.#watchIdle();
      };
      this.#joining.set(session, { rooms, settle });
      this.#send(encodeJoin(session, rooms));
    });
  }

  /** Ends the connection and every session on it. */
  end(reason: SessionEnd): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    clearInterval(this.#keepalive);
    clearTimeout(this.#idle);
    if (reason === 'left') {
      this.#socket.close(1000);
      setTimeout(() => this.#socket.terminate(), 1000).unref();
    } else this.#socket.terminate();
    this.#onEnd();
    for (const { settle } of [...this.#joining.values()])
      settle(
        new RelayError(reason === 'protocol' ? 'protocol' : 'unreachable', 'the connection to the relay was lost'),
      );
    for (const session of [...this.#sessions.values()]) session.end(reason === 'left' ? 'connection-lost' : reason);
  }

  #receive(message: RelayMessage | undefined): void {
    if (this.#isEnded) return;
    switch (message?.kind) {
      case undefined:
        this.end('protocol');
        return;
      case 'stopping':
        this.#isStopping = true;
        this.#watchIdle();
        return;
      case 'joined': {
        const pending = this.#joining.get(message.session);
        if (pending === undefined) return;
        if (message.rooms.length === pending.rooms.length) pending.settle(message);
        else this.end('protocol');
        return;
      }
      // What comes for a session that we have just left is nobody's.
      case 'frame':
        this.#sessions.get(message.session)?.receiveFrame(message.slot, message.frame);
        return;
      case 'member':
        this.#sessions.get(message.session)?.receiveMember(message.slot, message.event);
        return;
      case 'closed':
        this.#sessions.get(message.session)?.end(message.reason);
    }
  }

  #begin(
    session: number,
    slot: number,
    rooms: readonly string[],
    outcomes: readonly (number | JoinRefusal)[],
  ): RelaySession {
    const begun = new ClientSession(
      slot,
      rooms.map((id, index) => [id, outcomes[index] ?? 'unknown']),
      {
        send: (frame) => this.#sendFrame(session, frame),
        ended: (reason) => {
          this.#sessions.delete(session);
          if (!isRelaysEnd(reason)) this.#send(encodeLeave(session));
          this.#watchIdle();
        },
      },
      this.#limits,
    );
    this.#sessions.set(session, begun);
    return begun;
  }

  #sendFrame(session: number, frame: Uint8Array): void {
    if (frame.length === 0 || frame.length > this.#limits.maxFrameBytes)
      throw new RangeError(`a frame has 1 to ${this.#limits.maxFrameBytes} bytes`);
    this.#send(encodeSend(session, frame));
    if (this.#socket.bufferedAmount > this.#limits.maxBacklogBytes) this.end('relay-slow');
  }

  #send(message: Uint8Array): void {
    // Its failure is the connection's end, which is reported as such.
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(message, () => undefined);
  }

  #newSession(): number {
    let session = this.#nextSession;
    while (this.#sessions.has(session) || this.#joining.has(session)) session = nextSession(session);
    this.#nextSession = nextSession(session);
    return session;
  }

  #askForLife(): void {
    if (!this.#answered) {
      this.end('connection-lost');
      return;
    }
    this.#answered = false;
    this.#socket.ping();
  }

  #watchIdle(): void {
    clearTimeout(this.#idle);
    if (this.#isEnded || this.sessionCount > 0) return;
    this.#idle = setTimeout(() => this.end('left'), this.#isStopping ? 0 : this.#limits.idleTimeoutMs);
    this.#idle.unref();
  }
}

/** The relay knows of these ends, having caused them. */
function isRelaysEnd(reason: SessionEnd): boolean {
  return ['join-timeout', 'room-timeout', 'limit', 'memory', 'stopping', 'connection-lost'].includes(reason);
}
