import { beforeEach, describe, expect, it } from 'vitest';
import { identityWorld } from '../../test/identity-world.ts';
import { newId } from '../ids.ts';
import type { Permission } from '../principal.ts';

let world: Awaited<ReturnType<typeof identityWorld>>;
const ACCOUNT = { kind: 'account' } as const;
const PAGE = { after: undefined, limit: 100 };

beforeEach(async () => {
  world = await identityWorld();
});

async function roleOf(...permissions: readonly Permission[]) {
  return world.identities.createRole(world.admin, { name: `role ${newId()}`, permissions });
}

describe('changes that policies govern', () => {
  it('of roles and assignments are made when they are approved, as they were asked for', async () => {
    const { caller } = await world.service();
    const role = await roleOf('sign');
    world.governed.asks.add('modify-role').add('assign-role');
    const { identities } = world;
    const update = await identities.updateRole(world.admin, role.id, { permissions: ['sign', 'verify'] });
    expect(update).toMatchObject({ done: false, change: { kind: 'role', operation: 'update', entityVersion: 1 } });
    expect(await identities.getRole(world.admin, role.id)).toEqual(role);
    await world.governed.approve(world.admin);
    expect(await identities.getRole(world.admin, role.id)).toMatchObject({
      permissions: ['sign', 'verify'],
      version: 2,
    });

    const wanted = { roleId: role.id, principalId: caller.principal.id, scope: ACCOUNT };
    const assignment = await identities.assignRole(world.admin, wanted);
    expect(assignment).toMatchObject({ done: false, change: { kind: 'assignment', operation: 'create' } });
    await world.governed.approve(world.admin);
    const [made] = (await identities.listAssignments(world.admin, role.id, PAGE)).items;
    expect(made).toMatchObject(wanted);
    await identities.revokeAssignment(world.admin, role.id, made?.id ?? newId());
    expect((await identities.listAssignments(world.admin, role.id, PAGE)).items).toEqual([made]);
    await world.governed.approve(world.admin);
    expect((await identities.listAssignments(world.admin, role.id, PAGE)).items).toEqual([]);
  });

  it('fail where the role is another one by then, also for an assignment that was approved', async () => {
    const { caller } = await world.service();
    const role = await roleOf('sign');
    world.governed.asks.add('modify-role').add('assign-role');
    await world.identities.updateRole(world.admin, role.id, { name: 'late' });
    const wanted = { roleId: role.id, principalId: caller.principal.id, scope: ACCOUNT };
    await world.identities.assignRole(world.admin, wanted);
    const waiting = [...world.governed.pending];
    world.governed.asks.clear();
    await world.identities.updateRole(world.admin, role.id, { permissions: ['administer'] });
    for (const change of waiting) {
      world.governed.pending.splice(0, 10, change);
      await expect(world.governed.approve(world.admin)).rejects.toMatchObject({ code: 'conflict' });
    }
    expect((await world.directory.principal(caller.principal.id))?.grants).toEqual([]);
  });

  it('fail where the one who asked may no longer do this', async () => {
    const clerk = await world.service({ permissions: ['assign-role', 'sign'] });
    const { caller: target } = await world.service();
    const role = await roleOf('sign');
    world.governed.asks.add('assign-role');
    const wanted = { roleId: role.id, principalId: target.principal.id, scope: ACCOUNT };
    await world.identities.assignRole(clerk.caller, wanted);
    const waiting = [...world.governed.pending];
    for (const permission of ['sign', 'assign-role'] as const) {
      const grants = [{ scope: ACCOUNT, permissions: [permission] }];
      world.governed.pending.splice(0, 10, ...waiting);
      await expect(
        world.governed.approve({ ...clerk.caller, principal: { ...clerk.caller.principal, grants } }),
      ).rejects.toMatchObject({ code: 'forbidden' });
    }
  });

  it('of credentials are made when they are approved', async () => {
    const { credential } = await world.service();
    world.governed.asks.add('modify-credential');
    const change = await world.identities.setCredentialActive(world.admin, credential.id, false);
    expect(change).toMatchObject({ done: false, change: { kind: 'credential', operation: 'deactivate' } });
    const { accountId } = credential;
    expect(await world.store.findCredential(accountId, credential.id)).toMatchObject({ active: true });
    await world.governed.approve(world.admin);
    expect(await world.store.findCredential(accountId, credential.id)).toMatchObject({ active: false });
  });
});
