/** What a relay gives at most, and for how long. Sizes in bytes. */
export interface RelayLimits {
  readonly maxRooms: number;
  /** One frame; the messages of the protocol are a few bytes longer. */
  readonly maxFrameBytes: number;
  /** What one room keeps for late joiners. Each of its members may send an equal part of it. */
  readonly maxRoomBytes: number;
  /** Frames in one room. Each of its members may send an equal part of them, at least 16. */
  readonly maxRoomFrames: number;
  /** Everything that is kept: for late joiners, for slow readers, and of messages that are still arriving. */
  readonly maxMemoryBytes: number;
  /** What may wait to be read by one connection, before it is cut. */
  readonly maxBacklogBytes: number;
  readonly maxConnections: number;
  readonly maxSessionsPerConnection: number;
  /** From a room's first member to its last. */
  readonly joinTimeoutMs: number;
  /** From a room's first member to its end; and from its making to its first member. */
  readonly roomTimeoutMs: number;
  /** Every connection is asked for a sign of life this often, and cut when the next one is due without an answer. */
  readonly keepaliveMs: number;
  /** A connection without a session is closed after this time. */
  readonly idleTimeoutMs: number;
}

const MEBIBYTE = 1024 * 1024;

export const DEFAULT_RELAY_LIMITS: RelayLimits = {
  maxRooms: 10_000,
  maxFrameBytes: 4 * MEBIBYTE,
  maxRoomBytes: 64 * MEBIBYTE,
  maxRoomFrames: 4096,
  maxMemoryBytes: 512 * MEBIBYTE,
  // A late joiner is sent all that its room kept at once.
  maxBacklogBytes: 80 * MEBIBYTE,
  maxConnections: 1000,
  maxSessionsPerConnection: 10_000,
  joinTimeoutMs: 30_000,
  roomTimeoutMs: 120_000,
  keepaliveMs: 15_000,
  idleTimeoutMs: 60_000,
};

/** A room for one party would need no relay, and slots are one byte on the wire. */
export const MIN_ROOM_SIZE = 2;
export const MAX_ROOM_SIZE = 100;

/** Whether this is the size of a room. */
export function isRoomSize(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= MIN_ROOM_SIZE && (value as number) <= MAX_ROOM_SIZE;
}
