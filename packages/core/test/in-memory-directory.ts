/** Accounts, principals and sessions in maps: a real, small directory for tests of commands. */
import type { Account } from '../src/account.ts';
import type { Directory, Group, Session } from '../src/ports/directory.ts';
import type { Principal } from '../src/principal.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

export function inMemoryDirectory(): Directory & { readonly writes: string[] } {
  const accounts = new Map<string, Account>();
  const groups = new Map<string, Group>();
  const principals = new Map<string, Principal>();
  const digests = new Map<string, Uint8Array>();
  const sessions = new Map<string, Session>();
  const writes: string[] = [];
  return {
    writes,
    account: async (id) => accounts.get(id),
    principal: async (id) => principals.get(id),
    apiKeyDigest: async (id) => digests.get(id),
    group: async (accountId, id) => {
      const group = groups.get(id);
      return group?.accountId === accountId ? group : undefined;
    },
    firstAccount: async () => accounts.values().next().value,
    async install({ account, group, administrator, apiKeyDigest }) {
      accounts.set(account.id, account);
      groups.set(group.id, group);
      principals.set(administrator.id, administrator);
      digests.set(administrator.id, apiKeyDigest);
    },
    async insertAccount(account) {
      accounts.set(account.id, account);
    },
    async insertGroup(group) {
      groups.set(group.id, group);
    },
    async insertPrincipal(principal, apiKeyDigest) {
      principals.set(principal.id, principal);
      if (apiKeyDigest !== undefined) digests.set(principal.id, apiKeyDigest);
    },
    async setGrants(_accountId, id, grants) {
      const principal = principals.get(id);
      if (principal !== undefined) principals.set(id, { ...principal, grants });
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
