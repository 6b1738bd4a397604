/** The embedded store: one SQLite file, written by one process. */

import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import type { AccountId } from '@countersign/core/ids';
import type { Store } from '../store.ts';
import { ApprovalTable } from './approval-table.ts';
import { ChangeTable } from './change-table.ts';
import { type CommitLimits, DEFAULT_COMMIT_LIMITS, GroupCommit } from './group-commit.ts';
import { KeyTable } from './key-table.ts';
import { migrate } from './migrate.ts';
import { PrincipalTable } from './principal-table.ts';
import { readLogRows } from './read-log-rows.ts';
import { RequestTable } from './request-table.ts';
import { SqliteClusterStore } from './sqlite-cluster-store.ts';
import { type ConnectionRole, SqliteConnection } from './sqlite-connection.ts';
import { SqliteDirectory } from './sqlite-directory.ts';
import { toDomainError } from './sqlite-fault.ts';
import { SqliteGovernanceStore } from './sqlite-governance-store.ts';
import { SqliteIdentityStore } from './sqlite-identity-store.ts';
import { DEFAULT_KEY_CACHE, type KeyCacheLimits, SqliteKeyStore } from './sqlite-key-store.ts';
import { SqliteLog } from './sqlite-log.ts';
import { SqlitePolicyStore } from './sqlite-policy-store.ts';
import { SqliteRequestStore } from './sqlite-request-store.ts';
import { SqliteSigningJournal } from './sqlite-signing-journal.ts';
import { SqliteThresholdStore } from './sqlite-threshold-store.ts';
import { SqliteWalletStore } from './sqlite-wallet-store.ts';
import { SqliteWebhookStore } from './sqlite-webhook-store.ts';
import { ThresholdShareTable } from './threshold-share-table.ts';
import { WebhookEvents } from './webhook-events.ts';

export interface SqliteStoreOptions {
  /** The database file; its folder exists. `-wal` and `-shm` lie beside it. */
  readonly path: string;
  readonly now?: () => number;
  readonly commitLimits?: CommitLimits;
  readonly keyCache?: KeyCacheLimits;
  /** 32 bytes that seal the secrets of webhooks. Without it no webhook can be made or sent. */
  readonly serviceKey?: Uint8Array;
  /** Noted key uses and moved session expiries are written with a commit, at most this often. */
  readonly lazyWriteIntervalMs?: number;
  /** Told about every commit: how long its transaction took, and how many writes shared it. */
  readonly onCommit?: (seconds: number, writes: number) => void;
  /** For tests: see every connection, hold up or fail a commit. */
  readonly faults?: {
    readonly onConnection?: (database: DatabaseSync, role: ConnectionRole) => void;
    readonly beforeCommit?: () => void | Promise<void>;
  };
}

const DEFAULT_LAZY_WRITE_INTERVAL_MS = 5_000;
const HEALTH_INTERVAL_MS = 1_000;
const SMALL_PROBE_BYTES = 8;
/** After a failed commit: a disk without room for an intent may still have some for a few bytes. */
const LARGE_PROBE_BYTES = 512 * 1024;
/** Commits of lazy writes at the end; together they hold all that may be pending. */
const MAX_FINAL_WRITES = 200;
const WRITE_HEALTH = `INSERT INTO meta (name, value) VALUES ('last_health_write', ?)
  ON CONFLICT (name) DO UPDATE SET value = excluded.value`;

/**
 * Opens the file, makes it where there is none, and brings its schema up to date.
 * @throws DomainError `not_supported` for a file of a newer version or another program; `internal` for a damaged log;
 * `unavailable` when the file can't be opened
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const connections: SqliteConnection[] = [];
  const connect = (role: ConnectionRole): SqliteConnection => {
    const connection = new SqliteConnection(options.path, role);
    connections.push(connection);
    options.faults?.onConnection?.(connection.database, role);
    return connection;
  };
  try {
    const writer = connect('writer');
    await migrate(writer);
    return await assemble(options, writer, connect('reader'));
  } catch (error) {
    for (const connection of connections) connection.close();
    throw toDomainError(error);
  }
}

async function assemble(
  options: SqliteStoreOptions,
  writer: SqliteConnection,
  reader: SqliteConnection,
): Promise<Store> {
  const now = options.now ?? Date.now;
  const log = new SqliteLog(writer, now);
  const events = new WebhookEvents(writer);
  const lazyWrites = every(options.lazyWriteIntervalMs ?? DEFAULT_LAZY_WRITE_INTERVAL_MS, now);
  const commits: GroupCommit = new GroupCommit({
    connection: writer,
    limits: options.commitLimits ?? DEFAULT_COMMIT_LIMITS,
    mirror: {
      mark: () => {
        const rollBack = log.mark();
        return () => {
          rollBack();
          events.forget();
        };
      },
      reload: () => {
        log.reload();
        keys.forget();
        directory.forget();
        policies.forget();
        governance.forget();
        identities.forget();
        wallets.forget();
        events.forget();
      },
    },
    piggyback: () => {
      if (!hasLazyWrites() || !lazyWrites()) return undefined;
      const after = [keys.writeUses(), directory.writeExtensions(), identities.writeCounts()];
      return () => {
        for (const report of after) report();
      };
    },
    onCommit: options.onCommit,
    beforeCommit: options.faults?.beforeCommit,
  });
  const hasLazyWrites = (): boolean =>
    keys.hasPendingUses || directory.hasPendingExtensions || identities.hasPendingCounts;
  const principals = new PrincipalTable(writer, log);
  const directory = new SqliteDirectory({
    reader,
    writer,
    commits,
    log,
    table: principals,
    now,
    onPrincipalRemoved: () => identities.forget(),
  });
  const identities = new SqliteIdentityStore({ reader, writer, commits, log, directory, principals });
  const table = new KeyTable(writer, log, { append: events.append, now });
  const shares = new ThresholdShareTable(writer, log);
  const onRevision = (id: AccountId): void => directory.forgetAccount(id);
  const cache = options.keyCache ?? DEFAULT_KEY_CACHE;
  const keys = new SqliteKeyStore({ reader, writer, commits, table, shares, cache, onRevision });
  const threshold = new SqliteThresholdStore({
    reader,
    writer,
    commits,
    log,
    shares,
    keys: table,
    onKeyChanges: (changes) => keys.noteChanges(changes),
    onRevision,
  });
  const policies = new SqlitePolicyStore({ reader, writer, commits, log, onRevision });
  const wallets = new SqliteWalletStore({ reader, writer, commits, log, onRevision });
  const webhooks = new SqliteWebhookStore({ reader, writer, commits, log, events, serviceKey: options.serviceKey });
  const governed = { writer, log, appendEvent: events.append, now };
  const approvals = new ApprovalTable(governed);
  const requests = new RequestTable({ ...governed, approvals });
  const changes = new ChangeTable({ ...governed, approvals });
  const governance = new SqliteGovernanceStore({ reader, writer, commits, log, changes, onRevision });
  const onStale = (): void => directory.forget();
  const journal = new SqliteSigningJournal({ writer, commits, log, requests, now, onStale });
  const healthy = throttled(HEALTH_INTERVAL_MS, now, () =>
    commits.submit(64, () => {
      writer.prepare(WRITE_HEALTH).run(Buffer.alloc(commits.lastFailed ? LARGE_PROBE_BYTES : SMALL_PROBE_BYTES));
    }),
  );
  // A first leaf with a random name: the trees of two databases never have an equal root.
  if (log.nextLeaf === 0)
    await commits.submit(256, () => {
      if (log.nextLeaf === 0)
        log.appendEvent({ kind: 'log-created', accountId: undefined, by: undefined, details: { log: randomUUID() } });
    });
  return {
    keys,
    directory,
    threshold,
    policies,
    requests: new SqliteRequestStore({ reader, commits, requests, approvals, changes, now }),
    governance,
    clusters: new SqliteClusterStore({ reader, writer, commits, log }),
    identities,
    wallets,
    webhooks,
    journal,
    log: {
      head: () => commits.submit(0, () => log.head()),
      appendEvent: (event) => commits.submit(1024, () => log.appendEvent(event)),
      readTile: (level, index) => commits.submit(0, () => log.tile(level, index)),
      readRows: (query) => readLogRows(reader, query),
    },
    closeOpenIntents: () => journal.closeOpenIntents(),
    health: healthy,
    close: async () => {
      for (let i = 0; i < MAX_FINAL_WRITES && hasLazyWrites(); i++) {
        lazyWrites.force();
        // What is left is advisory; a store that can't be written any more is closed without it.
        const written = await commits.submit(0, () => true).catch(() => false);
        if (!written) break;
      }
      await commits.close();
      reader.close();
      writer.close();
    },
  };
}

/** Says yes at most once per interval, the first time after one interval; `force` makes the next answer yes. */
function every(intervalMs: number, now: () => number): (() => boolean) & { force(): void } {
  let nextMs = now() + intervalMs;
  const due = (): boolean => {
    if (now() < nextMs) return false;
    nextMs = now() + intervalMs;
    return true;
  };
  return Object.assign(due, {
    force: () => {
      nextMs = Number.NEGATIVE_INFINITY;
    },
  });
}

/** Shares one run among all callers of an interval, so that a stranger's probes can't fill the disk queue. */
function throttled(intervalMs: number, now: () => number, run: () => Promise<void>): () => Promise<void> {
  let last: { readonly startedMs: number; readonly result: Promise<void> } | undefined;
  return () => {
    if (last === undefined || now() - last.startedMs >= intervalMs) last = { startedMs: now(), result: run() };
    return last.result;
  };
}
