import { DomainError } from '@countersign/core/domain-error';
import type { Endpoint } from '../../dialect.ts';
import { parseVerifyItems } from '../parse-items.ts';
import { renderSingle } from '../render-results.ts';
import { VerifyRequestSchema, VerifyResponseSchema } from '../sign-schemas.ts';

/** One verification: a batch of one. */
export const verify: Endpoint = {
  method: 'POST',
  path: '/crypto/v1/verify',
  authentication: 'api-key-or-session',
  permissions: ['verify'],
  request: VerifyRequestSchema,
  responses: { 200: VerifyResponseSchema },
  async handle({ services, caller, body }) {
    const [result] = await services.verifyBatch(caller, await parseVerifyItems(services, caller, [body]));
    if (result === undefined) throw new DomainError('internal', 'a batch of one gave no result');
    return renderSingle(result);
  },
};
