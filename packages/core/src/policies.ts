/** Commands on policies with external rules. For administrators of the account alone. */
import { DomainError } from './domain-error.ts';
import { type AccountId, newId, type PolicyId, type PrincipalId, type RuleId } from './ids.ts';
import type { EffectivePolicy, ExternalRule, Policy, RuleAlgorithm } from './policy/external/external-rule.ts';
import { isOneLine } from './policy/external/one-line.ts';
import { parseRuleKey } from './policy/external/parse-rule-key.ts';
import type { Directory, KeyStore } from './ports/directory.ts';
import type { KeyOrigin, NamedReference, PolicyStore } from './ports/policy-store.ts';
import type { ThresholdStore } from './ports/threshold-store.ts';
import { administersAccount, type Caller } from './principal.ts';
import type { KeyReference } from './signing-item.ts';

export interface NewExternalRule {
  /** 1 to 255 characters on one line, unique in the account. */
  readonly name: string;
  /** At most 2048 characters. */
  readonly url: string;
  /** SubjectPublicKeyInfo in PEM. */
  readonly publicKeyPem: string;
  readonly algorithm: RuleAlgorithm;
}

export interface NewPolicy {
  /** As a rule's. */
  readonly name: string;
  /** At most 32, none twice. */
  readonly rules: readonly NamedReference<RuleId>[];
}

export type RuleReference = NamedReference<RuleId>;
export type PolicyReference = NamedReference<PolicyId>;
export type UserReference = NamedReference<PrincipalId>;

/**
 * Every command throws `DomainError` `forbidden` with subject `administrator` for anybody else. What isn't there is
 * `not_found` with subject `rule`, `policy`, `key` or `user`; a taken name is `conflict` with subject `unique-name`.
 */
export interface Policies {
  /** @throws DomainError `invalid_request` for a bad name, URL or key, or a URL that the operator's list excludes */
  addExternalRule(caller: Caller, rule: NewExternalRule): Promise<ExternalRule>;
  listRules(caller: Caller): Promise<readonly ExternalRule[]>;
  /** @throws DomainError `conflict` with subject `rule-in-use` */
  deleteRule(caller: Caller, rule: RuleReference): Promise<void>;

  createPolicy(caller: Caller, policy: NewPolicy): Promise<Policy>;
  listPolicies(caller: Caller): Promise<readonly Policy[]>;
  /** @throws DomainError `conflict` with subject `policy-in-use-by-keys` or `policy-in-use-by-users` */
  deletePolicy(caller: Caller, policy: PolicyReference): Promise<void>;
  /** @throws DomainError `not_found` with subject `rule-not-in-policy` */
  removeRuleFromPolicy(caller: Caller, policy: PolicyReference, rule: RuleReference): Promise<void>;

  /** Any key or threshold share of the account, generated or not. Takes the place of its former policy. */
  attachToKey(caller: Caller, policy: PolicyReference, key: KeyReference): Promise<void>;
  /** `policy`, where given, must be the one that is attached. @throws DomainError `not_found` with subject `policy` */
  detachFromKey(caller: Caller, key: KeyReference, policy?: PolicyReference): Promise<void>;
  /** The default for keys that the user made and will make, unless they have a policy of their own. */
  attachToUser(caller: Caller, policy: PolicyReference, user: UserReference): Promise<void>;
  /** As `detachFromKey`. */
  detachFromUser(caller: Caller, user: UserReference, policy?: PolicyReference): Promise<void>;
  /** Undefined: none is attached to the key, nor to the user that made it. */
  effectivePolicy(caller: Caller, key: KeyReference): Promise<EffectivePolicy | undefined>;
}

export interface PolicyDependencies {
  readonly policies: PolicyStore;
  readonly directory: Directory;
  readonly keys: KeyStore;
  /** For threshold keys that aren't generated yet. */
  readonly threshold: Pick<ThresholdStore, 'find' | 'findByName'>;
  /** Why no question can ever go to this URL, as a sentence that starts with "the URL"; undefined: it may. */
  readonly refuseUrl: (url: string) => string | undefined;
  readonly now: () => number;
}

const MAX_NAME_CHARACTERS = 255;
const MAX_URL_CHARACTERS = 2048;
const MAX_RULES = 1000;
const MAX_POLICIES = 1000;
const MAX_RULES_OF_POLICY = 32;

export function createPolicies(dependencies: PolicyDependencies): Policies {
  const { policies, directory, now } = dependencies;

  const findRule = async (accountId: AccountId, reference: RuleReference): Promise<ExternalRule> => {
    const rule = await policies.findRule(accountId, reference);
    if (rule === undefined) throw unknown('rule');
    return rule;
  };
  const findPolicy = async (accountId: AccountId, reference: PolicyReference): Promise<Policy> => {
    const policy = await policies.findPolicy(accountId, reference);
    if (policy === undefined) throw unknown('policy');
    return policy;
  };
  const findUser = async (accountId: AccountId, reference: UserReference): Promise<PrincipalId> => {
    const id = reference.by === 'id' ? reference.id : await policies.principalNamed(accountId, reference.name);
    const principal = id === undefined ? undefined : await directory.principal(id);
    if (principal?.accountId !== accountId) throw unknown('user');
    return principal.id;
  };

  return {
    async addExternalRule(caller, request) {
      const { accountId, by } = administratorOf(caller);
      checkName(request.name);
      const parsed = parseRuleKey(request.publicKeyPem, request.algorithm);
      if (!parsed.ok) throw new DomainError('invalid_request', parsed.reason);
      const badUrl =
        request.url.length > MAX_URL_CHARACTERS
          ? `the URL has at most ${MAX_URL_CHARACTERS} characters`
          : dependencies.refuseUrl(request.url);
      if (badUrl !== undefined) throw new DomainError('invalid_request', badUrl);
      if ((await policies.listRules(accountId)).length >= MAX_RULES)
        throw new DomainError('too_large', `an account has at most ${MAX_RULES} rules`);
      const rule: ExternalRule = {
        id: newId(),
        accountId,
        name: request.name,
        url: request.url,
        publicKeyPem: parsed.publicKeyPem,
        algorithm: request.algorithm,
        createdAtMs: now(),
      };
      await policies.insertRule(rule, by);
      return rule;
    },

    async listRules(caller) {
      return policies.listRules(administratorOf(caller).accountId);
    },

    async deleteRule(caller, reference) {
      const { accountId, by } = administratorOf(caller);
      const { id } = await findRule(accountId, reference);
      const outcome = await policies.removeRule(accountId, id, by);
      if (outcome === 'unknown') throw unknown('rule');
      if (outcome === 'in-use')
        throw new DomainError('conflict', 'a policy has this rule; remove it from the policy first', {
          subject: 'rule-in-use',
        });
    },

    async createPolicy(caller, request) {
      const { accountId, by } = administratorOf(caller);
      checkName(request.name);
      if (request.rules.length > MAX_RULES_OF_POLICY)
        throw new DomainError('too_large', `a policy has at most ${MAX_RULES_OF_POLICY} rules`);
      const ruleIds: RuleId[] = [];
      for (const reference of request.rules) ruleIds.push((await findRule(accountId, reference)).id);
      if (new Set(ruleIds).size !== ruleIds.length)
        throw new DomainError('invalid_request', 'a rule is named twice in the policy');
      if ((await policies.listPolicies(accountId)).length >= MAX_POLICIES)
        throw new DomainError('too_large', `an account has at most ${MAX_POLICIES} policies`);
      const policy: Policy = { id: newId(), accountId, name: request.name, ruleIds, createdAtMs: now() };
      await policies.insertPolicy(policy, by);
      return policy;
    },

    async listPolicies(caller) {
      return policies.listPolicies(administratorOf(caller).accountId);
    },

    async deletePolicy(caller, reference) {
      const { accountId, by } = administratorOf(caller);
      const { id } = await findPolicy(accountId, reference);
      const outcome = await policies.removePolicy(accountId, id, by);
      if (outcome === 'unknown') throw unknown('policy');
      if (outcome === 'in-use-by-keys')
        throw new DomainError('conflict', 'keys have this policy; detach it from them first', {
          subject: 'policy-in-use-by-keys',
        });
      if (outcome === 'in-use-by-users')
        throw new DomainError('conflict', 'the policy is the default of users; detach it from them first', {
          subject: 'policy-in-use-by-users',
        });
    },

    async removeRuleFromPolicy(caller, policyReference, ruleReference) {
      const { accountId, by } = administratorOf(caller);
      const policy = await findPolicy(accountId, policyReference);
      const rule = await findRule(accountId, ruleReference);
      if (!(await policies.removeRuleFromPolicy(accountId, policy.id, rule.id, by)))
        throw new DomainError('not_found', 'the policy does not have this rule', { subject: 'rule-not-in-policy' });
    },

    async attachToKey(caller, policyReference, keyReference) {
      const { accountId, by } = administratorOf(caller);
      const policy = await findPolicy(accountId, policyReference);
      const key = await findKey(dependencies, accountId, keyReference);
      await policies.attachToKey(accountId, key.id, policy.id, by);
    },

    async detachFromKey(caller, keyReference, policyReference) {
      const { accountId, by } = administratorOf(caller);
      const key = await findKey(dependencies, accountId, keyReference);
      const expected = policyReference === undefined ? undefined : (await findPolicy(accountId, policyReference)).id;
      if (!(await policies.detachFromKey(accountId, key.id, expected, by))) throw notAttached();
    },

    async attachToUser(caller, policyReference, userReference) {
      const { accountId, by } = administratorOf(caller);
      const policy = await findPolicy(accountId, policyReference);
      await policies.attachToPrincipal(accountId, await findUser(accountId, userReference), policy.id, by);
    },

    async detachFromUser(caller, userReference, policyReference) {
      const { accountId, by } = administratorOf(caller);
      const user = await findUser(accountId, userReference);
      const expected = policyReference === undefined ? undefined : (await findPolicy(accountId, policyReference)).id;
      if (!(await policies.detachFromPrincipal(accountId, user, expected, by))) throw notAttached();
    },

    async effectivePolicy(caller, keyReference) {
      const { accountId } = administratorOf(caller);
      return policies.effective(await findKey(dependencies, accountId, keyReference));
    },
  };
}

function administratorOf({ principal }: Caller): { readonly accountId: AccountId; readonly by: PrincipalId } {
  if (!administersAccount(principal))
    throw new DomainError('forbidden', 'only an administrator of the account may do this', {
      subject: 'administrator',
    });
  return { accountId: principal.accountId, by: principal.id };
}

async function findKey(
  { keys, threshold }: PolicyDependencies,
  accountId: AccountId,
  reference: KeyReference,
): Promise<KeyOrigin> {
  // A key that isn't stored ends with its request or session; there is nothing to attach a policy to.
  if (reference.by === 'record') throw unknown('key');
  const [key] = await keys.resolve(accountId, [reference]);
  if (key !== undefined) return key;
  const share =
    reference.by === 'id'
      ? await threshold.find(accountId, reference.id)
      : await threshold.findByName(accountId, reference.name);
  if (share === undefined) throw unknown('key');
  return share;
}

function checkName(name: string): void {
  if (name.trim() === '' || name.length > MAX_NAME_CHARACTERS || !isOneLine(name))
    throw new DomainError('invalid_request', `a name has 1 to ${MAX_NAME_CHARACTERS} characters on one line`);
}

function unknown(subject: 'rule' | 'policy' | 'key' | 'user'): DomainError {
  return new DomainError('not_found', `no such ${subject}`, { subject });
}

function notAttached(): DomainError {
  return new DomainError('not_found', 'this policy is not attached there', { subject: 'policy' });
}
