import { OPAQUE_VIEW } from '@countersign/chains/view';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  asking,
  contextOf,
  governedKey,
  groupOf,
  payment,
  policyOf,
  viewOf,
  walletOf,
} from '../../test/governance-fixtures.ts';
import { type GoverningPolicyId, type KeyId, newId, newOrderedId, type RoleId } from '../ids.ts';
import type { SettledVerdict } from './governance-verdict.ts';
import type { GoverningPolicy, PolicyAction, PolicyFilters } from './governing-policy.ts';
import { judgeChange, judgeSigning } from './judge-item.ts';
import { buildPolicyIndex } from './policy-index.ts';

const RANK = { allow: 0, 'needs-approval': 1, deny: 2 } as const;
const rank = ({ verdict }: SettledVerdict): number => RANK[verdict];
const block: PolicyAction = { kind: 'block' };
const judge = (policies: readonly GoverningPolicy[], context = contextOf()) =>
  judgeSigning(buildPolicyIndex(policies), context);
const matches = (filters: PolicyFilters, context = contextOf()): boolean =>
  judge([policyOf({ filters, action: block })], context).verdict === 'deny';

const tags = fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 1 });
const keyIds = [governedKey.id, newId<KeyId>()];
const wallets = [walletOf(['a']), walletOf(['b', 'c'])];
const filterOf = {
  keyIds: fc.subarray(keyIds, { minLength: 1 }),
  walletIds: fc.subarray([...wallets.map(({ id }) => id), walletOf().id], { minLength: 1 }),
  walletTagsAny: tags,
  walletTagsAll: tags,
};
const filters = fc.oneof(
  fc.constant({}),
  ...Object.entries(filterOf).map(([name, values]) => fc.record({ [name]: values })),
  fc.record(filterOf, { requiredKeys: [] }),
);
const rules = fc.constantFrom<GoverningPolicy['rule']>(
  { kind: 'always', configuration: {} },
  { kind: 'recipient-whitelist', configuration: { addresses: ['0xaa'] } },
  { kind: 'amount-limit', configuration: { limitUsd: '5', currency: 'USD' } },
  { kind: 'amount-velocity', configuration: { limitUsd: '5', currency: 'USD', windowMinutes: 5 } },
  { kind: 'count-velocity', configuration: { limit: 1, windowMinutes: 5 } },
  { kind: 'screening', configuration: { ruleName: 'r' } },
  { kind: 'of-a-later-version', configuration: {} },
);
const actions = fc.oneof(
  fc.constant(block),
  fc.constant<PolicyAction>({ kind: 'none' }),
  fc.option(fc.integer({ min: 1, max: 100 }), { nil: undefined }).map((minutes) => asking([groupOf()], minutes)),
);
const policies = fc.array(
  fc.record({ filters, rule: rules, action: actions }).map((parts) => policyOf(parts)),
  { maxLength: 6 },
);
const contexts = fc
  .record({
    view: fc.constantFrom(
      OPAQUE_VIEW,
      viewOf(),
      viewOf({ transfers: [payment('0xbb', '7')] }),
      viewOf({ complete: false }),
    ),
    wallets: fc.subarray(wallets),
  })
  .map(({ view, wallets }) => ({ ...contextOf({ view }), wallets }));

describe('judgeSigning', () => {
  it('allows what no policy is about', () => {
    expect(judge([])).toMatchObject({ verdict: 'allow', evaluations: [], spends: [], screenings: [] });
    expect(judge([policyOf({ status: 'archived' }), policyOf({ activity: 'modify-role' })]).evaluations).toEqual([]);
  });

  it('lets a block win over approvals, wherever it stands', () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray([policyOf(), policyOf(), policyOf({ action: block })], { minLength: 3 }),
        (list) => {
          expect(judge(list)).toMatchObject({ verdict: 'deny', reason: expect.stringContaining('"policy"') });
        },
      ),
    );
  });

  it('asks for all groups of all triggered policies, within the shortest time', () => {
    const a = policyOf({ action: asking([groupOf({ name: 'a' }), groupOf({ name: 'b' })], 60) });
    const b = policyOf({ action: asking([groupOf({ name: 'c' })], 5) });
    const c = policyOf({ action: asking([groupOf({ name: 'd' })]) });
    const silent = policyOf({
      rule: { kind: 'amount-limit', configuration: { limitUsd: '1' } },
      action: asking([groupOf()], 1),
    });
    expect(judge([a, b, c, silent])).toMatchObject({
      verdict: 'needs-approval',
      expiresAfterMinutes: 5,
      groups: [
        { name: 'a', policyId: a.id },
        { name: 'b', policyId: a.id },
        { name: 'c', policyId: b.id },
        { name: 'd', policyId: c.id },
      ],
    });
    expect(judge([c])).toMatchObject({ verdict: 'needs-approval', expiresAfterMinutes: undefined });
  });

  it('only notes policies without an action', () => {
    const noted = policyOf({ action: { kind: 'none' } });
    expect(judge([noted])).toMatchObject({ verdict: 'allow', evaluations: [{ policyId: noted.id, triggered: true }] });
  });

  it('treats a rule that it does not know, and an approval that nobody could give, as the strictest', () => {
    expect(judge([policyOf({ rule: { kind: 'new', configuration: {} }, action: block })]).verdict).toBe('deny');
    expect(judge([policyOf({ action: asking([]) })]).verdict).toBe('deny');
  });

  it('never allows more because there is one more policy', () => {
    fc.assert(
      fc.property(policies, policies, contexts, fc.boolean(), (some, more, context, late) => {
        const strictness = (list: readonly GoverningPolicy[]): number => {
          const verdict = judge(list, context);
          const all = (items: readonly unknown[]): number[] => items.map((_, index) => index);
          return rank(
            late ? verdict.resettle({ overLimit: all(verdict.spends), screenedOut: all(verdict.screenings) }) : verdict,
          );
        };
        expect(strictness([...some, ...more])).toBe(Math.max(strictness(some), strictness(more)));
      }),
    );
  });

  it('finds by its index exactly the policies that a look at each one finds', () => {
    fc.assert(
      fc.property(policies, contexts, (list, context) => {
        const alone = list.filter((policy) => judge([policy], context).evaluations.length === 1).map(({ id }) => id);
        expect(judge(list, context).evaluations.map(({ policyId }) => policyId)).toEqual([...alone].sort());
      }),
    );
  });

  it('is never looser with late facts, and stricter facts never make it looser', () => {
    fc.assert(
      fc.property(policies, contexts, fc.array(fc.nat(5)), fc.array(fc.nat(5)), (list, context, one, other) => {
        const verdict = judge(list, context);
        const some = verdict.resettle({ overLimit: one, screenedOut: other });
        const more = verdict.resettle({ overLimit: [...one, ...other], screenedOut: [...one, ...other] });
        expect(rank(some)).toBeGreaterThanOrEqual(rank(verdict));
        expect(rank(more)).toBeGreaterThanOrEqual(rank(some));
        expect(verdict.resettle({ overLimit: [], screenedOut: [] }).verdict).toBe(verdict.verdict);
      }),
    );
  });

  it('turns a spend that does not fit, and a screening that says no, into the action of their policy', () => {
    const count = policyOf({ rule: { kind: 'count-velocity', configuration: { limit: 1, windowMinutes: 1 } } });
    const screened = policyOf({ rule: { kind: 'screening', configuration: { ruleName: 'r' } }, action: block });
    const verdict = judge([count, screened]);
    expect(verdict).toMatchObject({
      verdict: 'allow',
      spends: [{ policyId: count.id, enforced: true, amount: 1n }],
      screenings: [{ policyId: screened.id, ruleName: 'r' }],
    });
    expect(verdict.resettle({ overLimit: [0], screenedOut: [] })).toMatchObject({
      verdict: 'needs-approval',
      groups: [{ policyId: count.id }],
      evaluations: [{ triggered: true, reason: expect.stringContaining('over the limit') }, { triggered: false }],
    });
    expect(verdict.resettle({ overLimit: [0], screenedOut: [0] }).verdict).toBe('deny');
  });
});

describe('filters', () => {
  const both = { ...contextOf(), wallets };

  it('match by key, wallet and tag through any wallet of the key', () => {
    expect(matches({ keyIds: [governedKey.id] })).toBe(true);
    expect(matches({ keyIds: [newId()] })).toBe(false);
    const master = newId<KeyId>();
    const child = { ...governedKey, derivedFrom: { keyId: master, path: [0] } };
    expect(matches({ keyIds: [master] }, contextOf({ key: child }))).toBe(true);
    expect(matches({ keyIds: [child.id] }, contextOf({ key: child }))).toBe(true);
    expect(matches({ keyIds: [newId()] }, contextOf({ key: child }))).toBe(false);
    for (const { id } of wallets) expect(matches({ walletIds: [id] }, both)).toBe(true);
    expect(matches({ walletIds: [walletOf().id] }, both)).toBe(false);
    expect(matches({ walletTagsAny: ['x', 'c'] }, both)).toBe(true);
    expect(matches({ walletTagsAny: ['x'] }, both)).toBe(false);
  });

  it('want all of walletTagsAll on one wallet', () => {
    expect(matches({ walletTagsAll: ['b', 'c'] }, both)).toBe(true);
    expect(matches({ walletTagsAll: ['a', 'b'] }, both)).toBe(false);
  });

  it('must all hold', () => {
    expect(matches({ keyIds: [governedKey.id], walletTagsAny: ['a'] }, both)).toBe(true);
    expect(matches({ keyIds: [governedKey.id], walletTagsAny: ['x'] }, both)).toBe(false);
    expect(matches({ keyIds: [newId()], walletTagsAny: ['a'] }, both)).toBe(false);
  });

  it('hold for the wallet that was named, also where the list of wallets lacks it', () => {
    const wallet = walletOf();
    expect(matches({ walletIds: [wallet.id] }, { ...contextOf(), walletId: wallet.id })).toBe(true);
  });

  it('hold for a signature whose key is not known', () => {
    expect(matches({ keyIds: [newId()] }, contextOf({ key: undefined }))).toBe(true);
  });

  it('tell whether the account judges signatures, and what they say', () => {
    const reading = policyOf({ rule: { kind: 'amount-limit', configuration: { limitUsd: '1' } } });
    expect(buildPolicyIndex([])).toMatchObject({ judgesSignatures: false, readsContent: false });
    expect(buildPolicyIndex([policyOf()])).toMatchObject({ judgesSignatures: true, readsContent: false });
    expect(buildPolicyIndex([reading])).toMatchObject({ judgesSignatures: true, readsContent: true });
    expect(buildPolicyIndex([{ ...reading, action: { kind: 'none' } }])).toMatchObject({ readsContent: false });
    expect(buildPolicyIndex([{ ...reading, status: 'archived' }])).toMatchObject({ judgesSignatures: false });
  });
});

describe('judgeChange', () => {
  it('asks the policies of the activity whose filters match', () => {
    const policyId = newOrderedId<GoverningPolicyId>();
    const roleId = newId<RoleId>();
    const list = [
      policyOf({ activity: 'modify-policy', filters: { policyIds: [policyId] } }),
      policyOf({ activity: 'modify-role', filters: { roleIds: [roleId] }, action: block }),
      policyOf({ activity: 'modify-credential' }),
    ];
    const index = buildPolicyIndex(list);
    expect(judgeChange(index, 'modify-policy', { policyId })).toMatchObject({
      verdict: 'needs-approval',
      groups: [{ policyId: list[0]?.id }],
    });
    expect(judgeChange(index, 'modify-policy', { policyId: newOrderedId() }).verdict).toBe('allow');
    expect(judgeChange(index, 'modify-role', { roleId }).verdict).toBe('deny');
    expect(judgeChange(index, 'assign-role', { roleId }).verdict).toBe('allow');
    expect(judgeChange(index, 'modify-credential', {}).verdict).toBe('needs-approval');
  });
});
