import { DomainError } from '@countersign/core/domain-error';
import { renderBatch } from '../render-signatures.ts';
import { userEndpoint } from '../role-endpoint.ts';
import type { SchemeEndpoint } from '../scheme-endpoint.ts';
import { signRequests } from '../sign-requests.ts';
import { BatchSignRequestSchema, BatchSignResponseSchema } from '../sign-schemas.ts';

/** Many signatures in one exchange with the other parties. Answers in order; a bad element spoils no other. */
export const batchSign: SchemeEndpoint = (scheme) =>
  userEndpoint(['sign'], {
    methods: ['POST'],
    path: `/${scheme.word}/batch-sign`,
    request: BatchSignRequestSchema,
    responses: { 200: BatchSignResponseSchema },
    async handle({ services, caller, limits, body }) {
      return renderBatch(await signRequests(services, caller, scheme, readElements(body, limits.maxCeremonyItems)));
    },
  });

/** The elements, unseen. @throws DomainError `invalid_request`, or `too_large` with subject `batch-size` */
function readElements(body: unknown, maxItems: number): readonly unknown[] {
  const elements =
    typeof body === 'object' && body !== null && Object.hasOwn(body, 'sign_requests')
      ? (body as { readonly sign_requests: unknown }).sign_requests
      : undefined;
  if (!Array.isArray(elements))
    throw new DomainError('invalid_request', 'the body must be an object with a list sign_requests');
  if (elements.length > maxItems)
    throw new DomainError(
      'too_large',
      `a batch may have at most ${maxItems} sign_requests, this one has ${elements.length}`,
      { subject: 'batch-size' },
    );
  return elements;
}
