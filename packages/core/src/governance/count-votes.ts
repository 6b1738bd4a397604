/** Whose decisions count where. The same rules hold when a decision is given and when the permit is minted. */
import type { PrincipalId } from '../ids.ts';
import { holdsOnAccount, type Principal } from '../principal.ts';
import type { Approval, ApprovalGroup, Decision } from './approval.ts';

/** The person that made a service; undefined for a person, and for a service that no person made. */
export type OwnerOf = (id: PrincipalId) => PrincipalId | undefined;

/** The principal as it is now; undefined where it is gone. */
export type PrincipalNow = (id: PrincipalId) => Principal | undefined;

/**
 * Owners by what the principals say about who made them. What another service made, such as the administrator of the
 * installation, stands for itself: no person decides through it.
 */
export function ownersAmong(principalNow: PrincipalNow): OwnerOf {
  return (id) => {
    const principal = principalNow(id);
    if (principal?.kind !== 'service' || principal.createdBy === undefined) return undefined;
    return principalNow(principal.createdBy)?.kind === 'user' ? principal.createdBy : undefined;
  };
}

/**
 * Whether the group would count an approval of this principal, if its evidence suffices. A person and the services that
 * it made are one here too, whichever of them asked: otherwise whoever may make a service could ask through it, and
 * approve alone. `ownerOf` must know the initiator.
 */
export function mayApproveIn(
  group: ApprovalGroup,
  approval: Pick<Approval, 'accountId' | 'initiatorId'>,
  principal: Principal,
  ownerOf: OwnerOf,
): boolean {
  if (!isOfGroup(group, approval, principal)) return false;
  const isInitiator = personOf(principal.id, ownerOf) === personOf(approval.initiatorId, ownerOf);
  return group.initiatorCanApprove || !isInitiator;
}

/** Whether the principal belongs to the group, the initiator included: then a denial of it counts. */
export function isOfGroup(group: ApprovalGroup, approval: Pick<Approval, 'accountId'>, principal: Principal): boolean {
  if (!principal.enabled || principal.accountId !== approval.accountId || !holdsOnAccount(principal, 'approve'))
    return false;
  if (group.approvers === 'anyone') return principal.kind === 'user';
  return (principal.kind === 'user' || group.serviceAccountsCanApprove) && group.approvers.includes(principal.id);
}

export function hasEvidenceFor(group: ApprovalGroup, evidence: Decision['evidence']): boolean {
  return !group.signedOnly || evidence.kind === 'signed';
}

/** Whether as many different people agree as the group asks for. A person and the services it made are one. */
export function reachesQuorum(
  group: ApprovalGroup,
  approval: Pick<Approval, 'accountId' | 'initiatorId' | 'decisions'>,
  principalNow: PrincipalNow,
  ownerOf: OwnerOf,
): boolean {
  const people = new Set<PrincipalId>();
  for (const { principalId, value, evidence } of approval.decisions) {
    if (value !== 'approved' || !hasEvidenceFor(group, evidence)) continue;
    const principal = principalNow(principalId);
    if (principal !== undefined && mayApproveIn(group, approval, principal, ownerOf))
      people.add(personOf(principalId, ownerOf));
  }
  // A quorum below one is refused when a policy is written; here it would let nobody's word count as agreement.
  return people.size >= Math.max(1, group.quorum);
}

function personOf(id: PrincipalId, ownerOf: OwnerOf): PrincipalId {
  return ownerOf(id) ?? id;
}
