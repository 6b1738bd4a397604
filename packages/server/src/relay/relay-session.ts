/**
 * One member's place in a room, at the client. The relay isn't trusted: what it says is checked against what a relay
 * can say, and bounded; what the frames say is for the protocol above to verify.
 */
import type { MemberEvent, RoomEnd } from './relay-rooms.ts';
import type { JoinRefusal } from './relay-wire.ts';

/**
 * Why a session ended. The relay's reasons, or: we left; the connection is gone; the relay said something impossible;
 * it sent more than a room can hold; it doesn't take what we send; the session outlived every room; a handler threw.
 */
export type SessionEnd =
  | RoomEnd
  | 'left'
  | 'connection-lost'
  | 'protocol'
  | 'flooded'
  | 'relay-slow'
  | 'too-old'
  | 'handler-failed';

/** As the relay says, or: it has another size than the carrier. */
export type CompanionRefusal = JoinRefusal | 'other-size';

/** None may throw; one that does ends the session. Nothing is called after `end`. */
export interface SessionHandlers {
  /** A frame of another member. The bytes may be a view of a larger buffer. */
  frame(slot: number, frame: Uint8Array): void;
  member(slot: number, event: MemberEvent): void;
  /** Once. */
  end(reason: SessionEnd): void;
}

export interface RelaySession {
  /** From 0, in the order of joining. */
  readonly slot: number;
  /** How many members the carrier room waits for, ourselves included. */
  readonly size: number;
  /** Companion rooms that can't serve this member. */
  readonly refused: ReadonlyMap<string, CompanionRefusal>;
  /** To all other members, also to those who are still to come. @returns false when the session has ended */
  send(frame: Uint8Array): boolean;
  /** Takes what happens from now on, after what has happened since the join. Call it once. */
  listen(handlers: SessionHandlers): void;
  leave(): void;
}

export interface SessionLimits {
  readonly maxFrameBytes: number;
  readonly maxSessionFrames: number;
  readonly maxSessionBytes: number;
  readonly maxSessionMs: number;
}

export interface SessionPort {
  send(frame: Uint8Array): void;
  /** Tells the relay where it doesn't know; called once. */
  ended(reason: SessionEnd): void;
}

/** @param rooms what was asked for and what the relay answered, the carrier first */
export function refusedCompanions(
  rooms: readonly (readonly [id: string, outcome: number | JoinRefusal])[],
): ReadonlyMap<string, CompanionRefusal> {
  const size = rooms[0]?.[1];
  return new Map(
    rooms.flatMap(([id, outcome]) => {
      if (outcome === size) return [];
      return [[id, typeof outcome === 'number' ? 'other-size' : outcome] as const];
    }),
  );
}

type Happening =
  | { readonly kind: 'frame'; readonly slot: number; readonly frame: Uint8Array }
  | { readonly kind: 'member'; readonly slot: number; readonly event: MemberEvent }
  | { readonly kind: 'end'; readonly reason: SessionEnd };

export class ClientSession implements RelaySession {
  readonly slot: number;
  readonly size: number;
  readonly refused: ReadonlyMap<string, CompanionRefusal>;
  readonly #port: SessionPort;
  readonly #limits: SessionLimits;
  readonly #age: NodeJS.Timeout;
  readonly #members = new Map<number, MemberEvent>();
  #handlers: SessionHandlers | undefined;
  #waiting: Happening[] = [];
  #frames = 0;
  #bytes = 0;
  #isEnded = false;

  /** @param rooms what was asked for and what the relay answered, the carrier first */
  constructor(
    slot: number,
    rooms: readonly (readonly [id: string, outcome: number | JoinRefusal])[],
    port: SessionPort,
    limits: SessionLimits,
  ) {
    this.slot = slot;
    this.size = Number(rooms[0]?.[1]);
    this.refused = refusedCompanions(rooms);
    this.#port = port;
    this.#limits = limits;
    this.#age = setTimeout(() => this.end('too-old'), limits.maxSessionMs);
    this.#age.unref();
  }

  send(frame: Uint8Array): boolean {
    if (this.#isEnded) return false;
    this.#port.send(frame);
    return !this.#isEnded;
  }

  listen(handlers: SessionHandlers): void {
    if (this.#handlers !== undefined) throw new Error('this session has its listener already');
    this.#handlers = handlers;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const happening of waiting) this.#tell(happening);
  }

  leave(): void {
    this.end('left');
  }

  /** @internal From the relay. */
  receiveFrame(slot: number, frame: Uint8Array): void {
    this.#frames += 1;
    this.#bytes += frame.length;
    const { maxFrameBytes, maxSessionFrames, maxSessionBytes } = this.#limits;
    if (frame.length > maxFrameBytes || this.#frames > maxSessionFrames || this.#bytes > maxSessionBytes)
      this.end('flooded');
    else if (this.#members.get(slot) !== 'joined') this.end('protocol');
    else this.#happen({ kind: 'frame', slot, frame });
  }

  /** @internal From the relay. */
  receiveMember(slot: number, event: MemberEvent): void {
    const known = this.#members.get(slot);
    const isPossible = slot < this.size && slot !== this.slot && known === (event === 'joined' ? undefined : 'joined');
    if (!isPossible) {
      this.end('protocol');
      return;
    }
    this.#members.set(slot, event);
    this.#happen({ kind: 'member', slot, event });
  }

  /** @internal Ends it, once. */
  end(reason: SessionEnd): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    clearTimeout(this.#age);
    this.#port.ended(reason);
    this.#happen({ kind: 'end', reason });
  }

  #happen(happening: Happening): void {
    if (this.#isEnded && happening.kind !== 'end') return;
    if (this.#handlers === undefined) this.#waiting.push(happening);
    else this.#tell(happening);
  }

  #tell(happening: Happening): void {
    try {
      if (happening.kind === 'frame') this.#handlers?.frame(happening.slot, happening.frame);
      else if (happening.kind === 'member') this.#handlers?.member(happening.slot, happening.event);
      else this.#handlers?.end(happening.reason);
    } catch {
      // An error of ours must not end the process that serves everybody else.
      this.end('handler-failed');
    }
  }
}
