/** `POST /relay/v1/rooms`: who may make rooms, and how the question and the answer look. */
import { hash, timingSafeEqual } from 'node:crypto';
import { isRoomSize, MAX_ROOM_SIZE, MIN_ROOM_SIZE } from './relay-limits.ts';
import type { CreateOutcome } from './relay-rooms.ts';

export interface RoomAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The longest body that is looked at. */
export const MAX_ROOM_REQUEST_BYTES = 4096;
const MAX_AUTHORIZATION = 1024;
const BEARER = /^bearer +([!-~]+)$/i;

/** Whether a header `Authorization: Bearer KEY` carries one of these keys. Every key is compared in constant time. */
export function createRoomAuthority(keys: readonly string[]): (authorization: string | undefined) => boolean {
  const digests = keys.map(digestOf);
  return (authorization) => {
    if (authorization === undefined || authorization.length > MAX_AUTHORIZATION) return false;
    const given = BEARER.exec(authorization)?.[1];
    if (given === undefined) return false;
    const digest = digestOf(given);
    return digests.reduce((found, known) => timingSafeEqual(known, digest) || found, false);
  };
}

/** @param body the parsed JSON; other members than `room_size` are ignored */
export function answerRoomRequest(body: unknown, create: (size: number) => CreateOutcome | undefined): RoomAnswer {
  const size = typeof body === 'object' && body !== null && 'room_size' in body ? body.room_size : undefined;
  if (!isRoomSize(size))
    return roomError(400, `room_size must be a whole number from ${MIN_ROOM_SIZE} to ${MAX_ROOM_SIZE}`);
  const created = create(size);
  if (created === undefined) return roomError(503, 'the relay is stopping');
  if (!created.ok) return roomError(503, 'the relay has as many rooms as it may have');
  return json(200, { room_uuid: created.id });
}

export function roomError(status: number, error: string, headers?: Readonly<Record<string, string>>): RoomAnswer {
  return { ...json(status, { error }), ...(headers && { headers }) };
}

export const UNAUTHORIZED: RoomAnswer = roomError(401, 'making a room needs the key of the relay', {
  'www-authenticate': 'Bearer',
});

function json(status: number, value: object): RoomAnswer {
  return { status, contentType: 'application/json', body: JSON.stringify(value) };
}

function digestOf(key: string): Uint8Array {
  return hash('sha256', key, 'buffer');
}
