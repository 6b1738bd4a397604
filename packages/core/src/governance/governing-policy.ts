/**
 * A policy of the account: for activities that match its filters, a rule decides whether it triggers, and its action
 * says what happens then. (Policies of rule servers that are attached to keys are `policy/external`.)
 */
import type { JsonValue } from '@countersign/chains/chain';
import type { AccountId, GoverningPolicyId, KeyId, RoleId, WalletId } from '../ids.ts';
import type { ActivityKind, ApprovalGroup } from './approval.ts';

/** Kind of a rule in the registry of `rules/`, and its configuration as that rule has checked it. */
export interface PolicyRule {
  readonly kind: string;
  readonly configuration: JsonValue;
}

export type PolicyAction =
  | { readonly kind: 'block' }
  /** Noted in the evaluations; nothing else. */
  | { readonly kind: 'none' }
  | {
      readonly kind: 'request-approval';
      /** 1 to 10. */
      readonly groups: readonly ApprovalGroup[];
      /** 1 to 43,200; undefined: never expires. */
      readonly expiresAfterMinutes: number | undefined;
    };

/** All that are given must hold. A filter that is absent lets everything match. Lists have 1 to 1,000 entries. */
export interface PolicyFilters {
  readonly keyIds?: readonly KeyId[];
  readonly walletIds?: readonly WalletId[];
  /** A wallet of the key has at least one of them. */
  readonly walletTagsAny?: readonly string[];
  /** One wallet of the key has all of them. */
  readonly walletTagsAll?: readonly string[];
  readonly policyIds?: readonly GoverningPolicyId[];
  readonly roleIds?: readonly RoleId[];
}

export interface GoverningPolicy {
  readonly id: GoverningPolicyId;
  readonly accountId: AccountId;
  /** 1 to 255 characters, one line. */
  readonly name: string;
  readonly status: 'active' | 'archived';
  readonly activity: ActivityKind;
  readonly rule: PolicyRule;
  readonly action: PolicyAction;
  readonly filters: PolicyFilters;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** Grows by one with every change. */
  readonly version: number;
}

/** What a caller gives for a new policy, or for all of an old one. */
export type PolicyDraft = Pick<GoverningPolicy, 'name' | 'activity' | 'rule' | 'action' | 'filters'>;
