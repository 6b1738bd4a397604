/**
 * Policies, changes and approvals in maps, with the guards that the ports promise: a row is replaced in its version alone,
 * a change is resolved once, an approval ends together with what it is about.
 */
import { DomainError } from '../src/domain-error.ts';
import type { Approval } from '../src/governance/approval.ts';
import type { ChangeRequest } from '../src/governance/change-request.ts';
import type { GoverningPolicy } from '../src/governance/governing-policy.ts';
import type { Page } from '../src/page.ts';
import type { GovernanceStore } from '../src/ports/governance-store.ts';
import type { RequestStore } from '../src/ports/request-store.ts';
import type { SignatureRequest } from '../src/requests/signature-request.ts';

export interface InMemoryGovernance {
  readonly governance: GovernanceStore;
  readonly requests: Pick<RequestStore, 'find' | 'findApproval' | 'listApprovals' | 'updateApproval' | 'dueApprovals'>;
  readonly signatureRequests: Map<string, SignatureRequest>;
  readonly policies: Map<string, GoverningPolicy>;
  readonly changes: Map<string, ChangeRequest>;
  readonly approvals: Map<string, Approval>;
  /** What ended approvals told the thing that they were about. */
  readonly endings: string[];
  /** Called once before the next write that is named, to act or fail at just that moment. */
  readonly before: Map<'replacePolicy' | 'resolveChange' | 'updateApproval', () => void | Promise<void>>;
}

export function inMemoryGovernance(): InMemoryGovernance {
  const policies = new Map<string, GoverningPolicy>();
  const changes = new Map<string, ChangeRequest>();
  const approvals = new Map<string, Approval>();
  const signatureRequests = new Map<string, SignatureRequest>();
  const endings: string[] = [];
  const before: InMemoryGovernance['before'] = new Map();
  const hook = async (name: Parameters<InMemoryGovernance['before']['get']>[0]): Promise<void> => {
    const planned = before.get(name);
    before.delete(name);
    await planned?.();
  };
  const of = (accountId: string, approval: Approval | undefined): Approval | undefined =>
    approval?.accountId === accountId ? approval : undefined;

  const governance: GovernanceStore = {
    async insertPolicy(policy) {
      policies.set(policy.id, policy);
    },
    async replacePolicy(policy) {
      await hook('replacePolicy');
      if (policies.get(policy.id)?.version !== policy.version - 1) return false;
      policies.set(policy.id, policy);
      return true;
    },
    findPolicy: async (accountId, id) => {
      const policy = policies.get(id);
      return policy?.accountId === accountId ? policy : undefined;
    },
    listPolicies: async ({ accountId, status, ...query }) =>
      pageOf(
        [...policies.values()].filter(
          (policy) => policy.accountId === accountId && (status === undefined || policy.status === status),
        ),
        query,
      ),
    activePolicies: async (accountId) =>
      [...policies.values()].filter((policy) => policy.accountId === accountId && policy.status === 'active'),
    cached: (account, build) =>
      build([...policies.values()].filter(({ accountId, status }) => accountId === account.id && status === 'active')),
    async insertChange(change, approval) {
      for (const { entityId, status, id } of changes.values())
        if (entityId === change.entityId && status === 'pending')
          throw new DomainError('conflict', 'pending', { subject: 'change-pending', objectId: id });
      changes.set(change.id, change);
      approvals.set(approval.id, approval);
    },
    findChange: async (accountId, id) => {
      const change = changes.get(id);
      return change?.accountId === accountId ? change : undefined;
    },
    pendingChange: async (accountId, entityId) =>
      [...changes.values()].find(
        (change) => change.accountId === accountId && change.entityId === entityId && change.status === 'pending',
      ),
    async resolveChange(_accountId, id, { status, reason, atMs }) {
      await hook('resolveChange');
      const change = changes.get(id);
      if (change?.status !== 'pending') return false;
      changes.set(id, { ...change, status, reason, resolvedAtMs: atMs, version: change.version + 1 });
      return true;
    },
    unfinishedChanges: async (limit) =>
      [...changes.values()]
        .filter(({ status, approvalId }) => status === 'pending' && approvals.get(approvalId)?.status === 'approved')
        .slice(0, limit)
        .map(({ accountId, id }) => ({ accountId, id })),
  };

  const requests: InMemoryGovernance['requests'] = {
    find: async (accountId, id) => {
      const request = signatureRequests.get(id);
      return request?.accountId === accountId ? request : undefined;
    },
    findApproval: async (accountId, id) => of(accountId, approvals.get(id)),
    listApprovals: async ({ accountId, status, initiatorId, approverId, ...query }) =>
      pageOf(
        [...approvals.values()].filter(
          (approval) =>
            approval.accountId === accountId &&
            (status === undefined || approval.status === status) &&
            (initiatorId === undefined || approval.initiatorId === initiatorId) &&
            (approverId === undefined ||
              approval.decisions.some(({ principalId }) => principalId === approverId) ||
              approval.groups.some(({ approvers }) => approvers === 'anyone' || approvers.includes(approverId))),
        ),
        query,
      ),
    async updateApproval(accountId, id, change) {
      await hook('updateApproval');
      const current = of(accountId, approvals.get(id));
      if (current === undefined) return undefined;
      const { approval, reason } = change(current);
      if (approval === current) return current;
      approvals.set(id, approval);
      if (['denied', 'expired', 'cancelled'].includes(approval.status)) {
        endings.push(`${approval.status}: ${reason}`);
        const { subject } = approval;
        const pending = subject.kind === 'change' ? changes.get(subject.changeId) : undefined;
        if (pending?.status === 'pending')
          changes.set(pending.id, { ...pending, status: 'rejected', reason, resolvedAtMs: approval.resolvedAtMs });
      }
      return approval;
    },
    dueApprovals: async (nowMs, limit) =>
      [...approvals.values()]
        .filter(({ status, expiresAtMs }) => status === 'pending' && expiresAtMs !== undefined && expiresAtMs <= nowMs)
        .slice(0, limit)
        .map(({ accountId, id }) => ({ accountId, id })),
  };
  return { governance, requests, signatureRequests, policies, changes, approvals, endings, before };
}

/** Newest first. */
function pageOf<Item extends { readonly id: string }>(
  items: readonly Item[],
  { after, limit }: { readonly after: string | undefined; readonly limit: number },
): Page<Item> {
  const rest = items.filter(({ id }) => after === undefined || id < after).sort((a, b) => (a.id > b.id ? -1 : 1));
  return { items: rest.slice(0, limit), more: rest.length > limit };
}
