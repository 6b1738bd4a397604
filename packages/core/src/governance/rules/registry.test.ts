import type { JsonValue } from '@countersign/chains/chain';
import { OPAQUE_VIEW } from '@countersign/chains/view';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contextOf, payment, viewOf } from '../../../test/governance-fixtures.ts';
import { POLICY_RULE_KINDS } from './registry.ts';

/** For each kind a configuration that it takes; a kind that isn't here fails the suite. */
const EXAMPLES: Readonly<Record<string, { readonly [member: string]: JsonValue }>> = {
  always: {},
  'recipient-whitelist': { addresses: ['0xaa'] },
  'amount-limit': { limitUsd: '10.5', currency: 'USD' },
  'amount-velocity': { limitUsd: '10', currency: 'USD', windowMinutes: 60 },
  'count-velocity': { limit: 2, windowMinutes: 60 },
  screening: { ruleName: 'sanctions' },
};
const views = [OPAQUE_VIEW, viewOf(), viewOf({ complete: false }), viewOf({ transfers: [payment('0xaa', '1')] })];

describe.each(POLICY_RULE_KINDS.map((rule) => ({ rule, name: rule.kind })))('rule $name', ({ rule, name }) => {
  const example = EXAMPLES[name] ?? 'no example';

  it('takes its example and leaves it as it is', () => {
    expect(rule.parse(example)).toEqual({ ok: true, value: example });
  });

  it('refuses a member that it does not know', () => {
    expect(rule.parse({ ...(example as object), extra: 1 }).ok).toBe(false);
    const withPrototype: JsonValue = JSON.parse(
      JSON.stringify(example).replace('{', '{"__proto__":1,').replace(',}', '}'),
    );
    expect(rule.parse(withPrototype).ok).toBe(false);
  });

  it.each(Object.keys(example as object).filter((member) => member !== 'currency'))('needs %s', (member) => {
    const { [member]: _, ...rest } = example as { readonly [member: string]: JsonValue };
    expect(rule.parse(rest).ok).toBe(false);
  });

  it('survives any JSON, and what it takes it can judge, in a form that it takes again unchanged', () => {
    const members = fc.dictionary(fc.constantFrom(...Object.keys(example as object), 'x'), fc.jsonValue());
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), members), (hostile) => {
        const parsed = rule.parse(hostile as JsonValue);
        if (!parsed.ok) {
          expect(parsed.reason).not.toBe('');
          return;
        }
        expect(rule.parse(parsed.value)).toEqual(parsed);
        for (const view of views) rule.judge(parsed.value, contextOf({ view }));
      }),
    );
  });

  it('triggers for a configuration that it could not have stored', () => {
    if (name === 'always') return;
    for (const broken of [null, {}, [], 'x', { addresses: 1, limitUsd: 1, limit: '1', ruleName: 1 }])
      expect(rule.judge(broken, contextOf({ view: viewOf({ transfers: [payment('0xaa', '1')] }) })).triggered).toBe(
        true,
      );
  });

  it('triggers for what can not be read, where it reads what is signed', () => {
    const judgements = [OPAQUE_VIEW, viewOf({ complete: false })].map((view) =>
      rule.judge(example, contextOf({ view })),
    );
    if (rule.readsContent) for (const judgement of judgements) expect(judgement.triggered).toBe(true);
  });
});
