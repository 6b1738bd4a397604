import { DomainError } from '@countersign/core/domain-error';

/** The list of a batch; its items are checked one by one. @throws DomainError `invalid_request`, `too_large` */
export function readItems(body: unknown, maxItems: number): readonly unknown[] {
  const members = typeof body === 'object' && body !== null && !Array.isArray(body) ? Object.keys(body) : [];
  const items =
    members.length === 1 && members[0] === 'items' ? (body as { readonly items: unknown }).items : undefined;
  if (!Array.isArray(items) || items.length === 0)
    throw new DomainError('invalid_request', 'the body is {"items": [...]} with at least one item');
  if (items.length > maxItems)
    throw new DomainError('too_large', `a request has at most ${maxItems} items (--max-batch-items)`, {
      subject: 'batch-size',
    });
  return items;
}
