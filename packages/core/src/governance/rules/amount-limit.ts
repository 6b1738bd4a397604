import type { PolicyRuleKind } from '../policy-rule-kind.ts';
import { exactMembers } from './exact-members.ts';
import { parseUsdLimit, parseUsdMicros, storedMember } from './usd-limit.ts';
import { valueOfView } from './value-of-view.ts';

/**
 * Triggers where one item moves more than the limit, or it isn't known how much. Exactly the limit doesn't trigger.
 * Configuration: `{limitUsd: "1500.50", currency?: "USD"}`.
 */
export const amountLimit: PolicyRuleKind = {
  kind: 'amount-limit',
  activities: ['sign'],
  readsContent: true,
  parse(configuration) {
    const parsed = exactMembers(configuration, ['limitUsd', 'currency']);
    return parsed.ok ? parseUsdLimit(parsed.members) : parsed;
  },
  judge(configuration, { view, prices }) {
    const limit = parseUsdMicros(storedMember(configuration, 'limitUsd'));
    if (limit === undefined) return { triggered: true, reason: 'the rule can not be read' };
    const value = valueOfView(view, prices);
    if (!value.known) return { triggered: true, reason: value.reason };
    return value.usdMicros > limit
      ? { triggered: true, reason: 'the amount is over the limit' }
      : { triggered: false, reason: 'the amount is within the limit' };
  },
};
