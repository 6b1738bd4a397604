/** Anything at all, to every endpoint: the answer is never a fault of the server. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { batchItems, type DsmCall, dsmClient } from '../../../test/dsm-client.ts';
import { type DsmService, startDsmService } from '../../../test/dsm-service.ts';
import { ENDPOINTS as ALL } from './endpoints.ts';

const ENDPOINTS = ALL.map((endpoint) => ({ endpoint, name: `${endpoint.method} ${endpoint.path}` }));
/** Names and values that mean something somewhere, so that not every request stops at the first check. */
const WORDS = [
  'key',
  'kid',
  'name',
  'hash',
  'data',
  'hash_alg',
  'mode',
  'context',
  'signature',
  'deterministic_signature',
  'inline',
  'transient_key',
  'obj_type',
  'elliptic_curve',
  'key_size',
  'key_ops',
  'rsa',
  'mldsa',
  'param_set',
  'custom_metadata',
  'transient',
  'constructor',
  'toString',
  'hasOwnProperty',
  'length',
  'then',
  'variant',
  'PSS',
  'mgf',
  'mgf1',
  'merkle_root',
  'value',
];
const VALUES = [
  'SHA256',
  'EC',
  'NistP256',
  'Ed25519',
  'aGk=',
  '',
  'AAAA',
  'k',
  'SIGN',
  'MLDSA',
  'MlDsa44',
  '00000000-0000-4000-8000-000000000000',
  '\0',
  '\ud800',
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
      fc.constantFrom(1e308, 2 ** 53, -1),
    ),
    fc.array(tie('json'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...WORDS), fc.string()), tie('json'), { maxKeys: 5 }),
  ),
}));
const text = fc.oneof(
  json.map((value) => JSON.stringify(value) ?? ''),
  fc.string(),
  fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
);

describe('arbitrary requests', () => {
  let service: DsmService;
  let call: DsmCall;

  beforeAll(async () => {
    service = await startDsmService();
    call = dsmClient(service.server, { apiKey: service.apiKey });
    await call('POST', '/crypto/v1/keys', { body: { name: 'k', obj_type: 'EC', elliptic_curve: 'Ed25519' } });
  });
  afterAll(() => service.close());

  it.each(ENDPOINTS)('to $name', async ({ endpoint }) => {
    await fc.assert(
      fc.asyncProperty(text, fc.string(), fc.boolean(), async (body, segment, session) => {
        const path = endpoint.path.replaceAll(/:\w+/g, () => encodeURIComponent(segment.toWellFormed()));
        const token = session ? JSON.parse((await call('POST', '/sys/v1/session/auth')).text).access_token : undefined;
        const credentials = session ? { apiKey: undefined, token } : {};
        const answer = await call(endpoint.method, path, {
          ...credentials,
          ...(endpoint.method !== 'GET' && { body }),
        });
        expect(answer.status).toBeLessThan(500);
        if (answer.status < 400) {
          expect(Object.keys(endpoint.responses)).toContain(String(answer.status));
          if (path.includes('/batch/')) for (const item of batchItems(answer)) expect(item.status).toBeLessThan(500);
          return;
        }
        expect(answer.contentType).toBe('text/plain; charset=utf-8');
        expect(answer.text).toMatch(/^[\x20-\x7e]{3,500}$/);
      }),
      { numRuns: 60 },
    );
  });

  it('and to batches of them, item by item', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(json, { maxLength: 10 }),
        fc.constantFrom('sign', 'verify'),
        async (items, operation) => {
          const good = { key: { name: 'k' }, data: 'aGk=', signature: 'AAAA' };
          const answer = await call('POST', `/crypto/v1/keys/batch/${operation}`, {
            body: JSON.stringify([good, ...items, good]),
          });
          expect(answer.status, answer.text).toBe(200);
          const results = batchItems(answer);
          expect(results).toHaveLength(items.length + 2);
          expect([results.at(0)?.status, results.at(-1)?.status]).toEqual([200, 200]);
          for (const result of results) expect(result.status).toBeLessThan(500);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('and leaves the service alive', async () => {
    const answer = await call('POST', '/crypto/v1/sign', { body: { key: { name: 'k' }, data: 'aGk=' } });
    expect(answer.status).toBe(200);
  });
});
