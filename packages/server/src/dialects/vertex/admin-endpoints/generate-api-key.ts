import type { PrincipalId } from '@countersign/core/ids';
import { Type } from 'typebox';
import { jsonAnswer } from '../../json-answer.ts';
import { readId } from '../read-id.ts';
import { readParameter } from '../read-parameters.ts';
import { adminEndpoint } from '../role-endpoint.ts';

/** One more API key for a user; those that it has stay valid. */
export const generateApiKey = adminEndpoint({
  methods: ['GET', 'POST'],
  path: '/admin/generate-api-key',
  request: Type.Object({ user_id: Type.String() }),
  responses: { 200: Type.Object({ api_key: Type.String({ minLength: 1 }) }, { additionalProperties: false }) },
  async handle(context) {
    const userId = readId<PrincipalId>('user_id', readParameter(context, 'user_id'));
    return jsonAnswer(200, { api_key: await context.services.principals.createApiKey(context.caller, userId) });
  },
});
