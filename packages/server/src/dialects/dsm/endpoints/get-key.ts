import type { Endpoint } from '../../dialect.ts';
import { jsonAnswer } from '../../json-answer.ts';
import { readKid } from '../read-kid.ts';
import { renderSobject, SobjectSchema } from '../sobject.ts';

/** The older look-up by id, which several clients still use. */
export const getKey: Endpoint = {
  method: 'GET',
  path: '/crypto/v1/keys/:kid',
  authentication: 'api-key-or-session',
  permissions: [],
  request: undefined,
  responses: { 200: SobjectSchema },
  async handle({ services, caller, params }) {
    const key = await services.keys.find(caller, { by: 'id', id: readKid(params) });
    return jsonAnswer(200, renderSobject(key, caller, undefined));
  },
};
