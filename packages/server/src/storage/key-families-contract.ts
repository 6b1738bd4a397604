/** What a store does with keys that have parents, changed names and owners, or were outside. */
import { type GroupId, type KeyId, newId, type PrincipalId } from '@countersign/core/ids';
import type { KeyRecord } from '@countersign/core/key-record';
import type { Group, KeyQuery } from '@countersign/core/ports/directory';
import { describe, expect, it } from 'vitest';
import type { Store } from './store.ts';
import type { StoreTests } from './store-contract.ts';
import { completed, type Household, newHousehold, newKey, newKeyOfShare, newShare } from './store-fixtures.ts';

const PATH_TAKEN = { code: 'conflict', subject: 'derivation-path', message: 'duplicate derivation path' };
const NAME_TAKEN = { code: 'conflict', subject: 'unique-name' };

export function describeKeyFamilies({ opened, reopened }: StoreTests): void {
  async function find(store: Store, home: Household, id: KeyId): Promise<KeyRecord | undefined> {
    return (await store.keys.resolve(home.account.id, [{ by: 'id', id }]))[0];
  }

  const revisionOf = async (store: Store, home: Household): Promise<number> =>
    (await store.directory.account(home.account.id))?.revision ?? 0;

  describe('keys with a history', () => {
    it('come back with parent, path, owner and what left', async () => {
      const { store, home, at } = await opened();
      const parent = newKey(home);
      const keys = [
        newKey(home, { derivedFrom: { keyId: parent.id, path: [0] } }),
        newKey(home, { derivedFrom: { keyId: parent.id, path: [44, 60, 0, 255, 256, 0x7fff_ffff] } }),
        newKey(home, { imported: true, exportedAtMs: 1_700_000_000_123 }),
        newKey(home, { delegatedTo: newId<PrincipalId>() }),
      ];
      for (const key of [parent, ...keys]) await store.keys.insert(key);
      for (const next of [() => store, () => reopened(store, at)]) {
        const each = await next();
        for (const { derivedFrom, imported, exportedAtMs, delegatedTo, id } of [parent, ...keys]) {
          const found = await find(each, home, id);
          expect({ ...found?.derivedFrom }).toEqual({ ...derivedFrom });
          expect(found?.imported).toBe(imported);
          expect(found?.exportedAtMs).toBe(exportedAtMs);
          expect(found?.delegatedTo).toBe(delegatedTo);
        }
      }
    });
  });

  describe('children', () => {
    it('have one path each below a parent, also when many are inserted at once', async () => {
      const { store, home } = await opened();
      const [parent, other] = [newKey(home), newKey(home)];
      const child = (keyId: KeyId, ...path: readonly number[]): Promise<void> =>
        store.keys.insert(newKey(home, { name: undefined, derivedFrom: { keyId, path } }));
      for (const key of [parent, other]) await store.keys.insert(key);
      const racing = await Promise.allSettled([1, 2, 3].map(() => child(parent.id, 5)));
      expect(racing.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
      await expect(child(parent.id, 5)).rejects.toMatchObject(PATH_TAKEN);
      // The same index elsewhere, and paths that begin with it.
      await child(other.id, 5);
      await child(parent.id, 5, 0);
      await child(parent.id, 0, 5);
      await expect(child(parent.id, 5, 0)).rejects.toMatchObject(PATH_TAKEN);
    });

    it('are told by name where the name is taken', async () => {
      const { store, home } = await opened();
      const parent = newKey(home);
      await store.keys.insert(parent);
      const child = newKey(home, { name: parent.name, derivedFrom: { keyId: parent.id, path: [1] } });
      await expect(store.keys.insert(child)).rejects.toMatchObject(NAME_TAKEN);
    });

    it('have a highest index among those directly below the parent', async () => {
      const { store, home } = await opened();
      const parent = newKey(home);
      await store.keys.insert(parent);
      const highest = (): Promise<number | undefined> => store.keys.highestChildIndex(home.account.id, parent.id);
      expect(await highest()).toBeUndefined();
      for (const path of [[7, 900], [0], [300], [255], [301, 2], [0x7fff_ffff, 1, 1]])
        await store.keys.insert(newKey(home, { derivedFrom: { keyId: parent.id, path } }));
      expect(await highest()).toBe(300);
      await store.keys.insert(newKey(home, { derivedFrom: { keyId: parent.id, path: [0x7fff_ffff] } }));
      expect(await highest()).toBe(0x7fff_ffff);
      expect(await store.keys.highestChildIndex(newId(), parent.id)).toBeUndefined();
    });

    it('outlive their parent', async () => {
      const { store, home } = await opened();
      const parent = newKey(home);
      const child = newKey(home, { derivedFrom: { keyId: parent.id, path: [1] } });
      for (const key of [parent, child]) await store.keys.insert(key);
      await store.keys.remove(home.account.id, parent.id, home.administrator.id);
      expect((await find(store, home, child.id))?.derivedFrom).toEqual({ keyId: parent.id, path: [1] });
    });
  });

  describe('a change of a key', () => {
    it('is written over the version it was judged by, and is seen at once and after a restart', async () => {
      const { store, home, at } = await opened();
      const { account, administrator } = home;
      const key = newKey(home, { version: 4 });
      await store.keys.insert(key);
      await find(store, home, key.id);
      const before = await revisionOf(store, home);
      const owner = newId<PrincipalId>();
      const change = { name: 'renamed', delegatedTo: owner, exportedAtMs: 55 };
      for (const version of [3, 5])
        expect(await store.keys.change(account.id, key.id, version, change, administrator.id)).toBeUndefined();
      expect(await store.keys.change(newId(), key.id, 4, change, administrator.id)).toBeUndefined();
      expect(await revisionOf(store, home)).toBe(before);
      const changed = await store.keys.change(account.id, key.id, 4, change, administrator.id);
      expect(changed).toMatchObject({ id: key.id, version: 5, ...change });
      expect(await revisionOf(store, home)).toBeGreaterThan(before);
      for (const next of [() => store, () => reopened(store, at)]) {
        const each = await next();
        const references = [
          { by: 'id', id: key.id },
          { by: 'name', name: 'renamed' },
          { by: 'name', name: key.name ?? '' },
        ] as const;
        const found = await each.keys.resolve(account.id, references);
        expect(found).toEqual([changed, changed, undefined]);
      }
    });

    it('can take the name away, which is free then', async () => {
      const { store, home } = await opened();
      const key = newKey(home);
      await store.keys.insert(key);
      const unnamed = await store.keys.change(home.account.id, key.id, 1, { name: null }, home.administrator.id);
      expect(unnamed).toMatchObject({ id: key.id, version: 2 });
      expect(unnamed?.name).toBeUndefined();
      await store.keys.insert(newKey(home, { name: key.name }));
    });

    it('lets one of two through that were judged by the same version', async () => {
      const { store, home } = await opened();
      const key = newKey(home);
      await store.keys.insert(key);
      const both = await Promise.all(
        ['one', 'other'].map((name) => store.keys.change(home.account.id, key.id, 1, { name }, home.administrator.id)),
      );
      expect(both.filter((changed) => changed !== undefined)).toHaveLength(1);
    });

    it('refuses the name of another key or share, and changes nothing', async () => {
      const { store, home } = await opened();
      const { account, administrator } = home;
      const [key, other, share] = [newKey(home), newKey(home), newShare(home)];
      for (const each of [key, other]) await store.keys.insert(each);
      await store.threshold.insert(share);
      const revision = await revisionOf(store, home);
      for (const name of [other.name ?? '', share.name ?? '']) {
        const change = { exportedAtMs: 5, name };
        await expect(store.keys.change(account.id, key.id, 1, change, administrator.id)).rejects.toMatchObject(
          NAME_TAKEN,
        );
      }
      expect(await find(store, home, key.id)).toMatchObject({ name: key.name, version: 1 });
      expect((await find(store, home, key.id))?.exportedAtMs).toBeUndefined();
      expect(await revisionOf(store, home)).toBe(revision);
    });

    it('delegates once only', async () => {
      const { store, home } = await opened();
      const { account, administrator } = home;
      const key = newKey(home);
      await store.keys.insert(key);
      const delegate = (version: number): Promise<KeyRecord | undefined> =>
        store.keys.change(account.id, key.id, version, { delegatedTo: newId() }, administrator.id);
      const owner = (await delegate(1))?.delegatedTo;
      await expect(delegate(2)).rejects.toMatchObject({ code: 'conflict' });
      expect((await find(store, home, key.id))?.delegatedTo).toBe(owner);
    });

    it('leaves name and owner of a threshold key alone', async () => {
      const { store, home } = await opened();
      const { account, administrator } = home;
      const share = newShare(home);
      await store.threshold.insert(share);
      const key = newKeyOfShare(home, share);
      await store.threshold.replace(completed(share), { insertKey: key });
      for (const change of [{ name: 'x' }, { name: null }, { delegatedTo: newId<PrincipalId>() }])
        await expect(
          store.keys.change(account.id, key.id, key.version, change, administrator.id),
        ).rejects.toMatchObject({ code: 'not_supported' });
    });
  });

  describe('lists of keys', () => {
    it('leave out what is delegated to others, and have what is delegated to the one who looks', async () => {
      const { store, home } = await opened();
      const second: Group = { ...home.group, id: newId<GroupId>(), name: 'second' };
      await store.directory.insertGroup(second);
      const [viewer, other] = [newId<PrincipalId>(), newId<PrincipalId>()];
      const make = async (count: number, changes: Partial<KeyRecord>): Promise<readonly KeyRecord[]> => {
        const keys = Array.from({ length: count }, () => newKey(home, { name: undefined, ...changes }));
        for (const key of keys) await store.keys.insert(key);
        return keys;
      };
      const open = await make(7, {});
      const openSecond = await make(5, { groupId: second.id });
      const others = await make(20, { delegatedTo: other });
      const own = await make(6, { groupId: second.id, delegatedTo: viewer });
      const stranger = newHousehold();
      await store.directory.install(stranger);
      const all = async (query: Pick<KeyQuery, 'among' | 'viewer'>, limit = 4): Promise<readonly KeyId[]> => {
        const listed: KeyId[] = [];
        for (;;) {
          const page = await store.keys.list({ accountId: home.account.id, after: listed.at(-1), limit, ...query });
          listed.push(...page.map(({ id }) => id));
          // Only the last page may be short: callers take a full one as the sign that more follow.
          if (page.length < limit) return listed;
        }
      };
      const sorted = (...keys: readonly (readonly KeyRecord[])[]): readonly KeyId[] =>
        keys
          .flat()
          .map(({ id }) => id)
          .sort();
      const inGroup = { groups: [home.group.id], keys: [] };
      expect(await all({ among: 'all' })).toEqual(sorted(open, openSecond, others, own));
      expect(await all({ among: 'all', viewer })).toEqual(sorted(open, openSecond, own));
      expect(await all({ among: 'all', viewer: newId() })).toEqual(sorted(open, openSecond));
      expect(await all({ among: inGroup, viewer })).toEqual(sorted(open, own));
      expect(await all({ among: inGroup })).toEqual(sorted(open, others));
      expect(await all({ among: { groups: [], keys: [] }, viewer })).toEqual(sorted(own));
      const named = { groups: [], keys: [...others.map(({ id }) => id), ...sorted(open.slice(0, 2))] };
      expect(await all({ among: named, viewer })).toEqual(sorted(open.slice(0, 2), own));
      const elsewhere = { accountId: stranger.account.id, among: 'all', viewer, after: undefined, limit: 9 } as const;
      expect(await store.keys.list(elsewhere)).toEqual([]);
    });
  });
}
