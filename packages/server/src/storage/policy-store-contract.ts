/** The part of the store's contract that is about external rules, policies and what they are attached to. */
import { type GroupId, newId, type PrincipalId } from '@countersign/core/ids';
import type { ExternalRule, Policy } from '@countersign/core/policy/external/external-rule';
import { describe, expect, it } from 'vitest';
import type { Store } from './store.ts';
import type { StoreTests } from './store-contract.ts';
import { completed, type Household, newHousehold, newKey, newKeyOfShare, newShare } from './store-fixtures.ts';

function newRule({ account }: Household, changes: Partial<ExternalRule> = {}): ExternalRule {
  const id = newId<ExternalRule['id']>();
  return {
    id,
    accountId: account.id,
    name: `rule ${id}`,
    url: 'https://rules.example/ask?token=hidden',
    publicKeyPem: '-----BEGIN PUBLIC KEY-----\n...\n-----END PUBLIC KEY-----\n',
    algorithm: 'ES256',
    createdAtMs: 1_700_000_000_000,
    ...changes,
  };
}

function newPolicy({ account }: Household, rules: readonly ExternalRule[], changes: Partial<Policy> = {}): Policy {
  const id = newId<Policy['id']>();
  return {
    id,
    accountId: account.id,
    name: `policy ${id}`,
    ruleIds: rules.map((rule) => rule.id),
    createdAtMs: 1_700_000_000_001,
    ...changes,
  };
}

export function describePolicyStore({ opened, reopened }: StoreTests): void {
  async function guarded(store: Store, home: Household, keys: Parameters<Store['policies']['rulesOfKeys']>[1]) {
    const account = await store.directory.account(home.account.id);
    if (account === undefined) throw new Error('the account is gone');
    const found = await store.policies.rulesOfKeys(account, keys);
    return found?.map((rules) => rules?.map((rule) => rule.id));
  }
  async function revision(store: Store, home: Household): Promise<number> {
    return (await store.directory.account(home.account.id))?.revision ?? 0;
  }
  /** Two rules in one policy. */
  async function withPolicy(store: Store, home: Household, name = `policy ${newId()}`) {
    const by = home.administrator.id;
    const rules = [newRule(home), newRule(home, { algorithm: 'RS256' })];
    for (const rule of rules) await store.policies.insertRule(rule, by);
    const policy = newPolicy(home, rules, { name });
    await store.policies.insertPolicy(policy, by);
    return { by, rules, policy, ids: policy.ruleIds };
  }

  describe('rules and policies', () => {
    it('come back with every field, by id and by name, after a restart too', async () => {
      const { store, home, at } = await opened();
      const { rules, policy } = await withPolicy(store, home);
      const { id: accountId } = home.account;
      for (const next of [() => store, () => reopened(store, at)]) {
        const { policies } = await next();
        for (const rule of rules) {
          expect(await policies.findRule(accountId, { by: 'id', id: rule.id })).toEqual(rule);
          expect(await policies.findRule(accountId, { by: 'name', name: rule.name })).toEqual(rule);
        }
        expect(await policies.findPolicy(accountId, { by: 'id', id: policy.id })).toEqual(policy);
        expect(await policies.findPolicy(accountId, { by: 'name', name: policy.name })).toEqual(policy);
        const names = rules.map((rule) => rule.name).sort();
        expect((await policies.listRules(accountId)).map((rule) => rule.name)).toEqual(names);
        expect(await policies.listPolicies(accountId)).toEqual([policy]);
      }
    });

    it('are not found from another account, nor used by it', async () => {
      const { store, home } = await opened();
      const { policy, rules, by } = await withPolicy(store, home);
      const other = newHousehold();
      await store.directory.install(other);
      const { id } = other.account;
      const [rule] = rules;
      if (rule === undefined) throw new Error('no rule');
      const { policies } = store;
      expect(await policies.findRule(id, { by: 'id', id: rule.id })).toBeUndefined();
      expect(await policies.findPolicy(id, { by: 'name', name: policy.name })).toBeUndefined();
      expect(await policies.listRules(id)).toEqual([]);
      expect(await policies.removeRule(id, rule.id, by)).not.toBe('removed');
      expect(await policies.removePolicy(id, policy.id, by)).toBe('unknown');
      expect(await policies.removeRuleFromPolicy(id, policy.id, rule.id, by)).toBe(false);
      const key = newKey(other);
      await expect(policies.attachToKey(id, key.id, policy.id, by)).rejects.toMatchObject({ subject: 'policy' });
      await expect(policies.insertPolicy(newPolicy(other, rules), by)).rejects.toMatchObject({ subject: 'rule' });
      // Whoever tries: the attachment of another account's key stays what it is.
      await policies.attachToKey(home.account.id, key.id, policy.id, by);
      const otherPolicy = newPolicy(other, []);
      await policies.insertPolicy(otherPolicy, by);
      await policies.attachToKey(id, key.id, otherPolicy.id, by);
      expect(await policies.detachFromKey(id, key.id, undefined, by)).toBe(false);
      expect((await policies.effective({ ...key, accountId: home.account.id }))?.attached.id).toBe(policy.id);
    });

    it('have names of their own, and a policy has known rules, each once; a refused one leaves nothing', async () => {
      const { store, home } = await opened();
      const { rules, policy, by } = await withPolicy(store, home);
      const { policies } = store;
      const taken = { code: 'conflict', subject: 'unique-name' };
      const [rule] = rules;
      if (rule === undefined) throw new Error('no rule');
      await expect(policies.insertRule(newRule(home, { name: rule.name }), by)).rejects.toMatchObject(taken);
      await expect(policies.insertPolicy(newPolicy(home, [], { name: policy.name }), by)).rejects.toMatchObject(taken);
      const before = (await store.log.head()).size;
      const broken = newPolicy(home, [rule, newRule(home)], { name: 'broken' });
      await expect(policies.insertPolicy(broken, by)).rejects.toMatchObject({ code: 'not_found', subject: 'rule' });
      expect(await policies.listPolicies(home.account.id)).toEqual([policy]);
      expect((await store.log.head()).size).toBe(before);
    });

    it('are not deleted while something needs them, and the store says what', async () => {
      const { store, home } = await opened();
      const { rules, policy, by } = await withPolicy(store, home);
      const { policies } = store;
      const { id: accountId } = home.account;
      const [first, second] = rules;
      if (first === undefined || second === undefined) throw new Error('no rules');
      const key = newKey(home);
      await store.keys.insert(key);
      await policies.attachToKey(accountId, key.id, policy.id, by);
      await policies.attachToPrincipal(accountId, by, policy.id, by);
      expect(await policies.removeRule(accountId, first.id, by)).toBe('in-use');
      expect(await policies.removePolicy(accountId, policy.id, by)).toBe('in-use-by-keys');
      expect(await policies.detachFromKey(accountId, key.id, undefined, by)).toBe(true);
      expect(await policies.removePolicy(accountId, policy.id, by)).toBe('in-use-by-users');
      expect(await policies.detachFromPrincipal(accountId, by, policy.id, by)).toBe(true);
      expect(await policies.removeRuleFromPolicy(accountId, policy.id, second.id, by)).toBe(true);
      expect(await policies.removeRuleFromPolicy(accountId, policy.id, second.id, by)).toBe(false);
      expect(await policies.removeRule(accountId, second.id, by)).toBe('removed');
      expect(await policies.removeRule(accountId, second.id, by)).toBe('unknown');
      expect(await policies.removePolicy(accountId, policy.id, by)).toBe('removed');
      expect(await policies.removeRule(accountId, first.id, by)).toBe('removed');
      expect(await policies.removePolicy(accountId, policy.id, by)).toBe('unknown');
    });
  });

  describe('attachments', () => {
    it('give a key its rules: its own policy wins over the default of its maker', async () => {
      const { store, home, at } = await opened();
      const { policies } = store;
      const { id: accountId } = home.account;
      const keys = [newKey(home), newKey(home), newKey(home, { createdBy: newId<PrincipalId>() })];
      for (const key of keys) await store.keys.insert(key);
      const [own, byDefault] = keys;
      if (own === undefined || byDefault === undefined) throw new Error('no keys');
      expect(await guarded(store, home, keys)).toBeUndefined();
      const a = await withPolicy(store, home);
      const b = await withPolicy(store, home);
      // Policies that nothing is attached to guard nothing.
      expect(await guarded(store, home, keys)).toBeUndefined();
      await policies.attachToPrincipal(accountId, home.administrator.id, a.policy.id, a.by);
      expect(await guarded(store, home, keys)).toEqual([a.ids, a.ids, undefined]);
      await policies.attachToKey(accountId, own.id, b.policy.id, b.by);
      for (const next of [() => store, () => store, () => reopened(store, at)]) {
        const now = await next();
        expect(await guarded(now, home, keys)).toEqual([b.ids, a.ids, undefined]);
        expect(await guarded(now, home, [undefined, own, undefined])).toEqual([undefined, b.ids, undefined]);
        expect(await now.policies.effective(own)).toEqual({ attached: b.policy, origin: 'key', rules: b.rules });
        const inherited = { attached: a.policy, origin: 'user-default', rules: a.rules };
        expect(await now.policies.effective(byDefault)).toEqual(inherited);
      }
    });

    it('with a policy of no rules let pass what the default would not', async () => {
      const { store, home } = await opened();
      const { policy, by, ids } = await withPolicy(store, home);
      const empty = newPolicy(home, []);
      const [open, closed] = [newKey(home), newKey(home)];
      await store.policies.insertPolicy(empty, by);
      await store.policies.attachToPrincipal(home.account.id, by, policy.id, by);
      await store.policies.attachToKey(home.account.id, open.id, empty.id, by);
      expect(await guarded(store, home, [open, closed])).toEqual([undefined, ids]);
      expect(await store.policies.effective(open)).toEqual({ attached: empty, origin: 'key', rules: [] });
    });

    it('move the revision with every change of what guards a key, and only then', async () => {
      const { store, home } = await opened();
      const { policies } = store;
      const { id: accountId } = home.account;
      const key = newKey(home);
      await store.keys.insert(key);
      let last = await revision(store, home);
      const grows = async (work: () => Promise<unknown>, expected: boolean): Promise<void> => {
        await work();
        const now = await revision(store, home);
        expect(now > last).toBe(expected);
        last = now;
      };
      const { rules, policy, by } = await withPolicy(store, home);
      await grows(async () => {}, false);
      const [rule] = rules;
      if (rule === undefined) throw new Error('no rule');
      await grows(() => policies.attachToKey(accountId, key.id, policy.id, by), true);
      await grows(() => policies.attachToPrincipal(accountId, by, policy.id, by), true);
      await grows(() => policies.removeRuleFromPolicy(accountId, policy.id, rule.id, by), true);
      await grows(() => policies.removeRuleFromPolicy(accountId, policy.id, rule.id, by), false);
      await grows(() => policies.detachFromKey(accountId, key.id, newId(), by), false);
      await grows(() => policies.detachFromKey(accountId, key.id, policy.id, by), true);
      await grows(() => policies.detachFromKey(accountId, key.id, undefined, by), false);
      await grows(() => policies.detachFromPrincipal(accountId, by, undefined, by), true);
      await grows(() => policies.detachFromPrincipal(accountId, by, undefined, by), false);
    });

    it('answer for a revision that is behind with what makes the batch stale', async () => {
      const { store, home } = await opened();
      const { policy, by, ids } = await withPolicy(store, home);
      const key = newKey(home);
      await store.keys.insert(key);
      const before = await store.directory.account(home.account.id);
      if (before === undefined) throw new Error('no account');
      expect(await store.policies.rulesOfKeys(before, [key])).toBeUndefined();
      await store.policies.attachToKey(home.account.id, key.id, policy.id, by);
      const outcome = await store.journal.recordIntent({
        accountId: home.account.id,
        accountRevision: before.revision,
        principalId: by,
        dialect: 'test',
        items: [{ keyId: key.id, keyVersion: 1, payloadDigest: new Uint8Array(32) }],
        refused: [],
      });
      expect(outcome).toEqual({ recorded: false, reason: 'stale' });
      expect(await guarded(store, home, [key])).toEqual([ids]);
    });

    it('are for users and policies that are there', async () => {
      const { store, home } = await opened();
      const { policy, by } = await withPolicy(store, home);
      const { policies } = store;
      const { id: accountId } = home.account;
      const noUser = { code: 'not_found', subject: 'user' };
      const noPolicy = { code: 'not_found', subject: 'policy' };
      await expect(policies.attachToPrincipal(accountId, newId(), policy.id, by)).rejects.toMatchObject(noUser);
      await expect(policies.attachToPrincipal(accountId, by, newId(), by)).rejects.toMatchObject(noPolicy);
      await expect(policies.attachToKey(accountId, newId(), newId(), by)).rejects.toMatchObject(noPolicy);
    });

    it('find a user by name where only one has it', async () => {
      const { store, home } = await opened();
      const { account, administrator } = home;
      expect(await store.policies.principalNamed(account.id, administrator.name)).toBe(administrator.id);
      expect(await store.policies.principalNamed(account.id, 'nobody')).toBeUndefined();
      expect(await store.policies.principalNamed(newId(), administrator.name)).toBeUndefined();
      await store.directory.insertPrincipal({ ...administrator, id: newId() }, undefined, 1);
      expect(await store.policies.principalNamed(account.id, administrator.name)).toBeUndefined();
    });

    it('end with the key, the share or the user', async () => {
      const { store, home } = await opened();
      const { policy, by } = await withPolicy(store, home);
      const { policies } = store;
      const { id: accountId } = home.account;
      const key = newKey(home);
      await store.keys.insert(key);
      const share = newShare(home);
      await store.threshold.insert(share);
      const groupId = newId<GroupId>();
      const user = {
        ...home.administrator,
        id: newId<PrincipalId>(),
        name: 'user',
        defaultGroupId: groupId,
        grants: [],
      };
      await store.directory.insertUser({
        principal: user,
        group: { id: groupId, accountId, name: 'group of user', createdBy: by, createdAtMs: 1 },
        apiKeyDigest: new Uint8Array(32).fill(7),
        createdAtMs: 1,
        by,
      });
      await policies.attachToKey(accountId, key.id, policy.id, by);
      await policies.attachToKey(accountId, share.id, policy.id, by);
      await policies.attachToPrincipal(accountId, user.id, policy.id, by);
      expect(await store.keys.remove(accountId, key.id, by)).toBe(true);
      expect(await policies.removePolicy(accountId, policy.id, by)).toBe('in-use-by-keys');
      expect(await store.threshold.remove(accountId, share.id, by)).toBe(true);
      expect(await policies.removePolicy(accountId, policy.id, by)).toBe('in-use-by-users');
      expect(await store.directory.removeUser({ accountId, principalId: user.id, groupId, by })).toBe(true);
      expect(await policies.removePolicy(accountId, policy.id, by)).toBe('removed');
    });

    it('follow a threshold key to the share that takes its place', async () => {
      const { store, home } = await opened();
      const a = await withPolicy(store, home);
      const { id: accountId } = home.account;
      const old = newShare(home);
      await store.threshold.insert(old);
      await store.policies.attachToKey(accountId, old.id, a.policy.id, a.by);
      const done = completed(old);
      await store.threshold.replace(done, { insertKey: newKeyOfShare(home, done) });
      const fresh = newShare(home, { name: undefined });
      await store.threshold.insert(fresh);
      const pointing = { ...done, successor: fresh.id, version: done.version + 1 };
      expect(await store.threshold.replace(pointing)).toBe(true);
      // Guarded from the start, and the old one still is.
      expect(await guarded(store, home, [old, fresh])).toEqual([a.ids, a.ids]);
      const freshDone = completed(fresh);
      const alongside = { insertKey: newKeyOfShare(home, freshDone), retire: [old.id] };
      expect(await store.threshold.replace(freshDone, alongside)).toBe(true);
      expect(await guarded(store, home, [old, fresh])).toEqual([undefined, a.ids]);
      await store.policies.detachFromKey(accountId, fresh.id, a.policy.id, a.by);
      expect(await store.policies.removePolicy(accountId, a.policy.id, a.by)).toBe('removed');
    });

    it('follow also where they were made while the new share was under way', async () => {
      const { store, home } = await opened();
      const a = await withPolicy(store, home);
      const old = newShare(home);
      const fresh = newShare(home, { name: undefined });
      await store.threshold.insert(old);
      await store.threshold.insert(fresh);
      const done = { ...completed(old), successor: fresh.id };
      await store.threshold.replace(done, { insertKey: newKeyOfShare(home, done) });
      await store.policies.attachToKey(home.account.id, old.id, a.policy.id, a.by);
      const freshDone = completed(fresh);
      await store.threshold.replace(freshDone, { insertKey: newKeyOfShare(home, freshDone), retire: [old.id] });
      expect(await guarded(store, home, [fresh])).toEqual([a.ids]);
    });

    it('are in the log, each change once', async () => {
      const { store, home } = await opened();
      const { size } = await store.log.head();
      const { rules, policy, by } = await withPolicy(store, home);
      const [rule] = rules;
      if (rule === undefined) throw new Error('no rule');
      const { policies } = store;
      const { id: accountId } = home.account;
      const key = newKey(home);
      await policies.attachToKey(accountId, key.id, policy.id, by);
      await policies.attachToPrincipal(accountId, by, policy.id, by);
      await policies.removeRuleFromPolicy(accountId, policy.id, rule.id, by);
      await policies.detachFromKey(accountId, key.id, undefined, by);
      await policies.detachFromPrincipal(accountId, by, undefined, by);
      await policies.removePolicy(accountId, policy.id, by);
      await policies.removeRule(accountId, rule.id, by);
      expect((await store.log.head()).size).toBe(size + 10);
    });
  });
}
