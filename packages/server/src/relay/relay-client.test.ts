import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, LookupFunction } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { selfSignedCertificate } from '../../test/self-signed-certificate.ts';
import { RELAY_KEY, type RunningRelay, startRelay, until } from './relay.fixture.ts';
import { createRelayClient, type RelayClient, type RelayClientOptions } from './relay-client.ts';
import { RelayError } from './relay-error.ts';
import type { RelaySession } from './relay-session.ts';
import {
  encodeClosed,
  encodeFrame,
  encodeJoined,
  encodeMember,
  encodeStopping,
  parseClientMessage,
  RELAY_SUBPROTOCOL,
} from './relay-wire.ts';

const relays: RunningRelay[] = [];
const clients: RelayClient[] = [];
const fakes: Server[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await Promise.all(relays.splice(0).map((relay) => relay.close()));
  for (const fake of fakes.splice(0)) {
    fake.closeAllConnections();
    fake.close();
  }
});

async function relay(...options: Parameters<typeof startRelay>): Promise<RunningRelay> {
  const started = await startRelay(...options);
  relays.push(started);
  return started;
}

function client(options: Partial<RelayClientOptions> = {}): RelayClient {
  const made = createRelayClient({ allow: () => ({ allowed: true }), ...options });
  clients.push(made);
  return made;
}

interface Heard {
  readonly session: RelaySession;
  readonly lines: string[];
}

function listen(session: RelaySession): Heard {
  const lines: string[] = [];
  session.listen({
    frame: (slot, frame) => lines.push(`${slot}: ${Buffer.from(frame).toString()}`),
    member: (slot, event) => lines.push(`${slot} ${event}`),
    end: (reason) => lines.push(`end ${reason}`),
  });
  return { session, lines };
}

/** What the check of outbound targets hands over: the addresses that it judged. */
const toLoopback: LookupFunction = (_name, options, callback) => {
  if (options.all === true) callback(null, [{ address: '127.0.0.1', family: 4 }]);
  else callback(null, '127.0.0.1', 4);
};

const text = (value: string): Uint8Array => Buffer.from(value);

async function errorOf(promise: Promise<unknown>): Promise<RelayError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof RelayError) return error;
  throw new Error('it did not fail as a relay fails', { cause: error });
}

/** A relay that says what a test wants: `onJoin` answers to the session that joins. */
async function fakeRelay(onJoin: (socket: WebSocket, session: number, rooms: number) => void): Promise<string> {
  const server = createServer();
  const sockets = new WebSocketServer({ server, handleProtocols: () => RELAY_SUBPROTOCOL });
  sockets.on('connection', (socket) =>
    socket.on('message', (data) => {
      const message = parseClientMessage(data as Buffer);
      if (message?.kind === 'join') onJoin(socket, message.session, message.rooms.length);
    }),
  );
  fakes.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('a client of relays', () => {
  it('makes a room, and its members hear each other', async () => {
    const on = await relay();
    const [one, other] = [client(), client()];
    const id = await one.createRoom(on.address, 2, RELAY_KEY);
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    const a = await one.join(on.address, [id]);
    expect([a.slot, a.size, a.refused.size]).toEqual([0, 2, 0]);
    expect(a.send(text('early'))).toBe(true);
    const b = listen(await other.join(on.address, [id]));
    await until(() => b.lines.length === 2);
    b.session.send(text('answer'));
    // Nothing is lost while nobody listens.
    await until(() => on.relay.stats().frames === 2);
    await delay(20);
    const heardByA = listen(a);
    expect(heardByA.lines).toEqual(['1 joined', '1: answer']);
    expect(b.lines).toEqual(['0 joined', '0: early']);
    b.session.leave();
    await until(() => heardByA.lines.length === 3);
    expect(heardByA.lines.at(-1)).toBe('1 left');
    expect(b.lines.at(-1)).toBe('end left');
    expect(b.session.send(text('too late'))).toBe(false);
  });

  it('shares one connection for all its sessions at a relay, a thousand of them', async () => {
    const on = await relay();
    const [one, other] = [client(), client()];
    const ids = Array.from({ length: 1000 }, () => on.room(2));
    const join = (who: RelayClient): Promise<Heard[]> =>
      Promise.all(ids.map(async (id) => listen(await who.join(on.address, [id]))));
    const [left, right] = await Promise.all([join(one), join(other)]);
    expect(on.relay.stats()).toMatchObject({ connections: 2, sessions: 2000 });
    for (const [index, { session }] of left.entries()) session.send(text(`frame ${index}`));
    await until(() => right.every(({ lines }) => lines.some((line) => line.includes('frame'))));
    for (const [index, { lines }] of right.entries())
      expect(lines.at(-1)).toMatch(new RegExp(`^[01]: frame ${index}$`));
  });

  it('may play several members itself', async () => {
    const on = await relay();
    const one = client();
    const id = on.room(2);
    const [a, b] = [listen(await one.join(on.address, [id])), listen(await one.join(on.address, [id]))];
    a.session.send(text('to myself'));
    await until(() => b.lines.includes('0: to myself'));
    expect(on.relay.stats().connections).toBe(1);
  });

  it('is told which rooms of a batch it has no place in', async () => {
    const on = await relay();
    const [carrier, companion, larger] = [on.room(2), on.room(2), on.room(3)];
    const unknown = 'f'.repeat(32);
    const session = await client().join(on.address, [carrier, companion, unknown, larger]);
    expect([...session.refused]).toEqual([
      [unknown, 'unknown'],
      [larger, 'other-size'],
    ]);
    const error = await errorOf(client().join(on.address, [unknown, companion]));
    expect(error).toMatchObject({ code: 'refused', rooms: ['unknown', 2] });
  });

  it('connects again after the connection was lost, and its sessions end with a reason', async () => {
    const on = await relay();
    const one = client();
    const a = listen(await one.join(on.address, [on.room(2)]));
    await on.close(0);
    await until(() => a.lines.length > 0);
    expect(a.lines).toEqual(['end stopping']);
    expect((await errorOf(one.join(on.address, ['0'.repeat(32)]))).code).toBe('unreachable');
    const again = await relay();
    const idle = client({ limits: { idleTimeoutMs: 30 } });
    for (const round of [1, 2]) {
      const session = await idle.join(again.address, [again.room(2)]);
      session.leave();
      await until(() => again.relay.stats().connections === 0);
      expect(again.relay.stats().created).toBe(round);
    }
  });

  it('takes a new connection for what begins after the relay has announced its end', async () => {
    const on = await relay();
    const one = client();
    const [begun, other] = [on.room(2), on.room(2)];
    listen(await one.join(on.address, [begun]));
    listen(await client().join(on.address, [other]));
    const stopped = on.close(3000);
    await delay(50);
    const b = listen(await one.join(on.address, [other]));
    expect(on.relay.stats().connections).toBe(3);
    expect(b.lines).toEqual(['0 joined']);
    const startedMs = performance.now();
    for (const member of clients) member.close();
    await stopped;
    expect(performance.now() - startedMs).toBeLessThan(2000);
  });

  it('asks before it connects, and connects where it was told', async () => {
    const on = await relay();
    const asked: string[] = [];
    const one = client({
      allow: (host, port) => {
        asked.push(`${host} ${port}`);
        return host === 'relay.test'
          ? { allowed: true, lookup: toLoopback }
          : { allowed: false, reason: 'is not in the list of relays' };
      },
      isPlain: () => true,
    });
    const port = on.address.split(':')[1];
    const id = await one.createRoom(`relay.test:${port}`, 2, RELAY_KEY);
    expect((await one.join(`Relay.Test:${port}`, [id])).slot).toBe(0);
    const error = await errorOf(one.join('169.254.169.254:80', [id]));
    expect(error).toMatchObject({
      code: 'not-allowed',
      message: '169.254.169.254:80 is not in the list of relays',
    });
    expect((await errorOf(one.createRoom('metadata', 2))).code).toBe('not-allowed');
    expect(asked).toEqual([`relay.test ${port}`, `relay.test ${port}`, '169.254.169.254 80', 'metadata 443']);
  });

  it('waits for that answer for a bounded time, and takes an error for a no', async () => {
    const hanging = client({ allow: () => new Promise(() => undefined), limits: { connectTimeoutMs: 30 } });
    expect((await errorOf(hanging.join('127.0.0.1:1', ['a']))).code).toBe('timeout');
    const failing = client({
      allow: () => {
        throw new Error('no such name');
      },
    });
    expect((await errorOf(failing.createRoom('127.0.0.1:1', 2))).code).toBe('unreachable');
  });

  it('speaks TLS to whatever isn’t loopback, and checks the certificate', async () => {
    const tls = selfSignedCertificate('relay.test');
    const on = await relay({}, { tls });
    const address = `relay.test:${on.address.split(':')[1]}`;
    const allow = () => ({ allowed: true, lookup: toLoopback }) as const;
    const trusting = client({ allow, tls: { ca: tls.cert } });
    const id = await trusting.createRoom(address, 2, RELAY_KEY);
    expect((await trusting.join(address, [id])).slot).toBe(0);
    const stranger = client({ allow });
    expect((await errorOf(stranger.createRoom(address, 2, RELAY_KEY))).code).toBe('unreachable');
    expect((await errorOf(stranger.join(address, [id]))).code).toBe('unreachable');
    const otherName = address.replace('relay.test', 'other.test');
    expect((await errorOf(trusting.join(otherName, [id]))).code).toBe('unreachable');
    // Loopback is plain, so this relay doesn't understand.
    expect((await errorOf(trusting.join(on.address, [id]))).code).toBe('unreachable');
    expect((await client({ isPlain: () => false, allow, tls: { ca: tls.cert } }).join(address, [id])).slot).toBe(1);
  });

  it.each([
    ['no address', 'wss://x', ['a'], 'bad-address'],
    ['no room', '127.0.0.1:1', [], 'bad-room'],
    ['a room twice', '127.0.0.1:1', ['a', 'a'], 'bad-room'],
    ['a room that is none', '127.0.0.1:1', ['a/b'], 'bad-room'],
    ['nobody there', '127.0.0.1:1', ['a'], 'unreachable'],
  ])('says what is wrong with %s', async (_, address, rooms, code) => {
    expect((await errorOf(client().join(address, rooms))).code).toBe(code);
  });

  it('doesn’t make a room that the relay doesn’t want to make', async () => {
    const on = await relay();
    expect((await errorOf(client().createRoom(on.address, 2, 'wrong'))).code).toBe('refused');
    expect((await errorOf(client().createRoom(on.address, 2))).code).toBe('refused');
    expect((await errorOf(client().createRoom(on.address, 1, RELAY_KEY))).code).toBe('bad-room');
  });

  it('is bounded in the relays that it is connected to', async () => {
    const [first, second, third] = [await relay(), await relay(), await relay()];
    const one = client({ limits: { maxLinks: 2 } });
    const a = await one.join(first.address, [first.room(2)]);
    await one.join(second.address, [second.room(2)]);
    expect((await errorOf(one.join(third.address, [third.room(2)]))).code).toBe('busy');
    a.leave();
    expect((await one.join(third.address, [third.room(2)])).slot).toBe(0);
    await until(() => first.relay.stats().connections === 0);
  });

  it('refuses a frame that is empty or too long', async () => {
    const on = await relay();
    const session = await client({ limits: { maxFrameBytes: 100 } }).join(on.address, [on.room(2)]);
    expect(() => session.send(new Uint8Array(101))).toThrow(RangeError);
    expect(() => session.send(new Uint8Array())).toThrow(RangeError);
    expect(session.send(new Uint8Array(100))).toBe(true);
  });

  it('ends the session of a listener that throws, and no other', async () => {
    const on = await relay();
    const one = client();
    const [bad, good] = [on.room(2), on.room(2)];
    let reason: string | undefined;
    const broken = await one.join(on.address, [bad]);
    broken.listen({
      frame: () => undefined,
      member: () => {
        throw new Error('a mistake');
      },
      end: (why) => {
        reason = why;
      },
    });
    const fine = listen(await one.join(on.address, [good]));
    await client().join(on.address, [bad]);
    await client().join(on.address, [good]);
    await until(() => fine.lines.length === 1 && reason !== undefined);
    expect(reason).toBe('handler-failed');
  });
});

describe('a client of a hostile relay', () => {
  async function hear(messages: (session: number) => readonly Uint8Array[], limits = {}): Promise<string[]> {
    const address = await fakeRelay((socket, session) => {
      socket.send(encodeJoined(session, 0, [3]));
      for (const message of messages(session)) socket.send(message);
    });
    const { lines } = listen(await client({ limits }).join(address, ['room']));
    await until(() => lines.some((line) => line.startsWith('end')));
    return lines;
  }

  const joined = (session: number, slot: number) => encodeMember(session, slot, 'joined');
  const frame = (session: number, slot: number) => encodeFrame(session, slot, text('x'));

  it.each<[string, (session: number) => readonly Uint8Array[]]>([
    ['a frame of nobody', (session) => [frame(session, 1)]],
    ['a frame of ourselves', (session) => [frame(session, 0)]],
    [
      'a frame of somebody who has left',
      (session) => [joined(session, 1), encodeMember(session, 1, 'left'), frame(session, 1)],
    ],
    ['a member that comes twice', (session) => [joined(session, 1), joined(session, 1)]],
    [
      'a member that comes back',
      (session) => [joined(session, 1), encodeMember(session, 1, 'left'), joined(session, 1)],
    ],
    ['a member that leaves before it came', (session) => [encodeMember(session, 1, 'left')]],
    ['a member more than the room has', (session) => [joined(session, 3)]],
    ['our own coming', (session) => [joined(session, 0)]],
    ['no message of the protocol', () => [Buffer.from('nonsense')]],
  ])('ends the session at %s', async (_, messages) => {
    expect((await hear(messages)).at(-1)).toBe('end protocol');
  });

  it('bounds what it takes, listening or not', async () => {
    const flood = (session: number) => [joined(session, 1), ...Array.from({ length: 50 }, () => frame(session, 1))];
    const lines = await hear(flood, { maxSessionFrames: 20 });
    expect(lines).toHaveLength(22);
    expect(lines.at(-1)).toBe('end flooded');
    const large = (session: number) => [joined(session, 1), encodeFrame(session, 1, new Uint8Array(5000))];
    expect(await hear(large, { maxSessionBytes: 4000 })).toEqual(['1 joined', 'end flooded']);
    // The connection itself takes no longer message than a relay can have.
    expect(await hear(large, { maxFrameBytes: 1000, maxSessionBytes: 1e6 })).toEqual(['1 joined', 'end flooded']);
    const huge = (session: number) => [encodeFrame(session, 1, new Uint8Array(100_000))];
    expect(await hear(huge, { maxFrameBytes: 1000 })).toEqual(['end connection-lost']);
  });

  it('hears nothing after the end', async () => {
    const lines = await hear((session) => [
      joined(session, 1),
      encodeClosed(session, 'join-timeout'),
      frame(session, 1),
      joined(session, 2),
    ]);
    await delay(30);
    expect(lines).toEqual(['1 joined', 'end join-timeout']);
  });

  it('gives up a relay that doesn’t answer, and a session that never ends', async () => {
    const mute = await fakeRelay(() => undefined);
    expect((await errorOf(client({ limits: { joinTimeoutMs: 50 } }).join(mute, ['room']))).code).toBe('timeout');
    expect(await hear(() => [], { maxSessionMs: 50 })).toEqual(['end too-old']);
    const server = createServer();
    fakes.push(server);
    // It accepts the connection and then says nothing, or one letter at a time.
    server.on('upgrade', (_request, socket) => {
      socket.on('error', () => undefined);
      const drip = setInterval(() => socket.write('H'), 10);
      socket.on('close', () => clearInterval(drip));
    });
    server.on('request', (_request, response) => {
      response.write('{');
      const drip = setInterval(() => response.write(' '), 10);
      response.on('close', () => clearInterval(drip));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const hurried = client({ limits: { connectTimeoutMs: 80, createTimeoutMs: 80 } });
    expect(['timeout', 'unreachable']).toContain((await errorOf(hurried.join(address, ['room']))).code);
    expect((await errorOf(hurried.createRoom(address, 2))).code).toBe('timeout');
  });

  it('notices that the connection is half open', async () => {
    const address = await fakeRelay((socket, session) => {
      socket.send(encodeJoined(session, 0, [2]));
      socket.pause();
    });
    const { lines } = listen(await client({ limits: { keepaliveMs: 50 } }).join(address, ['room']));
    await until(() => lines.length > 0);
    expect(lines).toEqual(['end connection-lost']);
  });

  it('gives up a connection that takes nothing', async () => {
    const address = await fakeRelay((socket, session) => {
      socket.send(encodeJoined(session, 0, [2]));
      socket.pause();
    });
    const { session, lines } = listen(await client({ limits: { maxBacklogBytes: 1e6 } }).join(address, ['room']));
    for (let index = 0; index < 1000 && session.send(new Uint8Array(100_000)); index++) await delay(0);
    expect(lines).toEqual(['end relay-slow']);
  });

  it.each([
    ['too many rooms', (session: number) => encodeJoined(session, 0, [2, 2])],
    ['a slot that the room hasn’t', (session: number) => encodeJoined(session, 2, [2])],
  ])('refuses an answer with %s', async (_, answer) => {
    const address = await fakeRelay((socket, session) => socket.send(answer(session)));
    expect((await errorOf(client().join(address, ['room']))).code).toBe('protocol');
  });

  it('takes no answer for a room that isn’t one', async () => {
    const answers: [number, string][] = [
      [200, '{"room_uuid":"a/b"}'],
      [200, '[]'],
      [200, 'x'],
      [200, ' '.repeat(10_000)],
      [302, ''],
      [500, '{"room_uuid":"a"}'],
    ];
    for (const [status, body] of answers) {
      const server = createServer((_request, response) => {
        response.writeHead(status, { location: 'http://127.0.0.1:1/' });
        response.end(body);
      });
      fakes.push(server);
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const error = await errorOf(client().createRoom(`127.0.0.1:${(server.address() as AddressInfo).port}`, 2));
      expect(error.code).toBe(status === 200 ? 'protocol' : 'refused');
    }
  });

  it('survives whatever bytes come', async () => {
    const kind = fc.constantFrom(0x81, 0x82, 0x83, 0x84, 0x85, 0xff);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(kind, fc.uint8Array({ maxLength: 12 })), { maxLength: 6 }),
        async (messages) => {
          const address = await fakeRelay((socket, session) => {
            socket.send(encodeJoined(session, 0, [2]));
            for (const [first, rest] of messages) {
              const bytes = Buffer.from([first, 0, 0, 0, 0, ...rest]);
              bytes.writeUInt32BE(session, 1);
              socket.send(bytes);
            }
            socket.send(encodeStopping());
            socket.send(encodeClosed(session, 'stopping'));
          });
          const { lines } = listen(await client().join(address, ['room']));
          await until(() => lines.some((line) => line.startsWith('end')));
          expect(lines.filter((line) => line.startsWith('end'))).toHaveLength(1);
          expect(lines.at(-1)).toMatch(/^end /);
        },
      ),
      { numRuns: 40 },
    );
  }, 30_000);
});
