import type { PolicyRuleKind } from '../policy-rule-kind.ts';
import { exactMembers, memberOf } from './exact-members.ts';
import { isWindowMinutes, parseUsdLimit, parseUsdMicros, storedMember, WINDOW_REASON } from './usd-limit.ts';
import { valueOfView } from './value-of-view.ts';

/**
 * Triggers where a key would move more than the limit within the window, this item included, or it isn't known how much.
 * Configuration: `{limitUsd: "10000", currency?: "USD", windowMinutes: 1440}`. What has no value that is known isn't
 * counted, also where people approve it.
 */
export const amountVelocity: PolicyRuleKind = {
  kind: 'amount-velocity',
  activities: ['sign'],
  readsContent: true,
  parse(configuration) {
    const parsed = exactMembers(configuration, ['limitUsd', 'currency', 'windowMinutes']);
    if (!parsed.ok) return parsed;
    const limit = parseUsdLimit(parsed.members);
    if (!limit.ok) return limit;
    const windowMinutes = memberOf(parsed.members, 'windowMinutes');
    if (!isWindowMinutes(windowMinutes)) return { ok: false, reason: WINDOW_REASON };
    return { ok: true, value: { ...limit.value, windowMinutes } };
  },
  judge(configuration, { view, prices }) {
    const limit = parseUsdMicros(storedMember(configuration, 'limitUsd'));
    const windowMinutes = storedMember(configuration, 'windowMinutes');
    if (limit === undefined || !isWindowMinutes(windowMinutes))
      return { triggered: true, reason: 'the rule can not be read' };
    const value = valueOfView(view, prices);
    if (!value.known) return { triggered: true, reason: value.reason };
    if (value.usdMicros === 0n) return { triggered: false, reason: 'nothing of value moves' };
    return {
      triggered: false,
      reason: 'the amounts of the window would be over the limit',
      spend: {
        unit: 'usd-micros',
        windowMs: windowMinutes * 60_000,
        limit,
        // In full, also what is over the limit: people may approve it, and the limit may be raised afterwards.
        amount: value.usdMicros,
      },
    };
  },
};
