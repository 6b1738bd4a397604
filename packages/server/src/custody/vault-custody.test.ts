import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto';
import { findAlgorithm } from '@countersign/algorithms/registry';
import { newId } from '@countersign/core/ids';
import type { KeyRecord } from '@countersign/core/key-record';
import { PermitSet } from '@countersign/core/permit';
import type { CustodySignature } from '@countersign/core/ports/custody';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCustodies } from './custodies.ts';
import { KeylessVerifier } from './keyless-verifier.ts';
import { SealedPools } from './sealed-pools.ts';
import {
  itemOf,
  newKey,
  permitsFor,
  recordOf,
  type SealedProcess,
  startSealedProcess,
  termsOf,
} from './sealed-process.fixture.ts';
import { VaultCustody } from './vault-custody.ts';

const rootKey = randomBytes(32);
const pools = new SealedPools({ settings: { queueTimeoutMs: 60_000 } });
const custody = new VaultCustody(pools);
const verifier = new KeylessVerifier(pools);
const processes: SealedProcess[] = [];

beforeAll(async () => {
  for (const role of ['signer', 'generator', 'verifier'] as const) {
    const process = await startSealedProcess(role, role === 'verifier' ? undefined : rootKey);
    processes.push(process);
    pools.attach(role, 0, 1, process.socket);
  }
}, 90_000);

afterAll(async () => {
  await pools.drain();
  // Each ends with its channel, and says nothing on the way.
  for (const process of processes) expect(await process.exited).toEqual([0, null]);
}, 30_000);

/** By Node's own OpenSSL interface, not by the engine that signed. */
function isGood(key: KeyRecord, message: Uint8Array, result: CustodySignature | undefined): boolean {
  if (result?.status !== 'signed') return false;
  const spki = findAlgorithm(key.algorithm)?.encodeSpki(key.publicKey, key.parameters);
  if (spki === undefined) return false;
  const publicKey = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  const digest = createHash('sha256').update(result.signature).digest();
  return (
    verify(key.algorithm === 'ed25519' ? null : 'sha256', message, publicKey, result.signature) &&
    digest.equals(result.signatureDigest)
  );
}

async function signOne(key: KeyRecord): Promise<CustodySignature['status'] | undefined> {
  const [result] = await custody.sign(permitsFor([itemOf(key, Buffer.from('message'))]));
  return result?.status;
}

describe('the vault', () => {
  it('is found in the registry of custodies by its name', () => {
    expect([...createCustodies(pools).keys()]).toEqual(['vault']);
  });

  it.each(['ecdsa-p256', 'ed25519'])(
    'signs with a generated %s key',
    async (algorithm) => {
      const key = await newKey(custody, algorithm);
      const message = Buffer.from('to be signed');
      const [result] = await custody.sign(permitsFor([itemOf(key, message)]));
      expect(isGood(key, message, result)).toBe(true);
    },
    60_000,
  );

  it('keeps the order of a batch of 10,000 items with mixed keys', async () => {
    const names = ['ecdsa-p256', 'ed25519', 'ecdsa-p256', 'ecdsa-secp256k1', 'ed25519'];
    const keys = await Promise.all(names.map((name) => newKey(custody, name)));
    const messages = Array.from({ length: 10_000 }, (_, index) => Buffer.from(`message ${index}`));
    const keyOf = (index: number): KeyRecord => keys[(index * 7 + (index >> 5)) % keys.length] as KeyRecord;
    const items = messages.map((message, index) => itemOf(keyOf(index), message));
    const results = await custody.sign(permitsFor(items));
    expect(results).toHaveLength(items.length);
    for (let index = 0; index < items.length; index += 97) {
      expect(isGood(keyOf(index), messages[index] as Buffer, results[index]), `item ${index}`).toBe(true);
    }
    const verdicts = await verifier.verify(
      items.map((item, index) => {
        const result = results[index];
        return { ...item, signature: result?.status === 'signed' ? result.signature : new Uint8Array(1) };
      }),
    );
    expect(verdicts.every((verdict) => verdict === true)).toBe(true);
  }, 90_000);

  it('gives a bad item its own status and spoils no neighbour', async () => {
    const key = await newKey(custody, 'ecdsa-p256');
    const message = Buffer.from('m');
    const good = itemOf(key, message);
    const items = [
      good,
      { ...good, bytes: new Uint8Array(0) },
      { ...good, scheme: { unknown: true } },
      { ...good, key: { ...key, sealed: undefined } },
      { ...good, bytes: new Uint8Array(9_000_000) },
      good,
    ];
    const results = await custody.sign(permitsFor(items));
    expect(results.map((result) => result.status)).toEqual([
      'signed',
      'invalid',
      'invalid',
      'refused',
      'invalid',
      'signed',
    ]);
    expect(isGood(key, message, results[5])).toBe(true);
  });

  it('does not sign for a row with another public key, algorithm, account, id or parameters', async () => {
    const key = await newKey(custody, 'ecdsa-p256');
    const other = await newKey(custody, 'ecdsa-p256');
    expect(await signOne(key)).toBe('signed');
    const altered: readonly Partial<KeyRecord>[] = [
      { publicKey: other.publicKey },
      { algorithm: 'ecdsa-secp256k1' },
      { accountId: newId() },
      { id: newId() },
      { parameters: { more: 1 } },
      { sealed: other.sealed },
      { sealed: Buffer.alloc(200) },
    ];
    for (const change of altered) {
      expect(await signOne({ ...key, ...change }), Object.keys(change).join()).toBe('refused');
    }
    // And the alterations didn't ride on, or spoil, the key in the cache.
    expect(await signOne(key)).toBe('signed');
  });

  it('does not sign with a key that was sealed without "sign", whatever its row says', async () => {
    const key = await newKey(custody, 'ecdsa-p256', ['verify']);
    expect(await signOne({ ...key, operations: ['sign', 'verify'] })).toBe('refused');
  });

  it('imports a key, seals it, and signs with it', async () => {
    const { generateKeyPairSync } = await import('node:crypto');
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const terms = termsOf('ecdsa-p256');
    const pair = await custody.importKey(terms, privateKey.export({ format: 'der', type: 'pkcs8' }));
    const spki = publicKey.export({ format: 'der', type: 'spki' });
    expect(spki.subarray(-65).equals(pair.publicKey)).toBe(true);
    expect(await signOne(recordOf(terms, pair))).toBe('signed');
    const bad = custody.importKey(termsOf('ecdsa-p256'), randomBytes(100));
    await expect(bad).rejects.toMatchObject({ code: 'invalid_request' });
  });

  it('says that an algorithm without an engine is not supported', async () => {
    await expect(custody.generate(termsOf('no-such-algorithm'), {})).rejects.toMatchObject({ code: 'not_supported' });
  });

  it('takes nothing but a permit set, and each only once', async () => {
    const key = await newKey(custody, 'ecdsa-p256');
    const permits = permitsFor([itemOf(key, Buffer.from('m'))]);
    await custody.sign(permits);
    await expect(custody.sign(permits)).rejects.toMatchObject({ code: 'internal' });
    const items = [itemOf(key, Buffer.from('m'))];
    const forgeries: readonly unknown[] = [
      undefined,
      { batchId: 5, items, size: 1 },
      Object.assign(Object.create(PermitSet.prototype) as object, { items }),
    ];
    for (const forged of forgeries) {
      await expect(custody.sign(forged as PermitSet)).rejects.toMatchObject({ code: 'internal' });
    }
  });

  it('refuses a batch id that it has signed for', async () => {
    const items = [itemOf(await newKey(custody, 'ecdsa-p256'), Buffer.from('m'))];
    const batchId = 2 ** 40;
    expect((await custody.sign(permitsFor(items, batchId)))[0]?.status).toBe('signed');
    expect((await custody.sign(permitsFor(items, batchId)))[0]?.status).toBe('refused');
  });
});

describe('the verifier', () => {
  it('tells good, bad and unusable apart', async () => {
    const key = await newKey(custody, 'ecdsa-p256');
    const item = itemOf(key, Buffer.from('m'));
    const [result] = await custody.sign(permitsFor([item]));
    if (result?.status !== 'signed') throw new Error('not signed');
    const flipped = Uint8Array.from(result.signature);
    flipped[flipped.length - 1] = (flipped[flipped.length - 1] ?? 0) ^ 1;
    const good = { ...item, signature: result.signature };
    const verdicts = await verifier.verify([
      good,
      { ...good, signature: flipped },
      { ...good, signature: new Uint8Array(0) },
      { ...good, key: { ...key, publicKey: new Uint8Array(65).fill(4) } },
      { ...good, key: { ...key, algorithm: 'none' } },
      { ...good, scheme: { unknown: 1 } },
      good,
    ]);
    expect(verdicts).toEqual([true, false, false, 'invalid', 'invalid', 'invalid', true]);
  });
});
