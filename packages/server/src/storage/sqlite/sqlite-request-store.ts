import type { SQLInputValue } from 'node:sqlite';
import { APPROVAL_STATUSES, type Approval } from '@countersign/core/governance/approval';
import type { AccountId, ApprovalId, GroupId, KeyId, RequestId } from '@countersign/core/ids';
import type { Page } from '@countersign/core/page';
import type { RequestStore, StoredApprovalQuery, StoredRequestQuery } from '@countersign/core/ports/request-store';
import type { RequestStatus, SignatureRequest } from '@countersign/core/requests/signature-request';
import { ANYONE, type ApprovalTable } from './approval-table.ts';
import type { ChangeTable } from './change-table.ts';
import { approvalOfRow, SELECT_APPROVALS } from './governance-rows.ts';
import type { GroupCommit } from './group-commit.ts';
import { type NewestRange, newestIds } from './newest-first.ts';
import { laneOf, REQUEST_LANES, requestOfRow, SELECT_REQUESTS } from './request-row.ts';
import type { RequestTable } from './request-table.ts';
import { idCell, optionalIdCell, type Row } from './row-cells.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import { idBlob } from './sqlite-log.ts';

export interface SqliteRequestStoreParts {
  readonly reader: SqliteConnection;
  readonly commits: GroupCommit;
  readonly requests: RequestTable;
  readonly approvals: ApprovalTable;
  readonly changes: ChangeTable;
  readonly now: () => number;
}

/** A request of a megabyte is written whole when it changes; a lighter one is estimated too high. */
const WRITE_BYTES = 32 * 1024;
/** Text of the requests of one page; the page is shorter where it would be more. */
const MAX_PAGE_CHARACTERS = 16 * 1024 * 1024;

const KEY_OF_REQUEST = 'SELECT account_id, key_id, group_id FROM signature_requests WHERE id = ?';
const UNFINISHED = 'SELECT id FROM signature_requests WHERE unfinished = 1 ORDER BY id LIMIT ?';
const DUE = `SELECT account_id, id FROM approvals
  WHERE status = 'pending' AND expires_at_ms IS NOT NULL AND expires_at_ms <= ? ORDER BY expires_at_ms, id LIMIT ?`;

/** Where a lane holds two statuses. */
const ONLY: Partial<Record<RequestStatus, string>> = {
  executing: "AND unfinished = 1 AND status = 'executing'",
  signed: "AND status = 'signed'",
};

export class SqliteRequestStore implements RequestStore {
  readonly #parts: SqliteRequestStoreParts;

  constructor(parts: SqliteRequestStoreParts) {
    this.#parts = parts;
  }

  async find(accountId: AccountId, id: RequestId): Promise<SignatureRequest | undefined> {
    const request = this.#request(id);
    return request?.accountId === accountId ? request : undefined;
  }

  async byId(id: RequestId): Promise<SignatureRequest | undefined> {
    return this.#request(id);
  }

  async byExternalId(
    accountId: AccountId,
    externalIds: readonly string[],
  ): Promise<readonly (SignatureRequest | undefined)[]> {
    const account = idBlob(accountId);
    return externalIds.map((externalId) => {
      const [row] = this.#rows(`${SELECT_REQUESTS} WHERE account_id = ? AND external_id = ?`, account, externalId);
      return row === undefined ? undefined : requestOfRow(row);
    });
  }

  async list(query: StoredRequestQuery): Promise<Page<SignatureRequest>> {
    const { ids, more } = newestIds(this.#parts.reader, this.#rangesOf(query), query);
    const first = ids[0];
    if (first === undefined || !this.#isVisible(first, query)) return { items: [], more: false };
    const items: SignatureRequest[] = [];
    let characters = 0;
    for (const id of ids) {
      const request = this.#request(id);
      if (request === undefined) continue;
      characters += 2 * request.body.length;
      if (characters > MAX_PAGE_CHARACTERS && items.length > 0) return { items, more: true };
      items.push(request);
    }
    return { items, more };
  }

  async update(
    accountId: AccountId,
    id: RequestId,
    change: (current: SignatureRequest) => SignatureRequest,
  ): Promise<SignatureRequest | undefined> {
    const { commits, requests } = this.#parts;
    return commits.submit(WRITE_BYTES, () => {
      const current = requests.read(accountId, id);
      if (current === undefined) return undefined;
      const changed = change(current);
      if (changed === current) return current;
      const next: SignatureRequest = { ...changed, version: current.version + 1 };
      requests.replace(current, next);
      return next;
    });
  }

  async unfinished(limit: number): Promise<readonly RequestId[]> {
    return this.#rows(UNFINISHED, limit).map((row) => idCell<RequestId>(row, 'id'));
  }

  async findApproval(accountId: AccountId, id: ApprovalId): Promise<Approval | undefined> {
    const approval = this.#approval(id);
    return approval?.accountId === accountId ? approval : undefined;
  }

  async listApprovals(query: StoredApprovalQuery): Promise<Page<Approval>> {
    const { ids, more } = newestIds(this.#parts.reader, rangesOfApprovals(query), query);
    return { items: ids.map((id) => this.#approval(id)).filter((each) => each !== undefined), more };
  }

  async updateApproval(
    accountId: AccountId,
    id: ApprovalId,
    change: (current: Approval) => { readonly approval: Approval; readonly reason: string | undefined },
  ): Promise<Approval | undefined> {
    const { commits, approvals } = this.#parts;
    return commits.submit(WRITE_BYTES, () => {
      const current = approvals.read(accountId, id);
      if (current === undefined) return undefined;
      const { approval: changed, reason } = change(current);
      if (changed === current) return current;
      const next: Approval = { ...changed, version: current.version + 1 };
      approvals.replace(current, next);
      if (next.status !== current.status) this.#settleSubject(next, reason);
      return next;
    });
  }

  async dueApprovals(
    nowMs: number,
    limit: number,
  ): Promise<readonly { readonly accountId: AccountId; readonly id: ApprovalId }[]> {
    return this.#rows(DUE, nowMs, limit).map((row) => ({
      accountId: idCell<AccountId>(row, 'account_id'),
      id: idCell<ApprovalId>(row, 'id'),
    }));
  }

  /** What the approval is about goes on, or ends with it. */
  #settleSubject({ accountId, subject, status, resolvedAtMs }: Approval, reason: string | undefined): void {
    const { requests, changes, now } = this.#parts;
    const atMs = resolvedAtMs ?? now();
    if (subject.kind === 'change') {
      if (status === 'approved') changes.markReleased(subject.changeId);
      else changes.resolve(accountId, subject.changeId, { status: 'rejected', reason, atMs });
    } else if (status === 'approved') {
      requests.markReleased(subject.requestId);
    } else {
      requests.rejectUnapproved(accountId, subject.requestId, reason, atMs);
    }
  }

  #rangesOf({ accountId, keyId, walletId, status, among }: StoredRequestQuery): NewestRange[] {
    const account_id = idBlob(accountId);
    const range = (cells: Record<string, Uint8Array>): NewestRange => ({
      // What is executing at the moment is all in the index of what is unfinished, with little else.
      table: `signature_requests${status === 'executing' ? ' INDEXED BY signature_requests_unfinished' : ''}`,
      statusColumn: 'lane',
      statuses: status === undefined ? REQUEST_LANES : [laneOf(status)],
      cells: { account_id, ...cells },
      only: status === undefined ? '' : (ONLY[status] ?? ''),
    });
    if (walletId !== undefined) return [range({ wallet_id: idBlob(walletId) })];
    if (keyId !== undefined) return [range({ key_id: idBlob(keyId) })];
    if (among === 'all') return [range({})];
    // One range for each group and key: a filter would read all requests of the account to find a small group's.
    return [
      ...new Set(among.groups).values().map((id: GroupId) => range({ group_id: idBlob(id) })),
      ...new Set(among.keys).values().map((id: KeyId) => range({ key_id: idBlob(id) })),
    ];
  }

  /** All requests of a wallet are of one key, and all of a key are in one group: the first speaks for the others. */
  #isVisible(first: RequestId, { keyId, walletId, among }: StoredRequestQuery): boolean {
    if (keyId === undefined && walletId === undefined) return true;
    const [row] = this.#rows(KEY_OF_REQUEST, idBlob(first));
    if (row === undefined) return false;
    const key = idCell<KeyId>(row, 'key_id');
    if (keyId !== undefined && key !== keyId) return false;
    if (among === 'all') return true;
    const group = optionalIdCell<GroupId>(row, 'group_id');
    return among.keys.includes(key) || (group !== undefined && among.groups.includes(group));
  }

  #request(id: RequestId): SignatureRequest | undefined {
    const [row] = this.#rows(`${SELECT_REQUESTS} WHERE id = ?`, idBlob(id));
    return row === undefined ? undefined : requestOfRow(row);
  }

  #approval(id: ApprovalId): Approval | undefined {
    const [row] = this.#rows(`${SELECT_APPROVALS} WHERE id = ?`, idBlob(id));
    return row === undefined ? undefined : approvalOfRow(row);
  }

  #rows(sql: string, ...parameters: SQLInputValue[]): Row[] {
    return this.#parts.reader.read(sql, ...parameters);
  }
}

function rangesOfApprovals({ accountId, status, initiatorId, approverId }: StoredApprovalQuery): NewestRange[] {
  const statuses = status === undefined ? APPROVAL_STATUSES : [status];
  const cells = {
    account_id: idBlob(accountId),
    ...(initiatorId === undefined ? {} : { initiator_id: idBlob(initiatorId) }),
  };
  if (approverId === undefined) return [{ table: 'approvals', cells, statuses }];
  return [idBlob(approverId), ANYONE].map((approver_id) => ({
    table: 'approval_approvers',
    cells: { ...cells, approver_id },
    statuses,
  }));
}
