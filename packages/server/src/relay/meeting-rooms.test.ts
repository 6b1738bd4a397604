import { DomainError } from '@countersign/core/domain-error';
import type { Room, Rooms } from '@countersign/core/ports/rooms';
import { afterEach, describe, expect, it } from 'vitest';
import { createMeetingRooms } from './meeting-rooms.ts';
import { RELAY_KEY, type RunningRelay, startRelay, until } from './relay.fixture.ts';
import { createRelayClient, type RelayClient } from './relay-client.ts';
import { createRelay } from './relay-server.ts';

const relays: RunningRelay[] = [];
const clients: RelayClient[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await Promise.all(relays.splice(0).map((relay) => relay.close()));
});

async function relay(...options: Parameters<typeof startRelay>): Promise<RunningRelay> {
  const started = await startRelay(...options);
  relays.push(started);
  return started;
}

function client(): RelayClient {
  const made = createRelayClient({
    allow: (host) => (host === '127.0.0.1' ? { allowed: true } : { allowed: false, reason: 'is not allowed' }),
  });
  clients.push(made);
  return made;
}

/** A server whose own relay this is. */
const meetingAt = ({ relay: own }: RunningRelay): Rooms =>
  createMeetingRooms({ client: client(), own: { relay: own }, other: undefined });

/** A server that uses this relay instead of its own. */
const meetingAway = (on: RunningRelay, key: string): Rooms =>
  createMeetingRooms({ client: client(), own: { relay: createRelay() }, other: { address: on.address, key } });

interface Party {
  readonly room: Room;
  readonly lines: string[];
}

async function join(rooms: Rooms, at: string | undefined, ...ids: string[]): Promise<Party> {
  const lines: string[] = [];
  const room = await rooms.join(at, ids, {
    onFrame: (slot, frame) => lines.push(`${slot}: ${Buffer.from(frame).toString()}`),
    onLeft: () => lines.push('left'),
    onEnd: (reason) => lines.push(`end: ${reason}`),
  });
  return { room, lines };
}

async function errorOf(promise: Promise<unknown>): Promise<DomainError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof DomainError) return error;
  throw new Error('it did not fail as the domain fails', { cause: error });
}

describe('the port of rooms', () => {
  it('joins this server’s own relay inside the process, and the others come over the network', async () => {
    const on = await relay();
    const home = meetingAt(on);
    const away = meetingAway(on, RELAY_KEY);
    const [carrier, companion] = [await home.create(3), await away.create(3)];
    const wrongSize = await away.create(2);
    const a = await join(home, undefined, carrier, companion, wrongSize);
    a.room.send(Buffer.from('from home'));
    const b = await join(away, undefined, carrier, companion, wrongSize);
    const c = await join(home, on.address, carrier, companion, 'nowhere');
    expect([a, b, c].map(({ room }) => room.size)).toEqual([3, 3, 3]);
    for (const { room } of [a, b])
      expect([...room.refused]).toEqual([
        [wrongSize, 'the room is for another number of parties than the first one of the batch'],
      ]);
    expect([...c.room.refused]).toEqual([['nowhere', expect.stringContaining('knows no such room')]]);
    b.room.send(Buffer.from('from b'));
    c.room.send(Buffer.from('from c'));
    await until(() => [a, b, c].every(({ lines }) => lines.length === 2));
    expect(a.lines.toSorted()).toEqual(['1: from b', '2: from c']);
    expect(b.lines.toSorted()).toEqual(['0: from home', '2: from c']);
    expect(c.lines).toEqual(['0: from home', '1: from b']);
    expect(on.relay.stats()).toMatchObject({ connections: 2, sessions: 2 });
    for (const { room } of [a, b, c]) room.leave();
    await until(() => on.relay.stats().activeRooms === 0);
    // Nothing after leaving.
    expect([a, b, c].map(({ lines }) => lines.length)).toEqual([2, 2, 2]);
    expect((await errorOf(join(home, undefined, carrier))).message).toContain('used before');
  });

  it('doesn’t hear frames while a member is still being told of another', async () => {
    const on = await relay();
    const home = meetingAt(on);
    const id = await home.create(2);
    const order: string[] = [];
    const a = await home.join(undefined, [id], {
      onFrame: () => order.push('a heard'),
      onLeft: () => undefined,
      onEnd: () => undefined,
    });
    const b = await join(home, undefined, id);
    b.room.send(Buffer.from('x'));
    order.push('b has sent');
    await until(() => order.length === 2);
    expect(order).toEqual(['b has sent', 'a heard']);
    a.leave();
  });

  it('says why a room ended', async () => {
    const on = await relay({ joinTimeoutMs: 800 });
    const home = meetingAt(on);
    const id = await home.create(3);
    const parties = [await join(home, undefined, id), await join(home, on.address, id)];
    await until(() => parties.every(({ lines }) => lines.length > 0));
    for (const { lines } of parties) expect(lines).toEqual(['end: not all parties joined in time']);
  });

  it('fails with the codes of the domain', async () => {
    const on = await relay({ maxRooms: 1 });
    const home = meetingAt(on);
    const codeOf = async (promise: Promise<unknown>): Promise<string> => (await errorOf(promise)).code;
    const unknown = 'f'.repeat(32);
    expect(await codeOf(join(home, undefined, unknown))).toBe('ceremony_failed');
    expect(await codeOf(join(home, on.address, unknown))).toBe('ceremony_failed');
    expect(await codeOf(join(home, '127.0.0.1:1', unknown))).toBe('ceremony_failed');
    expect(await codeOf(join(home, 'http://x', unknown))).toBe('invalid_request');
    expect(await codeOf(join(home, 'metadata.internal', unknown))).toBe('invalid_request');
    expect(await codeOf(join(home, on.address, 'a/b'))).toBe('invalid_request');
    const { room } = await join(home, on.address, await home.create(2));
    expect(() => room.send(new Uint8Array(5_000_000))).toThrow(DomainError);
    expect(await errorOf(home.create(2))).toMatchObject({ code: 'unavailable', subject: 'room' });
    const away = meetingAway(on, 'wrong-key');
    expect(await errorOf(away.create(2))).toMatchObject({ code: 'unavailable', subject: 'room' });
    void on.relay.close(0);
    expect(await errorOf(home.create(2))).toMatchObject({ code: 'unavailable', subject: 'room' });
  });
});
