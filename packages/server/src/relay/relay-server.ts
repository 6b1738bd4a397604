/**
 * The relay: rooms, and the WebSocket connections of those who meet in them. It listens nowhere itself: `relay-listener.ts`
 * runs it alone, and the API's listener carries it as well.
 */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { type WebSocket, WebSocketServer } from 'ws';
import { type ConnectionEnd, RelayConnection } from './relay-connection.ts';
import { DEFAULT_RELAY_LIMITS, type RelayLimits } from './relay-limits.ts';
import { RelayMemory } from './relay-memory.ts';
import {
  answerRoomRequest,
  createRoomAuthority,
  MAX_ROOM_REQUEST_BYTES,
  type RoomAnswer,
  roomError,
  UNAUTHORIZED,
} from './relay-room-request.ts';
import { type CreateOutcome, type JoinOutcome, RelayRooms, type RoomCounts, type RoomListener } from './relay-rooms.ts';
import {
  CONNECT_PATH,
  FRAME_HEADER_BYTES,
  isRoomId,
  MAX_JOIN_BYTES,
  RELAY_SUBPROTOCOL,
  ROOMS_PATH,
} from './relay-wire.ts';

export interface RelayOptions {
  readonly limits?: Partial<RelayLimits>;
  /** Who has one of them may make rooms over HTTP; none: nobody may. */
  readonly relayKeys?: readonly string[];
  /** Put before every room id, so that a glance or a proxy can tell whose it is: at most 32 of A-Z a-z 0-9 _ - */
  readonly roomPrefix?: string;
  /** Milliseconds on a clock that never goes back. For tests. */
  readonly now?: () => number;
  readonly onConnectionEnd?: (reason: ConnectionEnd) => void;
}

export interface RelayStats extends RoomCounts {
  readonly connections: number;
  readonly sessions: number;
  /** Kept for late joiners, waiting for slow readers, or arriving. */
  readonly heldBytes: number;
  readonly connectionsEnded: Readonly<Partial<Record<ConnectionEnd | 'refused', number>>>;
}

export interface Relay {
  /** Whether this request is for a connection to the relay, by its path alone. */
  isConnectRequest(request: IncomingMessage): boolean;
  /** For a server's 'upgrade' event; refuses what isn't a connection to the relay. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Whether this header lets its sender make rooms: to be asked before a body is read. */
  mayCreateRooms(authorization: string | undefined): boolean;
  /** `POST /relay/v1/rooms`, with its body as parsed JSON; looks at the header first. */
  answerRoomRequest(authorization: string | undefined, body: unknown): RoomAnswer;
  /** The same as a whole, on a bare HTTP server: header, body, answer. Other paths get a 404. */
  handleRequest(request: IncomingMessage, response: ServerResponse): void;
  /** Without a key, for the process that the relay runs in. Undefined while it is stopping. */
  createRoom(size: number): CreateOutcome | undefined;
  /** For members in this process, see `RelayRooms.join`; the listener must not call back into the relay at once. */
  join(rooms: readonly string[], listener: RoomListener): JoinOutcome;
  stats(): RelayStats;
  /**
   * Makes no more rooms, lets those that have members finish, and ends every connection when they have, or after
   * `graceMs`. Members that a started room waits for may still come.
   */
  close(graceMs: number): Promise<void>;
}

/** How often time-outs are looked at. */
const SWEEP_MS = 250;
const CLOSING_MS = 500;
/** Of a connection that we close and whose other end doesn't. ws has this option; its types don't. */
const CLOSE_TIMEOUT = { closeTimeout: CLOSING_MS };
const REFUSAL_LINGER_MS = 1000;
const MAX_PREFIX_LENGTH = 32;

/** @throws RangeError for a prefix that can't be part of a room's id */
export function createRelay(options: RelayOptions = {}): Relay {
  return new RelayServer(options);
}

class RelayServer implements Relay {
  readonly #limits: RelayLimits;
  readonly #now: () => number;
  readonly #memory: RelayMemory;
  readonly #rooms: RelayRooms;
  readonly #mayCreate: (authorization: string | undefined) => boolean;
  readonly #sockets: WebSocketServer;
  /** In the order of their beginnings. */
  readonly #connections = new Set<RelayConnection>();
  readonly #open = new Set<WebSocket>();
  readonly #connectionsEnded: Partial<Record<ConnectionEnd | 'refused', number>> = {};
  readonly #onConnectionEnd: RelayOptions['onConnectionEnd'];
  readonly #sweep: NodeJS.Timeout;
  #closing: Promise<void> | undefined;

  constructor(options: RelayOptions) {
    const { roomPrefix = '', relayKeys = [], now = () => performance.now() } = options;
    if (roomPrefix.length > MAX_PREFIX_LENGTH || (roomPrefix !== '' && !isRoomId(roomPrefix)))
      throw new RangeError('a prefix of room ids has at most 32 letters, digits, "-" and "_"');
    this.#limits = { ...DEFAULT_RELAY_LIMITS, ...options.limits };
    this.#now = now;
    this.#memory = new RelayMemory(this.#limits.maxMemoryBytes);
    this.#rooms = new RelayRooms({
      limits: this.#limits,
      memory: this.#memory,
      now,
      newId: () => `${roomPrefix}${randomBytes(16).toString('hex')}`,
    });
    this.#mayCreate = createRoomAuthority(relayKeys);
    this.#onConnectionEnd = options.onConnectionEnd;
    this.#sockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: Math.max(this.#limits.maxFrameBytes + FRAME_HEADER_BYTES, MAX_JOIN_BYTES),
      maxFragments: 1024,
      maxBufferedChunks: 8192,
      ...CLOSE_TIMEOUT,
      handleProtocols: () => RELAY_SUBPROTOCOL,
    });
    this.#sweep = setInterval(() => this.#check(), SWEEP_MS);
    this.#sweep.unref();
  }

  isConnectRequest(request: IncomingMessage): boolean {
    return request.url === CONNECT_PATH;
  }

  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const refusal = this.#refusalOf(request);
    if (refusal !== undefined) {
      this.#connectionsEnded.refused = (this.#connectionsEnded.refused ?? 0) + 1;
      refuse(socket, refusal);
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (accepted) => this.#accept(accepted, socket));
  }

  mayCreateRooms(authorization: string | undefined): boolean {
    return this.#mayCreate(authorization);
  }

  answerRoomRequest(authorization: string | undefined, body: unknown): RoomAnswer {
    if (!this.#mayCreate(authorization)) return UNAUTHORIZED;
    return answerRoomRequest(body, (size) => this.createRoom(size));
  }

  handleRequest(request: IncomingMessage, response: ServerResponse): void {
    const answer = ({ status, contentType, headers, body }: RoomAnswer): void => {
      response.writeHead(status, {
        'content-type': contentType,
        'content-length': Buffer.byteLength(body),
        'cache-control': 'no-store',
        ...headers,
      });
      response.end(body);
      // A connection that is closed over unread bytes is reset, and then the answer may be lost. The listener's
      // time for a request bounds this.
      request.resume();
    };
    if (request.url !== ROOMS_PATH) answer(roomError(404, 'no such path'));
    else if (request.method !== 'POST')
      answer(roomError(405, 'this path does not have this method', { allow: 'POST' }));
    else if (!this.#mayCreate(request.headers.authorization)) answer(UNAUTHORIZED);
    else {
      readJson(request).then(
        (body) => answer(this.answerRoomRequest(request.headers.authorization, body)),
        (error: unknown) =>
          answer(
            error instanceof RangeError
              ? roomError(413, `the body may have at most ${MAX_ROOM_REQUEST_BYTES} bytes`)
              : roomError(400, 'the body is not valid JSON'),
          ),
      );
    }
  }

  createRoom(size: number): CreateOutcome | undefined {
    return this.#closing === undefined ? this.#rooms.create(size) : undefined;
  }

  join(rooms: readonly string[], listener: RoomListener): JoinOutcome {
    return this.#rooms.join(rooms, listener);
  }

  stats(): RelayStats {
    let sessions = 0;
    for (const connection of this.#connections) sessions += connection.sessionCount;
    return {
      ...this.#rooms.counts(),
      connections: this.#connections.size,
      sessions,
      heldBytes: this.#memory.usedBytes,
      connectionsEnded: { ...this.#connectionsEnded },
    };
  }

  close(graceMs: number): Promise<void> {
    this.#closing ??= this.#close(graceMs);
    return this.#closing;
  }

  async #close(graceMs: number): Promise<void> {
    const endsAtMs = performance.now() + graceMs;
    for (const connection of this.#connections) connection.announceStop();
    while (this.#rooms.counts().activeRooms > 0 && performance.now() < endsAtMs) await delay(20);
    this.#rooms.endAll();
    for (const connection of [...this.#connections]) connection.end('stopping');
    const cutAtMs = performance.now() + CLOSING_MS;
    while (this.#open.size > 0 && performance.now() < cutAtMs) await delay(10);
    for (const socket of this.#open) socket.terminate();
    while (this.#open.size > 0) await delay(5);
    clearInterval(this.#sweep);
  }

  #refusalOf(request: IncomingMessage): number | undefined {
    if (!this.isConnectRequest(request)) return 404;
    // A page in somebody's browser has no business here, and can't leave this header out.
    if (request.headers.origin !== undefined) return 403;
    const offered = request.headers['sec-websocket-protocol']?.split(',').map((name) => name.trim()) ?? [];
    if (!offered.includes(RELAY_SUBPROTOCOL)) return 400;
    if (this.#connections.size < this.#limits.maxConnections) return undefined;
    // Connections are free and room ids aren't: those without a session make place, so that nobody who only connects
    // can keep the parties out.
    for (const connection of this.#connections)
      if (connection.sessionCount === 0) {
        connection.end('flooding');
        return undefined;
      }
    return 503;
  }

  #accept(socket: WebSocket, transport: Duplex): void {
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
    const connection = new RelayConnection({
      socket,
      transport,
      rooms: this.#rooms,
      memory: this.#memory,
      limits: this.#limits,
      now: this.#now,
      onEnd: (reason) => {
        this.#connections.delete(connection);
        this.#connectionsEnded[reason] = (this.#connectionsEnded[reason] ?? 0) + 1;
        this.#onConnectionEnd?.(reason);
      },
      onMemoryOver: () => this.#relieve(),
    });
    this.#connections.add(connection);
    if (this.#closing !== undefined) connection.announceStop();
  }

  /** Whoever makes the relay hold most goes first; what rooms keep is bounded where it is taken. */
  #relieve(): void {
    let heaviest: RelayConnection | undefined;
    for (const connection of this.#connections)
      if (connection.heldBytes > (heaviest?.heldBytes ?? 0)) heaviest = connection;
    heaviest?.end('slow');
  }

  #check(): void {
    this.#rooms.expire();
    for (const connection of [...this.#connections]) connection.check();
  }
}

/** @throws RangeError for a body that is too long, another error for one that isn't JSON or doesn't arrive */
async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_ROOM_REQUEST_BYTES) throw new RangeError('too long');
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

function refuse(socket: Duplex, status: number): void {
  socket.on('error', () => undefined);
  socket.end(`HTTP/1.1 ${status} Refused\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
  const linger = setTimeout(() => socket.destroy(), REFUSAL_LINGER_MS);
  socket.once('close', () => clearTimeout(linger));
}
