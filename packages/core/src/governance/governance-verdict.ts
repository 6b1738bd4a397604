/** What all governing policies together make of one signing item. */
import type { GoverningPolicyId } from '../ids.ts';
import type { PolicyEvaluation, RequiredGroup } from './approval.ts';
import type { Spend } from './policy-rule-kind.ts';

/** What stands if the spends with these indexes don't fit their limits any more: computed again, never looser. */
export type OnOverLimit = (overLimit: readonly number[]) => SettledVerdict;

export interface ReservedSpend extends Spend {
  readonly policyId: GoverningPolicyId;
  /** false: counted without a check, for what people have approved. */
  readonly enforced: boolean;
}

export type SettledVerdict =
  | { readonly verdict: 'allow'; readonly evaluations: readonly PolicyEvaluation[] }
  | { readonly verdict: 'deny'; readonly reason: string; readonly evaluations: readonly PolicyEvaluation[] }
  | {
      readonly verdict: 'needs-approval';
      readonly evaluations: readonly PolicyEvaluation[];
      /** Of every triggered policy; at least one. */
      readonly groups: readonly RequiredGroup[];
      /** The shortest of the triggered policies'. */
      readonly expiresAfterMinutes: number | undefined;
    };

/** `spends` are empty unless the verdict is `allow`. */
export type GovernanceVerdict = SettledVerdict & {
  readonly spends: readonly ReservedSpend[];
  readonly onOverLimit: OnOverLimit;
};
