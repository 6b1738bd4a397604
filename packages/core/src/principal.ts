import type { ProvenAction } from './identity/user-action.ts';
import type { AccountId, CredentialId, GroupId, KeyId, PrincipalId, TokenId } from './ids.ts';

/**
 * What a grant can allow: the first group on keys, the second on the account. Seeing a key takes any of the first group
 * on it.
 */
export const KEY_PERMISSIONS = [
  'sign',
  'verify',
  /** The keyed function of a Diffie-Hellman key. */
  'derive',
  'read-key',
  'create-key',
  'derive-child-key',
  'import-key',
  'manage-key',
  'delete-key',
  'delegate-key',
  'export-key',
  /** Building a wallet on a key that exists. */
  'reuse-key',
  /** Signing what policy can't read, in accounts with rules about content. */
  'blind-sign',
  'read-requests',
  'confirm-request',
] as const;

export const ACCOUNT_PERMISSIONS = [
  'administer',
  'read-key-stores',
  'create-wallet',
  'read-wallets',
  'create-policy',
  'read-policies',
  'update-policy',
  'archive-policy',
  'read-approvals',
  'approve',
  'create-role',
  'read-roles',
  'update-role',
  'archive-role',
  'assign-role',
  'revoke-role',
  'read-assignments',
  'create-webhook',
  'read-webhooks',
  'update-webhook',
  'delete-webhook',
  'ping-webhook',
  'read-webhook-events',
  'create-service-account',
  'read-service-accounts',
  'update-service-account',
  'delete-service-account',
  'create-personal-token',
  'create-user',
  'read-users',
  'update-user',
  'delete-user',
  'read-log',
] as const;

export const PERMISSIONS = [...KEY_PERMISSIONS, ...ACCOUNT_PERMISSIONS] as const;
export type Permission = (typeof PERMISSIONS)[number];

/** `administer` on the account contains every other permission on everything in it. */
export interface Grant {
  readonly scope:
    | { readonly kind: 'account' }
    | { readonly kind: 'group'; readonly groupId: GroupId }
    | { readonly kind: 'key'; readonly keyId: KeyId };
  readonly permissions: readonly Permission[];
}

/** Who calls, with everything that authorisation needs; loaded once per request and cached by account revision. */
export interface Principal {
  readonly id: PrincipalId;
  readonly accountId: AccountId;
  readonly kind: 'user' | 'service';
  readonly name: string;
  readonly enabled: boolean;
  readonly defaultGroupId: GroupId | undefined;
  /** Its own and those of its roles. */
  readonly grants: readonly Grant[];
  /** Whether it has an active credential: then every change and every signature needs a proven action. */
  readonly requiresProof: boolean;
  /** Who made it; absent where that isn't recorded. Of a service: its owner, where that is a person. */
  readonly createdBy?: PrincipalId | undefined;
  /**
   * Of a caller whose token allows less than its principal may: all that it allows. `grants` have been narrowed to it;
   * what comes from no grant, such as the use of a key that was delegated, must be in here as well.
   */
  readonly narrowedTo?: ReadonlySet<Permission> | undefined;
}

/** How the caller proved itself for this request, which decides what it may use. */
export interface Caller {
  readonly principal: Principal;
  /**
   * Undefined for an API key used directly. `bindingKey` (32 bytes, derived from the token) authenticates what only
   * this session may hand back, such as a transient key.
   */
  readonly session: { readonly bindingKey: Uint8Array; readonly expiresAtMs: number } | undefined;
  /** Registry name of the dialect that the request came through; goes into the log. */
  readonly dialect: string;
  /** Of an access token. Its roles have already been taken from `principal.grants`. */
  readonly token?: { readonly id: TokenId; readonly credentialId: CredentialId | undefined };
  /** A signed user action for exactly this request. */
  readonly proof?: ProvenAction;
}

/** Whether the principal holds `permission` on a key of this group. */
export function holdsPermission(
  principal: Principal,
  permission: Permission,
  target: { readonly groupId: GroupId; readonly keyId?: KeyId },
): boolean {
  return principal.grants.some((grant) => {
    const covers =
      grant.scope.kind === 'account' ||
      (grant.scope.kind === 'group' && grant.scope.groupId === target.groupId) ||
      (grant.scope.kind === 'key' && grant.scope.keyId === target.keyId);
    return covers && (grant.permissions.includes(permission) || isAdministrator(grant));
  });
}

const ON_KEYS: ReadonlySet<Permission> = new Set(KEY_PERMISSIONS);

/** Whether the principal may do something in its account that isn't about a key. */
export function holdsOnAccount(principal: Principal, permission: Permission): boolean {
  return principal.grants.some(
    (grant) => grant.scope.kind === 'account' && (grant.permissions.includes(permission) || isAdministrator(grant)),
  );
}

/** Whether a grant says anything about keys. */
export function isAboutKeys(grant: Grant): boolean {
  return isAdministrator(grant) || grant.permissions.some((permission) => ON_KEYS.has(permission));
}

/** Whether the principal can see keys of this group at all. What it can't see is answered as "not found". */
export function canSee(principal: Principal, target: { readonly groupId: GroupId; readonly keyId?: KeyId }): boolean {
  return principal.grants.some(
    (grant) =>
      isAboutKeys(grant) &&
      (grant.scope.kind === 'account' ||
        (grant.scope.kind === 'group' && grant.scope.groupId === target.groupId) ||
        (grant.scope.kind === 'key' && grant.scope.keyId === target.keyId)),
  );
}

/** Whether the principal holds everything in its account, and may govern other principals. */
export function administersAccount(principal: Principal): boolean {
  return principal.grants.some(isAdministrator);
}

/** Whether the grant contains every permission on everything. */
export function isAdministrator(grant: Grant): boolean {
  return grant.scope.kind === 'account' && grant.permissions.includes('administer');
}
