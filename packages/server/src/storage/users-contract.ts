/** The part of the store's contract that is about users and API keys. */
import { randomBytes } from 'node:crypto';
import { type GroupId, type KeyId, newId, type PrincipalId } from '@countersign/core/ids';
import type { NewUser } from '@countersign/core/ports/directory';
import { describe, expect, it } from 'vitest';
import type { Store } from './store.ts';
import type { StoreTests } from './store-contract.ts';
import { type Household, newIntent, newKey, newShare } from './store-fixtures.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function newUser({ account, administrator }: Household, name?: string): NewUser {
  const id = newId<PrincipalId>();
  const groupId = newId<GroupId>();
  return {
    principal: {
      id,
      accountId: account.id,
      kind: 'service',
      name: name ?? `user ${id}`,
      enabled: true,
      defaultGroupId: groupId,
      grants: [{ scope: { kind: 'group', groupId }, permissions: ['sign', 'create-key'] }],
      requiresProof: false,
      createdBy: administrator.id,
    },
    group: { id: groupId, accountId: account.id, name: `user ${id}`, createdBy: administrator.id, createdAtMs: 7 },
    apiKeyDigest: randomBytes(32),
    createdAtMs: 8,
    by: administrator.id,
  };
}

function removalOf({ principal, group, by }: NewUser) {
  return { accountId: principal.accountId, principalId: principal.id, groupId: group.id, by };
}

export function describeUsers({ opened, reopened }: StoreTests): void {
  describe('users', () => {
    async function digests(store: Store, id: PrincipalId): Promise<string[]> {
      return (await store.directory.apiKeyDigests(id)).map(hex);
    }

    it('come back with their group and API key, after a restart too', async () => {
      const { store, home, at } = await opened();
      const user = newUser(home, 'alpha');
      const { size } = await store.log.head();
      await store.directory.insertUser(user);
      expect((await store.log.head()).size).toBe(size + 2);
      for (const next of [() => store, () => reopened(store, at)]) {
        const each = await next();
        expect(await each.directory.principal(user.principal.id)).toEqual(user.principal);
        expect(await each.directory.group(home.account.id, user.group.id)).toEqual(user.group);
        expect(await digests(each, user.principal.id)).toEqual([hex(user.apiKeyDigest)]);
      }
    });

    it('have names of their own in the account; one that is refused leaves nothing', async () => {
      const { store, home } = await opened();
      await store.directory.insertUser(newUser(home, 'alpha'));
      const second = newUser(home, 'alpha');
      const third = newUser(home, home.administrator.name);
      const { size } = await store.log.head();
      for (const user of [second, third])
        await expect(store.directory.insertUser(user)).rejects.toMatchObject({
          code: 'conflict',
          subject: 'user-name',
        });
      expect(await store.directory.group(home.account.id, second.group.id)).toBeUndefined();
      expect((await store.log.head()).size).toBe(size);
    });

    it('made at the same moment under one name are one', async () => {
      const { store, home } = await opened();
      const results = await Promise.allSettled(
        Array.from({ length: 5 }, () => store.directory.insertUser(newUser(home, 'alpha'))),
      );
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    });

    it('are listed by id, page by page, with the number of their API keys', async () => {
      const { store, home } = await opened();
      const users = Array.from({ length: 9 }, (_, i) => newUser(home, `user ${i}`));
      for (const user of users) await store.directory.insertUser(user);
      const [first] = users as [NewUser];
      await store.directory.insertApiKey(first.principal.id, randomBytes(32), { createdAtMs: 9, by: first.by });
      const listed = [];
      for (let after: PrincipalId | undefined; ; ) {
        const page = await store.directory.principals({ accountId: home.account.id, after, limit: 4 });
        if (page.length === 0) break;
        listed.push(...page);
        after = page.at(-1)?.id;
      }
      const ids = [home.administrator.id, ...users.map(({ principal }) => principal.id)];
      expect(listed.map(({ id }) => id)).toEqual(ids.sort());
      expect(listed.find(({ id }) => id === first.principal.id)).toEqual({
        id: first.principal.id,
        kind: 'service',
        name: 'user 0',
        enabled: true,
        defaultGroupName: first.group.name,
        apiKeyCount: 2,
        createdAtMs: 8,
      });
      expect(await store.directory.principals({ accountId: newId(), after: undefined, limit: 10 })).toEqual([]);
    });

    it('have up to 32 API keys, which come and go one by one', async () => {
      const { store, home, at } = await opened();
      const { id } = home.administrator;
      const more = Array.from({ length: 31 }, () => randomBytes(32));
      const by = id;
      for (const [i, digest] of more.entries())
        await store.directory.insertApiKey(id, digest, { createdAtMs: 2_000 + i, by });
      const all = [home.apiKeyDigest, ...more];
      expect(await digests(store, id)).toEqual(all.map(hex));
      const conflict = { code: 'conflict' };
      await expect(store.directory.insertApiKey(id, randomBytes(32), { createdAtMs: 1, by })).rejects.toMatchObject(
        conflict,
      );
      const gone = more[3] as Uint8Array;
      expect(await store.directory.removeApiKey(id, gone, { by, keepLast: false })).toBe(true);
      expect(await store.directory.removeApiKey(id, gone, { by, keepLast: false })).toBe(false);
      const left = all.filter((digest) => digest !== gone).map(hex);
      expect(await digests(store, id)).toEqual(left);
      expect(await digests(await reopened(store, at), id)).toEqual(left);
    });

    it('share no API key with another principal, and have none without a principal', async () => {
      const { store, home } = await opened();
      const user = newUser(home);
      await store.directory.insertUser(user);
      const creation = { createdAtMs: 1, by: user.by };
      await expect(store.directory.insertApiKey(user.principal.id, home.apiKeyDigest, creation)).rejects.toMatchObject({
        code: 'conflict',
      });
      await expect(store.directory.insertApiKey(newId(), randomBytes(32), creation)).rejects.toMatchObject({
        code: 'not_found',
      });
      expect(
        await store.directory.removeApiKey(user.principal.id, home.apiKeyDigest, { by: user.by, keepLast: false }),
      ).toBe(false);
      expect(await digests(store, newId())).toEqual([]);
    });

    it('keep their last API key where that is asked for, also from two revocations at once', async () => {
      const { store, home } = await opened();
      const { id } = home.administrator;
      const second = randomBytes(32);
      await store.directory.insertApiKey(id, second, { createdAtMs: 1, by: id });
      const results = await Promise.allSettled(
        [home.apiKeyDigest, second].map((digest) =>
          store.directory.removeApiKey(id, digest, { by: id, keepLast: true }),
        ),
      );
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
      expect(await digests(store, id)).toEqual([hex(second)]);
      expect(await store.directory.removeApiKey(id, second, { by: id, keepLast: false })).toBe(true);
      expect(await digests(store, id)).toEqual([]);
      expect((await store.directory.principal(id))?.id).toBe(id);
    });

    it('lose their sessions with an API key, also those that were moved a moment ago', async () => {
      const { store, home, at } = await opened();
      const user = newUser(home);
      await store.directory.insertUser(user);
      const newSession = (principalId: PrincipalId) => ({
        tokenDigest: randomBytes(32),
        principalId,
        createdAtMs: 1,
        expiresAtMs: Date.now() + 60_000,
      });
      const [own, other] = [newSession(user.principal.id), newSession(home.administrator.id)];
      for (const session of [own, other]) {
        await store.directory.insertSession(session);
        await store.directory.session(session.tokenDigest);
        await store.directory.extendSession(session.tokenDigest, session.expiresAtMs + 1_000);
      }
      await store.directory.removeApiKey(user.principal.id, user.apiKeyDigest, { by: user.by, keepLast: false });
      for (const next of [() => store, () => reopened(store, at)]) {
        const { directory } = await next();
        expect(await directory.session(own.tokenDigest)).toBeUndefined();
        expect(await directory.session(other.tokenDigest)).toBeDefined();
      }
    });

    it('are gone when removed: group, API keys, grants, sessions, and intents of theirs are stale', async () => {
      const { store, home, at } = await opened();
      const user = newUser(home, 'alpha');
      await store.directory.insertUser(user);
      const tokenDigest = randomBytes(32);
      const session = { tokenDigest, principalId: user.principal.id, createdAtMs: 1, expiresAtMs: Date.now() + 60_000 };
      await store.directory.insertSession(session);
      const read = async ({ directory }: Store): Promise<unknown> => [
        await directory.principal(user.principal.id),
        await directory.group(home.account.id, user.group.id),
        await directory.apiKeyDigests(user.principal.id),
        await directory.session(tokenDigest),
      ];
      await read(store);
      expect(await store.directory.removeUser({ ...removalOf(user), accountId: newId() })).toBe(false);
      expect(await store.directory.removeUser({ ...removalOf(user), groupId: home.group.id })).toBe(false);
      const { size } = await store.log.head();
      expect(await store.directory.removeUser(removalOf(user))).toBe(true);
      expect((await store.log.head()).size).toBe(size + 2);
      expect(await store.directory.removeUser(removalOf(user))).toBe(false);
      expect((await store.directory.account(home.account.id))?.revision).toBeGreaterThan(home.account.revision);
      const intent = { ...newIntent(home, 1), principalId: user.principal.id };
      expect(await store.journal.recordIntent(intent)).toEqual({ recorded: false, reason: 'stale' });
      for (const next of [() => store, () => reopened(store, at)])
        expect(await read(await next())).toEqual([undefined, undefined, [], undefined]);
    });

    it('are not removed while they have keys, or others use their group', async () => {
      const { store, home } = await opened();
      const { directory } = store;
      const user = newUser(home);
      await directory.insertUser(user);
      const { principal, group, by } = user;
      const ownsKeys = { code: 'conflict', subject: 'user-has-keys' };
      const key = newKey(home, { groupId: group.id });
      await store.keys.insert(key);
      await expect(directory.removeUser(removalOf(user))).rejects.toMatchObject(ownsKeys);
      await store.keys.remove(home.account.id, key.id, by);
      // A share of the user's own, wherever it lies, and anybody's in its group.
      for (const share of [newShare(home, { createdBy: principal.id }), newShare(home, { groupId: group.id })]) {
        await store.threshold.insert(share);
        await expect(directory.removeUser(removalOf(user))).rejects.toMatchObject(ownsKeys);
        await store.threshold.remove(home.account.id, share.id, by);
      }
      const member = newUser(home);
      await directory.insertPrincipal({ ...member.principal, defaultGroupId: group.id }, undefined, 1);
      await expect(directory.removeUser(removalOf(user))).rejects.toMatchObject({ code: 'conflict' });
      expect(await directory.principal(principal.id)).toEqual(principal);
      expect(await digests(store, principal.id)).toHaveLength(1);
    });

    it('are not removed in the moment in which a key of theirs is made', async () => {
      const { store, home } = await opened();
      const [user, other] = [newUser(home), newUser(home)];
      await store.directory.insertUser(user);
      await store.directory.insertUser(other);
      const key = newKey(home, { id: newId<KeyId>(), groupId: user.group.id });
      const late = newKey(home, { groupId: other.group.id });
      const [inserted, refused, removed, orphan] = await Promise.allSettled([
        store.keys.insert(key),
        store.directory.removeUser(removalOf(user)),
        store.directory.removeUser(removalOf(other)),
        store.keys.insert(late),
      ]);
      expect(inserted).toMatchObject({ status: 'fulfilled' });
      expect(refused).toMatchObject({ reason: { code: 'conflict' } });
      expect(removed).toMatchObject({ value: true });
      expect(orphan).toMatchObject({ reason: { code: 'not_found' } });
    });

    it('and their API keys are as they were when a commit fails', async () => {
      let failing = false;
      const { store, home, at } = await opened({
        beforeCommit: () => {
          if (failing) throw new Error('planted fault');
        },
      });
      const [user, late] = [newUser(home), newUser(home)];
      await store.directory.insertUser(user);
      const { principal, by } = user;
      const before = await store.log.head();
      failing = true;
      const results = await Promise.allSettled([
        store.directory.insertUser(late),
        store.directory.insertApiKey(principal.id, randomBytes(32), { createdAtMs: 1, by }),
        store.directory.removeApiKey(principal.id, user.apiKeyDigest, { by, keepLast: false }),
        store.directory.removeUser(removalOf(user)),
      ]);
      for (const result of results) expect(result).toMatchObject({ reason: { code: 'unavailable' } });
      failing = false;
      for (const next of [() => store, () => reopened(store, at)]) {
        const each = await next();
        expect(await each.directory.principal(principal.id)).toEqual(principal);
        expect(await digests(each, principal.id)).toEqual([hex(user.apiKeyDigest)]);
        expect(await each.directory.principal(late.principal.id)).toBeUndefined();
        expect((await each.log.head()).size).toBe(before.size);
      }
    });
  });
}
