/** A relay on the listener of the API. */
import { once } from 'node:events';
import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Services } from '@countersign/core/services';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { selfSignedCertificate } from '../../test/self-signed-certificate.ts';
import { createRelayClient, type RelayClient } from '../relay/relay-client.ts';
import { createRelay, type Relay } from '../relay/relay-server.ts';
import { CONNECT_PATH, RELAY_SUBPROTOCOL, ROOMS_PATH } from '../relay/relay-wire.ts';
import { createHttpServer, type HttpServer, type HttpServerOptions } from './http-server.ts';

const KEY = 'a-key-for-tests-0123456789';

interface Running {
  readonly server: HttpServer;
  readonly relay: Relay;
  readonly url: string;
  readonly address: string;
}

let running: Running | undefined;
const clients: RelayClient[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await running?.server.drain(0);
  running = undefined;
});

async function start(options: Partial<HttpServerOptions> = {}): Promise<Running> {
  const relay = createRelay({ relayKeys: [KEY] });
  const server = createHttpServer({
    services: { canSign: async () => true } as Partial<Services> as Services,
    limits: { maxBodyBytes: 1000, maxBatchItems: 10, maxCeremonyItems: 10 },
    dialects: [],
    relay,
    ...options,
  });
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  running = { server, relay, url, address: new URL(url).host };
  return running;
}

function client(ca?: Buffer): RelayClient {
  const made = createRelayClient({
    allow: () => ({
      allowed: true,
      lookup: (_name, { all }, found) =>
        all === true ? found(null, [{ address: '127.0.0.1', family: 4 }]) : found(null, '127.0.0.1', 4),
    }),
    tls: { ca },
  });
  clients.push(made);
  return made;
}

describe('a relay on the listener of the API', () => {
  it.each(['http', 'https'])('makes rooms and carries frames over %s, and drains with it', async (scheme) => {
    const tls = scheme === 'https' ? selfSignedCertificate('relay.test') : undefined;
    const { server, relay, url, address } = await start({ tls });
    expect(url).toMatch(new RegExp(`^${scheme}:`));
    const target = tls === undefined ? address : address.replace('127.0.0.1', 'relay.test');
    const [one, other] = [client(tls?.cert), client(tls?.cert)];
    const id = await one.createRoom(target, 2, KEY);
    const [a, b] = [await one.join(target, [id]), await other.join(target, [id])];
    const lines: string[] = [];
    b.listen({
      frame: (_slot, frame) => lines.push(Buffer.from(frame).toString()),
      member: () => undefined,
      end: (reason) => lines.push(reason),
    });
    let isDrained = false;
    const drained = server.drain(5000).then(() => {
      isDrained = true;
    });
    // Idle connections of HTTP are closed by now; these aren't theirs.
    await delay(400);
    expect(isDrained).toBe(false);
    a.send(Buffer.from('while draining'));
    a.leave();
    await expect.poll(() => lines).toEqual(['while draining']);
    b.leave();
    await drained;
    expect(relay.stats()).toMatchObject({ connections: 0, rooms: 0 });
  });

  it('cuts rooms that take longer than the drain may', async () => {
    const { server, address, relay } = await start();
    const session = await client().join(address, [await client().createRoom(address, 2, KEY)]);
    const ended = new Promise((resolve) =>
      session.listen({ frame: () => undefined, member: () => undefined, end: resolve }),
    );
    const startedMs = performance.now();
    await server.drain(600);
    expect(performance.now() - startedMs).toBeLessThan(2500);
    expect(await ended).toBe('stopping');
    expect(relay.stats().connections).toBe(0);
  });

  it('wants its key before it reads a body, and answers in its own shape', async () => {
    const { url } = await start();
    const post = (headers: Record<string, string>, body: string) =>
      fetch(url + ROOMS_PATH, { method: 'POST', headers, body });
    const refused = await post({}, '{"room_size":2}');
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    expect(await refused.json()).toEqual({ error: 'making a room needs the key of the relay' });
    // Not even looked at: no 413 for who has no key.
    expect((await post({}, 'x'.repeat(5000))).status).toBe(401);
    const authorization = `Bearer ${KEY}`;
    expect((await post({ authorization }, 'x'.repeat(5000))).status).toBe(413);
    expect((await post({ authorization }, '{"room_size":1}')).status).toBe(400);
    expect((await post({ authorization }, '{')).status).toBe(400);
    expect((await post({ authorization }, '{"room_size":2}')).status).toBe(200);
  });

  it('takes no other connection over', async () => {
    const { url } = await start();
    const answer = request(`${url}/health`, { headers: { connection: 'upgrade', upgrade: 'h2c' } });
    answer.end();
    const [response] = (await once(answer, 'response')) as [{ statusCode: number; resume(): void }];
    response.resume();
    expect(response.statusCode).toBe(200);
    const elsewhere = new WebSocket(`${url.replace('http', 'ws')}/relay/v1/other`, RELAY_SUBPROTOCOL);
    const [error] = (await once(elsewhere, 'error')) as [Error];
    expect(error.message).toContain('404');
  });

  it('isn’t there where none was given', async () => {
    const { url } = await start({ relay: undefined });
    const socket = new WebSocket(`${url.replace('http', 'ws')}${CONNECT_PATH}`, RELAY_SUBPROTOCOL);
    const [error] = (await once(socket, 'error')) as [Error];
    expect(error.message).toContain('404');
    expect((await fetch(url + ROOMS_PATH, { method: 'POST' })).status).toBe(404);
  });
});
