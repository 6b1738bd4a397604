/** What commands on threshold keys check before they begin. */
import { DomainError } from '../domain-error.ts';
import type { GroupId, KeyId } from '../ids.ts';
import type { ThresholdShare } from '../ports/threshold-store.ts';
import { administersAccount, type Caller, holdsPermission, type Permission } from '../principal.ts';
import { MAX_PARTIES, THRESHOLD_ALGORITHMS } from './threshold-keys.ts';

export function checkQuorum(parties: number, threshold: number): void {
  if (threshold < 1 || threshold > parties || parties < 2 || parties > MAX_PARTIES)
    throw new DomainError(
      'invalid_request',
      `${threshold} of ${parties} is no quorum: 2 to ${MAX_PARTIES} parties, and 1 to all of them sign`,
      { subject: 'quorum' },
    );
}

export function isGenerated(share: ThresholdShare): boolean {
  return share.status === 'complete' || share.status === 'superseded';
}

export function generated(share: ThresholdShare): ThresholdShare {
  if (!isGenerated(share) || !(THRESHOLD_ALGORITHMS as readonly string[]).includes(share.algorithm))
    throw notGenerated();
  return share;
}

export function notGenerated(): DomainError {
  return new DomainError('conflict', 'the key was created but not generated; call keygen first', {
    subject: 'key-not-generated',
  });
}

export function alreadyGenerated(): DomainError {
  return new DomainError('conflict', 'the key has a share already; refresh it instead', {
    subject: 'key-already-generated',
  });
}

export function requirePermission(
  caller: Caller,
  permission: Permission,
  groupId: GroupId,
  keyId: KeyId | undefined,
): void {
  if (!holdsPermission(caller.principal, permission, keyId === undefined ? { groupId } : { groupId, keyId }))
    throw new DomainError('forbidden', `this needs the permission ${permission}`);
}

export function requireAdministrator(caller: Caller): void {
  if (!administersAccount(caller.principal))
    throw new DomainError('forbidden', 'this is for administrators', { subject: 'administrator' });
}

export function refuseToKeep(): Promise<void> {
  return Promise.reject(new DomainError('internal', 'an operation kept what it has no place for'));
}
