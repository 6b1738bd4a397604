/** Changes of the table of threshold shares, each with its log entry. They run inside the transactions of `GroupCommit`. */
import { DomainError } from '@countersign/core/domain-error';
import type { AccountId, KeyId, PrincipalId } from '@countersign/core/ids';
import type { ThresholdShare, ThresholdStatus } from '@countersign/core/ports/threshold-store';
import type { SqliteConnection } from './sqlite-connection.ts';
import { isConstraintViolation, isUniqueViolation } from './sqlite-fault.ts';
import { idBlob, type SqliteLog } from './sqlite-log.ts';
import { changingCells, INSERT_SHARE, shareCells, UPDATE_SHARE } from './threshold-share-row.ts';

/** What a change is judged by. */
export interface StoredShare {
  readonly name: string | undefined;
  readonly status: ThresholdStatus;
  readonly version: number;
  readonly epoch: number | undefined;
}

const SELECT_STORED = `SELECT name, status, version, facts ->> '$.epoch' AS epoch FROM threshold_shares
  WHERE id = ? AND account_id = ?`;
const KEY_OF_NAME = 'SELECT 1 FROM keys WHERE account_id = ? AND name = ? AND id <> ?';
/** The secret goes with it: t old shares together would still be the key. */
const RETIRE = `UPDATE threshold_shares SET status = 'superseded', name = ?, sealed = x'', version = version + 1
  WHERE id = ? AND account_id = ?`;
const DELETE = 'DELETE FROM threshold_shares WHERE id = ? AND account_id = ? RETURNING algorithm, version';

export class ThresholdShareTable {
  readonly #writer: SqliteConnection;
  readonly #log: SqliteLog;

  constructor(writer: SqliteConnection, log: SqliteLog) {
    this.#writer = writer;
    this.#log = log;
  }

  stored(accountId: AccountId, id: KeyId): StoredShare | undefined {
    const row = this.#writer.prepare(SELECT_STORED).get(idBlob(id), idBlob(accountId));
    if (row === undefined) return undefined;
    return {
      name: (row['name'] as string | null) ?? undefined,
      status: row['status'] as ThresholdStatus,
      version: row['version'] as number,
      epoch: (row['epoch'] as number | null) ?? undefined,
    };
  }

  /** @throws DomainError `conflict` when a share, or another key, has the name; `not_found` without the group */
  insert(share: ThresholdShare): void {
    this.#refuseKeysName(share);
    refusing(() => this.#writer.prepare(INSERT_SHARE).run(...shareCells(share)));
    this.#event('share-created', share, share.createdBy);
  }

  /**
   * Writes the share over the version before it, which was looked up in this transaction.
   * @throws DomainError `conflict` when another share or key has the name
   */
  update(share: ThresholdShare, before: StoredShare): void {
    this.#refuseKeysName(share);
    const at = [idBlob(share.id), idBlob(share.accountId), before.version];
    const { changes } = refusing(() => this.#writer.prepare(UPDATE_SHARE).run(...changingCells(share), ...at));
    if (changes !== 1) throw new DomainError('internal', 'a threshold share changed inside a transaction');
    const kind = eventOf(share, before);
    if (kind !== undefined) this.#event(kind, share, undefined);
  }

  /** Makes a share `superseded`, without its name where that moves. */
  retire(accountId: AccountId, id: KeyId, name: string | undefined): void {
    this.#writer.prepare(RETIRE).run(name ?? null, idBlob(id), idBlob(accountId));
    this.#log.appendEvent({ kind: 'share-superseded', accountId, by: undefined, details: { key: id } });
  }

  /** false: no such share. */
  delete(accountId: AccountId, id: KeyId, by: PrincipalId | undefined): boolean {
    const [row] = this.#writer.prepare(DELETE).all(idBlob(id), idBlob(accountId));
    if (row === undefined) return false;
    const details = { key: id, algorithm: String(row['algorithm']), version: Number(row['version']) };
    this.#log.appendEvent({ kind: 'share-deleted', accountId, by, details });
    return true;
  }

  /** The unique index sees to the names of shares; a key of the same id is this share's own. */
  #refuseKeysName({ accountId, id, name }: ThresholdShare): void {
    if (name === undefined) return;
    const key = this.#writer.prepare(KEY_OF_NAME).get(idBlob(accountId), name, idBlob(id));
    if (key !== undefined) throw taken();
  }

  #event(kind: string, share: ThresholdShare, by: PrincipalId | undefined): void {
    const { id, accountId, groupId, algorithm, status, version, facts } = share;
    const public_ =
      facts === undefined
        ? {}
        : {
            epoch: facts.epoch,
            threshold: facts.threshold,
            parties: facts.parties.length,
            index: facts.index,
            origin: facts.origin,
            groupKey: Buffer.from(facts.groupKey).toString('hex'),
          };
    const details = { key: id, group: groupId, algorithm, status, version, ...public_ };
    this.#log.appendEvent({ kind, accountId, by, details });
  }
}

/** What happened to the share, where the log has a word for it: not every stored step of a protocol is an event. */
function eventOf(share: ThresholdShare, before: StoredShare): string | undefined {
  if (share.status !== before.status) return `share-${share.status === 'complete' ? 'completed' : share.status}`;
  return share.facts?.epoch !== before.epoch && before.epoch !== undefined ? 'share-refreshed' : undefined;
}

function refusing<T>(write: () => T): T {
  try {
    return write();
  } catch (error) {
    if (isUniqueViolation(error)) throw taken(error);
    if (isConstraintViolation(error)) throw new DomainError('not_found', 'no such group', { cause: error });
    throw error;
  }
}

function taken(cause?: unknown): DomainError {
  return new DomainError('conflict', 'a key with this name exists already', { cause, subject: 'unique-name' });
}
