/** People that are to register: a principal without credentials, and a code for the first one. */
import { DomainError } from '../domain-error.ts';
import type { GovernedChanges } from '../governance/governed-changes.ts';
import { newId, type PrincipalId } from '../ids.ts';
import { administersAccount, type Caller } from '../principal.ts';
import { assignmentOf, wantedAssignment } from './assignment-changes.ts';
import { builtInRoleId } from './built-in-roles.ts';
import { INVITATION_LIFETIME_MS } from './credential-changes.ts';
import { exceedsOwn } from './exceeds-own.ts';
import type { Identity } from './identities.ts';
import { type IdentityContext, noSuch, requirePermission } from './identity-access.ts';
import { checkExternalId } from './identity-checks.ts';
import { parseEmail } from './parse-email.ts';
import { createRegistrationCode } from './registration-code.ts';
import type { RoleAssignment } from './role.ts';
import { findRole } from './role-changes.ts';

/** Shares the default group of the one that invites. */
export async function invitePerson(
  dependencies: IdentityContext & { readonly governed: GovernedChanges },
  caller: Caller,
  user: { readonly email: string; readonly externalId: string | undefined; readonly administrator: boolean },
): Promise<{ readonly identity: Identity; readonly registrationCode: string }> {
  const { identities, now } = dependencies;
  const { principal } = caller;
  requirePermission(principal, 'create-user');
  const email = parseEmail(user.email);
  if (email === undefined) throw new DomainError('invalid_request', 'that is not an email address');
  checkExternalId(user.externalId);
  if (user.administrator && !administersAccount(principal)) throw exceedsOwn('an administrator');
  const id = newId<PrincipalId>();
  const code = createRegistrationCode();
  const createdAtMs = now();
  const assignments = user.administrator ? await administration(dependencies, caller, id) : [];
  await identities.insertIdentity(
    {
      principal: {
        id,
        accountId: principal.accountId,
        kind: 'user',
        name: email,
        enabled: true,
        defaultGroupId: principal.defaultGroupId,
        grants: [],
        requiresProof: false,
      },
      group: undefined,
      email,
      externalId: user.externalId,
      roles: [],
      assignments,
      credentials: [],
      tokens: [],
      invitation: { codeDigest: code.digest, expiresAtMs: createdAtMs + INVITATION_LIFETIME_MS },
      createdAtMs,
    },
    principal.id,
  );
  const identity = await identities.findIdentity(principal.accountId, id);
  if (identity === undefined) throw noSuch('user');
  return { identity, registrationCode: code.text };
}

/** Governed like any other assignment: where people have to approve it, the person is invited without it first. */
async function administration(
  dependencies: IdentityContext & { readonly governed: GovernedChanges },
  caller: Caller,
  personId: PrincipalId,
): Promise<readonly RoleAssignment[]> {
  const { principal } = caller;
  const role = await findRole(dependencies, principal, builtInRoleId(principal.accountId, 'administrator'));
  const change = wantedAssignment(role, personId, { kind: 'account' });
  const assignment = assignmentOf(principal, change, dependencies.now());
  const governed = await dependencies.governed.run(caller, change, async () => assignment);
  return governed.done ? [governed.entity] : [];
}
