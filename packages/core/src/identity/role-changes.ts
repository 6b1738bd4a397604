/** Changes of roles: checked when they are asked for, and once more when people have approved them. */
import { DomainError } from '../domain-error.ts';
import type { ChangeApplier, WantedChange } from '../governance/governed-changes.ts';
import { parseId, type RoleId } from '../ids.ts';
import type { Principal } from '../principal.ts';
import { bodyMember, permissionsIn, textIn } from './change-body.ts';
import { exceedsOwn, holdsOnScope } from './exceeds-own.ts';
import { changedMeanwhile, groupOfKeyIn, type IdentityContext, noSuch, requirePermission } from './identity-access.ts';
import { canonicalPermissions, checkName } from './identity-checks.ts';
import type { Role } from './role.ts';

/** The stored part of a change: all that there is when it is made after an approval. */
export type StoredChange = Pick<WantedChange, 'operation' | 'entityId' | 'entityVersion' | 'body'>;

/** @throws DomainError `not_found` with subject `role` */
export async function findRole({ identities }: IdentityContext, { accountId }: Principal, id: RoleId): Promise<Role> {
  const role = await identities.findRole(accountId, id);
  if (role === undefined) throw noSuch('role');
  return role;
}

/** Refuses a set of permissions on the account that the principal doesn't hold itself. @throws DomainError `forbidden` */
export async function requireOwnPermissions(
  context: IdentityContext,
  principal: Principal,
  permissions: Role['permissions'],
): Promise<void> {
  if (!(await holdsOnScope(principal, permissions, { kind: 'account' }, groupOfKeyIn(context, principal))))
    throw exceedsOwn('the role');
}

/**
 * Checks a change of a role (`update` with `name` and `permissions` where they change, `archive`, `activate`) and resolves
 * with what makes it. @throws DomainError
 */
export async function planRoleChange(
  context: IdentityContext,
  requester: Principal,
  change: StoredChange,
): Promise<() => Promise<Role>> {
  const { identities, now } = context;
  requirePermission(requester, change.operation === 'update' ? 'update-role' : 'archive-role');
  const role = await findRole(context, requester, roleIdOf(change));
  if (role.immutable)
    throw new DomainError('forbidden', 'a role that is built in can not be changed', { subject: 'role' });
  if (role.version !== change.entityVersion) throw changedMeanwhile('role');
  const changed = await changedRole(context, requester, role, change);
  const next: Role = { ...changed, updatedAtMs: now(), version: role.version + 1 };
  return async () => {
    if (!(await identities.replaceRole(next, requester.id))) throw changedMeanwhile('role');
    return next;
  };
}

async function changedRole(
  context: IdentityContext,
  requester: Principal,
  role: Role,
  { operation, body }: StoredChange,
): Promise<Role> {
  if (operation === 'archive') return { ...role, archived: true };
  if (operation === 'activate') {
    // Whoever has the role has all of it again.
    await requireOwnPermissions(context, requester, role.permissions);
    return { ...role, archived: false };
  }
  if (role.archived)
    throw new DomainError('conflict', 'the role is archived', { subject: 'archived', objectId: role.id });
  const name = bodyMember(body, 'name') === undefined ? role.name : textIn(body, 'name');
  checkName(name, "a role's name");
  const permissions = canonicalPermissions(permissionsIn(body, 'permissions') ?? role.permissions);
  const added = permissions.filter((permission) => !role.permissions.includes(permission));
  await requireOwnPermissions(context, requester, added);
  return { ...role, name, permissions };
}

function roleIdOf({ entityId }: Pick<StoredChange, 'entityId'>): RoleId {
  const id = parseId<RoleId>(entityId);
  if (id === undefined) throw noSuch('role');
  return id;
}

export function roleApplier(context: IdentityContext): ChangeApplier {
  return {
    factsOf: (change) => ({ roleId: roleIdOf(change) }),
    // Every change adds one to the version, and another one in between makes this one fail.
    async isApplied({ accountId, entityId, entityVersion, operation, body }) {
      const role = await context.identities.findRole(accountId, roleIdOf({ entityId }));
      if (role?.version !== entityVersion + 1) return false;
      if (operation !== 'update') return role.archived === (operation === 'archive');
      const permissions = permissionsIn(body, 'permissions');
      return (
        (bodyMember(body, 'name') ?? role.name) === role.name &&
        (permissions === undefined || canonicalPermissions(permissions).join() === role.permissions.join())
      );
    },
    async apply(change, requester) {
      await (await planRoleChange(context, requester, change))();
    },
  };
}
