import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluatePolicy } from './evaluate-policy.ts';
import { ALLOW, deny, type Rule, type RuleContext, type Verdict } from './rule.ts';

const context = {} as RuleContext;
const ruleOf = (verdict: Verdict): Rule => ({ name: verdict.verdict, judge: () => verdict });
const verdicts = fc.constantFrom<Verdict>(ALLOW, deny('forbidden', 'no'), {
  verdict: 'needs-approval',
  approvalId: 'a',
});
const rank = { allow: 0, 'needs-approval': 1, deny: 2 } as const;

describe('evaluatePolicy', () => {
  it('answers with the strictest verdict', () => {
    fc.assert(
      fc.property(fc.array(verdicts), (list) => {
        const strictest = Math.max(0, ...list.map((verdict) => rank[verdict.verdict]));
        expect(rank[evaluatePolicy(list.map(ruleOf), context).verdict]).toBe(strictest);
      }),
    );
  });

  it('never allows more when a rule is added, wherever', () => {
    fc.assert(
      fc.property(fc.array(verdicts), verdicts, fc.nat(), (list, extra, at) => {
        const before = rank[evaluatePolicy(list.map(ruleOf), context).verdict];
        const longer = list.toSpliced(at % (list.length + 1), 0, extra);
        expect(rank[evaluatePolicy(longer.map(ruleOf), context).verdict]).toBeGreaterThanOrEqual(before);
      }),
    );
  });
});
