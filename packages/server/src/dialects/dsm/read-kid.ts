import { DomainError } from '@countersign/core/domain-error';
import { type KeyId, parseId } from '@countersign/core/ids';

/** The `kid` in a path. @throws DomainError `invalid_request` */
export function readKid(params: Readonly<Record<string, string>>): KeyId {
  const id = parseId<KeyId>(params['kid'] ?? '');
  if (id === undefined) throw new DomainError('invalid_request', 'the key id in the path must be a UUID');
  return id;
}
