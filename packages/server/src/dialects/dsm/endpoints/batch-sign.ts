import { Type } from 'typebox';
import type { Endpoint } from '../../dialect.ts';
import { readBatch } from '../batch-body.ts';
import { parseSignItems } from '../parse-items.ts';
import { renderBatch } from '../render-results.ts';
import { BatchSignResponseSchema, SignRequestSchema } from '../sign-schemas.ts';

/** Many signatures in one call: any mix of keys and modes, answers in order, each item with its own status. */
export const batchSign: Endpoint = {
  method: 'POST',
  path: '/crypto/v1/keys/batch/sign',
  authentication: 'api-key-or-session',
  permissions: ['sign'],
  request: Type.Array(SignRequestSchema),
  responses: { 200: BatchSignResponseSchema },
  async handle({ services, caller, limits, body }) {
    // Not awaited one by one: this frame would hold every parsed item until the last signature is there.
    return parseSignItems(services, caller, readBatch(body, limits))
      .then((items) => services.signBatch(caller, items))
      .then(renderBatch);
  },
};
