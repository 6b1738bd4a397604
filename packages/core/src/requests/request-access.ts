/** Who may see a stored request. */
import { DomainError } from '../domain-error.ts';
import type { RequestId } from '../ids.ts';
import type { KeyRecord } from '../key-record.ts';
import { canSeeKey, holdsOnKey } from '../policy/key-access.ts';
import type { KeyStore } from '../ports/directory.ts';
import type { RequestStore } from '../ports/request-store.ts';
import { type Caller, holdsOnAccount, isAboutKeys, isAdministrator, type Principal } from '../principal.ts';
import type { SignatureRequest } from './signature-request.ts';

export interface RequestReading {
  readonly keys: Pick<KeyStore, 'resolve'>;
  readonly requests: Pick<RequestStore, 'find' | 'findApproval'>;
}

/**
 * The request, with its key where that still exists. Those who hold `read-requests` on the key see its requests; everybody
 * sees its own; and so do those whose approval is asked for, since nobody should decide on what it can't read.
 *
 * @throws DomainError `not_found` with subject `request`, for an unknown one and one that the caller may not see alike
 */
export async function findRequest(
  reading: RequestReading,
  { principal }: Caller,
  id: RequestId,
): Promise<{ readonly request: SignatureRequest; readonly key: KeyRecord | undefined }> {
  const request = await reading.requests.find(principal.accountId, id);
  if (request === undefined) throw notFound();
  const [key] = await reading.keys.resolve(principal.accountId, [{ by: 'id', id: request.keyId }]);
  if (seesRequest(principal, request, key) || (await mayDecide(reading, principal, request))) return { request, key };
  throw notFound();
}

/** Whether the request is visible; of a key that is gone: to those whose grants don't depend on its group. */
export function seesRequest(
  principal: Principal,
  { keyId, requesterId }: Pick<SignatureRequest, 'keyId' | 'requesterId'>,
  key: KeyRecord | undefined,
): boolean {
  if (key !== undefined)
    return holdsOnKey(principal, 'read-requests', key) || (requesterId === principal.id && canSeeKey(principal, key));
  return principal.grants.some(
    (grant) =>
      (grant.scope.kind === 'account' || (grant.scope.kind === 'key' && grant.scope.keyId === keyId)) &&
      (isAdministrator(grant) ||
        grant.permissions.includes('read-requests') ||
        (requesterId === principal.id && isAboutKeys(grant))),
  );
}

async function mayDecide(
  { requests }: RequestReading,
  principal: Principal,
  { accountId, approvalId }: SignatureRequest,
): Promise<boolean> {
  if (approvalId === undefined || !holdsOnAccount(principal, 'approve')) return false;
  const approval = await requests.findApproval(accountId, approvalId);
  return (
    approval?.groups.some(({ approvers }) =>
      approvers === 'anyone' ? principal.kind === 'user' : approvers.includes(principal.id),
    ) === true
  );
}

function notFound(): DomainError {
  return new DomainError('not_found', 'no such signature request', { subject: 'request' });
}
