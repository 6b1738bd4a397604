import type { AccountId, PolicyId, RuleId } from '../../ids.ts';

/** How a rule server signs its answers; fixed with the rule, never the answer's own choice (RFC 7518, section 3.1). */
export const RULE_ALGORITHMS = ['ES256', 'RS256'] as const;
export type RuleAlgorithm = (typeof RULE_ALGORITHMS)[number];

/** A rule that an external HTTP service judges: it must say yes, signed, before a signature is made. */
export interface ExternalRule {
  readonly id: RuleId;
  readonly accountId: AccountId;
  /** Unique among the account's rules. */
  readonly name: string;
  /** `https:`, or `http:` where the operator's list of outbound targets has the server. */
  readonly url: string;
  /** SubjectPublicKeyInfo in PEM: P-256 for ES256, RSA of 2048 to 8192 bits for RS256. */
  readonly publicKeyPem: string;
  readonly algorithm: RuleAlgorithm;
  readonly createdAtMs: number;
}

/** A named set of rules, all of which must say yes. One without rules lets everything pass. */
export interface Policy {
  readonly id: PolicyId;
  readonly accountId: AccountId;
  /** Unique among the account's policies. */
  readonly name: string;
  /** In the order in which they were given, each once. */
  readonly ruleIds: readonly RuleId[];
  readonly createdAtMs: number;
}

/** What holds for one key: a policy on the key wins, otherwise the default of the principal that made the key. */
export interface EffectivePolicy {
  readonly attached: Policy;
  readonly origin: 'key' | 'user-default';
  readonly rules: readonly ExternalRule[];
}
