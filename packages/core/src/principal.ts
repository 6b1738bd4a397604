import type { AccountId, GroupId, KeyId, PrincipalId } from './ids.ts';

/** What a grant can allow. Reading a key's metadata needs any grant on it. */
export const PERMISSIONS = [
  'sign',
  'verify',
  'create-key',
  'delete-key',
  'manage-key',
  'export-key',
  'administer',
] as const;
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
  readonly grants: readonly Grant[];
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

/** Whether the principal can see keys of this group at all. What it can't see is answered as "not found". */
export function canSee(principal: Principal, target: { readonly groupId: GroupId; readonly keyId?: KeyId }): boolean {
  return principal.grants.some(
    (grant) =>
      grant.scope.kind === 'account' ||
      (grant.scope.kind === 'group' && grant.scope.groupId === target.groupId) ||
      (grant.scope.kind === 'key' && grant.scope.keyId === target.keyId),
  );
}

/** Whether the principal holds everything in its account, and may govern other principals. */
export function administersAccount(principal: Principal): boolean {
  return principal.grants.some(isAdministrator);
}

function isAdministrator(grant: Grant): boolean {
  return grant.scope.kind === 'account' && grant.permissions.includes('administer');
}
