import type { AccountId } from '../ids.ts';
import type { LogPhase } from '../log/log-row.ts';

/** Size and root of the log's Merkle tree. */
export interface LogHead {
  readonly size: number;
  /** 32 bytes (RFC 6962, section 2.1). */
  readonly root: Uint8Array;
}

/** A row as it is stored: its leaves follow from `phase` and `body` (`log-row.ts`). */
export interface StoredLogRow {
  readonly firstLeaf: number;
  readonly leafCount: number;
  readonly phase: LogPhase;
  readonly createdAtMs: number;
  readonly body: Uint8Array;
}

export interface LogRowQuery {
  readonly accountId: AccountId;
  /** Rows that begin at this leaf or after it. */
  readonly fromLeaf: number;
  /** Most rows, at least 1. */
  readonly limit: number;
  /** Most bytes of all bodies together; the first row comes whatever its size. */
  readonly maxBytes: number;
}

/** The log as it is read: durable entries only. */
export interface LogReader {
  /** Folds the tree's edge: for checkpoints, not for every request. */
  head(): Promise<LogHead>;
  /** A tile (C2SP tlog-tiles): 256 hashes of 32 bytes, fewer in the last one of a level; undefined where there is none. */
  readTile(level: number, index: number): Promise<Uint8Array | undefined>;
  /**
   * Rows of one account, in order. Looks at a bounded number of rows of all accounts, so that there may be none in the
   * answer although more follow. `next` is where to go on, undefined at the end of the log.
   */
  readRows(query: LogRowQuery): Promise<{ readonly rows: readonly StoredLogRow[]; readonly next: number | undefined }>;
}
