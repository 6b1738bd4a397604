/** Changes that wait for approval, in their table. Everything runs inside transactions of `GroupCommit`. */
import { DomainError } from '@countersign/core/domain-error';
import type { Approval } from '@countersign/core/governance/approval';
import type { ChangeRequest, ChangeStatus } from '@countersign/core/governance/change-request';
import type { AccountId, ChangeId } from '@countersign/core/ids';
import { type ApprovalTable, type GovernedTableParts, hex, policiesOf } from './approval-table.ts';
import { changeCells, changeOfRow, INSERT_CHANGE, SELECT_CHANGES } from './governance-rows.ts';
import { idCell } from './row-cells.ts';
import { idBlob } from './sqlite-log.ts';

export interface ChangeTableParts extends GovernedTableParts {
  readonly approvals: ApprovalTable;
}

const PENDING = `SELECT id FROM change_requests WHERE account_id = ? AND entity_id = ? AND status = 'pending'`;
const RESOLVE = `UPDATE change_requests SET status = ?, reason = ?, resolved_at_ms = ?, version = version + 1,
  unfinished = 0 WHERE id = ? AND account_id = ? AND status = 'pending'`;
const MARK_UNFINISHED = `UPDATE change_requests SET unfinished = 1 WHERE id = ? AND status = 'pending'`;

export class ChangeTable {
  readonly #parts: ChangeTableParts;

  constructor(parts: ChangeTableParts) {
    this.#parts = parts;
  }

  /** @throws DomainError `conflict` with subject `change-pending` */
  insert(change: ChangeRequest, approval: Approval): void {
    const { writer, approvals, log } = this.#parts;
    const { subject } = approval;
    const fits =
      change.status === 'pending' &&
      subject.kind === 'change' &&
      subject.changeId === change.id &&
      change.approvalId === approval.id &&
      change.accountId === approval.accountId &&
      Buffer.compare(change.digest, approval.subjectDigest) === 0;
    if (!fits) throw new DomainError('internal', 'an approval that is for something else than its change');
    const waiting = writer.prepare(PENDING).get(idBlob(change.accountId), change.entityId);
    if (waiting !== undefined)
      throw new DomainError('conflict', 'a change of it waits for approval already', {
        subject: 'change-pending',
        objectId: idCell<ChangeId>(waiting, 'id'),
      });
    approvals.insert(approval);
    writer.prepare(INSERT_CHANGE).run(changeCells(change));
    log.appendEvent({
      kind: 'change-requested',
      accountId: change.accountId,
      by: change.requesterId,
      details: {
        change: change.id,
        what: change.kind,
        operation: change.operation,
        entity: change.entityId,
        digest: hex(change.digest),
        approval: approval.id,
        ...policiesOf(approval),
      },
    });
  }

  read(accountId: AccountId, id: ChangeId): ChangeRequest | undefined {
    const row = this.#parts.writer
      .prepare(`${SELECT_CHANGES} WHERE id = ? AND account_id = ?`)
      .get(idBlob(id), idBlob(accountId));
    return row === undefined ? undefined : changeOfRow(row);
  }

  /** The approval has released it; it is made by another transaction. */
  markReleased(id: ChangeId): void {
    this.#parts.writer.prepare(MARK_UNFINISHED).run(idBlob(id));
  }

  /** false: it is no longer pending. @throws DomainError `internal` for one that is applied without a yes */
  resolve(
    accountId: AccountId,
    id: ChangeId,
    to: {
      readonly status: Exclude<ChangeStatus, 'pending'>;
      readonly reason: string | undefined;
      readonly atMs: number;
    },
  ): boolean {
    const change = this.read(accountId, id);
    if (change?.status !== 'pending') return false;
    const { writer, approvals, log } = this.#parts;
    if (to.status === 'applied' && approvals.read(accountId, change.approvalId)?.status !== 'approved')
      throw new DomainError('internal', 'a change that nobody has approved');
    writer.prepare(RESOLVE).run(to.status, to.reason ?? null, to.atMs, idBlob(id), idBlob(accountId));
    log.appendEvent({
      kind: `change-${to.status}`,
      accountId,
      by: undefined,
      details: { change: id, what: change.kind, operation: change.operation, entity: change.entityId },
    });
    if (to.status === 'failed') approvals.cancel(accountId, change.approvalId, to.atMs);
    return true;
  }
}
