/**
 * The rooms of a relay, in memory. No sockets, no timers, no clock: the server around it says what time it is and
 * calls `expire` now and then. The rules are those of docs/relay.md.
 *
 * A room's id is all that a member needs: who knows it may join, so ids are unguessable and work once. The relay can't
 * tell one party from another; that the right ones met is for the parties to find out.
 */
import { isRoomSize, type RelayLimits } from './relay-limits.ts';
import type { RelayMemory } from './relay-memory.ts';

/**
 * Why a room can't be joined: nobody made it (or it is long over); it has all its members; it is over; it was claimed
 * for carrying frames by one and as a mere companion by another, so that their members would never meet.
 */
export type RoomRefusal = 'unknown' | 'full' | 'used' | 'mismatched';

/** Why a member was sent out: not all came; it took too long; it sent too much; the relay is full; the relay ends. */
export type RoomEnd = 'join-timeout' | 'room-timeout' | 'limit' | 'memory' | 'stopping';

export type MemberEvent = 'joined' | 'left';

/** What a member is told, in this order: once `joined`, then what it missed, then what happens. */
export interface RoomListener {
  /** `rooms` as in `JoinOutcome`. */
  joined(slot: number, rooms: readonly (number | RoomRefusal)[]): void;
  frame(slot: number, frame: Uint8Array): void;
  member(slot: number, event: MemberEvent): void;
  /** Nothing follows. */
  closed(reason: RoomEnd): void;
}

/** One member's place in a carrier room. */
export interface Seat {
  readonly slot: number;
  /** To all others, also to those who are still to come. At least one byte; copied where it is kept. */
  send(frame: Uint8Array): void;
  /** For good: the slot isn't given to anybody else. */
  leave(): void;
}

export interface JoinOutcome {
  /** Undefined where the carrier refused, and then nothing was claimed. */
  readonly seat: Seat | undefined;
  /** Of each room that was asked for, in that order: its size, or why it can't be joined. */
  readonly rooms: readonly (number | RoomRefusal)[];
}

export type CreateOutcome =
  | { readonly ok: true; readonly id: string }
  | { readonly ok: false; readonly reason: 'bad-size' | 'too-many-rooms' };

export interface RoomCounts {
  /** Rooms that exist. */
  readonly rooms: number;
  /** Of these, the ones with a member. */
  readonly activeRooms: number;
  readonly created: number;
  readonly frames: number;
  readonly frameBytes: number;
  /** Rooms that ended before all their members had left, by reason; `limit` and `memory` count members. */
  readonly ended: Readonly<Record<RoomEnd, number>>;
}

export interface RelayRoomsOptions {
  readonly limits: Pick<
    RelayLimits,
    'maxRooms' | 'maxFrameBytes' | 'maxRoomBytes' | 'maxRoomFrames' | 'joinTimeoutMs' | 'roomTimeoutMs'
  >;
  readonly memory: RelayMemory;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
  /** A new id, at least 128 random bits of it unguessable. */
  readonly newId: () => string;
}

/** What a kept frame costs besides its bytes, so that tiny ones count as well. */
const FRAME_OVERHEAD_BYTES = 256;
const MIN_MEMBER_FRAMES = 16;

type Role = 'carrier' | 'companion';
type Kept = { readonly slot: number } & (
  | { readonly frame: Uint8Array; readonly event?: never }
  | { readonly event: MemberEvent; readonly frame?: never }
);

interface Room {
  readonly id: string;
  readonly size: number;
  endsAtMs: number;
  /** Set by whoever comes first. */
  role: Role | undefined;
  /** Ever; members that left keep their slot. */
  joined: number;
  present: number;
  /** Of a carrier, by slot. */
  readonly members: (Member | undefined)[];
  /** For those who are still to come; empty from the moment that all are there. */
  kept: Kept[];
  keptBytes: number;
}

interface Member {
  readonly slot: number;
  readonly room: Room;
  readonly companions: readonly Room[];
  readonly listener: RoomListener;
  frames: number;
  bytes: number;
  isGone: boolean;
}

export class RelayRooms {
  readonly #options: RelayRoomsOptions;
  readonly #rooms = new Map<string, Room>();
  /** Ids of rooms that are over, until when each is remembered; in the order of their ends. */
  readonly #used = new Map<string, number>();
  readonly #ended: Record<RoomEnd, number> = {
    'join-timeout': 0,
    'room-timeout': 0,
    limit: 0,
    memory: 0,
    stopping: 0,
  };
  #activeRooms = 0;
  #created = 0;
  #frames = 0;
  #frameBytes = 0;

  constructor(options: RelayRoomsOptions) {
    this.#options = options;
  }

  /** @param size how many members it waits for */
  create(size: number): CreateOutcome {
    const { limits, now, newId } = this.#options;
    if (!isRoomSize(size)) return { ok: false, reason: 'bad-size' };
    if (this.#rooms.size >= limits.maxRooms) return { ok: false, reason: 'too-many-rooms' };
    const id = newId();
    if (this.#rooms.has(id) || this.#used.has(id)) throw new Error('the source of room ids repeated one');
    this.#rooms.set(id, {
      id,
      size,
      endsAtMs: now() + limits.roomTimeoutMs,
      role: undefined,
      joined: 0,
      present: 0,
      members: [],
      kept: [],
      keptBytes: 0,
    });
    this.#created += 1;
    return { ok: true, id };
  }

  /**
   * Takes a place in each of these rooms for one member. The first is the carrier: its members hear each other. The
   * others are companions, claimed so that they are single use as well; one that refuses doesn't harm the rest.
   * @param ids distinct, at least one
   */
  join(ids: readonly string[], listener: RoomListener): JoinOutcome {
    const rooms = ids.map((id, index) => this.#refusal(id, index === 0 ? 'carrier' : 'companion'));
    const [carrier, ...rest] = rooms;
    const outcomes = rooms.map((room) => (typeof room === 'string' ? room : room.size));
    if (carrier === undefined || typeof carrier === 'string') return { seat: undefined, rooms: outcomes };
    const companions = rest.filter((room) => typeof room !== 'string');
    const slot = this.#claim(carrier, 'carrier');
    for (const room of companions) this.#claim(room, 'companion');
    const member: Member = { slot, room: carrier, companions, listener, frames: 0, bytes: 0, isGone: false };
    const missed = carrier.kept;
    carrier.members[slot] = member;
    listener.joined(slot, outcomes);
    for (const { slot: from, frame, event } of missed)
      if (frame === undefined) listener.member(from, event);
      else listener.frame(from, frame);
    this.#announce(carrier, slot, 'joined');
    if (carrier.joined === carrier.size) this.#forgetKept(carrier);
    return {
      seat: { slot, send: (frame) => this.#send(member, frame), leave: () => this.#leave(member) },
      rooms: outcomes,
    };
  }

  /** Ends what has had its time. */
  expire(): void {
    const nowMs = this.#options.now();
    for (const room of this.#rooms.values())
      if (nowMs >= room.endsAtMs) this.#end(room, room.joined < room.size ? 'join-timeout' : 'room-timeout');
    for (const [id, untilMs] of this.#used) {
      if (nowMs < untilMs) break;
      this.#used.delete(id);
    }
  }

  endAll(): void {
    for (const room of [...this.#rooms.values()]) this.#end(room, 'stopping');
  }

  counts(): RoomCounts {
    return {
      rooms: this.#rooms.size,
      activeRooms: this.#activeRooms,
      created: this.#created,
      frames: this.#frames,
      frameBytes: this.#frameBytes,
      ended: { ...this.#ended },
    };
  }

  #refusal(id: string, role: Role): Room | RoomRefusal {
    const room = this.#rooms.get(id);
    if (room === undefined) return this.#used.has(id) ? 'used' : 'unknown';
    // Its time is over, though nobody has come to clear it away yet.
    if (this.#options.now() >= room.endsAtMs) return 'used';
    if (room.joined === room.size) return 'full';
    return room.role === undefined || room.role === role ? room : 'mismatched';
  }

  #claim(room: Room, role: Role): number {
    const { limits, now } = this.#options;
    const slot = room.joined;
    if (slot === 0) {
      room.role = role;
      // Both times count from the first member; until all are there, the shorter one holds.
      room.endsAtMs = now() + Math.min(limits.joinTimeoutMs, limits.roomTimeoutMs);
    }
    if (room.present === 0) this.#activeRooms += 1;
    room.joined += 1;
    room.present += 1;
    if (room.joined === room.size)
      room.endsAtMs += limits.roomTimeoutMs - Math.min(limits.joinTimeoutMs, limits.roomTimeoutMs);
    return slot;
  }

  #send(member: Member, frame: Uint8Array): void {
    if (member.isGone) return;
    const { limits, memory } = this.#options;
    const { room } = member;
    const cost = frame.length + FRAME_OVERHEAD_BYTES;
    member.frames += 1;
    member.bytes += cost;
    if (
      frame.length === 0 ||
      frame.length > limits.maxFrameBytes ||
      member.frames > Math.max(MIN_MEMBER_FRAMES, Math.floor(limits.maxRoomFrames / room.size)) ||
      // A part for each, so that one who floods can't take the others' place.
      member.bytes > limits.maxRoomBytes / room.size
    ) {
      this.#expel(member, 'limit');
      return;
    }
    if (room.joined < room.size) {
      if (!memory.fits(cost)) {
        this.#expel(member, 'memory');
        return;
      }
      memory.take(cost);
      room.keptBytes += cost;
      // A copy of its own: what arrived may be a few bytes of a large buffer, which would be kept as a whole.
      room.kept.push({ slot: member.slot, frame: new Uint8Array(frame) });
    }
    this.#frames += 1;
    this.#frameBytes += frame.length;
    for (const other of room.members)
      if (other !== undefined && other !== member && !other.isGone) other.listener.frame(member.slot, frame);
  }

  #expel(member: Member, reason: 'limit' | 'memory'): void {
    this.#ended[reason] += 1;
    this.#leave(member);
    member.listener.closed(reason);
  }

  #leave(member: Member): void {
    if (member.isGone) return;
    member.isGone = true;
    const { room, slot, companions } = member;
    room.members[slot] = undefined;
    for (const companion of companions) this.#vacate(companion);
    this.#announce(room, slot, 'left');
    this.#vacate(room);
  }

  #vacate(room: Room): void {
    room.present -= 1;
    if (room.present > 0) return;
    this.#activeRooms -= 1;
    // One that still waits for members stays until its time: they are to learn who was there and left.
    if (room.joined === room.size) this.#delete(room);
  }

  #announce(room: Room, slot: number, event: MemberEvent): void {
    if (room.joined < room.size) room.kept.push({ slot, event });
    for (const other of room.members)
      if (other !== undefined && other.slot !== slot && !other.isGone) other.listener.member(slot, event);
  }

  #end(room: Room, reason: RoomEnd): void {
    if (!this.#rooms.has(room.id)) return;
    this.#ended[reason] += 1;
    const members = room.members.filter((member) => member !== undefined);
    // Gone before anybody is told, so that nobody hears of the others' leaving.
    for (const member of members) member.isGone = true;
    for (const { companions } of members) for (const companion of companions) this.#vacate(companion);
    if (room.present > 0) this.#activeRooms -= 1;
    this.#delete(room);
    for (const { listener } of members) listener.closed(reason);
  }

  #delete(room: Room): void {
    if (!this.#rooms.delete(room.id)) return;
    this.#forgetKept(room);
    const { limits, now } = this.#options;
    // An id that is forgotten is unknown, and so refused as well: this only keeps the answers precise.
    this.#used.set(room.id, now() + limits.roomTimeoutMs);
    if (this.#used.size <= limits.maxRooms) return;
    const [oldest] = this.#used.keys();
    if (oldest !== undefined) this.#used.delete(oldest);
  }

  #forgetKept(room: Room): void {
    this.#options.memory.give(room.keptBytes);
    room.keptBytes = 0;
    room.kept = [];
  }
}
