/** `limit` and `paginationToken`. A token is the last item's id, so that it means the same on every server. */
import { DomainError } from '@countersign/core/domain-error';
import type { Page, PageQuery } from '@countersign/core/page';
import { type TSchema, Type } from 'typebox';
import type { PublicContext } from './dialect.ts';
import type { WirePage } from './wire-values.ts';

const MAX_LIMIT = 1000;

/** Query parameters of a list, for documentation: `limit`, `paginationToken`, and its own. */
export function pageParameters(...own: readonly string[]): Readonly<Record<string, TSchema>> {
  return {
    limit: Type.Integer({ minimum: 1 }),
    paginationToken: Type.String(),
    ...Object.fromEntries(own.map((name) => [name, Type.String()])),
  };
}

/** @throws DomainError `invalid_request` for an unknown parameter, one that is given twice, or a bad value */
export function readQuery<const Name extends string>(
  query: PublicContext['query'],
  names: readonly Name[],
): Readonly<Partial<Record<Name, string>>> {
  const read: Partial<Record<string, string>> = {};
  for (const [name, value] of Object.entries(query)) {
    if (!(names as readonly string[]).includes(name))
      throw new DomainError(
        'invalid_request',
        `this call takes the query parameters ${names.join(', ')} and no others`,
      );
    if (typeof value !== 'string') throw new DomainError('invalid_request', `${name} is given twice`);
    read[name] = value;
  }
  return read as Partial<Record<Name, string>>;
}

/** @throws DomainError `invalid_request` */
export function readPageQuery<Id>(
  query: Readonly<{ readonly limit?: string; readonly paginationToken?: string }>,
  defaultLimit: number,
  parse: (text: string) => Id | undefined,
): PageQuery<Id> {
  const { limit, paginationToken } = query;
  const number = limit === undefined ? defaultLimit : Number(/^[0-9]{1,6}$/.test(limit) ? limit : 0);
  if (number < 1) throw new DomainError('invalid_request', 'limit must be a whole number from 1');
  const after = paginationToken === undefined ? undefined : parse(paginationToken);
  if (paginationToken !== undefined && after === undefined)
    throw new DomainError('invalid_request', 'paginationToken must be the nextPageToken of a former answer');
  return { after, limit: Math.min(number, MAX_LIMIT) };
}

/** Without `nextPageToken` on the last page: clients go on for as long as it is there. */
export function renderPage<Item>(
  page: Page<Item>,
  render: (item: Item) => unknown,
  token: (item: Item) => string,
): WirePage {
  const last = page.items.at(-1);
  return {
    items: page.items.map(render),
    ...(page.more && last !== undefined && { nextPageToken: token(last) }),
  };
}
