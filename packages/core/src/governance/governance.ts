/** Commands on governing policies and approvals: the contract that dialects render. */
import type { ApprovalId, ChangeId, GoverningPolicyId, PrincipalId } from '../ids.ts';
import type { Page, PageQuery } from '../page.ts';
import type { Caller } from '../principal.ts';
import type { SignatureRequest } from '../requests/signature-request.ts';
import type { Approval, ApprovalStatus } from './approval.ts';
import type { ChangeRequest, Governed } from './change-request.ts';
import type { GoverningPolicy, PolicyDraft } from './governing-policy.ts';

export interface Governance {
  /** Needs `create-policy`. @throws DomainError `invalid_request` that names the member which is wrong */
  createPolicy(caller: Caller, draft: PolicyDraft): Promise<GoverningPolicy>;
  /** Needs `read-policies`, like listing. @throws DomainError `not_found` with subject `policy` */
  getPolicy(caller: Caller, id: GoverningPolicyId): Promise<GoverningPolicy>;
  /** Newest first. */
  listPolicies(
    caller: Caller,
    query: PageQuery<GoverningPolicyId> & { readonly status?: GoverningPolicy['status'] },
  ): Promise<Page<GoverningPolicy>>;
  /**
   * Needs `update-policy`. Replaces everything but id and status.
   * @throws DomainError `conflict` with subject `archived` or `change-pending`
   */
  updatePolicy(caller: Caller, id: GoverningPolicyId, draft: PolicyDraft): Promise<Governed<GoverningPolicy>>;
  /** Needs `archive-policy`. */
  archivePolicy(caller: Caller, id: GoverningPolicyId): Promise<Governed<GoverningPolicy>>;
  /**
   * The change that waits for approval on a policy, role, assignment or credential, if there is one that the caller may
   * see: its own, or with the permission to read approvals or what is changed.
   */
  pendingChange(caller: Caller, entityId: string): Promise<ChangeRequest | undefined>;
  getChange(caller: Caller, id: ChangeId): Promise<ChangeRequest>;

  /**
   * Needs `read-approvals` or `approve`; initiators and named approvers see theirs without.
   * @throws DomainError `not_found` with subject `approval`
   */
  getApproval(caller: Caller, id: ApprovalId): Promise<Approval>;
  /** What an approval that the caller may see is about. @throws DomainError `internal` for one about a change */
  requestOf(caller: Caller, approval: Approval): Promise<SignatureRequest>;
  /** Newest first. */
  listApprovals(
    caller: Caller,
    query: PageQuery<ApprovalId> & {
      readonly status?: ApprovalStatus;
      readonly initiatorId?: PrincipalId;
      /** Those on which this principal may decide or has decided. */
      readonly approverId?: PrincipalId;
    },
  ): Promise<Page<Approval>>;
  /**
   * Needs `approve`, except for the initiator who denies. Durable when the promise resolves; the signature, or the change,
   * that the last approval releases is made after that, and the promise resolves when it is done (or after 10 seconds at
   * the latest).
   * @throws DomainError `forbidden` with subject `not-an-approver` for a caller whose decision can't count, the initiator
   * who approves among them; `conflict` with subject `already-decided` or `approval-resolved`; `proof_required`;
   * `forbidden` with subject `user-action` for a proof of something else
   */
  decide(
    caller: Caller,
    id: ApprovalId,
    decision: { readonly value: 'approved' | 'denied'; readonly reason: string | undefined },
  ): Promise<Approval>;
}
