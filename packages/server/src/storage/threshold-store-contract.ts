/** The part of the store's contract that is about threshold shares, nonces and the server's identity. */
import { randomBytes } from 'node:crypto';
import { type AccountId, type GroupId, type KeyId, newId } from '@countersign/core/ids';
import type { KeyRecord } from '@countersign/core/key-record';
import type { Group } from '@countersign/core/ports/directory';
import type { AlongsideShare, ThresholdShare } from '@countersign/core/ports/threshold-store';
import { describe, expect, it } from 'vitest';
import type { Store } from './store.ts';
import type { StoreTests } from './store-contract.ts';
import {
  completed,
  type Household,
  newFacts,
  newHousehold,
  newIntent,
  newKey,
  newKeyOfShare,
  newShare,
} from './store-fixtures.ts';

/** Bytes as hex all the way down, since a Buffer and a Uint8Array of equal content aren't equal to `expect`. */
function comparable(value: unknown): unknown {
  if (value instanceof Uint8Array) return `hex:${Buffer.from(value).toString('hex')}`;
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, comparable(member)]));
  return value;
}

const next = (share: ThresholdShare, changes: Partial<ThresholdShare> = {}): ThresholdShare => ({
  ...share,
  version: share.version + 1,
  ...changes,
});

export function describeThresholdStore({ opened, reopened }: StoreTests): void {
  async function found({ threshold }: Store, share: ThresholdShare): Promise<unknown> {
    return comparable(await threshold.find(share.accountId, share.id));
  }
  async function keyOf(store: Store, { accountId, id }: ThresholdShare): Promise<KeyRecord | undefined> {
    return (await store.keys.resolve(accountId, [{ by: 'id', id }]))[0];
  }
  async function keyNamed(store: Store, accountId: AccountId, name: string): Promise<KeyId | undefined> {
    return (await store.keys.resolve(accountId, [{ by: 'name', name }]))[0]?.id;
  }
  async function revision(store: Store, home: Household): Promise<number> {
    return (await store.directory.account(home.account.id))?.revision ?? 0;
  }
  /** A complete share with the row of its key. */
  async function generatedKey(store: Store, home: Household, name: string | undefined): Promise<ThresholdShare> {
    const share = newShare(home, { name });
    await store.threshold.insert(share);
    const done = completed(share);
    expect(await store.threshold.replace(done, { insertKey: newKeyOfShare(home, done) })).toBe(true);
    return done;
  }

  describe('threshold shares', () => {
    it('come back with every field, by id and by name, after a restart too', async () => {
      const { store, home, at } = await opened();
      const shares = [
        newShare(home),
        newShare(home, { name: undefined, sealed: new Uint8Array(0), keygenId: '', version: 9, successor: newId() }),
        newShare(home, {
          name: 'ünïcode \u0000 name',
          status: 'uncertain',
          sealed: randomBytes(256 * 1024),
          facts: newFacts({ publicEvidence: randomBytes(64 * 1024), epoch: 3, origin: 'imported' }),
        }),
        newShare(home, {
          algorithm: 'ed25519',
          facts: newFacts({ groupKey: randomBytes(32), publicEvidence: new Uint8Array(0) }),
        }),
      ];
      for (const share of shares) await store.threshold.insert(share);
      for (const open of [() => store, () => reopened(store, at)]) {
        const each = await open();
        for (const share of shares) {
          expect(await found(each, share)).toEqual(comparable(share));
          const named =
            share.name === undefined ? undefined : await each.threshold.findByName(share.accountId, share.name);
          expect(named?.id).toBe(share.name === undefined ? undefined : share.id);
        }
      }
    });

    it('are not found from another account, nor replaced or removed from there', async () => {
      const { store, home } = await opened();
      const share = newShare(home, { name: 'mine' });
      await store.threshold.insert(share);
      const accountId = newId<AccountId>();
      expect(await store.threshold.find(accountId, share.id)).toBeUndefined();
      expect(await store.threshold.findByName(accountId, 'mine')).toBeUndefined();
      expect(await store.threshold.list({ accountId, groupId: home.group.id, limit: 10 })).toEqual([]);
      expect(await store.threshold.replace({ ...next(share), accountId })).toBe(false);
      expect(await store.threshold.remove(accountId, share.id, home.administrator.id)).toBe(false);
      expect(await found(store, share)).toEqual(comparable(share));
    });

    it('share one set of names with the keys of their account', async () => {
      const { store, home } = await opened();
      const other = newHousehold();
      await store.directory.install(other);
      const taken = { code: 'conflict', subject: 'unique-name' };
      await store.threshold.insert(newShare(home, { name: 'a share' }));
      await store.keys.insert(newKey(home, { name: 'a key' }));
      const { size } = await store.log.head();
      for (const name of ['a share', 'a key']) {
        await expect(store.threshold.insert(newShare(home, { name }))).rejects.toMatchObject(taken);
        await expect(store.keys.insert(newKey(home, { name }))).rejects.toMatchObject({ code: 'conflict' });
      }
      expect((await store.log.head()).size).toBe(size);
      await store.threshold.insert(newShare(other, { name: 'a share' }));
      await store.keys.insert(newKey(other, { name: 'a key' }));
      const nameless = newShare(home, { name: undefined });
      await store.threshold.insert(nameless);
      await store.threshold.insert(newShare(home, { name: undefined }));
      for (const name of ['a share', 'a key'])
        await expect(store.threshold.replace(next(nameless, { name }))).rejects.toMatchObject(taken);
      expect(await found(store, nameless)).toEqual(comparable(nameless));
      const results = await Promise.allSettled([
        store.threshold.insert(newShare(home, { name: 'raced' })),
        store.keys.insert(newKey(home, { name: 'raced' })),
        store.threshold.insert(newShare(home, { name: 'raced' })),
      ]);
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    });

    it('that do not fit are refused', async () => {
      const { store, home } = await opened();
      const large = [
        newShare(home, { sealed: new Uint8Array(256 * 1024 + 1) }),
        newShare(home, { facts: newFacts({ publicEvidence: new Uint8Array(64 * 1024 + 1) }) }),
      ];
      const [party] = newFacts().parties;
      if (party === undefined) throw new Error('no party');
      const malformed = [
        { chainCode: new Uint8Array(31) },
        { groupKey: new Uint8Array(34) },
        { parametersHash: new Uint8Array(0) },
        { threshold: 0 },
        { threshold: 4 },
        { index: 3 },
        { epoch: -1 },
        { parties: [] },
        { parties: [party, party] },
        { parties: [{ ...party, index: 1, identity: new Uint8Array(31) }] },
      ].map((facts) => newShare(home, { facts: newFacts({ threshold: 1, ...facts }) }));
      malformed.push(
        newShare(home, { status: 'superseded' }),
        newShare(home, { version: 1.5 }),
        newShare(home, { name: '' }),
      );
      for (const share of large)
        await expect(store.threshold.insert(share)).rejects.toMatchObject({ code: 'too_large' });
      for (const share of malformed)
        await expect(store.threshold.insert(share)).rejects.toMatchObject({ code: 'internal' });
      await expect(store.threshold.insert(newShare(home, { groupId: newId() }))).rejects.toMatchObject({
        code: 'not_found',
      });
      expect(await store.threshold.list({ accountId: home.account.id, limit: 100 })).toEqual([]);
    });

    it('are listed by id, page by page, and by group', async () => {
      const { store, home } = await opened();
      const second: Group = { ...home.group, id: newId<GroupId>(), name: 'second' };
      await store.directory.insertGroup(second);
      const shares = Array.from({ length: 23 }, (_, i) => newShare(home, i % 4 === 0 ? { groupId: second.id } : {}));
      await Promise.all(shares.map((share) => store.threshold.insert(share)));
      const ids = shares.map(({ id }) => id).sort();
      const paged = async (groupId: GroupId | undefined): Promise<KeyId[]> => {
        const listed: KeyId[] = [];
        for (let after: KeyId | undefined; ; ) {
          const page = await store.threshold.list({ accountId: home.account.id, groupId, after, limit: 5 });
          expect(page.length).toBeLessThanOrEqual(5);
          if (page.length === 0) return listed;
          listed.push(...page.map(({ id }) => id));
          after = page.at(-1)?.id;
        }
      };
      expect(await paged(undefined)).toEqual(ids);
      const inSecond = shares.filter(({ groupId }) => groupId === second.id).map(({ id }) => id);
      expect(await paged(second.id)).toEqual(inSecond.sort());
      await expect(store.threshold.list({ accountId: home.account.id, limit: 0.5 })).rejects.toMatchObject({
        code: 'invalid_request',
      });
    });

    it('come in pages that are bounded in bytes', async () => {
      const { store, home } = await opened();
      const sealed = randomBytes(256 * 1024);
      const count = 70;
      for (let i = 0; i < count; i++) await store.threshold.insert(newShare(home, { sealed }));
      const query = { accountId: home.account.id, limit: 1_000 };
      const first = await store.threshold.list(query);
      expect(first.length).toBeGreaterThan(10);
      expect(first.length).toBeLessThan(count);
      expect(await store.threshold.list({ ...query, after: first.at(-1)?.id })).toHaveLength(count - first.length);
    });
  });

  describe('a threshold share is replaced', () => {
    it('by its next version alone, once', async () => {
      const { store, home, at } = await opened();
      const share = newShare(home);
      await store.threshold.insert(share);
      const { size } = await store.log.head();
      for (const version of [1, 3]) expect(await store.threshold.replace({ ...next(share), version })).toBe(false);
      expect(await store.threshold.replace(newShare(home, { version: 2 }))).toBe(false);
      expect((await store.log.head()).size).toBe(size);
      const versions = [next(share, { keygenId: 'other' }), completed(share), completed(share)];
      const results = await Promise.all(versions.map((each) => store.threshold.replace(each)));
      expect(results).toEqual([true, false, false]);
      expect(await found(store, share)).toEqual(comparable(versions[0]));
      const last = next(next(share), {
        name: 'renamed',
        status: 'uncertain',
        sealed: randomBytes(9),
        facts: newFacts(),
        successor: newId<KeyId>(),
      });
      expect(await store.threshold.replace(last)).toBe(true);
      expect(await found(await reopened(store, at), share)).toEqual(comparable(last));
    });

    it('together with the row of its key, named or not, or not at all', async () => {
      const { store, home } = await opened();
      const named = await generatedKey(store, home, 'named');
      expect(await keyNamed(store, home.account.id, 'named')).toBe(named.id);
      const nameless = await generatedKey(store, home, undefined);
      expect(await keyOf(store, nameless)).toMatchObject({ name: undefined, persistence: 'stored', state: 'active' });
      const share = newShare(home, { name: 'third' });
      await store.threshold.insert(share);
      const done = completed(share);
      const insertKey = newKeyOfShare(home, done);
      const { size } = await store.log.head();
      const misfits: Partial<KeyRecord>[] = [
        { id: newId<KeyId>() },
        { accountId: newId<AccountId>() },
        { groupId: newId<GroupId>() },
        { name: 'another' },
        { persistence: 'transient' },
      ];
      for (const misfit of misfits)
        await expect(store.threshold.replace(done, { insertKey: { ...insertKey, ...misfit } })).rejects.toMatchObject({
          code: 'internal',
        });
      expect(await store.threshold.replace(completed(done), { insertKey })).toBe(false);
      expect((await store.log.head()).size).toBe(size);
      expect(await keyOf(store, share)).toBeUndefined();
      expect(await found(store, share)).toEqual(comparable(share));
      expect(await store.threshold.replace(done, { insertKey: { ...insertKey, name: undefined } })).toBe(true);
      // A second row for one key: the share doesn't move either.
      await expect(store.threshold.replace(completed(done), { insertKey })).rejects.toMatchObject({ code: 'conflict' });
      expect(await found(store, share)).toEqual(comparable(done));
    });

    it('and retires another one, whose key never signs again, in one step', async () => {
      const { store, home, at } = await opened();
      const old = await generatedKey(store, home, 'the key');
      const fresh = newShare(home, { name: undefined });
      await store.threshold.insert(fresh);
      expect((await keyOf(store, old))?.state).toBe('active');
      const accountRevision = await revision(store, home);
      const done = completed(fresh, { facts: newFacts({ epoch: 1 }) });
      const insertKey = newKeyOfShare(home, done);
      const retired = store.threshold.replace(done, { insertKey, retire: [old.id] });
      // In one turn, so that both may share a commit: an intent that is judged before is stale.
      const intent = await store.journal.recordIntent({ ...newIntent(home, 1), accountRevision });
      expect(await retired).toBe(true);
      expect(intent).toEqual({ recorded: false, reason: 'stale' });
      expect(await revision(store, home)).toBeGreaterThan(accountRevision);
      for (const open of [() => store, () => reopened(store, at)]) {
        const each = await open();
        const erased = { status: 'superseded', sealed: new Uint8Array(0) } as const;
        expect(await found(each, old)).toEqual(comparable(next(old, erased)));
        expect(await keyOf(each, old)).toMatchObject({ state: 'deactivated', version: 2, name: 'the key' });
        expect(await keyOf(each, fresh)).toMatchObject({ state: 'active', name: undefined });
        expect(await keyNamed(each, home.account.id, 'the key')).toBe(old.id);
      }
    });

    it('and takes over the name of the one that it retires', async () => {
      const { store, home, at } = await opened();
      const { id: accountId } = home.account;
      const old = await generatedKey(store, home, 'the key');
      const fresh = newShare(home, { name: undefined });
      await store.threshold.insert(fresh);
      expect(await keyNamed(store, accountId, 'the key')).toBe(old.id);
      const done = completed(fresh);
      const alongside: AlongsideShare = { insertKey: newKeyOfShare(home, done), retire: [old.id], moveName: true };
      await expect(store.threshold.replace({ ...done, name: 'another' }, alongside)).rejects.toMatchObject({
        code: 'internal',
      });
      expect(await store.threshold.replace(done, alongside)).toBe(true);
      for (const open of [() => store, () => reopened(store, at)]) {
        const each = await open();
        expect((await each.threshold.findByName(accountId, 'the key'))?.id).toBe(fresh.id);
        expect(await keyNamed(each, accountId, 'the key')).toBe(fresh.id);
        expect(await keyOf(each, fresh)).toMatchObject({ name: 'the key', state: 'active' });
        expect(await keyOf(each, old)).toMatchObject({ name: undefined, state: 'deactivated' });
        expect(await found(each, old)).toMatchObject({ name: undefined, status: 'superseded' });
      }
    });

    it('and gives the name to a row that its key has already', async () => {
      const { store, home } = await opened();
      const { id: accountId } = home.account;
      const [old, fresh] = [await generatedKey(store, home, 'the key'), await generatedKey(store, home, undefined)];
      expect((await keyOf(store, fresh))?.name).toBeUndefined();
      expect(await store.threshold.replace(next(fresh), { retire: [old.id], moveName: true })).toBe(true);
      expect(await keyNamed(store, accountId, 'the key')).toBe(fresh.id);
      expect(await keyOf(store, fresh)).toMatchObject({ name: 'the key', state: 'active' });
    });

    it('and retires none that is retired or gone, nor itself, and then stays as it was', async () => {
      const { store, home } = await opened();
      const old = await generatedKey(store, home, 'the key');
      const [first, second] = [newShare(home, { name: undefined }), newShare(home, { name: undefined })];
      for (const share of [first, second]) await store.threshold.insert(share);
      expect(await store.threshold.replace(completed(first), { retire: [old.id] })).toBe(true);
      const { size } = await store.log.head();
      const done = completed(second);
      const refusals: [KeyId[], string][] = [
        [[old.id], 'conflict'],
        [[newId<KeyId>()], 'not_found'],
        [[first.id, first.id], 'internal'],
        [[second.id], 'internal'],
      ];
      for (const [retire, code] of refusals)
        await expect(store.threshold.replace(done, { retire })).rejects.toMatchObject({ code });
      await expect(store.threshold.replace(done, { retire: [first.id], removeShare: newId() })).rejects.toMatchObject({
        code: 'not_found',
      });
      expect(await found(store, second)).toEqual(comparable(second));
      expect(await found(store, first)).toMatchObject({ status: 'complete' });
      expect((await store.log.head()).size).toBe(size);
    });

    it('for good: a retired one may give up its secret, and never comes back', async () => {
      const { store, home } = await opened();
      const old = await generatedKey(store, home, 'the key');
      await expect(store.threshold.replace(next(old, { status: 'superseded' }))).rejects.toMatchObject({
        code: 'internal',
      });
      const fresh = newShare(home);
      await store.threshold.insert(fresh);
      await store.threshold.replace(completed(fresh), { retire: [old.id] });
      const retired = next(old, { status: 'superseded' });
      await expect(store.threshold.replace(next(retired, { status: 'complete' }))).rejects.toMatchObject({
        code: 'conflict',
      });
      const erased = next(retired, { sealed: new Uint8Array(0) });
      expect(await store.threshold.replace(erased)).toBe(true);
      expect(await found(store, old)).toEqual(comparable(erased));
    });

    it('and removes another one', async () => {
      const { store, home } = await opened();
      const share = await generatedKey(store, home, 'the key');
      const pending = await generatedKey(store, home, 'pending');
      const refreshed = next(share, { facts: newFacts({ epoch: 1 }) });
      expect(await store.threshold.replace(refreshed, { removeShare: pending.id })).toBe(true);
      expect(await store.threshold.find(home.account.id, pending.id)).toBeUndefined();
      expect(await keyOf(store, pending)).toBeUndefined();
      expect(await found(store, share)).toEqual(comparable(refreshed));
    });

    it('with nothing of it done when the commit fails', async () => {
      let failing = false;
      const { store, home, at } = await opened({
        beforeCommit: () => {
          if (failing) throw new Error('planted fault');
        },
      });
      const old = await generatedKey(store, home, 'the key');
      const [fresh, pending] = [newShare(home, { name: undefined }), newShare(home)];
      for (const share of [fresh, pending]) await store.threshold.insert(share);
      const before = { size: (await store.log.head()).size, revision: await revision(store, home) };
      const done = completed(fresh);
      const alongside: AlongsideShare = {
        insertKey: newKeyOfShare(home, done),
        removeShare: pending.id,
        retire: [old.id],
        moveName: true,
      };
      failing = true;
      const results = await Promise.allSettled([
        store.threshold.replace(done, alongside),
        store.threshold.insert(newShare(home, { name: 'late' })),
        store.threshold.remove(home.account.id, old.id, home.administrator.id),
        store.threshold.installIdentity({ sealed: randomBytes(9), publicBundle: randomBytes(9) }),
      ]);
      for (const result of results) expect(result).toMatchObject({ reason: { code: 'unavailable' } });
      failing = false;
      const unchanged = async (each: Store): Promise<void> => {
        for (const share of [old, fresh, pending]) expect(await found(each, share)).toEqual(comparable(share));
        expect(await keyOf(each, old)).toMatchObject({ state: 'active', name: 'the key', version: 1 });
        expect(await keyOf(each, fresh)).toBeUndefined();
        expect(await each.threshold.findByName(home.account.id, 'late')).toBeUndefined();
        expect(await each.threshold.identity()).toBeUndefined();
        expect(await revision(each, home)).toBe(before.revision);
        expect((await each.log.head()).size).toBe(before.size);
      };
      await unchanged(store);
      const again = await reopened(store, at);
      await unchanged(again);
      expect(await again.threshold.replace(done, alongside)).toBe(true);
    });
  });

  describe('a threshold share is removed', () => {
    it('with the row of its key, whichever of the two is named, and the account has a new revision', async () => {
      const { store, home } = await opened();
      const { id: accountId } = home.account;
      const by = home.administrator.id;
      const removals = [
        (id: KeyId) => store.threshold.remove(accountId, id, by),
        (id: KeyId) => store.keys.remove(accountId, id, by),
      ];
      for (const remove of removals) {
        const share = await generatedKey(store, home, 'the key');
        expect(await keyNamed(store, accountId, 'the key')).toBe(share.id);
        const before = await revision(store, home);
        expect(await remove(share.id)).toBe(true);
        expect(await remove(share.id)).toBe(false);
        expect(await store.threshold.find(accountId, share.id)).toBeUndefined();
        expect(await keyOf(store, share)).toBeUndefined();
        expect(await keyNamed(store, accountId, 'the key')).toBeUndefined();
        expect(await revision(store, home)).toBeGreaterThan(before);
      }
    });

    it('before it has a key too, and its name is free again', async () => {
      const { store, home } = await opened();
      const share = newShare(home, { name: 'the key' });
      await store.threshold.insert(share);
      const before = await revision(store, home);
      expect(await store.threshold.remove(home.account.id, share.id, home.administrator.id)).toBe(true);
      expect(await revision(store, home)).toBeGreaterThan(before);
      expect(await store.threshold.replace(next(share))).toBe(false);
      await store.keys.insert(newKey(home, { name: 'the key' }));
    });
  });

  describe('nonces', () => {
    const hashes = (count: number): Uint8Array[] => Array.from({ length: count }, () => randomBytes(32));

    it('are reserved once, over restarts too', async () => {
      const { store, at } = await opened();
      const [first, second] = [hashes(1_000), hashes(3)];
      expect(await store.threshold.reserveNonces(1, first)).toBe(true);
      expect(await store.threshold.reserveNonces(2, [])).toBe(true);
      for (const open of [() => store, () => reopened(store, at)]) {
        const { threshold } = await open();
        expect(await threshold.reserveNonces(1, first)).toBe(false);
        expect(await threshold.reserveNonces(2 ** 53 - 1, [first[999] as Uint8Array])).toBe(false);
      }
      const again = await at.open();
      expect(await again.threshold.reserveNonces(3, second)).toBe(true);
      await again.close();
    });

    it('are reserved all or none, and none is taken twice in one call', async () => {
      const { store } = await opened();
      const [a, b, c] = hashes(3) as [Uint8Array, Uint8Array, Uint8Array];
      expect(await store.threshold.reserveNonces(1, [a])).toBe(true);
      expect(await store.threshold.reserveNonces(2, [b, c, a])).toBe(false);
      expect(await store.threshold.reserveNonces(2, [b, c, b])).toBe(false);
      expect(await store.threshold.reserveNonces(2, [b, c])).toBe(true);
    });

    it('go to one of several that ask at the same moment, in one commit, and harm nobody else', async () => {
      let commits = 0;
      const { store, home } = await opened({ beforeCommit: () => void commits++ });
      const shared = randomBytes(32);
      const before = commits;
      const [results] = await Promise.all([
        Promise.all(
          Array.from({ length: 20 }, (_, i) =>
            store.threshold.reserveNonces(i, i % 2 === 0 ? [...hashes(10), shared] : hashes(10)),
          ),
        ),
        store.threshold.insert(newShare(home)),
      ]);
      expect(results).toEqual(Array.from({ length: 20 }, (_, i) => i === 0 || i % 2 === 1));
      expect(commits - before).toBeLessThan(3);
    });

    it('are not reserved before the commit, and not when it fails', async () => {
      let failing = false;
      let waiting: Promise<void> | undefined;
      const { store } = await opened({
        beforeCommit: () => {
          if (failing) throw new Error('planted fault');
          return waiting;
        },
      });
      const some = hashes(5);
      failing = true;
      await expect(store.threshold.reserveNonces(1, some)).rejects.toMatchObject({ code: 'unavailable' });
      failing = false;
      const gate = Promise.withResolvers<void>();
      waiting = gate.promise;
      let settled = false;
      const reserved = store.threshold.reserveNonces(1, some).finally(() => {
        settled = true;
      });
      await new Promise((resolve) => setTimeout(resolve, 40));
      expect(settled).toBe(false);
      waiting = undefined;
      gate.resolve();
      expect(await reserved).toBe(true);
    });

    it('that are no hashes are refused', async () => {
      const { store } = await opened();
      const internal = { code: 'internal' };
      for (const bad of [[randomBytes(31)], [randomBytes(32), randomBytes(33)], hashes(16_385)])
        await expect(store.threshold.reserveNonces(1, bad)).rejects.toMatchObject(internal);
      for (const batchId of [-1, 0.5, 2 ** 53])
        await expect(store.threshold.reserveNonces(batchId, hashes(1))).rejects.toMatchObject(internal);
    });
  });

  describe('the identity of the server', () => {
    it('is the first that was installed, for ever', async () => {
      const { store, at } = await opened();
      expect(await store.threshold.identity()).toBeUndefined();
      const made = Array.from({ length: 3 }, () => ({ sealed: randomBytes(100), publicBundle: randomBytes(160) }));
      const installed = await Promise.all(made.map((identity) => store.threshold.installIdentity(identity)));
      for (const each of installed) expect(comparable(each)).toEqual(comparable(made[0]));
      const again = await reopened(store, at);
      expect(comparable(await again.threshold.identity())).toEqual(comparable(made[0]));
      const late = { sealed: randomBytes(1), publicBundle: randomBytes(1) };
      expect(comparable(await again.threshold.installIdentity(late))).toEqual(comparable(made[0]));
      await expect(
        again.threshold.installIdentity({ ...late, sealed: new Uint8Array(256 * 1024 + 1) }),
      ).rejects.toMatchObject({ code: 'internal' });
    });
  });
}
