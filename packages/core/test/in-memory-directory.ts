/** Accounts, principals and sessions in maps: a real, small directory for tests of commands. */
import type { Account } from '../src/account.ts';
import { DomainError } from '../src/domain-error.ts';
import type { Directory, Group, Session } from '../src/ports/directory.ts';
import type { Principal } from '../src/principal.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

interface StoredPrincipal {
  readonly principal: Principal;
  readonly apiKeys: Map<string, Uint8Array>;
  readonly createdAtMs: number;
}

export function inMemoryDirectory(): Directory & { readonly writes: string[] } {
  const accounts = new Map<string, Account>();
  const groups = new Map<string, Group>();
  const principals = new Map<string, StoredPrincipal>();
  const sessions = new Map<string, Session>();
  const writes: string[] = [];

  function put(principal: Principal, digest: Uint8Array | undefined, createdAtMs: number): void {
    const apiKeys = principals.get(principal.id)?.apiKeys ?? new Map<string, Uint8Array>();
    if (digest !== undefined) apiKeys.set(hex(digest), digest);
    principals.set(principal.id, { principal, apiKeys, createdAtMs });
  }
  function endSessions(id: string): void {
    for (const [index, session] of sessions) if (session.principalId === id) sessions.delete(index);
  }
  function bumpRevision(id: string): void {
    const account = accounts.get(id);
    if (account !== undefined) accounts.set(id, { ...account, revision: account.revision + 1 });
  }

  return {
    writes,
    account: async (id) => accounts.get(id),
    principal: async (id) => principals.get(id)?.principal,
    apiKeyDigests: async (id) => [...(principals.get(id)?.apiKeys.values() ?? [])],
    group: async (accountId, id) => {
      const group = groups.get(id);
      return group?.accountId === accountId ? group : undefined;
    },
    firstAccount: async () => accounts.values().next().value,
    async install({ account, group, administrator, apiKeyDigest }) {
      accounts.set(account.id, account);
      groups.set(group.id, group);
      put(administrator, apiKeyDigest, account.createdAtMs);
    },
    async insertAccount(account) {
      accounts.set(account.id, account);
    },
    async insertGroup(group) {
      groups.set(group.id, group);
    },
    async insertPrincipal(principal, apiKeyDigest, createdAtMs) {
      put(principal, apiKeyDigest, createdAtMs);
    },
    async insertUser({ principal, group, apiKeyDigest, createdAtMs }) {
      const { accountId, name } = principal;
      for (const { principal: other } of principals.values())
        if (other.accountId === accountId && other.name === name)
          throw new DomainError('conflict', 'a user of this name exists already', { subject: 'user-name' });
      groups.set(group.id, group);
      put(principal, apiKeyDigest, createdAtMs);
    },
    async removeUser({ accountId, principalId, groupId }) {
      const found = principals.get(principalId)?.principal;
      if (found?.accountId !== accountId || found.defaultGroupId !== groupId) return false;
      principals.delete(principalId);
      groups.delete(groupId);
      endSessions(principalId);
      bumpRevision(accountId);
      return true;
    },
    async insertApiKey(principalId, digest) {
      const found = principals.get(principalId);
      if (found === undefined) throw new DomainError('not_found', 'no such principal');
      if (found.apiKeys.size >= 32) throw new DomainError('conflict', 'too many API keys');
      found.apiKeys.set(hex(digest), digest);
    },
    async removeApiKey(principalId, digest, { keepLast }) {
      const apiKeys = principals.get(principalId)?.apiKeys;
      if (apiKeys?.has(hex(digest)) !== true) return false;
      if (keepLast && apiKeys.size === 1) throw new DomainError('conflict', 'it is the last API key');
      apiKeys.delete(hex(digest));
      endSessions(principalId);
      return true;
    },
    principals: async ({ accountId, after, limit }) =>
      [...principals.values()]
        .filter(({ principal }) => principal.accountId === accountId && (after === undefined || principal.id > after))
        .sort((a, b) => (a.principal.id < b.principal.id ? -1 : 1))
        .slice(0, limit)
        .map(({ principal, apiKeys, createdAtMs }) => ({
          id: principal.id,
          kind: principal.kind,
          name: principal.name,
          enabled: principal.enabled,
          defaultGroupName: groups.get(principal.defaultGroupId ?? '')?.name,
          apiKeyCount: apiKeys.size,
          createdAtMs,
        })),
    async setGrants(_accountId, id, grants) {
      const found = principals.get(id);
      if (found !== undefined) principals.set(id, { ...found, principal: { ...found.principal, grants } });
    },
    async updateAccountSettings(id, settings) {
      const account = accounts.get(id);
      if (account !== undefined) accounts.set(id, { ...account, settings, revision: account.revision + 1 });
    },
    async insertSession(session) {
      sessions.set(hex(session.tokenDigest), session);
    },
    session: async (tokenDigest) => sessions.get(hex(tokenDigest)),
    async extendSession(tokenDigest, expiresAtMs) {
      writes.push('extend');
      const session = sessions.get(hex(tokenDigest));
      if (session !== undefined) sessions.set(hex(tokenDigest), { ...session, expiresAtMs });
    },
    async removeSession(tokenDigest) {
      sessions.delete(hex(tokenDigest));
    },
  };
}
