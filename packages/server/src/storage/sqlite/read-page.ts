import { setImmediate } from 'node:timers/promises';
import { DomainError } from '@countersign/core/domain-error';
import type { Page } from '@countersign/core/page';

const MAX_LIMIT = 1_000;

/**
 * A page of at most `limit` items, from a read of one row more: that one says whether others follow. Whoever reads all
 * pages in a row doesn't keep others waiting for all of them.
 * @throws DomainError `invalid_request` for a limit that isn't 1 to 1,000
 */
export async function readPage<Row, Item>(
  limit: number,
  read: (count: number) => readonly Row[],
  itemOf: (row: Row) => Item | Promise<Item>,
): Promise<Page<Item>> {
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > MAX_LIMIT)
    throw new DomainError('invalid_request', `a page has 1 to ${MAX_LIMIT} items`);
  const rows = read(limit + 1);
  const items: Item[] = [];
  for (const row of rows.slice(0, limit)) items.push(await itemOf(row));
  await setImmediate();
  return { items, more: rows.length > limit };
}
