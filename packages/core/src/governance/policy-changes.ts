/** How policies are changed: at once, or after people have approved it. */
import { DomainError } from '../domain-error.ts';
import { type AccountId, type GoverningPolicyId, type PrincipalId, parseId } from '../ids.ts';
import type { GovernanceStore } from '../ports/governance-store.ts';
import { holdsOnAccount, type Principal } from '../principal.ts';
import { canonicalBytes } from '../requests/canonical-bytes.ts';
import type { ChangeRequest } from './change-request.ts';
import type { ChangeApplier } from './governed-changes.ts';
import type { GoverningPolicy, PolicyDraft } from './governing-policy.ts';
import { policyDraftFromJson, policyDraftToJson } from './policy-draft-json.ts';

export interface PolicyChangeDependencies {
  readonly governance: GovernanceStore;
  /** @throws DomainError `invalid_request` */
  readonly check: (accountId: AccountId, draft: PolicyDraft) => Promise<PolicyDraft>;
  readonly now: () => number;
}

/** @throws DomainError `conflict` where somebody else has changed the policy meanwhile */
export async function updatePolicyRow(
  { governance, now }: PolicyChangeDependencies,
  current: GoverningPolicy,
  change: PolicyDraft | 'archive',
  by: PrincipalId,
): Promise<GoverningPolicy> {
  const changed: GoverningPolicy = {
    ...current,
    ...(change === 'archive' ? { status: 'archived' } : change),
    updatedAtMs: now(),
    version: current.version + 1,
  };
  if (!(await governance.replacePolicy(changed, by)))
    throw new DomainError('conflict', 'the policy was changed at the same time; read it again');
  return changed;
}

/** The applier of changes of kind `policy`. */
export function policyChangeApplier(dependencies: PolicyChangeDependencies): ChangeApplier {
  const { governance, check } = dependencies;
  const find = async (change: ChangeRequest): Promise<GoverningPolicy | undefined> => {
    const id = parseId<GoverningPolicyId>(change.entityId);
    return id === undefined ? undefined : governance.findPolicy(change.accountId, id);
  };
  return {
    factsOf({ entityId }) {
      const policyId = parseId<GoverningPolicyId>(entityId);
      return policyId === undefined ? {} : { policyId };
    },
    async isApplied(change) {
      const policy = await find(change);
      if (policy === undefined || policy.version !== change.entityVersion + 1) return false;
      if (change.operation === 'archive') return policy.status === 'archived';
      return Buffer.compare(canonicalBytes(policyDraftToJson(policy)), canonicalBytes(change.body)) === 0;
    },
    async apply(change, requester) {
      const policy = await find(change);
      if (policy === undefined || policy.version !== change.entityVersion || policy.status !== 'active')
        throw new DomainError('conflict', 'the policy has changed since the change was asked for');
      if (!mayChange(requester, change)) throw new DomainError('forbidden', 'who asked for it may no longer do this');
      const draft =
        change.operation === 'archive' ? 'archive' : await check(change.accountId, policyDraftFromJson(change.body));
      await updatePolicyRow(dependencies, policy, draft, requester.id);
    },
  };
}

function mayChange(requester: Principal, { operation }: ChangeRequest): boolean {
  return holdsOnAccount(requester, operation === 'archive' ? 'archive-policy' : 'update-policy');
}
