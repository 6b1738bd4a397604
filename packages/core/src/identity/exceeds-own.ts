/** Nobody gives away what it doesn't hold itself. */
import { DomainError } from '../domain-error.ts';
import type { GroupId, KeyId } from '../ids.ts';
import { type Grant, holdsOnAccount, holdsPermission, type Permission, type Principal } from '../principal.ts';

/** The group of a key of the account; undefined where there is no such key. */
export type GroupOfKey = (keyId: KeyId) => Promise<GroupId | undefined>;

/** Whether the principal holds every one of the permissions everywhere in the scope. */
export async function holdsOnScope(
  principal: Principal,
  permissions: readonly Permission[],
  scope: Grant['scope'],
  groupOfKey: GroupOfKey,
): Promise<boolean> {
  if (scope.kind === 'account') return permissions.every((permission) => holdsOnAccount(principal, permission));
  if (scope.kind === 'group') return permissions.every((permission) => holdsPermission(principal, permission, scope));
  const { keyId } = scope;
  const groupId = await groupOfKey(keyId);
  // A grant on a key that is gone stands in the way of nobody who holds as much everywhere.
  if (groupId === undefined) return permissions.every((permission) => holdsOnAccount(principal, permission));
  return permissions.every((permission) => holdsPermission(principal, permission, { groupId, keyId }));
}

/** Whether the principal may do all that the grants allow. */
export async function coversGrants(
  principal: Principal,
  grants: readonly Grant[],
  groupOfKey: GroupOfKey,
): Promise<boolean> {
  for (const { scope, permissions } of grants)
    if (!(await holdsOnScope(principal, permissions, scope, groupOfKey))) return false;
  return true;
}

export function exceedsOwn(what: string): DomainError {
  return new DomainError('forbidden', `${what} may do more than the caller itself`, { subject: 'exceeds-own' });
}
