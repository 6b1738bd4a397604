/** People, services, tokens, credentials and roles in maps, and a directory that knows what they may do. */
import { DomainError, type ErrorSubject } from '../src/domain-error.ts';
import type { AccessToken } from '../src/identity/access-token.ts';
import { builtInRoles } from '../src/identity/built-in-roles.ts';
import type { Credential } from '../src/identity/credential.ts';
import type { Identity } from '../src/identity/identities.ts';
import type { Role, RoleAssignment } from '../src/identity/role.ts';
import type { AccountId, PrincipalId } from '../src/ids.ts';
import type { Page, PageQuery } from '../src/page.ts';
import type { Directory } from '../src/ports/directory.ts';
import type { IdentityStore, Invitation } from '../src/ports/identity-store.ts';
import type { Principal } from '../src/principal.ts';

interface Person {
  readonly email: string | undefined;
  readonly externalId: string | undefined;
  readonly createdAtMs: number;
  invitation: Invitation | undefined;
}

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

export interface InMemoryIdentities {
  readonly store: IdentityStore;
  /** The given one, with the grants of assignments and `requiresProof` added to principals. */
  readonly directory: Directory;
}

export function inMemoryIdentities(base: Directory): InMemoryIdentities {
  const people = new Map<PrincipalId, Person>();
  const credentials = new Map<string, Credential>();
  const tokens = new Map<string, AccessToken>();
  const roles = new Map<string, Role>();
  const assignments = new Map<string, RoleAssignment>();

  const ofPrincipal = <T extends { readonly principalId: PrincipalId }>(map: Map<string, T>, id: PrincipalId): T[] =>
    [...map.values()].filter(({ principalId }) => principalId === id);

  async function addBuiltInRoles(accountId: AccountId): Promise<void> {
    const account = await base.account(accountId);
    if (account !== undefined)
      for (const role of builtInRoles(account)) if (!roles.has(role.id)) roles.set(role.id, role);
  }

  async function principalWithRoles(id: PrincipalId): Promise<Principal | undefined> {
    const principal = await base.principal(id);
    if (principal === undefined) return undefined;
    const given = ofPrincipal(assignments, id).flatMap(({ roleId, scope }) => {
      const role = roles.get(roleId);
      return role === undefined || role.archived ? [] : [{ scope, permissions: role.permissions }];
    });
    const requiresProof = ofPrincipal(credentials, id).some(({ active }) => active);
    return { ...principal, grants: [...principal.grants, ...given], requiresProof };
  }

  async function identityOf(id: PrincipalId): Promise<Identity | undefined> {
    const principal = await principalWithRoles(id);
    if (principal === undefined) return undefined;
    const person = people.get(id);
    return {
      principal,
      email: person?.email,
      registered: ofPrincipal(credentials, id).length > 0,
      externalId: person?.externalId,
      createdAtMs: person?.createdAtMs ?? 0,
      assignments: ofPrincipal(assignments, id).map((each) => ({
        ...each,
        roleName: roles.get(each.roleId)?.name ?? '',
      })),
      tokens: ofPrincipal(tokens, id),
      credentials: ofPrincipal(credentials, id),
    };
  }

  function refuse(taken: boolean, subject: ErrorSubject): void {
    if (taken) throw new DomainError('conflict', 'taken', { subject });
  }

  function insertCredential(credential: Credential): void {
    const { material } = credential;
    const others = [...credentials.values()].map((each) => each.material);
    if (material.kind === 'passkey')
      refuse(
        others.some((other) => other.kind === 'passkey' && same(other.rawId, material.rawId)),
        'passkey',
      );
    credentials.set(credential.id, credential);
  }

  function insertRole(role: Role): void {
    refuse(
      [...roles.values()].some(({ accountId, name }) => accountId === role.accountId && name === role.name),
      'unique-name',
    );
    roles.set(role.id, role);
  }

  function pageOf<T, Id extends string>(items: readonly T[], idOf: (item: T) => Id, query: PageQuery<Id>): Page<T> {
    const sorted = [...items].sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
    const rest = sorted.filter((item) => query.after === undefined || idOf(item) > query.after);
    return { items: rest.slice(0, query.limit), more: rest.length > query.limit };
  }

  /** Replaces a value of the account; false where it has none. */
  function replace<T extends { readonly accountId: AccountId }>(
    map: Map<string, T>,
    accountId: AccountId,
    id: string,
    change: (value: T) => T,
  ): boolean {
    const value = map.get(id);
    if (value?.accountId !== accountId) return false;
    map.set(id, change(value));
    return true;
  }

  const inAccount = <T extends { readonly accountId: AccountId }>(
    value: T | undefined,
    id: AccountId,
  ): T | undefined => (value?.accountId === id ? value : undefined);

  const store: IdentityStore = {
    async insertIdentity(identity) {
      const { principal } = identity;
      const entries = [...people.values()];
      refuse(identity.email !== undefined && entries.some(({ email }) => email === identity.email), 'user-name');
      const external = identity.externalId;
      refuse(external !== undefined && entries.some(({ externalId }) => externalId === external), 'external-id');
      await base.insertPrincipal({ ...principal, requiresProof: false }, undefined, identity.createdAtMs);
      const { email, externalId, invitation, createdAtMs } = identity;
      people.set(principal.id, { email, externalId, invitation, createdAtMs });
      for (const role of identity.roles) insertRole(role);
      for (const credential of identity.credentials) insertCredential(credential);
      for (const token of identity.tokens) tokens.set(token.id, token);
      for (const assignment of identity.assignments) assignments.set(assignment.id, assignment);
    },
    async findIdentity(accountId, id) {
      const identity = await identityOf(id);
      return identity?.principal.accountId === accountId ? identity : undefined;
    },
    async findByEmail(email) {
      for (const [id, person] of people) {
        const identity = person.email === email ? await identityOf(id) : undefined;
        if (identity !== undefined) return { ...identity, invitation: person.invitation };
      }
      return undefined;
    },
    async listIdentities({ accountId, kind, ...query }) {
      const found: Identity[] = [];
      for (const id of people.keys()) {
        const identity = await identityOf(id);
        if (identity?.principal.accountId === accountId && (kind === undefined || identity.principal.kind === kind))
          found.push(identity);
      }
      return pageOf(found, ({ principal }) => principal.id, query);
    },
    async setEnabled(accountId, id, enabled) {
      const principal = await base.principal(id);
      if (principal?.accountId !== accountId) return false;
      await base.insertPrincipal({ ...principal, enabled }, undefined, 0);
      return true;
    },

    tokenByDigest: async (digest) => [...tokens.values()].find((token) => same(token.digest, digest)),
    async insertToken(token, credential) {
      if (credential !== undefined) insertCredential(credential);
      tokens.set(token.id, token);
    },
    findToken: async (accountId, id) => inAccount(tokens.get(id), accountId),
    setTokenActive: async (accountId, id, active) => replace(tokens, accountId, id, (token) => ({ ...token, active })),
    async deleteToken(accountId, id) {
      const token = inAccount(tokens.get(id), accountId);
      if (token === undefined) return false;
      tokens.delete(id);
      if (token.credentialId !== undefined) credentials.delete(token.credentialId);
      return true;
    },

    insertRole: async (role) => insertRole(role),
    async findRole(accountId, id) {
      await addBuiltInRoles(accountId);
      return inAccount(roles.get(id), accountId);
    },
    async listRoles({ accountId, ...query }) {
      await addBuiltInRoles(accountId);
      const own = [...roles.values()].filter((role) => role.accountId === accountId);
      return pageOf(own, ({ id }) => id, query);
    },
    async replaceRole(role) {
      if (roles.get(role.id)?.version !== role.version - 1) return false;
      roles.set(role.id, role);
      return true;
    },
    async insertAssignment(assignment) {
      assignments.set(assignment.id, assignment);
    },
    findAssignment: async (accountId, id) => inAccount(assignments.get(id), accountId),
    async listAssignments({ accountId, roleId, ...query }) {
      const own = [...assignments.values()].filter((each) => each.accountId === accountId && each.roleId === roleId);
      return pageOf(own, ({ id }) => id, query);
    },
    removeAssignment: async (_accountId, id) => assignments.delete(id),

    findCredential: async (accountId, id) => inAccount(credentials.get(id), accountId),
    findPasskey: async (rawId) =>
      [...credentials.values()].find(({ material }) => material.kind === 'passkey' && same(material.rawId, rawId)),
    credentialsOf: async (_accountId, principalId) => ofPrincipal(credentials, principalId),
    async insertCredential(credential, { spendInvitation, replacesAll }) {
      const person = people.get(credential.principalId);
      if (spendInvitation !== undefined) {
        const { invitation } = person ?? {};
        if (person === undefined || invitation === undefined) return false;
        if (!same(invitation.codeDigest, spendInvitation.codeDigest)) return false;
        insertCredential(credential);
        person.invitation = undefined;
      } else insertCredential(credential);
      if (replacesAll)
        for (const other of ofPrincipal(credentials, credential.principalId))
          if (other.id !== credential.id) credentials.set(other.id, { ...other, active: false });
      return true;
    },
    setCredentialActive: async (accountId, id, active) =>
      replace(credentials, accountId, id, (credential) => ({ ...credential, active })),
    noteSignCount(id, signCount) {
      const credential = credentials.get(id);
      if (credential?.material.kind === 'passkey' && signCount > credential.material.signCount)
        credentials.set(id, { ...credential, material: { ...credential.material, signCount } });
    },
    async setInvitation(_accountId, id, invitation) {
      const person = people.get(id);
      if (person === undefined) return false;
      person.invitation = invitation;
      return true;
    },
  };

  return { store, directory: { ...base, principal: principalWithRoles } };
}
