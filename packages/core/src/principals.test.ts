import { beforeEach, describe, expect, it } from 'vitest';
import { inMemoryDirectory } from '../test/in-memory-directory.ts';
import { inMemoryIdentities } from '../test/in-memory-identity-store.ts';
import { keyOf } from '../test/recording-ports.ts';
import { createApiKey } from './api-key.ts';
import { type AccountId, newId, type PrincipalId } from './ids.ts';
import { installOnce } from './install.ts';
import type { KeyRecord } from './key-record.ts';
import type { KeyStore } from './ports/directory.ts';
import { type Caller, holdsPermission, KEY_PERMISSIONS, PERMISSIONS } from './principal.ts';
import { createPrincipals, type Principals } from './principals.ts';
import { createSessions, type Sessions } from './sessions.ts';

let directory: ReturnType<typeof inMemoryDirectory>;
let stored: KeyRecord[];
let nowMs: number;
let governed: boolean;
let adminKey: string;
let admin: Caller;
let sessions: Sessions;
let principals: Principals;

const unused = (): never => {
  throw new Error('not part of these tests');
};

beforeEach(async () => {
  directory = inMemoryDirectory();
  stored = [];
  nowMs = 1_000_000;
  adminKey = (await installOnce(directory, undefined, nowMs))?.apiKeyText ?? '';
  sessions = createSessions({
    directory,
    identities: inMemoryIdentities(directory).store,
    now: () => nowMs,
    sessionSeconds: 600,
  });
  admin = await sessions.authenticateApiKey(adminKey, 'test');
  const keys: KeyStore = {
    resolve: unused,
    insert: unused,
    change: unused,
    highestChildIndex: unused,
    remove: unused,
    touch: unused,
    list: async ({ among }) => stored.filter((key) => among !== 'all' && among.groups.includes(key.groupId)),
  };
  governed = false;
  principals = createPrincipals({
    directory,
    keys,
    now: () => nowMs,
    isGoverned: async (_account, activity) => governed && activity === 'modify-credential',
  });
});

async function userCaller(name?: string): Promise<Caller & { readonly apiKeyText: string }> {
  const { apiKeyText } = await principals.createUser(admin, name);
  return { ...(await sessions.authenticateApiKey(apiKeyText, 'test')), apiKeyText };
}

describe('createUser', () => {
  it('makes a service with a group of its own, in which it may do everything with keys but sign blindly', async () => {
    const { principal } = await userCaller('alpha');
    const groupId = principal.defaultGroupId ?? newId();
    expect(principal).toMatchObject({ kind: 'service', name: 'alpha', enabled: true });
    expect(await directory.group(principal.accountId, groupId)).toMatchObject({
      name: `user ${principal.id}`,
      createdBy: admin.principal.id,
      createdAtMs: nowMs,
    });
    const own = PERMISSIONS.filter((permission) => holdsPermission(principal, permission, { groupId }));
    expect(own).toEqual(KEY_PERMISSIONS.filter((permission) => permission !== 'blind-sign'));
    const elsewhere = { groupId: admin.principal.defaultGroupId ?? newId() };
    expect(PERMISSIONS.some((permission) => holdsPermission(principal, permission, elsewhere))).toBe(false);
  });

  it('gives a name to one user of the account only, and none to any number', async () => {
    await userCaller('alpha');
    await expect(principals.createUser(admin, 'alpha')).rejects.toMatchObject({
      code: 'conflict',
      subject: 'user-name',
    });
    await userCaller();
    await userCaller();
    const names = (await principals.listUsers(admin)).map(({ name }) => name);
    expect(names.filter((name) => name === 'alpha')).toHaveLength(1);
    expect(names.filter((name) => name === undefined)).toHaveLength(2);
  });

  it.each(['', '  ', 'a\nb', 'x'.repeat(256), 'a\u202eb', 'a\0'])('refuses the name %j', async (name) => {
    await expect(principals.createUser(admin, name)).rejects.toMatchObject({ code: 'invalid_request' });
  });
});

describe('API keys of a principal', () => {
  it('all work until they are revoked, one by one; without any it is locked out and stays', async () => {
    const { principal, apiKeyText: first } = await userCaller('alpha');
    const second = await principals.createApiKey(admin, principal.id);
    for (const text of [first, second])
      expect((await sessions.authenticateApiKey(text, 'test')).principal.id).toBe(principal.id);
    await principals.revokeApiKey(admin, first);
    await expect(sessions.authenticateApiKey(first, 'test')).rejects.toMatchObject({ code: 'unauthenticated' });
    await sessions.authenticateApiKey(second, 'test');
    await principals.revokeApiKey(admin, second);
    await expect(sessions.authenticateApiKey(second, 'test')).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(await principals.listUsers(admin)).toEqual([
      { principalId: principal.id, name: 'alpha', createdAtMs: nowMs, apiKeyCount: 0 },
    ]);
    await sessions.authenticateApiKey(await principals.createApiKey(admin, principal.id), 'test');
  });

  it('end the sessions of the principal when one is revoked, and no others', async () => {
    const user = await userCaller();
    const { token } = await sessions.open(user);
    const other = await sessions.open(admin);
    await principals.revokeApiKey(admin, user.apiKeyText);
    await expect(sessions.authenticateToken(token, 'test')).rejects.toMatchObject({ code: 'session_expired' });
    await sessions.authenticateToken(other.token, 'test');
  });

  it('are at most 32', async () => {
    const { principal } = await userCaller();
    for (let i = 1; i < 32; i++) await principals.createApiKey(admin, principal.id);
    await expect(principals.createApiKey(admin, principal.id)).rejects.toMatchObject({ code: 'conflict' });
  });

  it('that are unknown can not be revoked', async () => {
    const { principal } = await userCaller();
    for (const text of ['nonsense', createApiKey(principal.id).text, createApiKey(newId<PrincipalId>()).text])
      await expect(principals.revokeApiKey(admin, text)).rejects.toMatchObject({
        code: 'not_found',
        subject: 'api-key',
      });
  });

  it('leave an administrator one, so that the account is not lost', async () => {
    await expect(principals.revokeApiKey(admin, adminKey)).rejects.toMatchObject({ code: 'conflict' });
    const second = await principals.createApiKey(admin, admin.principal.id);
    await principals.revokeApiKey(admin, adminKey);
    await sessions.authenticateApiKey(second, 'test');
  });

  it('are not made for a person without a credential, whom they would stand for without any proof', async () => {
    const person = { ...admin.principal, id: newId<PrincipalId>(), kind: 'user', name: 'p', grants: [] } as const;
    await directory.insertPrincipal(person, undefined, nowMs);
    await expect(principals.createApiKey(admin, person.id)).rejects.toMatchObject({
      code: 'conflict',
      subject: 'credential',
    });
  });

  it('are not made for others where people watch over credentials', async () => {
    const { principal } = await userCaller();
    governed = true;
    const denied = { code: 'denied_by_policy' };
    await expect(principals.createApiKey(admin, principal.id)).rejects.toMatchObject(denied);
    await sessions.authenticateApiKey(await principals.createApiKey(admin, admin.principal.id), 'test');
    await userCaller('made after it');
  });

  it('are not made for strangers', async () => {
    await expect(principals.createApiKey(admin, newId())).rejects.toMatchObject({ code: 'not_found', subject: 'user' });
  });
});

describe('deleteUser', () => {
  it('deletes the user with its group, API keys and sessions', async () => {
    const user = await userCaller('alpha');
    const { principal } = user;
    const { token } = await sessions.open(user);
    await principals.deleteUser(admin, principal.id);
    expect(await principals.listUsers(admin)).toEqual([]);
    expect(await directory.group(principal.accountId, principal.defaultGroupId ?? newId())).toBeUndefined();
    await expect(sessions.authenticateApiKey(user.apiKeyText, 'test')).rejects.toMatchObject({
      code: 'unauthenticated',
    });
    await expect(sessions.authenticateToken(token, 'test')).rejects.toMatchObject({ code: 'session_expired' });
    await expect(principals.deleteUser(admin, principal.id)).rejects.toMatchObject({
      code: 'not_found',
      subject: 'user',
    });
    await userCaller('alpha');
  });

  it('refuses while the user has keys', async () => {
    const { principal } = await userCaller();
    stored.push(keyOf({ accountId: principal.accountId, groupId: principal.defaultGroupId ?? newId() }));
    await expect(principals.deleteUser(admin, principal.id)).rejects.toMatchObject({
      code: 'conflict',
      subject: 'user-has-keys',
    });
    stored.length = 0;
    await principals.deleteUser(admin, principal.id);
  });

  it('knows no users but its own: not the first administrator, and not one that was made an administrator', async () => {
    await expect(principals.deleteUser(admin, admin.principal.id)).rejects.toMatchObject({ code: 'not_found' });
    const { principal } = await userCaller();
    await directory.setGrants(principal.accountId, principal.id, admin.principal.grants);
    await expect(principals.deleteUser(admin, principal.id)).rejects.toMatchObject({ code: 'conflict' });
  });
});

describe('commands on principals', () => {
  it('are for administrators of the account alone', async () => {
    const user = await userCaller();
    const forbidden = { code: 'forbidden', subject: 'administrator' };
    const groupId = user.principal.defaultGroupId ?? newId();
    const ofGroup = [{ scope: { kind: 'group', groupId }, permissions: ['administer'] }] as const;
    for (const caller of [user, { ...user, principal: { ...user.principal, grants: ofGroup } }]) {
      await expect(principals.createUser(caller, 'beta')).rejects.toMatchObject(forbidden);
      await expect(principals.createApiKey(caller, user.principal.id)).rejects.toMatchObject(forbidden);
      await expect(principals.revokeApiKey(caller, user.apiKeyText)).rejects.toMatchObject(forbidden);
      await expect(principals.deleteUser(caller, user.principal.id)).rejects.toMatchObject(forbidden);
      await expect(principals.listUsers(caller)).rejects.toMatchObject(forbidden);
    }
  });

  it('do not reach into another account', async () => {
    const user = await userCaller();
    const foreign: Caller = { ...admin, principal: { ...admin.principal, accountId: newId<AccountId>() } };
    await expect(principals.createApiKey(foreign, user.principal.id)).rejects.toMatchObject({ code: 'not_found' });
    await expect(principals.revokeApiKey(foreign, user.apiKeyText)).rejects.toMatchObject({ code: 'not_found' });
    await expect(principals.deleteUser(foreign, user.principal.id)).rejects.toMatchObject({ code: 'not_found' });
    expect(await principals.listUsers(foreign)).toEqual([]);
    await sessions.authenticateApiKey(user.apiKeyText, 'test');
  });

  it('list users page by page', async () => {
    const made: string[] = [];
    for (let i = 0; i < 7; i++) made.push((await userCaller()).principal.id);
    const listed: string[] = [];
    for (let after: PrincipalId | undefined; ; ) {
      const page = await principals.listUsers(admin, { after, limit: 3 });
      if (page.length === 0) break;
      listed.push(...page.map(({ principalId }) => principalId));
      after = page.at(-1)?.principalId;
    }
    expect(listed).toEqual(made.sort());
  });
});
