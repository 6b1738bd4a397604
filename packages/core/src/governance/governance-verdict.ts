/** What all governing policies together make of one signing item. */
import type { GoverningPolicyId } from '../ids.ts';
import type { PolicyEvaluation, RequiredGroup } from './approval.ts';
import type { Spend } from './policy-rule-kind.ts';

export interface ReservedSpend extends Spend {
  readonly policyId: GoverningPolicyId;
  /** false: counted without a check, for what people have approved. */
  readonly enforced: boolean;
}

/** A rule server that has to be asked before the rule of this policy counts as not triggered. */
export interface Screening {
  readonly policyId: GoverningPolicyId;
  /** Name of an external rule of the account; one that isn't there says no. */
  readonly ruleName: string;
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

/** What turned out after the rules had judged, as indexes into `spends` and `screenings`. */
export interface LateFacts {
  readonly overLimit: readonly number[];
  readonly screenedOut: readonly number[];
}

export type GovernanceVerdict = SettledVerdict & {
  /** To be reserved where the item goes on to be signed. */
  readonly spends: readonly ReservedSpend[];
  /** To be asked where the verdict isn't `deny`. */
  readonly screenings: readonly Screening[];
  /** What stands with these facts: pure, never looser than the verdict itself. */
  readonly resettle: (facts: LateFacts) => SettledVerdict;
};
