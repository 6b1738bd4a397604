/** Switching credentials on and off, and new invitations: checked when asked for, and once more when approved. */
import { DomainError } from '../domain-error.ts';
import type { ChangeApplier, WantedChange } from '../governance/governed-changes.ts';
import { type CredentialId, type PrincipalId, parseId } from '../ids.ts';
import type { Principal } from '../principal.ts';
import { textIn } from './change-body.ts';
import type { Credential } from './credential.ts';
import {
  findPrincipal,
  type IdentityContext,
  noSuch,
  refuseProoflessApiKeys,
  requireAuthorityOver,
  UPDATE_OF,
} from './identity-access.ts';
import type { StoredChange } from './role-changes.ts';

export const INVITATION_LIFETIME_MS = 24 * 3_600_000;

export function wantedActivation({ id, principalId }: Credential, active: boolean): WantedChange {
  return {
    kind: 'credential',
    operation: active ? 'activate' : 'deactivate',
    entityId: id,
    entityVersion: active ? 0 : 1,
    body: { principalId },
    activity: 'modify-credential',
    facts: {},
  };
}

/** Only the digest of the code is stored with the change. */
export function wantedInvitation(principalId: PrincipalId, codeDigest: Uint8Array): WantedChange {
  return {
    kind: 'credential',
    operation: 'create',
    entityId: principalId,
    entityVersion: 0,
    body: { codeDigest: Buffer.from(codeDigest).toString('base64url') },
    activity: 'modify-credential',
    facts: {},
  };
}

/** Checks `activate` or `deactivate` and resolves with what makes it. @throws DomainError */
export async function planActivation(
  context: IdentityContext,
  requester: Principal,
  change: StoredChange,
): Promise<() => Promise<Credential>> {
  const { identities } = context;
  const active = change.operation === 'activate';
  const credential = await findCredential(context, requester, change.entityId);
  const target = await findPrincipal(context, requester, credential.principalId);
  if (target.id !== requester.id) await requireAuthorityOver(context, requester, target, UPDATE_OF);
  if (!active) await refuseProoflessApiKeys(context, target, (id) => id === credential.id);
  return async () => {
    if (!(await identities.setCredentialActive(requester.accountId, credential.id, active, requester.id)))
      throw noSuch('credential');
    return { ...credential, active };
  };
}

/** Checks a new invitation and resolves with what makes it. @throws DomainError */
export async function planInvitation(
  context: IdentityContext,
  requester: Principal,
  { entityId, body }: StoredChange,
): Promise<() => Promise<void>> {
  const { identities, now } = context;
  const id = parseId<PrincipalId>(entityId);
  if (id === undefined) throw noSuch('user');
  const target = await findPrincipal(context, requester, id);
  if (target.kind !== 'user') throw new DomainError('invalid_request', 'only people are invited');
  await requireAuthorityOver(context, requester, target, UPDATE_OF);
  const invitation = { codeDigest: codeDigestIn(body), expiresAtMs: now() + INVITATION_LIFETIME_MS };
  return async () => {
    if (!(await identities.setInvitation(requester.accountId, id, invitation, requester.id))) throw noSuch('user');
  };
}

/** @throws DomainError `not_found` with subject `credential` */
export async function findCredential(
  { identities }: IdentityContext,
  { accountId }: Principal,
  id: string,
): Promise<Credential> {
  const credentialId = parseId<CredentialId>(id);
  const credential = credentialId && (await identities.findCredential(accountId, credentialId));
  if (credential === undefined) throw noSuch('credential');
  return credential;
}

function codeDigestIn(body: StoredChange['body']): Uint8Array {
  return Buffer.from(textIn(body, 'codeDigest'), 'base64url');
}

export function credentialApplier(context: IdentityContext): ChangeApplier {
  const { identities } = context;
  return {
    factsOf: () => ({}),
    async isApplied({ accountId, entityId, operation, body }) {
      if (operation === 'create') {
        const id = parseId<PrincipalId>(entityId);
        const identity = id && (await identities.findIdentity(accountId, id));
        const invitation = identity?.email && (await identities.findByEmail(identity.email))?.invitation;
        return invitation !== undefined && invitation !== ''
          ? Buffer.compare(invitation.codeDigest, codeDigestIn(body)) === 0
          : false;
      }
      const id = parseId<CredentialId>(entityId);
      const credential = id && (await identities.findCredential(accountId, id));
      return credential?.active === (operation === 'activate');
    },
    async apply(change, requester) {
      const plan = change.operation === 'create' ? planInvitation : planActivation;
      await (await plan(context, requester, change))();
    },
  };
}
