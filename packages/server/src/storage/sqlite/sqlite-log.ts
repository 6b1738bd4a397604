/** The log's rows and tiles. Appends run inside the transactions of `GroupCommit`; reads see committed rows only. */
import { DomainError } from '@countersign/core/domain-error';
import { writeId } from '@countersign/core/log/byte-fields';
import { encodeEvent, type LogEvent } from '@countersign/core/log/event-entry';
import { type LogPhase, leafHashes } from '@countersign/core/log/log-row';
import { MerkleTree } from '@countersign/core/log/merkle-tree';
import { foldSubtree, hashesInLevel, TILE_WIDTH } from '@countersign/core/log/tile';
import { HASH_BYTES } from '@countersign/core/log/tree-hash';
import type { LogHead } from '@countersign/core/ports/log-reader';
import type { SqliteConnection } from './sqlite-connection.ts';

const INSERT_ROW = `INSERT INTO log_rows (first_leaf, leaf_count, phase, batch_id, account_id, created_at_ms, body)
  VALUES (?, ?, ?, ?, ?, ?, ?)`;
const INSERT_TILE = 'INSERT INTO log_tiles (level, tile_index, hashes) VALUES (?, ?, ?)';
const SELECT_TILE = 'SELECT hashes FROM log_tiles WHERE level = ? AND tile_index = ?';
const SELECT_LAST = 'SELECT first_leaf, leaf_count FROM log_rows ORDER BY first_leaf DESC LIMIT 1';
const SELECT_ROW_OF_LEAF = 'SELECT first_leaf FROM log_rows WHERE first_leaf <= ? ORDER BY first_leaf DESC LIMIT 1';
const SELECT_ROWS_FROM = 'SELECT first_leaf, phase, body FROM log_rows WHERE first_leaf >= ? ORDER BY first_leaf';
const SELECT_BODY = 'SELECT body FROM log_rows WHERE first_leaf = ? AND phase = ?';

export interface AppendedRow {
  readonly phase: LogPhase;
  readonly batchId: number | undefined;
  readonly accountId: string | undefined;
  readonly createdAtMs: number;
  readonly body: Uint8Array;
}

export class SqliteLog {
  readonly #connection: SqliteConnection;
  readonly #now: () => number;
  #tree: MerkleTree;

  constructor(connection: SqliteConnection, now: () => number) {
    this.#connection = connection;
    this.#now = now;
    this.#tree = loadTree(connection);
  }

  /** Index of the next leaf. Inside a transaction, like `head` and `tile`: it runs ahead of the commit. */
  get nextLeaf(): number {
    return this.#tree.size;
  }

  mark(): () => void {
    const tree = this.#tree;
    const mark = tree.mark();
    return () => {
      tree.reset(mark);
      this.#tree = tree;
    };
  }

  /**
   * Follows the database after a failed commit or another process's writes. Rows are never changed, so that a tree of
   * the stored size is the stored tree: while the disk is full, refusing stays cheap.
   */
  reload(): void {
    if (storedSize(this.#connection) !== this.#tree.size) this.#tree = loadTree(this.#connection);
  }

  /** Inside a transaction: stores a row, and the tiles that its leaves complete. Returns its first leaf's index. */
  append(row: AppendedRow): number {
    const firstLeaf = this.#tree.size;
    const hashes = leafHashes(row.phase, row.body);
    this.#connection
      .prepare(INSERT_ROW)
      .run(
        firstLeaf,
        hashes.length / HASH_BYTES,
        row.phase,
        row.batchId ?? null,
        row.accountId === undefined ? null : idBlob(row.accountId),
        row.createdAtMs,
        row.body,
      );
    for (const tile of this.#tree.append(hashes))
      this.#connection.prepare(INSERT_TILE).run(tile.level, tile.index, tile.hashes);
    return firstLeaf;
  }

  /** Inside a transaction. */
  appendEvent(event: LogEvent): number {
    const createdAtMs = this.#now();
    const body = encodeEvent(event, createdAtMs);
    return this.append({ phase: 'event', batchId: undefined, accountId: event.accountId, createdAtMs, body });
  }

  /** The row of an intent. */
  intentBody(batchId: number): Uint8Array | undefined {
    return this.#connection.prepare(SELECT_BODY).get(batchId, 'intent')?.['body'] as Uint8Array | undefined;
  }

  head(): LogHead {
    return { size: this.#tree.size, root: this.#tree.root() };
  }

  tile(level: number, index: number): Uint8Array | undefined {
    const full = Math.floor(hashesInLevel(level, this.#tree.size) / TILE_WIDTH);
    if (index < full) return readTile(this.#connection, level, index);
    const partial = this.#tree.partialTile(level);
    return index === full && partial.length > 0 ? partial : undefined;
  }
}

/** The 16 bytes of an id, as the tables keep them. */
export function idBlob(id: string): Uint8Array {
  const bytes = Buffer.allocUnsafe(16);
  writeId(bytes, 0, id);
  return bytes;
}

/**
 * The right edge from what is stored, in a time that doesn't grow with the log: the leaves of the last, partial tile
 * from their rows, every level above from at most 255 tiles of the level below.
 */
function loadTree(connection: SqliteConnection): MerkleTree {
  const size = storedSize(connection);
  return MerkleTree.fromEdge(size, (level) => {
    const width = hashesInLevel(level, size) % TILE_WIDTH;
    if (level === 0) return lastLeafHashes(connection, size - width, width);
    const edge = Buffer.alloc(width * HASH_BYTES);
    const first = hashesInLevel(level, size) - width;
    for (let i = 0; i < width; i++)
      foldSubtree(readTile(connection, level - 1, first + i), 0, TILE_WIDTH, edge, i * HASH_BYTES);
    return edge;
  });
}

function storedSize(connection: SqliteConnection): number {
  const last = connection.prepare(SELECT_LAST).get();
  return last === undefined ? 0 : Number(last['first_leaf']) + Number(last['leaf_count']);
}

function lastLeafHashes(connection: SqliteConnection, firstLeaf: number, width: number): Uint8Array {
  const row = connection.prepare(SELECT_ROW_OF_LEAF).get(firstLeaf);
  const rows = connection.prepare(SELECT_ROWS_FROM).all(Number(row?.['first_leaf'] ?? 0));
  const start = Number(rows[0]?.['first_leaf'] ?? 0);
  const hashes = Buffer.concat(rows.map((each) => leafHashes(String(each['phase']), each['body'] as Uint8Array)));
  return hashes.subarray((firstLeaf - start) * HASH_BYTES, (firstLeaf - start + width) * HASH_BYTES);
}

function readTile(connection: SqliteConnection, level: number, index: number): Buffer {
  const hashes = connection.prepare(SELECT_TILE).get(level, index)?.['hashes'];
  if (!(hashes instanceof Uint8Array) || hashes.length !== TILE_WIDTH * HASH_BYTES)
    throw new DomainError('internal', `the log lacks tile ${level}/${index}; run "countersign log verify"`);
  return Buffer.from(hashes.buffer, hashes.byteOffset, hashes.byteLength);
}
