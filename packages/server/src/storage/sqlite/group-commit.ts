/**
 * Shares one durable commit between all writes that are waiting when it begins. A write is a synchronous function; it
 * runs inside BEGIN IMMEDIATE .. COMMIT, and its promise resolves only after COMMIT has returned.
 */
import { DomainError } from '@countersign/core/domain-error';
import type { SqliteConnection } from './sqlite-connection.ts';
import { isResourceFault, toDomainError, unavailable } from './sqlite-fault.ts';

export interface CommitLimits {
  /** Waiting writes; more are refused with `unavailable`. */
  readonly maxWaitingWrites: number;
  /** Bytes of the waiting writes, as their callers estimate them. */
  readonly maxWaitingBytes: number;
  /** Bytes after which a group takes no further write, so that one commit can't last too long. */
  readonly maxGroupBytes: number;
}

export const DEFAULT_COMMIT_LIMITS: CommitLimits = {
  maxWaitingWrites: 10_000,
  maxWaitingBytes: 64 * 1024 * 1024,
  maxGroupBytes: 8 * 1024 * 1024,
};

/** State in memory that mirrors the database and has to follow it when a transaction is rolled back. */
export interface TransactionMirror {
  /** The present state, to return to. */
  mark(): () => void;
  /** Reads everything again: somebody else wrote, or it is unclear what a failed commit left. */
  reload(): void;
}

export interface GroupCommitOptions {
  readonly connection: SqliteConnection;
  readonly mirror: TransactionMirror;
  readonly limits: CommitLimits;
  /**
   * Writes that nobody waits for, added to a group that is committed anyway. Returns what to do after the commit.
   * A fault in them is dropped together with them.
   */
  readonly piggyback: () => (() => void) | undefined;
  /** Told about every commit that held: how long the transaction took, held-up time included, and its number of writes. */
  readonly onCommit: ((seconds: number, writes: number) => void) | undefined;
  /** For tests: called before every COMMIT. While its promise is pending the commit is held up; a throw fails it. */
  readonly beforeCommit: (() => void | Promise<void>) | undefined;
}

interface Write {
  readonly bytes: number;
  /** Runs in the transaction. Returns how to report the result, once it is durable. */
  readonly work: () => () => void;
  readonly reject: (error: DomainError) => void;
}

interface OpenGroup {
  readonly group: readonly Write[];
  readonly done: readonly (() => void)[];
  readonly refused: readonly (() => void)[];
  readonly rollBackMirror: () => void;
  readonly startedMs: number;
}

export class GroupCommit {
  readonly #options: GroupCommitOptions;
  #waiting: Write[] = [];
  #waitingBytes = 0;
  #scheduled = false;
  #committing = false;
  #closed = false;
  #idle: (() => void)[] = [];
  #dataVersion: unknown;
  #lastFailed = false;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
    this.#dataVersion = this.#readDataVersion();
  }

  /**
   * Adds a write to the next group. `afterCommit` runs when it is durable, before the promise resolves.
   * @throws DomainError `unavailable` when too much is waiting, the store is closed, or the group couldn't be committed;
   * whatever `work` throws, for this write alone
   */
  submit<T>(bytes: number, work: () => T, afterCommit?: (value: T) => void): Promise<T> {
    const { limits } = this.#options;
    if (this.#closed) return Promise.reject(unavailable());
    if (this.#waiting.length >= limits.maxWaitingWrites || this.#waitingBytes + bytes > limits.maxWaitingBytes)
      return Promise.reject(
        new DomainError('unavailable', 'too many requests are waiting for the database; send it again later'),
      );
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({
        bytes,
        work: () => {
          const value = work();
          return () => {
            afterCommit?.(value);
            resolve(value);
          };
        },
        reject,
      });
      this.#waitingBytes += bytes;
      this.#schedule();
    });
  }

  /** Whether the last group could not be committed: then the next one hardly will, however small it is. */
  get lastFailed(): boolean {
    return this.#lastFailed;
  }

  /** Refuses further writes and resolves when all accepted ones are settled. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#waiting.length > 0 || this.#committing) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #schedule(): void {
    if (this.#scheduled || this.#committing) return;
    this.#scheduled = true;
    // The check phase comes after all sockets of this turn were read: what they asked for shares the commit.
    setImmediate(() => {
      this.#scheduled = false;
      this.#commitGroup();
    });
  }

  #takeGroup(): Write[] {
    let count = 0;
    let bytes = 0;
    for (const write of this.#waiting) {
      if (count > 0 && bytes + write.bytes > this.#options.limits.maxGroupBytes) break;
      bytes += write.bytes;
      count++;
    }
    this.#waitingBytes -= bytes;
    return this.#waiting.splice(0, count);
  }

  #commitGroup(): void {
    this.#committing = true;
    const group = this.#takeGroup();
    const startedMs = performance.now();
    const { connection, mirror } = this.#options;
    let rollBackMirror = () => mirror.reload();
    const done: (() => void)[] = [];
    const refused: (() => void)[] = [];
    try {
      if (connection.database.isTransaction) connection.database.exec('ROLLBACK');
      connection.prepare('BEGIN IMMEDIATE').run();
      this.#noticeForeignWrites();
      rollBackMirror = mirror.mark();
      for (const write of group) this.#runIsolated(write, done, refused);
      if (done.length > 0) this.#addPiggyback(done);
      const held = this.#options.beforeCommit?.();
      if (held !== undefined) {
        held.then(
          () => this.#finish({ group, done, refused, rollBackMirror, startedMs }),
          (error: unknown) => this.#fail(group, error, rollBackMirror),
        );
        return;
      }
    } catch (error) {
      this.#fail(group, error, rollBackMirror);
      return;
    }
    this.#finish({ group, done, refused, rollBackMirror, startedMs });
  }

  /** A savepoint for each write: its failure takes back what it did, not what its neighbours did. */
  #runIsolated(write: Write, done: (() => void)[], refused: (() => void)[]): void {
    const { connection, mirror } = this.#options;
    connection.prepare('SAVEPOINT write').run();
    const rollBackMirror = mirror.mark();
    try {
      done.push(write.work());
    } catch (error) {
      // SQLite may have rolled back everything, for a full disk for instance; then nobody's write is there.
      if (isResourceFault(error) || !connection.database.isTransaction) throw error;
      connection.prepare('ROLLBACK TO write').run();
      rollBackMirror();
      refused.push(() => write.reject(toDomainError(error)));
    }
    connection.prepare('RELEASE write').run();
  }

  #addPiggyback(done: (() => void)[]): void {
    const { connection, mirror, piggyback } = this.#options;
    connection.prepare('SAVEPOINT write').run();
    const rollBackMirror = mirror.mark();
    try {
      const after = piggyback();
      if (after !== undefined) done.push(after);
    } catch (error) {
      if (isResourceFault(error) || !connection.database.isTransaction) throw error;
      connection.prepare('ROLLBACK TO write').run();
      rollBackMirror();
    }
    connection.prepare('RELEASE write').run();
  }

  #finish({ group, done, refused, rollBackMirror, startedMs }: OpenGroup): void {
    try {
      this.#options.connection.prepare('COMMIT').run();
    } catch (error) {
      this.#fail(group, error, rollBackMirror);
      return;
    }
    this.#lastFailed = false;
    for (const report of done) report();
    for (const report of refused) report();
    this.#options.onCommit?.((performance.now() - startedMs) / 1000, group.length);
    this.#next();
  }

  /** Nothing of the group is in the database; every write of it may be sent again. */
  #fail(group: readonly Write[], error: unknown, rollBackMirror: () => void): void {
    const { connection, mirror } = this.#options;
    try {
      if (connection.database.isTransaction) connection.database.exec('ROLLBACK');
      rollBackMirror();
      mirror.reload();
    } catch {
      // The database is away. The mirror is what it was before the group; the next group looks again.
    }
    this.#lastFailed = true;
    const refusal = unavailable(error);
    for (const write of group) write.reject(refusal);
    this.#next();
  }

  #next(): void {
    this.#committing = false;
    if (this.#waiting.length > 0) this.#schedule();
    else for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** `data_version` changes when another connection committed; this one is the only writer of the process. */
  #noticeForeignWrites(): void {
    const version = this.#readDataVersion();
    if (version === this.#dataVersion) return;
    this.#options.mirror.reload();
    this.#dataVersion = version;
  }

  #readDataVersion(): unknown {
    return this.#options.connection.prepare('PRAGMA data_version').get()?.['data_version'];
  }
}
