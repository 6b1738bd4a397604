/** The active policies of an account, arranged so that an item meets only those that can match it. */
import type { GoverningPolicyId, KeyId, RoleId, WalletId } from '../ids.ts';
import type { Wallet } from '../wallets/wallet.ts';
import type { ActivityKind } from './approval.ts';
import type { GoverningPolicy } from './governing-policy.ts';
import type { PolicyRuleKind } from './policy-rule-kind.ts';
import { findPolicyRuleKind } from './rules/registry.ts';

/** A policy with its rule looked up and its filters as sets. */
export interface IndexedPolicy {
  readonly policy: GoverningPolicy;
  /** Undefined where this version doesn't know the kind: the policy then triggers. */
  readonly rule: PolicyRuleKind | undefined;
  /** Place among the policies, for an order that doesn't depend on the index. */
  readonly position: number;
  readonly matchesSigning: (subject: SigningSubject) => boolean;
  readonly matchesChange: (facts: ChangeFacts) => boolean;
}

/** What filters look at where something is signed. */
export interface SigningSubject {
  readonly keyId: KeyId | undefined;
  /** Of a child: the key that it was derived from. What governs that one governs its children. */
  readonly parentId: KeyId | undefined;
  readonly wallets: readonly Wallet[];
  readonly walletId: WalletId | undefined;
}

/** What filters look at where a policy or role changes. */
export interface ChangeFacts {
  readonly policyId?: GoverningPolicyId;
  readonly roleId?: RoleId;
}

/** Valid for one revision of the account. */
export interface PolicyIndex {
  /** Whether any policy is about signatures. */
  readonly judgesSignatures: boolean;
  /**
   * Whether a policy that can stop a signature looks at what is signed: then what can't be read needs `blind-sign` in
   * this account. Policies without consequences don't count.
   */
  readonly readsContent: boolean;
  /** Those that match, in the order of the policies. */
  readonly matchingSigning: (subject: SigningSubject) => readonly IndexedPolicy[];
  readonly matchingChange: (activity: ActivityKind, facts: ChangeFacts) => readonly IndexedPolicy[];
}

const NONE: readonly IndexedPolicy[] = [];

/** Archived policies are left out. Costs time in proportion to the policies and their filters. */
export function buildPolicyIndex(policies: readonly GoverningPolicy[]): PolicyIndex {
  const active = policies
    .filter((policy) => policy.status === 'active')
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map(indexed);
  const signing = active.filter(({ policy }) => policy.activity === 'sign');
  const signingBuckets = new Buckets();
  const tagUse = countTags(signing);
  for (const entry of signing) signingBuckets.add(entry, signingBucketsOf(entry.policy, tagUse));
  const changeBuckets = new Map<ActivityKind, Buckets>();
  for (const entry of active) {
    const buckets = changeBuckets.get(entry.policy.activity) ?? new Buckets();
    changeBuckets.set(entry.policy.activity, buckets);
    const { policyIds, roleIds } = entry.policy.filters;
    buckets.add(entry, policyIds ?? roleIds);
  }
  return {
    judgesSignatures: signing.length > 0,
    readsContent: signing.some(
      ({ policy, rule }) => policy.action.kind !== 'none' && (rule === undefined || rule.readsContent),
    ),
    matchingSigning(subject) {
      if (signing.length === 0) return NONE;
      // Every signature has a key. If one ever came without, filters by key would have to hold for it.
      const candidates = subject.keyId === undefined ? signing : signingBuckets.candidates(bucketsOfSubject(subject));
      return candidates.filter((entry) => entry.matchesSigning(subject));
    },
    matchingChange(activity, facts) {
      const buckets = changeBuckets.get(activity);
      if (buckets === undefined) return NONE;
      const names = [facts.policyId, facts.roleId].filter((id) => id !== undefined);
      return buckets.candidates(names).filter((entry) => entry.matchesChange(facts));
    },
  };
}

/** Each policy lies in those buckets of which it needs at least one, or in the one for everything. */
class Buckets {
  readonly #unfiltered: IndexedPolicy[] = [];
  readonly #named = new Map<string, IndexedPolicy[]>();

  add(entry: IndexedPolicy, names: readonly string[] | undefined): void {
    if (names === undefined) {
      this.#unfiltered.push(entry);
      return;
    }
    for (const name of new Set(names)) {
      const bucket = this.#named.get(name);
      if (bucket === undefined) this.#named.set(name, [entry]);
      else bucket.push(entry);
    }
  }

  /** Each at most once, in the order of the policies. */
  candidates(names: readonly string[]): readonly IndexedPolicy[] {
    let found: Set<IndexedPolicy> | undefined;
    for (const name of names) {
      const bucket = this.#named.get(name);
      if (bucket === undefined) continue;
      found ??= new Set(this.#unfiltered);
      for (const entry of bucket) found.add(entry);
    }
    if (found === undefined) return this.#unfiltered;
    return [...found].sort((a, b) => a.position - b.position);
  }
}

const keyBucket = (id: KeyId): string => `key ${id}`;
const walletBucket = (id: WalletId): string => `wallet ${id}`;
const tagBucket = (tag: string): string => `tag ${tag}`;

/** The filter that most policies don't share: keys, then wallets, then tags, of several tags the rarest. */
function signingBucketsOf({ filters }: GoverningPolicy, tagUse: ReadonlyMap<string, number>): string[] | undefined {
  const { keyIds, walletIds, walletTagsAll, walletTagsAny } = filters;
  if (keyIds !== undefined) return keyIds.map(keyBucket);
  if (walletIds !== undefined) return walletIds.map(walletBucket);
  const [rarest] = [...(walletTagsAll ?? [])].sort((a, b) => (tagUse.get(a) ?? 0) - (tagUse.get(b) ?? 0));
  if (rarest !== undefined) return [tagBucket(rarest)];
  return walletTagsAny?.map(tagBucket);
}

function bucketsOfSubject({ keyId, parentId, wallets, walletId }: SigningSubject): readonly string[] {
  const names: string[] = [];
  if (keyId !== undefined) names.push(keyBucket(keyId));
  if (parentId !== undefined) names.push(keyBucket(parentId));
  if (walletId !== undefined) names.push(walletBucket(walletId));
  for (const wallet of wallets) {
    names.push(walletBucket(wallet.id));
    for (const tag of wallet.tags) names.push(tagBucket(tag));
  }
  return names;
}

function countTags(entries: readonly IndexedPolicy[]): ReadonlyMap<string, number> {
  const uses = new Map<string, number>();
  for (const { policy } of entries)
    for (const tag of policy.filters.walletTagsAll ?? []) uses.set(tag, (uses.get(tag) ?? 0) + 1);
  return uses;
}

function indexed(policy: GoverningPolicy, position: number): IndexedPolicy {
  const { filters } = policy;
  const keyIds = setOf(filters.keyIds);
  const walletIds = setOf(filters.walletIds);
  const tagsAny = setOf(filters.walletTagsAny);
  const tagsAll = filters.walletTagsAll;
  const policyIds = setOf(filters.policyIds);
  const roleIds = setOf(filters.roleIds);
  return {
    policy,
    rule: findPolicyRuleKind(policy.rule.kind),
    position,
    // Each filter may hold through another wallet of the key: who has the key signs for all of them.
    matchesSigning: ({ keyId, parentId, wallets, walletId }) =>
      (keyIds === undefined ||
        keyId === undefined ||
        keyIds.has(keyId) ||
        (parentId !== undefined && keyIds.has(parentId))) &&
      (walletIds === undefined ||
        (walletId !== undefined && walletIds.has(walletId)) ||
        wallets.some(({ id }) => walletIds.has(id))) &&
      (tagsAny === undefined || wallets.some(({ tags }) => tags.some((tag) => tagsAny.has(tag)))) &&
      (tagsAll === undefined || wallets.some(({ tags }) => tagsAll.every((tag) => tags.includes(tag)))),
    matchesChange: (facts) => isAmong(policyIds, facts.policyId) && isAmong(roleIds, facts.roleId),
  };
}

function setOf<Item>(list: readonly Item[] | undefined): ReadonlySet<Item> | undefined {
  return list === undefined ? undefined : new Set(list);
}

function isAmong<Id>(ids: ReadonlySet<Id> | undefined, id: Id | undefined): boolean {
  return ids === undefined || (id !== undefined && ids.has(id));
}
