/** One decision on an approval. Pure: it runs inside the transaction that stores what it returns. */
import { DomainError } from '../domain-error.ts';
import type { Principal } from '../principal.ts';
import type { Approval, Decision } from './approval.ts';
import {
  hasEvidenceFor,
  isOfGroup,
  mayApproveIn,
  type OwnerOf,
  type PrincipalNow,
  reachesQuorum,
} from './count-votes.ts';

export interface NewDecision {
  readonly principal: Principal;
  readonly value: Decision['value'];
  readonly reason: string | undefined;
  readonly evidence: Decision['evidence'];
}

export interface DecisionFacts {
  readonly nowMs: number;
  /** Must know everybody that has decided so far; who isn't known doesn't count. */
  readonly principalNow: PrincipalNow;
  readonly ownerOf: OwnerOf;
}

/**
 * The approval with the decision: `denied` after one denial, `approved` when every group has its quorum, `expired` where
 * its time was over (the decision isn't taken then). Votes that were given before count as their givers stand now.
 * @throws DomainError `conflict` with subject `approval-resolved` or `already-decided`; `forbidden` with subject
 * `not-an-approver` for a decision that can't count; `proof_required` for one that would count if it were signed
 */
export function decideApproval(approval: Approval, decision: NewDecision, facts: DecisionFacts): Approval {
  const { principal, value, evidence } = decision;
  const { nowMs } = facts;
  if (approval.status !== 'pending') throw alreadyResolved(approval);
  if (isOverdue(approval, nowMs)) return expireApproval(approval, nowMs);
  if (approval.decisions.some(({ principalId }) => principalId === principal.id))
    throw new DomainError('conflict', 'the caller has decided on this already', { subject: 'already-decided' });
  checkThatItCounts(approval, decision, facts);
  const decided: Approval = {
    ...approval,
    decisions: [
      ...approval.decisions,
      { principalId: principal.id, value, reason: decision.reason, atMs: nowMs, evidence },
    ],
    updatedAtMs: nowMs,
    version: approval.version + 1,
  };
  if (value === 'denied') return { ...decided, status: 'denied', resolvedAtMs: nowMs };
  const now = (id: Principal['id']): Principal | undefined =>
    id === principal.id ? principal : facts.principalNow(id);
  const isComplete =
    decided.groups.length > 0 && decided.groups.every((group) => reachesQuorum(group, decided, now, facts.ownerOf));
  return isComplete ? { ...decided, status: 'approved', resolvedAtMs: nowMs } : decided;
}

/** Whether the time for deciding is over, stored or not. */
export function isOverdue({ status, expiresAtMs }: Approval, nowMs: number): boolean {
  return status === 'pending' && expiresAtMs !== undefined && expiresAtMs <= nowMs;
}

/** The same object where it isn't overdue. */
export function expireApproval(approval: Approval, nowMs: number): Approval {
  if (!isOverdue(approval, nowMs)) return approval;
  return { ...approval, status: 'expired', updatedAtMs: nowMs, resolvedAtMs: nowMs, version: approval.version + 1 };
}

export function alreadyResolved({ status }: Pick<Approval, 'status'>): DomainError {
  return new DomainError('conflict', `the approval is ${status} and takes no more decisions`, {
    subject: 'approval-resolved',
  });
}

function checkThatItCounts(
  approval: Approval,
  { principal, value, evidence }: NewDecision,
  facts: DecisionFacts,
): void {
  // Who asked for it may always withdraw it, whatever the groups say.
  if (value === 'denied' && principal.id === approval.initiatorId && principal.enabled) return;
  const groups = approval.groups.filter((group) =>
    value === 'denied'
      ? isOfGroup(group, approval, principal)
      : mayApproveIn(group, approval, principal, facts.ownerOf),
  );
  if (groups.length === 0) throw notAnApprover(principal.id === approval.initiatorId);
  if (!groups.some((group) => hasEvidenceFor(group, evidence)))
    throw new DomainError('proof_required', 'the policy takes only decisions that are proven by a signed user action');
}

function notAnApprover(isInitiator: boolean): DomainError {
  return new DomainError(
    'forbidden',
    isInitiator
      ? 'who asked for it can not approve it, but may deny it'
      : 'the caller is not among those whose decision counts',
    { subject: 'not-an-approver' },
  );
}
