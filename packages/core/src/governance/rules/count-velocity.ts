import type { PolicyRuleKind } from '../policy-rule-kind.ts';
import { exactMembers, memberOf } from './exact-members.ts';
import { isWindowMinutes, storedMember, WINDOW_REASON } from './usd-limit.ts';

const MAX_COUNT = 1_000_000_000;

/**
 * Triggers where a key would sign more items than the limit within the window, this one included. Configuration:
 * `{limit: 100, windowMinutes: 60}`. An item counts once, however many signatures it has.
 */
export const countVelocity: PolicyRuleKind = {
  kind: 'count-velocity',
  activities: ['sign'],
  readsContent: false,
  parse(configuration) {
    const parsed = exactMembers(configuration, ['limit', 'windowMinutes']);
    if (!parsed.ok) return parsed;
    const limit = memberOf(parsed.members, 'limit');
    if (!isCount(limit)) return { ok: false, reason: `limit must be a whole number from 1 to ${MAX_COUNT}` };
    const windowMinutes = memberOf(parsed.members, 'windowMinutes');
    if (!isWindowMinutes(windowMinutes)) return { ok: false, reason: WINDOW_REASON };
    return { ok: true, value: { limit, windowMinutes } };
  },
  judge(configuration) {
    const limit = storedMember(configuration, 'limit');
    const windowMinutes = storedMember(configuration, 'windowMinutes');
    if (!isCount(limit) || !isWindowMinutes(windowMinutes))
      return { triggered: true, reason: 'the rule can not be read' };
    return {
      triggered: false,
      reason: 'the signatures of the window would be over the limit',
      spend: { unit: 'signatures', windowMs: windowMinutes * 60_000, limit: BigInt(limit), amount: 1n },
    };
  },
};

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MAX_COUNT;
}
