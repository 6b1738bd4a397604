import { DomainError } from '@countersign/core/domain-error';
import { parseId, type RuleId } from '@countersign/core/ids';
import { Type } from 'typebox';
import { jsonAnswer } from '../../json-answer.ts';
import { NameSchema } from '../name-schema.ts';
import { createBodyReader } from '../read-body.ts';
import { adminEndpoint } from '../role-endpoint.ts';

const Request = Type.Object({
  name: NameSchema,
  rules: Type.Array(Type.String({ description: 'A rule_id' }), { maxItems: 1000 }),
});
const readRequest = createBodyReader(Request);

/** A named set of rules, all of which must say yes; an empty one lets everything pass. */
export const createPolicy = adminEndpoint({
  methods: ['POST'],
  path: '/admin/policies/create-policy',
  request: Request,
  responses: { 200: Type.Object({ policy_id: Type.String({ format: 'uuid' }) }, { additionalProperties: false }) },
  async handle({ services, caller, body }) {
    const { name, rules } = readRequest(body);
    const policy = await services.policies.createPolicy(caller, {
      name,
      rules: rules.map((text) => ({ by: 'id' as const, id: readRuleId(text) })),
    });
    return jsonAnswer(200, { policy_id: policy.id });
  },
});

function readRuleId(text: string): RuleId {
  const id = parseId<RuleId>(text);
  if (id === undefined) throw new DomainError('invalid_request', 'rules must hold the rule_id of each rule');
  return id;
}
