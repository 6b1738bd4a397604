import { ALLOW, type Rule, type RuleContext, type Verdict } from './rule.ts';

/**
 * Asks every rule; the first no is the answer, so that adding a rule never allows more. An empty list denies nothing only
 * because the built-in rules are always in it (see `built-in-rules.ts`).
 */
export function evaluatePolicy(rules: readonly Rule[], context: RuleContext): Verdict {
  for (const rule of rules) {
    const judged = rule.judge(context);
    if (judged.verdict === 'deny') return judged;
  }
  return ALLOW;
}
