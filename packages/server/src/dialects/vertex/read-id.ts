import { DomainError } from '@countersign/core/domain-error';
import { type KeyId, type PrincipalId, parseId } from '@countersign/core/ids';

/** An id from a parameter of this name. @throws DomainError `invalid_request` */
export function readId<Id extends KeyId | PrincipalId>(name: string, text: string): Id {
  const id = parseId<Id>(text);
  if (id === undefined) throw new DomainError('invalid_request', `${name} must be a UUID`);
  return id;
}
