/** Commands on people and services, their tokens, credentials and roles. */
import { DomainError } from '../domain-error.ts';
import type { GovernedChanges } from '../governance/governed-changes.ts';
import type { TokenId } from '../ids.ts';
import { type Caller, holdsOnAccount, type Permission, type Principal } from '../principal.ts';
import type { AccessToken } from './access-token.ts';
import {
  assignmentApplier,
  findAssignment,
  planAssignmentChange,
  wantedAssignment,
  wantedRevocation,
} from './assignment-changes.ts';
import { credentialApplier, findCredential, planActivation, wantedActivation } from './credential-changes.ts';
import type { Identities } from './identities.ts';
import {
  DELETE_OF,
  findPrincipal,
  type IdentityContext,
  isInPerson,
  noSuch,
  READ_OF,
  refuseProoflessApiKeys,
  requireAuthorityOver,
  requirePermission,
  UPDATE_OF,
} from './identity-access.ts';
import { canonicalPermissions, checkName } from './identity-checks.ts';
import { issuePersonalToken, issueServiceAccount } from './issue-token.ts';
import { newRole } from './new-role.ts';
import type { Role } from './role.ts';
import { findRole, planRoleChange, requireOwnPermissions, roleApplier } from './role-changes.ts';
import type { RenderClaims } from './token-text.ts';

export interface IdentityDependencies extends IdentityContext {
  readonly governed: GovernedChanges;
  readonly renderClaims: RenderClaims;
}

/** Also tells `governed` how to make changes of roles, assignments and credentials: call it once. */
export function createIdentities(dependencies: IdentityDependencies): Identities {
  const { identities, governed, now } = dependencies;
  governed.register('role', roleApplier(dependencies));
  governed.register('assignment', assignmentApplier(dependencies));
  governed.register('credential', credentialApplier(dependencies));

  async function found(principal: Principal, id: Principal['id']) {
    const identity = await identities.findIdentity(principal.accountId, id);
    if (identity === undefined) throw noSuch('user');
    return identity;
  }

  /** A token that the caller may touch: its own, or one of somebody that it may update. */
  async function ownToken(
    caller: Caller,
    id: TokenId,
    permissions: Readonly<Record<Principal['kind'], Permission>>,
  ): Promise<{ readonly token: AccessToken; readonly target: Principal }> {
    const { principal } = caller;
    const token = await identities.findToken(principal.accountId, id);
    if (token === undefined) throw noSuch('token');
    const target = await findPrincipal(dependencies, principal, token.principalId);
    const isOwn = caller.token?.id === id || isInPerson(caller, token.principalId);
    if (!isOwn) await requireAuthorityOver(dependencies, principal, target, permissions);
    return { token, target };
  }

  async function changeRole(
    caller: Caller,
    { id, version }: Role,
    operation: 'update' | 'archive' | 'activate',
    body: { readonly name?: string; readonly permissions?: readonly Permission[] },
  ) {
    const change = { kind: 'role', operation, entityId: id, entityVersion: version, body } as const;
    const make = await planRoleChange(dependencies, caller.principal, change);
    return governed.run(caller, { ...change, activity: 'modify-role', facts: { roleId: id } }, make);
  }

  return {
    createServiceAccount: (caller, request) => issueServiceAccount(dependencies, caller, request),
    createPersonalToken: (caller, request) => issuePersonalToken(dependencies, caller, request),

    async getIdentity({ principal }, id) {
      if (id === principal.id) return found(principal, id);
      const kinds = readableKinds(principal);
      const identity = await found(principal, id);
      if (!kinds.includes(identity.principal.kind)) throw noSuch('user');
      return identity;
    },

    async listIdentities({ principal }, { kind, after, limit }) {
      const kinds = readableKinds(principal);
      if (kind !== undefined && !kinds.includes(kind)) requirePermission(principal, READ_OF[kind]);
      const { accountId } = principal;
      const only = kind ?? (kinds.length === 1 ? kinds[0] : undefined);
      return identities.listIdentities({ accountId, after, limit, kind: only });
    },

    async setEnabled({ principal }, id, enabled) {
      const target = await findPrincipal(dependencies, principal, id);
      // Switching off is also the first half of deleting.
      const mayDelete = !enabled && holdsOnAccount(principal, DELETE_OF[target.kind]);
      await requireAuthorityOver(dependencies, principal, target, mayDelete ? DELETE_OF : UPDATE_OF);
      if (!enabled && id === principal.id)
        throw new DomainError('conflict', 'nobody disables itself; another one has to', { subject: 'user' });
      if (!(await identities.setEnabled(principal.accountId, id, enabled, principal.id))) throw noSuch('user');
      return found(principal, id);
    },

    async setTokenActive(caller, id, active) {
      const { token } = await ownToken(caller, id, UPDATE_OF);
      const { accountId, id: by } = caller.principal;
      if (!(await identities.setTokenActive(accountId, id, active, by))) throw noSuch('token');
      return { ...token, active };
    },

    async deleteToken(caller, id) {
      const { token, target } = await ownToken(caller, id, DELETE_OF);
      const { accountId, id: by } = caller.principal;
      if (token.credentialId !== undefined)
        await refuseProoflessApiKeys(dependencies, target, (credentialId) => credentialId === token.credentialId);
      if (!(await identities.deleteToken(accountId, id, by))) throw noSuch('token');
      return token;
    },

    async createRole({ principal }, request) {
      requirePermission(principal, 'create-role');
      checkName(request.name, "a role's name");
      const permissions = canonicalPermissions(request.permissions);
      await requireOwnPermissions(dependencies, principal, permissions);
      const role = newRole(principal, request.name, permissions, now());
      await identities.insertRole(role, principal.id);
      return role;
    },

    async getRole({ principal }, id) {
      requirePermission(principal, 'read-roles');
      return findRole(dependencies, principal, id);
    },

    async listRoles({ principal }, { after, limit }) {
      requirePermission(principal, 'read-roles');
      return identities.listRoles({ accountId: principal.accountId, after, limit });
    },

    async updateRole(caller, id, { name, permissions }) {
      requirePermission(caller.principal, 'update-role');
      const role = await findRole(dependencies, caller.principal, id);
      const change = {
        ...(name === undefined ? {} : { name }),
        ...(permissions === undefined ? {} : { permissions: canonicalPermissions(permissions) }),
      };
      return changeRole(caller, role, 'update', change);
    },

    async setRoleArchived(caller, id, archived) {
      requirePermission(caller.principal, 'archive-role');
      const role = await findRole(dependencies, caller.principal, id);
      if (role.archived === archived) return { done: true, entity: role };
      return changeRole(caller, role, archived ? 'archive' : 'activate', {});
    },

    async assignRole(caller, { roleId, principalId, scope }) {
      requirePermission(caller.principal, 'assign-role');
      const change = wantedAssignment(await findRole(dependencies, caller.principal, roleId), principalId, scope);
      const make = await planAssignmentChange(dependencies, caller.principal, change);
      return governed.run(caller, change, make);
    },

    async listAssignments({ principal }, roleId, { after, limit }) {
      requirePermission(principal, 'read-assignments');
      await findRole(dependencies, principal, roleId);
      return identities.listAssignments({ accountId: principal.accountId, roleId, after, limit });
    },

    async revokeAssignment(caller, roleId, id) {
      requirePermission(caller.principal, 'revoke-role');
      const assignment = await findAssignment(dependencies, caller.principal, id);
      if (assignment.roleId !== roleId) throw noSuch('assignment');
      const change = wantedRevocation(assignment);
      const make = await planAssignmentChange(dependencies, caller.principal, change);
      return governed.run(caller, change, make);
    },

    async listCredentials({ principal }, principalId) {
      const target = await findPrincipal(dependencies, principal, principalId);
      if (target.id !== principal.id) requirePermission(principal, READ_OF[target.kind]);
      return identities.credentialsOf(principal.accountId, principalId);
    },

    async setCredentialActive(caller, id, active) {
      const { principal } = caller;
      const credential = await findCredential(dependencies, principal, id);
      if (credential.principalId === principal.id && !isInPerson(caller, principal.id))
        throw new DomainError('forbidden', "a program's token can't switch the credentials of its principal", {
          subject: 'credential',
        });
      // Before the answer that nothing is to be done, which shows the credential.
      if (credential.principalId !== principal.id)
        await requireAuthorityOver(
          dependencies,
          principal,
          await findPrincipal(dependencies, principal, credential.principalId),
          UPDATE_OF,
        );
      if (credential.active === active) return { done: true, entity: credential };
      const change = wantedActivation(credential, active);
      const make = await planActivation(dependencies, principal, change);
      return governed.run(caller, change, make);
    },
  };
}

/** @throws DomainError `forbidden` for a caller that may read neither */
function readableKinds(principal: Principal): readonly Principal['kind'][] {
  const kinds = (['user', 'service'] as const).filter((kind) => holdsOnAccount(principal, READ_OF[kind]));
  if (kinds.length === 0) requirePermission(principal, READ_OF.user);
  return kinds;
}
