/** Commands on users and their API keys. For administrators of the account alone. */
import { createApiKey, parseApiKey } from './api-key.ts';
import { DomainError } from './domain-error.ts';
import type { IsGoverned } from './governance/is-governed.ts';
import { madeBy } from './identity/made-by.ts';
import { type AccountId, type GroupId, newId, type PrincipalId } from './ids.ts';
import { isOneLine } from './policy/external/one-line.ts';
import type { Directory, KeyStore } from './ports/directory.ts';
import { administersAccount, type Caller, KEY_PERMISSIONS, type Permission, type Principal } from './principal.ts';

export interface User {
  readonly principalId: PrincipalId;
  /** Undefined for a user that was made without one. */
  readonly name: string | undefined;
  readonly createdAtMs: number;
  readonly apiKeyCount: number;
}

/**
 * A user is a service principal with a group of its own, in which it may do everything with keys but sign what policy
 * can't read. Every command throws `DomainError` `forbidden` with subject `administrator` for anybody but an administrator of the account.
 */
export interface Principals {
  /**
   * The API key is shown once. Without a name the user goes by its id.
   * @throws DomainError `invalid_request` for a bad name, `conflict` with subject `user-name` for a taken one, `conflict`
   * when the account has 100,000 principals
   */
  createUser(
    caller: Caller,
    name: string | undefined,
  ): Promise<{ readonly principalId: PrincipalId; readonly apiKeyText: string }>;
  /**
   * One more API key for a principal of the account; those that it has stay valid. Shown once. Whoever has it stands for
   * the principal: where people watch over credentials, nobody gets one for another principal.
   * @throws DomainError `not_found` with subject `user`; `conflict` when it has 32, and with subject `credential` for a
   * person that has no credential; `denied_by_policy`
   */
  createApiKey(caller: Caller, principalId: PrincipalId): Promise<string>;
  /**
   * The key is dead when the promise resolves, and so are the principal's sessions. A principal without a key is locked
   * out; what it owns stays.
   * @throws DomainError `not_found` with subject `api-key`; `conflict` for an administrator's last key, since nobody
   * could give it another one
   */
  revokeApiKey(caller: Caller, apiKeyText: string): Promise<void>;
  /**
   * Deletes a user with its group, API keys and sessions.
   * @throws DomainError `not_found` with subject `user`; `conflict` with subject `user-has-keys` while it owns keys,
   * `conflict` for an administrator
   */
  deleteUser(caller: Caller, principalId: PrincipalId): Promise<void>;
  /** In order of id. Without a page: all of them. */
  listUsers(
    caller: Caller,
    page?: { readonly after: PrincipalId | undefined; readonly limit: number },
  ): Promise<readonly User[]>;
}

export interface PrincipalDependencies {
  readonly directory: Directory;
  readonly keys: KeyStore;
  readonly now: () => number;
  readonly isGoverned: IsGoverned;
}

/** Everything on keys, except to sign past the rules about content: that takes a grant of its own (`blind-sign`). */
const USER_PERMISSIONS: readonly Permission[] = KEY_PERMISSIONS.filter((permission) => permission !== 'blind-sign');

const MAX_NAME_CHARACTERS = 255;
const ENTRIES_PER_READ = 1_000;

export function createPrincipals({ directory, keys, now, isGoverned }: PrincipalDependencies): Principals {
  async function principalOf(accountId: AccountId, id: PrincipalId): Promise<Principal | undefined> {
    const principal = await directory.principal(id);
    return principal?.accountId === accountId ? principal : undefined;
  }

  /** The group of its own that makes a principal a user. */
  async function ownGroup({ id, accountId, defaultGroupId }: Principal): Promise<GroupId | undefined> {
    const group = defaultGroupId === undefined ? undefined : await directory.group(accountId, defaultGroupId);
    return group?.name === groupName(id) ? group.id : undefined;
  }

  return {
    async createUser(caller, name) {
      const { accountId, by } = administratorOf(caller);
      if (name !== undefined) checkName(name);
      const principalId = newId<PrincipalId>();
      const groupId = newId<GroupId>();
      const createdAtMs = now();
      const apiKey = createApiKey(principalId);
      await directory.insertUser({
        principal: {
          id: principalId,
          accountId,
          kind: 'service',
          name: name ?? groupName(principalId),
          enabled: true,
          defaultGroupId: groupId,
          grants: [{ scope: { kind: 'group', groupId }, permissions: USER_PERMISSIONS }],
          requiresProof: false,
          createdBy: await madeBy(directory, caller.principal),
        },
        group: { id: groupId, accountId, name: groupName(principalId), createdBy: by, createdAtMs },
        apiKeyDigest: apiKey.secretDigest,
        createdAtMs,
        by,
      });
      return { principalId, apiKeyText: apiKey.text };
    },

    async createApiKey(caller, principalId) {
      const { accountId, by } = administratorOf(caller);
      const principal = await principalOf(accountId, principalId);
      if (principal === undefined) throw noSuchUser();
      // It would be an approver without any proof, before the person itself has ever been here.
      if (principal.kind === 'user' && !principal.requiresProof)
        throw new DomainError(
          'conflict',
          'a person has an API key only beside a credential; it has to register first',
          {
            subject: 'credential',
          },
        );
      if (principalId !== by && (await isGoverned(accountId, 'modify-credential')))
        throw new DomainError(
          'denied_by_policy',
          'people watch over credentials in this account, and an API key can not wait for them',
        );
      const apiKey = createApiKey(principalId);
      await directory.insertApiKey(principalId, apiKey.secretDigest, { createdAtMs: now(), by });
      return apiKey.text;
    },

    async revokeApiKey(caller, apiKeyText) {
      const { accountId, by } = administratorOf(caller);
      const parsed = parseApiKey(apiKeyText);
      const principal = parsed && (await principalOf(accountId, parsed.principalId));
      if (parsed === undefined || principal === undefined) throw noSuchApiKey();
      const removal = { by, keepLast: administersAccount(principal) };
      if (!(await directory.removeApiKey(principal.id, parsed.secretDigest, removal))) throw noSuchApiKey();
    },

    async deleteUser(caller, principalId) {
      const { accountId, by } = administratorOf(caller);
      const principal = await principalOf(accountId, principalId);
      const groupId = principal && (await ownGroup(principal));
      if (principal === undefined || groupId === undefined) throw noSuchUser();
      if (administersAccount(principal))
        throw new DomainError('conflict', 'the user administers the account; take that from it first');
      // Threshold shares, and keys that are made in this moment, are seen by the directory in its transaction.
      const among = { groups: [groupId], keys: [] };
      if ((await keys.list({ accountId, among, after: undefined, limit: 1 })).length > 0)
        throw new DomainError('conflict', 'the user still has keys; delete them first', { subject: 'user-has-keys' });
      if (!(await directory.removeUser({ accountId, principalId, groupId, by }))) throw noSuchUser();
    },

    async listUsers(caller, page) {
      const { accountId } = administratorOf(caller);
      const limit = page?.limit ?? Number.POSITIVE_INFINITY;
      const users: User[] = [];
      for (let after = page?.after; users.length < limit; ) {
        const entries = await directory.principals({ accountId, after, limit: ENTRIES_PER_READ });
        for (const { id, name, defaultGroupName, apiKeyCount, createdAtMs } of entries)
          if (defaultGroupName === groupName(id) && users.length < limit)
            users.push({ principalId: id, name: name === groupName(id) ? undefined : name, createdAtMs, apiKeyCount });
        after = entries.at(-1)?.id;
        if (after === undefined) break;
      }
      return users;
    },
  };
}

/** Also the name of a user without one: it can't be another user's, whose id would have to be known before it is made. */
function groupName(id: PrincipalId): string {
  return `user ${id}`;
}

function administratorOf({ principal }: Caller): { readonly accountId: AccountId; readonly by: PrincipalId } {
  if (!administersAccount(principal))
    throw new DomainError('forbidden', 'only an administrator of the account may do this', {
      subject: 'administrator',
    });
  return { accountId: principal.accountId, by: principal.id };
}

function checkName(name: string): void {
  if (name.trim() === '' || name.length > MAX_NAME_CHARACTERS || !isOneLine(name))
    throw new DomainError('invalid_request', `a user's name is one line of 1 to ${MAX_NAME_CHARACTERS} characters`);
}

function noSuchUser(): DomainError {
  return new DomainError('not_found', 'no such user', { subject: 'user' });
}

function noSuchApiKey(): DomainError {
  return new DomainError('not_found', 'no such API key', { subject: 'api-key' });
}
