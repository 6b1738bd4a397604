import { hash } from 'node:crypto';
import type { SQLInputValue, SQLOutputValue } from 'node:sqlite';
import { DomainError } from '@countersign/core/domain-error';
import type { AccountId, KeyId, PrincipalId } from '@countersign/core/ids';
import type {
  AlongsideShare,
  ThresholdIdentity,
  ThresholdShare,
  ThresholdShareQuery,
  ThresholdStore,
} from '@countersign/core/ports/threshold-store';
import type { GroupCommit } from './group-commit.ts';
import type { ChangedKey, KeyTable } from './key-table.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import { isUniqueViolation, toDomainError } from './sqlite-fault.ts';
import { keyBytes } from './sqlite-key-store.ts';
import { idBlob, type SqliteLog } from './sqlite-log.ts';
import {
  checkShare,
  MAX_EVIDENCE_BYTES,
  MAX_SEALED_BYTES,
  SELECT_SHARES,
  shareBytes,
  shareOfRow,
} from './threshold-share-row.ts';
import type { ThresholdShareTable } from './threshold-share-table.ts';

const MAX_LISTED = 1_000;
/** A page ends with the share that reaches this, so that large shares don't fill the memory. */
const MAX_LISTED_BYTES = 16 * 1024 * 1024;
const MAX_NONCES_PER_CALL = 16_384;
const MAX_RETIRED = 16;
const HASH_BYTES = 32;
/** What a row adds to the log of writes; each one falls on a page of its own when the table is large. */
const NONCE_BYTES = 100;

const BY_ID = `${SELECT_SHARES} WHERE id = ? AND account_id = ?`;
const BY_NAME = `${SELECT_SHARES} WHERE account_id = ? AND name = ?`;
const OF_ACCOUNT = `${SELECT_SHARES} WHERE account_id = ? AND id > ? ORDER BY id LIMIT ?`;
const OF_GROUP = `${SELECT_SHARES} WHERE group_id = ? AND account_id = ? AND id > ? ORDER BY id LIMIT ?`;
const INSERT_NONCE = 'INSERT INTO threshold_nonces (hash, batch_id) VALUES (?, ?)';
const SELECT_IDENTITY = 'SELECT sealed, public_bundle FROM threshold_identity WHERE id = 1';
const INSERT_IDENTITY = 'INSERT INTO threshold_identity (id, sealed, public_bundle) VALUES (1, ?, ?)';

export interface SqliteThresholdStoreParts {
  readonly reader: SqliteConnection;
  readonly writer: SqliteConnection;
  readonly commits: GroupCommit;
  readonly log: SqliteLog;
  readonly shares: ThresholdShareTable;
  readonly keys: KeyTable;
  /** Rows of keys changed; called after the commit, before the promise resolves. */
  readonly onKeyChanges: (changes: readonly ChangedKey[]) => void;
  /** The account has a new revision. */
  readonly onRevision: (accountId: AccountId) => void;
}

/** Threshold shares, used nonces and the server's identity. Nothing is cached: a share is read once for each operation. */
export class SqliteThresholdStore implements ThresholdStore {
  readonly #parts: SqliteThresholdStoreParts;

  constructor(parts: SqliteThresholdStoreParts) {
    this.#parts = parts;
  }

  async insert(share: ThresholdShare): Promise<void> {
    checkShare(share);
    if (share.status === 'superseded') throw new DomainError('internal', 'a new share that is superseded');
    const { commits, shares } = this.#parts;
    await commits.submit(shareBytes(share), () => shares.insert(share));
  }

  async find(accountId: AccountId, id: KeyId): Promise<ThresholdShare | undefined> {
    return this.#read(BY_ID, [idBlob(id), idBlob(accountId)])[0];
  }

  async findByName(accountId: AccountId, name: string): Promise<ThresholdShare | undefined> {
    return this.#read(BY_NAME, [idBlob(accountId), name])[0];
  }

  async list({ accountId, groupId, after, limit }: ThresholdShareQuery): Promise<readonly ThresholdShare[]> {
    if (!Number.isSafeInteger(limit) || limit < 0) throw new DomainError('invalid_request', 'the limit is not a count');
    const page = [
      idBlob(accountId),
      after === undefined ? new Uint8Array(0) : idBlob(after),
      Math.min(limit, MAX_LISTED),
    ];
    return groupId === undefined ? this.#read(OF_ACCOUNT, page) : this.#read(OF_GROUP, [idBlob(groupId), ...page]);
  }

  async replace(share: ThresholdShare, alongside: AlongsideShare = {}): Promise<boolean> {
    checkShare(share);
    checkAlongside(share, alongside);
    const { insertKey } = alongside;
    const bytes = shareBytes(share) + (insertKey === undefined ? 0 : keyBytes(insertKey)) + 4096;
    const changes = await this.#parts.commits.submit(
      bytes,
      () => this.#replace(share, alongside),
      (changed) => {
        this.#noteChanges(share.accountId, changed);
        if (changed !== undefined && alongside.retire !== undefined) this.#parts.writer.emptyLog();
      },
    );
    return changes !== undefined;
  }

  async remove(accountId: AccountId, id: KeyId, by: PrincipalId): Promise<boolean> {
    const changes = await this.#parts.commits.submit(
      4096,
      () => this.#remove(accountId, id, by),
      (changed) => {
        this.#noteChanges(accountId, changed);
        if (changed !== undefined) this.#parts.writer.emptyLog();
      },
    );
    return changes !== undefined;
  }

  async reserveNonces(batchId: number, hashes: readonly Uint8Array[]): Promise<boolean> {
    if (hashes.length > MAX_NONCES_PER_CALL || hashes.some((each) => each.length !== HASH_BYTES))
      throw new DomainError('internal', 'nonce hashes that can not be reserved');
    if (!Number.isSafeInteger(batchId) || batchId < 0) throw new DomainError('internal', 'a batch id out of range');
    if (hashes.length === 0) return true;
    // Thrown, so that what was inserted before it is taken back, from this call alone.
    const seen = new DomainError('conflict', 'a nonce was used before');
    try {
      await this.#parts.commits.submit(512 + hashes.length * NONCE_BYTES, () => {
        const insert = this.#parts.writer.prepare(INSERT_NONCE);
        try {
          for (const each of hashes) insert.run(each, batchId);
        } catch (error) {
          throw isUniqueViolation(error) ? seen : error;
        }
      });
      return true;
    } catch (error) {
      if (error === seen) return false;
      throw error;
    }
  }

  async identity(): Promise<ThresholdIdentity | undefined> {
    return storedIdentity(this.#parts.reader);
  }

  async installIdentity(identity: ThresholdIdentity): Promise<ThresholdIdentity> {
    const { sealed, publicBundle } = identity;
    if (sealed.length > MAX_SEALED_BYTES || publicBundle.length > MAX_EVIDENCE_BYTES)
      throw new DomainError('internal', 'an identity that is too large');
    const { commits, writer, log } = this.#parts;
    return commits.submit(1024 + sealed.length + publicBundle.length, () => {
      const first = storedIdentity(writer);
      if (first !== undefined) return first;
      writer.prepare(INSERT_IDENTITY).run(sealed, publicBundle);
      const details = { bundleSha256: hash('sha256', publicBundle, 'hex') };
      log.appendEvent({ kind: 'identity-created', accountId: undefined, by: undefined, details });
      return identity;
    });
  }

  /** Inside a transaction: what is thrown takes everything back. The rows of keys that changed; undefined for `false`. */
  #replace(share: ThresholdShare, alongside: AlongsideShare): readonly ChangedKey[] | undefined {
    const { shares, keys } = this.#parts;
    const { accountId, id } = share;
    const before = shares.stored(accountId, id);
    if (before?.version !== share.version - 1) return undefined;
    if (before.status === 'superseded' && share.status !== 'superseded')
      throw new DomainError('conflict', 'the share was superseded by another one');
    if (share.status === 'superseded' && before.status !== 'superseded')
      throw new DomainError('internal', 'a share is superseded by another one only');
    const { removeShare, retire = [], insertKey, moveName } = alongside;
    const changes: ChangedKey[] = [];
    if (removeShare !== undefined) {
      const removed = this.#remove(accountId, removeShare, undefined);
      if (removed === undefined) throw new DomainError('not_found', 'no such threshold key', { subject: 'key' });
      changes.push(...removed);
    }
    const moved = retire.flatMap((each) => this.#retire(accountId, each, moveName === true, changes));
    if (retire.length > 0) keys.bumpRevision(accountId);
    const name = nameAfter(share, insertKey?.name, moved);
    shares.update({ ...share, name }, before);
    if (insertKey !== undefined) keys.insert(moved.length === 0 ? insertKey : { ...insertKey, name });
    else if (moved.length > 0) changes.push(...present(keys.rename(accountId, id, name)));
    return changes;
  }

  /** Inside a transaction. The names that it gave up. */
  #retire(accountId: AccountId, id: KeyId, moveName: boolean, changes: ChangedKey[]): readonly string[] {
    const { shares, keys } = this.#parts;
    const before = shares.stored(accountId, id);
    if (before === undefined) throw new DomainError('not_found', 'no such threshold key', { subject: 'key' });
    if (before.status === 'superseded') throw new DomainError('conflict', 'the share was superseded by another one');
    shares.retire(accountId, id, moveName ? undefined : before.name);
    changes.push(...present(keys.deactivate(accountId, id)));
    if (moveName) changes.push(...present(keys.rename(accountId, id, undefined)));
    return moveName && before.name !== undefined ? [before.name] : [];
  }

  /** Inside a transaction. */
  #remove(accountId: AccountId, id: KeyId, by: PrincipalId | undefined): readonly ChangedKey[] | undefined {
    const { shares, keys } = this.#parts;
    if (!shares.delete(accountId, id, by)) return undefined;
    const changed = keys.delete(accountId, id, by);
    if (changed === undefined) keys.bumpRevision(accountId);
    return present(changed);
  }

  #noteChanges(accountId: AccountId, changes: readonly ChangedKey[] | undefined): void {
    if (changes === undefined) return;
    this.#parts.onKeyChanges(changes);
    this.#parts.onRevision(accountId);
  }

  #read(sql: string, parameters: readonly SQLInputValue[]): ThresholdShare[] {
    const found: ThresholdShare[] = [];
    let bytes = 0;
    try {
      const statement = this.#parts.reader.prepare(sql);
      statement.setReturnArrays(true);
      // `setReturnArrays` isn't in the type of what `iterate` gives.
      for (const row of statement.iterate(...parameters) as Iterable<unknown>) {
        const share = shareOfRow(row as readonly SQLOutputValue[]);
        found.push(share);
        bytes += shareBytes(share);
        if (bytes >= MAX_LISTED_BYTES) break;
      }
    } catch (error) {
      throw toDomainError(error);
    }
    return found;
  }
}

function checkAlongside(
  share: ThresholdShare,
  { insertKey, removeShare, retire = [], moveName }: AlongsideShare,
): void {
  const others = removeShare === undefined ? retire : [removeShare, ...retire];
  const fits =
    retire.length <= MAX_RETIRED &&
    new Set([share.id, ...others]).size === others.length + 1 &&
    (insertKey === undefined ||
      (insertKey.id === share.id &&
        insertKey.accountId === share.accountId &&
        insertKey.groupId === share.groupId &&
        insertKey.persistence === 'stored' &&
        (insertKey.name === undefined || insertKey.name === share.name || moveName === true)));
  if (!fits) throw new DomainError('internal', 'changes that do not belong to the share');
}

/** The name that the share has then: the one that moved to it, if any. */
function nameAfter(share: ThresholdShare, keyName: string | undefined, moved: readonly string[]): string | undefined {
  const [name, ...more] = moved;
  if (name === undefined) return share.name;
  if (more.length > 0 || (share.name ?? name) !== name || (keyName ?? name) !== name)
    throw new DomainError('internal', 'several names for one share');
  return name;
}

function present<T>(value: T | undefined): readonly T[] {
  return value === undefined ? [] : [value];
}

function storedIdentity(connection: SqliteConnection): ThresholdIdentity | undefined {
  try {
    const row = connection.prepare(SELECT_IDENTITY).get();
    return row && { sealed: row['sealed'] as Uint8Array, publicBundle: row['public_bundle'] as Uint8Array };
  } catch (error) {
    throw toDomainError(error);
  }
}
