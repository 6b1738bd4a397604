/** Rows of the log by account and range. */
import { DomainError } from '@countersign/core/domain-error';
import { LOG_PHASES } from '@countersign/core/log/log-row';
import type { LogReader, LogRowQuery, StoredLogRow } from '@countersign/core/ports/log-reader';
import type { SqliteConnection } from './sqlite-connection.ts';
import { idBlob } from './sqlite-log.ts';

const SELECT_HEADS = `SELECT first_leaf, length(body) AS bytes FROM log_rows
  WHERE first_leaf >= ? AND first_leaf < ? AND account_id = ? ORDER BY first_leaf LIMIT ?`;
const SELECT_FROM = 'SELECT first_leaf FROM log_rows WHERE first_leaf >= ? ORDER BY first_leaf LIMIT 1';
const SELECT_ROW = 'SELECT first_leaf, leaf_count, phase, created_at_ms, body FROM log_rows WHERE first_leaf = ?';

/**
 * Leaves gone through for one answer, whosesoever they are. An index by account would make every append dearer, for the
 * sake of installations with several accounts alone.
 */
const MAX_LEAVES_SEEN = 20_000;

export async function readLogRows(
  connection: SqliteConnection,
  { accountId, fromLeaf, limit, maxBytes }: LogRowQuery,
): ReturnType<LogReader['readRows']> {
  const end = fromLeaf + MAX_LEAVES_SEEN;
  const heads = connection.read(SELECT_HEADS, fromLeaf, end, idBlob(accountId), limit + 1);
  const rows: StoredLogRow[] = [];
  let bytes = 0;
  for (const head of heads) {
    const firstLeaf = Number(head['first_leaf']);
    bytes += Number(head['bytes']);
    if (rows.length === limit || (rows.length > 0 && bytes > maxBytes)) return { rows, next: firstLeaf };
    rows.push(readRow(connection, firstLeaf));
  }
  const after = connection.read(SELECT_FROM, end)[0]?.['first_leaf'];
  return { rows, next: after === undefined ? undefined : Number(after) };
}

function readRow(connection: SqliteConnection, firstLeaf: number): StoredLogRow {
  const [row] = connection.read(SELECT_ROW, firstLeaf);
  const phase = LOG_PHASES.find((known) => known === row?.['phase']);
  const body = row?.['body'];
  if (row === undefined || phase === undefined || !(body instanceof Uint8Array))
    throw new DomainError('internal', 'a row of the log is malformed; run "countersign log verify"');
  return {
    firstLeaf,
    leafCount: Number(row['leaf_count']),
    phase,
    createdAtMs: Number(row['created_at_ms']),
    body,
  };
}
