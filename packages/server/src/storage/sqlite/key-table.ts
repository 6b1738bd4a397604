/** Changes of the table of keys, each with its log entry. They run inside the transactions of `GroupCommit`. */
import { DomainError } from '@countersign/core/domain-error';
import type { AccountId, KeyId, PrincipalId } from '@countersign/core/ids';
import type { KeyRecord } from '@countersign/core/key-record';
import type { KeyStore } from '@countersign/core/ports/directory';
import type { AppendEvent } from '@countersign/core/ports/webhook-store';
import type { EventKind } from '@countersign/core/webhooks/webhook';
import { INSERT_KEY, keyCells, pathBlob } from './key-row.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import { isConstraintViolation, isUniqueViolation } from './sqlite-fault.ts';
import { idBlob, type SqliteLog } from './sqlite-log.ts';

/** A row that changed, for whoever caches it: the name is the one that it had. */
export interface ChangedKey {
  readonly accountId: AccountId;
  readonly id: KeyId;
  readonly name: string | undefined;
}

/** What `KeyTable.change` writes. */
export type KeyChange = Parameters<KeyStore['change']>[3];

const SHARE_OF_NAME = 'SELECT 1 FROM threshold_shares WHERE account_id = ? AND name = ? AND id <> ?';
const DELETE = 'DELETE FROM keys WHERE id = ? AND account_id = ? RETURNING name, algorithm, version';
const SELECT_NAME = 'SELECT name FROM keys WHERE id = ? AND account_id = ?';
/** A state that allows less already stays what it is. */
const DEACTIVATE = `UPDATE keys SET version = version + 1,
  state = CASE WHEN state IN ('pre-active', 'active') THEN 'deactivated' ELSE state END WHERE id = ? AND account_id = ?`;
const RENAME = 'UPDATE keys SET name = ?, version = version + 1 WHERE id = ? AND account_id = ?';
const SET_NAME = 'UPDATE keys SET name = ? WHERE id = ?';
/** Once and for all: a key doesn't go from hand to hand. */
const DELEGATE = 'UPDATE keys SET delegated_to = ? WHERE id = ? AND delegated_to IS NULL';
const SET_EXPORTED = 'UPDATE keys SET exported_at_ms = ? WHERE id = ?';
const BUMP_VERSION = 'UPDATE keys SET version = version + 1 WHERE id = ?';
const SELECT_STORED = 'SELECT name, version FROM keys WHERE id = ? AND account_id = ?';
const SHARE = 'SELECT 1 FROM threshold_shares WHERE id = ?';
const KEY_OF_PATH = 'SELECT 1 FROM keys WHERE derived_from = ? AND length(child_path) = ? AND child_path = ?';
const BUMP_REVISION = 'UPDATE accounts SET revision = revision + 1 WHERE id = ?';

/** Where webhooks hear of changes, and the time of those that don't carry one. */
export interface KeyEvents {
  readonly append: AppendEvent;
  readonly now: () => number;
}

export class KeyTable {
  readonly #writer: SqliteConnection;
  readonly #log: SqliteLog;
  readonly #events: KeyEvents;

  constructor(writer: SqliteConnection, log: SqliteLog, events: KeyEvents) {
    this.#writer = writer;
    this.#log = log;
    this.#events = events;
  }

  /**
   * @throws DomainError `conflict` when a key, or another threshold share, has the name, or (subject `derivation-path`) a
   * key has the path below the same parent; `not_found` without the group
   */
  insert(key: KeyRecord): void {
    if (key.name !== undefined) this.#refuseSharesName(key.accountId, key.id, key.name);
    this.#refuseTakenPath(key);
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
      details: {
        key: key.id,
        group: key.groupId,
        algorithm: key.algorithm,
        custody: key.custody,
        ...(key.imported === true && { imported: true }),
        ...(key.derivedFrom !== undefined && {
          parent: key.derivedFrom.keyId,
          path: key.derivedFrom.path.join('/'),
        }),
        ...(key.delegatedTo !== undefined && { delegatedTo: key.delegatedTo }),
      },
    });
    this.#announce('key-created', key.accountId, key.id);
  }

  /** Undefined: no such key. Bumps the account's revision. */
  delete(accountId: AccountId, id: KeyId, by: PrincipalId | undefined): ChangedKey | undefined {
    const [row] = this.#writer.prepare(DELETE).all(idBlob(id), idBlob(accountId));
    if (row === undefined) return undefined;
    this.bumpRevision(accountId);
    const details = { key: id, algorithm: String(row['algorithm']), version: Number(row['version']) };
    this.#log.appendEvent({ kind: 'key-deleted', accountId, by, details });
    this.#announce('key-deleted', accountId, id);
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

  /**
   * Writes the change over the version that it was judged by, as the next one. Undefined: no such key, or another version.
   * Bumps the account's revision.
   * @throws DomainError `conflict`: the name is taken, or the key is delegated already; `not_supported` for a threshold key
   */
  change(
    accountId: AccountId,
    id: KeyId,
    version: number,
    change: KeyChange,
    by: PrincipalId | undefined,
  ): ChangedKey | undefined {
    const key = idBlob(id);
    const row = this.#writer.prepare(SELECT_STORED).get(key, idBlob(accountId));
    if (row === undefined || row['version'] !== version) return undefined;
    const event = (kind: string, details: { readonly to?: PrincipalId } = {}): void => {
      this.#log.appendEvent({ kind, accountId, by, details: { key: id, ...details } });
    };
    if (change.name !== undefined || change.delegatedTo !== undefined) this.#refuseThreshold(id);
    if (change.name !== undefined) {
      if (change.name !== null) this.#refuseSharesName(accountId, id, change.name);
      try {
        this.#writer.prepare(SET_NAME).run(change.name, key);
      } catch (error) {
        throw isUniqueViolation(error) ? taken(error) : error;
      }
      event('key-renamed');
    }
    if (change.delegatedTo !== undefined) {
      const { changes } = this.#writer.prepare(DELEGATE).run(idBlob(change.delegatedTo), key);
      if (changes !== 1)
        throw new DomainError('conflict', 'the key is delegated already, for good', { subject: 'key' });
      event('key-delegated', { to: change.delegatedTo });
      this.#announce('key-delegated', accountId, id);
    }
    if (change.exportedAtMs !== undefined) {
      this.#writer.prepare(SET_EXPORTED).run(change.exportedAtMs, key);
      event('key-exported');
      this.#announce('key-exported', accountId, id);
    }
    this.#writer.prepare(BUMP_VERSION).run(key);
    this.bumpRevision(accountId);
    return { accountId, id, name: (row['name'] as string | null) ?? undefined };
  }

  bumpRevision(accountId: AccountId): void {
    this.#writer.prepare(BUMP_REVISION).run(idBlob(accountId));
  }

  #announce(kind: EventKind, accountId: AccountId, id: KeyId): void {
    this.#events.append({ kind, accountId, entityId: id, atMs: this.#events.now() });
  }

  #refuseSharesName(accountId: AccountId, id: KeyId, name: string): void {
    if (this.#writer.prepare(SHARE_OF_NAME).get(idBlob(accountId), name, idBlob(id)) !== undefined) throw taken();
  }

  /** The unique index would refuse it as well, but not say whether it was the name or the path. */
  #refuseTakenPath({ derivedFrom }: KeyRecord): void {
    if (derivedFrom === undefined) return;
    const path = pathBlob(derivedFrom.path);
    const found = this.#writer.prepare(KEY_OF_PATH).get(idBlob(derivedFrom.keyId), path.length, path);
    if (found !== undefined)
      throw new DomainError('conflict', 'duplicate derivation path', { subject: 'derivation-path' });
  }

  /** Its share has a row of its own with the name in it, and other commands that know nothing of delegation. */
  #refuseThreshold(id: KeyId): void {
    if (this.#writer.prepare(SHARE).get(idBlob(id)) !== undefined)
      throw new DomainError('not_supported', 'a threshold key keeps its name and is not delegated');
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
