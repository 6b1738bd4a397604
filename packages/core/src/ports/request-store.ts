/** Stored signature requests and approvals. Requests are made and completed through the signing journal alone. */
import type { Approval, ApprovalStatus } from '../governance/approval.ts';
import type { AccountId, ApprovalId, GroupId, KeyId, PrincipalId, RequestId, WalletId } from '../ids.ts';
import type { Page, PageQuery } from '../page.ts';
import type { RequestStatus, SignatureRequest } from '../requests/signature-request.ts';

export interface StoredRequestQuery extends PageQuery<RequestId> {
  readonly accountId: AccountId;
  readonly keyId: KeyId | undefined;
  readonly walletId: WalletId | undefined;
  readonly status: RequestStatus | undefined;
  /** As for keys (`KeyQuery`): the keys whose requests may be seen. */
  readonly among: 'all' | { readonly groups: readonly GroupId[]; readonly keys: readonly KeyId[] };
}

export interface StoredApprovalQuery extends PageQuery<ApprovalId> {
  readonly accountId: AccountId;
  readonly status: ApprovalStatus | undefined;
  readonly initiatorId: PrincipalId | undefined;
  /** Named in a group, or in a group that anyone may approve in, or having decided. */
  readonly approverId: PrincipalId | undefined;
}

/** Everything that is written is durable, and in the log, when the promise resolves. Lists are newest first: ids are UUIDs of version 7. */
export interface RequestStore {
  find(accountId: AccountId, id: RequestId): Promise<SignatureRequest | undefined>;
  /** Across accounts, for the runner. */
  byId(id: RequestId): Promise<SignatureRequest | undefined>;
  byExternalId(
    accountId: AccountId,
    externalIds: readonly string[],
  ): Promise<readonly (SignatureRequest | undefined)[]>;
  list(query: StoredRequestQuery): Promise<Page<SignatureRequest>>;
  /**
   * Reads, changes and stores in one transaction. `change` is pure, may throw a DomainError to refuse, and returns the
   * record unchanged (the same object) to leave it. Undefined: no such request.
   */
  update(
    accountId: AccountId,
    id: RequestId,
    change: (current: SignatureRequest) => SignatureRequest,
  ): Promise<SignatureRequest | undefined>;
  /** `executing`, or `pending` with an approved approval: for the start. In order of age; at most `limit`. */
  unfinished(limit: number): Promise<readonly RequestId[]>;

  findApproval(accountId: AccountId, id: ApprovalId): Promise<Approval | undefined>;
  listApprovals(query: StoredApprovalQuery): Promise<Page<Approval>>;
  /**
   * As `update`, together with what the approval is about: where the new status is `denied`, `expired` or `cancelled`,
   * the request becomes `rejected` (the change likewise) in the same transaction, with `reason`.
   */
  updateApproval(
    accountId: AccountId,
    id: ApprovalId,
    change: (current: Approval) => { readonly approval: Approval; readonly reason: string | undefined },
  ): Promise<Approval | undefined>;
  /** Pending approvals that expired by then, of all accounts; at most `limit`. */
  dueApprovals(
    nowMs: number,
    limit: number,
  ): Promise<readonly { readonly accountId: AccountId; readonly id: ApprovalId }[]>;
}
