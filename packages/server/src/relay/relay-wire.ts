/**
 * The messages between a relay and its clients, one per binary WebSocket message; docs/relay.md has the table. Numbers
 * are big-endian. Both parsers are exact: no unknown kinds, no trailing bytes, no value out of its range.
 */
import { isRoomSize, MAX_ROOM_SIZE } from './relay-limits.ts';
import type { MemberEvent, RoomEnd, RoomRefusal } from './relay-rooms.ts';

/** Name of the protocol and its version, as a WebSocket subprotocol. */
export const RELAY_SUBPROTOCOL = 'countersign-relay-1';
export const CONNECT_PATH = '/relay/v1/connect';
export const ROOMS_PATH = '/relay/v1/rooms';

export const MAX_ROOM_ID_LENGTH = 64;
export const MAX_ROOMS_PER_JOIN = 10_000;
/** A frame's message is this much longer than the frame, at most. */
export const FRAME_HEADER_BYTES = 6;
/** The longest `join`. */
export const MAX_JOIN_BYTES = 7 + MAX_ROOMS_PER_JOIN * (1 + MAX_ROOM_ID_LENGTH);

/** The longest `joined`. */
export const MAX_JOINED_BYTES = 8 + MAX_ROOMS_PER_JOIN;

const ROOM_ID = /^[A-Za-z0-9_-]{1,64}$/;

const JOIN = 0x01;
const SEND = 0x02;
const LEAVE = 0x03;
const JOINED = 0x81;
const FRAME = 0x82;
const MEMBER = 0x83;
const CLOSED = 0x84;
const STOPPING = 0x85;

const NO_SLOT = 0xff;
const MAX_SESSION = 0xffff_ffff;

export type JoinRefusal = RoomRefusal | 'busy';

const REFUSAL_CODES: readonly (readonly [JoinRefusal, number])[] = [
  ['unknown', 0xf0],
  ['full', 0xf1],
  ['used', 0xf2],
  ['mismatched', 0xf3],
  ['busy', 0xf4],
];
const END_CODES: readonly (readonly [RoomEnd, number])[] = [
  ['join-timeout', 1],
  ['room-timeout', 2],
  ['limit', 3],
  ['memory', 4],
  ['stopping', 5],
];
const EVENT_CODES: readonly (readonly [MemberEvent, number])[] = [
  ['joined', 1],
  ['left', 2],
];

/** From client to relay. `session` is the client's choice, one at a time on a connection. */
export type ClientMessage =
  | { readonly kind: 'join'; readonly session: number; readonly rooms: readonly string[] }
  | { readonly kind: 'send'; readonly session: number; readonly frame: Uint8Array }
  | { readonly kind: 'leave'; readonly session: number };

/** From relay to client. */
export type RelayMessage =
  | {
      readonly kind: 'joined';
      readonly session: number;
      /** Undefined where the carrier room refused. */
      readonly slot: number | undefined;
      readonly rooms: readonly (number | JoinRefusal)[];
    }
  | { readonly kind: 'frame'; readonly session: number; readonly slot: number; readonly frame: Uint8Array }
  | { readonly kind: 'member'; readonly session: number; readonly slot: number; readonly event: MemberEvent }
  | { readonly kind: 'closed'; readonly session: number; readonly reason: RoomEnd }
  | { readonly kind: 'stopping' };

/** Whether this can be a room's id: 1 to 64 letters, digits, `-` and `_`. */
export function isRoomId(text: string): boolean {
  return ROOM_ID.test(text);
}

/** @param rooms 1 to 10,000 distinct room ids; the first is the carrier */
export function encodeJoin(session: number, rooms: readonly string[]): Uint8Array {
  const bytes = Buffer.alloc(7 + rooms.reduce((sum, id) => sum + 1 + id.length, 0));
  startMessage(bytes, JOIN, session);
  let at = bytes.writeUInt16BE(rooms.length, 5);
  for (const id of rooms) {
    at = bytes.writeUInt8(id.length, at);
    at += bytes.write(id, at, 'latin1');
  }
  return bytes;
}

export function encodeSend(session: number, frame: Uint8Array): Uint8Array {
  const bytes = Buffer.allocUnsafe(5 + frame.length);
  startMessage(bytes, SEND, session);
  bytes.set(frame, 5);
  return bytes;
}

export function encodeLeave(session: number): Uint8Array {
  return startMessage(Buffer.alloc(5), LEAVE, session);
}

export function encodeJoined(
  session: number,
  slot: number | undefined,
  rooms: readonly (number | JoinRefusal)[],
): Uint8Array {
  const bytes = Buffer.alloc(8 + rooms.length);
  startMessage(bytes, JOINED, session);
  bytes.writeUInt8(slot ?? NO_SLOT, 5);
  bytes.writeUInt16BE(rooms.length, 6);
  for (const [index, room] of rooms.entries())
    bytes[8 + index] = typeof room === 'number' ? room : codeOf(REFUSAL_CODES, room);
  return bytes;
}

export function encodeFrame(session: number, slot: number, frame: Uint8Array): Uint8Array {
  const bytes = Buffer.allocUnsafe(FRAME_HEADER_BYTES + frame.length);
  startMessage(bytes, FRAME, session);
  bytes[5] = slot;
  bytes.set(frame, FRAME_HEADER_BYTES);
  return bytes;
}

export function encodeMember(session: number, slot: number, event: MemberEvent): Uint8Array {
  const bytes = startMessage(Buffer.alloc(7), MEMBER, session);
  bytes[5] = slot;
  bytes[6] = codeOf(EVENT_CODES, event);
  return bytes;
}

export function encodeClosed(session: number, reason: RoomEnd): Uint8Array {
  const bytes = startMessage(Buffer.alloc(6), CLOSED, session);
  bytes[5] = codeOf(END_CODES, reason);
  return bytes;
}

/** The relay is about to end: sessions go on for a while, new ones belong elsewhere. */
export function encodeStopping(): Uint8Array {
  return Buffer.of(STOPPING);
}

/** Undefined for anything that a client must not send. A frame is a view of the bytes, not a copy. */
export function parseClientMessage(message: Uint8Array): ClientMessage | undefined {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.length);
  if (bytes.length < 5) return undefined;
  const session = bytes.readUInt32BE(1);
  switch (bytes[0]) {
    case JOIN: {
      const rooms = parseRoomIds(bytes);
      return rooms === undefined ? undefined : { kind: 'join', session, rooms };
    }
    case SEND:
      return bytes.length === 5 ? undefined : { kind: 'send', session, frame: bytes.subarray(5) };
    case LEAVE:
      return bytes.length === 5 ? { kind: 'leave', session } : undefined;
    default:
      return undefined;
  }
}

/** Undefined for anything that a relay must not send. A frame is a view of the bytes, not a copy. */
export function parseRelayMessage(message: Uint8Array): RelayMessage | undefined {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.length);
  if (bytes[0] === STOPPING) return bytes.length === 1 ? { kind: 'stopping' } : undefined;
  if (bytes.length < FRAME_HEADER_BYTES) return undefined;
  const session = bytes.readUInt32BE(1);
  const slot = bytes.readUInt8(5);
  switch (bytes[0]) {
    case JOINED:
      return parseJoined(bytes, session, slot);
    case FRAME:
      return slot >= MAX_ROOM_SIZE || bytes.length === FRAME_HEADER_BYTES
        ? undefined
        : { kind: 'frame', session, slot, frame: bytes.subarray(FRAME_HEADER_BYTES) };
    case MEMBER: {
      const event = nameOf(EVENT_CODES, bytes[6]);
      return slot >= MAX_ROOM_SIZE || bytes.length !== 7 || event === undefined
        ? undefined
        : { kind: 'member', session, slot, event };
    }
    case CLOSED: {
      const reason = nameOf(END_CODES, slot);
      return bytes.length !== 6 || reason === undefined ? undefined : { kind: 'closed', session, reason };
    }
    default:
      return undefined;
  }
}

function parseRoomIds(bytes: Buffer): readonly string[] | undefined {
  if (bytes.length < 7 || bytes.length > MAX_JOIN_BYTES) return undefined;
  const count = bytes.readUInt16BE(5);
  if (count === 0 || count > MAX_ROOMS_PER_JOIN) return undefined;
  const rooms = new Set<string>();
  let at = 7;
  for (let index = 0; index < count; index++) {
    const length = bytes[at++];
    if (length === undefined || length > MAX_ROOM_ID_LENGTH || at + length > bytes.length) return undefined;
    const id = bytes.toString('latin1', at, at + length);
    if (!isRoomId(id)) return undefined;
    rooms.add(id);
    at += length;
  }
  // A room that is named twice would be claimed twice by one member.
  return at === bytes.length && rooms.size === count ? [...rooms] : undefined;
}

function parseJoined(bytes: Buffer, session: number, slot: number): RelayMessage | undefined {
  if (bytes.length < 9) return undefined;
  const count = bytes.readUInt16BE(6);
  if (count > MAX_ROOMS_PER_JOIN || bytes.length !== 8 + count) return undefined;
  const rooms: (number | JoinRefusal)[] = [];
  for (const code of bytes.subarray(8)) {
    const room = isRoomSize(code) ? code : nameOf(REFUSAL_CODES, code);
    if (room === undefined) return undefined;
    rooms.push(room);
  }
  if (slot === NO_SLOT) return { kind: 'joined', session, slot: undefined, rooms };
  const [size] = rooms;
  return typeof size === 'number' && slot < size ? { kind: 'joined', session, slot, rooms } : undefined;
}

function startMessage(bytes: Buffer, kind: number, session: number): Buffer {
  bytes[0] = kind;
  bytes.writeUInt32BE(session, 1);
  return bytes;
}

/** Sessions are counted up and begin anew after the last. */
export function nextSession(session: number): number {
  return session === MAX_SESSION ? 0 : session + 1;
}

function codeOf<Name>(codes: readonly (readonly [Name, number])[], name: Name): number {
  const found = codes.find(([candidate]) => candidate === name);
  if (found === undefined) throw new Error('no code for this');
  return found[1];
}

function nameOf<Name>(codes: readonly (readonly [Name, number])[], code: number | undefined): Name | undefined {
  return codes.find(([, candidate]) => candidate === code)?.[0];
}
