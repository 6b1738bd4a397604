/** Changes of the table of keys, each with its log entry. They run inside the transactions of `GroupCommit`. */
import { DomainError } from '@countersign/core/domain-error';
import type { AccountId, KeyId, PrincipalId } from '@countersign/core/ids';
import type { KeyRecord } from '@countersign/core/key-record';
import { INSERT_KEY, keyCells } from './key-row.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import { isConstraintViolation, isUniqueViolation } from './sqlite-fault.ts';
import { idBlob, type SqliteLog } from './sqlite-log.ts';

/** A row that changed, for whoever caches it: the name is the one that it had. */
export interface ChangedKey {
  readonly accountId: AccountId;
  readonly id: KeyId;
  readonly name: string | undefined;
}

const SHARE_OF_NAME = 'SELECT 1 FROM threshold_shares WHERE account_id = ? AND name = ? AND id <> ?';
const DELETE = 'DELETE FROM keys WHERE id = ? AND account_id = ? RETURNING name, algorithm, version';
const SELECT_NAME = 'SELECT name FROM keys WHERE id = ? AND account_id = ?';
/** A state that allows less already stays what it is. */
const DEACTIVATE = `UPDATE keys SET version = version + 1,
  state = CASE WHEN state IN ('pre-active', 'active') THEN 'deactivated' ELSE state END WHERE id = ? AND account_id = ?`;
const RENAME = 'UPDATE keys SET name = ?, version = version + 1 WHERE id = ? AND account_id = ?';
const BUMP_REVISION = 'UPDATE accounts SET revision = revision + 1 WHERE id = ?';

export class KeyTable {
  readonly #writer: SqliteConnection;
  readonly #log: SqliteLog;

  constructor(writer: SqliteConnection, log: SqliteLog) {
    this.#writer = writer;
    this.#log = log;
  }

  /** @throws DomainError `conflict` when a key, or another threshold share, has the name; `not_found` without the group */
  insert(key: KeyRecord): void {
    if (key.name !== undefined) {
      const share = this.#writer.prepare(SHARE_OF_NAME).get(idBlob(key.accountId), key.name, idBlob(key.id));
      if (share !== undefined) throw taken();
    }
    try {
      this.#writer.prepare(INSERT_KEY).run(...keyCells(key));
    } catch (error) {
      if (isUniqueViolation(error)) throw taken(error);
      if (isConstraintViolation(error)) throw new DomainError('not_found', 'no such group', { cause: error });
      throw error;
    }
    this.#log.appendEvent({
      kind: 'key-created',
      accountId: key.accountId,
      by: key.createdBy,
      details: { key: key.id, group: key.groupId, algorithm: key.algorithm, custody: key.custody },
    });
  }

  /** Undefined: no such key. Bumps the account's revision. */
  delete(accountId: AccountId, id: KeyId, by: PrincipalId | undefined): ChangedKey | undefined {
    const [row] = this.#writer.prepare(DELETE).all(idBlob(id), idBlob(accountId));
    if (row === undefined) return undefined;
    this.bumpRevision(accountId);
    const details = { key: id, algorithm: String(row['algorithm']), version: Number(row['version']) };
    this.#log.appendEvent({ kind: 'key-deleted', accountId, by, details });
    return { accountId, id, name: (row['name'] as string | null) ?? undefined };
  }

  /** The key verifies from now on, and never signs. Undefined: no such key. */
  deactivate(accountId: AccountId, id: KeyId): ChangedKey | undefined {
    const changed = this.#change(DEACTIVATE, accountId, id);
    if (changed !== undefined)
      this.#log.appendEvent({ kind: 'key-deactivated', accountId, by: undefined, details: { key: id } });
    return changed;
  }

  /** Undefined: no such key. */
  rename(accountId: AccountId, id: KeyId, name: string | undefined): ChangedKey | undefined {
    return this.#change(RENAME, accountId, id, name ?? null);
  }

  bumpRevision(accountId: AccountId): void {
    this.#writer.prepare(BUMP_REVISION).run(idBlob(accountId));
  }

  #change(sql: string, accountId: AccountId, id: KeyId, ...values: (string | null)[]): ChangedKey | undefined {
    const row = this.#writer.prepare(SELECT_NAME).get(idBlob(id), idBlob(accountId));
    if (row === undefined) return undefined;
    try {
      this.#writer.prepare(sql).run(...values, idBlob(id), idBlob(accountId));
    } catch (error) {
      if (isUniqueViolation(error)) throw taken(error);
      throw error;
    }
    return { accountId, id, name: (row['name'] as string | null) ?? undefined };
  }
}

function taken(cause?: unknown): DomainError {
  return new DomainError('conflict', 'a key with this name exists already', { cause, subject: 'unique-name' });
}
