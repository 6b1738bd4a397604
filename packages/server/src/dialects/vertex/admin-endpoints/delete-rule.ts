import { Type } from 'typebox';
import { NOTHING } from '../answers.ts';
import { NothingSchema } from '../key-answers.ts';
import { RULE_PARAMETERS } from '../parameter-schemas.ts';
import { readRule } from '../read-reference.ts';
import { adminEndpoint } from '../role-endpoint.ts';

export const deleteRule = adminEndpoint({
  methods: ['DELETE'],
  path: '/admin/policies/delete-rule',
  request: Type.Object(RULE_PARAMETERS),
  responses: { 200: NothingSchema },
  async handle(context) {
    await context.services.policies.deleteRule(context.caller, readRule(context));
    return NOTHING;
  },
});
