/** Stored requests on their way to be signed: read, and checked against what they were when they were stored. */
import { loadParticipants } from '../governance/load-participants.ts';
import type { RequestId } from '../ids.ts';
import type { KeyRecord } from '../key-record.ts';
import type { GivenApproval, RequestToSign } from '../signing-governance.ts';
import { decodeContent } from './decode-content.ts';
import type { RequestContext } from './request-dependencies.ts';
import { requestDigest } from './request-digest.ts';
import { isFinal } from './request-states.ts';
import type { SignatureRequest } from './signature-request.ts';

/** A request that may be signed as far as its own state goes. */
export interface Release {
  readonly record: SignatureRequest;
  readonly given: GivenApproval | undefined;
}

/** Undefined for a request that is final or gone, or that still waits for people. */
export async function loadRelease(context: RequestContext, id: RequestId): Promise<Release | undefined> {
  const { requests, signing } = context;
  const record = await requests.byId(id);
  if (record === undefined || isFinal(record)) return undefined;
  if (record.approvalId === undefined) return record.status === 'pending' ? undefined : { record, given: undefined };
  const approval = await requests.findApproval(record.accountId, record.approvalId);
  if (approval === undefined || (record.status === 'pending' && approval.status !== 'approved')) return undefined;
  const participants = await loadParticipants(approval, signing.directory);
  return { record, given: { approval, ...participants } };
}

export type PreparedRelease =
  | { readonly ok: true; readonly request: RequestToSign }
  | { readonly ok: false; readonly reason: string };

/**
 * Decodes the stored content anew, and refuses it where that isn't exactly what was asked for, and approved. `key` is as it
 * is now.
 */
export async function prepareRelease(
  { loadChain }: RequestContext,
  { record, given }: Release,
  key: KeyRecord | undefined,
): Promise<PreparedRelease> {
  if (key === undefined) return { ok: false, reason: 'the key no longer exists' };
  const decoding = await decodeContent(record.content, key, loadChain);
  if (!decoding.ok) return { ok: false, reason: decoding.reason };
  const { content } = decoding;
  if (Buffer.compare(requestDigest({ ...record, key, decoded: content }), record.digest) !== 0)
    return { ok: false, reason: 'what would be signed is no longer what was asked for; send the request again' };
  if (given !== undefined && !isAbout(given, record))
    return { ok: false, reason: 'the approval is for another request' };
  return { ok: true, request: { kind: 'stored', record, content, given } };
}

function isAbout({ approval }: GivenApproval, { id, accountId, requesterId, digest }: SignatureRequest): boolean {
  return (
    approval.accountId === accountId &&
    approval.initiatorId === requesterId &&
    approval.subject.kind === 'signature-request' &&
    approval.subject.requestId === id &&
    Buffer.compare(approval.subjectDigest, digest) === 0
  );
}
