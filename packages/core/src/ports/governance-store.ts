import type { Account } from '../account.ts';
import type { Approval } from '../governance/approval.ts';
import type { ChangeRequest } from '../governance/change-request.ts';
import type { GoverningPolicy } from '../governance/governing-policy.ts';
import type { AccountId, ChangeId, GoverningPolicyId, PrincipalId } from '../ids.ts';
import type { Page, PageQuery } from '../page.ts';

/** Every write is durable, and in the log, when its promise resolves; whatever changes policies bumps the account's revision. */
export interface GovernanceStore {
  insertPolicy(policy: GoverningPolicy, by: PrincipalId): Promise<void>;
  /** Replaces the row of `policy.id` where its version is one less than `policy.version`. false: it isn't. */
  replacePolicy(policy: GoverningPolicy, by: PrincipalId): Promise<boolean>;
  findPolicy(accountId: AccountId, id: GoverningPolicyId): Promise<GoverningPolicy | undefined>;
  /** Newest first. */
  listPolicies(
    query: PageQuery<GoverningPolicyId> & {
      readonly accountId: AccountId;
      readonly status: GoverningPolicy['status'] | undefined;
    },
  ): Promise<Page<GoverningPolicy>>;
  /** All active ones, for the index that judging uses. */
  activePolicies(accountId: AccountId): Promise<readonly GoverningPolicy[]>;
  /**
   * For the signing path: the same value for as long as the account has this revision. At once where it was asked before.
   * `build` makes the value from the active policies.
   */
  cached<Value extends object>(
    account: Account,
    build: (policies: readonly GoverningPolicy[]) => Value,
  ): Value | Promise<Value>;

  /** With its approval, in one transaction. @throws DomainError `conflict` with subject `change-pending` where the entity has one */
  insertChange(change: ChangeRequest, approval: Approval): Promise<void>;
  findChange(accountId: AccountId, id: ChangeId): Promise<ChangeRequest | undefined>;
  pendingChange(accountId: AccountId, entityId: string): Promise<ChangeRequest | undefined>;
  /** pending -> applied or failed. false: it is no longer pending. */
  resolveChange(
    accountId: AccountId,
    id: ChangeId,
    to: { readonly status: 'applied' | 'failed'; readonly reason: string | undefined; readonly atMs: number },
  ): Promise<boolean>;
  /** Pending ones whose approval is approved: for the start. */
  unfinishedChanges(limit: number): Promise<readonly { readonly accountId: AccountId; readonly id: ChangeId }[]>;
}
