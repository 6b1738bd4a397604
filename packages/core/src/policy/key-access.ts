/**
 * What a principal may do with one key: its grants, and what delegation makes of them. The only place that knows both;
 * whatever asks about a key that exists asks here, and `holdsPermission` is left for groups and for keys to come.
 */
import type { KeyRecord } from '../key-record.ts';
import {
  administersAccount,
  canSee,
  holdsPermission,
  KEY_PERMISSIONS,
  type Permission,
  type Principal,
} from '../principal.ts';

export type AccessedKey = Pick<KeyRecord, 'id' | 'groupId' | 'delegatedTo'>;

/** What a person may do with a key that was delegated to it, without a grant. Everything else takes one as before. */
const OF_DELEGATE: ReadonlySet<Permission> = new Set<Permission>([
  'sign',
  'verify',
  'derive',
  'read-key',
  'read-requests',
]);

/** What is left to administrators of a key that belongs to somebody else: no use of it, and no change but its end. */
const OF_ADMINISTRATOR: ReadonlySet<Permission> = new Set<Permission>(['read-key', 'read-requests', 'delete-key']);

/** Whether the principal may do this with the key. No grant, not even one on the account, opens a key delegated to another. */
export function holdsOnKey(principal: Principal, permission: Permission, key: AccessedKey): boolean {
  const { delegatedTo } = key;
  if (delegatedTo !== undefined && delegatedTo !== principal.id)
    return OF_ADMINISTRATOR.has(permission) && administersAccount(principal);
  // A token that doesn't allow it for any key doesn't allow it for this one: no roles were given to it for nothing.
  if (delegatedTo !== undefined && OF_DELEGATE.has(permission)) return principal.narrowedTo?.has(permission) !== false;
  return holdsPermission(principal, permission, { groupId: key.groupId, keyId: key.id });
}

/** Whether the principal can see the key at all. What it can't see is answered as "not found". */
export function canSeeKey(principal: Principal, key: AccessedKey): boolean {
  if (key.delegatedTo === undefined) return canSee(principal, { groupId: key.groupId, keyId: key.id });
  return (key.delegatedTo === principal.id && reachesKeys(principal)) || administersAccount(principal);
}

/** Whether keys that were delegated to the principal are within the caller's reach at all. */
export function reachesKeys({ narrowedTo }: Principal): boolean {
  return narrowedTo === undefined || KEY_PERMISSIONS.some((permission) => narrowedTo.has(permission));
}
