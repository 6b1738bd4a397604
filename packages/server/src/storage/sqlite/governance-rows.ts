/** Rows of approvals, governing policies and changes, and their records. */
import type { SQLInputValue } from 'node:sqlite';
import type { JsonValue } from '@countersign/chains/chain';
import type {
  ActivityKind,
  Approval,
  ApprovalStatus,
  ApprovalSubject,
  Decision,
  PolicyEvaluation,
  RequiredGroup,
} from '@countersign/core/governance/approval';
import type { ChangeRequest, ChangeStatus } from '@countersign/core/governance/change-request';
import type {
  GoverningPolicy,
  PolicyAction,
  PolicyFilters,
  PolicyRule,
} from '@countersign/core/governance/governing-policy';
import type { AccountId, ApprovalId, ChangeId, GoverningPolicyId, PrincipalId } from '@countersign/core/ids';
import { fromJsonText, toJsonText } from './json-with-bytes.ts';
import {
  bytesCell,
  idCell,
  numberCell,
  optionalNumberCell,
  optionalTextCell,
  type Row,
  textCell,
} from './row-cells.ts';
import { idBlob } from './sqlite-log.ts';

type Cells = Record<string, SQLInputValue>;

/** Each ends before WHERE. */
export const SELECT_APPROVALS = `SELECT id, account_id, initiator_id, activity, subject_kind, subject_id, subject_digest,
  status, groups, evaluations, decisions, expires_at_ms, created_at_ms, updated_at_ms, resolved_at_ms, version
  FROM approvals`;
export const SELECT_GOVERNING_POLICIES = `SELECT id, account_id, name, status, activity, rule, action, filters,
  created_at_ms, updated_at_ms, version FROM governing_policies`;
export const SELECT_CHANGES = `SELECT id, account_id, kind, operation, requester_id, entity_id, entity_version, body,
  digest, status, reason, approval_id, created_at_ms, resolved_at_ms, version FROM change_requests`;

export const INSERT_APPROVAL = `INSERT INTO approvals (id, account_id, initiator_id, activity, subject_kind, subject_id,
  subject_digest, status, groups, evaluations, decisions, expires_at_ms, created_at_ms, updated_at_ms, resolved_at_ms,
  version) VALUES (:id, :account, :initiator, :activity, :subjectKind, :subject, :digest, :status, :groups, :evaluations,
  :decisions, :expiresAtMs, :createdAtMs, :updatedAtMs, :resolvedAtMs, :version)`;
/** What was asked, and whom, is never written again. */
export const UPDATE_APPROVAL = `UPDATE approvals SET status = :status, decisions = :decisions,
  updated_at_ms = :updatedAtMs, resolved_at_ms = :resolvedAtMs, version = :version WHERE id = :id`;

/** For `UPDATE_APPROVAL`. */
export function changingApprovalCells(approval: Approval): Cells {
  return {
    id: idBlob(approval.id),
    status: approval.status,
    decisions: toJsonText(approval.decisions),
    updatedAtMs: approval.updatedAtMs,
    resolvedAtMs: approval.resolvedAtMs ?? null,
    version: approval.version,
  };
}

export function approvalCells(approval: Approval): Cells {
  const { subject } = approval;
  return {
    ...changingApprovalCells(approval),
    account: idBlob(approval.accountId),
    initiator: idBlob(approval.initiatorId),
    activity: approval.activity,
    subjectKind: subject.kind,
    subject: idBlob(subject.kind === 'change' ? subject.changeId : subject.requestId),
    digest: approval.subjectDigest,
    groups: toJsonText(approval.groups),
    evaluations: toJsonText(approval.evaluations),
    expiresAtMs: approval.expiresAtMs ?? null,
    createdAtMs: approval.createdAtMs,
  };
}

export function approvalOfRow(row: Row): Approval {
  return {
    id: idCell<ApprovalId>(row, 'id'),
    accountId: idCell<AccountId>(row, 'account_id'),
    initiatorId: idCell<PrincipalId>(row, 'initiator_id'),
    activity: textCell(row, 'activity') as ActivityKind,
    subject: subjectOfRow(row),
    subjectDigest: bytesCell(row, 'subject_digest'),
    status: textCell(row, 'status') as ApprovalStatus,
    groups: fromJsonText(textCell(row, 'groups')) as readonly RequiredGroup[],
    evaluations: fromJsonText(textCell(row, 'evaluations')) as readonly PolicyEvaluation[],
    decisions: fromJsonText(textCell(row, 'decisions')) as readonly Decision[],
    expiresAtMs: optionalNumberCell(row, 'expires_at_ms'),
    createdAtMs: numberCell(row, 'created_at_ms'),
    updatedAtMs: numberCell(row, 'updated_at_ms'),
    resolvedAtMs: optionalNumberCell(row, 'resolved_at_ms'),
    version: numberCell(row, 'version'),
  };
}

function subjectOfRow(row: Row): ApprovalSubject {
  return textCell(row, 'subject_kind') === 'change'
    ? { kind: 'change', changeId: idCell(row, 'subject_id') }
    : { kind: 'signature-request', requestId: idCell(row, 'subject_id') };
}

export const INSERT_GOVERNING_POLICY = `INSERT INTO governing_policies (id, account_id, name, status, activity, rule,
  action, filters, created_at_ms, updated_at_ms, version)
  VALUES (:id, :account, :name, :status, :activity, :rule, :action, :filters, :createdAtMs, :updatedAtMs, :version)`;
export const REPLACE_GOVERNING_POLICY = `UPDATE governing_policies SET name = :name, status = :status,
  activity = :activity, rule = :rule, action = :action, filters = :filters, created_at_ms = :createdAtMs,
  updated_at_ms = :updatedAtMs, version = :version WHERE id = :id AND account_id = :account AND version = :version - 1`;

export function governingPolicyCells(policy: GoverningPolicy): Cells {
  return {
    id: idBlob(policy.id),
    account: idBlob(policy.accountId),
    name: policy.name,
    status: policy.status,
    activity: policy.activity,
    rule: toJsonText(policy.rule),
    action: toJsonText(policy.action),
    filters: toJsonText(policy.filters),
    createdAtMs: policy.createdAtMs,
    updatedAtMs: policy.updatedAtMs,
    version: policy.version,
  };
}

export function governingPolicyOfRow(row: Row): GoverningPolicy {
  return {
    id: idCell<GoverningPolicyId>(row, 'id'),
    accountId: idCell<AccountId>(row, 'account_id'),
    name: textCell(row, 'name'),
    status: textCell(row, 'status') as GoverningPolicy['status'],
    activity: textCell(row, 'activity') as ActivityKind,
    rule: fromJsonText(textCell(row, 'rule')) as PolicyRule,
    action: fromJsonText(textCell(row, 'action')) as PolicyAction,
    filters: fromJsonText(textCell(row, 'filters')) as PolicyFilters,
    createdAtMs: numberCell(row, 'created_at_ms'),
    updatedAtMs: numberCell(row, 'updated_at_ms'),
    version: numberCell(row, 'version'),
  };
}

export const INSERT_CHANGE = `INSERT INTO change_requests (id, account_id, kind, operation, requester_id, entity_id,
  entity_version, body, digest, status, reason, approval_id, created_at_ms, resolved_at_ms, version, unfinished)
  VALUES (:id, :account, :kind, :operation, :requester, :entity, :entityVersion, :body, :digest, :status, :reason,
  :approval, :createdAtMs, :resolvedAtMs, :version, 0)`;

export function changeCells(change: ChangeRequest): Cells {
  return {
    id: idBlob(change.id),
    account: idBlob(change.accountId),
    kind: change.kind,
    operation: change.operation,
    requester: idBlob(change.requesterId),
    entity: change.entityId,
    entityVersion: change.entityVersion,
    body: toJsonText(change.body),
    digest: change.digest,
    status: change.status,
    reason: change.reason ?? null,
    approval: idBlob(change.approvalId),
    createdAtMs: change.createdAtMs,
    resolvedAtMs: change.resolvedAtMs ?? null,
    version: change.version,
  };
}

export function changeOfRow(row: Row): ChangeRequest {
  return {
    id: idCell<ChangeId>(row, 'id'),
    accountId: idCell<AccountId>(row, 'account_id'),
    kind: textCell(row, 'kind') as ChangeRequest['kind'],
    operation: textCell(row, 'operation') as ChangeRequest['operation'],
    requesterId: idCell<PrincipalId>(row, 'requester_id'),
    entityId: textCell(row, 'entity_id'),
    entityVersion: numberCell(row, 'entity_version'),
    body: fromJsonText(textCell(row, 'body')) as JsonValue,
    digest: bytesCell(row, 'digest'),
    status: textCell(row, 'status') as ChangeStatus,
    reason: optionalTextCell(row, 'reason'),
    approvalId: idCell<ApprovalId>(row, 'approval_id'),
    createdAtMs: numberCell(row, 'created_at_ms'),
    resolvedAtMs: optionalNumberCell(row, 'resolved_at_ms'),
    version: numberCell(row, 'version'),
  };
}
