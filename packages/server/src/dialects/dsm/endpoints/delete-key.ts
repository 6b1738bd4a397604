import type { Endpoint } from '../../dialect.ts';
import { NO_CONTENT } from '../answers.ts';
import { readKid } from '../read-kid.ts';

export const deleteKey: Endpoint = {
  method: 'DELETE',
  path: '/crypto/v1/keys/:kid',
  authentication: 'api-key-or-session',
  permissions: ['delete-key'],
  request: undefined,
  responses: { 204: undefined },
  async handle({ services, caller, params }) {
    await services.keys.remove(caller, readKid(params));
    return NO_CONTENT;
  },
};
