import { DomainError } from '@countersign/core/domain-error';

/** Calls without a body send `{}` or nothing. @throws DomainError `invalid_request` for anything else */
export function refuseBody(body: unknown): void {
  const isEmpty = body === undefined || (typeof body === 'object' && body !== null && Object.keys(body).length === 0);
  if (!isEmpty) throw new DomainError('invalid_request', 'the body of this call is {}');
}
