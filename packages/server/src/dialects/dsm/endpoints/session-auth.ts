import { DomainError } from '@countersign/core/domain-error';
import { Type } from 'typebox';
import type { Endpoint } from '../../dialect.ts';
import { jsonAnswer } from '../../json-answer.ts';

/** Opens a session for an API key. */
export const sessionAuth: Endpoint = {
  method: 'POST',
  path: '/sys/v1/session/auth',
  authentication: 'api-key',
  permissions: [],
  request: undefined,
  responses: {
    200: Type.Object({
      token_type: Type.Literal('Bearer'),
      expires_in: Type.Integer({ minimum: 1 }),
      access_token: Type.String({ minLength: 1 }),
      entity_id: Type.String({ format: 'uuid' }),
    }),
  },
  async handle({ services, caller, body }) {
    // The other ways to log in name themselves in a body; to ignore it would open another session than was asked for.
    if (typeof body === 'object' && body !== null && Object.keys(body).length > 0)
      throw new DomainError(
        'not_supported',
        'logging in with a body is not supported yet; send Basic <API key> and no body',
      );
    const { token, expiresInSeconds } = await services.sessions.open(caller);
    return jsonAnswer(200, {
      token_type: 'Bearer',
      expires_in: expiresInSeconds,
      access_token: token,
      entity_id: caller.principal.id,
    });
  },
};
