import { type AccountId, newOrderedId, type PrincipalId } from '../ids.ts';
import type { ActivityKind, Approval, ApprovalSubject } from './approval.ts';
import type { SettledVerdict } from './governance-verdict.ts';

export interface Asked {
  readonly accountId: AccountId;
  readonly initiatorId: PrincipalId;
  readonly activity: ActivityKind;
  readonly subject: ApprovalSubject;
  /** 32 bytes. */
  readonly subjectDigest: Uint8Array;
  readonly nowMs: number;
}

/** A new approval that waits for the people whom the verdict asks for. */
export function askApproval(verdict: SettledVerdict & { readonly verdict: 'needs-approval' }, asked: Asked): Approval {
  const { nowMs, ...rest } = asked;
  const { expiresAfterMinutes, groups, evaluations } = verdict;
  return {
    ...rest,
    id: newOrderedId(),
    status: 'pending',
    groups,
    evaluations,
    decisions: [],
    expiresAtMs: expiresAfterMinutes === undefined ? undefined : nowMs + expiresAfterMinutes * 60_000,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    resolvedAtMs: undefined,
    version: 1,
  };
}
