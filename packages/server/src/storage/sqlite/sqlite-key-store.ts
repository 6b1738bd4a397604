import type { SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';
import { DomainError } from '@countersign/core/domain-error';
import type { AccountId, KeyId, PrincipalId } from '@countersign/core/ids';
import type { KeyRecord } from '@countersign/core/key-record';
import type { KeyQuery, KeyStore } from '@countersign/core/ports/directory';
import type { KeyReference } from '@countersign/core/signing-item';
import { GenerationCache } from '../generation-cache.ts';
import type { GroupCommit } from './group-commit.ts';
import { KEY_QUERIES } from './key-queries.ts';
import { idText, keyOfRow, pathOfBlob, SELECT_KEYS } from './key-row.ts';
import type { ChangedKey, KeyChange, KeyTable } from './key-table.ts';
import { SharedValues } from './shared-values.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import { toDomainError } from './sqlite-fault.ts';
import { idBlob } from './sqlite-log.ts';
import type { ThresholdShareTable } from './threshold-share-table.ts';

export interface KeyCacheLimits {
  readonly maxKeys: number;
  readonly maxBytes: number;
}

/**
 * An ECDSA key weighs some 1.1 kB; both limits hold, so that large keys don't fill the memory. Half of it is one
 * generation: 115,000 such keys in steady use are never read twice.
 */
export const DEFAULT_KEY_CACHE: KeyCacheLimits = { maxKeys: 250_000, maxBytes: 256 * 1024 * 1024 };

const RECORD_OVERHEAD_BYTES = 900;
/** Noted uses that wait for a commit; more are dropped, since they are advisory. */
const MAX_PENDING_USES = 100_000;
/** Uses written with one commit, at some 5 us each, so that they don't hold it up; the others wait for the next time. */
const MAX_USES_PER_COMMIT = 1_000;
const MAX_LISTED = 10_000;

const BY_ID = `${SELECT_KEYS} WHERE id = ?`;
const BY_NAME = `${SELECT_KEYS} WHERE account_id = ? AND name = ?`;
const NOTE_USE = `INSERT INTO key_uses (key_id, last_used_at_ms) SELECT id, ? FROM keys WHERE id = ?
  ON CONFLICT (key_id) DO UPDATE SET last_used_at_ms = max(last_used_at_ms, excluded.last_used_at_ms)`;

export interface SqliteKeyStoreParts {
  readonly reader: SqliteConnection;
  readonly writer: SqliteConnection;
  readonly commits: GroupCommit;
  readonly table: KeyTable;
  readonly shares: ThresholdShareTable;
  readonly cache: KeyCacheLimits;
  /** The account's cached copy is out of date. */
  readonly onRevision: (accountId: AccountId) => void;
}

/** Keys, with those in use cached. The cache holds committed rows only and is emptied of a key before its change is reported. */
export class SqliteKeyStore implements KeyStore {
  readonly #parts: SqliteKeyStoreParts;
  readonly #shared = new SharedValues();
  readonly #byId: GenerationCache<string, KeyRecord>;
  readonly #byName: GenerationCache<string, KeyRecord>;
  readonly #selectById: StatementSync;
  readonly #selectByName: StatementSync;
  readonly #uses = new Map<KeyId, number>();

  constructor(parts: SqliteKeyStoreParts) {
    this.#parts = parts;
    this.#byId = new GenerationCache(parts.cache.maxKeys, parts.cache.maxBytes, weigh);
    this.#byName = new GenerationCache(parts.cache.maxKeys, parts.cache.maxBytes, weigh);
    this.#selectById = parts.reader.prepare(BY_ID);
    this.#selectByName = parts.reader.prepare(BY_NAME);
    this.#selectById.setReturnArrays(true);
    this.#selectByName.setReturnArrays(true);
  }

  async resolve(
    accountId: AccountId,
    references: readonly KeyReference[],
  ): Promise<readonly (KeyRecord | undefined)[]> {
    return references.map((reference) => this.#find(accountId, reference));
  }

  async insert(key: KeyRecord): Promise<void> {
    if (key.persistence !== 'stored') throw new DomainError('internal', 'a key that is not to be stored');
    const { commits, table } = this.#parts;
    await commits.submit(keyBytes(key), () => table.insert(key));
  }

  async remove(accountId: AccountId, id: KeyId, by: PrincipalId): Promise<boolean> {
    const { commits, table, shares } = this.#parts;
    return commits
      .submit(
        4096,
        () => {
          const removed = table.delete(accountId, id, by);
          // A threshold key's private half is the share.
          if (removed !== undefined) shares.delete(accountId, id, by);
          return removed;
        },
        (removed) => {
          if (removed !== undefined) this.noteChanges([removed]);
        },
      )
      .then((removed) => removed !== undefined);
  }

  async change(
    accountId: AccountId,
    id: KeyId,
    version: number,
    change: KeyChange,
    by: PrincipalId,
  ): Promise<KeyRecord | undefined> {
    const { commits, table, writer } = this.#parts;
    return commits
      .submit(
        16 * 1024,
        () => {
          const changed = table.change(accountId, id, version, change, by);
          // Read here: after the commit it might be somebody else's next version.
          return changed && { changed, key: readKey(writer, id, this.#shared) };
        },
        (result) => {
          if (result !== undefined) this.noteChanges([result.changed]);
        },
      )
      .then((result) => result?.key);
  }

  async highestChildIndex(accountId: AccountId, parent: KeyId): Promise<number | undefined> {
    if (this.#find(accountId, { by: 'id', id: parent }) === undefined) return undefined;
    const path = this.#first(KEY_QUERIES.highestChild, idBlob(parent))?.['child_path'];
    return path instanceof Uint8Array ? pathOfBlob(path)[0] : undefined;
  }

  async list(query: KeyQuery): Promise<readonly KeyRecord[]> {
    if (!Number.isSafeInteger(query.limit) || query.limit < 0)
      throw new DomainError('invalid_request', 'the limit is not a count');
    const limit = Math.min(query.limit, MAX_LISTED);
    const account = idBlob(query.accountId);
    const after = query.after === undefined ? new Uint8Array(0) : idBlob(query.after);
    // One index look-up for each group: a filter would read all keys of the account to find a small group's.
    const { among, viewer } = query;
    const [ofAccount, ofGroup] =
      viewer === undefined
        ? [KEY_QUERIES.idsOfAccount, KEY_QUERIES.idsOfGroup]
        : [KEY_QUERIES.openIdsOfAccount, KEY_QUERIES.openIdsOfGroup];
    const ids =
      among === 'all'
        ? this.#ids(ofAccount, account, after, limit)
        : among.groups.flatMap((group) => this.#ids(ofGroup, account, idBlob(group), after, limit));
    const delegated = viewer === undefined ? [] : this.#ids(KEY_QUERIES.idsOfDelegate, idBlob(viewer), after, limit);
    const named = among === 'all' ? [] : among.keys.filter((id) => query.after === undefined || id > query.after);
    const found: KeyRecord[] = [];
    for (const id of [...new Set([...ids, ...delegated, ...named])].sort()) {
      if (found.length === limit) break;
      const key = this.#find(query.accountId, { by: 'id', id });
      const isOthers = viewer !== undefined && key?.delegatedTo !== undefined && key.delegatedTo !== viewer;
      if (key !== undefined && !isOthers) found.push(key);
    }
    return found;
  }

  touch(ids: readonly KeyId[], atMs: number): void {
    for (const id of ids) if (this.#uses.size < MAX_PENDING_USES || this.#uses.has(id)) this.#uses.set(id, atMs);
  }

  get hasPendingUses(): boolean {
    return this.#uses.size > 0;
  }

  /** Inside a transaction: writes some of the noted uses. Returns what to do after the commit. */
  writeUses(): () => void {
    const written: [KeyId, number][] = [];
    for (const use of this.#uses) {
      if (written.length >= MAX_USES_PER_COMMIT) break;
      written.push(use);
    }
    const statement = this.#parts.writer.prepare(NOTE_USE);
    for (const [id, atMs] of written) statement.run(atMs, idBlob(id));
    return () => {
      for (const [id, atMs] of written) {
        if (this.#uses.get(id) === atMs) this.#uses.delete(id);
        const cached = this.#byId.get(id);
        if (cached !== undefined) this.#remember({ ...cached, lastUsedAtMs: atMs });
      }
    };
  }

  /** After the commit that changed or deleted these rows. */
  noteChanges(changes: readonly ChangedKey[]): void {
    for (const { accountId, id, name } of changes) {
      this.#byId.delete(id);
      if (name !== undefined) this.#byName.delete(nameIndex(accountId, name));
      this.#uses.delete(id);
      this.#parts.onRevision(accountId);
    }
  }

  /** Somebody else may have written. */
  forget(): void {
    this.#byId.clear();
    this.#byName.clear();
  }

  #find(accountId: AccountId, reference: KeyReference): KeyRecord | undefined {
    if (reference.by === 'id') {
      const key = this.#byId.get(reference.id) ?? this.#load(this.#selectById, idBlob(reference.id));
      return key?.accountId === accountId ? key : undefined;
    }
    if (reference.by === 'name') {
      const cached = this.#byName.get(nameIndex(accountId, reference.name));
      return cached ?? this.#load(this.#selectByName, idBlob(accountId), reference.name);
    }
    throw new DomainError('internal', 'a key record is not looked up');
  }

  #load(statement: StatementSync, ...parameters: SQLInputValue[]): KeyRecord | undefined {
    const row = readArray(statement, parameters);
    if (row === undefined) return undefined;
    const key = keyOfRow(row, this.#shared);
    this.#remember(key);
    return key;
  }

  #remember(key: KeyRecord): void {
    this.#byId.set(key.id, key);
    if (key.name !== undefined) this.#byName.set(nameIndex(key.accountId, key.name), key);
  }

  #first(sql: string, ...parameters: SQLInputValue[]): Record<string, SQLOutputValue> | undefined {
    try {
      return this.#parts.reader.prepare(sql).get(...parameters);
    } catch (error) {
      throw toDomainError(error);
    }
  }

  #ids(sql: string, ...parameters: SQLInputValue[]): KeyId[] {
    try {
      return this.#parts.reader
        .prepare(sql)
        .all(...parameters)
        .map((row) => idText(row['id']) as KeyId);
    } catch (error) {
      throw toDomainError(error);
    }
  }
}

/** Inside the transaction that changed it. */
function readKey(writer: SqliteConnection, id: KeyId, shared: SharedValues): KeyRecord {
  const [row] = writer.prepare(BY_ID).all(idBlob(id));
  if (row === undefined) throw new DomainError('internal', 'a key vanished inside a transaction');
  // In the order of the columns, as `keyOfRow` takes them.
  return keyOfRow(Object.values(row), shared);
}

function readArray(statement: StatementSync, parameters: SQLInputValue[]): readonly SQLOutputValue[] | undefined {
  try {
    // `setReturnArrays` isn't in the type of what `get` returns.
    return statement.get(...parameters) as unknown as readonly SQLOutputValue[] | undefined;
  } catch (error) {
    throw toDomainError(error);
  }
}

function nameIndex(accountId: string, name: string): string {
  return `${accountId}${name}`;
}

/** Bytes that the key adds to a transaction, about. */
export function keyBytes(key: KeyRecord): number {
  return 4096 + key.publicKey.length + (key.sealed?.length ?? 0) + (key.name?.length ?? 0) * 3;
}

function weigh(key: KeyRecord): number {
  return RECORD_OVERHEAD_BYTES + key.publicKey.length + (key.sealed?.length ?? 0) + (key.name?.length ?? 0);
}
