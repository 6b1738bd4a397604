/**
 * What stands before and beside the handlers of every dialect, over a real socket: methods that nobody asked for, paths
 * that are written in other ways, headers that come twice, tokens of another dialect.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BoundaryWorld, type Holder, startBoundaryWorld } from '../../test/boundary-world.ts';
import { rawRequest } from '../../test/raw-http.ts';
import { DIALECTS } from '../dialects/dialects.ts';
import { writeId } from '../dialects/prefixed-id.ts';

let world: BoundaryWorld;
let url: string;
let administrator: Holder;

beforeAll(async () => {
  world = await startBoundaryWorld();
  url = await world.service.server.listen({ host: '127.0.0.1', port: 0 });
  administrator = await world.addHolder({ permissions: ['administer'] });
});
afterAll(async () => {
  expect(world.faults).toEqual([]);
  await world.service.close();
});

async function send(requestLine: string, headers: readonly string[] = [], body = '') {
  const lines = [
    `${requestLine} HTTP/1.1`,
    'host: x',
    'connection: close',
    `content-length: ${body.length}`,
    ...headers,
  ];
  const received = await rawRequest(url, `${lines.join('\r\n')}\r\n\r\n${body}`);
  const [head = '', text = ''] = received.split('\r\n\r\n', 2);
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]), head: head.toLowerCase(), text };
}

const bearer = (): string => `authorization: Bearer ${administrator.token}`;

describe.each(DIALECTS)('the dialect $name', (dialect) => {
  const [path = ''] = dialect.endpoints.map((endpoint) => endpoint.path).filter((each) => !each.includes(':'));

  it('serves no page of another origin', async () => {
    const preflight = ['origin: https://evil.example', 'access-control-request-method: POST'];
    for (const method of ['OPTIONS', 'GET', 'POST']) {
      const { head } = await send(`${method} ${path}`, preflight);
      expect(head).not.toContain('access-control-');
    }
    // Vertex has no word for a method.
    expect([404, 405]).toContain((await send(`OPTIONS ${path}`, preflight)).status);
  });

  it('answers HEAD without a body and says which methods there are', async () => {
    const { status, head, text } = await send(`HEAD ${path}`);
    expect([404, 405]).toContain(status);
    expect(text).toBe('');
    expect(head).toMatch(/\r\nallow: [a-z, ]+/);
  });

  it('never sends HTML, and forbids to guess what it sends', async () => {
    for (const line of [
      `GET ${path}/%zz`,
      `GET ${path}/x/y/z/x/y`,
      `TRACE ${path}`,
      `POST ${path}?${'a'.repeat(5000)}`,
    ]) {
      const { status, head } = await send(line);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(500);
      expect(head).not.toContain('html');
      expect(head).toContain('x-content-type-options: nosniff');
    }
  });

  it('refuses headers that are too large', async () => {
    const { status, head } = await send(`GET ${path}`, [`x-filler: ${'a'.repeat(20_000)}`]);
    expect([400, 431]).toContain(status);
    expect(head).not.toContain('html');
  });
});

describe.each(DIALECTS.filter(({ name }) => name === 'dfns' || name === 'native'))('paths of $name', ({ name }) => {
  const prefix = name === 'native' ? '/api/v1' : '';
  const shape = name === 'native' ? /^\{"error":\{"code":"/ : /^\{"error":\{"id":"\d+","status":\d{3},"message":"/;

  it.each([
    ['/keys/', 404],
    ['/keys/..', 404],
    ['/keys/../keys', 404],
    ['/keys/%2e%2e/keys', 404],
    ['/keys/%2e%2e%2fkeys', 404],
    ['/keys/%00', 404],
    ['/keys/x/', 404],
    ['/keys//signatures', 404],
    ['/keys/x;a=1', 404],
    ['/KEYS', 404],
  ])('%s is nothing', async (path, status) => {
    const answer = await send(`GET ${prefix}${path}`, [bearer()]);
    expect([path, answer.status]).toEqual([path, status]);
    if (path !== '/KEYS' || name === 'native') expect(answer.text).toMatch(shape);
  });

  it('reads an id that is written with escapes', async () => {
    const id = writeId('key', (await world.key()).id);
    expect((await send(`GET ${prefix}/keys/${id.replace('key', 'k%65y')}`, [bearer()])).status).toBe(200);
  });

  it('proves the path as it was sent, and no other way of writing it', async () => {
    const header = name === 'native' ? 'x-countersign-user-action' : 'x-dfns-useraction';
    const method = name === 'native' ? 'PATCH' : 'PUT';
    const id = writeId('key', (await world.key()).id);
    const change = { method, path: `${prefix}/keys/${id}`, body: '{"name":null}' };
    const escaped = change.path.replace('key-', 'k%65y-');
    const proof = await world.prove(administrator, name, change);
    expect((await send(`${method} ${escaped}`, [bearer(), `${header}: ${proof}`], change.body)).status).toBe(403);
    const other = await world.prove(administrator, name, { ...change, path: escaped });
    expect((await send(`${method} ${escaped}`, [bearer(), `${header}: ${other}`], change.body)).status).toBe(200);
  });

  it('refuses a user action that is given twice, and it is still good', async () => {
    const header = name === 'native' ? 'x-countersign-user-action' : 'x-dfns-useraction';
    const method = name === 'native' ? 'PATCH' : 'PUT';
    const path = `${prefix}/keys/${writeId('key', (await world.key()).id)}`;
    const body = '{"name":null}';
    const proof = await world.prove(administrator, name, { method, path, body });
    const line = `${header}: ${proof}`;
    const twice = await send(
      `${method} ${path}`,
      [bearer(), line, line.toUpperCase().replace(proof.toUpperCase(), proof)],
      body,
    );
    expect(twice).toMatchObject({ status: 400, text: expect.stringContaining('a user action is given twice') });
    expect((await send(`${method} ${path}`, [bearer(), line], body)).status).toBe(200);
    expect((await send(`${method} ${path}`, [bearer(), line], body)).status).toBe(400);
  });

  it('refuses two tokens', async () => {
    expect((await send(`GET ${prefix}/keys`, [bearer(), bearer()])).status).toBe(400);
  });
});

describe('tokens of another dialect', () => {
  const endpoints = DIALECTS.filter(({ name }) => name === 'dsm' || name === 'vertex').flatMap(({ name, endpoints }) =>
    endpoints
      .filter(({ authentication }) => authentication !== 'none')
      .map(({ method, path }) => ({ dialect: name, method, path: path.replaceAll(/:\w+/g, 'x') })),
  );

  it.each(endpoints)('$dialect takes no access token: $method $path', async ({ method, path }) => {
    for (const scheme of ['Bearer ', 'Basic ', '']) {
      const { status } = await send(`${method} ${path}`, [`authorization: ${scheme}${administrator.token}`], '{}');
      expect([scheme, [400, 401, 403].includes(status)]).toEqual([scheme, true]);
    }
  });
});
