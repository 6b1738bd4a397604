import { DomainError } from '@countersign/core/domain-error';
import type { RequestLimits } from '@countersign/core/services';

/** The array of a batch, its items unseen. @throws DomainError `invalid_request` */
export function readBatch(body: unknown, limits: RequestLimits): readonly unknown[] {
  if (!Array.isArray(body)) throw new DomainError('invalid_request', 'the body must be an array of requests');
  if (body.length > limits.maxBatchItems)
    throw new DomainError(
      'invalid_request',
      `a batch may have at most ${limits.maxBatchItems} items, this one has ${body.length}`,
    );
  return body;
}
