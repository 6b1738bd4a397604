/** A signature request's row and its record. */
import type { SQLInputValue } from 'node:sqlite';
import type { View } from '@countersign/chains/view';
import type { PolicyEvaluation } from '@countersign/core/governance/approval';
import type { AccountId, ApprovalId, KeyId, PrincipalId, RequestId, TokenId, WalletId } from '@countersign/core/ids';
import type {
  Confirmation,
  RequestContent,
  RequestSignature,
  RequestStatus,
  SignatureRequest,
} from '@countersign/core/requests/signature-request';
import { fromJsonText, toJsonText } from './json-with-bytes.ts';
import {
  bytesCell,
  idCell,
  numberCell,
  optionalIdBlob,
  optionalIdCell,
  optionalNumberCell,
  optionalTextCell,
  type Row,
  textCell,
} from './row-cells.ts';
import { idBlob } from './sqlite-log.ts';

/** Ends before WHERE. */
export const SELECT_REQUESTS = `SELECT id, account_id, key_id, wallet_id, requester_id, token_id, dialect, external_id,
  body, content, digest, view, status, reason, approval_id, evaluations, signatures, signed_data, details, confirmation,
  created_at_ms, policy_resolved_at_ms, signed_at_ms, confirmed_at_ms, version FROM signature_requests`;

/** What the journal notes of a request beside its record. */
export interface RequestMarks {
  readonly intentBatchId: number | undefined;
  readonly spendsReserved: boolean;
  readonly unfinished: boolean;
}

/** For `requestCells`. The key's group is taken from the key; a key that isn't stored has none. */
export const INSERT_REQUEST = `INSERT INTO signature_requests (id, account_id, key_id, group_id, wallet_id, requester_id,
  token_id, dialect, external_id, body, content, digest, view, status, lane, reason, approval_id, evaluations,
  signatures, signed_data, details, confirmation, created_at_ms, policy_resolved_at_ms, signed_at_ms, confirmed_at_ms,
  version, intent_batch_id, spends_reserved, unfinished)
  VALUES (:id, :account, :key, (SELECT group_id FROM keys WHERE id = :key), :wallet, :requester, :token, :dialect,
  :externalId, :body, :content, :digest, :view, :status, :lane, :reason, :approval, :evaluations, :signatures, :signedData,
  :details, :confirmation, :createdAtMs, :policyResolvedAtMs, :signedAtMs, :confirmedAtMs, :version, :intentBatchId,
  :spendsReserved, :unfinished)`;

export function requestCells(
  request: SignatureRequest,
  { intentBatchId, spendsReserved, unfinished }: RequestMarks,
): Record<string, SQLInputValue> {
  return {
    ...changingCells(request),
    id: idBlob(request.id),
    account: idBlob(request.accountId),
    key: idBlob(request.keyId),
    wallet: optionalIdBlob(request.walletId),
    requester: idBlob(request.requesterId),
    token: optionalIdBlob(request.tokenId),
    dialect: request.dialect,
    externalId: request.externalId ?? null,
    body: request.body,
    content: toJsonText(request.content),
    digest: request.digest,
    view: toJsonText(request.view),
    createdAtMs: request.createdAtMs,
    intentBatchId: intentBatchId ?? null,
    spendsReserved: Number(spendsReserved),
    unfinished: Number(unfinished),
  };
}

/** For `changingCells`, with the id and `unfinished` (null: as it is). What was asked for is never written again. */
export const UPDATE_REQUEST = `UPDATE signature_requests SET status = :status, lane = :lane, reason = :reason, approval_id = :approval,
  evaluations = :evaluations, signatures = :signatures, signed_data = :signedData, details = :details,
  confirmation = :confirmation, policy_resolved_at_ms = :policyResolvedAtMs, signed_at_ms = :signedAtMs,
  confirmed_at_ms = :confirmedAtMs, version = :version,
  unfinished = coalesce(:unfinished, unfinished) WHERE id = :id`;

export function changingCells(request: SignatureRequest): Record<string, SQLInputValue> {
  return {
    status: request.status,
    lane: laneOf(request.status),
    reason: request.reason ?? null,
    approval: optionalIdBlob(request.approvalId),
    evaluations: toJsonText(request.evaluations),
    signatures: toJsonText(request.signatures),
    signedData: request.signedData ?? null,
    details: request.details === undefined ? null : toJsonText(request.details),
    confirmation: request.confirmation === undefined ? null : toJsonText(request.confirmation),
    policyResolvedAtMs: request.policyResolvedAtMs ?? null,
    signedAtMs: request.signedAtMs ?? null,
    confirmedAtMs: request.confirmedAtMs ?? null,
    version: request.version,
  };
}

/** What stands for the status in indexes: `executing` is a passing state, and most that pass it end as `signed`. */
export const REQUEST_LANES = ['pending', 'signed', 'confirmed', 'failed', 'rejected'] as const;

export function laneOf(status: RequestStatus): (typeof REQUEST_LANES)[number] {
  return status === 'executing' ? 'signed' : status;
}

export function requestOfRow(row: Row): SignatureRequest {
  const details = optionalTextCell(row, 'details');
  const confirmation = optionalTextCell(row, 'confirmation');
  return {
    id: idCell<RequestId>(row, 'id'),
    accountId: idCell<AccountId>(row, 'account_id'),
    keyId: idCell<KeyId>(row, 'key_id'),
    walletId: optionalIdCell<WalletId>(row, 'wallet_id'),
    requesterId: idCell<PrincipalId>(row, 'requester_id'),
    tokenId: optionalIdCell<TokenId>(row, 'token_id'),
    dialect: textCell(row, 'dialect'),
    externalId: optionalTextCell(row, 'external_id'),
    body: textCell(row, 'body'),
    content: fromJsonText(textCell(row, 'content')) as RequestContent,
    digest: bytesCell(row, 'digest'),
    view: fromJsonText(textCell(row, 'view')) as View,
    // The table has a CHECK for it.
    status: textCell(row, 'status') as RequestStatus,
    reason: optionalTextCell(row, 'reason'),
    approvalId: optionalIdCell<ApprovalId>(row, 'approval_id'),
    evaluations: fromJsonText(textCell(row, 'evaluations')) as readonly PolicyEvaluation[],
    signatures: fromJsonText(textCell(row, 'signatures')) as readonly RequestSignature[],
    signedData: row['signed_data'] === null ? undefined : bytesCell(row, 'signed_data'),
    details: details === undefined ? undefined : (fromJsonText(details) as SignatureRequest['details']),
    confirmation: confirmation === undefined ? undefined : (fromJsonText(confirmation) as Confirmation),
    createdAtMs: numberCell(row, 'created_at_ms'),
    policyResolvedAtMs: optionalNumberCell(row, 'policy_resolved_at_ms'),
    signedAtMs: optionalNumberCell(row, 'signed_at_ms'),
    confirmedAtMs: optionalNumberCell(row, 'confirmed_at_ms'),
    version: numberCell(row, 'version'),
  };
}

/** Bytes that the request adds to a transaction, about: the content is hardly larger than the body it came from. */
export function requestBytes({ body, content }: SignatureRequest): number {
  const payload = content.kind === 'plain' ? content.payload.bytes.length * 2 : body.length;
  return 4096 + body.length + payload;
}
