import { beforeEach, describe, expect, it } from 'vitest';
import { inMemoryWalletStore } from '../../test/in-memory-wallet-store.ts';
import { accountId, groupId, keyOf, principalWith } from '../../test/recording-ports.ts';
import { DomainError } from '../domain-error.ts';
import { type GroupId, type KeyId, newId, type PrincipalId } from '../ids.ts';
import type { KeyRecord } from '../key-record.ts';
import type { NewKey } from '../keys.ts';
import { canSeeKey } from '../policy/key-access.ts';
import type { Caller, Grant, Permission } from '../principal.ts';
import { createWallets } from './create-wallets.ts';
import type { Wallets } from './wallets.ts';

/** Generator of secp256k1 (SEC 2, section 2.4.1), uncompressed: the public key of the private key 1. */
const GENERATOR = Buffer.from(
  '0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8',
  'hex',
);
/** Known answer: viem 2.57.1, `privateKeyToAddress` of the private key 1, in lower case. */
const ADDRESS_OF_GENERATOR = '0x7e5f4552091a69125d5dfcb7b8c2659029395bdf';

const NEW_KEY: NewKey = {
  name: undefined,
  description: '',
  groupId: undefined,
  algorithm: 'ecdsa-secp256k1',
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
};
const ETHEREUM = { network: 'Ethereum', chain: 'evm', name: undefined, tags: [], externalId: undefined } as const;
const PAGE = { after: undefined, limit: 10 };

let stored: Map<KeyId, KeyRecord>;
let wallets: Wallets;

beforeEach(() => {
  stored = new Map();
  const keys = {
    async find({ principal }: Caller, reference: unknown) {
      const key = stored.get((reference as { readonly id: KeyId }).id);
      if (key === undefined || !canSeeKey(principal, key)) throw new DomainError('not_found', 'no such key');
      return key;
    },
    generate: async (_caller: Caller, request: NewKey) => add({ algorithm: request.algorithm }),
  };
  wallets = createWallets({
    wallets: inMemoryWalletStore((id) => stored.get(id)),
    keys,
    keyStore: {
      resolve: async (_account, references) =>
        references.map((reference) => (reference.by === 'id' ? stored.get(reference.id) : undefined)),
      remove: async (_account, id) => stored.delete(id),
    },
    directory: {
      account: async (id) => ({ id, name: 'a', settings: { allowLegacy: [] }, createdAtMs: 0, revision: 1 }),
    },
    now: () => 1_000,
  });
});

function add(overrides: Partial<KeyRecord>): KeyRecord {
  const key = keyOf({ algorithm: 'ecdsa-secp256k1', publicKey: GENERATOR, ...overrides });
  stored.set(key.id, key);
  return key;
}

function caller(permissions: readonly Permission[], ...more: readonly Grant[]): Caller {
  const principal = principalWith([{ scope: { kind: 'account' }, permissions }, ...more]);
  return { principal, session: undefined, dialect: 'test' };
}

const administrator = caller(['administer']);

describe('a wallet', () => {
  it('is made on a key that exists, or on a new one, with the address of its chain', async () => {
    const key = add({});
    const onExisting = await wallets.create(administrator, ETHEREUM, { existing: key.id });
    expect(onExisting.wallet).toMatchObject({ ...ETHEREUM, keyId: key.id, accountId, createdAtMs: 1_000 });
    expect(onExisting.wallet.address?.toLowerCase()).toBe(ADDRESS_OF_GENERATOR);
    const onNew = await wallets.create(administrator, ETHEREUM, { create: NEW_KEY });
    expect(onNew.wallet.keyId).toBe(onNew.key.id);
    expect(await wallets.get(administrator, onNew.wallet.id)).toEqual(onNew);
    expect(await wallets.ofKey(administrator, key.id)).toEqual([onExisting.wallet]);
    expect((await wallets.list(administrator, PAGE)).items).toHaveLength(2);
  });

  it('of a network without a chain has no address', async () => {
    const bare = { ...ETHEREUM, network: 'KeyEdDSA', chain: undefined };
    const { wallet } = await wallets.create(administrator, bare, { existing: add({ algorithm: 'ed25519' }).id });
    expect(wallet).toMatchObject({ network: 'KeyEdDSA', chain: undefined, address: undefined });
  });

  it('is refused on a key that the chain does not use, and the key made for it is gone again', async () => {
    const create = { ...NEW_KEY, algorithm: 'ed25519' };
    await expect(wallets.create(administrator, ETHEREUM, { create })).rejects.toMatchObject({
      code: 'invalid_request',
    });
    const none = { ...ETHEREUM, chain: 'no-such-chain' };
    await expect(wallets.create(administrator, none, { create: NEW_KEY })).rejects.toMatchObject({
      code: 'not_supported',
    });
    const transient = { ...NEW_KEY, persistence: 'transient' as const };
    await expect(wallets.create(administrator, ETHEREUM, { create: transient })).rejects.toMatchObject({
      code: 'invalid_request',
    });
    expect(stored.size).toBe(0);
  });

  it('needs the permission, and that of reusing a key on that key', async () => {
    const key = add({});
    const existing = { existing: key.id };
    const forbidden = { code: 'forbidden' };
    const onKey = (permission: Permission): Grant => ({
      scope: { kind: 'key', keyId: key.id },
      permissions: [permission],
    });
    await expect(wallets.create(caller([], onKey('reuse-key')), ETHEREUM, existing)).rejects.toMatchObject(forbidden);
    await expect(wallets.create(caller(['create-wallet'], onKey('sign')), ETHEREUM, existing)).rejects.toMatchObject(
      forbidden,
    );
    await expect(wallets.create(caller(['create-wallet']), ETHEREUM, existing)).rejects.toMatchObject({
      code: 'not_found',
    });
    await wallets.create(caller(['create-wallet'], onKey('reuse-key')), ETHEREUM, existing);
    const delegated = add({ delegatedTo: newId() });
    await expect(wallets.create(administrator, ETHEREUM, { existing: delegated.id })).rejects.toMatchObject(forbidden);
  });

  it('is seen by those who see its key, and may read wallets', async () => {
    const [own, other] = [add({}), add({ groupId: newId<GroupId>() })];
    const [first, second] = [
      (await wallets.create(administrator, ETHEREUM, { existing: own.id })).wallet,
      (await wallets.create(administrator, ETHEREUM, { existing: other.id })).wallet,
    ];
    const inGroup: Grant = { scope: { kind: 'group', groupId }, permissions: ['sign'] };
    const reader = caller(['read-wallets'], inGroup);
    expect((await wallets.list(reader, PAGE)).items.map(({ wallet }) => wallet.id)).toEqual([first.id]);
    expect((await wallets.get(reader, first.id)).key.id).toBe(own.id);
    const hidden = { code: 'not_found', subject: 'wallet' };
    await expect(wallets.get(reader, second.id)).rejects.toMatchObject(hidden);
    await expect(wallets.get(reader, newId())).rejects.toMatchObject(hidden);
    await expect(wallets.list(caller([], inGroup), PAGE)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(wallets.get(caller([], inGroup), first.id)).rejects.toMatchObject({ code: 'forbidden' });
    const seesNoKey = caller(['read-wallets']);
    expect(await wallets.list(seesNoKey, { ...PAGE, limit: 1 })).toEqual({ items: [], more: false });
  });

  it("on a key that is delegated is its person's alone, beside administrators", async () => {
    const owner = caller(['read-wallets', 'create-wallet']);
    const delegated = add({});
    const { wallet } = await wallets.create(administrator, ETHEREUM, { existing: delegated.id });
    stored.set(delegated.id, { ...delegated, delegatedTo: owner.principal.id });
    const reuse = { kind: 'key', keyId: delegated.id } as const;
    const holds = caller(['read-wallets', 'create-wallet'], { scope: reuse, permissions: ['reuse-key', 'sign'] });
    const other = { ...holds, principal: { ...holds.principal, id: newId<PrincipalId>() } };
    await expect(wallets.get(other, wallet.id)).rejects.toMatchObject({ code: 'not_found', subject: 'wallet' });
    expect((await wallets.list(other, PAGE)).items).toEqual([]);
    await expect(wallets.create(other, ETHEREUM, { existing: delegated.id })).rejects.toMatchObject({
      code: 'not_found',
    });
    expect((await wallets.get(owner, wallet.id)).wallet).toEqual(wallet);
    expect((await wallets.list(owner, PAGE)).items.map(({ wallet: { id } }) => id)).toEqual([wallet.id]);
    expect((await wallets.list(administrator, PAGE)).items).toHaveLength(1);
    const narrowed = { ...owner, principal: { ...owner.principal, narrowedTo: new Set<Permission>(['read-wallets']) } };
    expect((await wallets.list(narrowed, PAGE)).items).toEqual([]);
    await expect(wallets.get(narrowed, wallet.id)).rejects.toMatchObject({ code: 'not_found' });
  });

  it.each([
    ['no network', { network: '' }],
    ['a long network', { network: 'x'.repeat(65) }],
    ['a name of two lines', { name: 'a\nb' }],
    ['51 tags', { tags: Array.from({ length: 51 }, (_, i) => `t${i}`) }],
    ['a long tag', { tags: ['x'.repeat(101)] }],
    ['an empty tag', { tags: [''] }],
    ['a tag twice', { tags: ['a', 'a'] }],
    ['an empty external id', { externalId: '' }],
  ])('is not made with %s', async (_what, change) => {
    const request = { ...ETHEREUM, ...change };
    await expect(wallets.create(administrator, request, { create: NEW_KEY })).rejects.toMatchObject({
      code: 'invalid_request',
    });
    expect(stored.size).toBe(0);
  });
});

describe('a wallet with an external id', () => {
  const request = { ...ETHEREUM, tags: ['a', 'b'], externalId: 'x-1' };

  it('is made once, however often and at once it is asked for', async () => {
    const made = await Promise.all([1, 2, 3, 4].map(() => wallets.create(administrator, request, { create: NEW_KEY })));
    expect(new Set(made.map(({ wallet }) => wallet.id)).size).toBe(1);
    expect(stored.size).toBe(1);
    const [first] = made;
    expect(await wallets.create(administrator, request, { create: NEW_KEY })).toEqual(first);
    const again = await wallets.create(administrator, request, { existing: first?.key.id ?? newId() });
    expect(again).toEqual(first);
  });

  it.each([
    ['network', { network: 'Polygon' }],
    ['chain', { chain: undefined }],
    ['name', { name: 'n' }],
    ['tags', { tags: ['b', 'a'] }],
    ['number of tags', { tags: ['a'] }],
    ['tag more', { tags: ['a', 'b', 'c'] }],
  ])('stands in the way of another one with another %s', async (_what, change) => {
    const { wallet } = await wallets.create(administrator, request, { create: NEW_KEY });
    const conflict = { code: 'conflict', subject: 'wallet', objectId: wallet.id };
    const other = { ...request, ...change };
    await expect(wallets.create(administrator, other, { create: NEW_KEY })).rejects.toMatchObject(conflict);
    await expect(wallets.create(administrator, request, { existing: add({}).id })).rejects.toMatchObject(conflict);
    const ed25519 = { create: { ...NEW_KEY, algorithm: 'ed25519' } };
    await expect(wallets.create(administrator, request, ed25519)).rejects.toMatchObject(conflict);
  });

  it('after a failure can be asked for again', async () => {
    const bad = { ...request, chain: 'no-such-chain' };
    const attempts = await Promise.allSettled([
      wallets.create(administrator, bad, { create: NEW_KEY }),
      wallets.create(administrator, request, { create: NEW_KEY }),
    ]);
    expect(attempts.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  });
});
