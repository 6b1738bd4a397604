/** Hostile input to every call of our own API: refused in its shape, with words that help and nothing of the inside. */
import { newId } from '@countersign/core/ids';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DsmService, startDsmService } from '../../../test/dsm-service.ts';
import { type NativeAnswer, type NativeCall, nativeClient, type Wire } from '../../../test/native-client.ts';
import type { Endpoint } from '../dialect.ts';
import { writeId } from '../prefixed-id.ts';
import { ENDPOINTS } from './endpoints.ts';

const PARAMS = /:(\w+)/g;
const MESSAGE = Buffer.from('hello').toString('base64');

let service: DsmService;
let call: NativeCall;
let keyId: string;

beforeAll(async () => {
  service = await startDsmService({ limits: { maxBodyBytes: 64 * 1024, maxBatchItems: 20 } });
  call = nativeClient(service.server, service.apiKey);
  keyId = (await call('createKey', { body: { algorithm: 'ed25519', name: 'first' } })).body.id;
});
afterAll(() => service.close());

function expectError({ status, body }: NativeAnswer, wanted: number, text?: RegExp): void {
  expect([status, body]).toEqual([wanted, { error: expect.objectContaining({ code: expect.any(String) }) }]);
  const { message } = body.error;
  expect(message).toMatch(/^[^\r\n]{5,300}$/);
  expect(message).not.toMatch(/node_modules|\.ts:|\bat \S+ \(|Error:|SELECT|undefined/);
  if (text !== undefined) expect(message).toMatch(text);
}

/** Ids that look right and are nobody's. */
function strangers({ path }: Pick<Endpoint, 'path'>): Record<string, string> {
  const id = newId() as never;
  const prefixes = {
    keyId: 'key',
    requestId: 'sig',
    policyId: 'plc',
    approvalId: 'ap',
    changeId: 'cg',
    userId: 'us',
    tokenId: 'to',
    roleId: 'pm',
    assignmentId: 'as',
    credentialId: 'cr',
    walletId: 'wa',
    webhookId: 'wh',
    deliveryId: 'whe',
  } as const;
  return Object.fromEntries(
    Array.from(path.matchAll(PARAMS), ([, name = '']) => [
      name,
      Object.hasOwn(prefixes, name) ? writeId(prefixes[name as keyof typeof prefixes], id) : String(id),
    ]),
  );
}

/** Something that fits the schema of a body, as far as types go. */
function sampleOf(schema: Wire): Wire {
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return schema.enum[0];
  if (schema.anyOf !== undefined) return sampleOf(schema.anyOf[0]);
  switch (schema.type) {
    case 'object':
      return Object.fromEntries(
        (schema.required ?? []).map((name: string) => [name, sampleOf(schema.properties[name])]),
      );
    case 'array':
      return Array.from({ length: schema.minItems ?? 0 }, () => sampleOf(schema.items));
    case 'boolean':
      return true;
    case 'integer':
    case 'number':
      return schema.minimum ?? 0;
    default:
      if (schema.format === 'uuid') return newId();
      if (schema.contentEncoding === 'base64') return MESSAGE;
      return schema.pattern === undefined ? 'x'.repeat(schema.minLength ?? 1) : '/x';
  }
}

const named = (endpoints: readonly Endpoint[]) =>
  endpoints.map((endpoint): [string, Endpoint] => [endpoint.operation ?? '', endpoint]);
const WITH_BODY = named(ENDPOINTS.filter(({ request }) => request !== undefined));
const WITHOUT_BODY = named(ENDPOINTS.filter(({ request, method }) => request === undefined && method !== 'GET'));
const BATCHES = ['sign', 'verify', 'createRequests'];

describe.each(WITH_BODY)('%s', (operation, endpoint) => {
  const params = strangers(endpoint);
  const sample = sampleOf(endpoint.request);

  it.each([
    ['malformed JSON', '{"items":', 400, /not valid JSON/],
    ['no JSON at all', 'hello', 400, /not valid JSON/],
    ['a repeated member', '{"a":1,"a":2}', 400, /given twice/],
    ['__proto__', '{"__proto__":{}}', 400, /__proto__/],
    ['too large a body', `"${'x'.repeat(64 * 1024)}"`, 413, /at most 65536 bytes/],
    ['null', 'null', 400, undefined],
    ['a list', '[]', 400, undefined],
    ['a number', '5', 400, undefined],
    ['a text', '"x"', 400, undefined],
  ] as const)('refuses %s', async (_name, body, status, text) => {
    expectError(await call(operation, { params, body }), status, text);
  });

  it('refuses an empty body', async () => {
    expectError(await call(operation, { params }), 400);
  });

  it('refuses a member that it does not know', async () => {
    expectError(await call(operation, { params, body: { ...sample, unknownMember: 1 } }), 400);
  });

  it('refuses every member of the wrong type', async () => {
    const { properties } = endpoint.request as Wire;
    for (const name of Object.keys(properties))
      for (const wrong of [{ nested: [{}] }, 1e300, [[]], null]) {
        if (operation === 'renameKey' && wrong === null) continue;
        // The items themselves are looked at one by one.
        if (BATCHES.includes(operation) && Array.isArray(wrong)) continue;
        const answer = await call(operation, { params, body: { ...sample, [name]: wrong } });
        expect([name, wrong, answer.status]).toEqual([name, wrong, 400]);
        expectError(answer, 400);
      }
  });

  it('refuses every text that is longer than its schema says', async () => {
    const { properties } = endpoint.request as Wire;
    const texts = Object.entries(properties).filter(([, { type }]: [string, Wire]) => type === 'string');
    for (const [name, schema] of texts as [string, Wire][]) {
      const { maxLength = schema.format === 'uuid' ? 36 : undefined } = schema;
      if (schema.contentEncoding === 'base64' || schema.enum !== undefined || schema.const !== undefined) continue;
      expect([name, maxLength]).toEqual([name, expect.any(Number)]);
      const answer = await call(operation, { params, body: { ...sample, [name]: 'x'.repeat(maxLength + 1) } });
      expect([name, answer.status]).toEqual([name, 400]);
    }
  });
});

describe.each(WITHOUT_BODY)('%s', (operation, endpoint) => {
  it('refuses a body that says something', async () => {
    for (const body of [{ force: true }, [1], 'text', 5].map((each) => JSON.stringify(each)))
      expectError(await call(operation, { params: strangers(endpoint), body }), 400, /body of this call/);
  });
});

describe('ids', () => {
  const withId = named(ENDPOINTS.filter(({ path }) => path.includes(':')));

  it.each(withId)('%s finds nothing under an id that is nobody’s, or that is no id', async (operation, endpoint) => {
    const good = strangers(endpoint);
    const body = endpoint.request === undefined ? undefined : fitting(operation, endpoint);
    const options = { ...(body !== undefined && { body }) };
    expectError(await call(operation, { ...options, params: good }), 404);
    for (const wrong of ['x', '0', 'key-', `${Object.values(good)[0]}x`, '%00', "' OR 1=1", 'é', newId()]) {
      const params = Object.fromEntries(Object.keys(good).map((name) => [name, wrong]));
      expectError(await call(operation, { ...options, params }), 404);
    }
  });

  /** A body with which only the id is wrong. */
  function fitting(operation: string, endpoint: Endpoint): Wire {
    const sample = sampleOf(endpoint.request);
    switch (operation) {
      case 'delegateKey':
      case 'assignRole':
        return { ...sample, userId: writeId('us', newId() as never) };
      case 'exportKey':
        return { recipientPublicKey: Buffer.alloc(32, 9).toString('base64') };
      case 'updatePolicy':
        return { ...sample, rule: { kind: 'always' } };
      default:
        return sample;
    }
  }

  it('of another account are those of nothing', async () => {
    const token = await service.addAccount();
    const { groupId } = service;
    const body = { url: 'https://hooks.example.com/', events: 'all' };
    const webhookId = (await call('createWebhook', { body })).body.id;
    const roleId = (await call('createRole', { body: { name: 'r', operations: ['Keys:Read'] } })).body.id;
    const invited = await call('inviteUser', { body: { email: 'a@example.com' } });
    const userId = invited.body.user.id;
    const policy = { name: 'p', activity: 'sign', rule: { kind: 'always' }, action: { kind: 'block' } };
    const filters = { keyIds: [(await call('createKey', { body: { algorithm: 'ed25519' } })).body.id] };
    const policyId = (await call('createPolicy', { body: { ...policy, filters } })).body.id;
    const walletId = (await call('createWallet', { body: { network: 'n', keyId } })).body.id;
    const items = [{ keyId, message: MESSAGE }];
    const requestId = (await call('createRequests', { body: { items } })).body.results[0].request.id;
    const params = { keyId, webhookId, roleId, userId, policyId, walletId, requestId };
    for (const operation of [
      'getKey',
      'deleteKey',
      'getWebhook',
      'deleteWebhook',
      'rotateWebhookSecret',
      'pingWebhook',
      'listDeliveries',
      'getRole',
      'listAssignments',
      'getUser',
      'renewInvitation',
      'createApiKey',
      'getPolicy',
      'archivePolicy',
      'getWallet',
      'getRequest',
      'cancelRequest',
      'getRuleSetOfKey',
    ]) {
      const answer = await call(operation, { token, params });
      expect([operation, answer.status]).toEqual([operation, 404]);
    }
    for (const operation of ['sign', 'createRequests']) {
      const { results } = (await call(operation, { token, body: { items } })).body;
      expect(results[0].error.code).toBe('not_found');
    }
    const foreign = await call('createKey', { token, body: { algorithm: 'ed25519', groupId } });
    expectError(foreign, 404);
    expect((await call('listCredentials', { token, query: { userId } })).status).toBe(404);
    expect((await call('listKeys', { token })).body).toEqual({ items: [] });
  });
});

describe('queries', () => {
  const lists = named(ENDPOINTS.filter(({ query }) => query !== undefined));

  it.each(lists)(
    '%s refuses what it does not know, what is given twice, and what is not right',
    async (operation, endpoint) => {
      const params = strangers(endpoint);
      expectError(await call(operation, { params, query: { unknown: '1' } }), 400, /and no others/);
      for (const [name, schema] of Object.entries(endpoint.query ?? {}) as [string, Wire][]) {
        if (schema.type === 'string' && schema.maxLength === undefined && name !== 'after') continue;
        for (const wrong of ['', '-1', '1.5', '1e3', 'x'.repeat(100), '99999999999999999999'])
          expectError(await call(operation, { params, query: { [name]: wrong } }), 400, new RegExp(name));
      }
    },
  );
});

describe('calls without a query', () => {
  const rest = named(ENDPOINTS.filter(({ query }) => query === undefined));

  it.each(rest)('%s refuses one', async (operation, endpoint) => {
    const options = endpoint.request === undefined ? {} : { body: sampleOf(endpoint.request) };
    const answer = await call(operation, { ...options, params: strangers(endpoint), query: { force: 'true' } });
    expectError(answer, 400, /takes no query parameters/);
  });
});

describe('items of a batch', () => {
  it.each(BATCHES)('%s takes 1 to the limit of the server', async (operation) => {
    expectError(await call(operation, { body: { items: [] } }), 400, /at least one item/);
    const many = Array.from({ length: 21 }, () => ({}));
    expectError(await call(operation, { body: { items: many } }), 413, /at most 20 items/);
  });

  const extra = { verify: { signature: MESSAGE } } as Readonly<Record<string, object>>;
  const WRONG: readonly (readonly [string, object, RegExp])[] = [
    ['no key', { keyId: undefined }, /keyId or by keyName/],
    ['two keys', { keyName: 'first' }, /keyId or by keyName/],
    ['an id of another kind', { keyId: 'us-00000-00000-0000000000000001' }, /keyId must be an id/],
    ['nothing to sign', { message: undefined }, /a digest/],
    ['two things to sign', { digest: MESSAGE }, /only one of them/],
    ['no base64', { message: 'a' }, /message must be base64/],
    ['base64url', { message: '-_-_' }, /message must be base64/],
    ['base64 with loose bits', { message: 'aGVsbG9=' }, /message must be base64/],
    ['a hash that there is not', { hash: 'sha-257' }, /a hash is one of/],
    ['an unknown member', { mesage: MESSAGE }, /./],
    ['an unknown option', { options: { loud: true } }, /./],
    ['an option of the wrong type', { options: { padding: 1 } }, /options.padding/],
    ['a path that is none', { options: { derivationPath: 'm/x' } }, /./],
  ];

  it.each(
    BATCHES.flatMap((operation) => WRONG.map(([name, change, text]) => [operation, name, change, text] as const)),
  )('%s refuses one with %s, and that one alone', async (operation, _name, change, text) => {
    const good = { keyId, message: MESSAGE, ...extra[operation] };
    const { status, body } = await call(operation, { body: { items: [good, { ...good, ...change }] } });
    expect(status).toBe(200);
    expect(body.results[0].error).toBeUndefined();
    expect(body.results[1].error).toMatchObject({ code: 'invalid_request', message: expect.stringMatching(text) });
  });

  it.each([null, 5, 'x', [], true])('of the kind %j get an error of their own', async (item) => {
    const { body } = await call('sign', { body: { items: [item, { keyId, message: MESSAGE }] } });
    expect(body.results.map(({ status }: Wire) => status)).toEqual(['failed', 'signed']);
  });

  it('of chains are for requests', async () => {
    const payload = { chain: 'evm', format: 'transaction', content: '0x' };
    const { body } = await call('sign', { body: { items: [{ keyId, payload }] } });
    expect(body.results[0].error.message).toMatch(/POST \/api\/v1\/requests/);
  });
});

describe('words', () => {
  it('that are not right are answered with those that are', async () => {
    const params = { webhookId: writeId('wh', newId() as never) };
    expectError(await call('beginCredential', { body: { kind: 'password' } }), 400, /kind must be one of key, passkey/);
    expectError(await call('listRequests', { query: { status: 'done' } }), 400, /one of pending, executing/);
    expectError(await call('listApprovals', { query: { status: 'done' } }), 400, /one of pending, approved/);
    expectError(await call('listPolicies', { query: { status: 'done' } }), 400, /active or archived/);
    expectError(await call('listDeliveries', { params, query: { kind: 'done' } }), 400, /one of key-created/);
    const body = { name: 'r', operations: ['Keys:Fly'] };
    expectError(await call('createRole', { body }), 400, /Keys:Fly is not an operation/);
  });
});

describe('who calls', () => {
  const closed = named(ENDPOINTS.filter(({ authentication }) => authentication !== 'none'));

  it.each(closed)('%s is refused before the body is read', async (operation, endpoint) => {
    const params = strangers(endpoint);
    for (const token of [null, 'x', 'a.b.c', Buffer.from(`${newId()}:secret`).toString('base64'), 'x'.repeat(3000)]) {
      const answer = await call(operation, { params, token, body: '{"a":' });
      expect([token, answer.status]).toEqual([token, 401]);
    }
  });
});
