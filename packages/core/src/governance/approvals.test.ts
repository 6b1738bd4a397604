import { describe, expect, it } from 'vitest';
import { approvalOf, groupOf, person, service } from '../../test/governance-fixtures.ts';
import { ann, as, bob, nobody, officer, refused, setUpGovernance } from '../../test/governance-world.ts';
import { inMemoryGovernance } from '../../test/in-memory-governance-store.ts';
import { type CredentialId, newId } from '../ids.ts';
import type { Principal } from '../principal.ts';
import { createGovernance } from './create-governance.ts';
import { createGovernedChanges } from './governed-changes.ts';

describe('approvals', () => {
  const yes = { value: 'approved', reason: undefined } as const;
  const two = groupOf({ quorum: 2, approvers: [ann.id, bob.id] });

  it('release the request with the last vote, and tell the request why they ended', async () => {
    const { governance, approvals, released, endings } = await setUpGovernance();
    const [good, bad] = [approvalOf([two]), approvalOf([two])];
    for (const approval of [good, bad]) approvals.set(approval.id, approval);
    await governance.decide(as(ann), good.id, yes);
    expect(released).toEqual([]);
    expect((await governance.decide(as(bob), good.id, yes)).status).toBe('approved');
    expect(released).toEqual(good.subject.kind === 'signature-request' ? [good.subject.requestId] : []);
    await governance.decide(as(ann), bad.id, { value: 'denied', reason: 'no' });
    expect(await refused(governance.decide(as(bob), bad.id, yes))).toEqual({
      code: 'conflict',
      subject: 'approval-resolved',
    });
    expect(endings).toEqual(['denied: denied: no']);
    expect(released).toHaveLength(1);
  });

  it('release once when the last two votes come at the same instant', async () => {
    const { governance, approvals, released } = await setUpGovernance();
    for (const quorum of [1, 2]) {
      released.length = 0;
      const approval = approvalOf([groupOf({ quorum, approvers: [ann.id, bob.id] })]);
      approvals.set(approval.id, approval);
      const outcomes = await Promise.allSettled(
        [ann, bob].map((principal) => governance.decide(as(principal), approval.id, yes)),
      );
      expect(released).toHaveLength(1);
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(quorum);
    }
  });

  it('count a vote that came between reading and storing', async () => {
    const { governance, approvals, before } = await setUpGovernance();
    const approval = approvalOf([two]);
    approvals.set(approval.id, approval);
    before.set('updateApproval', async () => {
      await governance.decide(as(bob), approval.id, yes);
    });
    expect((await governance.decide(as(ann), approval.id, yes)).status).toBe('approved');
  });

  it('take no vote whose time ran out between reading and storing', async () => {
    const { governance, approvals, before, clock, released } = await setUpGovernance();
    const approval = approvalOf([groupOf()], { expiresAtMs: 2_000 });
    approvals.set(approval.id, approval);
    before.set('updateApproval', () => {
      clock.nowMs = 2_000;
    });
    const late = governance.decide(as(ann), approval.id, yes);
    expect(await refused(late)).toEqual({ code: 'conflict', subject: 'approval-resolved' });
    expect(approvals.get(approval.id)).toMatchObject({ status: 'expired', decisions: [] });
    expect(released).toEqual([]);
  });

  it('take a signed user action for this approval alone, and want one from those who must prove', async () => {
    const { governance, approvals } = await setUpGovernance();
    const approval = approvalOf([two]);
    approvals.set(approval.id, approval);
    const proof = {
      credentialId: newId<CredentialId>(),
      tokenId: undefined,
      subjectDigest: approval.subjectDigest,
      logIndex: 5,
    } as const;
    const careful = { ...ann, requiresProof: true };
    expect((await refused(governance.decide(as(careful), approval.id, yes))).code).toBe('proof_required');
    const other = approval.subjectDigest.slice();
    other[31] = 0;
    for (const subjectDigest of [undefined, other, approval.subjectDigest.slice(1), new Uint8Array(0)])
      expect(await refused(governance.decide(as(careful, { ...proof, subjectDigest }), approval.id, yes))).toEqual({
        code: 'forbidden',
        subject: 'user-action',
      });
    const decided = await governance.decide(as(careful, proof), approval.id, yes);
    expect(decided.decisions).toMatchObject([
      { evidence: { kind: 'signed', credentialId: proof.credentialId, logIndex: 5 } },
    ]);
    expect((await governance.decide(as(bob), approval.id, yes)).decisions[1]?.evidence).toEqual({ kind: 'session' });
  });

  it('are shown as expired as soon as they are, and stored so', async () => {
    const { governance, approvals, clock, endings } = await setUpGovernance();
    const [read, listed, late] = [1, 2, 3].map(() => approvalOf([two], { expiresAtMs: 2_000 }));
    if (read === undefined || listed === undefined || late === undefined) throw new Error('three');
    approvals.set(read.id, read);
    expect((await governance.getApproval(as(ann), read.id)).status).toBe('pending');
    clock.nowMs = 2_000;
    expect((await governance.getApproval(as(ann), read.id)).status).toBe('expired');
    expect(approvals.get(read.id)?.status).toBe('expired');
    approvals.set(late.id, late);
    expect((await refused(governance.decide(as(ann), late.id, yes))).subject).toBe('approval-resolved');
    expect(approvals.get(late.id)).toMatchObject({ status: 'expired', decisions: [] });
    approvals.set(listed.id, listed);
    expect((await governance.listApprovals(as(ann), { after: undefined, limit: 9, status: 'pending' })).items).toEqual(
      [],
    );
    expect(approvals.get(listed.id)?.status).toBe('expired');
    expect(endings).toEqual(Array.from({ length: 3 }, () => 'expired: the approval expired'));
    expect(await governance.expireDue(clock.nowMs)).toBe(0);
  });

  it('are seen by initiators, by those who are named, and by those with the permission', async () => {
    const { governance, approvals } = await setUpGovernance();
    const approval = approvalOf([two], { initiatorId: nobody.id });
    const foreign = approvalOf([two], { accountId: newId() });
    for (const each of [approval, foreign]) approvals.set(each.id, each);
    for (const principal of [nobody, { ...ann, grants: [] }, person(), person({}, ['read-approvals'])]) {
      expect(await governance.getApproval(as(principal), approval.id)).toEqual(approval);
      expect(await refused(governance.getApproval(as(principal), foreign.id))).toEqual({
        code: 'not_found',
        subject: 'approval',
      });
    }
    const stranger = service({}, ['read-policies']);
    expect(await refused(governance.getApproval(as(stranger), approval.id))).toEqual({
      code: 'not_found',
      subject: 'approval',
    });
    expect(await refused(governance.decide(as(stranger), approval.id, yes))).toEqual({
      code: 'not_found',
      subject: 'approval',
    });
    const powerless = governance.decide(as({ ...ann, grants: [] }), approval.id, yes);
    expect(await refused(powerless)).toEqual({ code: 'forbidden', subject: undefined });
    const list = async (principal: Principal, query = {}) =>
      (await governance.listApprovals(as(principal), { after: undefined, limit: 9, ...query })).items;
    const anyone = approvalOf([groupOf()]);
    approvals.set(anyone.id, anyone);
    expect(await list(stranger, { approverId: stranger.id })).toEqual([]);
    approvals.delete(anyone.id);
    expect(await list(officer)).toEqual([approval]);
    expect(await list(stranger)).toEqual([]);
    expect(await list(nobody)).toEqual([approval]);
    expect(await list({ ...ann, grants: [] }, { approverId: ann.id })).toEqual([approval]);
    expect(await list({ ...ann, grants: [] }, { approverId: bob.id })).toEqual([]);
  });

  it('answer in time where what they released takes long', async () => {
    const {
      requests,
      governance: store,
      approvals,
      directory,
    } = { ...(await setUpGovernance()), ...inMemoryGovernance() };
    const changes = createGovernedChanges({
      governance: store,
      requests,
      directory,
      now: () => 1,
      onUnfinished: () => {},
    });
    const runner = { release: () => new Promise<void>(() => {}) };
    const governance = createGovernance({
      governance: store,
      requests,
      directory,
      runner,
      changes,
      now: () => 1,
      releaseWaitMs: 5,
    });
    const approval = approvalOf([groupOf()]);
    approvals.set(approval.id, approval);
    expect((await governance.decide(as(ann), approval.id, yes)).status).toBe('approved');
  });

  it('refuse a reason that is too long', async () => {
    const { governance, approvals } = await setUpGovernance();
    const approval = approvalOf([two]);
    approvals.set(approval.id, approval);
    expect((await refused(governance.decide(as(ann), approval.id, { ...yes, reason: 'x'.repeat(1_001) }))).code).toBe(
      'invalid_request',
    );
  });
});
