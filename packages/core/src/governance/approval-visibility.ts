/** Who sees which approvals and changes. What somebody may not see is answered as not found. */
import { holdsOnAccount, type Permission, type Principal } from '../principal.ts';
import type { Approval } from './approval.ts';
import type { ChangeRequest } from './change-request.ts';

export function mayReadApprovals(principal: Principal): boolean {
  return holdsOnAccount(principal, 'read-approvals') || holdsOnAccount(principal, 'approve');
}

/** Initiators, those that are named in a group, and those that have decided, see theirs without a permission. */
export function seesApproval(principal: Principal, approval: Approval): boolean {
  const { id, accountId } = principal;
  if (approval.accountId !== accountId) return false;
  return (
    mayReadApprovals(principal) ||
    approval.initiatorId === id ||
    approval.groups.some(({ approvers }) => approvers !== 'anyone' && approvers.includes(id)) ||
    approval.decisions.some(({ principalId }) => principalId === id)
  );
}

const READ_KIND: Readonly<Record<ChangeRequest['kind'], Permission>> = {
  policy: 'read-policies',
  role: 'read-roles',
  assignment: 'read-assignments',
  credential: 'read-users',
};

/** Who asked for the change, who may read what it changes, and who may read approvals. */
export function seesChange(principal: Principal, change: ChangeRequest): boolean {
  if (change.accountId !== principal.accountId) return false;
  return (
    change.requesterId === principal.id ||
    mayReadApprovals(principal) ||
    holdsOnAccount(principal, READ_KIND[change.kind])
  );
}
