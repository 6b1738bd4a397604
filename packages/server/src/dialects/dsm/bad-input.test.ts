import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DsmAnswer, type DsmCall, dsmClient } from '../../../test/dsm-client.ts';
import { type DsmService, startDsmService } from '../../../test/dsm-service.ts';

const DIGEST = Buffer.alloc(32, 7).toString('base64');

describe('bad input', () => {
  let service: DsmService;
  let call: DsmCall;
  let kid: string;
  let rsaKid: string;
  let edKid: string;

  async function make(body: object): Promise<string> {
    const answer = await call('POST', '/crypto/v1/keys', { body });
    expect(answer.status, answer.text).toBe(201);
    return JSON.parse(answer.text).kid;
  }

  beforeAll(async () => {
    service = await startDsmService({ limits: { maxBodyBytes: 64 * 1024, maxBatchItems: 20 } });
    call = dsmClient(service.server, { apiKey: service.apiKey });
    kid = await make({ name: 'ec', obj_type: 'EC', elliptic_curve: 'NistP256' });
    rsaKid = await make({ name: 'rsa', obj_type: 'RSA', key_size: 2048 });
    edKid = await make({ name: 'ed', obj_type: 'EC', elliptic_curve: 'Ed25519' });
  });
  afterAll(() => service.close());

  /** Plain text, one line, and nothing of the inside of the program. */
  function expectPlainError(answer: DsmAnswer, status: number, text?: string | RegExp): void {
    expect([answer.status, answer.text]).toEqual([status, expect.stringMatching(/^[^\r\n{}]*.*$/)]);
    expect(answer.contentType).toBe('text/plain; charset=utf-8');
    expect(answer.text).not.toMatch(/\n|node_modules|\.ts:|\bat .*\(|Error:/);
    expect(answer.text.length).toBeGreaterThan(5);
    if (text !== undefined) expect(answer.text).toMatch(text);
  }

  describe.each([
    ['malformed JSON', '{"key":', 400, /not valid JSON/],
    ['no JSON at all', 'hello', 400, /not valid JSON/],
    ['a NUL byte', '{"key":"\0"}', 400, /not valid JSON/],
    ['invalid UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 400, /UTF-8/],
    ['deep nesting', `${'['.repeat(5000)}${']'.repeat(5000)}`, 400, /nested/],
    ['duplicate members', '{"key":{"kid":1},"hash":"","hash":""}', 400, /the member hash is given twice/],
    ['__proto__', '{"__proto__":{"key":{}}}', 400, /__proto__/],
    ['an oversized body', `"${'x'.repeat(64 * 1024)}"`, 413, /at most 65536 bytes/],
  ] as const)('%s', (_name, body, status, text) => {
    it.each([
      '/crypto/v1/sign',
      '/crypto/v1/verify',
      '/crypto/v1/keys',
      '/crypto/v1/keys/info',
      '/crypto/v1/keys/batch/sign',
      '/crypto/v1/keys/batch/verify',
      '/sys/v1/session/auth',
    ])('to %s', async (path) => expectPlainError(await call('POST', path, { body }), status, text));
  });

  it('takes a body of exactly the limit', async () => {
    const body = JSON.stringify([]).padEnd(64 * 1024, ' ');
    expect(await call('POST', '/crypto/v1/keys/batch/sign', { body })).toMatchObject({ status: 200, text: '[]' });
  });

  const signing: [string, () => object | string | number | null, number, RegExp][] = [
    ['null', () => null, 400, /must be a JSON object/],
    ['a number', () => 5, 400, /must be a JSON object/],
    ['a list', () => [], 400, /must be a JSON object/],
    ['no key', () => ({ hash_alg: 'SHA256', hash: DIGEST }), 400, /exactly one of kid/],
    ['a key that is a string', () => ({ key: kid, hash_alg: 'SHA256', hash: DIGEST }), 400, /exactly one of kid/],
    [
      'a key with kid and name',
      () => ({ key: { kid, name: 'ec' }, hash_alg: 'SHA256', hash: DIGEST }),
      400,
      /exactly one of kid/,
    ],
    ['an empty key', () => ({ key: {}, hash_alg: 'SHA256', hash: DIGEST }), 400, /exactly one of kid/],
    ['a kid that is no UUID', () => ({ key: { kid: 'x' }, hash_alg: 'SHA256', hash: DIGEST }), 400, /must be a UUID/],
    ['a kid that is a number', () => ({ key: { kid: 1 }, hash_alg: 'SHA256', hash: DIGEST }), 400, /are strings/],
    [
      'an unknown kid',
      () => ({ key: { kid: '00000000-0000-4000-8000-000000000000' }, hash_alg: 'SHA256', hash: DIGEST }),
      404,
      /^no such key$/,
    ],
    ['an unknown name', () => ({ key: { name: 'nobody' }, hash_alg: 'SHA256', hash: DIGEST }), 404, /^no such key$/],
    ['a name with a NUL', () => ({ key: { name: 'e\0c' }, hash_alg: 'SHA256', hash: DIGEST }), 404, /^no such key$/],
    [
      'a name of half a pair',
      () => `{"key":{"name":"\\ud800"},"hash_alg":"SHA256","hash":"${DIGEST}"}`,
      400,
      /key.name/,
    ],
    ['neither hash nor data', () => ({ key: { kid }, hash_alg: 'SHA256' }), 400, /exactly one of hash and data/],
    [
      'both hash and data',
      () => ({ key: { kid }, hash_alg: 'SHA256', hash: DIGEST, data: '' }),
      400,
      /exactly one of hash and data/,
    ],
    ['a hash that is too short', () => ({ key: { kid }, hash_alg: 'SHA256', hash: 'AAAA' }), 400, /32 bytes/],
    ['a hash that is too long', () => ({ key: { kid }, hash_alg: 'SHA1', hash: DIGEST }), 400, /20 bytes/],
    [
      'an RSA hash of the wrong length',
      () => ({ key: { kid: rsaKid }, hash_alg: 'SHA512', hash: DIGEST }),
      400,
      /64 bytes/,
    ],
    ['no hash_alg where one is needed', () => ({ key: { kid }, hash: DIGEST }), 400, /hash/],
    ['an empty hash_alg where one is needed', () => ({ key: { kid }, hash_alg: '', hash: DIGEST }), 400, /hash/],
    [
      'an unknown hash_alg',
      () => ({ key: { kid }, hash_alg: 'SHA257', hash: DIGEST }),
      400,
      /hash_alg must be one of SHA1, /,
    ],
    [
      'our own name of a digest',
      () => ({ key: { kid }, hash_alg: 'sha-256', hash: DIGEST }),
      400,
      /hash_alg must be one of/,
    ],
    [
      'hash_alg from a prototype',
      () => ({ key: { kid }, hash_alg: 'constructor', hash: DIGEST }),
      400,
      /hash_alg must be one of/,
    ],
    [
      'a hash_alg that is a number',
      () => ({ key: { kid }, hash_alg: 256, hash: DIGEST }),
      400,
      /hash_alg must be one of/,
    ],
    [
      'a hash_alg that is not built',
      () => ({ key: { kid }, hash_alg: 'STREEBOG256', hash: DIGEST }),
      400,
      /not supported yet/,
    ],
    [
      'a hash that is no base64',
      () => ({ key: { kid }, hash_alg: 'SHA256', hash: '!!!!' }),
      400,
      /hash must be standard base64/,
    ],
    [
      'a hash without padding',
      () => ({ key: { kid }, hash_alg: 'SHA256', hash: DIGEST.replace('=', '') }),
      400,
      /hash must be standard base64/,
    ],
    [
      'data in URL-safe base64',
      () => ({ key: { kid }, hash_alg: 'SHA256', data: '-_-_' }),
      400,
      /data must be standard base64/,
    ],
    [
      'data with a line end',
      () => ({ key: { kid }, hash_alg: 'SHA256', data: 'AAAA\n' }),
      400,
      /data must be standard base64/,
    ],
    [
      'data that is a number',
      () => ({ key: { kid }, hash_alg: 'SHA256', data: 5 }),
      400,
      /data must be standard base64/,
    ],
    [
      'a mode for a key without modes',
      () => ({ key: { kid }, hash_alg: 'SHA256', hash: DIGEST, mode: { PKCS1_V15: {} } }),
      400,
      /./,
    ],
    [
      'a mode of nothing',
      () => ({ key: { kid: rsaKid }, hash_alg: 'SHA256', hash: DIGEST, mode: {} }),
      400,
      /^mode must be one of/,
    ],
    [
      'a mode of two',
      () => ({ key: { kid: rsaKid }, hash_alg: 'SHA256', hash: DIGEST, mode: { PKCS1_V15: {}, PSS: {} } }),
      400,
      /^mode must be one of/,
    ],
    [
      'a mode that is a string',
      () => ({ key: { kid: rsaKid }, hash_alg: 'SHA256', hash: DIGEST, mode: 'PSS' }),
      400,
      /^mode must be one of/,
    ],
    [
      'PSS without mgf',
      () => ({ key: { kid: rsaKid }, hash_alg: 'SHA256', hash: DIGEST, mode: { PSS: {} } }),
      400,
      /mode.PSS/,
    ],
    [
      'PSS with an unknown hash',
      () => ({
        key: { kid: rsaKid },
        hash_alg: 'SHA256',
        hash: DIGEST,
        mode: { PSS: { mgf: { mgf1: { hash: 'MD5' } } } },
      }),
      400,
      /must be one of/,
    ],
    [
      'an unknown variant',
      () => ({ key: { kid }, data: '', mode: { variant: 'pure' } }),
      400,
      /PURE, PRE_HASH, EXTERNAL_MU/,
    ],
    [
      'mu of the wrong length',
      () => ({ key: { kid }, hash: DIGEST, mode: { variant: 'EXTERNAL_MU' } }),
      400,
      /64 bytes/,
    ],
    [
      'a context on a key without contexts',
      () => ({ key: { kid }, hash_alg: 'SHA256', hash: DIGEST, context: 'AAAA' }),
      400,
      /./,
    ],
    [
      'a context that is no base64',
      () => ({ key: { kid }, hash_alg: 'SHA256', hash: DIGEST, context: 'A' }),
      400,
      /^context must be/,
    ],
    [
      'deterministic_signature that is a word',
      () => ({ key: { kid }, hash_alg: 'SHA256', hash: DIGEST, deterministic_signature: 'yes' }),
      400,
      /true or false/,
    ],
    [
      'deterministic PSS',
      () => ({
        key: { kid: rsaKid },
        hash_alg: 'SHA256',
        hash: DIGEST,
        mode: { PSS: { mgf: { mgf1: { hash: 'SHA256' } } } },
        deterministic_signature: true,
      }),
      400,
      /./,
    ],
    ['a digest for Ed25519', () => ({ key: { kid: edKid }, hash_alg: 'SHA256', hash: DIGEST }), 400, /digest/],
    ['SHA-1 by default', () => ({ key: { kid }, hash_alg: 'SHA1', data: '' }), 403, /allow_legacy/],
    [
      'a transient key of nobody',
      () => ({ key: { transient_key: 'AAAA' }, hash_alg: 'SHA256', hash: DIGEST }),
      403,
      /session/,
    ],
    [
      'a transient key that is no base64',
      () => ({ key: { transient_key: 'A' }, hash_alg: 'SHA256', hash: DIGEST }),
      400,
      /base64/,
    ],
    [
      'an inline key, which is off',
      () => ({ key: { inline: { value: 'AAAA', obj_type: 'RSA' } }, hash_alg: 'SHA256', hash: DIGEST }),
      403,
      /off/,
    ],
    [
      'an inline EC key without its curve',
      () => ({ key: { inline: { value: 'AAAA', obj_type: 'EC' } }, hash_alg: 'SHA256', hash: DIGEST }),
      400,
      /not supported yet/,
    ],
    [
      'an inline key without a value',
      () => ({ key: { inline: { obj_type: 'RSA' } }, hash_alg: 'SHA256', hash: DIGEST }),
      400,
      /base64/,
    ],
    [
      'an inline key of an unknown type',
      () => ({ key: { inline: { value: 'AAAA', obj_type: 'x' } }, hash_alg: 'SHA256', hash: DIGEST }),
      400,
      /obj_type must be one of/,
    ],
  ];

  it.each(signing)('refuses to sign %s, alone and in a batch', async (_name, request, status, text) => {
    const body = request();
    const item = typeof body === 'string' ? body : JSON.stringify(body);
    expectPlainError(await call('POST', '/crypto/v1/sign', { body: item }), status, text);
    const good = JSON.stringify({ key: { kid }, hash_alg: 'SHA256', hash: DIGEST });
    const batch = await call('POST', '/crypto/v1/keys/batch/sign', { body: `[${good},${item},${good}]` });
    expect(batch.status).toBe(200);
    const [before, refused, after] = JSON.parse(batch.text);
    expect(refused).toEqual({ status, error: expect.stringMatching(text) });
    expect([before, after]).toEqual(Array(2).fill({ status: 200, body: { kid, signature: expect.any(String) } }));
  });

  it('refuses to sign and to verify with a disabled key', async () => {
    const disabled = await make({ name: 'disabled', obj_type: 'EC', elliptic_curve: 'NistP256', enabled: false });
    const body = { key: { kid: disabled }, hash_alg: 'SHA256', hash: DIGEST };
    expectPlainError(await call('POST', '/crypto/v1/sign', { body }), 403, /disabled/);
    expectPlainError(
      await call('POST', '/crypto/v1/verify', { body: { ...body, signature: 'AAAA' } }),
      403,
      /disabled/,
    );
  });

  it('refuses a verification without a signature, and one that is no base64', async () => {
    const body = { key: { kid }, hash_alg: 'SHA256', hash: DIGEST };
    for (const signature of [undefined, null, 5, 'A', '-_-_'])
      expectPlainError(
        await call('POST', '/crypto/v1/verify', { body: { ...body, signature } }),
        400,
        /^signature must be/,
      );
  });

  it.each([
    ['an object', {}],
    ['a text', 'x'],
    ['null', null],
  ])('refuses %s where a batch belongs', async (_name, body) => {
    for (const path of ['/crypto/v1/keys/batch/sign', '/crypto/v1/keys/batch/verify'])
      expectPlainError(await call('POST', path, { body: JSON.stringify(body) }), 400, /must be an array/);
  });

  it('refuses a batch of more items than the setting allows, and an empty body', async () => {
    const item = { key: { kid }, hash_alg: 'SHA256', hash: DIGEST };
    const full = await call('POST', '/crypto/v1/keys/batch/sign', { body: Array(20).fill(item) });
    expect(JSON.parse(full.text)).toHaveLength(20);
    expectPlainError(
      await call('POST', '/crypto/v1/keys/batch/sign', { body: Array(21).fill(item) }),
      400,
      /at most 20 items, this one has 21/,
    );
    expectPlainError(await call('POST', '/crypto/v1/keys/batch/sign'), 400, /must be an array/);
    expectPlainError(await call('POST', '/crypto/v1/sign'), 400, /must be a JSON object/);
  });

  const generating: [string, object | string, number, RegExp][] = [
    ['no obj_type', { name: 'x' }, 400, /obj_type/],
    ['an unknown obj_type', { name: 'x', obj_type: 'RSB' }, 400, /^obj_type must be one of RSA, /],
    ['an obj_type that is not built', { name: 'x', obj_type: 'LMS' }, 400, /^obj_type: LMS is not supported yet$/],
    ['an unknown curve', { name: 'x', obj_type: 'EC', elliptic_curve: 'P256' }, 400, /^elliptic_curve must be one of/],
    ['a number for a name', { name: 5, obj_type: 'EC', elliptic_curve: 'NistP256' }, 400, /^name /],
    ['no name', { obj_type: 'EC', elliptic_curve: 'NistP256' }, 400, /name/],
    ['a blank name', { name: '  ', obj_type: 'EC', elliptic_curve: 'NistP256' }, 400, /name/],
    ['a name with a NUL', { name: 'a\0b', obj_type: 'EC', elliptic_curve: 'NistP256' }, 400, /name/],
    ['a name of two lines', { name: 'a\nb', obj_type: 'EC', elliptic_curve: 'NistP256' }, 400, /name/],
    ['a name of half a pair', '{"name":"\\udc00","obj_type":"EC","elliptic_curve":"NistP256"}', 400, /Unicode/],
    ['a name of 5000 characters', { name: 'x'.repeat(5000), obj_type: 'EC', elliptic_curve: 'NistP256' }, 400, /name/],
    ['a taken name', { name: 'ec', obj_type: 'EC', elliptic_curve: 'NistP256' }, 409, /name/],
    ['an RSA key without size', { name: 'x', obj_type: 'RSA' }, 400, /key_size/],
    ['a size that is a text', { name: 'x', obj_type: 'RSA', key_size: '2048' }, 400, /^key_size /],
    ['a size that is no integer', { name: 'x', obj_type: 'RSA', key_size: 2048.5 }, 400, /^key_size /],
    ['a huge size', '{"name":"x","obj_type":"RSA","key_size":1e400}', 400, /^key_size /],
    ['a huge integer', '{"name":"x","obj_type":"RSA","key_size":18446744073709551616}', 400, /^key_size /],
    ['a negative size', { name: 'x', obj_type: 'RSA', key_size: -2048 }, 400, /^key_size /],
    ['too small an RSA key', { name: 'x', obj_type: 'RSA', key_size: 512 }, 400, /./],
    ['too large an RSA key', { name: 'x', obj_type: 'RSA', key_size: 16384 }, 400, /./],
    ['an even exponent', { name: 'x', obj_type: 'RSA', key_size: 2048, pub_exponent: 65536 }, 400, /./],
    [
      "a size that is not the curve's",
      { name: 'x', obj_type: 'EC', elliptic_curve: 'NistP256', key_size: 384 },
      400,
      /key_size of 256/,
    ],
    [
      'a public key that is to be published',
      { name: 'x', obj_type: 'EC', elliptic_curve: 'NistP256', publish_public_key: { state: 'enabled' } },
      400,
      /not supported yet/,
    ],
    ['two sizes', { name: 'x', obj_type: 'RSA', key_size: 2048, rsa: { key_size: 3072 } }, 400, /differ/],
    ['rsa options for EC', { name: 'x', obj_type: 'EC', elliptic_curve: 'NistP256', rsa: {} }, 400, /RSA/],
    [
      'an unknown key operation',
      { name: 'x', obj_type: 'EC', elliptic_curve: 'NistP256', key_ops: ['SIGN', 'SING'] },
      400,
      /^key_ops may hold SIGN/,
    ],
    [
      'null among the operations',
      { name: 'x', obj_type: 'EC', elliptic_curve: 'NistP256', key_ops: [null] },
      400,
      /^key_ops/,
    ],
    ['an unknown state', { name: 'x', obj_type: 'EC', elliptic_curve: 'NistP256', state: 'Destroyed' }, 400, /^state /],
    [
      'a bad date',
      { name: 'x', obj_type: 'EC', elliptic_curve: 'NistP256', activation_date: '2026-01-01' },
      400,
      /^activation_date /,
    ],
    [
      'an unknown group',
      { name: 'x', obj_type: 'EC', elliptic_curve: 'NistP256', group_id: '00000000-0000-4000-8000-000000000000' },
      404,
      /group/,
    ],
    [
      'a group that is no UUID',
      { name: 'x', obj_type: 'EC', elliptic_curve: 'NistP256', group_id: '../x' },
      400,
      /^group_id /,
    ],
    [
      'a value',
      { name: 'x', obj_type: 'EC', elliptic_curve: 'NistP256', value: 'AAAA' },
      400,
      /^value is not supported yet$/,
    ],
    [
      'a policy that is not built',
      { name: 'x', obj_type: 'RSA', key_size: 2048, rsa: { signature_policy: [{ padding: { PSS: {} } }] } },
      400,
      /not supported yet/,
    ],
    [
      'a policy that allows nothing',
      { name: 'x', obj_type: 'RSA', key_size: 2048, rsa: { signature_policy: [] } },
      400,
      /not supported yet/,
    ],
    [
      'metadata that is no text',
      { name: 'x', obj_type: 'EC', elliptic_curve: 'NistP256', custom_metadata: { a: 5 } },
      400,
      /custom_metadata/,
    ],
    [
      'too much metadata',
      {
        name: 'x',
        obj_type: 'EC',
        elliptic_curve: 'NistP256',
        custom_metadata: Object.fromEntries(Array.from({ length: 101 }, (_, n) => [n, ''])),
      },
      400,
      /at most 100/,
    ],
    [
      'a transient key without a session',
      { transient: true, obj_type: 'EC', elliptic_curve: 'NistP256' },
      403,
      /session/,
    ],
  ];
  it.each(generating)('refuses to generate: %s', async (_name, body, status, text) => {
    expectPlainError(await call('POST', '/crypto/v1/keys', { body }), status, text);
  });

  it.each([
    ['GET', '/crypto/v1/keys/not-a-uuid', 400, /UUID/],
    ['DELETE', '/crypto/v1/keys/not-a-uuid', 400, /UUID/],
    ['DELETE', '/crypto/v1/keys/00000000-0000-4000-8000-000000000000', 404, /^no such key$/],
    ['GET', '/crypto/v1/keys?limit=0', 400, /limit/],
    ['GET', '/crypto/v1/keys?limit=1e3', 400, /limit/],
    ['GET', '/crypto/v1/keys?limit=-1', 400, /limit/],
    ['GET', '/crypto/v1/keys?limit=1&limit=2', 400, /twice/],
    ['GET', '/crypto/v1/keys?start=x', 400, /start/],
    ['GET', '/crypto/v1/keys?name=ec', 400, /the query parameter name with this value is not supported yet/],
    ['GET', '/crypto/v1/keys?sort=name', 400, /not supported yet/],
    ['GET', '/crypto/v1/keys?%00=1', 400, /not supported yet/],
    ['GET', '/crypto/v1/keys?__proto__=1', 400, /not supported yet/],
    ['GET', '/crypto/v1/keys/%ff', 400, /./],
    ['GET', `/crypto/v1/keys/${'x'.repeat(300)}`, 414, /./],
    ['GET', `/crypto/v1/keys?${'x'.repeat(5000)}`, 414, /too long/],
    ['POST', '/crypto/v1/keys/export', 405, /not supported yet/],
    ['POST', '/crypto/v1/keys/copy/x', 404, /not supported yet/],
    ['POST', '/batch/v1', 404, /not supported yet/],
    ['GET', '/sys/v1/logs', 404, /not supported yet/],
    ['PUT', '/crypto/v1/keys', 405, /not supported yet/],
    ['POST', '/sys/v1/session/reauth', 404, /not supported yet/],
  ])('answers %s %s with %i', async (method, path, status, text) => {
    expectPlainError(await call(method, path), status, text);
  });

  it('refuses to log in with a body, and to do anything without proof', async () => {
    expectPlainError(
      await call('POST', '/sys/v1/session/auth', { body: { method: 'password' } }),
      400,
      /not supported yet/,
    );
    for (const authorization of [
      '',
      'Basic',
      'Basic ',
      'Basic x',
      'Bearer',
      'Bearer x',
      'Digest x',
      `Basic ${'A'.repeat(9000)}`,
      service.apiKey,
    ]) {
      const answer = await call('POST', '/crypto/v1/sign', { apiKey: undefined, headers: { authorization } });
      expectPlainError(answer, 401);
    }
  });
});
