/** What is registered can be generated, shown, used alone and in a batch, and verified, through the API. */
import { createPublicKey, verify as verifyWithNode } from 'node:crypto';
import { LEGACY_USES } from '@countersign/algorithms/legacy-use';
import { allAlgorithms } from '@countersign/algorithms/registry';
import { Value } from 'typebox/value';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { batchItems, type DsmCall, dsmClient } from '../../../test/dsm-client.ts';
import { type DsmService, startDsmService } from '../../../test/dsm-service.ts';
import { ALGORITHM_WORDS, ALGORITHMS_WITHOUT_WORDS } from './algorithm-words.ts';
import { BatchSignResponseSchema, BatchVerifyResponseSchema } from './sign-schemas.ts';
import { SobjectSchema } from './sobject.ts';

const DATA = Buffer.from('a message');
const data = DATA.toString('base64');

describe('every algorithm over DSM', () => {
  let service: DsmService;
  let call: DsmCall;

  beforeAll(async () => {
    service = await startDsmService();
    await service.allowLegacy(LEGACY_USES);
    call = dsmClient(service.server, { apiKey: service.apiKey });
  });
  afterAll(() => service.close());

  const isNamed = (name: string): boolean => !ALGORITHMS_WITHOUT_WORDS.has(name);
  const names = allAlgorithms().map(({ name }) => name);

  it.each(names.filter((name) => !isNamed(name)))(
    '%s, which it has no word for: shown and deleted, not made',
    async (name) => {
      const admin = await service.services.sessions.authenticateApiKey(service.apiKey, 'dfns');
      const { id } = await service.services.keys.generate(admin, {
        name,
        description: '',
        groupId: undefined,
        algorithm: name,
        parameters: {},
        custody: 'vault',
        persistence: 'stored',
        operations: ['sign', 'verify'],
        exportable: false,
        enabled: true,
        state: 'active',
        deterministicSignatures: undefined,
        allowSignDigest: true,
        verifyAfterSign: false,
        dialectAttributes: {},
      });
      const shown = await call('GET', `/crypto/v1/keys/${id}`);
      const sobject = JSON.parse(shown.text);
      expect(Value.Errors(SobjectSchema, sobject)).toEqual([]);
      expect(sobject).toMatchObject({ kid: id, obj_type: 'OPAQUE' });
      const listed = await call('GET', '/crypto/v1/keys');
      expect(JSON.parse(listed.text)).toContainEqual(sobject);
      expect(sobject).not.toHaveProperty('elliptic_curve');
      const again = { name: 'another', obj_type: sobject.obj_type, key_size: sobject.key_size };
      expect(await call('POST', '/crypto/v1/keys', { body: again })).toMatchObject({
        status: 400,
        text: expect.stringContaining('OPAQUE is not supported'),
      });
      expect(await call('DELETE', `/crypto/v1/keys/${id}`)).toMatchObject({ status: 204 });
    },
  );

  it.each(names.filter(isNamed))('%s', async (name) => {
    const words = ALGORITHM_WORDS.get(name);
    const request = {
      name,
      obj_type: words?.objType,
      elliptic_curve: words?.ellipticCurve,
      ...(words?.paramSet !== undefined && { mldsa: { param_set: words.paramSet } }),
      ...(words?.objType === 'RSA' && { key_size: 2048 }),
    };
    const made = await call('POST', '/crypto/v1/keys', { body: request });
    expect(made, made.text).toMatchObject({ status: 201 });
    const sobject = JSON.parse(made.text);
    expect(Value.Errors(SobjectSchema, sobject)).toEqual([]);
    expect(sobject).toMatchObject({ obj_type: words?.objType, key_ops: words?.defaultKeyOps });

    // Weierstrass curves and RSA need a hash; the others have their own, and BIP340 refuses one.
    const hashed = name.startsWith('ecdsa') || name === 'rsa';
    const item = { key: { kid: sobject.kid }, data, ...(hashed && { hash_alg: 'SHA256' }) };
    const single = await call('POST', '/crypto/v1/sign', { body: item });
    expect(single, single.text).toMatchObject({ status: 200 });
    const batch = await call('POST', '/crypto/v1/keys/batch/sign', { body: [item, item, { ...item, data: 'x' }] });
    const signed = batchItems(batch);
    expect(Value.Errors(BatchSignResponseSchema, signed)).toEqual([]);
    expect(signed.map(({ status }) => status)).toEqual([200, 200, 400]);

    const alone = JSON.parse(single.text) as { signature: string };
    const signatures = [alone, signed[0]?.body, signed[1]?.body].map((body) => body?.signature ?? '');
    const checks = signatures.map((signature) => ({ ...item, signature }));
    const wrong = { ...item, data: Buffer.from('another').toString('base64'), signature: signatures[0] };
    const verified = await call('POST', '/crypto/v1/keys/batch/verify', { body: [...checks, wrong] });
    expect(Value.Errors(BatchVerifyResponseSchema, JSON.parse(verified.text))).toEqual([]);
    expect(batchItems(verified).map(({ body }) => body?.result)).toEqual([true, true, true, false]);

    // A second implementation, from nothing but the answers. Node has no BIP340; its own tests have a second opinion.
    if (name !== 'bip340') {
      const publicKey = createPublicKey({ key: Buffer.from(sobject.pub_key, 'base64'), format: 'der', type: 'spki' });
      for (const signature of signatures)
        expect(verifyWithNode(hashed ? 'sha256' : null, DATA, publicKey, Buffer.from(signature, 'base64'))).toBe(true);
    } else expect(Buffer.from(sobject.pub_key, 'base64')).toHaveLength(32);
  });
});
