/** Who may do what to people, services and what belongs to them. */
import { DomainError } from '../domain-error.ts';
import type { GroupId, KeyId, PrincipalId } from '../ids.ts';
import type { Directory, KeyStore } from '../ports/directory.ts';
import type { IdentityStore } from '../ports/identity-store.ts';
import { type Caller, holdsOnAccount, type Permission, type Principal } from '../principal.ts';
import { coversGrants, exceedsOwn, type GroupOfKey } from './exceeds-own.ts';

/** What all commands on identities look things up in. */
export interface IdentityContext {
  readonly identities: IdentityStore;
  readonly directory: Pick<Directory, 'principal' | 'group' | 'apiKeyDigests'>;
  readonly keys: Pick<KeyStore, 'resolve'>;
  readonly now: () => number;
}

/** @throws DomainError `forbidden` */
export function requirePermission(principal: Principal, permission: Permission): void {
  if (!holdsOnAccount(principal, permission))
    throw new DomainError('forbidden', `the caller lacks the permission ${permission}`);
}

export function groupOfKeyIn({ keys }: Pick<IdentityContext, 'keys'>, { accountId }: Principal): GroupOfKey {
  return async (id: KeyId): Promise<GroupId | undefined> =>
    (await keys.resolve(accountId, [{ by: 'id', id }]))[0]?.groupId;
}

/** @throws DomainError `not_found` with subject `user` */
export async function findPrincipal(context: IdentityContext, caller: Principal, id: PrincipalId): Promise<Principal> {
  const principal = await context.directory.principal(id);
  if (principal?.accountId !== caller.accountId) throw noSuch('user');
  return principal;
}

/**
 * Refuses to change a principal that may do more than the one that changes it: who resets an administrator's credentials
 * is an administrator. @throws DomainError `forbidden`, with subject `exceeds-own` in that case
 */
export async function requireAuthorityOver(
  context: IdentityContext,
  principal: Principal,
  target: Principal,
  permissions: Readonly<Record<Principal['kind'], Permission>>,
): Promise<void> {
  requirePermission(principal, permissions[target.kind]);
  if (!(await coversGrants(principal, target.grants, groupOfKeyIn(context, principal))))
    throw exceedsOwn(`the ${KIND_WORDS[target.kind]}`);
}

const KIND_WORDS: Readonly<Record<Principal['kind'], string>> = { user: 'user', service: 'service account' };

export const UPDATE_OF: Readonly<Record<Principal['kind'], Permission>> = {
  user: 'update-user',
  service: 'update-service-account',
};
export const DELETE_OF: Readonly<Record<Principal['kind'], Permission>> = {
  user: 'delete-user',
  service: 'delete-service-account',
};
export const READ_OF: Readonly<Record<Principal['kind'], Permission>> = {
  user: 'read-users',
  service: 'read-service-accounts',
};

/**
 * Whether the caller is this principal itself. A token with a credential of its own acts for it, but is a program's: what
 * a person has besides (credentials, other tokens) is out of its reach.
 */
export function isInPerson({ principal, token }: Caller, id: PrincipalId): boolean {
  return principal.id === id && token?.credentialId === undefined;
}

/**
 * Refuses to take away the last active credential of somebody who has API keys as well: these would then change and sign
 * without any proof. @throws DomainError `conflict`
 */
export async function refuseProoflessApiKeys(
  { identities, directory }: IdentityContext,
  { accountId, id }: Principal,
  leaving: (credentialId: string) => boolean,
): Promise<void> {
  const credentials = await identities.credentialsOf(accountId, id);
  if (credentials.some((credential) => credential.active && !leaving(credential.id))) return;
  if ((await directory.apiKeyDigests(id)).length > 0)
    throw new DomainError(
      'conflict',
      'without a credential the API keys of this principal would need no proof; revoke them or disable the principal',
      { subject: 'credential' },
    );
}

export function noSuch(subject: 'user' | 'role' | 'assignment' | 'token' | 'credential'): DomainError {
  return new DomainError('not_found', `no such ${subject}`, { subject });
}

export function changedMeanwhile(what: string): DomainError {
  return new DomainError('conflict', `the ${what} was changed in the meantime; read it and try again`);
}
