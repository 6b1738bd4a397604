/** The life of a stored request, as pure steps from one record to the next. */
import type { Approval } from '../governance/approval.ts';
import { askApproval } from '../governance/ask-approval.ts';
import type { SettledVerdict } from '../governance/governance-verdict.ts';
import { newOrderedId } from '../ids.ts';
import type { RequestCompletion } from '../ports/signing-journal.ts';
import type { RequestStatus, SignatureRequest } from './signature-request.ts';

const FINAL: ReadonlySet<RequestStatus> = new Set(['signed', 'confirmed', 'failed', 'rejected']);

/** Whether the request will never be signed from this state (again). */
export function isFinal({ status }: Pick<SignatureRequest, 'status'>): boolean {
  return FINAL.has(status);
}

/** What a caller's wish comes with; the rest of a new record follows. */
export type RequestWish = Pick<
  SignatureRequest,
  | 'accountId'
  | 'keyId'
  | 'walletId'
  | 'requesterId'
  | 'tokenId'
  | 'dialect'
  | 'externalId'
  | 'body'
  | 'content'
  | 'digest'
  | 'view'
  | 'createdAtMs'
>;

/** A new record as it is stored where nothing stands against it. */
export function draftRequest(wish: RequestWish): SignatureRequest {
  return {
    ...wish,
    id: newOrderedId(),
    status: 'executing',
    reason: undefined,
    approvalId: undefined,
    evaluations: [],
    signatures: [],
    signedData: undefined,
    details: undefined,
    confirmation: undefined,
    policyResolvedAtMs: undefined,
    signedAtMs: undefined,
    confirmedAtMs: undefined,
    version: 1,
  };
}

type Evaluations = SignatureRequest['evaluations'];

/** A new request that policy allows. */
export function allowedRequest(draft: SignatureRequest, evaluations: Evaluations, atMs: number): SignatureRequest {
  return { ...draft, evaluations, policyResolvedAtMs: atMs };
}

/** A request that goes no further: a new one, or (one version on) one that is stored. */
export function rejectedRequest(
  request: SignatureRequest,
  isNew: boolean,
  rejection: { readonly reason: string; readonly evaluations: Evaluations; readonly atMs: number },
): SignatureRequest {
  const { reason, evaluations, atMs } = rejection;
  const version = isNew ? request.version : request.version + 1;
  return { ...request, status: 'rejected', reason, evaluations, policyResolvedAtMs: atMs, version };
}

/** A new request that waits for people, with the approval that they are asked for. */
export function pendingRequest(
  draft: SignatureRequest,
  verdict: SettledVerdict & { readonly verdict: 'needs-approval' },
  nowMs: number,
): { readonly request: SignatureRequest; readonly approval: Approval } {
  const approval = askApproval(verdict, {
    accountId: draft.accountId,
    initiatorId: draft.requesterId,
    activity: 'sign',
    subject: { kind: 'signature-request', requestId: draft.id },
    subjectDigest: draft.digest,
    nowMs,
  });
  const { evaluations } = verdict;
  return { request: { ...draft, status: 'pending', approvalId: approval.id, evaluations }, approval };
}

/** Pending or executing before: what the journal makes of it when its intent is recorded. */
export function executingRequest(request: SignatureRequest, atMs: number): SignatureRequest {
  const policyResolvedAtMs = request.policyResolvedAtMs ?? atMs;
  return { ...request, status: 'executing', policyResolvedAtMs, version: request.version + 1 };
}

/** What the journal makes of an executing request when its outcome is recorded. */
export function completedRequest(request: SignatureRequest, completion: RequestCompletion): SignatureRequest {
  const { status, reason, signatures, signedData, details, atMs } = completion;
  return {
    ...request,
    status,
    reason,
    signatures,
    signedData,
    details,
    signedAtMs: status === 'signed' ? atMs : undefined,
    version: request.version + 1,
  };
}
