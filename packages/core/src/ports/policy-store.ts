/** External rules, policies, and what they are attached to. */
import type { Account } from '../account.ts';
import type { AccountId, KeyId, PolicyId, PrincipalId, RuleId } from '../ids.ts';
import type { KeyRecord } from '../key-record.ts';
import type { EffectivePolicy, ExternalRule, Policy } from '../policy/external/external-rule.ts';

/** How a rule or a policy is named. Names are unique in their account. */
export type NamedReference<Id> =
  | { readonly by: 'id'; readonly id: Id }
  | { readonly by: 'name'; readonly name: string };

/** What a key's rules are decided by. */
export type KeyOrigin = Pick<KeyRecord, 'id' | 'accountId' | 'createdBy'>;

/** Side by side with the keys that were asked about; undefined for a key that no rule guards. */
export type RulesOfKeys = readonly (readonly ExternalRule[] | undefined)[];

/**
 * Every write is durable, and in the log, when its promise resolves. Whatever changes the rules of a key bumps the
 * account's revision in the same transaction, so that a batch judged before is stale.
 */
export interface PolicyStore {
  /** @throws DomainError `conflict` with subject `unique-name` */
  insertRule(rule: ExternalRule, by: PrincipalId): Promise<void>;
  findRule(accountId: AccountId, rule: NamedReference<RuleId>): Promise<ExternalRule | undefined>;
  /** In order of name. */
  listRules(accountId: AccountId): Promise<readonly ExternalRule[]>;
  removeRule(accountId: AccountId, id: RuleId, by: PrincipalId): Promise<'removed' | 'unknown' | 'in-use'>;

  /** @throws DomainError `conflict` with subject `unique-name`, `not_found` with subject `rule` */
  insertPolicy(policy: Policy, by: PrincipalId): Promise<void>;
  findPolicy(accountId: AccountId, policy: NamedReference<PolicyId>): Promise<Policy | undefined>;
  /** In order of name. */
  listPolicies(accountId: AccountId): Promise<readonly Policy[]>;
  removePolicy(
    accountId: AccountId,
    id: PolicyId,
    by: PrincipalId,
  ): Promise<'removed' | 'unknown' | 'in-use-by-keys' | 'in-use-by-users'>;
  /** false: the policy isn't there or lacks the rule. */
  removeRuleFromPolicy(accountId: AccountId, policy: PolicyId, rule: RuleId, by: PrincipalId): Promise<boolean>;

  /** Takes the place of the policy that was attached before. @throws DomainError `not_found` with subject `policy` */
  attachToKey(accountId: AccountId, key: KeyId, policy: PolicyId, by: PrincipalId): Promise<void>;
  /** false: no policy is attached, or another one than `expected`. */
  detachFromKey(accountId: AccountId, key: KeyId, expected: PolicyId | undefined, by: PrincipalId): Promise<boolean>;
  /** The default for keys that the principal makes. @throws DomainError `not_found` with subject `policy` or `user` */
  attachToPrincipal(accountId: AccountId, principal: PrincipalId, policy: PolicyId, by: PrincipalId): Promise<void>;
  detachFromPrincipal(
    accountId: AccountId,
    principal: PrincipalId,
    expected: PolicyId | undefined,
    by: PrincipalId,
  ): Promise<boolean>;

  /** The one principal of the account with this name. */
  principalNamed(accountId: AccountId, name: string): Promise<PrincipalId | undefined>;

  effective(key: KeyOrigin): Promise<EffectivePolicy | undefined>;

  /**
   * For the signing path. `account` is as it was read for this batch: what is answered holds for its revision, or the
   * revision has moved on and the batch is judged again. Undefined at once where no key has a rule.
   */
  rulesOfKeys(
    account: Account,
    keys: readonly (KeyOrigin | undefined)[],
  ): RulesOfKeys | undefined | Promise<RulesOfKeys | undefined>;
}
