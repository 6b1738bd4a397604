/** Changes of the table of requests, with what the log and webhooks are told. They run inside transactions of `GroupCommit`. */
import { DomainError } from '@countersign/core/domain-error';
import type { Approval } from '@countersign/core/governance/approval';
import type { AccountId, ApprovalId, RequestId } from '@countersign/core/ids';
import type { RequestCompletion } from '@countersign/core/ports/signing-journal';
import type { RequestStatus, SignatureRequest } from '@countersign/core/requests/signature-request';
import type { EventKind } from '@countersign/core/webhooks/webhook';
import { type ApprovalTable, type GovernedTableParts, hex, policiesOf } from './approval-table.ts';
import { toJsonText } from './json-with-bytes.ts';
import {
  changingCells,
  INSERT_REQUEST,
  type RequestMarks,
  requestCells,
  requestOfRow,
  SELECT_REQUESTS,
  UPDATE_REQUEST,
} from './request-row.ts';
import { numberCell, optionalIdCell, textCell } from './row-cells.ts';
import { idBlob } from './sqlite-log.ts';

export interface RequestTableParts extends GovernedTableParts {
  readonly approvals: ApprovalTable;
}

/** How a stored request stands, as far as taking it is concerned. */
export interface RequestStanding {
  readonly status: RequestStatus;
  readonly version: number;
  /** Somebody signs it at this moment, or died while signing it. */
  readonly isBeingSigned: boolean;
  readonly isApproved: boolean;
  readonly spendsReserved: boolean;
  readonly approvalId: ApprovalId | undefined;
}

const STANDING = `SELECT r.status, r.version, r.spends_reserved, r.approval_id, a.status AS approval_status,
    o.batch_id IS NOT NULL AS is_being_signed
  FROM signature_requests AS r
  LEFT JOIN approvals AS a ON a.id = r.approval_id
  LEFT JOIN log_open_intents AS o ON o.batch_id = r.intent_batch_id
  WHERE r.id = ? AND r.account_id = ?`;
const EXTERNAL_ID = 'SELECT 1 FROM signature_requests WHERE account_id = ? AND external_id = ?';
const TAKE = `UPDATE signature_requests SET status = 'executing', lane = 'signed', version = version + 1, intent_batch_id = :batch,
  spends_reserved = 1, unfinished = 1, policy_resolved_at_ms =
    coalesce(policy_resolved_at_ms, (SELECT resolved_at_ms FROM approvals WHERE approvals.id = approval_id))
  WHERE id = :id`;
const COMPLETE_SIGNED = `UPDATE signature_requests SET status = :status, reason = :reason, signatures = :signatures,
  signed_data = :signedData, details = :details, signed_at_ms = :signedAtMs, version = version + 1, unfinished = 0
  WHERE id = :id AND status = 'executing' AND intent_batch_id = :batch RETURNING account_id`;
const COMPLETE_FAILED = COMPLETE_SIGNED.replace('SET ', "SET lane = 'failed', ");
const MARK_UNFINISHED = `UPDATE signature_requests SET unfinished = 1 WHERE id = ? AND status = 'pending'`;

/** What `replace` may make of a request; the rest is done by the signing journal alone. */
const MOVES: Readonly<Record<RequestStatus, readonly RequestStatus[]>> = {
  pending: ['failed', 'rejected'],
  executing: ['failed', 'rejected'],
  signed: ['confirmed'],
  confirmed: [],
  failed: [],
  rejected: [],
};
const EVENT_OF: Partial<Record<RequestStatus, EventKind>> = {
  signed: 'request-signed',
  confirmed: 'request-confirmed',
  failed: 'request-failed',
  rejected: 'request-rejected',
};
const NO_MARKS: RequestMarks = { intentBatchId: undefined, spendsReserved: false, unfinished: false };

export class RequestTable {
  readonly #parts: RequestTableParts;

  constructor(parts: RequestTableParts) {
    this.#parts = parts;
  }

  read(accountId: AccountId, id: RequestId): SignatureRequest | undefined {
    const row = this.#parts.writer
      .prepare(`${SELECT_REQUESTS} WHERE id = ? AND account_id = ?`)
      .get(idBlob(id), idBlob(accountId));
    return row === undefined ? undefined : requestOfRow(row);
  }

  standing(accountId: AccountId, id: RequestId): RequestStanding | undefined {
    const row = this.#parts.writer.prepare(STANDING).get(idBlob(id), idBlob(accountId));
    if (row === undefined) return undefined;
    return {
      status: textCell(row, 'status') as RequestStatus,
      version: numberCell(row, 'version'),
      isBeingSigned: row['is_being_signed'] === 1,
      isApproved: row['approval_status'] === 'approved',
      spendsReserved: row['spends_reserved'] === 1,
      approvalId: optionalIdCell<ApprovalId>(row, 'approval_id'),
    };
  }

  hasExternalId(accountId: AccountId, externalId: string): boolean {
    return this.#parts.writer.prepare(EXTERNAL_ID).get(idBlob(accountId), externalId) !== undefined;
  }

  /** A new one that is signed under this intent. */
  insertExecuting(request: SignatureRequest, intentBatchId: number): void {
    const marks = { intentBatchId, spendsReserved: true, unfinished: true };
    this.#insert({ ...request, status: 'executing' }, marks);
  }

  /** What is stored becomes `executing` under this intent, or once more. */
  take(request: { readonly accountId: AccountId; readonly id: RequestId }, from: RequestStanding, batch: number): void {
    const { writer, log } = this.#parts;
    writer.prepare(TAKE).run({ id: idBlob(request.id), batch });
    log.appendEvent({
      kind: 'request-released',
      accountId: request.accountId,
      by: undefined,
      details: { request: request.id, approval: from.approvalId ?? null, batch, again: from.status === 'executing' },
    });
  }

  /** New, or in the place of its version before. */
  storeRejected(request: SignatureRequest): void {
    const rejected: SignatureRequest = { ...request, status: 'rejected' };
    if (request.version === 1) {
      this.#insert(rejected, NO_MARKS);
      this.#emit('request-rejected', request, request.policyResolvedAtMs ?? request.createdAtMs);
    } else {
      this.#overwrite(rejected);
      this.#cancelApproval(request);
    }
  }

  /** New, or in the place of its version before; together with its approval. */
  storePending(request: SignatureRequest, approval: Approval): void {
    const { subject } = approval;
    const fits =
      subject.kind === 'signature-request' &&
      subject.requestId === request.id &&
      request.approvalId === approval.id &&
      request.accountId === approval.accountId &&
      Buffer.compare(request.digest, approval.subjectDigest) === 0;
    if (!fits) throw new DomainError('internal', 'an approval that is for something else than its request');
    const pending: SignatureRequest = { ...request, status: 'pending' };
    if (request.version === 1) {
      this.#insert(pending, NO_MARKS);
    } else {
      const before = this.standing(request.accountId, request.id);
      this.#overwrite(pending);
      this.#cancelApproval({ accountId: request.accountId, approvalId: before?.approvalId });
    }
    this.#parts.approvals.insert(approval);
    this.#parts.log.appendEvent({
      kind: 'request-pending',
      accountId: request.accountId,
      by: request.requesterId,
      details: {
        request: request.id,
        key: request.keyId,
        digest: hex(request.digest),
        approval: approval.id,
        ...policiesOf(approval),
      },
    });
  }

  /** @throws DomainError `internal` for a request that this intent didn't take */
  complete({ id, status, ...completion }: RequestCompletion, batch: number): void {
    const row = this.#parts.writer.prepare(status === 'signed' ? COMPLETE_SIGNED : COMPLETE_FAILED).get({
      id: idBlob(id),
      batch,
      status,
      reason: completion.reason ?? null,
      signatures: toJsonText(completion.signatures),
      signedData: completion.signedData ?? null,
      details: completion.details === undefined ? null : toJsonText(completion.details),
      signedAtMs: status === 'signed' ? completion.atMs : null,
    });
    if (row === undefined) throw new DomainError('internal', 'the outcome of a request that was not being signed');
    const accountId = optionalIdCell<AccountId>(row, 'account_id');
    if (accountId !== undefined)
      this.#emit(status === 'signed' ? 'request-signed' : 'request-failed', { accountId, id }, completion.atMs);
  }

  /**
   * The next version of a request, from a command: confirmed, withdrawn, or failed.
   * @throws DomainError `conflict` with subject `request-state` while it is being signed
   */
  replace(current: SignatureRequest, next: SignatureRequest): void {
    const { id, accountId, status } = next;
    if (id !== current.id || accountId !== current.accountId || next.content !== current.content)
      throw new DomainError('internal', 'a request was changed in what must stay');
    if (status === current.status) {
      this.#update(next, undefined);
      return;
    }
    if (!MOVES[current.status].includes(status))
      throw new DomainError('internal', `a ${current.status} request was made ${status}`);
    if (current.status === 'executing' && this.standing(accountId, id)?.isBeingSigned !== false)
      throw new DomainError('conflict', 'the request is being signed', { subject: 'request-state' });
    this.#overwrite(next);
    // Whatever ended it: nobody is asked any more about what is over.
    if (current.status === 'pending') this.#cancelApproval(current);
  }

  /** The approval has released it; it is signed by another transaction. */
  markReleased(id: RequestId): void {
    this.#parts.writer.prepare(MARK_UNFINISHED).run(idBlob(id));
  }

  /**
   * Its approval ended without a yes.
   * @throws DomainError `conflict` with subject `request-state` where it was signed, or is being signed
   */
  rejectUnapproved(accountId: AccountId, id: RequestId, reason: string | undefined, atMs: number): void {
    const current = this.read(accountId, id);
    if (current === undefined || current.status === 'rejected' || current.status === 'failed') return;
    if (current.status !== 'pending')
      throw new DomainError('conflict', 'the approval has released its request already', { subject: 'request-state' });
    const version = current.version + 1;
    this.#overwrite({ ...current, status: 'rejected', reason, policyResolvedAtMs: atMs, version });
  }

  #insert(request: SignatureRequest, marks: RequestMarks): void {
    this.#parts.writer.prepare(INSERT_REQUEST).run(requestCells(request, marks));
    this.#emit('request-created', request, request.createdAtMs);
  }

  #overwrite(request: SignatureRequest): void {
    const { log, now } = this.#parts;
    this.#update(request, request.status === 'executing');
    const { accountId, id, status, confirmation } = request;
    const kind = EVENT_OF[status];
    if (kind === undefined) return;
    const facts = confirmation && {
      transactionHash: confirmation.transactionHash,
      network: confirmation.network ?? null,
    };
    log.appendEvent({
      kind,
      accountId,
      by: undefined,
      details: { request: id, digest: hex(request.digest), ...facts },
    });
    this.#emit(kind, request, request.confirmedAtMs ?? now());
  }

  #update(request: SignatureRequest, unfinished: boolean | undefined): void {
    this.#parts.writer.prepare(UPDATE_REQUEST).run({
      ...changingCells(request),
      id: idBlob(request.id),
      unfinished: unfinished === undefined ? null : Number(unfinished),
    });
  }

  #cancelApproval({ accountId, approvalId }: Pick<SignatureRequest, 'accountId' | 'approvalId'>): void {
    if (approvalId !== undefined) this.#parts.approvals.cancel(accountId, approvalId, this.#parts.now());
  }

  #emit(kind: EventKind, request: { readonly accountId: AccountId; readonly id: RequestId }, atMs: number): void {
    this.#parts.appendEvent({ kind, accountId: request.accountId, entityId: request.id, atMs });
  }
}
