import { Type } from 'typebox';
import { jsonAnswer } from '../../json-answer.ts';
import { PolicySchema, renderPolicy } from '../policy-answers.ts';
import { adminEndpoint } from '../role-endpoint.ts';

export const listAllPolicies = adminEndpoint({
  methods: ['GET'],
  path: '/admin/policies/list-all-policies',
  request: undefined,
  responses: { 200: Type.Object({ policies: Type.Array(PolicySchema) }, { additionalProperties: false }) },
  async handle({ services, caller }) {
    const policies = await services.policies.listPolicies(caller);
    return jsonAnswer(200, { policies: policies.map(renderPolicy) });
  },
});
