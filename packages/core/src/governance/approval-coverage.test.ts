import { describe, expect, it } from 'vitest';
import { approvalOf, asking, contextOf, groupOf, person, policyOf } from '../../test/governance-fixtures.ts';
import type { Principal } from '../principal.ts';
import type { Approval } from './approval.ts';
import { coveredByApproval, spendsUnderApproval } from './approval-coverage.ts';
import { askApproval } from './ask-approval.ts';
import { decideApproval } from './decide-approval.ts';
import type { GoverningPolicy } from './governing-policy.ts';
import { judgeSigning } from './judge-item.ts';
import { buildPolicyIndex } from './policy-index.ts';

const [a, b] = [person(), person()];
const now = (id: string): Principal | undefined => [a, b].find((one) => one.id === id);
const verdictOf = (...policies: readonly GoverningPolicy[]) => judgeSigning(buildPolicyIndex(policies), contextOf());
const policy = policyOf({ action: asking([groupOf({ approvers: [a.id, b.id] })]) });

function approvedBy(voter: Principal, ...policies: readonly GoverningPolicy[]): Approval {
  const verdict = verdictOf(...policies);
  if (verdict.verdict !== 'needs-approval') throw new Error(`the verdict is ${verdict.verdict}`);
  const { accountId, initiatorId, activity, subject, subjectDigest } = approvalOf([]);
  const asked = askApproval(verdict, { accountId, initiatorId, activity, subject, subjectDigest, nowMs: 0 });
  const decision = { principal: voter, value: 'approved', reason: undefined, evidence: { kind: 'session' } } as const;
  return decideApproval(asked, decision, { nowMs: 1, principalNow: now, ownerOf: () => undefined });
}

describe('coveredByApproval', () => {
  const approval = approvedBy(a, policy);

  it('releases what the same policies ask for', () => {
    expect(coveredByApproval(verdictOf(policy), approval, now)).toBe(true);
  });

  it('releases what no policy stands against any more', () => {
    expect(coveredByApproval(verdictOf(), approval, now)).toBe(true);
  });

  it('releases nothing unless the approval is approved', () => {
    for (const status of ['pending', 'denied', 'expired', 'cancelled'] as const) {
      expect(coveredByApproval(verdictOf(policy), { ...approval, status }, now)).toBe(false);
      expect(coveredByApproval(verdictOf(), { ...approval, status }, now)).toBe(false);
    }
  });

  it('releases nothing against a block, or against a denial that the row hides', () => {
    expect(coveredByApproval(verdictOf(policy, policyOf({ action: { kind: 'block' } })), approval, now)).toBe(false);
    const decisions = approval.decisions.map((decision) => ({ ...decision, value: 'denied' as const }));
    expect(coveredByApproval(verdictOf(), { ...approval, decisions }, now)).toBe(false);
  });

  it('releases nothing under another version of a policy, or with a policy that was not asked then', () => {
    expect(coveredByApproval(verdictOf({ ...policy, version: 2 }), approval, now)).toBe(false);
    expect(coveredByApproval(verdictOf(policy, policyOf({ action: policy.action })), approval, now)).toBe(false);
  });

  it('does not mind policies that only note things', () => {
    expect(coveredByApproval(verdictOf(policy, policyOf({ action: { kind: 'none' } })), approval, now)).toBe(true);
  });

  it('wants a policy to have been triggered then, not only looked at', () => {
    const evaluations = approval.evaluations.map((evaluation) => ({ ...evaluation, triggered: false }));
    expect(coveredByApproval(verdictOf(policy), { ...approval, evaluations }, now)).toBe(false);
  });

  it('counts the approvers as they are now', () => {
    const verdict = verdictOf(policy);
    expect(coveredByApproval(verdict, approval, () => undefined)).toBe(false);
    expect(coveredByApproval(verdict, approval, () => ({ ...a, enabled: false }))).toBe(false);
    expect(coveredByApproval(verdict, approval, () => ({ ...a, grants: [] }))).toBe(false);
  });

  it('counts by the group of now', () => {
    const verdict = verdictOf(policy);
    if (verdict.verdict !== 'needs-approval') throw new Error('it needs approval');
    const groups = verdict.groups.map((group) => ({ ...group, signedOnly: true }));
    expect(coveredByApproval({ ...verdict, groups }, approval, now)).toBe(false);
  });
});

describe('spendsUnderApproval', () => {
  const group = groupOf({ approvers: [a.id] });
  const rule = { kind: 'count-velocity', configuration: { limit: 1, windowMinutes: 1 } };
  const velocity = policyOf({ rule, action: asking([group]) });
  const over = approvalOf([], {
    status: 'approved',
    groups: [{ ...group, policyId: velocity.id }],
    evaluations: [{ policyId: velocity.id, policyVersion: 1, triggered: true, reason: 'over' }],
    decisions: [{ principalId: a.id, value: 'approved', reason: undefined, atMs: 0, evidence: { kind: 'session' } }],
  });

  it('keeps limits that nobody was asked about', () => {
    const approval = approvedBy(a, policy, velocity);
    expect(spendsUnderApproval(verdictOf(policy, velocity), approval, now)).toMatchObject([{ enforced: true }]);
  });

  it('only counts what people have approved beyond the limit', () => {
    expect(spendsUnderApproval(verdictOf(velocity), over, now)).toMatchObject([{ enforced: false, amount: 1n }]);
  });

  it('keeps limits whose policy or approvers have changed', () => {
    const verdict = verdictOf(velocity);
    const gone = (id: string): Principal | undefined => (id === a.id ? { ...a, enabled: false } : undefined);
    expect(spendsUnderApproval(verdict, over, gone)).toMatchObject([{ enforced: true }]);
    expect(spendsUnderApproval(verdict, { ...over, status: 'denied' }, now)).toMatchObject([{ enforced: true }]);
    expect(spendsUnderApproval(verdictOf({ ...velocity, version: 2 }), over, now)).toMatchObject([{ enforced: true }]);
  });

  it('keeps limits of policies that only note things: nobody was asked about those', () => {
    const noting = verdictOf({ ...velocity, action: { kind: 'none' } });
    expect(spendsUnderApproval(noting, { ...over, groups: [] }, now)).toMatchObject([{ enforced: true }]);
  });
});
