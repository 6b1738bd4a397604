import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  verify,
} from 'node:crypto';
import { allAlgorithms, findAlgorithm } from '@countersign/algorithms/registry';
import { type AccountId, newId } from '@countersign/core/ids';
import type { KeyRecord } from '@countersign/core/key-record';
import type { HpkeSealed, SealingTerms } from '@countersign/core/ports/custody';
import { ed25519 } from '@noble/curves/ed25519.js';
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sealedFlags } from '../keeper/child-flags.ts';
import { plainKeyPair, plainOpen, plainSeal } from './plain-hpke.fixture.ts';
import { SealedPools } from './sealed-pools.ts';
import {
  ACCOUNT_ID,
  itemOf,
  newKey,
  permitsFor,
  recordOf,
  type SealedProcess,
  startSealedProcess,
  termsOf,
} from './sealed-process.fixture.ts';
import { VaultCustody } from './vault-custody.ts';

/** Processes under the flags and, on Linux, the system call filter that they have in service. */
interface Vault {
  readonly custody: VaultCustody;
  close(): Promise<void>;
}

async function startVault(rootKey: Uint8Array): Promise<Vault> {
  const pools = new SealedPools({ settings: { queueTimeoutMs: 60_000 } });
  const processes: SealedProcess[] = [];
  for (const role of ['signer', 'generator'] as const) {
    const process = await startSealedProcess(role, rootKey, sealedFlags(role));
    processes.push(process);
    pools.attach(role, 0, 1, process.socket);
  }
  return {
    custody: new VaultCustody(pools),
    close: async () => {
      await pools.drain();
      for (const process of processes) expect([await process.exited, process.errorOutput()]).toEqual([[0, null], '']);
    },
  };
}

const rootKey = randomBytes(32);
const message = Buffer.from('a message');
let vault: Vault;
let custody: VaultCustody;

beforeAll(async () => {
  vault = await startVault(rootKey);
  custody = vault.custody;
}, 90_000);
afterAll(() => vault.close(), 30_000);

async function signed(key: KeyRecord): Promise<Uint8Array | string> {
  const [result] = await custody.sign(permitsFor([itemOf(key, message)]));
  return result?.status === 'signed' ? Uint8Array.from(result.signature) : (result?.status ?? 'none');
}

/** By implementations that have nothing to do with the engines. */
const VERIFY: Readonly<Record<string, (signature: Uint8Array, publicKey: Uint8Array) => boolean>> = {
  'ecdsa-secp256k1': (signature, publicKey) => secp256k1.verify(signature, message, publicKey, { format: 'der' }),
  bip340: (signature, publicKey) => schnorr.verify(signature, message, publicKey),
  ed25519: (signature, publicKey) => ed25519.verify(signature, message, publicKey),
};

async function isSignedBy(key: KeyRecord): Promise<boolean> {
  const signature = await signed(key);
  const verifySignature = VERIFY[key.algorithm];
  if (typeof signature === 'string' || verifySignature === undefined) throw new Error(String(signature));
  return verifySignature(signature, key.publicKey);
}

async function derive(parent: KeyRecord, path: readonly number[], change: Partial<SealingTerms> = {}) {
  const terms = { ...termsOf(parent.algorithm), ...change };
  return recordOf(terms, await custody.transfers.deriveChild(parent, path, terms));
}

const WITH_CHILDREN = allAlgorithms().filter(({ derivesChildren }) => derivesChildren);

describe('children', () => {
  it('can be had of the algorithms that this test knows how to verify', () => {
    expect(WITH_CHILDREN.map(({ name }) => name).sort()).toEqual(Object.keys(VERIFY).sort());
  });

  it.each(WITH_CHILDREN)('of $name keys sign, each for itself', async ({ name }) => {
    const parent = await newKey(custody, name, ['sign', 'verify', 'derive-child']);
    const paths = [[0], [1], [44, 60, 0], [0x7fff_ffff], Array.from({ length: 16 }, (_, index) => index)];
    const children = await Promise.all(paths.map((path) => derive(parent, path)));
    for (const key of [parent, ...children]) expect(await isSignedBy(key)).toBe(true);
    const hexOf = (key: KeyRecord): string => Buffer.from(key.publicKey).toString('hex');
    expect(new Set([parent, ...children].map(hexOf)).size).toBe(paths.length + 1);
    expect(hexOf(await derive(parent, [44, 60, 0]))).toBe(hexOf(children[2] as KeyRecord));
  });

  it('of Ed25519 keys have parameters, which are sealed with them', async () => {
    const parent = await newKey(custody, 'ed25519', ['sign', 'derive-child']);
    const child = await derive(parent, [7], { operations: ['sign'] });
    expect(child.parameters).toEqual({ form: 'expanded' });
    expect(await signed({ ...child, parameters: {} })).toBe('refused');
    expect(await isSignedBy(child)).toBe(true);
  });

  it.each<[string, Partial<SealingTerms>]>([
    ['that could be exported', { exportable: true }],
    ['with children of its own', { operations: ['sign', 'derive-child'] }],
    ['that may do more than its parent', { operations: ['sign', 'verify', 'derive'] }],
    ['in another account', { accountId: newId<AccountId>() }],
    ['of another algorithm', { algorithm: 'bip340' }],
  ])('are refused %s', async (_what, change) => {
    const parent = await newKey(custody, 'ecdsa-secp256k1', ['sign', 'verify', 'derive-child']);
    await expect(derive(parent, [1], change)).rejects.toMatchObject({ code: 'key_not_usable' });
  });

  it('are had of keys that were sealed as masters, whatever their rows say', async () => {
    const [ordinary, other] = await Promise.all(
      [1, 2].map(() => newKey(custody, 'ecdsa-secp256k1', ['sign', 'verify'])),
    );
    if (ordinary === undefined || other === undefined) throw new Error('no key');
    const lying: KeyRecord = { ...ordinary, operations: ['sign', 'verify', 'derive-child'] };
    await expect(derive(lying, [1])).rejects.toMatchObject({ code: 'key_not_usable' });
    const master = await newKey(custody, 'ecdsa-secp256k1', ['sign', 'verify', 'derive-child']);
    const altered: readonly Partial<KeyRecord>[] = [
      { publicKey: other.publicKey },
      { id: newId() },
      { sealed: other.sealed },
    ];
    for (const change of altered)
      await expect(derive({ ...master, ...change }, [1])).rejects.toMatchObject({ code: 'key_not_usable' });
    const child = await derive(master, [1]);
    await expect(derive({ ...child, operations: ['sign', 'derive-child'] }, [1])).rejects.toMatchObject({
      code: 'key_not_usable',
    });
  });

  it('are refused at no path, a hardened one, or one that is too long', async () => {
    const parent = await newKey(custody, 'bip340', ['sign', 'verify', 'derive-child']);
    for (const path of [[], [0x8000_0000], Array.from({ length: 17 }, () => 1)])
      await expect(derive(parent, path)).rejects.toMatchObject({ code: 'invalid_request' });
  });

  it('are refused where the algorithm has none', async () => {
    const parent = await newKey(custody, 'ecdsa-p256', ['sign', 'verify', 'derive-child']);
    await expect(derive(parent, [1])).rejects.toMatchObject({ code: 'not_supported' });
  });
});

describe('a key that derives', () => {
  const prepared = findAlgorithm('dh-secp256k1')?.prepare(
    { kind: 'message', bytes: message, digest: undefined },
    { domain: Buffer.from('domain') },
    {},
  );
  const derived = async (key: KeyRecord): Promise<string> => {
    if (prepared?.ok !== true) throw new Error('not prepared');
    const [result] = await custody.sign(permitsFor([{ key, ...prepared.value }]));
    return result?.status === 'signed' ? Buffer.from(result.signature).toString('hex') : (result?.status ?? 'none');
  };

  it('does so when it was sealed for that, and signs nothing', async () => {
    const key = await newKey(custody, 'dh-secp256k1', ['derive']);
    expect(await derived(key)).toMatch(/^[0-9a-f]{64}$/);
    expect(await derived(key)).toBe(await derived(key));
    const signer = await newKey(custody, 'dh-secp256k1', ['sign', 'verify']);
    expect(await derived({ ...signer, operations: ['derive'] })).toBe('refused');
  });
});

const IMPORT_INFO = Buffer.from('countersign/hpke/v1 import');
const EXPORT_INFO = Buffer.from('countersign/hpke/v1 export');

async function sealForImport(
  algorithm: string,
  privateKey: Uint8Array,
  account: string = ACCOUNT_ID,
): Promise<HpkeSealed> {
  const associatedData = Buffer.from(`{"account":"${account}","algorithm":"${algorithm}"}`);
  return plainSeal(await custody.transfers.importPublicKey(), privateKey, IMPORT_INFO, associatedData);
}

async function imported(algorithm: string, privateKey: Uint8Array, change: Partial<SealingTerms> = {}) {
  const terms = { ...termsOf(algorithm), ...change };
  const sealed = await sealForImport(algorithm, privateKey);
  return recordOf(terms, await custody.transfers.importEncrypted(terms, sealed));
}

/** Opens an export with the recipient's private key. */
async function exported(key: KeyRecord): Promise<Buffer> {
  const recipient = plainKeyPair();
  const sealed = await custody.transfers.exportEncrypted(key, recipient.publicKey);
  const associatedData = Buffer.from(`{"account":"${key.accountId}","key":"${key.id}"}`);
  return Buffer.from(plainOpen(recipient, sealed, EXPORT_INFO, associatedData));
}

const pkcs8 = (key: KeyObject): Buffer => key.export({ format: 'der', type: 'pkcs8' });

describe('import', () => {
  it('has one public key for the life of the root key', async () => {
    const publicKey = await custody.transfers.importPublicKey();
    expect(publicKey).toHaveLength(32);
    const again = await startVault(rootKey);
    const other = await startVault(randomBytes(32));
    expect(await again.custody.transfers.importPublicKey()).toEqual(publicKey);
    expect(await other.custody.transfers.importPublicKey()).not.toEqual(publicKey);
    await Promise.all([again.close(), other.close()]);
  }, 60_000);

  it('seals a key that came encrypted, which then signs', async () => {
    const pairs = [
      ['ecdsa-p256', generateKeyPairSync('ec', { namedCurve: 'P-256' }), 'sha256'],
      ['ed25519', generateKeyPairSync('ed25519'), null],
      ['rsa', generateKeyPairSync('rsa', { modulusLength: 2048 }), 'sha256'],
    ] as const;
    for (const [algorithm, { privateKey, publicKey }, digest] of pairs) {
      const key = await imported(algorithm, pkcs8(privateKey));
      const signature = await signed(key);
      if (typeof signature === 'string') throw new Error(`${algorithm}: ${signature}`);
      expect(verify(digest, message, publicKey, signature), algorithm).toBe(true);
    }
    const scalar = randomBytes(32);
    const taproot = await imported('bip340', scalar);
    expect(Buffer.from(taproot.publicKey).equals(schnorr.getPublicKey(scalar))).toBe(true);
    expect(await isSignedBy(taproot)).toBe(true);
  }, 30_000);

  it('takes masters, whose children are those of the same key anywhere', async () => {
    const seed = generateKeyPairSync('ed25519').privateKey;
    const masters = await Promise.all(
      [1, 2].map(() => imported('ed25519', pkcs8(seed), { operations: ['sign', 'derive-child'] })),
    );
    const children = await Promise.all(masters.map((master) => derive(master, [3], { operations: ['sign'] })));
    expect(children[0]?.publicKey).toEqual(children[1]?.publicKey);
  });

  it('opens nothing that was meant for another account, algorithm or purpose, or was altered', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const terms = termsOf('ecdsa-p256');
    const good = await sealForImport('ecdsa-p256', pkcs8(privateKey));
    const associatedData = Buffer.from(`{"account":"${ACCOUNT_ID}","algorithm":"ecdsa-p256"}`);
    const importKey = await custody.transfers.importPublicKey();
    const bad: readonly HpkeSealed[] = [
      await sealForImport('ecdsa-p256', pkcs8(privateKey), newId<AccountId>()),
      await sealForImport('ecdsa-p384', pkcs8(privateKey)),
      plainSeal(importKey, pkcs8(privateKey), EXPORT_INFO, associatedData),
      plainSeal(randomBytes(32), pkcs8(privateKey), IMPORT_INFO, associatedData),
      { ...good, ciphertext: Buffer.concat([good.ciphertext, Buffer.of(0)]) },
      { ...good, ciphertext: new Uint8Array(0) },
      { ...good, enc: new Uint8Array(32) },
      { ...good, enc: new Uint8Array(31) },
    ];
    for (const sealed of bad)
      await expect(custody.transfers.importEncrypted(terms, sealed)).rejects.toMatchObject({ code: 'invalid_request' });
    const nonsense = await sealForImport('ecdsa-p256', randomBytes(100));
    await expect(custody.transfers.importEncrypted(terms, nonsense)).rejects.toMatchObject({ code: 'invalid_request' });
    const huge = await sealForImport('ecdsa-p256', randomBytes(70_000));
    await expect(custody.transfers.importEncrypted(terms, huge)).rejects.toMatchObject({ code: 'invalid_request' });
    expect((await custody.transfers.importEncrypted(terms, good)).publicKey).toHaveLength(65);
  });

  it('keeps the order of messages that wait for one another', async () => {
    const mixed = Array.from({ length: 24 }, async (_, index) => {
      if (index % 3 === 0) return (await newKey(custody, 'ecdsa-p256')).algorithm;
      if (index % 3 === 1) return (await custody.transfers.importPublicKey()).length;
      return (await imported('bip340', randomBytes(32))).algorithm;
    });
    const expected = Array.from({ length: 24 }, (_, index) => ['ecdsa-p256', 32, 'bip340'][index % 3]);
    expect(await Promise.all(mixed)).toEqual(expected);
  });
});

describe('export', () => {
  const exportable = { exportable: true };

  it.each(['rsa', 'ecdsa-p384', 'ecdsa-secp256k1', 'ed25519', 'ed448', 'ml-dsa-44'])(
    'gives a %s key as PKCS#8 to the recipient alone, and it is the same key',
    async (name) => {
      const terms = { ...termsOf(name), ...exportable };
      const defaults = findAlgorithm(name)?.parseParameters({});
      const key = recordOf(terms, await custody.generate(terms, defaults?.ok === true ? defaults.value : {}));
      const encoded = await exported(key);
      const spki = createPublicKey(createPrivateKey({ key: encoded, format: 'der', type: 'pkcs8' }));
      expect(spki.export({ format: 'der', type: 'spki' }).toString('hex')).toBe(
        Buffer.from(findAlgorithm(name)?.encodeSpki(key.publicKey, key.parameters) ?? []).toString('hex'),
      );
      expect((await imported(name, encoded)).publicKey).toEqual(key.publicKey);
    },
    60_000,
  );

  it('gives the bytes of a key without an encoding of its own', async () => {
    const scalar = randomBytes(32);
    const terms = { ...termsOf('bip340'), ...exportable };
    const key = await imported('bip340', scalar, terms);
    expect((await exported(key)).equals(scalar)).toBe(true);
  });

  it('gives nothing of a key that was not sealed as exportable, whatever its row says', async () => {
    const key = await newKey(custody, 'ecdsa-p256', ['sign', 'verify', 'export']);
    await expect(exported({ ...key, exportable: true })).rejects.toMatchObject({ code: 'key_not_usable' });
    const terms = { ...termsOf('ecdsa-p256'), ...exportable };
    const other = recordOf(terms, await custody.generate(terms, {}));
    for (const change of [
      { id: newId() },
      { accountId: newId() },
      { publicKey: key.publicKey },
      { sealed: key.sealed },
    ])
      await expect(exported({ ...other, ...(change as Partial<KeyRecord>) })).rejects.toMatchObject({
        code: 'key_not_usable',
      });
    await expect(exported({ ...other, sealed: undefined })).rejects.toMatchObject({ code: 'key_not_usable' });
  });

  it.each(WITH_CHILDREN)('gives nothing of a child of a $name key', async ({ name }) => {
    const terms = { ...termsOf(name, ['sign', 'verify', 'derive-child']), ...exportable };
    const parent = recordOf(terms, await custody.generate(terms, {}));
    const child = await derive(parent, [1]);
    await expect(exported({ ...child, exportable: true })).rejects.toMatchObject({ code: 'key_not_usable' });
  });

  it('refuses recipients that nothing can be kept secret with', async () => {
    const terms = { ...termsOf('ecdsa-p256'), ...exportable };
    const key = recordOf(terms, await custody.generate(terms, {}));
    for (const recipient of [new Uint8Array(32), new Uint8Array(31), new Uint8Array(33)])
      await expect(custody.transfers.exportEncrypted(key, recipient)).rejects.toMatchObject({
        code: 'invalid_request',
      });
  });
});
