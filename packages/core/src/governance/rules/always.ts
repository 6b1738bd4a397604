import { ACTIVITY_KINDS } from '../approval.ts';
import type { PolicyRuleKind } from '../policy-rule-kind.ts';
import { exactMembers } from './exact-members.ts';

/** Triggers for everything that the policy's filters let through. Configuration: `{}`. */
export const always: PolicyRuleKind = {
  kind: 'always',
  activities: ACTIVITY_KINDS,
  readsContent: false,
  parse(configuration) {
    const parsed = exactMembers(configuration, []);
    return parsed.ok ? { ok: true, value: {} } : parsed;
  },
  judge: () => ({ triggered: true, reason: 'the rule triggers for everything' }),
};
