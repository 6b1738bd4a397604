/** What `mode`, `context`, `deterministic_signature` and the kinds of payload come to, seen from outside. */
import { constants, createHash, createPublicKey, generateKeyPairSync, verify as verifyWithNode } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { batchItems, type DsmCall, dsmClient } from '../../../test/dsm-client.ts';
import { type DsmService, startDsmService } from '../../../test/dsm-service.ts';

const DATA = Buffer.from('a message');
const data = DATA.toString('base64');
const digest = (name: string): string => createHash(name).update(DATA).digest('base64');
const PSS_SHA1 = { PSS: { mgf: { mgf1: { hash: 'SHA1' } } } };
const PSS_SHA256 = { PSS: { mgf: { mgf1: { hash: 'SHA256' } } } };

describe('modes of signing', () => {
  let service: DsmService;
  let call: DsmCall;
  let rsaPublicKey: ReturnType<typeof createPublicKey>;

  beforeAll(async () => {
    service = await startDsmService({ allowInlineSign: true });
    call = dsmClient(service.server, { apiKey: service.apiKey });
    const rsa = await make({ name: 'RSA Key', obj_type: 'RSA', key_size: 2048, pub_exponent: 3 });
    rsaPublicKey = createPublicKey({ key: Buffer.from(rsa.pub_key, 'base64'), format: 'der', type: 'spki' });
    await make({ name: 'ec', obj_type: 'EC', elliptic_curve: 'NistP256' });
    await make({ name: 'ed', obj_type: 'EC', elliptic_curve: 'Ed25519' });
    await make({ name: 'pq', obj_type: 'MLDSABETA', mldsa_beta: { param_set: 'MlDsa44' } });
    await make({ name: 'taproot', obj_type: 'BIP340' });
  });
  afterAll(() => service.close());

  async function make(body: object): Promise<{ pub_key: string }> {
    const answer = await call('POST', '/crypto/v1/keys', { body });
    expect(answer.status, answer.text).toBe(201);
    return JSON.parse(answer.text) as { pub_key: string };
  }

  async function sign(name: string, members: object): Promise<string> {
    const answer = await call('POST', '/crypto/v1/sign', { body: { key: { name }, ...members } });
    expect(answer.status, answer.text).toBe(200);
    return (JSON.parse(answer.text) as { signature: string }).signature;
  }

  /** Results of verifying one signature in several ways. */
  async function verify(
    name: string,
    signature: string,
    ways: readonly object[],
  ): Promise<readonly (boolean | number)[]> {
    const body = ways.map((members) => ({ key: { name }, ...members, signature }));
    const items = batchItems(await call('POST', '/crypto/v1/keys/batch/verify', { body }));
    return items.map((item) => item.body?.result ?? item.status);
  }

  it('RSA: PKCS #1 v1.5 unless PSS is asked for', async () => {
    const plain = await sign('RSA Key', { hash_alg: 'SHA256', data });
    expect(await sign('RSA Key', { hash_alg: 'SHA256', hash: digest('sha256'), mode: { PKCS1_V15: {} } })).toBe(plain);
    expect(await sign('RSA Key', { hash_alg: 'SHA256', data, deterministic_signature: true })).toBe(plain);
    expect(verifyWithNode('sha256', DATA, rsaPublicKey, Buffer.from(plain, 'base64'))).toBe(true);
    const pss = await sign('RSA Key', { hash_alg: 'SHA256', data, mode: PSS_SHA256 });
    const options = { key: rsaPublicKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
    expect(verifyWithNode('sha256', DATA, options, Buffer.from(pss, 'base64'))).toBe(true);
  });

  it('RSA-PSS: the hash of MGF1 may be another', async () => {
    const ways = [PSS_SHA1, PSS_SHA256, { PKCS1_V15: {} }, undefined].map((mode) => ({
      hash_alg: 'SHA256',
      data,
      mode,
    }));
    expect(await verify('RSA Key', await sign('RSA Key', { hash_alg: 'SHA256', data, mode: PSS_SHA1 }), ways)).toEqual([
      true,
      false,
      false,
      false,
    ]);
    expect(
      await verify('RSA Key', await sign('RSA Key', { hash_alg: 'SHA256', data, mode: PSS_SHA256 }), ways),
    ).toEqual([false, true, false, false]);
  });

  it('ECDSA: a digest is signed as it is, and deterministically when asked', async () => {
    const keccak = Buffer.alloc(32, 0x5a).toString('base64');
    const signature = await sign('ec', { hash_alg: 'SHA256', hash: keccak, deterministic_signature: true });
    expect(await sign('ec', { hash_alg: 'SHA256', hash: keccak, deterministic_signature: true })).toBe(signature);
    expect(await sign('ec', { hash_alg: 'SHA256', hash: keccak, deterministic_signature: false })).not.toBe(signature);
    const other = { hash_alg: 'SHA256', data };
    expect(await verify('ec', signature, [{ hash_alg: 'SHA256', hash: keccak }, other])).toEqual([true, false]);
    const fromData = await sign('ec', other);
    expect(
      await verify('ec', fromData, [
        { hash_alg: 'SHA256', hash: digest('sha256') },
        { ...other, hash_alg: 'SHA384' },
      ]),
    ).toEqual([true, false]);
  });

  it('Ed25519: whatever hash_alg says, the message itself', async () => {
    const bare = await sign('ed', { data });
    for (const hash_alg of ['SHA512', 'SHA256', '', null]) expect(await sign('ed', { hash_alg, data })).toBe(bare);
    expect(await sign('ed', { data, deterministic_signature: true })).toBe(bare);
  });

  it('ML-DSA: variants and contexts are bound into the signature', async () => {
    const context = Buffer.from('ctx').toString('base64');
    const mu = Buffer.alloc(64, 9).toString('base64');
    const ways: Record<string, object> = {
      none: { data },
      pure: { data, mode: { variant: 'PURE' } },
      contextual: { data, context },
      preHash: { data, hash_alg: 'SHA512', mode: { variant: 'PRE_HASH' } },
      preHashed: { hash: digest('sha512'), hash_alg: 'SHA512', mode: { variant: 'PRE_HASH' } },
      externalMu: { hash: mu, mode: { variant: 'EXTERNAL_MU' } },
      externalMuInData: { data: mu, hash_alg: 'SHA256', mode: { variant: 'EXTERNAL_MU' } },
    };
    const classes = [['none', 'pure'], ['contextual'], ['preHash', 'preHashed'], ['externalMu', 'externalMuInData']];
    for (const group of classes) {
      for (const way of group) {
        const signature = await sign('pq', ways[way] ?? {});
        const expected = Object.keys(ways).map((other) => group.includes(other));
        expect([way, await verify('pq', signature, Object.values(ways))]).toEqual([way, expected]);
      }
    }
    const deterministic = { data, deterministic_signature: true };
    expect(await sign('pq', deterministic)).toBe(await sign('pq', deterministic));
    expect(await sign('pq', { data })).not.toBe(await sign('pq', { data }));
    const refused = { key: { name: 'pq' }, hash: mu, mode: { variant: 'EXTERNAL_MU' }, context };
    expect(await call('POST', '/crypto/v1/sign', { body: refused })).toMatchObject({
      status: 400,
      text: expect.stringMatching(/context/),
    });
  });

  it('ML-DSA under its older name shows both option objects', async () => {
    const sobject: unknown = JSON.parse((await call('POST', '/crypto/v1/keys/info', { body: { name: 'pq' } })).text);
    expect(sobject).toMatchObject({
      obj_type: 'MLDSA',
      mldsa: { param_set: 'MlDsa44' },
      mldsa_beta: { param_set: 'MlDsa44' },
    });
  });

  it('BIP340: with and without a taproot tweak', async () => {
    const untweaked = { hash: digest('sha256') };
    const root = Buffer.alloc(32, 1).toString('base64');
    const ways = [
      untweaked,
      { ...untweaked, mode: { merkle_root: '' } },
      { ...untweaked, mode: { merkle_root: root } },
    ];
    for (const [index, way] of ways.entries())
      expect(await verify('taproot', await sign('taproot', way), ways)).toEqual(
        ways.map((_, other) => other === index),
      );
  });

  it('inline keys sign where the server allows it, and the answer has no kid', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const value = privateKey.export({ format: 'der', type: 'sec1' }).toString('base64');
    const key = { inline: { value, obj_type: 'EC', elliptic_curve: 'NistP256' } };
    const item = { key, hash_alg: 'SHA256', data };
    const bad = { ...item, key: { inline: { ...key.inline, value: 'AAAA' } } };
    const [first, refused, third] = batchItems(
      await call('POST', '/crypto/v1/keys/batch/sign', { body: [item, bad, item] }),
    );
    for (const signed of [first, third]) {
      expect(Object.keys(signed?.body ?? {})).toEqual(['signature']);
      expect(verifyWithNode('sha256', DATA, publicKey, Buffer.from(signed?.body?.signature ?? '', 'base64'))).toBe(
        true,
      );
    }
    expect(refused).toMatchObject({ status: 400 });
    expect(JSON.stringify(refused)).not.toContain('AAAA');
    expect(await call('POST', '/crypto/v1/verify', { body: { ...item, signature: 'AAAA' } })).toMatchObject({
      status: 400,
      text: expect.stringMatching(/not supported yet/),
    });
  });
});
