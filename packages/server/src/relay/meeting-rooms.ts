/** Rooms for threshold operations: at this server's own relay, at the one that the operator named, or at a caller's. */
import { DomainError } from '@countersign/core/domain-error';
import type { Room, RoomEvents, Rooms } from '@countersign/core/ports/rooms';
import type { RelayClient } from './relay-client.ts';
import { RelayError } from './relay-error.ts';
import type { RoomListener } from './relay-rooms.ts';
import type { Relay } from './relay-server.ts';
import { type CompanionRefusal, refusedCompanions, type SessionEnd } from './relay-session.ts';

export interface MeetingRoomsOptions {
  readonly client: RelayClient;
  /** This process's own relay. It is joined inside the process, or over a connection where an address is given. */
  readonly own: { readonly relay: Pick<Relay, 'createRoom' | 'join'>; readonly address?: () => string };
  /** The operator's choice in place of the own one. */
  readonly other: { readonly address: string; readonly key: string | undefined } | undefined;
}

export function createMeetingRooms({ client, own, other }: MeetingRoomsOptions): Rooms {
  return {
    async create(size) {
      if (other !== undefined) {
        try {
          return await client.createRoom(other.address, size, other.key);
        } catch (error) {
          throw new DomainError('unavailable', `no room could be made: ${messageOf(error)}`, {
            subject: 'room',
            cause: error,
          });
        }
      }
      const created = own.relay.createRoom(size);
      if (created?.ok === true) return created.id;
      throw new DomainError('unavailable', 'the relay makes no room at the moment; try again', { subject: 'room' });
    },
    async join(relay, rooms, events) {
      const address = relay ?? other?.address ?? own.address?.();
      return address === undefined ? joinInside(own.relay, rooms, events) : join(client, address, rooms, events);
    },
  };
}

async function join(client: RelayClient, address: string, rooms: readonly string[], events: RoomEvents): Promise<Room> {
  try {
    const session = await client.join(address, rooms);
    session.listen({
      frame: (slot, frame) => events.onFrame(slot, frame),
      member(_slot, event) {
        // Who is there shows by what it says; who is gone doesn't.
        if (event === 'left') events.onLeft();
      },
      end(reason) {
        if (reason !== 'left') events.onEnd(END_TEXTS[reason]);
      },
    });
    return {
      size: session.size,
      refused: textsOf(session.refused),
      send(frame) {
        try {
          session.send(frame);
        } catch (cause) {
          throw new DomainError('too_large', 'the operation is too large for one message; send it in parts', { cause });
        }
      },
      leave: () => session.leave(),
    };
  } catch (error) {
    if (!(error instanceof RelayError)) throw error;
    if (error.code === 'bad-address' || error.code === 'not-allowed' || error.code === 'bad-room')
      throw new DomainError('invalid_request', error.message, { cause: error });
    throw new DomainError('ceremony_failed', `the room can't be joined: ${joinFailure(error)}`, { cause: error });
  }
}

/** No connection to ourselves: it would cost, and our own certificate would have to be trusted. */
function joinInside(relay: Pick<Relay, 'join'>, rooms: readonly string[], events: RoomEvents): Room {
  let isOver = false;
  // Later, as over a connection: what a member does in answer must not happen inside what another member does.
  const tell = (what: () => void): void =>
    queueMicrotask(() => {
      if (!isOver) what();
    });
  const listener: RoomListener = {
    joined: () => undefined,
    frame: (slot, frame) => tell(() => events.onFrame(slot, frame)),
    member: (_slot, event) => {
      if (event === 'left') tell(events.onLeft);
    },
    closed: (reason) =>
      tell(() => {
        isOver = true;
        events.onEnd(END_TEXTS[reason]);
      }),
  };
  const { seat, rooms: outcomes } = relay.join(rooms, listener);
  const [carrier] = outcomes;
  if (seat === undefined || typeof carrier !== 'number') {
    const why = typeof carrier === 'string' ? REFUSAL_TEXTS[carrier] : 'no reason was given';
    throw new DomainError('ceremony_failed', `the room can't be joined: ${why}`);
  }
  return {
    size: carrier,
    refused: textsOf(refusedCompanions(rooms.map((id, index) => [id, outcomes[index] ?? 'unknown']))),
    send: (frame) => seat.send(frame),
    leave() {
      isOver = true;
      seat.leave();
    },
  };
}

function textsOf(refusals: ReadonlyMap<string, CompanionRefusal>): ReadonlyMap<string, string> {
  return new Map([...refusals].map(([room, refusal]) => [room, REFUSAL_TEXTS[refusal]]));
}

function joinFailure(error: RelayError): string {
  const carrier = error.rooms?.[0];
  return typeof carrier === 'string' ? REFUSAL_TEXTS[carrier] : error.message;
}

function messageOf(error: unknown): string {
  return error instanceof RelayError ? error.message : 'the relay could not be asked';
}

const REFUSAL_TEXTS: Readonly<Record<CompanionRefusal, string>> = {
  unknown: 'the relay knows no such room: it may have timed out, or be at another relay',
  full: 'the room is full',
  used: 'the room was used before; every operation needs a new one',
  mismatched: 'another party named it in a batch of other rooms',
  'other-size': 'the room is for another number of parties than the first one of the batch',
  busy: 'the relay is busy',
};

const END_TEXTS: Readonly<Record<Exclude<SessionEnd, 'left'>, string>> = {
  'join-timeout': 'not all parties joined in time',
  'room-timeout': 'the room is over its time',
  limit: 'more was sent than the room takes',
  memory: 'the relay is out of memory',
  stopping: 'the relay is stopping',
  'connection-lost': 'the connection to the relay was lost',
  protocol: 'the relay does not speak our protocol',
  flooded: 'the relay sent too much',
  'relay-slow': 'the relay takes nothing more',
  'too-old': 'the room is over its time',
  'handler-failed': 'this server failed',
};
