import { DomainError } from '@countersign/core/domain-error';
import { Type } from 'typebox';
import { jsonAnswer } from '../../json-answer.ts';
import { readParameters } from '../read-parameters.ts';
import { adminEndpoint } from '../role-endpoint.ts';

/** A user with its first API key, which is shown here and never again. `label` is the older word for `name`. */
export const createUser = adminEndpoint({
  methods: ['GET', 'POST'],
  path: '/admin/create-user',
  request: Type.Object({ name: Type.Optional(Type.String()), label: Type.Optional(Type.String()) }),
  responses: {
    200: Type.Object(
      { api_key: Type.String({ minLength: 1 }), user_id: Type.String({ format: 'uuid' }) },
      { additionalProperties: false },
    ),
  },
  async handle(context) {
    const { name, label } = readParameters(context, ['name', 'label']);
    if (name !== undefined && label !== undefined)
      throw new DomainError('invalid_request', 'label is the older word for name; give one of them');
    const user = await context.services.principals.createUser(context.caller, name ?? label);
    return jsonAnswer(200, { api_key: user.apiKeyText, user_id: user.principalId });
  },
});
