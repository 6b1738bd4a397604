import { Type } from 'typebox';
import type { Endpoint } from '../../dialect.ts';
import { readBatch } from '../batch-body.ts';
import { parseVerifyItems } from '../parse-items.ts';
import { renderBatch } from '../render-results.ts';
import { BatchVerifyResponseSchema, VerifyRequestSchema } from '../sign-schemas.ts';

/** Many verifications in one call; a signature that doesn't verify is a result, not an error. */
export const batchVerify: Endpoint = {
  method: 'POST',
  path: '/crypto/v1/keys/batch/verify',
  authentication: 'api-key-or-session',
  permissions: ['verify'],
  request: Type.Array(VerifyRequestSchema),
  responses: { 200: BatchVerifyResponseSchema },
  async handle({ services, caller, limits, body }) {
    const items = await parseVerifyItems(services, caller, readBatch(body, limits));
    return renderBatch(await services.verifyBatch(caller, items));
  },
};
