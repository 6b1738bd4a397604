/** Pages of ids of version 7, newest first, out of ranges of indexes that are in this order already. */
import { DomainError } from '@countersign/core/domain-error';
import { idText } from './key-row.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import { toDomainError } from './sqlite-fault.ts';
import { idBlob } from './sqlite-log.ts';

const MAX_LISTED = 1_000;
/** Later than every id. */
const END = Buffer.alloc(17, 0xff);

/** Rows of a table with these equal cells, in any of these statuses. An index has the cells, the status and the id. */
export interface NewestRange {
  readonly table: string;
  /** `status`, or what stands for it in the index. */
  readonly statusColumn?: string;
  /** One more condition, for rows of the index that are of other kinds: few, or it takes long. */
  readonly only?: string;
  readonly cells: Readonly<Record<string, Uint8Array>>;
  readonly statuses: readonly string[];
}

/**
 * SQL of one range, with the parameters of `cells` and `before`, `limit`. One term for each status: SQLite merges
 * them row by row, where `IN (...)` would collect and sort all of them.
 */
export function newestSql({ table, statusColumn = 'status', only = '', cells, statuses }: NewestRange): string {
  const equal = Object.keys(cells).map((name) => `${name} = :${name}`);
  const terms = statuses.map(
    (status) => `SELECT id FROM ${table}
      WHERE ${equal.join(' AND ')} AND ${statusColumn} = '${status}' AND id < :before ${only}`,
  );
  return `${terms.join(' UNION ALL ')} ORDER BY id DESC LIMIT :limit`;
}

/** The ids of one page, out of all ranges together, each once. @throws DomainError `invalid_request` for a bad limit */
export function newestIds<Id extends string>(
  connection: SqliteConnection,
  ranges: readonly NewestRange[],
  { after, limit }: { readonly after: Id | undefined; readonly limit: number },
): { readonly ids: readonly Id[]; readonly more: boolean } {
  const count = pageLimit(limit);
  const before = after === undefined ? END : idBlob(after);
  const found = new Set<Id>();
  for (const range of ranges) {
    const parameters = { ...range.cells, before, limit: count + 1 };
    try {
      for (const row of connection.prepare(newestSql(range)).all(parameters)) found.add(idText(row['id']) as Id);
    } catch (error) {
      throw toDomainError(error);
    }
  }
  // Lower-case hexadecimal sorts as its bytes do.
  const ids = ranges.length === 1 ? [...found] : [...found].sort().reverse();
  return { ids: ids.slice(0, count), more: ids.length > count };
}

function pageLimit(limit: number): number {
  if (!Number.isSafeInteger(limit) || limit < 1)
    throw new DomainError('invalid_request', 'the limit is not a positive count');
  return Math.min(limit, MAX_LISTED);
}
