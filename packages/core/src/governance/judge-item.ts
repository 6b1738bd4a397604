/** What all governing policies together make of one item, or of one change. Pure: no store, no clock. */
import type { WalletId } from '../ids.ts';
import type { Wallet } from '../wallets/wallet.ts';
import type { ActivityKind, PolicyEvaluation, RequiredGroup } from './approval.ts';
import type { GovernanceVerdict, LateFacts, ReservedSpend, Screening, SettledVerdict } from './governance-verdict.ts';
import type { ChangeFacts, IndexedPolicy, PolicyIndex } from './policy-index.ts';
import type { PolicyRuleContext, RuleJudgement } from './policy-rule-kind.ts';

/** How one matching policy stands before the late facts are known. */
interface Standing {
  readonly entry: IndexedPolicy;
  readonly triggered: boolean;
  readonly reason: string;
  /** Index among the verdict's spends or screenings, where the policy depends on one. */
  readonly spend: number | undefined;
  readonly screening: number | undefined;
  /** Why it is triggered after all, where the spend doesn't fit or the screening says no. */
  readonly lateReason: string;
}

const UNTOUCHED: SettledVerdict = { verdict: 'allow', evaluations: [] };
const UNTOUCHED_ITEM: GovernanceVerdict = { ...UNTOUCHED, spends: [], screenings: [], resettle: () => UNTOUCHED };
const NOT_TRIGGERED = 'not triggered';

/** A signature that is to be judged. `wallets` are all of the key, archived ones too. */
export type SigningContext = PolicyRuleContext & {
  readonly wallets: readonly Wallet[];
  readonly walletId: WalletId | undefined;
};

/** The policies whose filters match; they look at nothing else. */
export function policiesAbout(
  index: PolicyIndex,
  { key, wallets, walletId }: Pick<SigningContext, 'key' | 'wallets' | 'walletId'>,
): readonly IndexedPolicy[] {
  return index.matchingSigning({ keyId: key?.id, parentId: key?.derivedFrom?.keyId, wallets, walletId });
}

/**
 * Judges one signature: every matching policy is evaluated. A block wins; otherwise all groups of all triggered policies
 * are needed; otherwise it is allowed. `matching` is what `policiesAbout` says, where that is known already.
 */
export function judgeSigning(
  index: PolicyIndex,
  context: SigningContext,
  matching: readonly IndexedPolicy[] = policiesAbout(index, context),
): GovernanceVerdict {
  if (matching.length === 0) return UNTOUCHED_ITEM;
  const spends: ReservedSpend[] = [];
  const screenings: Screening[] = [];
  const standings = matching.map((entry): Standing => {
    const { policy } = entry;
    const judgement = judgementOf(entry, context);
    const reason = judgement.reason ?? NOT_TRIGGERED;
    const common = { entry, spend: undefined, screening: undefined, lateReason: reason };
    if (judgement.triggered) return { ...common, triggered: true, reason };
    if ('screenedBy' in judgement) {
      screenings.push({ policyId: policy.id, ruleName: judgement.screenedBy });
      return { ...common, triggered: false, reason: NOT_TRIGGERED, screening: screenings.length - 1 };
    }
    if (judgement.spend !== undefined) {
      spends.push({ ...judgement.spend, policyId: policy.id, enforced: true });
      return { ...common, triggered: false, reason: NOT_TRIGGERED, spend: spends.length - 1 };
    }
    return { ...common, triggered: false, reason };
  });
  return {
    ...settle(standings, { overLimit: [], screenedOut: [] }),
    spends,
    screenings,
    resettle: (facts) => settle(standings, facts),
  };
}

/**
 * Judges a change of a policy, role, assignment or credential. Every policy of the activity whose filters match is
 * triggered: a rule about signatures has nothing to look at here.
 */
export function judgeChange(index: PolicyIndex, activity: ActivityKind, facts: ChangeFacts): SettledVerdict {
  const matching = index.matchingChange(activity, facts);
  if (matching.length === 0) return UNTOUCHED;
  const standings = matching.map(
    (entry): Standing => ({
      entry,
      triggered: true,
      reason: 'the policy governs this change',
      spend: undefined,
      screening: undefined,
      lateReason: '',
    }),
  );
  return settle(standings, { overLimit: [], screenedOut: [] });
}

function judgementOf({ policy, rule }: IndexedPolicy, context: PolicyRuleContext): RuleJudgement {
  if (rule === undefined || !rule.activities.includes(policy.activity))
    return { triggered: true, reason: 'the rule is of a kind that this version does not know' };
  try {
    return rule.judge(policy.rule.configuration, context);
  } catch {
    // Rules promise not to throw. One that does mustn't become one that lets things pass.
    return { triggered: true, reason: 'the rule could not be judged' };
  }
}

function settle(standings: readonly Standing[], facts: LateFacts): SettledVerdict {
  const evaluations: PolicyEvaluation[] = [];
  const groups: RequiredGroup[] = [];
  let blocked: string | undefined;
  let expiresAfterMinutes: number | undefined;
  for (const standing of standings) {
    const { policy } = standing.entry;
    const isLate =
      (standing.spend !== undefined && facts.overLimit.includes(standing.spend)) ||
      (standing.screening !== undefined && facts.screenedOut.includes(standing.screening));
    const triggered = standing.triggered || isLate;
    const reason = isLate ? standing.lateReason : standing.reason;
    evaluations.push({ policyId: policy.id, policyVersion: policy.version, triggered, reason });
    if (!triggered || policy.action.kind === 'none') continue;
    if (policy.action.kind === 'block') {
      blocked ??= `policy "${policy.name}" forbids it: ${reason}`;
      continue;
    }
    // Refused when a policy is written; an approval that nobody has to give would be no approval.
    if (policy.action.groups.length === 0) blocked ??= `policy "${policy.name}" names nobody who could approve`;
    for (const group of policy.action.groups) groups.push({ ...group, policyId: policy.id });
    const minutes = policy.action.expiresAfterMinutes;
    if (minutes !== undefined) expiresAfterMinutes = Math.min(expiresAfterMinutes ?? minutes, minutes);
  }
  if (blocked !== undefined) return { verdict: 'deny', reason: blocked, evaluations };
  return groups.length > 0
    ? { verdict: 'needs-approval', evaluations, groups, expiresAfterMinutes }
    : { verdict: 'allow', evaluations };
}
