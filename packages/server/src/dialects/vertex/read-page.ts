/** `after` and `limit`, ours, for lists that were published without pages. */
import { DomainError } from '@countersign/core/domain-error';
import type { KeyId, PrincipalId } from '@countersign/core/ids';
import type { PublicContext } from '../dialect.ts';
import { readId } from './read-id.ts';
import { readParameters } from './read-parameters.ts';

/** Most entries of an answer. A list that has more must be asked for in pages, and says so: it is never cut silently. */
const MAX_ENTRIES = 10_000;

export interface Page<Id> {
  /** Exclusive. */
  readonly after: Id | undefined;
  /** Undefined: everything. */
  readonly limit: number | undefined;
}

/** @throws DomainError `invalid_request` */
export function readPage<Id extends KeyId | PrincipalId>(context: Pick<PublicContext, 'query' | 'body'>): Page<Id> {
  const { after, limit } = readParameters(context, ['after', 'limit']);
  const number = limit === undefined ? undefined : Number(/^[0-9]{1,6}$/.test(limit) ? limit : 0);
  if (number !== undefined && (number < 1 || number > MAX_ENTRIES))
    throw new DomainError('invalid_request', `limit must be a whole number from 1 to ${MAX_ENTRIES}`);
  return { after: after === undefined ? undefined : readId<Id>('after', after), limit: number };
}

/** How many entries to collect at most: without a limit one more than may be answered, to see that there are more. */
export function entriesToRead({ limit }: Page<unknown>): number {
  return limit ?? MAX_ENTRIES + 1;
}

/** @throws DomainError `too_large` where all were asked for and there are more than an answer may hold */
export function checkComplete(entries: readonly unknown[]): void {
  if (entries.length > MAX_ENTRIES)
    throw new DomainError('too_large', `there are more than ${MAX_ENTRIES}; ask in pages, with limit and after`);
}
