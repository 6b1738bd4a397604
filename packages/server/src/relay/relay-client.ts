/** What the HTTP process has of relays: rooms made and joined, over one connection for each relay. */
import type { LookupFunction } from 'node:net';
import { formatRelayAddress, isLoopbackHost, parseRelayAddress, type RelayAddress } from './relay-address.ts';
import { RelayError } from './relay-error.ts';
import { DEFAULT_RELAY_LIMITS, isRoomSize } from './relay-limits.ts';
import { type LinkLimits, type LinkTarget, RelayLink } from './relay-link.ts';
import { requestRoom } from './relay-room-call.ts';
import type { RelaySession } from './relay-session.ts';
import { isRoomId, MAX_ROOMS_PER_JOIN } from './relay-wire.ts';

/** Whether we may connect there. */
export type RelayTarget =
  /** `lookup` finds the addresses that were judged, so that a name isn't resolved again. */
  | { readonly allowed: true; readonly lookup?: LookupFunction | undefined }
  /** `reason` completes "relay.example:443 ..." and is shown to the caller. */
  | { readonly allowed: false; readonly reason: string };

export interface RelayClientOptions {
  /**
   * Asked before every new connection. `relay_address` comes from callers: this is what keeps them from using us. What
   * it throws counts as `unreachable`; its answer is awaited until `signal` is aborted.
   */
  readonly allow: (host: string, port: number, signal: AbortSignal) => RelayTarget | Promise<RelayTarget>;
  /** Whether to speak without TLS; by default with loopback only. Undefined: as by default. */
  readonly isPlain?: (host: string, port: number) => boolean | undefined;
  readonly tls?: { readonly ca?: string | Buffer | undefined };
  readonly limits?: Partial<RelayClientLimits>;
}

export interface RelayClientLimits extends LinkLimits {
  /** Relays connected to at a time. */
  readonly maxLinks: number;
  readonly createTimeoutMs: number;
}

const DEFAULT_LIMITS: RelayClientLimits = {
  maxLinks: 64,
  createTimeoutMs: 10_000,
  connectTimeoutMs: 10_000,
  joinTimeoutMs: 10_000,
  keepaliveMs: 15_000,
  idleTimeoutMs: 30_000,
  maxFrameBytes: DEFAULT_RELAY_LIMITS.maxFrameBytes,
  maxBacklogBytes: 64 * 1024 * 1024,
  maxSessionFrames: DEFAULT_RELAY_LIMITS.maxRoomFrames,
  maxSessionBytes: DEFAULT_RELAY_LIMITS.maxRoomBytes,
  maxSessionMs: 300_000,
};

export interface RelayClient {
  /**
   * Makes a room at a relay.
   * @param address `host:port` or `host`
   * @throws RelayError
   */
  createRoom(address: string, size: number, key?: string): Promise<string>;
  /**
   * Joins rooms as one member; the first is the carrier, whose members hear each other. Where the relay refuses that
   * one, nothing is claimed, and the error has what it said of each room.
   * @throws RelayError
   */
  join(address: string, rooms: readonly string[]): Promise<RelaySession>;
  /** Ends every connection; sessions end with `connection-lost`. */
  close(): void;
}

export function createRelayClient(options: RelayClientOptions): RelayClient {
  return new PooledRelayClient(options);
}

class PooledRelayClient implements RelayClient {
  readonly #options: RelayClientOptions;
  readonly #limits: RelayClientLimits;
  /** By address. A connection that is being made is there already, so that concurrent joins share it. */
  readonly #pool = new Map<string, Promise<RelayLink>>();
  readonly #links = new Map<RelayLink, string>();
  #isClosed = false;

  constructor(options: RelayClientOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
  }

  async createRoom(address: string, size: number, key?: string): Promise<string> {
    if (!isRoomSize(size)) throw new RelayError('bad-room', 'a room has 2 to 100 members');
    const relay = this.#parse(address);
    const { origin, ...target } = await this.#target(relay);
    return requestRoom({ origin: origin.replace(/^ws/, 'http'), ...target }, size, key, this.#limits.createTimeoutMs);
  }

  async join(address: string, rooms: readonly string[]): Promise<RelaySession> {
    if (rooms.length === 0 || rooms.length > MAX_ROOMS_PER_JOIN)
      throw new RelayError('bad-room', `a join names 1 to ${MAX_ROOMS_PER_JOIN} rooms`);
    if (!rooms.every(isRoomId) || new Set(rooms).size !== rooms.length)
      throw new RelayError('bad-room', 'rooms are distinct, each of 1 to 64 letters, digits, "-" and "_"');
    const link = await this.#link(this.#parse(address));
    return link.join(rooms);
  }

  close(): void {
    this.#isClosed = true;
    this.#pool.clear();
    for (const link of [...this.#links.keys()]) link.end('left');
  }

  #parse(address: string): RelayAddress {
    if (this.#isClosed) throw new RelayError('closed', 'the service is stopping');
    const relay = parseRelayAddress(address);
    if (relay === undefined) throw new RelayError('bad-address', 'a relay address is HOST:PORT or HOST');
    return relay;
  }

  async #link(relay: RelayAddress): Promise<RelayLink> {
    const key = formatRelayAddress(relay);
    const pooled = this.#pool.get(key);
    if (pooled !== undefined) {
      const link = await pooled;
      if (link.isUsable) return link;
      if (this.#pool.get(key) === pooled) this.#pool.delete(key);
      return this.#link(relay);
    }
    this.#makePlace();
    const opening = this.#open(relay, key);
    this.#pool.set(key, opening);
    opening.catch(() => {
      if (this.#pool.get(key) === opening) this.#pool.delete(key);
    });
    return opening;
  }

  async #open(relay: RelayAddress, key: string): Promise<RelayLink> {
    const target = await this.#target(relay);
    const opening = RelayLink.open(target, this.#limits, () => {
      void opening.then((link) => this.#links.delete(link));
      const pooled = this.#pool.get(key);
      void pooled?.then((link) => {
        if (!link.isUsable && this.#pool.get(key) === pooled) this.#pool.delete(key);
      }, ignore);
    });
    const link = await opening;
    if (this.#isClosed) {
      link.end('left');
      throw new RelayError('closed', 'the service is stopping');
    }
    // Also one that takes no new sessions.
    if (!link.isEnded) this.#links.set(link, key);
    return link;
  }

  /** Callers name relays, so their number is bounded: one without sessions gives way to a new one. */
  #makePlace(): void {
    if (this.#pool.size < this.#limits.maxLinks) return;
    for (const [link, key] of this.#links)
      if (link.sessionCount === 0) {
        this.#pool.delete(key);
        link.end('left');
        return;
      }
    throw new RelayError('busy', 'too many relays are in use at the moment');
  }

  async #target({ host, port }: RelayAddress): Promise<LinkTarget> {
    const shown = formatRelayAddress({ host, port });
    const target = await this.#judge(host, port);
    if (!target.allowed) throw new RelayError('not-allowed', `${shown} ${target.reason}`);
    const isPlain = this.#options.isPlain?.(host, port) ?? isLoopbackHost(host);
    return { origin: `${isPlain ? 'ws' : 'wss'}://${shown}`, lookup: target.lookup, ca: this.#options.tls?.ca };
  }

  /** In time, whatever the resolver does. */
  async #judge(host: string, port: number): Promise<RelayTarget> {
    const signal = AbortSignal.timeout(this.#limits.connectTimeoutMs);
    const late = Promise.withResolvers<never>();
    signal.addEventListener('abort', () =>
      late.reject(new RelayError('timeout', 'the name of the relay could not be resolved in time')),
    );
    try {
      return await Promise.race([this.#options.allow(host, port, signal), late.promise]);
    } catch (cause) {
      if (cause instanceof RelayError) throw cause;
      throw new RelayError('unreachable', 'the relay could not be reached', { cause });
    }
  }
}

const ignore = (): void => undefined;
