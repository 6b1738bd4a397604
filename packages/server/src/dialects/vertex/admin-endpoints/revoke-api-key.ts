import { Type } from 'typebox';
import { NOTHING } from '../answers.ts';
import { NothingSchema } from '../key-answers.ts';
import { readParameter } from '../read-parameters.ts';
import { adminEndpoint } from '../role-endpoint.ts';

/** Ends an API key. It can be given in the body, so that it needn't stand in a URL while it is still good. */
export const revokeApiKey = adminEndpoint({
  methods: ['DELETE'],
  path: '/admin/revoke-api-key',
  request: Type.Object({ api_key: Type.String() }),
  responses: { 200: NothingSchema },
  async handle(context) {
    await context.services.principals.revokeApiKey(context.caller, readParameter(context, 'api_key'));
    return NOTHING;
  },
});
