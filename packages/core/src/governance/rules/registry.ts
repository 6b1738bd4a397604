/** All kinds of policy rules. Adding one: its file, and a line here. */
import type { PolicyRuleKind } from '../policy-rule-kind.ts';
import { always } from './always.ts';
import { amountLimit } from './amount-limit.ts';
import { amountVelocity } from './amount-velocity.ts';
import { countVelocity } from './count-velocity.ts';
import { recipientWhitelist } from './recipient-whitelist.ts';
import { screening } from './screening.ts';

export const POLICY_RULE_KINDS: readonly PolicyRuleKind[] = [
  always,
  recipientWhitelist,
  amountLimit,
  amountVelocity,
  countVelocity,
  screening,
];

const BY_KIND: ReadonlyMap<string, PolicyRuleKind> = new Map(POLICY_RULE_KINDS.map((rule) => [rule.kind, rule]));

/** Undefined for a kind that isn't registered. */
export function findPolicyRuleKind(kind: string): PolicyRuleKind | undefined {
  return BY_KIND.get(kind);
}
