import { Type } from 'typebox';
import { NOTHING } from '../answers.ts';
import { NothingSchema } from '../key-answers.ts';
import { POLICY_PARAMETERS } from '../parameter-schemas.ts';
import { readPolicy } from '../read-reference.ts';
import { adminEndpoint } from '../role-endpoint.ts';

export const deletePolicy = adminEndpoint({
  methods: ['DELETE'],
  path: '/admin/policies/delete-policy',
  request: Type.Object(POLICY_PARAMETERS),
  responses: { 200: NothingSchema },
  async handle(context) {
    await context.services.policies.deletePolicy(context.caller, readPolicy(context));
    return NOTHING;
  },
});
