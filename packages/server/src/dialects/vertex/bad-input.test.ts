/** Whatever comes in, the answer is an error of the API that says what is wrong, and never a fault of the server. */
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { outcomeOf, type VertexAnswer, type VertexCall, vertexClient } from '../../../test/vertex-client.ts';
import { startVertexService, type VertexService } from '../../../test/vertex-service.ts';
import { ENDPOINTS } from './endpoints.ts';

const NO_KEY = '00000000-0000-4000-8000-000000000000';
const errorOf = (answer: VertexAnswer) => [
  outcomeOf(answer),
  (answer.json as { readonly err_msg?: unknown } | undefined)?.err_msg,
];

/** Names and values that mean something somewhere, so that not every request stops at the first check. */
const WORDS = [
  'key_id',
  'key_name',
  'room_uuid',
  'relay_address',
  'msg',
  'extra_data',
  'derivation_path',
  'tweak',
  'taproot_merkle_root',
  'sign_requests',
  'num_parties',
  'threshold',
  'old_threshold',
  'new_threshold',
  'keygen_ids',
  'others_keygen_ids',
  'private_key',
  'export_to',
  'export_type',
  'key_share',
  'room_size',
  'cluster_name',
  'name',
  'label',
  'user_id',
  'user_name',
  'api_key',
  'rule_id',
  'rule_name',
  'policy_id',
  'policy_name',
  'rules',
  'url',
  'pubkey',
  'jwt_alg',
  'after',
  'limit',
  'constructor',
  'toString',
  'hasOwnProperty',
  'length',
  'then',
];
const VALUES = [
  NO_KEY,
  'r',
  '00',
  '0x00',
  '',
  'AQID',
  'encrypted',
  'ES256',
  'https://x.example',
  'a.example:1',
  '\0',
  '\ud800',
  '٣',
  'a'.repeat(5000),
];
const { json } = fc.letrec((tie) => ({
  json: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(...VALUES),
    fc.oneof(
      fc.string(),
      fc.boolean(),
      fc.constant(null),
      fc.double(),
      fc.integer(),
      fc.nat(5),
      fc.constantFrom(1e308, 2 ** 53, 2 ** 31, 65_536, -0),
    ),
    fc.array(tie('json'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...WORDS), fc.string()), tie('json'), { maxKeys: 6 }),
  ),
}));
const text = fc.oneof(
  json.map((value) => JSON.stringify(value) ?? ''),
  fc.string(),
  fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
);
const query = fc.dictionary(fc.constantFrom(...WORDS), fc.oneof(fc.constantFrom(...VALUES.slice(0, -1)), fc.string()), {
  maxKeys: 3,
});

describe('bad input', () => {
  let service: VertexService;
  let call: VertexCall;
  let admin: VertexCall;
  let keys: Readonly<Record<'bip340' | 'ed25519', string>>;
  let newKey: string;

  beforeAll(async () => {
    service = await startVertexService({ limits: { maxBodyBytes: 256 * 1024, maxCeremonyItems: 20 } });
    const { apiKey } = await service.addUser();
    call = vertexClient(service.server, { apiKey });
    admin = vertexClient(service.server, { apiKey: service.adminKey });
    newKey = await create('bip340');
    keys = { bip340: await generate('bip340'), ed25519: await generate('ed25519') };
  });
  afterEach(() => expect(service.faults.splice(0)).toEqual([]));
  afterAll(() => service.close());

  async function create(word: string): Promise<string> {
    return ((await call('GET', `/${word}/create`)).json as { key_id: string }).key_id;
  }
  async function generate(word: string): Promise<string> {
    const key_id = await create(word);
    const body = { key_id, room_uuid: 'r', num_parties: 2, threshold: 2, others_keygen_ids: ['b'] };
    expect(await call('POST', `/${word}/keygen`, { body })).toMatchObject({ status: 200 });
    return key_id;
  }
  const callerOf = (path: string): VertexCall => (path.startsWith('/admin/') ? admin : call);

  describe.each(ENDPOINTS.map((endpoint) => ({ name: `${endpoint.method} ${endpoint.path}`, endpoint })))(
    '$name',
    ({ endpoint }) => {
      it('has no answer for anything but an error of the caller', async () => {
        await fc.assert(
          fc.asyncProperty(text, fc.string(), query, async (body, segment, parameters) => {
            const path = endpoint.path.replaceAll(/:\w+/g, () => encodeURIComponent(segment.toWellFormed()));
            const wellFormed = Object.entries(parameters).map(([name, value]) => [name, value.toWellFormed()]);
            const answer = await callerOf(path)(endpoint.method, `${path}?${new URLSearchParams(wellFormed)}`, {
              ...(endpoint.method !== 'GET' && { body }),
            });
            expect(answer.status, answer.text).toBeLessThan(500);
          }),
          { numRuns: 25 },
        );
      });
    },
  );

  it.each(
    ENDPOINTS.filter(({ request, method }) => request !== undefined && method !== 'GET').map(({ method, path }) => [
      method,
      path,
    ]),
  )('%s %s refuses a body that is no object', async (method, path) => {
    for (const body of ['[]', '7', '"x"', 'null', 'true', '{', '{"a":1,"a":2}', '{"__proto__":1}', '['.repeat(90)]) {
      const answer = await callerOf(path)(method, path, { body });
      expect([body, outcomeOf(answer)]).toEqual([body, 'bad_request_params']);
    }
  });

  it('takes batches of anything, element by element', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(json, { maxLength: 8 }), async (elements) => {
        // Elements that happen to name the good ones' rooms would be a mixture.
        const others = elements.filter((element) => !JSON.stringify(element)?.includes('room_uuid'));
        const good = (room_uuid: string) => ({ key_id: keys.bip340, room_uuid, msg: 'aa' });
        const body = JSON.stringify({ sign_requests: [good('x'), ...others, good('y')] });
        const answer = await call('POST', '/bip340/batch-sign', { body });
        expect(answer.status, answer.text).toBe(200);
        const results = answer.json as readonly object[];
        expect(results).toHaveLength(others.length + 2);
        expect(Object.keys(results.at(0) ?? {})).toEqual(['Signature']);
        expect(Object.keys(results.at(-1) ?? {})).toEqual(['Signature']);
      }),
      { numRuns: 60 },
    );
  });

  describe.each(['bip340', 'ed25519'] as const)('a sign request of %s', (word) => {
    const good = () => ({ key_id: keys[word], room_uuid: 'r', msg: 'aa' });

    it.each([
      ['msg', '0xaa', /0x/],
      ['msg', '0Xaa', /0x/],
      ['msg', 'a', /two for each byte/],
      ['msg', 'zz', /hexadecimal/],
      ['msg', 'aa ', /hexadecimal/],
      ['msg', 'ａａ', /hexadecimal/],
      ['msg', 7, /string/],
      ['msg', ['aa'], /string/],
      ['msg', undefined, /string/],
      ['msg', null, /string/],
      ['msg', 'aa'.repeat(65_537), /at most 65536 bytes/],
      ['extra_data', '0xaa', /0x/],
      ['extra_data', {}, /string/],
      ['extra_data', 'aa'.repeat(16_385), /at most 16384 bytes/],
      ['derivation_path', '44/0', /list/],
      ['derivation_path', { 0: 1, length: 1 }, /list/],
      ['derivation_path', [0.5], /whole numbers/],
      ['derivation_path', [-1], /whole numbers/],
      ['derivation_path', ['0'], /list/],
      ['derivation_path', [null], /list/],
      ['derivation_path', [2 ** 31], /hardened/],
      ['derivation_path', [2 ** 32], /hardened/],
      ['derivation_path', Array(17).fill(0), /at most 16/],
      ['key_id', 'x', /UUID/],
      ['key_id', 7, /UUID/],
      ['key_id', undefined, /exactly one/],
      ['key_name', 'also', /exactly one/],
      ['room_uuid', undefined, /room_uuid/],
      ['room_uuid', '', /room_uuid/],
      ['room_uuid', 7, /room_uuid/],
      ['room_uuid', '../x', /room_uuid/],
      ['room_uuid', 'a'.repeat(129), /room_uuid/],
      ['relay_address', 7, /relay_address/],
      ['relay_address', { host: 'a' }, /relay_address/],
      ['relay_address', '', /relay_address/],
      ['relay_address', 'https://a.example', /relay_address/],
      ['relay_address', 'a.example/', /relay_address/],
      ['relay_address', 'user@a.example', /relay_address/],
      ['relay_address', 'a.example:', /relay_address/],
      ['relay_address', 'a.example:0', /relay_address/],
      ['relay_address', 'a.example:65536', /relay_address/],
      ['relay_address', 'a.example:080', /relay_address/],
      ['relay_address', 'a.example:1:2', /relay_address/],
      ['relay_address', ' a.example', /relay_address/],
      ['relay_address', 'a..example', /relay_address/],
      ['relay_address', '-a.example', /relay_address/],
      ['relay_address', '[::1', /relay_address/],
      ['relay_address', '[x]:1', /relay_address/],
      ['relay_address', '::1', /relay_address/],
      ['relay_address', 'a\n.example', /relay_address/],
      ['relay_address', `${'a'.repeat(64)}.example`, /relay_address/],
    ])('with %s %j is refused, alone and in a batch', async (name, value, message) => {
      const body = { ...good(), [name]: value };
      expect(errorOf(await call('POST', `/${word}/sign`, { body }))).toEqual([
        'bad_request_params',
        expect.stringMatching(message),
      ]);
      const answer = await call('POST', `/${word}/batch-sign`, { body: { sign_requests: [body] } });
      expect(answer.json).toEqual([
        { Error: { err_type: 'bad_request_params', err_msg: expect.stringMatching(message) } },
      ]);
    });

    it.each([
      ['msg', ''],
      ['msg', 'Ab'],
      ['msg', 'aa'.repeat(65_536)],
      ['extra_data', ''],
      ['extra_data', null],
      ['extra_data', 'aa'.repeat(16_384)],
      ['derivation_path', []],
      ['derivation_path', null],
      ['derivation_path', [2 ** 31 - 1, 0]],
      ['key_name', null],
      ['room_uuid', 'A-z_0.9~'],
      ['relay_address', null],
      ['relay_address', 'relay'],
      ['relay_address', 'a-b.example:65535'],
      ['relay_address', '127.0.0.1:1'],
      ['relay_address', '[::1]:8080'],
      ['relay_address', '[::1]'],
      ['hash_algo', 'SHA256'],
      ['unknown', { nested: [1] }],
    ])('with %s %j is signed', async (name, value) => {
      const answer = await call('POST', `/${word}/sign`, { body: { ...good(), [name]: value } });
      expect(answer, answer.text).toMatchObject({ status: 200 });
    });
  });

  it.each([
    ['/create-room', { room_size: '3' }],
    ['/create-room', { room_size: 0 }],
    ['/create-room', { room_size: 2.5 }],
    ['/create-room', { room_size: 65_536 }],
    ['/create-room', {}],
    ['/bip340/keygen', { others_keygen_ids: 'b' }],
    ['/bip340/keygen', { others_keygen_ids: [7] }],
    ['/bip340/keygen', { others_keygen_ids: [''] }],
    ['/bip340/keygen', { others_keygen_ids: ['b', 'b'] }],
    ['/bip340/keygen', { others_keygen_ids: ['a b'] }],
    ['/bip340/keygen', { others_keygen_ids: ['b'.repeat(5000)] }],
    ['/bip340/keygen', { others_keygen_ids: Array(65).fill('b') }],
    ['/bip340/keygen', { others_keygen_ids: ['b'], keygen_ids: ['b'] }],
    ['/bip340/keygen', { room_uuid: 'a/b' }],
    ['/bip340/keygen', { relay_address: 'http://x' }],
    ['/bip340/keygen', { key_id: 'x' }],
    ['/bip340/keygen', { key_name: 'x' }],
    ['/bip340/import/key-importer', { private_key: '01' }],
    ['/bip340/import/key-importer', { private_key: '01'.repeat(33) }],
    ['/bip340/import/key-importer', { private_key: `0x${'01'.repeat(32)}` }],
    ['/bip340/backup/import-key-share', { key_share: 'AQI' }],
    ['/bip340/backup/import-key-share', { key_share: 'AQ ID' }],
    ['/bip340/backup/import-key-share', { key_share: '' }],
    ['/bip340/backup/import-key-share', { export_type: 'Encrypted' }],
    ['/bip340/backup/import-key-share', { export_type: undefined }],
    ['/bip340/create', { key_name: '' }],
    ['/bip340/create', { key_name: ' ' }],
    ['/bip340/create', { key_name: 'a\nb' }],
    ['/bip340/create', { key_name: 7 }],
    ['/bip340/create?key_name=a&key_name=b', {}],
    ['/bip340/create?key_name=a', { key_name: 'a' }],
  ])('%s with %j is refused', async (path, members) => {
    const base: Readonly<Record<string, object>> = {
      '/bip340/keygen': {
        key_id: newKey,
        room_uuid: 'r',
        num_parties: 2,
        threshold: 2,
        others_keygen_ids: ['b'],
      },
      '/bip340/import/key-importer': {
        private_key: '01'.repeat(32),
        room_uuid: 'r',
        keygen_ids: ['a', 'b'],
        threshold: 2,
      },
      '/bip340/backup/import-key-share': { export_type: 'encrypted', key_share: 'AQID' },
    };
    const body: Record<string, unknown> = { ...base[path], ...members };
    if ('others_keygen_ids' in members && Array.isArray(members.others_keygen_ids))
      body['num_parties'] = members.others_keygen_ids.length + 1;
    expect(outcomeOf(await call('POST', path, { body }))).toBe('bad_request_params');
  });

  it.each([
    ['GET', '/admin/generate-api-key'],
    ['GET', '/admin/generate-api-key?user_id=x'],
    ['GET', `/admin/generate-api-key?user_id=${NO_KEY}&user_id=${NO_KEY}`],
    ['GET', '/admin/list-all-users?limit=0'],
    ['GET', '/admin/list-all-users?limit=10001'],
    ['GET', '/admin/list-all-users?limit=1e3'],
    ['GET', '/admin/list-all-users?after=x'],
    ['GET', `/admin/create-user?name=${'a'.repeat(256)}`],
    ['GET', '/admin/create-user?name=a%0Ab'],
    ['GET', '/admin/policies/get-effective-key-policy'],
    ['GET', `/admin/policies/get-effective-key-policy?key_id=${NO_KEY}&key_name=x`],
    ['DELETE', '/admin/policies/delete-rule'],
    ['DELETE', '/admin/revoke-api-key'],
  ])('%s %s is refused', async (method, path) => {
    expect(outcomeOf(await admin(method, path))).toBe('bad_request_params');
  });

  it('never repeats a private key or an API key in an error', async () => {
    const secret = '5ec2e7'.repeat(11);
    for (const body of [
      { private_key: secret, room_uuid: 'r', keygen_ids: ['a', 'b'], threshold: 2 },
      { private_key: { secret }, room_uuid: 'r', keygen_ids: ['a', 'b'], threshold: 2 },
    ])
      expect((await call('POST', '/bip340/import/key-importer', { body })).text).not.toContain('5ec2e7');
    expect((await admin('DELETE', `/admin/revoke-api-key?api_key=${secret}`)).text).not.toContain('5ec2e7');
    expect((await call('GET', '/bip340/create', { apiKey: secret })).text).not.toContain('5ec2e7');
  });
});
