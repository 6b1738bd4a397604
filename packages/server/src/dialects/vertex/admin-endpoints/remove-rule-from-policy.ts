import { Type } from 'typebox';
import { NOTHING } from '../answers.ts';
import { NothingSchema } from '../key-answers.ts';
import { POLICY_PARAMETERS, RULE_PARAMETERS } from '../parameter-schemas.ts';
import { readPolicy, readRule } from '../read-reference.ts';
import { adminEndpoint } from '../role-endpoint.ts';

export const removeRuleFromPolicy = adminEndpoint({
  methods: ['POST'],
  path: '/admin/policies/remove-rule-from-policy',
  request: Type.Object({ ...POLICY_PARAMETERS, ...RULE_PARAMETERS }),
  responses: { 200: NothingSchema },
  async handle(context) {
    await context.services.policies.removeRuleFromPolicy(context.caller, readPolicy(context), readRule(context));
    return NOTHING;
  },
});
