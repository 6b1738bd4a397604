/** The part of the store's contract that is about wallets. */
import { type GroupId, type KeyId, newId, type PrincipalId, type WalletId } from '@countersign/core/ids';
import type { Wallet } from '@countersign/core/wallets/wallet';
import { describe, expect, it } from 'vitest';
import { newWallet } from './identity-fixtures.ts';
import type { Store } from './store.ts';
import type { StoreTests } from './store-contract.ts';
import { type Household, newHousehold, newKey } from './store-fixtures.ts';

export function describeWalletStore({ opened, reopened }: StoreTests): void {
  describe('wallets', () => {
    async function ofKeys(store: Store, home: Household, keys: readonly KeyId[]): Promise<WalletId[][]> {
      const account = await store.directory.account(home.account.id);
      if (account === undefined) throw new Error('no account');
      return (await store.wallets.ofKeys(account, keys)).map((wallets) => wallets.map(({ id }) => id));
    }

    it('come back with every field, after a restart too, and to their own account alone', async () => {
      const { store, home, at } = await opened();
      const key = newKey(home);
      await store.keys.insert(key);
      const by = home.administrator.id;
      const full = newWallet(home, key, { externalId: 'mine', archivedAtMs: 99 });
      const bare = newWallet(home, key, { chain: undefined, address: undefined, name: undefined, tags: [] });
      for (const wallet of [full, bare]) await store.wallets.insert(wallet, by);
      for (const next of [() => store, () => reopened(store, at)]) {
        const { wallets } = await next();
        for (const wallet of [full, bare]) expect(await wallets.find(home.account.id, wallet.id)).toEqual(wallet);
        expect(await wallets.byExternalId(home.account.id, 'mine')).toEqual(full);
        expect(await wallets.byExternalId(home.account.id, 'other')).toBeUndefined();
        expect(await wallets.find(newId(), full.id)).toBeUndefined();
        expect(await wallets.byExternalId(newId(), 'mine')).toBeUndefined();
      }
    });

    it('have external ids of their own in the account, and a key of it; a refused one leaves nothing', async () => {
      const { store, home } = await opened();
      const other = newHousehold();
      await store.directory.install(other);
      const [key, foreign] = [newKey(home), newKey(other)];
      for (const each of [key, foreign]) await store.keys.insert(each);
      const by = home.administrator.id;
      await store.wallets.insert(newWallet(home, key, { externalId: 'mine' }), by);
      await store.wallets.insert(newWallet(other, foreign, { externalId: 'mine' }), by);
      const { size } = await store.log.head();
      const again = newWallet(home, key, { externalId: 'mine' });
      await expect(store.wallets.insert(again, by)).rejects.toMatchObject({ code: 'conflict', subject: 'external-id' });
      for (const keyless of [newKey(home), foreign])
        await expect(store.wallets.insert(newWallet(home, keyless), by)).rejects.toMatchObject({
          code: 'not_found',
          subject: 'key',
        });
      expect(await store.wallets.find(home.account.id, again.id)).toBeUndefined();
      expect((await store.log.head()).size).toBe(size);
    });

    it('made at the same moment with one external id are one', async () => {
      const { store, home } = await opened();
      const key = newKey(home);
      await store.keys.insert(key);
      const wallets = Array.from({ length: 5 }, () => newWallet(home, key, { externalId: 'mine' }));
      const results = await Promise.allSettled(
        wallets.map((wallet) => store.wallets.insert(wallet, home.administrator.id)),
      );
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    });

    it('of keys are given in order, and follow every change; each change is a new revision', async () => {
      const { store, home } = await opened();
      const [a, b] = [newKey(home), newKey(home)];
      for (const key of [a, b]) await store.keys.insert(key);
      const by = home.administrator.id;
      expect(await ofKeys(store, home, [a.id, b.id])).toEqual([[], []]);
      const before = (await store.directory.account(home.account.id))?.revision ?? 0;
      const wallets = [newWallet(home, a), newWallet(home, a), newWallet(home, b)] as const;
      for (const wallet of wallets) await store.wallets.insert(wallet, by);
      expect((await store.directory.account(home.account.id))?.revision).toBe(before + 3);
      const ofA = [wallets[0].id, wallets[1].id].sort();
      expect(await ofKeys(store, home, [b.id, newId(), a.id])).toEqual([[wallets[2].id], [], ofA]);
      await store.keys.remove(home.account.id, a.id, by);
      expect(await ofKeys(store, home, [b.id, a.id])).toEqual([[wallets[2].id], []]);
      expect(await store.wallets.find(home.account.id, wallets[0].id)).toBeUndefined();
    });

    it('are listed by id, page by page, of the groups and keys that were asked for', async () => {
      const { store, home } = await opened();
      const { account, administrator } = home;
      const second = { ...home.group, id: newId<GroupId>(), name: 'second' };
      await store.directory.insertGroup(second);
      const keys = [newKey(home), newKey(home, { groupId: second.id }), newKey(home)] as const;
      for (const key of keys) await store.keys.insert(key);
      const wallets = Array.from({ length: 11 }, (_, i) => newWallet(home, keys[i % 3] ?? keys[0]));
      for (const wallet of wallets) await store.wallets.insert(wallet, administrator.id);
      const all = async (query: Partial<Parameters<Store['wallets']['list']>[0]>): Promise<WalletId[]> => {
        const found: WalletId[] = [];
        for (let after: WalletId | undefined; ; after = found.at(-1)) {
          const page = await store.wallets.list({ accountId: account.id, among: 'all', after, limit: 2, ...query });
          expect(page.items.length).toBe(page.more ? 2 : page.items.length);
          found.push(...page.items.map(({ id }) => id));
          if (!page.more) return found;
        }
      };
      const idsOf = (isAsked: (wallet: Wallet) => boolean): WalletId[] =>
        wallets
          .filter(isAsked)
          .map(({ id }) => id)
          .sort();
      expect(await all({})).toEqual(idsOf(() => true));
      const ofSecond = idsOf(({ keyId }) => keyId === keys[1].id);
      expect(await all({ among: { groups: [second.id], keys: [] } })).toEqual(ofSecond);
      expect(await all({ among: { groups: [second.id, second.id], keys: [keys[0].id, keys[1].id] } })).toEqual(
        idsOf(({ keyId }) => keyId !== keys[2].id),
      );
      expect(await all({ among: { groups: [], keys: [] } })).toEqual([]);
      expect(await all({ accountId: newId(), among: { groups: [second.id], keys: [keys[0].id] } })).toEqual([]);
      for (const limit of [0, -1, 1.5, 1_001])
        await expect(
          store.wallets.list({ accountId: account.id, among: 'all', after: undefined, limit }),
        ).rejects.toMatchObject({ code: 'invalid_request' });
    });

    it('of delegated keys are listed for the delegate alone, whether made before or after', async () => {
      const { store, home } = await opened();
      const { account, administrator, group } = home;
      const keys = [newKey(home), newKey(home)] as const;
      for (const key of keys) await store.keys.insert(key);
      const [open, mine] = keys;
      const delegate = newId<PrincipalId>();
      const wallets = [newWallet(home, open), newWallet(home, mine), newWallet(home, mine)] as const;
      await store.wallets.insert(wallets[0], administrator.id);
      await store.wallets.insert(wallets[1], administrator.id);
      expect(
        await store.keys.change(account.id, mine.id, 1, { delegatedTo: delegate }, administrator.id),
      ).toBeDefined();
      await store.wallets.insert(wallets[2], administrator.id);
      const seen = async (viewer: PrincipalId | undefined, among: Parameters<Store['wallets']['list']>[0]['among']) =>
        (await store.wallets.list({ accountId: account.id, among, viewer, after: undefined, limit: 10 })).items.map(
          ({ id }) => id,
        );
      const every = wallets.map(({ id }) => id).sort();
      const others = [wallets[0].id];
      const ofDelegate = [wallets[1].id, wallets[2].id].sort();
      const groups = { groups: [group.id], keys: [mine.id] };
      expect(await seen(undefined, 'all')).toEqual(every);
      expect(await seen(undefined, groups)).toEqual(every);
      expect(await seen(administrator.id, 'all')).toEqual(others);
      expect(await seen(administrator.id, groups)).toEqual(others);
      expect(await seen(delegate, { groups: [], keys: [] })).toEqual(ofDelegate);
      expect(await seen(delegate, 'all')).toEqual(every);
    });
  });
}
