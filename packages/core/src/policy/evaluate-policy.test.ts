import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluatePolicy } from './evaluate-policy.ts';
import { ALLOW, deny, type Rule, type RuleContext, type Verdict } from './rule.ts';

const context = {} as RuleContext;
const ruleOf = (verdict: Verdict): Rule => ({ name: verdict.verdict, judge: () => verdict });
const verdicts = fc.constantFrom<Verdict>(ALLOW, deny('forbidden', 'no'), deny('key_not_usable', 'never'));

describe('evaluatePolicy', () => {
  it('denies where any rule does, for the reason of the first that does', () => {
    fc.assert(
      fc.property(fc.array(verdicts), (list) => {
        const first = list.find(({ verdict }) => verdict === 'deny');
        expect(evaluatePolicy(list.map(ruleOf), context)).toEqual(first ?? ALLOW);
      }),
    );
  });

  it('never allows more when a rule is added, wherever', () => {
    fc.assert(
      fc.property(fc.array(verdicts), verdicts, fc.nat(), (list, extra, at) => {
        const longer = list.toSpliced(at % (list.length + 1), 0, extra);
        if (evaluatePolicy(list.map(ruleOf), context).verdict === 'deny')
          expect(evaluatePolicy(longer.map(ruleOf), context).verdict).toBe('deny');
        if (extra.verdict === 'deny') expect(evaluatePolicy(longer.map(ruleOf), context).verdict).toBe('deny');
      }),
    );
  });
});
