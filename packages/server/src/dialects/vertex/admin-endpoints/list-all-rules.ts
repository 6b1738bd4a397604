import { Type } from 'typebox';
import { jsonAnswer } from '../../json-answer.ts';
import { RuleSchema, renderRule } from '../policy-answers.ts';
import { adminEndpoint } from '../role-endpoint.ts';

export const listAllRules = adminEndpoint({
  methods: ['GET'],
  path: '/admin/policies/list-all-rules',
  request: undefined,
  responses: { 200: Type.Object({ rules: Type.Array(RuleSchema) }, { additionalProperties: false }) },
  async handle({ services, caller }) {
    const rules = await services.policies.listRules(caller);
    return jsonAnswer(200, { rules: rules.map(renderRule) });
  },
});
