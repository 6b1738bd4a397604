/** The commands on governing policies and approvals. */
import { timingSafeEqual } from 'node:crypto';
import { DomainError } from '../domain-error.ts';
import { type AccountId, type ApprovalId, type GoverningPolicyId, newOrderedId } from '../ids.ts';
import { toOneLine } from '../policy/external/one-line.ts';
import type { Directory } from '../ports/directory.ts';
import type { GovernanceStore } from '../ports/governance-store.ts';
import type { RequestStore } from '../ports/request-store.ts';
import { type Caller, holdsOnAccount, type Permission } from '../principal.ts';
import type { RequestRunner } from '../requests/requests.ts';
import type { Approval, Decision } from './approval.ts';
import { mayReadApprovals, seesApproval, seesChange } from './approval-visibility.ts';
import { checkPolicyDraft } from './check-policy-draft.ts';
import { alreadyResolved, decideApproval, expireApproval, isOverdue, type NewDecision } from './decide-approval.ts';
import type { Governance } from './governance.ts';
import type { GovernedChanges } from './governed-changes.ts';
import type { GoverningPolicy, PolicyDraft } from './governing-policy.ts';
import { loadParticipants } from './load-participants.ts';
import { policyChangeApplier, updatePolicyRow } from './policy-changes.ts';
import { policyDraftToJson } from './policy-draft-json.ts';

export interface GovernanceDependencies {
  readonly governance: GovernanceStore;
  readonly requests: Pick<RequestStore, 'find' | 'findApproval' | 'listApprovals' | 'updateApproval' | 'dueApprovals'>;
  readonly directory: Pick<Directory, 'principal'>;
  readonly runner: Pick<RequestRunner, 'release'>;
  readonly changes: GovernedChanges;
  readonly now: () => number;
  /** How long a decision waits for what it released; 10 seconds. */
  readonly releaseWaitMs?: number;
}

/** What only the service itself calls. */
export interface ApprovalSweeper {
  /** Ends all approvals whose time was over by then, with what they are about. Resolves with their number. */
  expireDue(nowMs: number): Promise<number>;
}

const MAX_POLICIES = 10_000;
const MAX_REASON_CHARACTERS = 1_000;
const EXPIRED_AT_ONCE = 1_000;
const RELEASE_WAIT_MS = 10_000;
/** More than the approvers of ten full groups that could decide in between, one after the other. */
const MAX_DECISION_ATTEMPTS = 1_100;
const EXPIRED = 'the approval expired';

/** Registers the applier of policies with `changes`. */
export function createGovernance(dependencies: GovernanceDependencies): Governance & ApprovalSweeper {
  const { governance, requests, directory, runner, changes, now } = dependencies;
  const check = (accountId: AccountId, draft: PolicyDraft): Promise<PolicyDraft> =>
    checkPolicyDraft(draft, async (id) => {
      const principal = await directory.principal(id);
      return principal?.accountId === accountId ? principal : undefined;
    });
  const policyChanges = { governance, check, now };
  changes.register('policy', policyChangeApplier(policyChanges));

  async function activePolicy(caller: Caller, id: GoverningPolicyId): Promise<GoverningPolicy> {
    const policy = await governance.findPolicy(caller.principal.accountId, id);
    if (policy === undefined) throw unknown('policy');
    if (policy.status === 'archived')
      throw new DomainError('conflict', 'the policy is archived', { subject: 'archived' });
    return policy;
  }

  async function expire(accountId: AccountId, id: ApprovalId, nowMs: number): Promise<Approval | undefined> {
    return requests.updateApproval(accountId, id, (current) => {
      const approval = expireApproval(current, nowMs);
      return { approval, reason: approval === current ? undefined : EXPIRED };
    });
  }

  /** As it is now: one whose time is over is stored as expired before anybody sees it. */
  async function settled(approval: Approval): Promise<Approval> {
    const nowMs = now();
    if (!isOverdue(approval, nowMs)) return approval;
    return (await expire(approval.accountId, approval.id, nowMs)) ?? approval;
  }

  async function visibleApproval(caller: Caller, id: ApprovalId): Promise<Approval> {
    const approval = await requests.findApproval(caller.principal.accountId, id);
    if (approval === undefined || !seesApproval(caller.principal, approval)) throw unknown('approval');
    return settled(approval);
  }

  async function storeDecision(loaded: Approval, decision: NewDecision): Promise<Approval> {
    let approval = loaded;
    for (let attempt = 0; attempt < MAX_DECISION_ATTEMPTS; attempt++) {
      const participants = await loadParticipants(approval, directory, [decision.principal.id]);
      let isComplete = true;
      const stored = await requests.updateApproval(approval.accountId, approval.id, (current) => {
        // Somebody else decided between the reading and this transaction: who that is has to be read first.
        isComplete = current.decisions.every(({ principalId }) => participants.knows(principalId));
        if (!isComplete) return { approval: current, reason: undefined };
        const next = decideApproval(current, decision, { ...participants, nowMs: now() });
        return { approval: next, reason: reasonOf(next, decision) };
      });
      if (stored === undefined) throw unknown('approval');
      if (isComplete) return stored;
      approval = stored;
    }
    throw new DomainError('unavailable', 'too many decisions at the same time; send it again');
  }

  async function release({ subject, accountId }: Approval): Promise<void> {
    const work =
      subject.kind === 'change' ? changes.release(accountId, subject.changeId) : runner.release(subject.requestId);
    await orAfter(work, dependencies.releaseWaitMs ?? RELEASE_WAIT_MS);
  }

  return {
    async createPolicy(caller, draft) {
      needs(caller, 'create-policy');
      const { accountId, id: by } = caller.principal;
      const checked = await check(accountId, draft);
      if ((await governance.activePolicies(accountId)).length >= MAX_POLICIES)
        throw new DomainError('too_large', `an account has at most ${MAX_POLICIES} active policies`);
      const nowMs = now();
      const policy: GoverningPolicy = {
        ...checked,
        id: newOrderedId(),
        accountId,
        status: 'active',
        createdAtMs: nowMs,
        updatedAtMs: nowMs,
        version: 1,
      };
      await governance.insertPolicy(policy, by);
      return policy;
    },

    async getPolicy(caller, id) {
      needs(caller, 'read-policies');
      const policy = await governance.findPolicy(caller.principal.accountId, id);
      if (policy === undefined) throw unknown('policy');
      return policy;
    },

    async listPolicies(caller, { status, ...page }) {
      needs(caller, 'read-policies');
      return governance.listPolicies({ ...page, status, accountId: caller.principal.accountId });
    },

    async updatePolicy(caller, id, draft) {
      needs(caller, 'update-policy');
      const { accountId, id: by } = caller.principal;
      const policy = await activePolicy(caller, id);
      const checked = await check(accountId, draft);
      return changes.run(
        caller,
        {
          kind: 'policy',
          operation: 'update',
          entityId: id,
          entityVersion: policy.version,
          body: policyDraftToJson(checked),
          activity: 'modify-policy',
          facts: { policyId: id },
        },
        () => updatePolicyRow(policyChanges, policy, checked, by),
      );
    },

    async archivePolicy(caller, id) {
      needs(caller, 'archive-policy');
      const policy = await activePolicy(caller, id);
      return changes.run(
        caller,
        {
          kind: 'policy',
          operation: 'archive',
          entityId: id,
          entityVersion: policy.version,
          body: {},
          activity: 'modify-policy',
          facts: { policyId: id },
        },
        () => updatePolicyRow(policyChanges, policy, 'archive', caller.principal.id),
      );
    },

    async pendingChange(caller, entityId) {
      const change = await governance.pendingChange(caller.principal.accountId, entityId);
      return change !== undefined && seesChange(caller.principal, change) ? change : undefined;
    },

    async getChange(caller, id) {
      const { principal } = caller;
      const change = await governance.findChange(principal.accountId, id);
      if (change === undefined) throw unknown('change');
      if (!seesChange(principal, change)) {
        const approval = await requests.findApproval(principal.accountId, change.approvalId);
        if (approval === undefined || !seesApproval(principal, approval)) throw unknown('change');
      }
      return change;
    },

    getApproval: visibleApproval,

    async requestOf({ principal }, approval) {
      const { subject, accountId } = approval;
      if (!seesApproval(principal, approval)) throw unknown('approval');
      if (subject.kind !== 'signature-request') throw new DomainError('internal', 'the approval is about a change');
      const request = await requests.find(accountId, subject.requestId);
      if (request === undefined) throw new DomainError('not_found', 'no such request', { subject: 'request' });
      return request;
    },

    async listApprovals(caller, query) {
      const { principal } = caller;
      const isOwn = query.initiatorId === principal.id || query.approverId === principal.id;
      // Without the permission the list of all is the list of one's own.
      const initiatorId = mayReadApprovals(principal) || isOwn ? query.initiatorId : principal.id;
      const page = await requests.listApprovals({
        after: query.after,
        limit: query.limit,
        accountId: principal.accountId,
        status: query.status,
        initiatorId,
        approverId: query.approverId,
      });
      const items: Approval[] = [];
      for (const item of page.items) {
        const approval = await settled(item);
        const isAsked = query.status === undefined || approval.status === query.status;
        if (isAsked && seesApproval(principal, approval)) items.push(approval);
      }
      return { items, more: page.more };
    },

    async decide(caller, id, { value, reason }) {
      const { principal } = caller;
      const approval = await visibleApproval(caller, id);
      const withdraws = value === 'denied' && principal.id === approval.initiatorId;
      if (!withdraws) needs(caller, 'approve');
      if (reason !== undefined && (reason.length > MAX_REASON_CHARACTERS || !reason.isWellFormed()))
        throw new DomainError('invalid_request', `reason has at most ${MAX_REASON_CHARACTERS} characters`);
      const evidence = evidenceOf(caller, approval);
      const decided = await storeDecision(approval, { principal, value, reason, evidence });
      // The decision came too late, and only its lateness was stored.
      if (decided.status === 'expired') throw alreadyResolved(decided);
      if (decided.status === 'approved') await release(decided);
      return decided;
    },

    async expireDue(nowMs) {
      const due = await requests.dueApprovals(nowMs, EXPIRED_AT_ONCE);
      for (const { accountId, id } of due) await expire(accountId, id, nowMs);
      return due.length;
    },
  };
}

/** What proves the decision. A proof for anything but this very approval is refused rather than ignored. */
function evidenceOf({ principal, proof }: Caller, { subjectDigest }: Approval): Decision['evidence'] {
  if (proof === undefined) {
    if (principal.requiresProof)
      throw new DomainError('proof_required', 'the caller must prove this decision with a signed user action');
    return { kind: 'session' };
  }
  const proven = proof.subjectDigest;
  if (proven === undefined || proven.length !== subjectDigest.length || !timingSafeEqual(proven, subjectDigest))
    throw new DomainError('forbidden', 'the signed user action is not for this approval', { subject: 'user-action' });
  return { kind: 'signed', credentialId: proof.credentialId, logIndex: proof.logIndex };
}

/** What the request or change is told when the decision ends it. */
function reasonOf({ status }: Approval, { reason }: NewDecision): string | undefined {
  if (status === 'expired') return EXPIRED;
  if (status !== 'denied') return undefined;
  const words = reason === undefined ? '' : toOneLine(reason, MAX_REASON_CHARACTERS);
  return words === '' ? 'denied by an approver' : `denied: ${words}`;
}

function needs({ principal }: Caller, permission: Permission): void {
  if (!holdsOnAccount(principal, permission))
    throw new DomainError('forbidden', `this needs the permission ${permission} on the account`);
}

function unknown(subject: 'policy' | 'approval' | 'change'): DomainError {
  return new DomainError('not_found', `no such ${subject}`, subject === 'change' ? {} : { subject });
}

/** Resolves with the work or after this time, whichever is first; the work goes on. */
async function orAfter(work: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
