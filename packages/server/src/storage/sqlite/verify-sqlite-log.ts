import { DatabaseSync, type SQLOutputValue, type StatementSync } from 'node:sqlite';
import { readId } from '@countersign/core/log/byte-fields';
import { LogVerifier, type StoredRow } from '@countersign/core/log/log-verifier';
import type { CompletedTile } from '@countersign/core/log/tile';

export interface LogCheck {
  readonly rows: number;
  readonly size: number;
  readonly tiles: number;
  readonly openIntents: number;
  readonly rootHex: string;
  /** Root of the first `watchedSize` leaves; undefined where the log is shorter, or no size was given. */
  readonly watchedRootHex: string | undefined;
  /** In words; empty for a log that is consistent. The first one ends the check. */
  readonly problems: readonly string[];
}

/** Rows read at once: one of them may hold ten thousand items. */
const ROWS_PER_READ = 16;
const BUSY_TIMEOUT_MS = 5_000;

/**
 * Checks the log of a database, which is opened for reading only. A service may be writing to it: rows are only ever
 * added, so what was there at the beginning is read in small pieces, and no long transaction keeps the WAL growing.
 * @throws Error where the file can't be opened, or isn't a database of ours
 */
export function verifySqliteLog(path: string, watchedSize?: number): LogCheck {
  const database = new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
  try {
    return check(database, watchedSize);
  } finally {
    database.close();
  }
}

function check(database: DatabaseSync, watchedSize: number | undefined): LogCheck {
  const start = readStart(database);
  const verifier = new LogVerifier(watchedSize);
  const selectRows = database.prepare(
    `SELECT first_leaf, leaf_count, phase, batch_id, account_id, created_at_ms, body
     FROM log_rows WHERE first_leaf >= ? ORDER BY first_leaf LIMIT ${ROWS_PER_READ}`,
  );
  const selectTile = database.prepare('SELECT hashes FROM log_tiles WHERE level = ? AND tile_index = ?');
  const problems: string[] = [];
  let rows = 0;
  let tiles = 0;
  while (problems.length === 0 && verifier.size < start.size) {
    const read = selectRows.all(verifier.size);
    if (read.length === 0) problems.push(`the row of leaf ${verifier.size} is missing`);
    for (const row of read) {
      if (verifier.size >= start.size) break;
      const result = verifier.add(storedRow(row));
      if ('problem' in result) {
        problems.push(result.problem);
        break;
      }
      rows++;
      tiles += result.completed.length;
      problems.push(...result.completed.flatMap((tile) => compareTile(tile, selectTile)));
    }
  }
  const open = verifier.openBatchIds();
  if (problems.length === 0) {
    if (verifier.size !== start.size) problems.push(`the last row ends at leaf ${verifier.size}, not ${start.size}`);
    if (tiles !== start.tiles) problems.push(`there are ${start.tiles} stored tiles, but the leaves give ${tiles}`);
    if (open.join() !== start.openBatchIds.join())
      problems.push('the list of intents without outcome is not what the rows say');
  }
  return {
    rows,
    size: verifier.size,
    tiles,
    openIntents: open.length,
    rootHex: hex(verifier.root()),
    watchedRootHex: verifier.watchedRoot === undefined ? undefined : hex(verifier.watchedRoot),
    problems,
  };
}

/** What the log was when the check began, in one snapshot. */
function readStart(database: DatabaseSync): { size: number; tiles: number; openBatchIds: readonly number[] } {
  database.exec('BEGIN');
  const last = database.prepare('SELECT first_leaf, leaf_count FROM log_rows ORDER BY first_leaf DESC LIMIT 1').get();
  const tiles = database.prepare('SELECT count(*) AS count FROM log_tiles').get();
  const open = database.prepare('SELECT batch_id FROM log_open_intents ORDER BY batch_id').all();
  database.exec('COMMIT');
  return {
    size: last === undefined ? 0 : Number(last['first_leaf']) + Number(last['leaf_count']),
    tiles: Number(tiles?.['count']),
    openBatchIds: open.map((row) => Number(row['batch_id'])),
  };
}

function storedRow(row: Record<string, SQLOutputValue>): StoredRow {
  const body = row['body'];
  const accountId = row['account_id'];
  const batchId = row['batch_id'];
  return {
    firstLeaf: Number(row['first_leaf']),
    leafCount: Number(row['leaf_count']),
    phase: String(row['phase']),
    batchId: batchId === null ? undefined : Number(batchId),
    accountId: accountId instanceof Uint8Array ? idText(accountId) : undefined,
    createdAtMs: Number(row['created_at_ms']),
    body: body instanceof Uint8Array ? body : new Uint8Array(0),
  };
}

function idText(bytes: Uint8Array): string {
  return bytes.length === 16 ? readId(Buffer.from(bytes), 0) : 'malformed';
}

function compareTile(tile: CompletedTile, select: StatementSync): string[] {
  const stored = select.get(tile.level, tile.index)?.['hashes'];
  if (stored instanceof Uint8Array && Buffer.compare(stored, tile.hashes) === 0) return [];
  return [`tile ${tile.level}/${tile.index} is ${stored === undefined ? 'missing' : 'not what its leaves give'}`];
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
