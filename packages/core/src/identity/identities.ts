/** Commands on people and services, their tokens, credentials and roles: the contract that dialects render. */
import type { Governed } from '../governance/change-request.ts';
import type { AssignmentId, CredentialId, PrincipalId, RoleId, TokenId } from '../ids.ts';
import type { Page, PageQuery } from '../page.ts';
import type { Caller, Grant, Permission, Principal } from '../principal.ts';
import type { AccessToken } from './access-token.ts';
import type { Credential } from './credential.ts';
import type { Role, RoleAssignment } from './role.ts';

export interface Identity {
  readonly principal: Principal;
  /** Of a person, where it has one: lower case, unique in the account. */
  readonly email: string | undefined;
  /** Whether a person has registered a first credential. */
  readonly registered: boolean;
  readonly externalId: string | undefined;
  readonly createdAtMs: number;
  readonly assignments: readonly (RoleAssignment & { readonly roleName: string })[];
  readonly tokens: readonly AccessToken[];
  readonly credentials: readonly Credential[];
}

export interface NewServiceAccount {
  /** 1 to 255 characters, one line. */
  readonly name: string;
  /** SubjectPublicKeyInfo in PEM: Ed25519, EC P-256 or secp256k1, RSA of 2048 to 8192 bits. */
  readonly publicKeyPem: string;
  /** Roles on the account. The caller must hold everything in them. */
  readonly roleIds: readonly RoleId[];
  /** A role of its own with these permissions is made where there are any. */
  readonly permissions: readonly Permission[];
  readonly externalId: string | undefined;
  /** 1 second to 10 years; undefined: it doesn't expire. */
  readonly lifetimeSeconds: number | undefined;
}

/** `accessToken` is the text, shown once. */
export interface IssuedToken {
  readonly identity: Identity;
  readonly token: AccessToken;
  readonly credential: Credential;
  readonly accessToken: string;
}

/**
 * Each command needs the permission of its name (`create-role`, `update-service-account` ...), and nothing for what is the
 * caller's own; a personal token's own is that token alone, not what else its person has. Nobody gives away what it
 * doesn't hold itself, nor changes somebody who holds more: `forbidden` with subject `exceeds-own`. What isn't there is `not_found` with subject `user`, `role`, `assignment`, `token` or `credential`.
 */
export interface Identities {
  createServiceAccount(caller: Caller, request: NewServiceAccount): Promise<IssuedToken>;
  /** A token for a program that acts as the calling person, with a key credential of its own. */
  createPersonalToken(
    caller: Caller,
    request: Pick<NewServiceAccount, 'name' | 'publicKeyPem' | 'roleIds' | 'externalId' | 'lifetimeSeconds'>,
  ): Promise<IssuedToken>;
  getIdentity(caller: Caller, id: PrincipalId): Promise<Identity>;
  /** In order of id. */
  listIdentities(
    caller: Caller,
    query: PageQuery<PrincipalId> & { readonly kind?: Principal['kind'] },
  ): Promise<Page<Identity>>;
  /** A disabled principal is refused everywhere at once; its tokens come back with it. */
  setEnabled(caller: Caller, id: PrincipalId, enabled: boolean): Promise<Identity>;
  setTokenActive(caller: Caller, id: TokenId, active: boolean): Promise<AccessToken>;
  deleteToken(caller: Caller, id: TokenId): Promise<AccessToken>;

  createRole(
    caller: Caller,
    request: { readonly name: string; readonly permissions: readonly Permission[] },
  ): Promise<Role>;
  getRole(caller: Caller, id: RoleId): Promise<Role>;
  listRoles(caller: Caller, query: PageQuery<RoleId>): Promise<Page<Role>>;
  updateRole(
    caller: Caller,
    id: RoleId,
    change: { readonly name?: string; readonly permissions?: readonly Permission[] },
  ): Promise<Governed<Role>>;
  setRoleArchived(caller: Caller, id: RoleId, archived: boolean): Promise<Governed<Role>>;
  assignRole(
    caller: Caller,
    request: { readonly roleId: RoleId; readonly principalId: PrincipalId; readonly scope: Grant['scope'] },
  ): Promise<Governed<RoleAssignment>>;
  listAssignments(caller: Caller, roleId: RoleId, query: PageQuery<AssignmentId>): Promise<Page<RoleAssignment>>;
  revokeAssignment(caller: Caller, roleId: RoleId, id: AssignmentId): Promise<Governed<RoleAssignment>>;

  /** The caller's own, or with `read-users` or `read-service-accounts` those of others. */
  listCredentials(caller: Caller, principalId: PrincipalId): Promise<readonly Credential[]>;
  setCredentialActive(caller: Caller, id: CredentialId, active: boolean): Promise<Governed<Credential>>;
}
