import { DomainError } from '@countersign/core/domain-error';
import type { KeyId, PrincipalId } from '@countersign/core/ids';
import { Type } from 'typebox';
import type { AuthenticatedContext } from '../../dialect.ts';
import { jsonAnswer } from '../../json-answer.ts';
import { KeyEntrySchema, listKeys } from '../list-keys.ts';
import { readId } from '../read-id.ts';
import { readPage } from '../read-page.ts';
import { readParameter } from '../read-parameters.ts';
import { adminEndpoint } from '../role-endpoint.ts';

/** The key shares of one user. */
export const listAllUserKeys = adminEndpoint({
  methods: ['GET'],
  path: '/admin/list-all-user-keys',
  request: undefined,
  responses: { 200: Type.Object({ keys: Type.Array(KeyEntrySchema) }, { additionalProperties: false }) },
  async handle(context) {
    const userId = readId<PrincipalId>('user_id', readParameter(context, 'user_id'));
    const entries = await listKeys(context.services, context.caller, readPage<KeyId>(context), userId);
    if (entries.length === 0) await checkUser(context, userId);
    return jsonAnswer(200, { keys: entries.map(({ wire }) => wire) });
  },
});

/** @throws DomainError `not_found` with subject `user` */
async function checkUser({ services, caller }: AuthenticatedContext, userId: PrincipalId): Promise<void> {
  const users = await services.principals.listUsers(caller);
  if (!users.some(({ principalId }) => principalId === userId))
    throw new DomainError('not_found', 'no such user', { subject: 'user' });
}
