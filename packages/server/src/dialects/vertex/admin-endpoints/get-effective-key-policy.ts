import { Type } from 'typebox';
import { jsonAnswer } from '../../json-answer.ts';
import { PolicySchema, RuleSchema, renderRule } from '../policy-answers.ts';
import { readKeyParameter } from '../read-reference.ts';
import { adminEndpoint } from '../role-endpoint.ts';

/** What a key without any policy has, as a bare string. */
const NO_POLICY = 'none';

/** The policy that holds for a key: its own, otherwise the default of the user who made it. */
export const getEffectiveKeyPolicy = adminEndpoint({
  methods: ['GET'],
  path: '/admin/policies/get-effective-key-policy',
  request: undefined,
  responses: {
    200: Type.Union([
      Type.Literal(NO_POLICY),
      Type.Object(
        {
          attached: Type.Object(
            {
              policy_id: PolicySchema.properties.policy_id,
              name: Type.String(),
              rules: Type.Array(RuleSchema),
              origin: Type.Union([Type.Literal('key'), Type.Literal('user_default')]),
            },
            { additionalProperties: false },
          ),
        },
        { additionalProperties: false },
      ),
    ]),
  },
  async handle(context) {
    const effective = await context.services.policies.effectivePolicy(context.caller, readKeyParameter(context));
    if (effective === undefined) return jsonAnswer(200, NO_POLICY);
    const { attached, origin, rules } = effective;
    return jsonAnswer(200, {
      attached: {
        policy_id: attached.id,
        name: attached.name,
        rules: rules.map(renderRule),
        origin: origin === 'key' ? 'key' : 'user_default',
      },
    });
  },
});
