/**
 * Many stored requests in a service's database: copies of one that was made over the API, with ids, keys and statuses of
 * their own, written into the table directly. Making a million over the API would take hours.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';

export interface RequestFill {
  readonly dataDir: string;
  /** The request that is copied. */
  readonly requestId: Uint8Array;
  /** Has nearly all copies. */
  readonly keyId: Uint8Array;
  /** Has `SMALL_KEY_REQUESTS`, the oldest ones. */
  readonly smallKeyId: Uint8Array;
}

const SMALL_KEY_REQUESTS = 200;
/** So many are older than what is called the end: more than a page of the key that has nearly all. */
const END_INDEX = SMALL_KEY_REQUESTS + 150;
/** One of so many failed; all others are signed. */
const FAILED_EACH = 100;
const ROWS_PER_COMMIT = 20_000;
const MS_PER_ROW = 100;

/** Ids from which pages are read. */
export interface FilledIds {
  readonly middle: Uint8Array;
  readonly end: Uint8Array;
}

/** Writes `count` requests, the oldest first, from the past up to now. */
export function fillRequests({ dataDir, requestId, keyId, smallKeyId }: RequestFill, count: number): FilledIds {
  const database = new DatabaseSync(join(dataDir, 'db', 'countersign.sqlite'), { timeout: 10_000 });
  try {
    const template = database.prepare('SELECT * FROM signature_requests WHERE id = ?').get(requestId);
    if (template === undefined) throw new Error('the request to copy is gone');
    const columns = Object.keys(template);
    const insert = database.prepare(
      `INSERT INTO signature_requests (${columns.join(', ')}) VALUES (${columns.map((name) => `:${name}`).join(', ')})`,
    );
    const firstMs = Date.now() - (count + 1) * MS_PER_ROW;
    let middle = requestId;
    let end = requestId;
    for (let start = 0; start < count; start += ROWS_PER_COMMIT) {
      database.exec('BEGIN IMMEDIATE');
      for (let index = start; index < Math.min(count, start + ROWS_PER_COMMIT); index++) {
        const atMs = firstMs + index * MS_PER_ROW;
        const id = orderedId(atMs);
        if (index === Math.floor(count / 2)) middle = id;
        if (index === END_INDEX) end = id;
        const status = index % FAILED_EACH === 0 ? 'failed' : 'signed';
        insert.run({
          ...(template as Record<string, SQLInputValue>),
          id,
          key_id: index < SMALL_KEY_REQUESTS ? smallKeyId : keyId,
          external_id: null,
          status,
          lane: status,
          created_at_ms: atMs,
        });
      }
      database.exec('COMMIT');
    }
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    return { middle, end };
  } finally {
    database.close();
  }
}

/** A UUID of version 7. */
function orderedId(atMs: number): Uint8Array {
  const id = randomBytes(16);
  id.writeUIntBE(atMs, 0, 6);
  id[6] = 0x70 | ((id[6] ?? 0) & 0x0f);
  id[8] = 0x80 | ((id[8] ?? 0) & 0x3f);
  return id;
}
