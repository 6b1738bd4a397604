import { closeSync, openSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from 'node:sqlite';
import type { Compilable } from 'kysely';
import { toDomainError } from './sqlite-fault.ts';

export type ConnectionRole = 'writer' | 'reader';

/** A foreign lock stops the whole process for this long; after it callers are told to try again. */
const BUSY_TIMEOUT_MS = 500;
const MAX_CACHED_STATEMENTS = 256;
/** WAL size in pages of 4 KiB from which a commit also copies the WAL into the database. */
const CHECKPOINT_PAGES = 4_000;
const PAGE_CACHE_KIB = 16 * 1024;
const WAL_LIMIT_BYTES = 64 * 1024 * 1024;

/**
 * One connection, with a cache of prepared statements and synchronous calls: SQLite answers within microseconds, and
 * everything between BEGIN and COMMIT has to happen in one turn.
 */
export class SqliteConnection {
  readonly database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /**
   * Opens the file; the writer makes it where there is none, readable for its owner alone. WAL, `synchronous=FULL`:
   * without it a power cut could take back commits that were acknowledged.
   */
  constructor(path: string, role: ConnectionRole) {
    // SQLite gives -wal and -shm the mode of the database file.
    if (role === 'writer') closeSync(openSync(path, 'a', 0o600));
    this.database = new DatabaseSync(path, { readOnly: role === 'reader', timeout: BUSY_TIMEOUT_MS });
    try {
      // Secure deletion: what is deleted or replaced, an old share above all, doesn't stay readable in free pages.
      if (role === 'writer') this.database.exec('PRAGMA journal_mode = WAL; PRAGMA secure_delete = ON');
      this.database.exec('PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF');
      this.database.exec(
        `PRAGMA cache_size = -${PAGE_CACHE_KIB}; PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}; PRAGMA journal_size_limit = ${WAL_LIMIT_BYTES}`,
      );
    } catch (error) {
      this.database.close();
      throw error;
    }
  }

  /** A prepared statement; the same one for the same text. */
  prepare(sql: string): StatementSync {
    const cached = this.#statements.get(sql);
    if (cached !== undefined) return cached;
    const statement = this.database.prepare(sql);
    if (this.#statements.size >= MAX_CACHED_STATEMENTS) {
      const oldest = this.#statements.keys().next();
      if (!oldest.done) this.#statements.delete(oldest.value);
    }
    this.#statements.set(sql, statement);
    return statement;
  }

  /** Runs a query of the builder; the number of changed rows. SQLite's own errors pass, for the transaction to judge. */
  run(query: Compilable): number {
    const { sql, parameters } = query.compile();
    return Number(this.prepare(sql).run(...(parameters as SQLInputValue[])).changes);
  }

  /** All rows of a query of the builder. @throws DomainError `unavailable`, `internal` */
  rows<Row>(query: Compilable<Row>): Row[] {
    const { sql, parameters } = query.compile();
    try {
      return this.prepare(sql).all(...(parameters as SQLInputValue[])) as Row[];
    } catch (error) {
      throw toDomainError(error);
    }
  }

  first<Row>(query: Compilable<Row>): Row | undefined {
    return this.rows(query)[0];
  }

  /** All rows of a statement, outside transactions. @throws DomainError `unavailable`, `internal` */
  read(sql: string, ...parameters: SQLInputValue[]): Record<string, SQLOutputValue>[] {
    try {
      return this.prepare(sql).all(...parameters);
    } catch (error) {
      throw toDomainError(error);
    }
  }

  /** Moves what the write-ahead log holds into the database and cuts it: what was erased is then in neither. */
  emptyLog(): void {
    try {
      this.database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } catch {
      // A reader is in the way, or the disk is full: the next checkpoint does it.
    }
  }

  close(): void {
    this.#statements.clear();
    if (this.database.isOpen) this.database.close();
  }
}
