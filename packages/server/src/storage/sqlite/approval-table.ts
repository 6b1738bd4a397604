/** Changes of the table of approvals, with what the log and webhooks are told. They run inside transactions of `GroupCommit`. */
import { DomainError } from '@countersign/core/domain-error';
import type { Approval, Decision } from '@countersign/core/governance/approval';
import type { AccountId, ApprovalId } from '@countersign/core/ids';
import type { AppendEvent } from '@countersign/core/ports/webhook-store';
import {
  approvalCells,
  approvalOfRow,
  changingApprovalCells,
  INSERT_APPROVAL,
  SELECT_APPROVALS,
  UPDATE_APPROVAL,
} from './governance-rows.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import { idBlob, type SqliteLog } from './sqlite-log.ts';

export interface GovernedTableParts {
  readonly writer: SqliteConnection;
  readonly log: SqliteLog;
  readonly appendEvent: AppendEvent;
  readonly now: () => number;
}

/** Stands in `approval_approvers` for everyone of the account. */
export const ANYONE = Buffer.alloc(16);
/** Policies named in one log entry: an entry has 16 KiB. */
const MAX_LOGGED_POLICIES = 100;

const INSERT_APPROVER = `INSERT OR IGNORE INTO approval_approvers (account_id, approver_id, status, id, initiator_id)
  VALUES (?, ?, ?, ?, ?)`;
const DELETE_APPROVER = `DELETE FROM approval_approvers
  WHERE account_id = ? AND approver_id = ? AND status = ? AND id = ?`;

export class ApprovalTable {
  readonly #parts: GovernedTableParts;

  constructor(parts: GovernedTableParts) {
    this.#parts = parts;
  }

  read(accountId: AccountId, id: ApprovalId): Approval | undefined {
    const row = this.#parts.writer
      .prepare(`${SELECT_APPROVALS} WHERE id = ? AND account_id = ?`)
      .get(idBlob(id), idBlob(accountId));
    return row === undefined ? undefined : approvalOfRow(row);
  }

  /** A pending one; what it is about is stored, and logged, beside it. */
  insert(approval: Approval): void {
    if (approval.status !== 'pending') throw new DomainError('internal', 'a new approval that is not pending');
    this.#parts.writer.prepare(INSERT_APPROVAL).run(approvalCells(approval));
    this.#writeApprovers(INSERT_APPROVER, approval);
    const { accountId, id: entityId, createdAtMs: atMs } = approval;
    this.#parts.appendEvent({ kind: 'policy-triggered', accountId, entityId, atMs });
    this.#parts.appendEvent({ kind: 'approval-pending', accountId, entityId, atMs });
  }

  /** Stores `next`, which has more decisions, another status, or both. What it is about is the caller's concern. */
  replace(current: Approval, next: Approval): void {
    requireSuccessor(current, next);
    this.#parts.writer.prepare(UPDATE_APPROVAL).run(changingApprovalCells(next));
    const decided = next.decisions.slice(current.decisions.length);
    if (next.status !== current.status || decided.length > 0) {
      this.#writeApprovers(DELETE_APPROVER, current);
      this.#writeApprovers(INSERT_APPROVER, next);
    }
    for (const decision of decided) this.#logDecision(next, decision);
    if (next.status !== current.status) this.#reportResolution(next);
  }

  /** What it was about has ended otherwise. Leaves an approval that is resolved. */
  cancel(accountId: AccountId, id: ApprovalId, atMs: number): void {
    const current = this.read(accountId, id);
    if (current?.status !== 'pending') return;
    const version = current.version + 1;
    this.replace(current, { ...current, status: 'cancelled', updatedAtMs: atMs, resolvedAtMs: atMs, version });
  }

  #writeApprovers(sql: string, approval: Approval): void {
    const { writer } = this.#parts;
    const [account, id, initiator] = [idBlob(approval.accountId), idBlob(approval.id), idBlob(approval.initiatorId)];
    for (const approver of approversOf(approval)) {
      const blob = approver === undefined ? ANYONE : idBlob(approver);
      const rest = sql === INSERT_APPROVER ? [initiator] : [];
      writer.prepare(sql).run(account, blob, approval.status, id, ...rest);
    }
  }

  #logDecision(approval: Approval, { principalId, value, evidence }: Decision): void {
    this.#parts.log.appendEvent({
      kind: 'approval-decided',
      accountId: approval.accountId,
      by: principalId,
      details: {
        approval: approval.id,
        digest: hex(approval.subjectDigest),
        value,
        evidence: evidence.kind,
        credential: evidence.kind === 'signed' ? evidence.credentialId : null,
        evidenceLeaf: evidence.kind === 'signed' ? evidence.logIndex : null,
      },
    });
  }

  #reportResolution(approval: Approval): void {
    const { accountId, id, status, subject } = approval;
    const about = subject.kind === 'change' ? { change: subject.changeId } : { request: subject.requestId };
    const details = { approval: id, status, ...about, digest: hex(approval.subjectDigest) };
    this.#parts.log.appendEvent({ kind: 'approval-resolved', accountId, by: undefined, details });
    const atMs = approval.resolvedAtMs ?? this.#parts.now();
    this.#parts.appendEvent({ kind: 'approval-resolved', accountId, entityId: id, atMs });
  }
}

/** Who may decide or has decided, each once; undefined for anyone. */
function approversOf({ groups, decisions }: Approval): Set<string | undefined> {
  const approvers = new Set<string | undefined>(decisions.map(({ principalId }) => principalId));
  for (const group of groups)
    for (const approver of group.approvers === 'anyone' ? [undefined] : group.approvers) approvers.add(approver);
  return approvers;
}

/** Nobody's decision is taken back, nothing that was asked changes, and what is resolved stays so. */
function requireSuccessor(current: Approval, next: Approval): void {
  const same =
    next.id === current.id &&
    next.accountId === current.accountId &&
    next.initiatorId === current.initiatorId &&
    next.subject === current.subject &&
    next.subjectDigest === current.subjectDigest &&
    next.groups === current.groups &&
    current.decisions.every((decision, index) => next.decisions[index] === decision);
  // An approval that has released nothing yet may still be withdrawn.
  const revoked = current.status === 'approved' && next.status !== 'approved' && next.status !== 'pending';
  if (!same || !(current.status === 'pending' || revoked))
    throw new DomainError('internal', 'an approval was changed in what must stay');
}

/** Ids of the policies that ask for the approval, for the log. */
export function policiesOf({ groups }: Approval): { readonly policies: string; readonly policyCount: number } {
  const policies = [...new Set(groups.map(({ policyId }) => policyId))];
  return { policies: policies.slice(0, MAX_LOGGED_POLICIES).join(' '), policyCount: policies.length };
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
