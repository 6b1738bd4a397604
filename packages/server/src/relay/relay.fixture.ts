/** A relay on loopback for tests, and clients that say exactly what a test wants them to say. */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { RelayLimits } from './relay-limits.ts';
import { createRelayListener } from './relay-listener.ts';
import { createRelayMetrics } from './relay-metrics.ts';
import { createRelay, type Relay, type RelayOptions } from './relay-server.ts';
import {
  CONNECT_PATH,
  encodeJoin,
  encodeLeave,
  encodeSend,
  parseRelayMessage,
  RELAY_SUBPROTOCOL,
  type RelayMessage,
} from './relay-wire.ts';

export const RELAY_KEY = 'test-key-0123456789';

export interface RunningRelay {
  readonly relay: Relay;
  /** `http://127.0.0.1:40123` */
  readonly url: string;
  /** `127.0.0.1:40123` */
  readonly address: string;
  room(size: number): string;
  close(graceMs?: number): Promise<void>;
}

export async function startRelay(
  limits: Partial<RelayLimits> = {},
  options: Omit<RelayOptions, 'limits'> & { readonly tls?: { readonly cert: Buffer; readonly key: Buffer } } = {},
): Promise<RunningRelay> {
  const { tls, ...relayOptions } = options;
  const relay = createRelay({ relayKeys: [RELAY_KEY], ...relayOptions, limits });
  const metrics = createRelayMetrics(() => relay.stats());
  const listener = createRelayListener({ relay, maxConnections: limits.maxConnections ?? 1000, metrics, tls });
  const url = await listener.listen({ host: '127.0.0.1', port: 0 });
  return {
    relay,
    url,
    address: new URL(url).host,
    room(size) {
      const created = relay.createRoom(size);
      if (!created?.ok) throw new Error('no room');
      return created.id;
    },
    close: (graceMs = 0) => listener.close(graceMs),
  };
}

/** A client that shows every message, and sends whatever it is told to. */
export class RawClient {
  readonly socket: WebSocket;
  readonly received: RelayMessage[] = [];
  closeCode: number | undefined;
  #taken = 0;

  constructor(url: string) {
    this.socket = new WebSocket(`${url.replace(/^http/, 'ws')}${CONNECT_PATH}`, RELAY_SUBPROTOCOL, {
      perMessageDeflate: false,
      maxPayload: 512 * 1024 * 1024,
    });
    this.socket.on('error', () => undefined);
    this.socket.on('close', (code) => {
      this.closeCode = code;
    });
    this.socket.on('message', (data) => {
      const message = parseRelayMessage(data as Buffer);
      if (message === undefined) throw new Error('the relay sent something that it must not');
      this.received.push(message);
    });
  }

  static async open(url: string): Promise<RawClient> {
    const client = new RawClient(url);
    await once(client.socket, 'open');
    return client;
  }

  raw(bytes: Uint8Array | string): void {
    this.socket.send(bytes);
  }

  join(session: number, ...rooms: string[]): void {
    this.raw(encodeJoin(session, rooms));
  }

  send(session: number, frame: Uint8Array | string): void {
    this.raw(encodeSend(session, typeof frame === 'string' ? Buffer.from(frame) : frame));
  }

  leave(session: number): void {
    this.raw(encodeLeave(session));
  }

  /** The next message that wasn't taken yet. */
  async next(): Promise<RelayMessage> {
    await until(() => this.received.length > this.#taken);
    const message = this.received[this.#taken++];
    if (message === undefined) throw new Error('no message');
    return message;
  }

  /** All messages that come before the relay has answered to a ping, beyond those taken. */
  async rest(): Promise<RelayMessage[]> {
    this.socket.ping();
    await once(this.socket, 'pong');
    const rest = this.received.slice(this.#taken);
    this.#taken = this.received.length;
    return rest;
  }

  async closed(): Promise<number> {
    await until(() => this.closeCode !== undefined);
    return this.closeCode ?? 0;
  }
}

/** As a line of text, which is easier to compare. */
export function shown(message: RelayMessage): string {
  switch (message.kind) {
    case 'joined':
      return `joined ${message.slot ?? 'no'} [${message.rooms.join(' ')}]`;
    case 'frame':
      return `frame ${message.slot} ${Buffer.from(message.frame).toString()}`;
    case 'member':
      return `member ${message.slot} ${message.event}`;
    case 'closed':
      return `closed ${message.reason}`;
    case 'stopping':
      return 'stopping';
  }
}

export async function until(condition: () => boolean, timeoutMs = 8000): Promise<void> {
  const endsAtMs = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > endsAtMs) throw new Error('it did not happen in time');
    await delay(2);
  }
}
