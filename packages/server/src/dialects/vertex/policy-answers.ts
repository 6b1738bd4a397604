/** Rules and policies on the wire. */
import type { ExternalRule, Policy } from '@countersign/core/policy/external/external-rule';
import { Type } from 'typebox';

const CLOSED = { additionalProperties: false };

export const RuleSchema = Type.Object(
  {
    rule_id: Type.String({ format: 'uuid' }),
    name: Type.String(),
    type: Type.Literal('External'),
    url: Type.String(),
    pubkey: Type.String({ description: 'PEM' }),
    jwt_alg: Type.String(),
  },
  CLOSED,
);

export const PolicySchema = Type.Object(
  {
    policy_id: Type.String({ format: 'uuid' }),
    name: Type.String(),
    rules: Type.Array(Type.String({ format: 'uuid', description: 'A rule_id' })),
  },
  CLOSED,
);

export function renderRule(rule: ExternalRule): unknown {
  return {
    rule_id: rule.id,
    name: rule.name,
    type: 'External',
    url: rule.url,
    pubkey: rule.publicKeyPem,
    jwt_alg: rule.algorithm,
  };
}

export function renderPolicy({ id, name, ruleIds }: Policy): unknown {
  return { policy_id: id, name, rules: ruleIds };
}
