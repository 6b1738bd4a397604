/** Whether what people approved then is what policy asks for now. Judged again whenever a permit is minted. */
import type { PrincipalId } from '../ids.ts';
import type { Principal } from '../principal.ts';
import type { Approval } from './approval.ts';
import { type OwnerOf, ownersAmong, reachesQuorum } from './count-votes.ts';
import type { GovernanceVerdict, ReservedSpend, SettledVerdict } from './governance-verdict.ts';

/**
 * Whether an approval releases what has this verdict now. Every policy that is triggered must have been triggered then, in
 * the same version, and each of its groups must still have its quorum among those that `eligible` knows: as they are now,
 * undefined for those that are gone. That the digests are equal is checked by whoever loads the two.
 */
export function coveredByApproval(
  verdict: SettledVerdict,
  approval: Approval,
  eligible: (id: PrincipalId) => Principal | undefined,
  ownerOf: OwnerOf = ownersAmong(eligible),
): boolean {
  if (approval.status !== 'approved' || approval.decisions.some(({ value }) => value === 'denied')) return false;
  if (verdict.verdict === 'allow') return true;
  if (verdict.verdict === 'deny') return false;
  // Evaluations of policies that only note things needn't be the same: nobody was asked because of them.
  const asking = new Set(verdict.groups.map(({ policyId }) => policyId));
  for (const { policyId, policyVersion } of verdict.evaluations)
    if (asking.has(policyId) && !wasTriggered(approval, policyId, policyVersion)) return false;
  return verdict.groups.every((group) => reachesQuorum(group, approval, eligible, ownerOf));
}

/**
 * The spends of an approved item: those of policies that people have decided on are counted without a check, since going
 * over the limit is what they were asked about. All others still hold, and so do those whose approvers no longer count.
 * `verdict` is today's, from before late facts; `eligible` and `ownerOf` as above.
 */
export function spendsUnderApproval(
  verdict: Pick<GovernanceVerdict, 'evaluations' | 'spends'>,
  approval: Approval,
  eligible: (id: PrincipalId) => Principal | undefined,
  ownerOf: OwnerOf = ownersAmong(eligible),
): readonly ReservedSpend[] {
  const isDecided = (id: ReservedSpend['policyId']): boolean => {
    const version = verdict.evaluations.find(({ policyId }) => policyId === id)?.policyVersion;
    const groups = approval.groups.filter(({ policyId }) => policyId === id);
    return (
      approval.status === 'approved' &&
      version !== undefined &&
      wasTriggered(approval, id, version) &&
      groups.length > 0 &&
      groups.every((group) => reachesQuorum(group, approval, eligible, ownerOf))
    );
  };
  return verdict.spends.map((spend) => (isDecided(spend.policyId) ? { ...spend, enforced: false } : spend));
}

function wasTriggered(approval: Approval, id: ReservedSpend['policyId'], version: number): boolean {
  return approval.evaluations.some(
    ({ policyId, policyVersion, triggered }) => triggered && policyId === id && policyVersion === version,
  );
}
