/** Giving roles and taking them back: checked when it is asked for, and once more when people have approved it. */
import { DomainError } from '../domain-error.ts';
import type { ChangeApplier, WantedChange } from '../governance/governed-changes.ts';
import { type AssignmentId, newId, type PrincipalId, parseId, type RoleId } from '../ids.ts';
import type { Grant, Principal } from '../principal.ts';
import { bodyMember, idIn, scopeIn, scopeJson } from './change-body.ts';
import { exceedsOwn, holdsOnScope } from './exceeds-own.ts';
import {
  changedMeanwhile,
  findPrincipal,
  groupOfKeyIn,
  type IdentityContext,
  noSuch,
  requirePermission,
} from './identity-access.ts';
import type { Role, RoleAssignment } from './role.ts';
import { findRole, type StoredChange } from './role-changes.ts';

/** A new assignment as a change. The role's version is part of it: people approve the role as it stands. */
export function wantedAssignment(role: Role, principalId: PrincipalId, scope: Grant['scope']): WantedChange {
  return {
    kind: 'assignment',
    operation: 'create',
    entityId: newId<AssignmentId>(),
    entityVersion: 0,
    body: { roleId: role.id, roleVersion: role.version, principalId, scope: scopeJson(scope) },
    activity: 'assign-role',
    facts: { roleId: role.id },
  };
}

export function wantedRevocation({ id, roleId, principalId, scope }: RoleAssignment): WantedChange {
  return {
    kind: 'assignment',
    operation: 'delete',
    entityId: id,
    entityVersion: 1,
    body: { roleId, principalId, scope: scopeJson(scope) },
    activity: 'assign-role',
    facts: { roleId },
  };
}

/** The assignment that a wanted one becomes. */
export function assignmentOf(
  { accountId }: Principal,
  { entityId, body }: Pick<StoredChange, 'entityId' | 'body'>,
  createdAtMs: number,
): RoleAssignment {
  return {
    id: assignmentIdOf(entityId),
    accountId,
    roleId: idIn(body, 'roleId'),
    principalId: idIn(body, 'principalId'),
    scope: scopeIn(body, 'scope'),
    createdAtMs,
  };
}

/**
 * Refuses a role that can't be given on this scope, or not by this principal.
 * @throws DomainError `conflict` with subject `archived`; `not_found` for a scope that isn't there; `forbidden`
 */
export async function requireAssignable(
  context: IdentityContext,
  principal: Principal,
  role: Role,
  scope: Grant['scope'],
): Promise<void> {
  if (role.archived)
    throw new DomainError('conflict', 'the role is archived', { subject: 'archived', objectId: role.id });
  const groupOfKey = groupOfKeyIn(context, principal);
  if (scope.kind === 'group' && (await context.directory.group(principal.accountId, scope.groupId)) === undefined)
    throw new DomainError('not_found', 'no such group');
  if (scope.kind === 'key' && (await groupOfKey(scope.keyId)) === undefined)
    throw new DomainError('not_found', 'no such key', { subject: 'key' });
  if (!(await holdsOnScope(principal, role.permissions, scope, groupOfKey))) throw exceedsOwn('the role');
}

/** Checks an assignment (`create`) or its revocation (`delete`) and resolves with what makes it. @throws DomainError */
export async function planAssignmentChange(
  context: IdentityContext,
  requester: Principal,
  change: StoredChange,
): Promise<() => Promise<RoleAssignment>> {
  const { identities } = context;
  const { accountId, id: by } = requester;
  if (change.operation === 'delete') {
    requirePermission(requester, 'revoke-role');
    const assignment = await findAssignment(context, requester, assignmentIdOf(change.entityId));
    return async () => {
      if (!(await identities.removeAssignment(accountId, assignment.id, by))) throw noSuch('assignment');
      return assignment;
    };
  }
  requirePermission(requester, 'assign-role');
  const role = await findRole(context, requester, idIn<RoleId>(change.body, 'roleId'));
  if (bodyMember(change.body, 'roleVersion') !== role.version) throw changedMeanwhile('role');
  const assignment = assignmentOf(requester, change, context.now());
  await requireAssignable(context, requester, role, assignment.scope);
  await findPrincipal(context, requester, assignment.principalId);
  await refuseTwice(context, assignment);
  return async () => {
    await identities.insertAssignment(assignment, by);
    return assignment;
  };
}

/** @throws DomainError `not_found` with subject `assignment` */
export async function findAssignment(
  { identities }: IdentityContext,
  { accountId }: Principal,
  id: AssignmentId,
): Promise<RoleAssignment> {
  const assignment = await identities.findAssignment(accountId, id);
  if (assignment === undefined) throw noSuch('assignment');
  return assignment;
}

/** Cheap early refusal; the store decides. */
async function refuseTwice({ identities }: IdentityContext, wanted: RoleAssignment): Promise<void> {
  const identity = await identities.findIdentity(wanted.accountId, wanted.principalId);
  const same = identity?.assignments.find(
    ({ roleId, scope }) => roleId === wanted.roleId && scopeKey(scope) === scopeKey(wanted.scope),
  );
  if (same !== undefined)
    throw new DomainError('conflict', 'the role is assigned there already', {
      subject: 'assignment',
      objectId: same.id,
    });
}

function scopeKey(scope: Grant['scope']): string {
  if (scope.kind === 'account') return 'account';
  return scope.kind === 'group' ? `group ${scope.groupId}` : `key ${scope.keyId}`;
}

function assignmentIdOf(entityId: string): AssignmentId {
  const id = parseId<AssignmentId>(entityId);
  if (id === undefined) throw noSuch('assignment');
  return id;
}

export function assignmentApplier(context: IdentityContext): ChangeApplier {
  return {
    factsOf: ({ body }) => ({ roleId: idIn<RoleId>(body, 'roleId') }),
    async isApplied({ accountId, entityId, operation }) {
      const found = await context.identities.findAssignment(accountId, assignmentIdOf(entityId));
      return (found !== undefined) === (operation === 'create');
    },
    async apply(change, requester) {
      await (await planAssignmentChange(context, requester, change))();
    },
  };
}
