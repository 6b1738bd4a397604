/** People's decisions on one exact thing: who has to agree, by when, and what they said. */
import type {
  AccountId,
  ApprovalId,
  ChangeId,
  CredentialId,
  GoverningPolicyId,
  PrincipalId,
  RequestId,
} from '../ids.ts';

export const APPROVAL_STATUSES = ['pending', 'approved', 'denied', 'expired', 'cancelled'] as const;
export type ApprovalStatus = (typeof APPROVAL_STATUSES)[number];

/** Who of the account has to agree. One policy may name several groups; all of them must be satisfied. */
export interface ApprovalGroup {
  readonly name: string | undefined;
  /** 1 to 100; at least one is checked when a policy is written. */
  readonly quorum: number;
  /** `anyone`: every person of the account; never a service account. A list has 1 to 100 principals, none twice. */
  readonly approvers: 'anyone' | readonly PrincipalId[];
  readonly initiatorCanApprove: boolean;
  /** Services count only where this is true, and only where they are named. */
  readonly serviceAccountsCanApprove: boolean;
  /** Only decisions proven by a signed user action count. */
  readonly signedOnly: boolean;
}

/** What one policy made of one item. */
export interface PolicyEvaluation {
  readonly policyId: GoverningPolicyId;
  /** The policy's version then: an approval given under another version releases nothing. */
  readonly policyVersion: number;
  readonly triggered: boolean;
  /** For people. */
  readonly reason: string;
}

/** The group as it stood when the approval was asked for, with the policy that asked. */
export interface RequiredGroup extends ApprovalGroup {
  readonly policyId: GoverningPolicyId;
}

/** How a decision is known to be the approver's own. */
export type DecisionEvidence =
  /** A credential's signature over a challenge that contains the approval's digest; preimage and assertion are in the log. */
  | { readonly kind: 'signed'; readonly credentialId: CredentialId; readonly logIndex: number }
  /** Only the bearer token or API key. */
  | { readonly kind: 'session' };

export interface Decision {
  readonly principalId: PrincipalId;
  readonly value: 'approved' | 'denied';
  /** At most 1,000 characters. */
  readonly reason: string | undefined;
  readonly atMs: number;
  readonly evidence: DecisionEvidence;
}

export type ApprovalSubject =
  | { readonly kind: 'signature-request'; readonly requestId: RequestId }
  | { readonly kind: 'change'; readonly changeId: ChangeId };

export interface Approval {
  readonly id: ApprovalId;
  readonly accountId: AccountId;
  /** Whose wish it is. */
  readonly initiatorId: PrincipalId;
  readonly activity: ActivityKind;
  readonly subject: ApprovalSubject;
  /** 32 bytes: the digest of the exact request or change. Decisions commit to it. */
  readonly subjectDigest: Uint8Array;
  readonly status: ApprovalStatus;
  readonly groups: readonly RequiredGroup[];
  readonly evaluations: readonly PolicyEvaluation[];
  /** In the order they were given; a principal at most once. */
  readonly decisions: readonly Decision[];
  readonly expiresAtMs: number | undefined;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly resolvedAtMs: number | undefined;
  /** Grows by one with every change. */
  readonly version: number;
}

/** What a governing policy can stand in the way of. */
export const ACTIVITY_KINDS = [
  'sign',
  'incoming-transaction',
  'assign-role',
  'modify-role',
  'modify-policy',
  'modify-credential',
] as const;
export type ActivityKind = (typeof ACTIVITY_KINDS)[number];
