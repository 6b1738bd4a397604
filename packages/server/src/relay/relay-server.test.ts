import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { RawClient, RELAY_KEY, type RunningRelay, shown, startRelay, until } from './relay.fixture.ts';
import type { RelayLimits } from './relay-limits.ts';
import { createRelay, type RelayOptions } from './relay-server.ts';
import { CONNECT_PATH, encodeJoin, encodeSend, RELAY_SUBPROTOCOL, ROOMS_PATH } from './relay-wire.ts';

let running: RunningRelay | undefined;
const open: { terminate(): void }[] = [];

afterEach(async () => {
  for (const socket of open.splice(0)) socket.terminate();
  await running?.close();
  running = undefined;
});

async function start(
  limits: Partial<RelayLimits> = {},
  options: Omit<RelayOptions, 'limits'> = {},
): Promise<RunningRelay> {
  running = await startRelay(limits, options);
  return running;
}

async function client(on: RunningRelay): Promise<RawClient> {
  const opened = await RawClient.open(on.url);
  open.push(opened.socket);
  return opened;
}

async function heard(from: RawClient, count: number): Promise<string[]> {
  const lines: string[] = [];
  for (let index = 0; index < count; index++) lines.push(shown(await from.next()));
  return lines;
}

/** A WebSocket handshake by hand, for a client that then doesn't behave. */
async function bareSocket(on: RunningRelay): Promise<Socket> {
  const [, port] = on.address.split(':');
  const socket = connect(Number(port), '127.0.0.1');
  socket.on('error', () => undefined);
  open.push({ terminate: () => socket.destroy() });
  socket.write(
    `GET ${CONNECT_PATH} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n` +
      `sec-websocket-version: 13\r\nsec-websocket-key: ${Buffer.alloc(16, 1).toString('base64')}\r\n` +
      `sec-websocket-protocol: ${RELAY_SUBPROTOCOL}\r\n\r\n`,
  );
  const [head] = (await once(socket, 'data')) as [Buffer];
  expect(head.toString()).toContain('101');
  return socket;
}

/** Also where the other side resets it. */
const closeOf = (socket: Socket): Promise<void> => new Promise((resolve) => socket.once('close', () => resolve()));

/** A client's WebSocket frame as it looks on the wire, masked with zeros. */
function wireFrame(payload: Uint8Array, { claimedLength = payload.length } = {}): Buffer {
  const header = Buffer.alloc(14);
  header[0] = 0x82;
  header[1] = 0x80 | 127;
  header.writeBigUInt64BE(BigInt(claimedLength), 2);
  return Buffer.concat([header, payload]);
}

const makeRoom = (on: RunningRelay, init: RequestInit): Promise<Response> =>
  fetch(on.url + ROOMS_PATH, { method: 'POST', ...init });
const bearer = { authorization: `Bearer ${RELAY_KEY}` };

describe('a relay', () => {
  it('brings together the members of a room, late ones too, over several sessions of a connection', async () => {
    const on = await start();
    const [first, second] = [on.room(2), on.room(3)];
    const [a, b] = [await client(on), await client(on)];
    a.join(1, first);
    a.join(2, second);
    expect(await heard(a, 2)).toEqual(['joined 0 [2]', 'joined 0 [3]']);
    a.send(1, 'early');
    b.join(900, first);
    expect(await heard(b, 3)).toEqual(['joined 1 [2]', 'member 0 joined', 'frame 0 early']);
    b.send(900, 'answer');
    expect(await heard(a, 2)).toEqual(['member 1 joined', 'frame 1 answer']);
    a.join(3, second);
    expect(await heard(a, 3)).toEqual(['joined 1 [3]', 'member 0 joined', 'member 1 joined']);
    b.leave(900);
    expect(await heard(a, 1)).toEqual(['member 1 left']);
    expect((await a.rest()).concat(await b.rest())).toEqual([]);
    expect(on.relay.stats()).toMatchObject({ connections: 2, sessions: 3, rooms: 2, frames: 2, frameBytes: 11 });
  });

  it('tells members whose connection is lost from those that stay', async () => {
    const on = await start();
    const id = on.room(2);
    const [a, b] = [await client(on), await client(on)];
    a.join(1, id);
    await heard(a, 1);
    b.join(1, id);
    await heard(b, 2);
    b.socket.terminate();
    expect(await heard(a, 2)).toEqual(['member 1 joined', 'member 1 left']);
  });

  it('serves a thousand rooms on one connection, and as many companions in one join', async () => {
    const on = await start();
    const [a, b] = [await client(on), await client(on)];
    const ids = Array.from({ length: 1000 }, () => on.room(2));
    for (const [index, id] of ids.entries()) {
      a.join(index, id);
      b.join(index, id);
      a.send(index, `from a ${index}`);
      b.send(index, `from b ${index}`);
    }
    await until(() => a.received.length + b.received.length >= 6000);
    const frames = [a, b].flatMap(({ received }) => received.filter(({ kind }) => kind === 'frame'));
    expect(frames).toHaveLength(2000);
    expect(
      frames.every(
        (message) => message.kind === 'frame' && Buffer.from(message.frame).toString().endsWith(` ${message.session}`),
      ),
    ).toBe(true);
    const batch = Array.from({ length: 1000 }, () => on.room(2));
    a.join(5000, ...batch);
    b.join(5000, ...batch);
    await until(() => on.relay.stats().sessions === 2002);
    expect(on.relay.stats()).toMatchObject({ rooms: 2000, activeRooms: 2000, sessions: 2002 });
    for (const one of [a, b]) one.socket.close();
    await until(() => on.relay.stats().rooms === 0);
    expect(on.relay.stats()).toMatchObject({ activeRooms: 0, sessions: 0, heldBytes: 0 });
  });

  it('carries many frames a second', async () => {
    const on = await start({ maxRoomFrames: 1e6, maxRoomBytes: 1e9 });
    const id = on.room(3);
    const members = [await client(on), await client(on), await client(on)];
    for (const member of members) member.join(1, id);
    await until(() => members.every(({ received }) => received.length === 3));
    const [a] = members;
    const frame = new Uint8Array(1000);
    const startedMs = performance.now();
    for (let index = 0; index < 5000; index++) a?.send(1, frame);
    await until(() => members.slice(1).every(({ received }) => received.length === 5003));
    const perSecond = 10_000 / ((performance.now() - startedMs) / 1000);
    // A machine that is busy with everything else still does this; alone it is many times as much.
    expect(perSecond).toBeGreaterThan(2000);
  });

  it.each([
    ['a text message', 'hello', 1002],
    ['an unknown kind', Buffer.from([9, 0, 0, 0, 1]), 1002],
    ['a join that names no room', encodeJoin(1, []), 1002],
    ['an empty frame', encodeSend(1, new Uint8Array()), 1002],
    ['nothing', new Uint8Array(), 1002],
    ['more than a frame can have', new Uint8Array(5_000_000), 1009],
  ])('ends a connection that sends %s', async (_, bytes, code) => {
    const on = await start();
    const bad = await client(on);
    bad.raw(bytes);
    expect(await bad.closed()).toBe(code);
    expect(on.relay.stats().connections).toBe(0);
  });

  it('ends a connection that uses one session for two rooms at once', async () => {
    const on = await start();
    const bad = await client(on);
    bad.join(1, on.room(2));
    bad.join(1, on.room(2));
    expect(await bad.closed()).toBe(1002);
  });

  it('survives whatever bytes come, and serves the others', async () => {
    const on = await start({ maxConnections: 1000 });
    const id = on.room(2);
    const good = await client(on);
    good.join(1, id);
    await heard(good, 1);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 60 }), { minLength: 1, maxLength: 5 }),
        fc.boolean(),
        async (chunks, asMessages) => {
          const bad = await bareSocket(on);
          for (const chunk of chunks) bad.write(asMessages ? wireFrame(chunk) : chunk);
          bad.end();
          await closeOf(bad);
        },
      ),
      { numRuns: 40 },
    );
    const other = await client(on);
    other.join(1, id);
    good.send(1, 'still here');
    expect((await heard(other, 3)).at(-1)).toBe('frame 0 still here');
    await until(() => on.relay.stats().connections === 2);
    expect(on.relay.stats().heldBytes).toBe(0);
  }, 30_000);

  it('says why a room can’t be joined, and lets nobody guess or join twice', async () => {
    const on = await start();
    const id = on.room(2);
    const [a, b] = [await client(on), await client(on)];
    a.join(1, 'f'.repeat(32));
    a.join(2, id);
    b.join(1, id);
    b.join(2, id);
    expect(await heard(a, 3)).toEqual(['joined no [unknown]', 'joined 0 [2]', 'member 1 joined']);
    expect(await heard(b, 3)).toEqual(['joined 1 [2]', 'member 0 joined', 'joined no [full]']);
    a.leave(2);
    b.leave(1);
    b.join(3, id);
    expect(await heard(b, 2)).toEqual(['member 0 left', 'joined no [used]']);
    // What doesn't have a session is passed over: the relay may just have closed it.
    b.send(77, 'nobody');
    b.leave(77);
    expect(await b.rest()).toEqual([]);
  });

  it('makes ids of 128 random bits behind its prefix', async () => {
    const on = await start({}, { roomPrefix: 'eu-' });
    const ids = new Set(Array.from({ length: 1000 }, () => on.room(2)));
    expect(ids.size).toBe(1000);
    for (const id of ids) expect(id).toMatch(/^eu-[0-9a-f]{32}$/);
    expect(() => createRelay({ roomPrefix: 'a b' })).toThrow(RangeError);
    expect(() => createRelay({ roomPrefix: 'x'.repeat(33) })).toThrow(RangeError);
  });

  it('ends rooms by their time-outs and says which', async () => {
    const on = await start({ joinTimeoutMs: 500, roomTimeoutMs: 1200 });
    const [lonely, complete] = [on.room(2), on.room(2)];
    const [a, b] = [await client(on), await client(on)];
    a.join(1, lonely);
    a.join(2, complete);
    b.join(2, complete);
    await until(() => a.received.filter(({ kind }) => kind === 'closed').length === 2);
    expect(a.received.map(shown).filter((line) => line.startsWith('closed'))).toEqual([
      'closed join-timeout',
      'closed room-timeout',
    ]);
  });

  it('bounds the sessions of a connection', async () => {
    const on = await start({ maxSessionsPerConnection: 2 });
    const a = await client(on);
    for (const session of [1, 2, 3]) a.join(session, on.room(2));
    expect(await heard(a, 3)).toEqual(['joined 0 [2]', 'joined 0 [2]', 'joined no [busy]']);
  });

  it('sends out a member that floods its room, and the others stay', async () => {
    const on = await start({ maxRoomFrames: 64 });
    const id = on.room(2);
    const [bad, good] = [await client(on), await client(on)];
    bad.join(1, id);
    await heard(bad, 1);
    good.join(1, id);
    await heard(good, 2);
    for (let index = 0; index < 100; index++) bad.send(1, 'x');
    await until(() => bad.received.some(({ kind }) => kind === 'closed'));
    expect((await bad.rest()).map(shown)).toEqual(['member 1 joined', 'closed limit']);
    const lines = (await good.rest()).map(shown);
    expect(lines).toEqual([...Array.from({ length: 32 }, () => 'frame 0 x'), 'member 0 left']);
  });

  it('keeps its places for those who have rooms: connections without one give way', async () => {
    const on = await start({ maxConnections: 3 });
    const [idle, a, b] = [await client(on), await client(on), await client(on)];
    a.join(1, on.room(2));
    b.join(1, on.room(2));
    await Promise.all([heard(a, 1), heard(b, 1)]);
    const c = await client(on);
    expect(await idle.closed()).toBe(1006);
    c.join(1, on.room(2));
    await heard(c, 1);
    const refused = new RawClient(on.url);
    expect(await refused.closed()).toBe(1006);
    expect(on.relay.stats()).toMatchObject({ connections: 3, connectionsEnded: { flooding: 1, refused: 1 } });
  });

  it('closes connections that are idle, and none that has a room', async () => {
    const on = await start({ idleTimeoutMs: 500 });
    const [idle, a] = [await client(on), await client(on)];
    a.join(1, on.room(2));
    expect(await idle.closed()).toBe(1000);
    await delay(800);
    expect(a.closeCode).toBeUndefined();
    a.leave(1);
    expect(await a.closed()).toBe(1000);
  });

  it('cuts a connection that gives no sign of life, half open or silent', async () => {
    const on = await start({ keepaliveMs: 400 });
    const id = on.room(2);
    const a = await client(on);
    a.join(1, id);
    const dead = await bareSocket(on);
    dead.write(wireFrame(encodeJoin(1, [id])));
    await heard(a, 2);
    // It answers to nothing from here on.
    dead.pause();
    expect(await heard(a, 1)).toEqual(['member 1 left']);
    expect(on.relay.stats()).toMatchObject({ connections: 1, connectionsEnded: { silent: 1 } });
    await delay(900);
    expect(a.closeCode).toBeUndefined();
  });

  it('cuts a slow reader, bounds what it holds for it, and the others go on', async () => {
    const on = await start({ maxBacklogBytes: 2_000_000, maxRoomFrames: 10_000, maxRoomBytes: 1e9 });
    const id = on.room(3);
    const [a, b, slow] = [await client(on), await client(on), await bareSocket(on)];
    slow.pause();
    slow.write(wireFrame(encodeJoin(1, [id])));
    await until(() => on.relay.stats().sessions === 1);
    a.join(1, id);
    b.join(1, id);
    await until(() => on.relay.stats().sessions === 3);
    let most = 0;
    for (let index = 0; index < 300 && on.relay.stats().connections === 3; index++) {
      a.send(1, new Uint8Array(100_000));
      if (index % 10 === 0) await delay(2);
      most = Math.max(most, on.relay.stats().heldBytes);
    }
    await until(() => on.relay.stats().connections === 2);
    expect(on.relay.stats().connectionsEnded).toMatchObject({ slow: 1 });
    expect(most).toBeLessThan(6_000_000);
    await until(() => b.received.map((message) => message.kind).includes('member'));
    a.send(1, 'after');
    await until(() => b.received.some((message) => shown(message) === 'frame 1 after'));
    await until(() => on.relay.stats().heldBytes === 0);
  });

  it('counts what arrives in pieces: little for who has no room, and the heaviest goes when it is too much', async () => {
    const on = await start({ maxMemoryBytes: 3_000_000 });
    const guest = await bareSocket(on);
    guest.write(wireFrame(new Uint8Array(2_500_000), { claimedLength: 4_000_000 }));
    await closeOf(guest);
    expect(on.relay.stats().connectionsEnded).toMatchObject({ flooding: 1 });
    const members = await Promise.all(Array.from({ length: 4 }, () => bareSocket(on)));
    for (const member of members) member.write(wireFrame(encodeJoin(1, [on.room(2)])));
    await until(() => on.relay.stats().sessions === 4);
    for (const member of members) member.write(wireFrame(new Uint8Array(900_000), { claimedLength: 4_000_000 }));
    await until(() => on.relay.stats().connectionsEnded.slow === 1);
    await until(() => on.relay.stats().heldBytes > 2_500_000);
    expect(on.relay.stats()).toMatchObject({ connections: 3 });
    expect(on.relay.stats().heldBytes).toBeLessThanOrEqual(3_000_000);
  });

  it('refuses what isn’t a client of this protocol', async () => {
    const on = await start();
    const statusOf = async (
      path: string,
      protocol: string[],
      headers: Record<string, string> = {},
    ): Promise<string> => {
      const socket = new WebSocket(`${on.url.replace('http', 'ws')}${path}`, protocol, { headers });
      const [error] = (await once(socket, 'error')) as [Error];
      return error.message;
    };
    expect(await statusOf(CONNECT_PATH, [])).toContain('400');
    expect(await statusOf(CONNECT_PATH, ['countersign-relay-2'])).toContain('400');
    expect(await statusOf(CONNECT_PATH, [RELAY_SUBPROTOCOL], { origin: 'https://evil.example' })).toContain('403');
    expect(await statusOf('/relay/v1/other', [RELAY_SUBPROTOCOL])).toContain('404');
    // Upgrades to something else are none, as far as we are concerned.
    const health = await new Promise<string>((resolve) => {
      const socket = connect(Number(on.address.split(':')[1]), '127.0.0.1');
      socket.once('data', (data) => {
        socket.destroy();
        resolve(data.toString());
      });
      socket.write('GET /health HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n');
    });
    expect(health).toContain('200 OK');
  });

  it('makes rooms for who has its key', async () => {
    const on = await start({ maxRooms: 2 }, { relayKeys: ['other-key-0123456789', RELAY_KEY] });
    const made = await makeRoom(on, { headers: bearer, body: '{"room_size": 3, "more": 1}' });
    expect(made.status).toBe(200);
    const { room_uuid: id } = (await made.json()) as { room_uuid: string };
    const a = await client(on);
    a.join(1, id);
    expect(await heard(a, 1)).toEqual(['joined 0 [3]']);
    for (const authorization of [undefined, 'Bearer', 'Bearer wrong', `Basic ${RELAY_KEY}`, `Bearer ${RELAY_KEY} x`]) {
      const answer = await makeRoom(on, {
        headers: authorization === undefined ? {} : { authorization },
        body: '{"room_size": 3}',
      });
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    }
    for (const body of ['', '{', '[]', 'null', '{"room_size":"3"}', '{"room_size":1}', '{"room_size":101}'])
      expect((await makeRoom(on, { headers: bearer, body })).status).toBe(400);
    expect((await makeRoom(on, { headers: bearer, body: ' '.repeat(5000) })).status).toBe(413);
    expect((await fetch(on.url + ROOMS_PATH)).status).toBe(405);
    expect((await fetch(`${on.url}/elsewhere`)).status).toBe(404);
    const other = { authorization: 'Bearer other-key-0123456789' };
    expect((await makeRoom(on, { headers: other, body: '{"room_size":2}' })).status).toBe(200);
    expect((await makeRoom(on, { headers: bearer, body: '{"room_size":2}' })).status).toBe(503);
  });

  it('makes rooms for nobody where it has no key', async () => {
    const on = await start({}, { relayKeys: [] });
    expect((await makeRoom(on, { headers: bearer, body: '{"room_size":2}' })).status).toBe(401);
  });

  it('lets its rooms finish when it stops, also for a member that is still to come', async () => {
    const on = await start();
    const id = on.room(2);
    const a = await client(on);
    a.join(1, id);
    await heard(a, 1);
    const stopped = on.close(5000);
    expect(await heard(a, 1)).toEqual(['stopping']);
    expect(on.relay.createRoom(2)).toBeUndefined();
    expect((await makeRoom(on, { headers: bearer, body: '{"room_size":2}' })).status).toBe(503);
    expect((await fetch(`${on.url}/health`)).status).toBe(503);
    const b = await client(on);
    b.join(1, id);
    b.send(1, 'late but there');
    expect((await heard(a, 2)).at(-1)).toBe('frame 1 late but there');
    a.leave(1);
    b.leave(1);
    await stopped;
    expect([await a.closed(), await b.closed()]).toEqual([1001, 1001]);
  });

  it('ends rooms that take longer than it has, and connections that don’t close', async () => {
    const on = await start();
    const a = await client(on);
    a.join(1, on.room(2));
    await heard(a, 1);
    const stubborn = await bareSocket(on);
    stubborn.pause();
    const startedMs = performance.now();
    await on.close(100);
    expect(performance.now() - startedMs).toBeLessThan(3000);
    expect(await heard(a, 2)).toEqual(['stopping', 'closed stopping']);
    expect(on.relay.stats()).toMatchObject({ connections: 0, rooms: 0, heldBytes: 0 });
  });

  it('shows its counts', async () => {
    const on = await start();
    const a = await client(on);
    a.join(1, on.room(2));
    a.send(1, 'x');
    await until(() => on.relay.stats().frames === 1);
    expect((await fetch(`${on.url}/health`)).status).toBe(200);
    const metrics = await fetch(`${on.url}/metrics`);
    expect(metrics.headers.get('content-type')).toContain('text/plain');
    const first = await metrics.text();
    for (const line of [
      'countersign_relay_connections 1',
      'countersign_relay_rooms 1',
      'countersign_relay_frames_total 1',
      'countersign_relay_rooms_ended_total{reason="limit"} 0',
    ])
      expect(first).toContain(`${line}\n`);
    // A reading changes nothing.
    expect(await (await fetch(`${on.url}/metrics`)).text()).toBe(first);
  });
});
