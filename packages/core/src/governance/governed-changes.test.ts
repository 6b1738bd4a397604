import { describe, expect, it } from 'vitest';
import { asking, governedAccount, groupOf, person, policyOf } from '../../test/governance-fixtures.ts';
import { ann, as, bob, draft, nobody, officer, refused, setUpGovernance } from '../../test/governance-world.ts';
import { DomainError } from '../domain-error.ts';
import { newId } from '../ids.ts';
import type { Approval } from './approval.ts';
import type { Governed } from './change-request.ts';
import type { GoverningPolicy } from './governing-policy.ts';

function changeOf(governed: Governed<GoverningPolicy>) {
  if (governed.done) throw new Error('it was done at once');
  return governed.change;
}

describe('a governed change of a policy', () => {
  async function governed() {
    const world = await setUpGovernance();
    const policy = await world.governance.createPolicy(as(officer), { ...draft, action: { kind: 'block' } });
    const guard = policyOf({
      activity: 'modify-policy',
      action: asking([groupOf({ approvers: [ann.id, bob.id] })], 10),
    });
    await world.governance.createPolicy(as(officer), guard);
    const approvalOfChange = (change: { readonly approvalId: string }): Approval => {
      const approval = world.approvals.get(change.approvalId);
      if (approval === undefined) throw new Error('no approval');
      return approval;
    };
    return { ...world, policy, approvalOfChange };
  }
  const approve = { value: 'approved', reason: undefined } as const;

  it('waits, is seen, lets nothing else happen to the policy, and is made exactly once when it is approved', async () => {
    const { governance, changes, policies, policy, approvalOfChange } = await governed();
    const wanted = { ...draft, name: 'approved name' };
    const change = changeOf(await governance.updatePolicy(as(officer), policy.id, wanted));
    expect(change).toMatchObject({
      kind: 'policy',
      operation: 'update',
      status: 'pending',
      entityId: policy.id,
      entityVersion: 1,
    });
    expect(change.digest).toEqual(approvalOfChange(change).subjectDigest);
    expect(policies.get(policy.id)).toEqual(policy);
    expect(await governance.pendingChange(as(officer), policy.id)).toEqual(change);
    const pending = { code: 'conflict', subject: 'change-pending' };
    expect(await refused(governance.archivePolicy(as(officer), policy.id))).toEqual(pending);
    expect((await governance.decide(as(ann), change.approvalId, approve)).status).toBe('approved');
    expect(policies.get(policy.id)).toMatchObject({ name: 'approved name', version: 2, action: wanted.action });
    expect(await governance.getChange(as(officer), change.id)).toMatchObject({ status: 'applied', reason: undefined });
    await changes.release(governedAccount, change.id);
    expect(policies.get(policy.id)?.version).toBe(2);
    expect(await governance.pendingChange(as(officer), policy.id)).toBeUndefined();
  });

  it('also holds for the policy that governs changes', async () => {
    const { governance, policies } = await governed();
    const guard = [...policies.values()].find(({ activity }) => activity === 'modify-policy');
    if (guard === undefined) throw new Error('no guard');
    const change = changeOf(await governance.archivePolicy(as(officer), guard.id));
    await governance.decide(as(bob), change.approvalId, approve);
    expect(policies.get(guard.id)).toMatchObject({ status: 'archived', version: 2 });
  });

  it('is rejected by a denial and by its time, and leaves the policy as it was', async () => {
    const { governance, changes, clock, policies, policy } = await governed();
    const first = changeOf(await governance.archivePolicy(as(officer), policy.id));
    await governance.decide(as(ann), first.approvalId, { value: 'denied', reason: 'not\nnow' });
    expect(await governance.getChange(as(officer), first.id)).toMatchObject({
      status: 'rejected',
      reason: 'denied: not now',
    });
    const second = changeOf(await governance.archivePolicy(as(officer), policy.id));
    clock.nowMs += 10 * 60_000;
    expect(await governance.expireDue(clock.nowMs)).toBe(1);
    expect(await governance.getChange(as(officer), second.id)).toMatchObject({
      status: 'rejected',
      reason: 'the approval expired',
    });
    for (const { id } of [first, second]) await changes.release(governedAccount, id);
    expect(policies.get(policy.id)).toEqual(policy);
  });

  it('fails when the policy has moved on, and says so', async () => {
    const { governance, policies, policy } = await governed();
    const change = changeOf(await governance.archivePolicy(as(officer), policy.id));
    policies.set(policy.id, { ...policy, name: 'moved on', version: 2 });
    await governance.decide(as(ann), change.approvalId, approve);
    expect(await governance.getChange(as(officer), change.id)).toMatchObject({
      status: 'failed',
      reason: expect.stringContaining('has changed'),
    });
    expect(policies.get(policy.id)).toMatchObject({ name: 'moved on', status: 'active' });
  });

  it('fails when its requester, an approver, or the policy that asked are no longer what they were', async () => {
    const moves: readonly ((world: Awaited<ReturnType<typeof governed>>) => unknown)[] = [
      ({ directory }) => directory.insertPrincipal({ ...officer, enabled: false }, undefined, 0),
      ({ directory }) => directory.insertPrincipal({ ...officer, grants: [] }, undefined, 0),
      ({ directory }) => directory.insertPrincipal({ ...ann, enabled: false }, undefined, 0),
      ({ policies }) => {
        for (const other of policies.values())
          if (other.activity === 'modify-policy') policies.set(other.id, { ...other, version: 2 });
      },
      // Nothing moved: the same change is made.
      () => undefined,
    ];
    for (const [index, move] of moves.entries()) {
      const world = await governed();
      const { governance, policies, policy, start } = world;
      const change = changeOf(await governance.archivePolicy(as(officer), policy.id));
      // Approved in a process that ends before it makes the change.
      const approval = world.approvals.get(change.approvalId);
      if (approval === undefined) throw new Error('no approval');
      const decision = {
        principalId: ann.id,
        value: 'approved',
        reason: undefined,
        atMs: 0,
        evidence: { kind: 'session' },
      } as const;
      world.approvals.set(approval.id, { ...approval, status: 'approved', decisions: [decision] });
      await move(world);
      expect(await start().changes.resume()).toBe(1);
      const isLast = index === moves.length - 1;
      expect((await governance.getChange(as(officer), change.id)).status).toBe(isLast ? 'applied' : 'failed');
      expect(policies.get(policy.id)?.status).toBe(isLast ? 'archived' : 'active');
    }
  });

  it('applies only the body that was approved', async () => {
    const world = await governed();
    const change = changeOf(await world.governance.updatePolicy(as(officer), world.policy.id, draft));
    world.changeRows.set(change.id, { ...change, body: { ...(change.body as object), name: 'forged' } });
    await world.governance.decide(as(ann), change.approvalId, approve);
    expect(world.policies.get(world.policy.id)).toEqual(world.policy);
    expect(await world.governance.getChange(as(officer), change.id)).toMatchObject({ status: 'failed' });
  });

  it('keeps others from changing the policy, also those whose change needs no approval any more', async () => {
    const { governance, policies, policy } = await governed();
    await governance.updatePolicy(as(officer), policy.id, draft);
    for (const guard of policies.values())
      if (guard.activity === 'modify-policy') policies.set(guard.id, { ...guard, status: 'archived' });
    const archive = governance.archivePolicy(as(officer), policy.id);
    expect(await refused(archive)).toEqual({ code: 'conflict', subject: 'change-pending' });
    expect(policies.get(policy.id)).toEqual(policy);
  });

  it('stays pending where it is released before it is approved', async () => {
    const { governance, changes, changeRows, policy } = await governed();
    const change = changeOf(await governance.archivePolicy(as(officer), policy.id));
    await changes.release(governedAccount, change.id);
    expect(changeRows.get(change.id)).toEqual(change);
  });

  it('is made once after a crash between the change and the note of it', async () => {
    const { governance, changes, policies, policy, before, start, unfinished, changeRows } = await governed();
    const change = changeOf(await governance.updatePolicy(as(officer), policy.id, draft));
    before.set('resolveChange', () => {
      throw new Error('the process ended');
    });
    expect((await governance.decide(as(ann), change.approvalId, approve)).status).toBe('approved');
    expect(unfinished).toHaveLength(1);
    expect(policies.get(policy.id)?.version).toBe(2);
    expect(changeRows.get(change.id)?.status).toBe('pending');
    expect(await start().changes.resume()).toBe(1);
    expect(policies.get(policy.id)?.version).toBe(2);
    expect(changeRows.get(change.id)?.status).toBe('applied');
    expect(await changes.resume()).toBe(0);
  });

  it('is tried again where the database was away, and made once where it is released twice at once', async () => {
    const { governance, changes, policies, policy, before, changeRows } = await governed();
    const change = changeOf(await governance.archivePolicy(as(officer), policy.id));
    before.set('replacePolicy', () => {
      throw new DomainError('unavailable', 'the disk is full');
    });
    await governance.decide(as(ann), change.approvalId, approve);
    expect(changeRows.get(change.id)?.status).toBe('pending');
    await Promise.all([changes.release(governedAccount, change.id), changes.resume(), changes.resume()]);
    expect(changeRows.get(change.id)).toMatchObject({ status: 'applied', version: 2 });
    expect(policies.get(policy.id)).toMatchObject({ status: 'archived', version: 2 });
  });

  it('is seen by those who may read policies or approvals, or asked for it, and by nobody else', async () => {
    const { governance, policy } = await governed();
    const change = changeOf(await governance.archivePolicy(as(officer), policy.id));
    for (const principal of [
      officer,
      person(),
      person({}, ['read-policies']),
      { ...officer, grants: [] },
      { ...ann, grants: [] },
    ])
      expect(await governance.getChange(as(principal), change.id)).toEqual(change);
    expect((await refused(governance.getChange(as(nobody), change.id))).code).toBe('not_found');
    expect(await governance.pendingChange(as(nobody), policy.id)).toBeUndefined();
  });
});

describe('governed changes of other kinds', () => {
  it('are denied by a policy that blocks them', async () => {
    const { governance, changes } = await setUpGovernance();
    const rule = { kind: 'always', configuration: {} };
    await governance.createPolicy(as(officer), {
      ...draft,
      activity: 'modify-credential',
      rule,
      action: { kind: 'block' },
    });
    const wanted = {
      kind: 'credential',
      operation: 'deactivate',
      entityId: newId(),
      entityVersion: 1,
      body: {},
      activity: 'modify-credential',
      facts: {},
    } as const;
    let applied = 0;
    const run = changes.run(as(officer), wanted, async () => {
      applied += 1;
    });
    expect((await refused(run)).code).toBe('denied_by_policy');
    expect(applied).toBe(0);
  });

  it('have one applier each', async () => {
    const { changes } = await setUpGovernance();
    const applier = { factsOf: () => ({}), isApplied: async () => false, apply: async () => {} };
    changes.register('role', applier);
    expect(() => changes.register('role', applier)).toThrow('applier');
  });
});
