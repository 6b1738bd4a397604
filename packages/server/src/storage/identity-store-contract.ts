/** The part of the store's contract that is about people, services, tokens and credentials. */
import { type GroupId, newId, type PrincipalId } from '@countersign/core/ids';
import { describe, expect, it } from 'vitest';
import { newBytes, newCredential, newPasskey, newPerson, newRole, newService, newToken } from './identity-fixtures.ts';
import type { Store } from './store.ts';
import type { StoreTests } from './store-contract.ts';
import { type Household, newHousehold, newIntent, newKey } from './store-fixtures.ts';

export async function revisionOf(store: Store, { account }: Household): Promise<number> {
  return (await store.directory.account(account.id))?.revision ?? -1;
}

/** Whether the account has a new revision after `work`: then intents that were judged before it are stale. */
export async function bumps(store: Store, home: Household, work: () => Promise<unknown>): Promise<boolean> {
  const before = await revisionOf(store, home);
  await work();
  return (await revisionOf(store, home)) > before;
}

export function describeIdentityStore({ opened, reopened }: StoreTests): void {
  describe('identities', () => {
    it('come back with all that came with them, after a restart too', async () => {
      const { store, home, at } = await opened();
      const by = home.administrator.id;
      const [person, service] = [newPerson(home, { externalId: 'crm-1' }), newService(home)];
      await store.identities.insertIdentity(person, by);
      await store.identities.insertIdentity(service, by);
      const { role, assignment, credential, token } = service;
      const grants = [{ scope: { kind: 'account' }, permissions: ['sign', 'read-key'] }];
      for (const next of [() => store, () => reopened(store, at)]) {
        const { identities, directory } = await next();
        const found = {
          principal: person.principal,
          email: person.email,
          registered: false,
          externalId: 'crm-1',
          createdAtMs: 8,
          assignments: [],
          tokens: [],
          credentials: [],
        };
        expect(await identities.findIdentity(home.account.id, person.principal.id)).toEqual(found);
        expect(await identities.findByEmail(person.email ?? '')).toEqual({ ...found, invitation: person.invitation });
        expect(await directory.group(home.account.id, person.group?.id as GroupId)).toEqual(person.group);
        expect(await identities.findIdentity(home.account.id, service.principal.id)).toEqual({
          principal: { ...service.principal, grants, requiresProof: true },
          email: undefined,
          registered: true,
          externalId: service.externalId,
          createdAtMs: 9,
          assignments: [{ ...assignment, roleName: role.name }],
          tokens: [token],
          credentials: [credential],
        });
        expect(await directory.principal(service.principal.id)).toMatchObject({ grants, requiresProof: true });
      }
    });

    it('are found in their own account alone', async () => {
      const { store, home } = await opened();
      const service = newService(home);
      const { identities } = store;
      await identities.insertIdentity(service, home.administrator.id);
      const { account, principal, token, credential, role, assignment } = { ...home, ...service };
      const elsewhere = newHousehold().account.id;
      expect(await identities.findIdentity(elsewhere, principal.id)).toBeUndefined();
      expect(await identities.findToken(elsewhere, token.id)).toBeUndefined();
      expect(await identities.findCredential(elsewhere, credential.id)).toBeUndefined();
      expect(await identities.credentialsOf(elsewhere, principal.id)).toEqual([]);
      expect(await identities.findRole(elsewhere, role.id)).toBeUndefined();
      expect(await identities.findAssignment(elsewhere, assignment.id)).toBeUndefined();
      const by = home.administrator.id;
      const { size } = await store.log.head();
      expect(await identities.setEnabled(elsewhere, principal.id, false, by)).toBe(false);
      expect(await identities.setTokenActive(elsewhere, token.id, false, by)).toBe(false);
      expect(await identities.deleteToken(elsewhere, token.id, by)).toBe(false);
      expect(await identities.setCredentialActive(elsewhere, credential.id, false, by)).toBe(false);
      expect(await identities.removeAssignment(elsewhere, assignment.id, by)).toBe(false);
      expect(await identities.replaceRole({ ...role, accountId: elsewhere, version: 2 }, by)).toBe(false);
      const invitation = { codeDigest: newBytes(32), expiresAtMs: 1 };
      expect(await identities.setInvitation(elsewhere, principal.id, invitation, by)).toBe(false);
      expect((await store.log.head()).size).toBe(size);
      expect(await identities.findToken(account.id, token.id)).toEqual(token);
    });

    it('have an email, a name and an external id of their own; one that is refused leaves nothing', async () => {
      const { store, home } = await opened();
      const by = home.administrator.id;
      const { identities } = store;
      const [person, service] = [newPerson(home), newService(home)];
      await identities.insertIdentity(person, by);
      await identities.insertIdentity(service, by);
      const { size } = await store.log.head();
      const fresh = newService(home);
      const refused = [
        [newPerson(home, { email: person.email }), 'user-name'],
        [{ ...fresh, principal: { ...fresh.principal, name: service.principal.name } }, 'user-name'],
        [newService(home, { externalId: service.externalId }), 'external-id'],
        [newService(home, { roles: [newRole(home, { name: service.role.name })] }), 'unique-name'],
        [newService(home, { tokens: [{ ...fresh.token, credentialId: service.credential.id }] }), 'user'],
      ] as const;
      for (const [identity, subject] of refused) {
        await expect(identities.insertIdentity(identity, by)).rejects.toMatchObject({ subject });
        expect(await store.directory.principal(identity.principal.id)).toBeUndefined();
        if (identity.group !== undefined)
          expect(await store.directory.group(home.account.id, identity.group.id)).toBeUndefined();
      }
      expect((await store.log.head()).size).toBe(size);
      const other = newHousehold();
      await store.directory.install(other);
      await identities.insertIdentity(newService(other, { externalId: service.externalId }), by);
      // Whoever logs in names no account.
      await expect(identities.insertIdentity(newPerson(other, { email: person.email }), by)).rejects.toMatchObject({
        subject: 'user-name',
      });
      const foreign = newPerson(other);
      const intruder = {
        ...foreign,
        group: undefined,
        principal: { ...foreign.principal, defaultGroupId: home.group.id },
      };
      await expect(identities.insertIdentity(intruder, by)).rejects.toMatchObject({ code: 'not_found' });
    });

    it('made at the same moment with one email are one', async () => {
      const { store, home } = await opened();
      const email = 'ada@example.test';
      const people = Array.from({ length: 5 }, () => newPerson(home, { email }));
      const results = await Promise.allSettled(
        people.map((person) => store.identities.insertIdentity(person, home.administrator.id)),
      );
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      const found = await store.identities.findByEmail(email);
      expect(people.map(({ principal }) => principal.id)).toContain(found?.principal.id);
    });

    it('are listed by id, page by page, and by kind', async () => {
      const { store, home } = await opened();
      const by = home.administrator.id;
      const people = Array.from({ length: 5 }, () => newPerson(home));
      const services = Array.from({ length: 4 }, () => newService(home));
      for (const identity of [...people, ...services]) await store.identities.insertIdentity(identity, by);
      const listed = async (kind: 'user' | 'service' | undefined): Promise<PrincipalId[]> => {
        const found: PrincipalId[] = [];
        for (let after: PrincipalId | undefined; ; after = found.at(-1)) {
          const page = await store.identities.listIdentities({ accountId: home.account.id, kind, after, limit: 2 });
          found.push(...page.items.map(({ principal }) => principal.id));
          if (!page.more) return found;
        }
      };
      const ids = (all: readonly { principal: { id: PrincipalId } }[]) => all.map(({ principal }) => principal.id);
      const ofServices = [...ids(services), by].sort();
      expect(await listed('user')).toEqual(ids(people).sort());
      expect(await listed('service')).toEqual(ofServices);
      expect(await listed(undefined)).toEqual([...ids(people), ...ofServices].sort());
    });

    it('are switched off and on at once, with a new revision', async () => {
      const { store, home, at } = await opened();
      const { identities, directory } = store;
      const service = newService(home);
      const { id } = service.principal;
      await identities.insertIdentity(service, home.administrator.id);
      const set = (enabled: boolean) => identities.setEnabled(home.account.id, id, enabled, home.administrator.id);
      expect((await directory.principal(id))?.enabled).toBe(true);
      const intent = { ...newIntent(home, 1), accountRevision: await revisionOf(store, home) };
      expect(await bumps(store, home, () => set(false))).toBe(true);
      expect((await directory.principal(id))?.enabled).toBe(false);
      expect(await store.journal.recordIntent(intent)).toEqual({ recorded: false, reason: 'stale' });
      expect(await bumps(store, home, () => set(false))).toBe(false);
      expect(await set(true)).toBe(true);
      expect((await directory.principal(id))?.enabled).toBe(true);
      expect(await set(false)).toBe(true);
      expect((await (await reopened(store, at)).directory.principal(id))?.enabled).toBe(false);
    });

    it('are gone when removed, with their tokens, credentials and assignments', async () => {
      const { store, home, at } = await opened();
      const by = home.administrator.id;
      const person = newPerson(home);
      const { id } = person.principal;
      const credential = newPasskey(home, id);
      const token = newToken(home, id, { credentialId: credential.id });
      await store.identities.insertIdentity({ ...person, credentials: [credential], tokens: [token] }, by);
      expect(await store.identities.tokenByDigest(token.digest)).toEqual(token);
      const groupId = person.group?.id as GroupId;
      expect(await store.directory.removeUser({ accountId: home.account.id, principalId: id, groupId, by })).toBe(true);
      for (const next of [() => store, () => reopened(store, at)]) {
        const { identities } = await next();
        expect(await identities.findIdentity(home.account.id, id)).toBeUndefined();
        expect(await identities.tokenByDigest(token.digest)).toBeUndefined();
        expect(await identities.findCredential(home.account.id, credential.id)).toBeUndefined();
        expect(await identities.findByEmail(person.email ?? '')).toBeUndefined();
      }
    });

    it('are not removed while a key is delegated to them', async () => {
      const { store, home } = await opened();
      const by = home.administrator.id;
      const person = newPerson(home);
      await store.identities.insertIdentity(person, by);
      const key = newKey(home);
      await store.keys.insert(key);
      const { id } = person.principal;
      await store.keys.change(home.account.id, key.id, 1, { delegatedTo: id }, by);
      const removal = { accountId: home.account.id, principalId: id, groupId: person.group?.id as GroupId, by };
      await expect(store.directory.removeUser(removal)).rejects.toMatchObject({ subject: 'user-has-keys' });
    });

    it('and what belongs to them are as they were when a commit fails', async () => {
      let failing = false;
      const { store, home, at } = await opened({
        beforeCommit: () => {
          if (failing) throw new Error('planted fault');
        },
      });
      const by = home.administrator.id;
      const [service, late] = [newService(home), newService(home)];
      const { identities } = store;
      await identities.insertIdentity(service, by);
      const { principal, token, credential, role, assignment } = service;
      const { id: accountId } = home.account;
      const before = await identities.findIdentity(accountId, principal.id);
      await identities.tokenByDigest(token.digest);
      const { size } = await store.log.head();
      failing = true;
      const results = await Promise.allSettled([
        identities.insertIdentity(late, by),
        identities.setEnabled(accountId, principal.id, false, by),
        identities.deleteToken(accountId, token.id, by),
        identities.setCredentialActive(accountId, credential.id, false, by),
        identities.replaceRole({ ...role, permissions: [], version: 2 }, by),
        identities.removeAssignment(accountId, assignment.id, by),
      ]);
      for (const result of results) expect(result).toMatchObject({ reason: { code: 'unavailable' } });
      failing = false;
      for (const next of [() => store, () => reopened(store, at)]) {
        const each = await next();
        expect(await each.identities.findIdentity(accountId, principal.id)).toEqual(before);
        expect(await each.identities.tokenByDigest(token.digest)).toEqual(token);
        expect(await each.directory.principal(late.principal.id)).toBeUndefined();
        expect((await each.log.head()).size).toBe(size);
      }
    });
  });

  describe('access tokens', () => {
    it('are found by their digest, with every field, cached or not', async () => {
      const { store, home, at } = await opened();
      const { id } = home.administrator;
      const tokens = [
        newToken(home, id),
        newToken(home, id, { kind: 'service-account', roleIds: [newId(), newId()], expiresAtMs: 5, active: false }),
        newToken(home, id, { roleIds: [] }),
      ];
      for (const token of tokens) await store.identities.insertToken(token, undefined, id);
      for (const next of [() => store, () => store, () => reopened(store, at)]) {
        const { identities } = await next();
        for (const token of tokens) {
          expect(await identities.tokenByDigest(token.digest)).toEqual(token);
          expect(await identities.findToken(home.account.id, token.id)).toEqual(token);
        }
        expect(await identities.tokenByDigest(newBytes(32))).toBeUndefined();
      }
    });

    it('come and go at once, and their own credential goes with them', async () => {
      const { store, home, at } = await opened();
      const { identities, directory } = store;
      const { administrator, account } = home;
      const by = administrator.id;
      const credential = newCredential(home, by);
      const token = newToken(home, by, { credentialId: credential.id });
      const needsProof = async () => (await directory.principal(by))?.requiresProof;
      expect(await needsProof()).toBe(false);
      expect(await bumps(store, home, () => identities.insertToken(token, credential, by))).toBe(true);
      expect(await needsProof()).toBe(true);
      expect(await identities.tokenByDigest(token.digest)).toEqual(token);
      expect(await bumps(store, home, () => identities.setTokenActive(account.id, token.id, false, by))).toBe(true);
      expect((await identities.tokenByDigest(token.digest))?.active).toBe(false);
      expect(await needsProof()).toBe(true);
      expect(await identities.setTokenActive(account.id, token.id, true, by)).toBe(true);
      expect((await identities.tokenByDigest(token.digest))?.active).toBe(true);
      expect(await bumps(store, home, () => identities.deleteToken(account.id, token.id, by))).toBe(true);
      expect(await identities.deleteToken(account.id, token.id, by)).toBe(false);
      for (const next of [() => store, () => reopened(store, at)]) {
        const each = await next();
        expect(await each.identities.tokenByDigest(token.digest)).toBeUndefined();
        expect(await each.identities.findCredential(account.id, credential.id)).toBeUndefined();
        expect((await each.directory.principal(by))?.requiresProof).toBe(false);
      }
    });

    it('leave a credential that another token has, and one that a login only used', async () => {
      const { store, home } = await opened();
      const { identities } = store;
      const { administrator, account } = home;
      const by = administrator.id;
      const [shared, used] = [newCredential(home, by), newPasskey(home, by)];
      const [first, second] = [1, 2].map(() => newToken(home, by, { credentialId: shared.id })) as [
        ReturnType<typeof newToken>,
        ReturnType<typeof newToken>,
      ];
      await identities.insertToken(first, shared, by);
      await identities.insertToken(second, undefined, by);
      await identities.deleteToken(account.id, first.id, by);
      expect(await identities.findCredential(account.id, shared.id)).toEqual(shared);
      expect(await identities.findToken(account.id, second.id)).toEqual(second);
      await identities.deleteToken(account.id, second.id, by);
      expect(await identities.findCredential(account.id, shared.id)).toBeUndefined();
      await identities.insertCredential(used, { spendInvitation: undefined, replacesAll: false }, by);
      const login = newToken(home, by, { kind: 'login', credentialId: used.id, expiresAtMs: 99 });
      await identities.insertToken(login, undefined, by);
      await identities.deleteToken(account.id, login.id, by);
      expect(await identities.findCredential(account.id, used.id)).toEqual(used);
    });

    it('have a credential of their own principal, or none', async () => {
      const { store, home } = await opened();
      const service = newService(home);
      const by = home.administrator.id;
      await store.identities.insertIdentity(service, by);
      for (const credentialId of [service.credential.id, newId<typeof service.credential.id>()])
        await expect(
          store.identities.insertToken(newToken(home, by, { credentialId }), undefined, by),
        ).rejects.toMatchObject({ code: 'not_found', subject: 'credential' });
      await expect(store.identities.insertToken(newToken(home, newId()), undefined, by)).rejects.toMatchObject({
        code: 'not_found',
        subject: 'user',
      });
      await expect(
        store.identities.insertToken(newToken(home, by, { digest: service.token.digest }), undefined, by),
      ).rejects.toMatchObject({ code: 'conflict', subject: 'token' });
    });

    it('of one principal are at most 1,000, beside its logins, and so are its credentials', async () => {
      const { store, home } = await opened();
      const by = home.administrator.id;
      const insert = () => {
        const credential = newCredential(home, by);
        return store.identities.insertToken(newToken(home, by, { credentialId: credential.id }), credential, by);
      };
      await Promise.all(Array.from({ length: 1_000 }, insert));
      await expect(store.identities.insertToken(newToken(home, by), undefined, by)).rejects.toMatchObject({
        code: 'conflict',
        subject: 'token',
      });
      const options = { spendInvitation: undefined, replacesAll: false };
      await expect(store.identities.insertCredential(newCredential(home, by), options, by)).rejects.toMatchObject({
        code: 'conflict',
        subject: 'credential',
      });
      await store.identities.insertToken(newToken(home, by, { kind: 'login', expiresAtMs: 99 }), undefined, by);
    });

    it('of logins end with their time, and the oldest when there are more than 100', async () => {
      const { store, home } = await opened();
      const { identities } = store;
      const by = home.administrator.id;
      const login = (createdAtMs: number, expiresAtMs: number) =>
        newToken(home, by, { kind: 'login', createdAtMs, expiresAtMs });
      const expired = login(1_000, 2_000);
      const live = Array.from({ length: 101 }, (_, i) => login(2_000 + i, 1_000_000));
      const personal = newToken(home, by, { createdAtMs: 1 });
      for (const token of [personal, expired]) await identities.insertToken(token, undefined, by);
      expect(await identities.tokenByDigest(expired.digest)).toEqual(expired);
      for (const token of live) {
        await identities.insertToken(token, undefined, by);
        expect(await identities.tokenByDigest(token.digest)).toEqual(token);
      }
      expect(await identities.tokenByDigest(expired.digest)).toBeUndefined();
      expect(await identities.tokenByDigest(live[0]?.digest ?? newBytes(32))).toBeUndefined();
      const left = (await identities.findIdentity(home.account.id, by))?.tokens.map(({ id }) => id);
      expect(left).toEqual([personal, ...live.slice(1)].map(({ id }) => id));
    });
  });

  describe('credentials', () => {
    it('come back with every field, and passkeys by their raw id', async () => {
      const { store, home, at } = await opened();
      const by = home.administrator.id;
      const credentials = [newCredential(home, by), newPasskey(home, by, { active: false, createdAtMs: 14 })] as const;
      const first = { spendInvitation: undefined, replacesAll: false };
      for (const credential of credentials)
        expect(await store.identities.insertCredential(credential, first, by)).toBe(true);
      const [, passkey] = credentials;
      const rawId = passkey.material.kind === 'passkey' ? passkey.material.rawId : newBytes(1);
      for (const next of [() => store, () => reopened(store, at)]) {
        const { identities } = await next();
        for (const credential of credentials)
          expect(await identities.findCredential(home.account.id, credential.id)).toEqual(credential);
        expect(await identities.credentialsOf(home.account.id, by)).toEqual(credentials);
        expect(await identities.findPasskey(rawId)).toEqual(passkey);
        expect(await identities.findPasskey(newBytes(32))).toBeUndefined();
      }
      const again = newPasskey(home, by, { material: passkey.material });
      await expect(store.identities.insertCredential(again, first, by)).rejects.toBeDefined();
    });

    it('of passkeys are registered once in the whole installation', async () => {
      const { store, home } = await opened();
      const other = newHousehold();
      await store.directory.install(other);
      const passkey = newPasskey(home, home.administrator.id);
      const options = { spendInvitation: undefined, replacesAll: false };
      await store.identities.insertCredential(passkey, options, home.administrator.id);
      const again = newPasskey(other, other.administrator.id, { material: passkey.material });
      await expect(store.identities.insertCredential(again, options, other.administrator.id)).rejects.toMatchObject({
        code: 'conflict',
        subject: 'passkey',
      });
    });

    it('decide by being active whether their principal must prove what it does', async () => {
      const { store, home, at } = await opened();
      const { identities, directory } = store;
      const { account, administrator } = home;
      const by = administrator.id;
      const needsProof = async (each: Store = store) => (await each.directory.principal(by))?.requiresProof;
      const credentials = [newCredential(home, by), newPasskey(home, by)] as const;
      const options = { spendInvitation: undefined, replacesAll: false };
      expect((await directory.principal(by))?.requiresProof).toBe(false);
      for (const each of credentials)
        expect(await bumps(store, home, () => identities.insertCredential(each, options, by))).toBe(true);
      expect(await needsProof()).toBe(true);
      const set = (place: 0 | 1, active: boolean) =>
        identities.setCredentialActive(account.id, credentials[place].id, active, by);
      expect(await bumps(store, home, () => set(0, false))).toBe(true);
      expect(await needsProof()).toBe(true);
      expect(await bumps(store, home, () => set(1, false))).toBe(true);
      expect(await needsProof()).toBe(false);
      expect(await bumps(store, home, () => set(1, false))).toBe(false);
      expect(await bumps(store, home, () => set(0, true))).toBe(true);
      expect(await needsProof()).toBe(true);
      expect(await identities.setCredentialActive(account.id, newId(), true, by)).toBe(false);
      expect(await needsProof(await reopened(store, at))).toBe(true);
    });

    it('spend an invitation once, also for two at the same moment, and replace all others where asked', async () => {
      const { store, home } = await opened();
      const by = home.administrator.id;
      const { identities } = store;
      const person = newPerson(home);
      await identities.insertIdentity(person, by);
      const { id } = person.principal;
      const invited = async () => (await identities.findByEmail(person.email ?? ''))?.invitation;
      const invitation = await invited();
      if (invitation === undefined) throw new Error('no invitation');
      const forged = { ...invitation, codeDigest: newBytes(32) };
      const use = (spendInvitation: typeof invitation, replacesAll = false) =>
        identities.insertCredential(newCredential(home, id), { spendInvitation, replacesAll }, id);
      const { size } = await store.log.head();
      expect(await use(forged)).toBe(false);
      expect((await store.log.head()).size).toBe(size);
      expect((await Promise.all([use(invitation), use(invitation)])).sort()).toEqual([false, true]);
      expect(await invited()).toBeUndefined();
      expect(await identities.findIdentity(home.account.id, id)).toMatchObject({ registered: true });
      const next = { codeDigest: newBytes(32), expiresAtMs: 77 };
      expect(await identities.setInvitation(home.account.id, id, invitation, by)).toBe(true);
      expect(await identities.setInvitation(home.account.id, id, next, by)).toBe(true);
      expect(await invited()).toEqual(next);
      expect(await use(invitation, true)).toBe(false);
      expect(await use(next, true)).toBe(true);
      const credentials = await identities.credentialsOf(home.account.id, id);
      expect(credentials.map(({ active }) => active).sort()).toEqual([false, true]);
      expect(await identities.setInvitation(home.account.id, home.administrator.id, next, by)).toBe(false);
    });

    it('count the uses of a passkey upwards alone, sooner or later in the database', async () => {
      const { store, home, at } = await opened();
      const by = home.administrator.id;
      const passkey = newPasskey(home, by);
      const key = newCredential(home, by);
      for (const credential of [passkey, key])
        await store.identities.insertCredential(credential, { spendInvitation: undefined, replacesAll: false }, by);
      const count = async (each: Store) => {
        const found = await each.identities.findCredential(home.account.id, passkey.id);
        return found?.material.kind === 'passkey' ? found.material.signCount : undefined;
      };
      store.identities.noteSignCount(key.id, 4);
      for (const [noted, expected] of [
        [9, 9],
        [7, 9],
        [3, 9],
        [12, 12],
      ] as const) {
        store.identities.noteSignCount(passkey.id, noted);
        expect(await count(store)).toBe(expected);
      }
      const again = await reopened(store, at);
      expect(await count(again)).toBe(12);
      again.identities.noteSignCount(passkey.id, 11);
      expect(await count(again)).toBe(12);
      expect(await count(await reopened(again, at))).toBe(12);
    });
  });
}
