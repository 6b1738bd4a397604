import type { AccessToken } from '../identity/access-token.ts';
import type { Credential } from '../identity/credential.ts';
import type { Identity } from '../identity/identities.ts';
import type { Role, RoleAssignment } from '../identity/role.ts';
import type { AccountId, AssignmentId, CredentialId, PrincipalId, RoleId, TokenId } from '../ids.ts';
import type { Page, PageQuery } from '../page.ts';
import type { Principal } from '../principal.ts';
import type { Group } from './directory.ts';

/** A person or service with all that comes with it, in one transaction. */
export interface NewIdentity {
  /** `grants` are empty: what it may do comes from its assignments. */
  readonly principal: Principal;
  /** A group of its own, its default group; undefined: `principal.defaultGroupId` exists already. */
  readonly group: Group | undefined;
  readonly email: string | undefined;
  readonly externalId: string | undefined;
  readonly roles: readonly Role[];
  readonly assignments: readonly RoleAssignment[];
  readonly credentials: readonly Credential[];
  readonly tokens: readonly AccessToken[];
  readonly invitation: Invitation | undefined;
  readonly createdAtMs: number;
}

export interface Invitation {
  /** SHA-256 of the code. */
  readonly codeDigest: Uint8Array;
  readonly expiresAtMs: number;
}

/**
 * Every write is durable, and in the log with who did it, when its promise resolves; whatever changes what a principal may
 * do, or proves itself with, bumps the account's revision. `Directory.principal` merges the grants of assignments into a
 * principal's own, and says whether it has active credentials.
 */
export interface IdentityStore {
  /** @throws DomainError `conflict` with subject `user-name` (email, or a service's name), `external-id`, or `passkey` */
  insertIdentity(identity: NewIdentity, by: PrincipalId): Promise<void>;
  findIdentity(accountId: AccountId, id: PrincipalId): Promise<Identity | undefined>;
  /** Of the account of this installation that has the email, in lower case. */
  findByEmail(email: string): Promise<(Identity & { readonly invitation: Invitation | undefined }) | undefined>;
  listIdentities(
    query: PageQuery<PrincipalId> & { readonly accountId: AccountId; readonly kind: Principal['kind'] | undefined },
  ): Promise<Page<Identity>>;
  setEnabled(accountId: AccountId, id: PrincipalId, enabled: boolean, by: PrincipalId): Promise<boolean>;

  /** Looked up for every request: prepared statement, or a cache that ends with the account's revision. */
  tokenByDigest(digest: Uint8Array): Promise<AccessToken | undefined>;
  insertToken(token: AccessToken, credential: Credential | undefined, by: PrincipalId): Promise<void>;
  findToken(accountId: AccountId, id: TokenId): Promise<AccessToken | undefined>;
  setTokenActive(accountId: AccountId, id: TokenId, active: boolean, by: PrincipalId): Promise<boolean>;
  /** With its credential, where that is this token's alone. */
  deleteToken(accountId: AccountId, id: TokenId, by: PrincipalId): Promise<boolean>;

  insertRole(role: Role, by: PrincipalId): Promise<void>;
  findRole(accountId: AccountId, id: RoleId): Promise<Role | undefined>;
  listRoles(query: PageQuery<RoleId> & { readonly accountId: AccountId }): Promise<Page<Role>>;
  /** As `GovernanceStore.replacePolicy`. */
  replaceRole(role: Role, by: PrincipalId): Promise<boolean>;
  insertAssignment(assignment: RoleAssignment, by: PrincipalId): Promise<void>;
  findAssignment(accountId: AccountId, id: AssignmentId): Promise<RoleAssignment | undefined>;
  listAssignments(
    query: PageQuery<AssignmentId> & { readonly accountId: AccountId; readonly roleId: RoleId },
  ): Promise<Page<RoleAssignment>>;
  removeAssignment(accountId: AccountId, id: AssignmentId, by: PrincipalId): Promise<boolean>;

  findCredential(accountId: AccountId, id: CredentialId): Promise<Credential | undefined>;
  findPasskey(rawId: Uint8Array): Promise<Credential | undefined>;
  credentialsOf(accountId: AccountId, principalId: PrincipalId): Promise<readonly Credential[]>;
  /**
   * A person's first or further credential. `spendInvitation`: only where this is still the person's invitation, which is
   * then gone; `replacesAll`: all others are switched off.
   */
  insertCredential(
    credential: Credential,
    options: { readonly spendInvitation: Invitation | undefined; readonly replacesAll: boolean },
    by: PrincipalId,
  ): Promise<boolean>;
  setCredentialActive(accountId: AccountId, id: CredentialId, active: boolean, by: PrincipalId): Promise<boolean>;
  /** Needn't be durable at once. */
  noteSignCount(id: CredentialId, signCount: number): void;
  setInvitation(accountId: AccountId, id: PrincipalId, invitation: Invitation, by: PrincipalId): Promise<boolean>;
}
