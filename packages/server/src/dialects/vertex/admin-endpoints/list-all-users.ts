import type { PrincipalId } from '@countersign/core/ids';
import { Type } from 'typebox';
import { jsonAnswer } from '../../json-answer.ts';
import { checkComplete, entriesToRead, readPage } from '../read-page.ts';
import { adminEndpoint } from '../role-endpoint.ts';

/** Ours: the users in order of id. */
export const listAllUsers = adminEndpoint({
  methods: ['GET'],
  path: '/admin/list-all-users',
  request: undefined,
  responses: {
    200: Type.Object(
      {
        users: Type.Array(
          Type.Object(
            {
              user_id: Type.String({ format: 'uuid' }),
              name: Type.Optional(Type.String()),
              api_keys: Type.Integer({ minimum: 0, description: 'How many it has.' }),
            },
            { additionalProperties: false },
          ),
        ),
      },
      { additionalProperties: false },
    ),
  },
  async handle(context) {
    const page = readPage<PrincipalId>(context);
    const users = await context.services.principals.listUsers(context.caller, {
      after: page.after,
      limit: entriesToRead(page),
    });
    checkComplete(users);
    return jsonAnswer(200, {
      users: users.map(({ principalId, name, apiKeyCount }) => ({
        user_id: principalId,
        ...(name !== undefined && { name }),
        api_keys: apiKeyCount,
      })),
    });
  },
});
