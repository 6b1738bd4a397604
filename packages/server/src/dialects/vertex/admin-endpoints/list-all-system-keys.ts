import type { KeyId } from '@countersign/core/ids';
import { Type } from 'typebox';
import { jsonAnswer } from '../../json-answer.ts';
import { KeyEntrySchema, listKeys } from '../list-keys.ts';
import { readPage } from '../read-page.ts';
import { adminEndpoint } from '../role-endpoint.ts';

/** Every key share of the server, by the user who owns it. */
export const listAllSystemKeys = adminEndpoint({
  methods: ['GET'],
  path: '/admin/list-all-system-keys',
  request: undefined,
  responses: {
    200: Type.Object(
      { keys_by_user: Type.Record(Type.String(), Type.Array(KeyEntrySchema)) },
      { additionalProperties: false },
    ),
  },
  async handle(context) {
    const entries = await listKeys(context.services, context.caller, readPage<KeyId>(context));
    const byUser = Map.groupBy(entries, ({ userId }) => userId);
    return jsonAnswer(200, {
      keys_by_user: Object.fromEntries([...byUser].map(([user, keys]) => [user, keys.map(({ wire }) => wire)])),
    });
  },
});
