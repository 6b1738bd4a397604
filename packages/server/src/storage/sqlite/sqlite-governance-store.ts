import { hash } from 'node:crypto';
import type { SQLInputValue } from 'node:sqlite';
import type { Account } from '@countersign/core/account';
import { DomainError } from '@countersign/core/domain-error';
import type { Approval } from '@countersign/core/governance/approval';
import type { ChangeRequest } from '@countersign/core/governance/change-request';
import type { GoverningPolicy } from '@countersign/core/governance/governing-policy';
import type { AccountId, ChangeId, GoverningPolicyId, PrincipalId } from '@countersign/core/ids';
import type { Page, PageQuery } from '@countersign/core/page';
import type { GovernanceStore } from '@countersign/core/ports/governance-store';
import { GenerationCache } from '../generation-cache.ts';
import type { ChangeTable } from './change-table.ts';
import {
  changeOfRow,
  governingPolicyCells,
  governingPolicyOfRow,
  INSERT_GOVERNING_POLICY,
  REPLACE_GOVERNING_POLICY,
  SELECT_CHANGES,
  SELECT_GOVERNING_POLICIES,
} from './governance-rows.ts';
import type { GroupCommit } from './group-commit.ts';
import { toJsonText } from './json-with-bytes.ts';
import { newestIds } from './newest-first.ts';
import { idCell, numberCell, type Row } from './row-cells.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import { isConstraintViolation } from './sqlite-fault.ts';
import { idBlob, type SqliteLog } from './sqlite-log.ts';

export interface SqliteGovernanceStoreParts {
  readonly reader: SqliteConnection;
  readonly writer: SqliteConnection;
  readonly commits: GroupCommit;
  readonly log: SqliteLog;
  readonly changes: ChangeTable;
  /** The account's cached copy is out of date. */
  readonly onRevision: (accountId: AccountId) => void;
}

type Build = (policies: readonly GoverningPolicy[]) => object;

interface Built {
  readonly revision: number;
  readonly value: object;
}

const CACHED_ACCOUNTS = 1_000;
const WRITE_BYTES = 64 * 1024;
/** Of one account: all of them are held in memory, and read again with every change of one. */
const MAX_ACTIVE_POLICIES = 10_000;

const ACTIVE = `${SELECT_GOVERNING_POLICIES} WHERE account_id = ? AND status = 'active' ORDER BY id`;
const COUNT_ACTIVE = `SELECT count(*) AS count FROM governing_policies WHERE account_id = ? AND status = 'active'`;
const PENDING_CHANGE = `${SELECT_CHANGES} WHERE account_id = ? AND entity_id = ? AND status = 'pending'`;
const UNFINISHED = 'SELECT account_id, id FROM change_requests WHERE unfinished = 1 ORDER BY id LIMIT ?';
const BUMP_REVISION = 'UPDATE accounts SET revision = revision + 1 WHERE id = ?';

export class SqliteGovernanceStore implements GovernanceStore {
  readonly #parts: SqliteGovernanceStoreParts;
  // By the function that builds: what two of them make of one account isn't the same.
  #built = new WeakMap<Build, GenerationCache<string, Built>>();

  constructor(parts: SqliteGovernanceStoreParts) {
    this.#parts = parts;
  }

  async insertPolicy(policy: GoverningPolicy, by: PrincipalId): Promise<void> {
    await this.#change(policy, by, () => {
      const { writer } = this.#parts;
      const counted = writer.prepare(COUNT_ACTIVE).get(idBlob(policy.accountId));
      if (counted !== undefined && numberCell(counted, 'count') >= MAX_ACTIVE_POLICIES)
        throw new DomainError('too_large', `an account has at most ${MAX_ACTIVE_POLICIES} policies; archive some`);
      try {
        writer.prepare(INSERT_GOVERNING_POLICY).run(governingPolicyCells(policy));
      } catch (error) {
        if (isConstraintViolation(error))
          throw new DomainError('conflict', 'the policy exists already, or its account does not', { cause: error });
        throw error;
      }
      return 'governing-policy-created';
    });
  }

  async replacePolicy(policy: GoverningPolicy, by: PrincipalId): Promise<boolean> {
    return this.#change(policy, by, () => {
      const { changes } = this.#parts.writer.prepare(REPLACE_GOVERNING_POLICY).run(governingPolicyCells(policy));
      if (Number(changes) !== 1) return undefined;
      return policy.status === 'archived' ? 'governing-policy-archived' : 'governing-policy-updated';
    });
  }

  async findPolicy(accountId: AccountId, id: GoverningPolicyId): Promise<GoverningPolicy | undefined> {
    const policy = this.#policy(id);
    return policy?.accountId === accountId ? policy : undefined;
  }

  async listPolicies(
    query: PageQuery<GoverningPolicyId> & {
      readonly accountId: AccountId;
      readonly status: GoverningPolicy['status'] | undefined;
    },
  ): Promise<Page<GoverningPolicy>> {
    const statuses = query.status === undefined ? ['active', 'archived'] : [query.status];
    const range = { table: 'governing_policies', cells: { account_id: idBlob(query.accountId) }, statuses };
    const { ids, more } = newestIds(this.#parts.reader, [range], query);
    return { items: ids.map((id) => this.#policy(id)).filter((each) => each !== undefined), more };
  }

  async activePolicies(accountId: AccountId): Promise<readonly GoverningPolicy[]> {
    return this.#active(accountId);
  }

  /** Reads and builds in one turn. A hit is two look-ups and makes nothing. */
  cached<Value extends object>(account: Account, build: (policies: readonly GoverningPolicy[]) => Value): Value {
    const known = this.#built.get(build)?.get(account.id);
    // What is found under this function was made by it.
    if (known?.revision === account.revision) return known.value as Value;
    const value = build(this.#active(account.id));
    let ofBuild = this.#built.get(build);
    if (ofBuild === undefined) {
      ofBuild = new GenerationCache(CACHED_ACCOUNTS);
      this.#built.set(build, ofBuild);
    }
    ofBuild.set(account.id, { revision: account.revision, value });
    return value;
  }

  async insertChange(change: ChangeRequest, approval: Approval): Promise<void> {
    const { commits, changes } = this.#parts;
    await commits.submit(WRITE_BYTES, () => changes.insert(change, approval));
  }

  async findChange(accountId: AccountId, id: ChangeId): Promise<ChangeRequest | undefined> {
    const [row] = this.#rows(`${SELECT_CHANGES} WHERE id = ? AND account_id = ?`, idBlob(id), idBlob(accountId));
    return row === undefined ? undefined : changeOfRow(row);
  }

  async pendingChange(accountId: AccountId, entityId: string): Promise<ChangeRequest | undefined> {
    const [row] = this.#rows(PENDING_CHANGE, idBlob(accountId), entityId);
    return row === undefined ? undefined : changeOfRow(row);
  }

  async resolveChange(
    accountId: AccountId,
    id: ChangeId,
    to: { readonly status: 'applied' | 'failed'; readonly reason: string | undefined; readonly atMs: number },
  ): Promise<boolean> {
    const { commits, changes } = this.#parts;
    return commits.submit(WRITE_BYTES, () => changes.resolve(accountId, id, to));
  }

  async unfinishedChanges(limit: number): Promise<readonly { readonly accountId: AccountId; readonly id: ChangeId }[]> {
    return this.#rows(UNFINISHED, limit).map((row) => ({
      accountId: idCell<AccountId>(row, 'account_id'),
      id: idCell<ChangeId>(row, 'id'),
    }));
  }

  /** Somebody else may have written. */
  forget(): void {
    this.#built = new WeakMap();
  }

  #policy(id: GoverningPolicyId): GoverningPolicy | undefined {
    const [row] = this.#rows(`${SELECT_GOVERNING_POLICIES} WHERE id = ?`, idBlob(id));
    return row === undefined ? undefined : governingPolicyOfRow(row);
  }

  #active(accountId: AccountId): readonly GoverningPolicy[] {
    return this.#rows(ACTIVE, idBlob(accountId)).map(governingPolicyOfRow);
  }

  /** A write of a policy: whatever was judged before is stale then. `work` answers with what to log, or undefined. */
  async #change(policy: GoverningPolicy, by: PrincipalId, work: () => string | undefined): Promise<boolean> {
    const { commits, writer, log, onRevision } = this.#parts;
    const { accountId } = policy;
    return commits.submit(
      WRITE_BYTES,
      () => {
        const kind = work();
        if (kind === undefined) return false;
        writer.prepare(BUMP_REVISION).run(idBlob(accountId));
        log.appendEvent({ kind, accountId, by, details: factsOf(policy) });
        return true;
      },
      (changed) => {
        if (changed) onRevision(accountId);
      },
    );
  }

  #rows(sql: string, ...parameters: SQLInputValue[]): Row[] {
    return this.#parts.reader.read(sql, ...parameters);
  }
}

/** For the log. The configuration by its hash: lists in it can be longer than an entry. */
function factsOf({ id, name, version, activity, rule, action, filters }: GoverningPolicy) {
  const configuration = hash('sha256', toJsonText({ rule, action, filters }), 'hex');
  return { policy: id, name, version, activity, rule: rule.kind, action: action.kind, configuration };
}
