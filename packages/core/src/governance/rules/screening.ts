import { isOneLine } from '../../policy/external/one-line.ts';
import type { PolicyRuleKind } from '../policy-rule-kind.ts';
import { exactMembers, memberOf } from './exact-members.ts';
import { storedMember } from './usd-limit.ts';

const MAX_NAME_CHARACTERS = 255;

/**
 * Triggers unless an external rule of the account says yes. Configuration: `{ruleName}`. The rule needn't exist when the
 * policy is written; as long as it doesn't, the policy triggers. The rule server reads the payload for itself, hence
 * no `readsContent`.
 */
export const screening: PolicyRuleKind = {
  kind: 'screening',
  activities: ['sign', 'incoming-transaction'],
  readsContent: false,
  parse(configuration) {
    const parsed = exactMembers(configuration, ['ruleName']);
    if (!parsed.ok) return parsed;
    const ruleName = memberOf(parsed.members, 'ruleName');
    if (
      typeof ruleName !== 'string' ||
      ruleName.trim() === '' ||
      ruleName.length > MAX_NAME_CHARACTERS ||
      !isOneLine(ruleName)
    )
      return { ok: false, reason: `ruleName is one line of 1 to ${MAX_NAME_CHARACTERS} characters` };
    return { ok: true, value: { ruleName } };
  },
  judge(configuration) {
    const ruleName = storedMember(configuration, 'ruleName');
    return typeof ruleName === 'string'
      ? { triggered: false, screenedBy: ruleName, reason: `the external rule ${ruleName} did not say yes` }
      : { triggered: true, reason: 'the rule can not be read' };
  },
};
