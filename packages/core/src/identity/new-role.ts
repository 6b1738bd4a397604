import { newId, type RoleId } from '../ids.ts';
import type { Principal } from '../principal.ts';
import type { Role } from './role.ts';

/** A role of the principal's account, in its first version. */
export function newRole({ accountId }: Principal, name: string, permissions: Role['permissions'], nowMs: number): Role {
  return {
    id: newId<RoleId>(),
    accountId,
    name,
    permissions,
    immutable: false,
    archived: false,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    version: 1,
  };
}
