import type { PreparedPayload } from '@countersign/algorithms/algorithm';
import type { View } from '@countersign/chains/view';
import type { Account } from '../account.ts';
import type { DomainErrorCode } from '../domain-error.ts';
import type { KeyRecord } from '../key-record.ts';
import type { Principal } from '../principal.ts';

/** What a rule may look at: facts that we resolved, never the caller's claims about them. */
export interface RuleContext {
  readonly account: Account;
  readonly principal: Principal;
  readonly key: KeyRecord;
  readonly prepared: PreparedPayload;
  readonly view: View;
  /** Whether the account has a governing policy that looks at what is signed. */
  readonly contentRules: boolean;
}

/** There is no asking for approval here: that is what governing policies are for (`governance/`). */
export type Verdict =
  | { readonly verdict: 'allow' }
  | { readonly verdict: 'deny'; readonly code: DomainErrorCode; readonly reason: string };

/** A rule judges one signing item. It can only take away: there is no verdict that overrides another rule's no. */
export interface Rule {
  readonly name: string;
  readonly judge: (context: RuleContext) => Verdict;
}

export const ALLOW: Verdict = { verdict: 'allow' };

export function deny(code: DomainErrorCode, reason: string): Verdict {
  return { verdict: 'deny', code, reason };
}
