/** Service accounts and personal tokens: a key credential and the bearer token that goes with it. */
import { DomainError } from '../domain-error.ts';
import type { GovernedChanges } from '../governance/governed-changes.ts';
import { type CredentialId, newId, type PrincipalId, type RoleId, type TokenId } from '../ids.ts';
import type { Caller, Grant, Principal } from '../principal.ts';
import type { AccessToken } from './access-token.ts';
import { assignmentOf, requireAssignable, wantedAssignment } from './assignment-changes.ts';
import type { Credential } from './credential.ts';
import { parseCredentialKey } from './credential-key.ts';
import type { Identities, IssuedToken, NewServiceAccount } from './identities.ts';
import { type IdentityContext, isInPerson, requirePermission } from './identity-access.ts';
import { canonicalPermissions, checkExternalId, checkName, expiryOf } from './identity-checks.ts';
import { madeBy } from './made-by.ts';
import { newRole } from './new-role.ts';
import type { Role, RoleAssignment } from './role.ts';
import { findRole } from './role-changes.ts';
import { createTokenText, type RenderClaims } from './token-text.ts';

interface Dependencies extends IdentityContext {
  readonly governed: GovernedChanges;
  readonly renderClaims: RenderClaims;
}

const MAX_ROLES = 100;
const ACCOUNT: Grant['scope'] = { kind: 'account' };

/**
 * The service shares its maker's default group. Roles that may be given at once are there from the start; those that
 * people have to approve come when they have.
 */
export async function issueServiceAccount(
  dependencies: Dependencies,
  caller: Caller,
  request: NewServiceAccount,
): Promise<IssuedToken> {
  const { identities, now } = dependencies;
  const { principal } = caller;
  requirePermission(principal, 'create-service-account');
  const id = newId<PrincipalId>();
  const { credential, token, text } = credentialAndToken(dependencies, { ...principal, id }, request, {
    kind: 'service-account',
    roleIds: undefined,
  });
  const given = await rolesOf(dependencies, principal, request.roleIds);
  const own = ownRole(dependencies, principal, id, request.permissions);
  const assignments = await assignmentsOf(dependencies, caller, id, [...given, ...own]);
  await identities.insertIdentity(
    {
      principal: {
        id,
        accountId: principal.accountId,
        kind: 'service',
        name: request.name,
        enabled: true,
        defaultGroupId: principal.defaultGroupId,
        grants: [],
        requiresProof: true,
        createdBy: await madeBy(dependencies.directory, principal),
      },
      group: undefined,
      email: undefined,
      externalId: request.externalId,
      roles: own,
      assignments,
      credentials: [credential],
      tokens: [token],
      invitation: undefined,
      createdAtMs: now(),
    },
    principal.id,
  );
  return issued(dependencies, token, credential, text);
}

export async function issuePersonalToken(
  dependencies: Dependencies,
  caller: Caller,
  request: Parameters<Identities['createPersonalToken']>[1],
): Promise<IssuedToken> {
  const { principal } = caller;
  requirePermission(principal, 'create-personal-token');
  // A narrowed token could otherwise make itself one that isn't.
  if (principal.kind !== 'user' || !isInPerson(caller, principal.id))
    throw new DomainError('forbidden', 'a personal token is made by a person that is logged in');
  const roles = await rolesOf(dependencies, principal, request.roleIds);
  const archived = roles.find((role) => role.archived);
  if (archived !== undefined)
    throw new DomainError('conflict', 'the role is archived', { subject: 'archived', objectId: archived.id });
  const { credential, token, text } = credentialAndToken(dependencies, principal, request, {
    kind: 'personal',
    roleIds: roles.length === 0 ? undefined : roles.map((role) => role.id),
  });
  await dependencies.identities.insertToken(token, credential, principal.id);
  return issued(dependencies, token, credential, text);
}

function credentialAndToken(
  { renderClaims, now }: Dependencies,
  holder: Pick<Principal, 'id' | 'accountId'>,
  request: Pick<NewServiceAccount, 'name' | 'publicKeyPem' | 'externalId' | 'lifetimeSeconds'>,
  { kind, roleIds }: Pick<AccessToken, 'kind' | 'roleIds'>,
): { readonly credential: Credential; readonly token: AccessToken; readonly text: string } {
  checkName(request.name, 'a name');
  checkExternalId(request.externalId);
  const nowMs = now();
  const expiresAtMs = expiryOf(request.lifetimeSeconds, nowMs);
  const key = parseCredentialKey(request.publicKeyPem);
  if (!key.ok) throw new DomainError('invalid_request', key.reason, { subject: 'credential' });
  const of = {
    accountId: holder.accountId,
    principalId: holder.id,
    name: request.name,
    active: true,
    createdAtMs: nowMs,
  };
  const credential: Credential = { ...of, id: newId<CredentialId>(), material: { kind: 'key', spki: key.spki } };
  const draft = { ...of, id: newId<TokenId>(), kind, credentialId: credential.id, roleIds, expiresAtMs };
  const { text, digest } = createTokenText(draft, renderClaims);
  return { credential, token: { ...draft, digest }, text };
}

async function rolesOf(
  context: IdentityContext,
  principal: Principal,
  ids: readonly RoleId[],
): Promise<readonly Role[]> {
  const distinct = [...new Set(ids)];
  if (distinct.length > MAX_ROLES) throw new DomainError('too_large', `at most ${MAX_ROLES} roles are given at once`);
  const roles: Role[] = [];
  for (const id of distinct) roles.push(await findRole(context, principal, id));
  return roles;
}

/** The role of its own that carries the service's permissions; none where it has none. */
function ownRole(
  { now }: IdentityContext,
  principal: Principal,
  serviceId: PrincipalId,
  permissions: NewServiceAccount['permissions'],
): readonly Role[] {
  if (permissions.length === 0) return [];
  return [newRole(principal, `service account ${serviceId}`, canonicalPermissions(permissions), now())];
}

/**
 * The assignments that may be made now. Each goes the way of any other, so that nobody evades the policies on giving
 * roles by making a new principal; one that has to be approved is made later, by the approval.
 */
async function assignmentsOf(
  dependencies: Dependencies,
  caller: Caller,
  serviceId: PrincipalId,
  roles: readonly Role[],
): Promise<readonly RoleAssignment[]> {
  for (const role of roles) await requireAssignable(dependencies, caller.principal, role, ACCOUNT);
  const assignments: RoleAssignment[] = [];
  for (const role of roles) {
    const change = wantedAssignment(role, serviceId, ACCOUNT);
    const assignment = assignmentOf(caller.principal, change, dependencies.now());
    const governed = await dependencies.governed.run(caller, change, async () => assignment);
    if (governed.done) assignments.push(governed.entity);
  }
  return assignments;
}

async function issued(
  { identities }: IdentityContext,
  token: AccessToken,
  credential: Credential,
  accessToken: string,
): Promise<IssuedToken> {
  const identity = await identities.findIdentity(token.accountId, token.principalId);
  if (identity === undefined) throw new DomainError('internal', 'a new identity is not there');
  return { identity, token, credential, accessToken };
}
