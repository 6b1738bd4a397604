import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { DomainError } from '@countersign/core/domain-error';
import type { Services } from '@countersign/core/services';
import { afterEach, describe, expect, it } from 'vitest';
import { type RawConnection, rawConnection, rawRequest } from '../../test/raw-http.ts';
import type { Answer, Dialect, Endpoint } from '../dialects/dialect.ts';
import { createHttpServer, type HttpServer, type HttpServerOptions } from './http-server.ts';

/** A dialect that marks its errors, so that a test sees who answered. */
function markedDialect(endpoints: readonly Endpoint[]): Dialect {
  const render = (status: number, message: string): Answer => ({
    status,
    contentType: 'text/plain; charset=utf-8',
    body: `marked: ${message}`,
  });
  return {
    name: 'marked',
    pathPrefixes: ['/m/v1'],
    endpoints,
    authenticate: () => Promise.reject(new DomainError('unauthenticated', 'nobody')),
    renderError: (error) => render(error.code === 'unauthenticated' ? 401 : 400, error.message),
    renderFault: render,
    proofHeader: 'x-marked-proof',
  };
}

const echo: Endpoint = {
  method: 'POST',
  path: '/m/v1/echo',
  authentication: 'none',
  permissions: [],
  request: undefined,
  responses: {},
  handle: ({ body }) =>
    Promise.resolve({ status: 200, contentType: 'application/json', body: JSON.stringify(body ?? null) }),
};

const servers: HttpServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.drain(100)));
});

interface Started {
  readonly server: HttpServer;
  readonly url: string;
  readonly logged: { readonly fields: object; readonly message: string }[];
}

async function start(
  endpoints: readonly Endpoint[] = [echo],
  options: Partial<HttpServerOptions> = {},
): Promise<Started> {
  const logged: { fields: object; message: string }[] = [];
  const log = (fields: object, message: string): void => void logged.push({ fields, message });
  const server = createHttpServer({
    services: { canSign: () => Promise.resolve(true) } as Partial<Services> as Services,
    limits: { maxBodyBytes: 1000, maxBatchItems: 10, maxCeremonyItems: 1000 },
    dialects: [markedDialect(endpoints)],
    logger: { error: log, warn: log, debug: () => {} },
    ...options,
  });
  servers.push(server);
  return { server, url: await server.listen({ host: '127.0.0.1', port: 0 }), logged };
}

const HEAD = 'HTTP/1.1\r\nhost: x\r\nconnection: close\r\n';

describe('paths', () => {
  it('are answered by the dialect that owns them, also when nothing is there', async () => {
    const { url } = await start();
    for (const path of ['/m/v1', '/m/v1/', '/m/v1/nothing', '/m/v1?x']) {
      const response = await fetch(url + path);
      expect([response.status, await response.text()]).toEqual([404, 'marked: no such path']);
    }
    for (const path of ['/', '/m', '/m/v10', '/m/v1x/echo', '/nothing']) {
      const response = await fetch(url + path);
      expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
        404,
        'text/plain; charset=utf-8',
        'no such path',
      ]);
    }
  });

  it('name the methods that they have', async () => {
    const { url } = await start();
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
      const response = await fetch(`${url}/m/v1/echo`, { method });
      expect([method, response.status, response.headers.get('allow')]).toEqual([method, 405, 'POST']);
    }
  });

  it('that are no paths are refused by their owner', async () => {
    const { url } = await start();
    const response = await fetch(`${url}/m/v1/%ff`);
    expect([response.status, await response.text()]).toEqual([400, 'marked: the path is not valid']);
    const long = await fetch(`${url}/m/v1/${'x'.repeat(5000)}`);
    expect([long.status, await long.text()]).toEqual([414, 'marked: the request target is too long']);
  });
});

describe('bytes that are no request', () => {
  it('are answered in plain text, by the owner of the path where there is one', async () => {
    const { url } = await start();
    expect(await rawRequest(url, 'hello\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 400 .*connection: close\r\n\r\nthe request is not valid HTTP$/s,
    );
    expect(await rawRequest(url, 'POST /m/v1/echo HTTP/1.1\r\nhost: x\r\ncontent-length: x\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 400 .*marked: the request is not valid HTTP$/s,
    );
    expect(
      await rawRequest(
        url,
        'POST /m/v1/echo HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n',
      ),
    ).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('are refused when the headers are too large', async () => {
    const { url } = await start();
    expect(await rawRequest(url, `GET /m/v1/x ${HEAD}a: ${'x'.repeat(20_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 431 .*marked: the headers are too large$/s,
    );
  });

  it('are not waited for', async () => {
    const { url } = await start([echo], {
      connections: { headersTimeoutMs: 200, requestTimeoutMs: 300, checkIntervalMs: 50 },
    });
    const slowHead = rawConnection(url);
    slowHead.send('POST /m/v1/echo HTTP/1.1\r\nhost: x\r\n');
    const slowBody = rawConnection(url);
    slowBody.send('POST /m/v1/echo HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n{');
    expect(await slowHead.received).toMatch(/^HTTP\/1\.1 408 .*the request did not arrive in time$/s);
    expect(await slowBody.received).toMatch(/^HTTP\/1\.1 408 .*the request did not arrive in time$/s);
  });

  it('do not take the places of others for ever', async () => {
    const { url } = await start([echo], {
      connections: { idleTimeoutMs: 150, keepAliveTimeoutMs: 150, maxConnections: 2 },
    });
    const idle = [rawConnection(url), rawConnection(url)];
    await delay(50);
    const third = rawConnection(url);
    // One too many is closed at once, and the idle ones go when their time is over.
    expect(await third.received).toBe('');
    await Promise.all(idle.map(({ received }) => received));
    expect((await fetch(`${url}/m/v1/echo`, { method: 'POST' })).status).toBe(200);
  });

  it('keep no place by leaving their refusal unread, or their own end open', async () => {
    const { url } = await start([echo], {
      connections: { headersTimeoutMs: 200, checkIntervalMs: 100_000, maxConnections: 2 },
    });
    const { hostname, port } = new URL(url);
    const places = ['hello\r\n\r\n', 'POST /m/v1/echo HTTP/1.1\r\ncontent-length: x\r\n\r\n'].map((text) => {
      // Such a socket sees the server's end, and goes on.
      const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
      socket.on('error', () => {}).write(text);
      return socket;
    });
    places[0]?.resume();
    await delay(100);
    expect(await rawRequest(url, `GET /health ${HEAD}\r\n`)).toBe('');
    await delay(1300);
    expect(await rawRequest(url, `GET /health ${HEAD}\r\n`)).toMatch(/200 OK/);
    for (const socket of places) socket.destroy();
  });

  it('are refused once in time, and not kept by a client that then says nothing', async () => {
    const { url } = await start([echo], {
      connections: { headersTimeoutMs: 100, requestTimeoutMs: 100, checkIntervalMs: 400, maxConnections: 1 },
    });
    const { hostname, port } = new URL(url);
    const half = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    let text = '';
    half.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
    });
    half.on('error', () => {}).write('POST /m/v1/echo HTTP/1.1\r\nhost: x\r\n');
    await once(half, 'end');
    expect(text.match(/HTTP\/1\.1 408 /g)).toHaveLength(1);
    await delay(1300);
    expect(await rawRequest(url, `GET /health ${HEAD}\r\n`)).toMatch(/200 OK/);
    half.destroy();
  });

  it('over the limit of connections are told to the operator, without a line for each', async () => {
    const { url, logged } = await start([echo], { connections: { maxConnections: 1 } });
    const first = rawConnection(url);
    await once(first.socket, 'connect');
    for (let count = 0; count < 5; count++) expect(await rawConnection(url).received).toBe('');
    expect(logged).toEqual([
      { message: 'connections are refused: too many are open', fields: { maxConnections: 1, refused: 1 } },
    ]);
    first.socket.destroy();
  });
});

describe('bodies', () => {
  it('over the limit are refused, whether or not they say their size', async () => {
    const { url } = await start();
    const text = 'marked: the body may have at most 1000 bytes';
    for (const size of [1001, 100_000, 20_000_000]) {
      const response = await fetch(`${url}/m/v1/echo`, { method: 'POST', body: Buffer.alloc(size, 0x20) });
      expect([response.status, await response.text()]).toEqual([413, text]);
    }
    const chunked = `POST /m/v1/echo ${HEAD}transfer-encoding: chunked\r\n\r\n${`1f4\r\n${' '.repeat(500)}\r\n`.repeat(3)}0\r\n\r\n`;
    expect(await rawRequest(url, chunked)).toMatch(/^HTTP\/1\.1 413 .*at most 1000 bytes$/s);
  });

  it('leave the connection open when they are refused', async () => {
    const { url } = await start();
    const answer = await rawRequest(
      url,
      `POST /m/v1/echo HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\n{"aPOST /m/v1/echo HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}`,
    );
    expect(answer).toMatch(/400 Bad Request.*marked: the body is not valid JSON.*200 OK.*\{\}$/s);
  });

  it('are read only after the caller was accepted', async () => {
    const guarded: Endpoint = { ...echo, authentication: 'api-key', path: '/m/v1/guarded' };
    const { url } = await start([guarded]);
    const response = await fetch(`${url}/m/v1/guarded`, { method: 'POST', body: 'not JSON' });
    expect([response.status, await response.text()]).toEqual([401, 'marked: nobody']);
  });
});

describe('headers', () => {
  const guarded: Endpoint = { ...echo, authentication: 'api-key', path: '/m/v1/guarded' };

  it('with several credentials are refused before any is looked at', async () => {
    const { url } = await start([guarded]);
    const both = (...lines: string[]) => rawRequest(url, `POST /m/v1/guarded ${HEAD}${lines.join('\r\n')}\r\n\r\n`);
    const refused = /^HTTP\/1\.1 400 .*\r\n\r\nmarked: send one Authorization header$/s;
    expect(await both('authorization: Basic YQ==', 'authorization: Basic Yg==')).toMatch(refused);
    expect(await both('Authorization: Basic YQ==', 'x: y', 'AUTHORIZATION: Basic YQ==')).toMatch(refused);
    expect(await both('authorization:', 'authorization: Basic YQ==')).toMatch(refused);
    expect(await both('authorization: Basic YQ==')).toMatch(/^HTTP\/1\.1 401 /);
  });

  it('that say that the body is encoded are refused, as nothing here decodes', async () => {
    const { url } = await start();
    const call = (encoding: string) =>
      fetch(`${url}/m/v1/echo`, { method: 'POST', body: '"a"', headers: { 'content-encoding': encoding } });
    for (const encoding of ['gzip', 'identity, gzip', 'br', 'nonsense']) {
      const response = await call(encoding);
      expect([encoding, response.status, await response.text()]).toEqual([
        encoding,
        415,
        'marked: send the body without a Content-Encoding',
      ]);
    }
    for (const encoding of ['identity', 'Identity']) expect((await call(encoding)).status).toBe(200);
  });
});

describe('errors', () => {
  it('that nobody expected are told by an id alone, and logged with it', async () => {
    const broken: Endpoint = { ...echo, handle: () => Promise.reject(new TypeError('secret detail')) };
    const { url, logged } = await start([broken]);
    const response = await fetch(`${url}/m/v1/echo`, { method: 'POST' });
    const text = await response.text();
    expect(response.status).toBe(500);
    const [, id] = /^marked: internal error \(([0-9a-f-]{36})\)$/.exec(text) ?? [];
    expect(logged).toEqual([
      { message: 'request failed', fields: expect.objectContaining({ errorId: id, err: expect.any(TypeError) }) },
    ]);
  });

  it('of a handler that throws a value, or at once, are no different', async () => {
    const fails = (reason: unknown): Promise<never> =>
      new Promise((_resolve, reject) => void setImmediate(reject, reason));
    const broken = [
      () => fails('text'),
      () => {
        throw new Error('at once');
      },
      () => fails({ statusCode: 302 }),
    ];
    for (const handle of broken) {
      const { url } = await start([{ ...echo, handle }]);
      const response = await fetch(`${url}/m/v1/echo`, { method: 'POST', redirect: 'manual' });
      expect(await response.text()).toMatch(/^marked: internal error/);
      expect(response.status).toBe(500);
    }
  });
});

describe('service paths', () => {
  it('say whether the service can sign', async () => {
    let ready = true;
    const canSign = () => (ready ? Promise.resolve(true) : Promise.reject(new Error('away')));
    const { url } = await start([echo], { services: { canSign } as Partial<Services> as Services });
    expect((await fetch(`${url}/health`)).status).toBe(200);
    ready = false;
    expect((await fetch(`${url}/health`)).status).toBe(503);
  });

  it('give the metrics, which count by the pattern of the route', async () => {
    const counted: unknown[][] = [];
    const metrics = {
      request: (...args: unknown[]) => void counted.push(args),
      contentType: 'text/plain; version=0.0.4',
      render: () => Promise.resolve('# metrics'),
    };
    const byId: Endpoint = { ...echo, method: 'GET', path: '/m/v1/things/:id' };
    const { url } = await start([byId], { metrics });
    await fetch(`${url}/m/v1/things/17`);
    await fetch(`${url}/m/v1/nothing/18`);
    const response = await fetch(`${url}/metrics`);
    expect(await response.text()).toBe('# metrics');
    expect(counted.slice(0, 2)).toEqual([
      ['marked', '/m/v1/things/:id', 200, expect.any(Number)],
      ['marked', 'none', 404, expect.any(Number)],
    ]);
  });
});

describe('drain', () => {
  const slow = (started: () => void, gate: Promise<void>): Endpoint => ({
    ...echo,
    async handle() {
      started();
      await gate;
      return { status: 200, contentType: 'text/plain', body: 'done' };
    },
  });

  it('finishes what was accepted, closes idle connections and takes no new ones', async () => {
    const begun = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const { server, url } = await start([slow(begun.resolve, gate.promise)]);
    const idle = rawConnection(url);
    idle.send('GET /health HTTP/1.1\r\nhost: x\r\n\r\n');
    await delay(50);
    const answer = new Promise<{ status: number | undefined; connection: string | undefined }>((resolve, reject) => {
      const request = httpRequest(`${url}/m/v1/echo`, { method: 'POST' }, (response) => {
        response
          .resume()
          .on('end', () => resolve({ status: response.statusCode, connection: response.headers.connection }));
      });
      request.on('error', reject).end();
    });
    await begun.promise;
    const drained = server.drain(5000);
    await idle.received;
    await expect(fetch(`${url}/health`)).rejects.toThrow();
    gate.resolve();
    expect(await answer).toEqual({ status: 200, connection: 'close' });
    await drained;
  });

  it('answers every request that a connection had sent ahead, and then closes it', async () => {
    const begun = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const { server, url } = await start([slow(begun.resolve, gate.promise)]);
    const connection = rawConnection(url);
    connection.send('POST /m/v1/echo HTTP/1.1\r\nhost: x\r\n\r\n');
    await begun.promise;
    const drainedSince = performance.now();
    const drained = server.drain(5000);
    // Sent on a connection that was accepted before, while another request on it is being handled.
    connection.send('POST /m/v1/echo HTTP/1.1\r\nhost: x\r\n\r\n');
    await delay(50);
    gate.resolve();
    await drained;
    const text = await connection.received;
    expect(text.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
    // Neither answer could say so, since the other was still owed; the connection is closed all the same, at once.
    expect(performance.now() - drainedSince).toBeLessThan(2000);
  });

  it('answers what was sent before it began, read or not', async () => {
    const { server, url } = await start();
    const open = async (): Promise<RawConnection[]> => {
      const connections = Array.from({ length: 20 }, () => rawConnection(url));
      await Promise.all(connections.map(({ socket }) => once(socket, 'connect')));
      return connections;
    };
    // Connections that were used before, as those of a client that keeps them, and some that the server hasn't seen yet.
    const used = await open();
    for (const { send } of used) send('GET /health HTTP/1.1\r\nhost: x\r\n\r\n');
    await delay(50);
    const connections = [...used, ...(await open())];
    for (const { send } of connections) send('POST /m/v1/echo HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\n"ok"');
    const drained = server.drain(5000);
    const answers = await Promise.all(connections.map(({ received }) => received));
    // The end of each is all that they are told: `connection: close` before the listener is gone would send them here again.
    for (const answer of answers) expect(answer).toMatch(/200 OK.*"ok"$/s);
    await drained;
  });

  it('ends in bounded time whatever a handler does', async () => {
    const begun = Promise.withResolvers<void>();
    const { server, url } = await start([slow(begun.resolve, new Promise(() => {}))]);
    const stuck = rawConnection(url);
    stuck.send('POST /m/v1/echo HTTP/1.1\r\nhost: x\r\n\r\n');
    await begun.promise;
    const startedAt = performance.now();
    await server.drain(200);
    expect(performance.now() - startedAt).toBeLessThan(3000);
    expect(await stuck.received).toMatch(/^HTTP\/1\.1 503 .*marked: the service is stopping; send the request again$/s);
  });

  it('answers 503 at its limit to whatever is owed, and what comes too late is dropped without a word', async () => {
    const gate = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const late = slow(begun.resolve, gate.promise);
    const fails: Endpoint = {
      ...late,
      path: '/m/v1/fails',
      handle: async () => {
        await gate.promise;
        throw new Error('too late');
      },
    };
    const { server, url, logged } = await start([late, fails]);
    const crashes: unknown[] = [];
    const crashed = (reason: unknown): void => void crashes.push(reason);
    process.on('unhandledRejection', crashed).on('uncaughtException', crashed);
    const head = 'HTTP/1.1\r\nhost: x\r\n';
    const connections = [
      `POST /m/v1/echo ${head}\r\n`,
      `POST /m/v1/fails ${head}\r\n`,
      `POST /m/v1/echo ${head}content-length: 10\r\n\r\n`,
      `POST /m/v1/echo ${head}content-length: 10\r\n\r\n{"a"`,
      `POST /m/v1/echo ${head}transfer-encoding: chunked\r\n\r\n3\r\n{"a`,
    ].map((text) => {
      const connection = rawConnection(url);
      connection.send(text);
      return connection;
    });
    await begun.promise;
    await delay(50);
    const drained = server.drain(400);
    const answers = await Promise.all(connections.map(({ received }) => received));
    for (const answer of answers) {
      expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1);
      expect(answer).toMatch(/^HTTP\/1\.1 503 .*connection: close.*marked: the service is stopping/s);
    }
    await drained;
    gate.resolve();
    await delay(50);
    process.off('unhandledRejection', crashed).off('uncaughtException', crashed);
    expect(crashes).toEqual([]);
    expect(logged).toEqual([]);
  });

  it('does not wait for a request whose headers never end', async () => {
    const { server, url } = await start();
    const half = rawConnection(url);
    half.send('POST /m/v1/echo HTTP/1.1\r\nhost: x\r\n');
    const used = rawConnection(url);
    used.send('GET /health HTTP/1.1\r\nhost: x\r\n\r\nGET /heal');
    await delay(50);
    const startedAt = performance.now();
    await server.drain(5000);
    expect(performance.now() - startedAt).toBeLessThan(1500);
    expect(await half.received).toBe('');
    expect((await used.received).match(/200 OK/g)).toHaveLength(1);
  });

  it('cuts a client that does not read its answer', async () => {
    const large: Endpoint = {
      ...echo,
      handle: () => Promise.resolve({ status: 200, contentType: 'text/plain', body: 'x'.repeat(50_000_000) }),
    };
    const { server, url } = await start([large]);
    const deaf = connect(Number(new URL(url).port), '127.0.0.1');
    deaf.on('error', () => {}).pause();
    deaf.write('POST /m/v1/echo HTTP/1.1\r\nhost: x\r\n\r\n');
    await delay(100);
    const startedAt = performance.now();
    await server.drain(200);
    expect(performance.now() - startedAt).toBeLessThan(2000);
    deaf.destroy();
  });
});
