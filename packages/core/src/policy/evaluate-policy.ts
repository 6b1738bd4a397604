import { ALLOW, type Rule, type RuleContext, type Verdict } from './rule.ts';

/**
 * Asks every rule. Deny wins over needs-approval, which wins over allow; so adding a rule never allows more.
 * An empty list denies nothing only because the built-in rules are always in it (see `built-in-rules.ts`).
 */
export function evaluatePolicy(rules: readonly Rule[], context: RuleContext): Verdict {
  let verdict = ALLOW;
  for (const rule of rules) {
    const judged = rule.judge(context);
    if (judged.verdict === 'deny') return judged;
    if (judged.verdict === 'needs-approval' && verdict.verdict === 'allow') verdict = judged;
  }
  return verdict;
}
