import type { PrincipalId } from '@countersign/core/ids';
import { Type } from 'typebox';
import { NOTHING } from '../answers.ts';
import { NothingSchema } from '../key-answers.ts';
import { readId } from '../read-id.ts';
import { readParameter } from '../read-parameters.ts';
import { adminEndpoint } from '../role-endpoint.ts';

/** Refused while the user still owns key shares. */
export const deleteUser = adminEndpoint({
  methods: ['DELETE'],
  path: '/admin/delete-user',
  request: Type.Object({ user_id: Type.String() }),
  responses: { 200: NothingSchema },
  async handle(context) {
    const userId = readId<PrincipalId>('user_id', readParameter(context, 'user_id'));
    await context.services.principals.deleteUser(context.caller, userId);
    return NOTHING;
  },
});
