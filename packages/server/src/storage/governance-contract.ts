/** The part of the store's contract that is about approvals, governing policies and changes that wait. */
import type { Approval } from '@countersign/core/governance/approval';
import type { GoverningPolicy } from '@countersign/core/governance/governing-policy';
import { type ApprovalId, newId, type PrincipalId } from '@countersign/core/ids';
import type { StoredApprovalQuery } from '@countersign/core/ports/request-store';
import { describe, expect, it } from 'vitest';
import {
  intentOf,
  newChange,
  newDecision,
  newGoverningPolicy,
  newGroup,
  newPendingRequest,
  resolveApproval,
  storedItem,
  storePending,
} from './governance-fixtures.ts';
import type { Store } from './store.ts';
import type { StoreTests } from './store-contract.ts';
import { type Household, newHousehold, signedOutcomes } from './store-fixtures.ts';

export function describeGovernance({ opened, reopened }: StoreTests): void {
  async function approvalOf(store: Store, { accountId, id }: Approval): Promise<Approval | undefined> {
    return store.requests.findApproval(accountId, id);
  }
  async function accountOf(store: Store, home: Household) {
    const account = await store.directory.account(home.account.id);
    if (account === undefined) throw new Error('the account is gone');
    return account;
  }

  describe('approvals', () => {
    it('collect decisions, each stored and logged once, and come back after a restart', async () => {
      const { store, home, at } = await opened();
      const pair = newPendingRequest(home, {}, { expiresAtMs: 1_800_000_000_000 });
      await storePending(store, home, pair);
      const { size } = await store.log.head();
      const decide = () =>
        store.requests.updateApproval(home.account.id, pair.approval.id, (current) => ({
          approval: { ...current, decisions: [...current.decisions, newDecision()], updatedAtMs: 1_700_000_000_800 },
          reason: undefined,
        }));
      await Promise.all([decide(), decide(), decide()]);
      expect((await store.log.head()).size).toBe(size + 3);
      const now = await approvalOf(store, pair.approval);
      expect(now).toMatchObject({ status: 'pending', version: 4 });
      expect(now?.decisions).toHaveLength(3);
      const again = await reopened(store, at);
      expect(await approvalOf(again, pair.approval)).toStrictEqual(now);
      expect(await again.requests.findApproval(newId(), pair.approval.id)).toBeUndefined();
    });

    it.each(['denied', 'expired', 'cancelled'] as const)(
      'that are %s reject their request in the same step',
      async (status) => {
        const { store, home } = await opened();
        const { request, approval } = newPendingRequest(home);
        await storePending(store, home, { request, approval });
        await resolveApproval(store, approval, status, 'for a reason');
        expect(await approvalOf(store, approval)).toMatchObject({
          status,
          resolvedAtMs: 1_700_000_000_900,
          version: 2,
        });
        expect(await store.requests.find(home.account.id, request.id)).toStrictEqual({
          ...request,
          status: 'rejected',
          reason: 'for a reason',
          policyResolvedAtMs: 1_700_000_000_900,
          version: 2,
        });
        const take = await store.journal.recordIntent(intentOf(home, [storedItem(request, 2)]));
        expect(take).toEqual({ recorded: false, reason: 'stale' });
        expect(await store.requests.unfinished(10)).toEqual([]);
      },
    );

    it('that were approved can be withdrawn as long as nothing was released, and not after', async () => {
      const { store, home } = await opened();
      const [early, late] = [newPendingRequest(home), newPendingRequest(home)];
      for (const pair of [early, late]) {
        await storePending(store, home, pair);
        await resolveApproval(store, pair.approval, 'approved');
      }
      await resolveApproval(store, early.approval, 'cancelled');
      expect(await store.requests.find(home.account.id, early.request.id)).toMatchObject({ status: 'rejected' });
      expect(await store.requests.unfinished(10)).toEqual([late.request.id]);
      const taken = await store.journal.recordIntent(intentOf(home, [storedItem(late.request, 1)]));
      if (!taken.recorded) throw new Error('not recorded');
      const tooLate = { code: 'conflict', subject: 'request-state' };
      await expect(resolveApproval(store, late.approval, 'cancelled')).rejects.toMatchObject(tooLate);
      expect(await approvalOf(store, late.approval)).toMatchObject({ status: 'approved' });
      await store.journal.recordOutcome(taken.receipt, signedOutcomes(1));
    });

    it('stay what they are once they are resolved, and nobody takes a decision back', async () => {
      const { store, home } = await opened();
      const [pair, open] = [newPendingRequest(home), newPendingRequest(home, {}, { decisions: [newDecision()] })];
      for (const each of [pair, open]) await storePending(store, home, each);
      await resolveApproval(store, pair.approval, 'denied');
      const internal = { code: 'internal' };
      for (const status of ['approved', 'cancelled', 'expired'] as const)
        await expect(resolveApproval(store, pair.approval, status)).rejects.toMatchObject(internal);
      const change = (changes: Partial<Approval>) =>
        store.requests.updateApproval(home.account.id, open.approval.id, (current) => ({
          approval: { ...current, ...changes },
          reason: undefined,
        }));
      await expect(change({ decisions: [] })).rejects.toMatchObject(internal);
      await expect(change({ groups: [newGroup()] })).rejects.toMatchObject(internal);
      await expect(change({ subjectDigest: new Uint8Array(32) })).rejects.toMatchObject(internal);
      expect(await approvalOf(store, open.approval)).toStrictEqual(open.approval);
      expect(await resolveApproval(store, { ...open.approval, accountId: newId() }, 'approved')).toBeUndefined();
    });

    it('are left alone by a change that returns them as they are', async () => {
      const { store, home } = await opened();
      const { request, approval } = newPendingRequest(home);
      await storePending(store, home, { request, approval });
      const { size } = await store.log.head();
      const same = (current: Approval) => ({ approval: current, reason: undefined });
      expect(await store.requests.updateApproval(home.account.id, approval.id, same)).toStrictEqual(approval);
      expect((await store.log.head()).size).toBe(size);
    });

    it('are due when they have expired, the earliest first, and only while they are pending', async () => {
      const { store, home } = await opened();
      const pairs = [30, 10, 20, undefined, 40].map((expiresAtMs) => newPendingRequest(home, {}, { expiresAtMs }));
      for (const pair of pairs) await storePending(store, home, pair);
      const due = async (nowMs: number, limit = 10) =>
        (await store.requests.dueApprovals(nowMs, limit)).map(({ accountId, id }) => {
          expect(accountId).toBe(home.account.id);
          return pairs.findIndex(({ approval }) => approval.id === id);
        });
      expect(await due(9)).toEqual([]);
      expect(await due(30)).toEqual([1, 2, 0]);
      expect(await due(1_000, 2)).toEqual([1, 2]);
      const [, earliest] = pairs;
      if (earliest === undefined) throw new Error('no approval');
      await resolveApproval(store, earliest.approval, 'expired');
      expect(await due(1_000)).toEqual([2, 0, 4]);
    });

    it('are listed newest first, by status, initiator, and who may decide or has', async () => {
      const { store, home } = await opened();
      const people = [newId<PrincipalId>(), newId<PrincipalId>()] as const;
      const [ann, bob] = people;
      const made: Approval[] = [];
      for (let i = 0; i < 20; i++) {
        const approvers = i % 4 === 0 ? 'anyone' : [[ann], [bob], [ann, bob]][i % 3];
        const groups = [newGroup({ approvers: approvers ?? [ann] }), newGroup({ approvers: [ann, newId()] })].slice(
          i % 2,
        );
        const pair = newPendingRequest(home, {}, { groups, initiatorId: i % 5 === 0 ? bob : home.administrator.id });
        await storePending(store, home, pair);
        const resolved = i % 3 === 0 ? await resolveApproval(store, pair.approval, 'approved') : undefined;
        made.push(resolved ?? pair.approval);
      }
      const other = newHousehold();
      await store.directory.install(other);
      await storePending(store, other, newPendingRequest(other, {}, { groups: [newGroup({ approvers: [ann] })] }));
      const base: StoredApprovalQuery = {
        accountId: home.account.id,
        status: undefined,
        initiatorId: undefined,
        approverId: undefined,
        after: undefined,
        limit: 4,
      };
      const listed = async (query: Partial<StoredApprovalQuery>): Promise<ApprovalId[]> => {
        const ids: ApprovalId[] = [];
        for (let after: ApprovalId | undefined; ; ) {
          const page = await store.requests.listApprovals({ ...base, ...query, after });
          ids.push(...page.items.map(({ id }) => id));
          if (!page.more) return ids;
          after = ids.at(-1);
        }
      };
      const mayDecide = ({ groups, decisions }: Approval, who: PrincipalId): boolean =>
        groups.some(({ approvers }) => approvers === 'anyone' || approvers.includes(who)) ||
        decisions.some(({ principalId }) => principalId === who);
      const decider = made.find(({ decisions }) => decisions.length > 0)?.decisions[0]?.principalId;
      for (const approverId of [undefined, ...people, decider, newId<PrincipalId>()])
        for (const status of [undefined, 'pending', 'approved', 'denied'] as const)
          for (const initiatorId of [undefined, bob, home.administrator.id])
            expect(await listed({ approverId, status, initiatorId })).toEqual(
              made
                .filter(
                  (each) =>
                    (status === undefined || each.status === status) &&
                    (initiatorId === undefined || each.initiatorId === initiatorId) &&
                    (approverId === undefined || mayDecide(each, approverId)),
                )
                .map(({ id }) => id)
                .reverse(),
            );
    });
  });

  describe('governing policies', () => {
    it('come back with every field, newest first, after a restart too', async () => {
      const { store, home, at } = await opened();
      const by = home.administrator.id;
      const policies = [
        newGoverningPolicy(home),
        newGoverningPolicy(home, { status: 'archived', action: { kind: 'block' }, filters: {} }),
        newGoverningPolicy(home, { activity: 'modify-policy', action: { kind: 'none' } }),
      ];
      for (const policy of policies) await store.governance.insertPolicy(policy, by);
      for (const next of [() => store, () => reopened(store, at)]) {
        const { governance } = await next();
        for (const policy of policies)
          expect(await governance.findPolicy(home.account.id, policy.id)).toStrictEqual(policy);
        const query = { accountId: home.account.id, after: undefined, limit: 2 };
        const page = await governance.listPolicies({ ...query, status: undefined });
        expect(page).toStrictEqual({ items: policies.toReversed().slice(0, 2), more: true });
        const rest = await governance.listPolicies({ ...query, status: undefined, after: page.items[1]?.id });
        expect(rest).toStrictEqual({ items: policies.slice(0, 1), more: false });
        const archived = await governance.listPolicies({ ...query, status: 'archived' });
        expect(archived.items).toStrictEqual(policies.slice(1, 2));
        expect(await governance.activePolicies(home.account.id)).toStrictEqual([policies[0], policies[2]]);
        expect(await governance.findPolicy(newId(), policies[0]?.id ?? newId())).toBeUndefined();
        expect(await governance.activePolicies(newId())).toEqual([]);
      }
    });

    it('are replaced by their next version only, and every change moves the revision and is logged', async () => {
      const { store, home } = await opened();
      const by = home.administrator.id;
      const policy = newGoverningPolicy(home);
      const { size } = await store.log.head();
      const revision = async () => (await accountOf(store, home)).revision;
      const before = await revision();
      await store.governance.insertPolicy(policy, by);
      expect(await revision()).toBe(before + 1);
      const next: GoverningPolicy = { ...policy, name: 'next', rule: { kind: 'other', configuration: {} }, version: 2 };
      expect(await store.governance.replacePolicy({ ...next, version: 3 }, by)).toBe(false);
      expect(await store.governance.replacePolicy({ ...next, accountId: newId() }, by)).toBe(false);
      expect(await revision()).toBe(before + 1);
      const both = await Promise.all([1, 2].map(() => store.governance.replacePolicy(next, by)));
      expect(both).toEqual([true, false]);
      const archived: GoverningPolicy = { ...next, status: 'archived', version: 3 };
      expect(await store.governance.replacePolicy(archived, by)).toBe(true);
      expect(await store.governance.findPolicy(home.account.id, policy.id)).toStrictEqual(archived);
      expect(await revision()).toBe(before + 3);
      expect((await store.log.head()).size).toBe(size + 3);
      await expect(store.governance.insertPolicy(policy, by)).rejects.toMatchObject({ code: 'conflict' });
    });

    it('are built into one value for each revision of the account', async () => {
      const { store, home, at } = await opened();
      const by = home.administrator.id;
      let builds = 0;
      const build = (policies: readonly GoverningPolicy[]) => {
        builds++;
        return { names: policies.map(({ name }) => name) };
      };
      const cached = async (from = store) => from.governance.cached(await accountOf(from, home), build);
      const empty = await cached();
      expect(empty.names).toEqual([]);
      await store.governance.insertPolicy(newGoverningPolicy(home, { name: 'a' }), by);
      await store.governance.insertPolicy(newGoverningPolicy(home, { name: 'b' }), by);
      const both = await cached();
      expect(both.names).toEqual(['a', 'b']);
      expect(await cached()).toBe(both);
      expect(builds).toBe(2);
      expect(store.governance.cached(await accountOf(store, home), (policies) => ({ count: policies.length }))).toEqual(
        {
          count: 2,
        },
      );
      const again = await reopened(store, at);
      expect((await cached(again)).names).toEqual(['a', 'b']);
    });

    it('that came in make an intent stale that was judged before', async () => {
      const { store, home } = await opened();
      const { administrator } = home;
      await store.governance.insertPolicy(newGoverningPolicy(home), administrator.id);
      const item = { keyId: newId<never>(), keyVersion: 1, payloadDigest: new Uint8Array(32) };
      const outcome = await store.journal.recordIntent(intentOf(home, [item]));
      expect(outcome).toEqual({ recorded: false, reason: 'stale' });
    });
  });

  describe('changes', () => {
    it('wait with their approval, one for an entity, and come back with every field', async () => {
      const { store, home, at } = await opened();
      const { change, approval } = newChange(home);
      await store.governance.insertChange(change, approval);
      const second = newChange(home, { entityId: change.entityId });
      await expect(store.governance.insertChange(second.change, second.approval)).rejects.toMatchObject({
        code: 'conflict',
        subject: 'change-pending',
        objectId: change.id,
      });
      // Of another account it is another entity.
      const other = newHousehold();
      await store.directory.install(other);
      const foreign = newChange(other, { entityId: change.entityId });
      await store.governance.insertChange(foreign.change, foreign.approval);
      for (const next of [() => store, () => reopened(store, at)]) {
        const { governance, requests } = await next();
        expect(await governance.findChange(home.account.id, change.id)).toStrictEqual(change);
        expect(await governance.pendingChange(home.account.id, change.entityId)).toStrictEqual(change);
        expect(await governance.findChange(newId(), change.id)).toBeUndefined();
        expect(await governance.pendingChange(home.account.id, 'another')).toBeUndefined();
        expect(await requests.findApproval(home.account.id, approval.id)).toStrictEqual(approval);
        expect(await requests.findApproval(home.account.id, second.approval.id)).toBeUndefined();
      }
    });

    it('are unfinished between the approval and their end, which comes once', async () => {
      const { store, home } = await opened();
      const { governance } = store;
      const { change, approval } = newChange(home);
      await governance.insertChange(change, approval);
      const applied = { status: 'applied', reason: undefined, atMs: 1_700_000_001_000 } as const;
      await expect(governance.resolveChange(home.account.id, change.id, applied)).rejects.toMatchObject({
        code: 'internal',
      });
      expect(await governance.unfinishedChanges(10)).toEqual([]);
      await resolveApproval(store, approval, 'approved');
      expect(await governance.unfinishedChanges(10)).toEqual([{ accountId: home.account.id, id: change.id }]);
      expect(await governance.resolveChange(newId(), change.id, applied)).toBe(false);
      expect(await governance.resolveChange(home.account.id, change.id, applied)).toBe(true);
      const failed = { ...applied, status: 'failed', reason: 'late' } as const;
      expect(await governance.resolveChange(home.account.id, change.id, failed)).toBe(false);
      expect(await governance.findChange(home.account.id, change.id)).toStrictEqual({
        ...change,
        status: 'applied',
        resolvedAtMs: applied.atMs,
        version: 2,
      });
      expect(await governance.pendingChange(home.account.id, change.entityId)).toBeUndefined();
      expect(await governance.unfinishedChanges(10)).toEqual([]);
      const next = newChange(home, { entityId: change.entityId });
      await governance.insertChange(next.change, next.approval);
    });

    it('are rejected with their approval, and end it where they fail before', async () => {
      const { store, home } = await opened();
      const [denied, failed] = [newChange(home), newChange(home)];
      for (const { change, approval } of [denied, failed]) await store.governance.insertChange(change, approval);
      await resolveApproval(store, denied.approval, 'denied', 'rather not');
      expect(await store.governance.findChange(home.account.id, denied.change.id)).toMatchObject({
        status: 'rejected',
        reason: 'rather not',
        resolvedAtMs: 1_700_000_000_900,
      });
      const end = { status: 'failed', reason: 'the policy changed', atMs: 5 } as const;
      expect(await store.governance.resolveChange(home.account.id, failed.change.id, end)).toBe(true);
      expect(await approvalOf(store, failed.approval)).toMatchObject({ status: 'cancelled' });
    });
  });
}
