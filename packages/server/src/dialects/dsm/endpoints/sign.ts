import { DomainError } from '@countersign/core/domain-error';
import type { Endpoint } from '../../dialect.ts';
import { parseSignItems } from '../parse-items.ts';
import { renderSingle } from '../render-results.ts';
import { SignRequestSchema, SignResponseSchema } from '../sign-schemas.ts';

/** One signature: a batch of one. */
export const sign: Endpoint = {
  method: 'POST',
  path: '/crypto/v1/sign',
  authentication: 'api-key-or-session',
  permissions: ['sign'],
  request: SignRequestSchema,
  responses: { 200: SignResponseSchema },
  async handle({ services, caller, body }) {
    const [result] = await services.signBatch(caller, await parseSignItems(services, caller, [body]));
    if (result === undefined) throw new DomainError('internal', 'a batch of one gave no result');
    return renderSingle(result);
  },
};
