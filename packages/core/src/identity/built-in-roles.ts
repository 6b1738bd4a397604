/** The roles that every account has from its start, and that nobody changes. */
import { createHash } from 'node:crypto';
import type { Account } from '../account.ts';
import { type AccountId, parseId, type RoleId } from '../ids.ts';
import type { Permission } from '../principal.ts';
import type { Role } from './role.ts';

export const BUILT_IN_ROLE_NAMES = ['administrator', 'end-user'] as const;
export type BuiltInRoleName = (typeof BUILT_IN_ROLE_NAMES)[number];

/**
 * `end-user` has no permission on keys: held on the account it would reach everybody's. What such a person may do with a
 * key comes from the key's delegation, or from a role that is narrowed to it.
 */
const PERMISSIONS_OF: Readonly<Record<BuiltInRoleName, readonly Permission[]>> = {
  administrator: ['administer'],
  'end-user': ['read-key-stores', 'read-wallets'],
};

/** In the order of `BUILT_IN_ROLE_NAMES`. */
export function builtInRoles({ id, createdAtMs }: Pick<Account, 'id' | 'createdAtMs'>): readonly Role[] {
  return BUILT_IN_ROLE_NAMES.map((name) => ({
    id: builtInRoleId(id, name),
    accountId: id,
    name,
    permissions: PERMISSIONS_OF[name],
    immutable: true,
    archived: false,
    createdAtMs,
    updatedAtMs: createdAtMs,
    version: 1,
  }));
}

/** A UUID of version 8 (RFC 9562, section 5.8) that follows from the account, so that the role needn't be searched. */
export function builtInRoleId(accountId: AccountId, name: BuiltInRoleName): RoleId {
  const bytes = createHash('sha256').update(`countersign built-in role\n${accountId}\n${name}`).digest();
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const text = bytes.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  const id = parseId<RoleId>(text);
  if (id === undefined) throw new RangeError('not the text of an identifier');
  return id;
}
