/**
 * For tests: whatever comes in on the paths of a dialect with bearer tokens, the answer is an error of that API which says
 * what is wrong, and never a fault of the server. Goes out from the good requests of the authorization table.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Dialect, Endpoint } from '../src/dialects/dialect.ts';
import type { Row } from './authorization-suite.ts';
import { type BoundaryWorld, type Holder, startBoundaryWorld } from './boundary-world.ts';
import { mutationsOf } from './json-mutations.ts';
import { complaintsAbout } from './unknown-members.ts';

export interface BadInputSuite {
  readonly dialect: Dialect;
  readonly table: Readonly<Record<string, Row>>;
  readonly checkError: (status: number, json: unknown) => void;
  /** Of a batch, which is answered although an item of it is refused: whether one is. */
  readonly refusesItem?: (json: unknown) => boolean;
  /** Query parameters of lists. */
  readonly page: { readonly limit: string; readonly after: string };
}

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly body?: string | Buffer;
  readonly bearer?: string | undefined;
  readonly proof?: string | undefined;
}

const NOT_JSON: readonly (string | Buffer)[] = [
  '[]',
  '7',
  '"x"',
  'null',
  'true',
  '{',
  '{}x',
  "{'a':1}",
  '{"a":01}',
  '{"a":1,"a":2}',
  '{"a":1,"\\u0061":2}',
  '{"__proto__":{}}',
  '['.repeat(90),
  `{"a":${'{"a":'.repeat(70)}1${'}'.repeat(71)}`,
  '\u0000',
  '\ufeff{}',
  Buffer.from([0x22, 0xff, 0xfe, 0x22]),
  'a=1&b=2',
  '<xml/>',
];

export function describeBadInput({ dialect, table, checkError, page, refusesItem }: BadInputSuite): void {
  const rows = dialect.endpoints.map((endpoint) => ({ name: `${endpoint.method} ${endpoint.path}`, endpoint }));
  let world: BoundaryWorld;
  let caller: Holder;

  beforeAll(async () => {
    world = await startBoundaryWorld();
    caller = await world.addHolder({ permissions: ['administer'] });
  });
  afterEach(() => expect(world.faults.splice(0)).toEqual([]));
  afterAll(() => world.service.close());

  async function send({ method, path, body, bearer = caller.token, proof }: Sent) {
    const response = await world.service.server.inject({
      method: method as 'GET',
      url: path,
      headers: {
        authorization: `Bearer ${bearer}`,
        ...(proof !== undefined && { [dialect.proofHeader]: proof }),
      },
      ...(body !== undefined && { payload: body }),
    });
    const json: unknown = JSON.parse(response.body);
    expect(response.headers['content-type']).toMatch(/^application\/json/);
    if (response.statusCode >= 400) checkError(response.statusCode, json);
    expect(response.statusCode, response.body).toBeLessThan(500);
    return { status: response.statusCode, text: response.body, json };
  }

  const goodRequest = async (name: string) => {
    const row = table[name];
    if (row === undefined) throw new Error('no line in the table');
    const holder = row.freshCaller === true ? await world.addHolder({ permissions: ['administer'] }) : caller;
    const wanted = await row.request(world, holder);
    return { ...wanted, change: row.change, holder, bearer: wanted.bearer ?? holder.token };
  };

  describe.each(rows)('$name', ({ name, endpoint }) => {
    const { method, request } = endpoint;

    if (method !== 'GET')
      it('refuses what is no JSON object', async () => {
        const { path = endpoint.path, bearer } = await goodRequest(name);
        const nothing = request === undefined ? ['7', '{"unheardOf":1}'] : NOT_JSON;
        for (const body of nothing) {
          const answer = await send({ method, path, body, bearer });
          expect([body.toString(), answer.status]).toEqual([body.toString(), 400]);
        }
      });

    if (request !== undefined && method !== 'GET')
      it('refuses what its schema forbids, and stands whatever else comes', async () => {
        const first = await goodRequest(name);
        let good = first;
        for (const { what, body, isForbidden } of mutationsOf(request, first.body)) {
          const text = JSON.stringify(body);
          const { path = endpoint.path, change, approval, holder, bearer } = good;
          const proof = change
            ? await world.prove(holder, dialect.name, { method, path, body: text }, approval)
            : undefined;
          const answer = await send({ method, path, body: text, bearer, proof });
          const isRefusedInside = answer.status === 200 && refusesItem?.(answer.json) === true;
          if (isForbidden && !isRefusedInside)
            expect([what, answer.status, answer.text]).toEqual([what, 400, answer.text]);
          else if (answer.status < 300) {
            const schema = endpoint.responses[answer.status];
            expect([what, schema === undefined ? ['no schema'] : complaintsAbout(schema, answer.json)]).toEqual([
              what,
              [],
            ]);
          }
          // What it was about, or the challenge in it, may be used up.
          if (!isForbidden) good = await goodRequest(name);
        }
      }, 60_000);

    if (endpoint.path.includes(':'))
      it('has nothing at ids that are none', async () => {
        const { path = endpoint.path, body, bearer } = await goodRequest(name);
        for (const bad of pathsLike(endpoint, path)) {
          const sent = method === 'GET' ? {} : { body: JSON.stringify(body ?? {}) };
          const { status } = await send({ method, path: bad, bearer, ...sent });
          // What isn't there for anybody is refused before anything is looked for; broken escapes are no path.
          const mayBeBad = isNever(endpoint) || bad.includes('%E0');
          expect(mayBeBad ? [400, 404, 414] : [404, 414], `${bad}: ${status}`).toContain(status);
        }
      });

    it('refuses a query that it does not take', async () => {
      const { path = endpoint.path, body, bearer } = await goodRequest(name);
      const sent = method === 'GET' ? {} : { body: JSON.stringify(body ?? {}) };
      for (const query of ['unheardOf=1', 'constructor=1', 'unheardOf', 'unheardOf=%00'])
        expect([query, (await send({ method, path: `${path}?${query}`, bearer, ...sent })).status]).toEqual([
          query,
          400,
        ]);
    });

    if (endpoint.query !== undefined && page.after in endpoint.query)
      it('refuses a page that is none', async () => {
        const { path = endpoint.path } = await goodRequest(name);
        const { limit, after } = page;
        const texts = ['0', '-1', '1.5', '1e3', 'x', '', '9999999999', '0x10', ' 1', '%00', `1&${limit}=2`];
        const queries = [
          ...texts.map((text) => `${limit}=${text}`),
          ...['x', '', '%00', 'zz-00000-00000-0000000000000000', `${'0'.repeat(300)}`].map(
            (text) => `${after}=${text}`,
          ),
        ];
        for (const query of queries)
          expect([query, (await send({ method, path: `${path}?${query}` })).status]).toEqual([query, 400]);
        for (const query of [`${limit}=1`, `${limit}=1000`])
          expect([query, (await send({ method, path: `${path}?${query}` })).status]).toEqual([query, 200]);
      });
  });

  it.each(dialect.pathPrefixes)('%s: every refusal of HTTP itself has the shape of this API', async (prefix) => {
    const at = (suffix: string): string => `${prefix}${suffix}`;
    expect((await send({ method: 'GET', path: at('/no/such/path/anywhere/here') })).status).toBe(404);
    expect((await send({ method: 'GET', path: at(`/${'a'.repeat(5_000)}`) })).status).toBe(414);
    expect((await send({ method: 'GET', path: at('/%zz') })).status).toBe(400);
    expect([404, 405]).toContain((await send({ method: 'TRACE', path: at('/x') })).status);
  });

  it('has the methods of a path and no others', async () => {
    for (const path of new Set(dialect.endpoints.map((endpoint) => endpoint.path))) {
      const methods = dialect.endpoints.filter((endpoint) => endpoint.path === path).map((endpoint) => endpoint.method);
      const concrete = path.replaceAll(/:\w+/g, 'x');
      for (const method of ['PUT', 'PATCH', 'DELETE', 'POST', 'OPTIONS'])
        if (!(methods as readonly string[]).includes(method) && !isShadowed(dialect, concrete, method))
          expect([method, path, (await send({ method, path: concrete })).status]).toEqual([method, path, 405]);
    }
  });

  it('refuses a body that is too large', async () => {
    const endpoint = dialect.endpoints.find(({ method, path }) => method === 'POST' && !path.includes(':'));
    const body = JSON.stringify({ a: 'a'.repeat(300_000) });
    expect((await send({ method: 'POST', path: endpoint?.path ?? '', body })).status).toBe(413);
  });
}

function isNever({ responses }: Endpoint): boolean {
  return JSON.stringify(responses[200] ?? {}).includes('"not":{}');
}

/** A path with a parameter may own the same place: `/keys/:keyId` beside `/keys/import`. */
function isShadowed({ endpoints }: Dialect, path: string, method: string): boolean {
  const segments = path.split('/');
  return endpoints.some((endpoint) => {
    const pattern = endpoint.path.split('/');
    return (
      endpoint.method === method &&
      pattern.length === segments.length &&
      pattern.every((part, index) => part.startsWith(':') || part === segments[index])
    );
  });
}

const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/;

/** The path with each of its parameters replaced by what can't be an id of its kind. */
function pathsLike({ path: pattern }: Endpoint, good: string): readonly string[] {
  const segments = good.split('/');
  return pattern.split('/').flatMap((part, index) => {
    if (!part.startsWith(':')) return [];
    const id = segments[index] ?? '';
    const others = [
      'x',
      '%00',
      '%2F',
      '%E0%A4%A',
      `${id}0`,
      id.slice(0, -1),
      `${id}%20`,
      // UUIDs are read in both cases, and have no prefix.
      ...(UUID.test(id)
        ? []
        : [id.toUpperCase(), `zz${id.slice(id.indexOf('-'))}`, '00000000-0000-4000-8000-000000000000']),
      'constructor',
      'a'.repeat(300),
      '%C3%BC'.repeat(20),
    ];
    return others.map((other) => segments.with(index, other).join('/'));
  });
}
