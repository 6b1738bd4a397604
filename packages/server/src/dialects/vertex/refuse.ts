import { DomainError } from '@countersign/core/domain-error';
import type { ParsedItem } from '@countersign/core/signing-item';

type Refused = Extract<ParsedItem<never>, { readonly ok: false }>;

/** What a member of a request can't be. In a batch it is the answer to one element; alone it is thrown. */
export function refuse(reason: string): Refused {
  return { ok: false, code: 'invalid_request', reason };
}

/** @throws DomainError what was refused */
export function orThrow<Item>(parsed: ParsedItem<Item>): Item {
  if (parsed.ok) return parsed.item;
  throw new DomainError(parsed.code, parsed.reason);
}
