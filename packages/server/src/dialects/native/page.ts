/** `limit` and `after` of our own lists. `next` is there where more follow, and is the next page's `after`. */
import { DomainError } from '@countersign/core/domain-error';
import type { Page, PageQuery } from '@countersign/core/page';
import { type TObject, type TSchema, Type } from 'typebox';
import type { PublicContext } from '../dialect.ts';
import { type IdPrefix, parsePrefixedId } from '../prefixed-id.ts';
import { readPageQuery, readQuery } from '../wire-page.ts';

const DEFAULT_LIMIT = 100;

const PAGE_PARAMETERS = { limit: Type.Integer({ minimum: 1, maximum: 1000 }), after: Type.String() };

/** Query parameters of a list: its own, and those of every list. */
export function pageParameters(own: Readonly<Record<string, TSchema>> = {}): Readonly<Record<string, TSchema>> {
  return { ...PAGE_PARAMETERS, ...own };
}

export function pageSchema<Item extends TSchema>(item: Item): TObject {
  return Type.Object({ items: Type.Array(item), next: Type.Optional(Type.String()) });
}

/** `own`: the list's own query parameters. @throws DomainError `invalid_request` */
export function readPage<Prefix extends IdPrefix, Name extends string = never>(
  query: PublicContext['query'],
  prefix: Prefix,
  own: Readonly<Record<Name, TSchema>> = {} as Readonly<Record<Name, TSchema>>,
): {
  readonly page: PageQuery<NonNullable<ReturnType<typeof parsePrefixedId<Prefix>>>>;
  readonly parameters: Readonly<Partial<Record<Name, string>>>;
} {
  const { limit, after, ...parameters } = readQuery(query, ['limit', 'after', ...Object.keys(own)]) as Readonly<
    Partial<Record<Name | 'limit' | 'after', string>>
  >;
  if (after !== undefined && parsePrefixedId(prefix, after) === undefined)
    throw new DomainError('invalid_request', 'after must be the next of a former answer');
  const page = readPageQuery(
    { ...(limit !== undefined && { limit }), ...(after !== undefined && { paginationToken: after }) },
    DEFAULT_LIMIT,
    (text) => parsePrefixedId(prefix, text),
  );
  return { page, parameters: parameters as Readonly<Partial<Record<Name, string>>> };
}

export function writePage<Item>(
  { items, more }: Page<Item>,
  render: (item: Item) => unknown,
  id: (item: Item) => string,
): Readonly<Record<string, unknown>> {
  const last = items.at(-1);
  return { items: items.map(render), ...(more && last !== undefined && { next: id(last) }) };
}
