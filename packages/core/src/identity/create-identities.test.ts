import { beforeEach, describe, expect, it } from 'vitest';
import { identityWorld, signerOf } from '../../test/identity-world.ts';
import type { AccountId, AssignmentId, CredentialId, GroupId, KeyId, PrincipalId, RoleId, TokenId } from '../ids.ts';
import { newId } from '../ids.ts';
import { type Caller, type Grant, holdsOnAccount, PERMISSIONS, type Permission } from '../principal.ts';
import { builtInRoleId } from './built-in-roles.ts';

let world: Awaited<ReturnType<typeof identityWorld>>;
const ACCOUNT = { kind: 'account' } as const;
const PAGE = { after: undefined, limit: 100 };
const EXCEEDS = { code: 'forbidden', subject: 'exceeds-own' };

beforeEach(async () => {
  world = await identityWorld();
});

/** A service that has these permissions on the account. */
async function callerWith(...permissions: readonly Permission[]): Promise<Caller> {
  return (await world.service({ permissions })).caller;
}

async function roleOf(...permissions: readonly Permission[]) {
  return world.identities.createRole(world.admin, { name: `role ${newId()}`, permissions });
}

async function assigned(roleId: RoleId, principalId: PrincipalId, scope: Grant['scope'] = ACCOUNT) {
  const governed = await world.identities.assignRole(world.admin, { roleId, principalId, scope });
  if (!governed.done) throw new Error('waits for approval');
  return governed.entity;
}

describe('a service account', () => {
  it('has the name, default group, roles, permissions and credential that it was made with', async () => {
    const role = await roleOf('approve');
    const { identity, token, credential, caller } = await world.service({
      name: 'payments',
      roleIds: [role.id],
      permissions: ['sign', 'read-key'],
      externalId: 'x-1',
      lifetimeSeconds: 3600,
    });
    expect(identity).toMatchObject({ externalId: 'x-1', email: undefined });
    expect(identity.principal).toMatchObject({
      kind: 'service',
      name: 'payments',
      enabled: true,
      defaultGroupId: world.groupId,
      requiresProof: true,
    });
    expect(credential).toMatchObject({ principalId: identity.principal.id, active: true, material: { kind: 'key' } });
    expect(token).toMatchObject({
      kind: 'service-account',
      credentialId: credential.id,
      roleIds: undefined,
      expiresAtMs: world.clock.nowMs + 3_600_000,
    });
    const held = PERMISSIONS.filter((permission) => holdsOnAccount(caller.principal, permission));
    expect(held).toEqual(['sign', 'read-key', 'approve']);
  });

  it.each([
    ['an empty name', { name: ' ' }],
    ['a name of two lines', { name: 'a\nb' }],
    ['a long name', { name: 'x'.repeat(256) }],
    ['a private key', { publicKeyPem: '-----BEGIN PRIVATE KEY-----\nMC4=\n-----END PRIVATE KEY-----\n' }],
    ['no key', { publicKeyPem: '' }],
    ['no lifetime at all', { lifetimeSeconds: 0 }],
    ['half a second', { lifetimeSeconds: 0.5 }],
    ['eleven years', { lifetimeSeconds: 11 * 365 * 86_400 }],
    ['an empty external id', { externalId: '' }],
  ])('is not made with %s', async (_what, request) => {
    await expect(world.service(request)).rejects.toMatchObject({ code: 'invalid_request' });
  });

  it('is not given what its maker does not have, by permission or by role', async () => {
    const maker = await callerWith('create-service-account', 'approve');
    const strong = await roleOf('approve', 'create-policy');
    await world.service({ permissions: ['approve'] }, maker);
    await expect(world.service({ permissions: ['approve', 'sign'] }, maker)).rejects.toMatchObject(EXCEEDS);
    await expect(world.service({ permissions: ['administer'] }, maker)).rejects.toMatchObject(EXCEEDS);
    await expect(world.service({ roleIds: [strong.id] }, maker)).rejects.toMatchObject(EXCEEDS);
    await expect(world.service({ roleIds: [newId()] }, maker)).rejects.toMatchObject({ subject: 'role' });
    const administrator = builtInRoleId(world.admin.principal.accountId, 'administrator');
    await expect(world.service({ roleIds: [administrator] }, maker)).rejects.toMatchObject(EXCEEDS);
  });

  it('that a service of a person made is that person’s as well, as far as approvals go', async () => {
    const ada = await world.person('ada@example.com', true);
    const proof = { credentialId: newId<CredentialId>(), tokenId: undefined, subjectDigest: undefined, logIndex: 0 };
    const first = await world.service({ permissions: ['administer'] }, { ...ada.caller, proof });
    const second = await world.service({ permissions: ['administer'] }, first.caller);
    const third = await world.service({}, second.caller);
    for (const { identity } of [first, second, third]) expect(identity.principal.createdBy).toBe(ada.id);
    const ofProgram = await world.service({}, (await world.service({ permissions: ['administer'] })).caller);
    expect(ofProgram.identity.principal.createdBy).not.toBe(ada.id);
  });

  it('gets roles that policies watch over when they are approved, and the others at once', async () => {
    world.governed.asks.add('assign-role');
    const { caller, identity } = await world.service({ permissions: ['approve'] });
    expect(identity.assignments).toEqual([]);
    expect(holdsOnAccount(caller.principal, 'approve')).toBe(false);
    await world.governed.approve(world.admin);
    const principal = await world.directory.principal(caller.principal.id);
    expect(principal?.grants).toEqual([{ scope: ACCOUNT, permissions: ['approve'] }]);
  });
});

describe('a personal token', () => {
  const request = () => ({
    name: 'ci',
    publicKeyPem: signerOf().publicKeyPem,
    roleIds: [] as readonly RoleId[],
    externalId: undefined,
    lifetimeSeconds: undefined,
  });

  it('is made by a person that is logged in, and by nobody else', async () => {
    const { caller } = await world.person('ada@example.com', true);
    const issued = await world.identities.createPersonalToken(caller, request());
    expect(issued.token).toMatchObject({ kind: 'personal', credentialId: issued.credential.id, roleIds: undefined });
    const program = await world.sessions.authenticateAccessToken(issued.accessToken, 'test');
    const service = await callerWith('create-personal-token');
    for (const other of [program, service, world.admin])
      await expect(world.identities.createPersonalToken(other, request())).rejects.toMatchObject({ code: 'forbidden' });
    await expect(
      world.identities.createPersonalToken((await world.person('bob@example.com')).caller, request()),
    ).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('leaves the rest of its person alone: other tokens and credentials', async () => {
    const { caller, credential } = await world.person('ada@example.com');
    const role = await roleOf('create-personal-token', 'approve');
    await assigned(role.id, caller.principal.id);
    const again = await world.sessions.authenticateApiKey(await adminMakesKeyFor(caller.principal.id), 'test');
    const [one, two] = [
      await world.identities.createPersonalToken(again, request()),
      await world.identities.createPersonalToken(again, request()),
    ];
    const program = await world.sessions.authenticateAccessToken(one.accessToken, 'test');
    const { identities } = world;
    for (const attempt of [
      () => identities.setTokenActive(program, two.token.id, false),
      () => identities.deleteToken(program, two.token.id),
      () => identities.setCredentialActive(program, credential.id, false),
      () => identities.setCredentialActive(program, one.credential.id, false),
      () => world.registration.beginCredential(program, 'key'),
    ])
      await expect(attempt()).rejects.toMatchObject({ code: 'forbidden' });
    expect(await identities.deleteToken(program, one.token.id)).toMatchObject({ id: one.token.id });
    expect(await identities.setTokenActive(again, two.token.id, false)).toMatchObject({ active: false });
  });
});

async function adminMakesKeyFor(id: PrincipalId): Promise<string> {
  const { createApiKey } = await import('../api-key.ts');
  const key = createApiKey(id);
  await world.base.insertApiKey(id, key.secretDigest, { createdAtMs: 0, by: world.admin.principal.id });
  return key.text;
}

describe('roles', () => {
  it('are made, read, changed and archived with the permission for it', async () => {
    const role = await roleOf('approve', 'sign', 'approve');
    expect(role).toMatchObject({ permissions: ['sign', 'approve'], immutable: false, archived: false, version: 1 });
    const changed = await world.identities.updateRole(world.admin, role.id, { name: 'signers', permissions: ['sign'] });
    expect(changed).toMatchObject({ done: true, entity: { name: 'signers', permissions: ['sign'], version: 2 } });
    expect(await world.identities.setRoleArchived(world.admin, role.id, true)).toMatchObject({
      entity: { archived: true, version: 3 },
    });
    expect(await world.identities.setRoleArchived(world.admin, role.id, true)).toMatchObject({
      entity: { version: 3 },
    });
    expect(await world.identities.getRole(world.admin, role.id)).toMatchObject({ archived: true });
    expect((await world.identities.listRoles(world.admin, PAGE)).items.map(({ name }) => name).sort()).toEqual([
      'administrator',
      'end-user',
      'signers',
    ]);
  });

  it('that are archived give nothing, are not changed and not assigned', async () => {
    const { caller } = await world.service();
    const role = await roleOf('approve');
    await assigned(role.id, caller.principal.id);
    await world.identities.setRoleArchived(world.admin, role.id, true);
    expect((await world.directory.principal(caller.principal.id))?.grants).toEqual([]);
    const archived = { code: 'conflict', subject: 'archived' };
    await expect(world.identities.updateRole(world.admin, role.id, { name: 'x' })).rejects.toMatchObject(archived);
    await expect(
      world.identities.assignRole(world.admin, { roleId: role.id, principalId: newId(), scope: ACCOUNT }),
    ).rejects.toMatchObject(archived);
    await world.identities.setRoleArchived(world.admin, role.id, false);
    expect((await world.directory.principal(caller.principal.id))?.grants).toHaveLength(1);
  });

  it('that are built in stay as they are', async () => {
    const id = builtInRoleId(world.admin.principal.accountId, 'end-user');
    const forbidden = { code: 'forbidden', subject: 'role' };
    await expect(world.identities.updateRole(world.admin, id, { name: 'x' })).rejects.toMatchObject(forbidden);
    await expect(world.identities.setRoleArchived(world.admin, id, true)).rejects.toMatchObject(forbidden);
  });

  it('grow by nothing that the one who changes them lacks, and come back by nobody who lacks what they hold', async () => {
    const role = await roleOf('create-policy', 'approve');
    const clerk = await callerWith('create-role', 'update-role', 'archive-role', 'approve');
    const { identities } = world;
    await expect(identities.createRole(clerk, { name: 'r', permissions: ['sign'] })).rejects.toMatchObject(EXCEEDS);
    const more = { permissions: ['create-policy', 'approve', 'sign'] } as const;
    await expect(identities.updateRole(clerk, role.id, more)).rejects.toMatchObject(EXCEEDS);
    await identities.updateRole(clerk, role.id, { name: 'kept', permissions: ['create-policy'] });
    await identities.setRoleArchived(clerk, role.id, true);
    await expect(identities.setRoleArchived(clerk, role.id, false)).rejects.toMatchObject(EXCEEDS);
  });

  it.each([[[]], [['no-such-permission' as Permission]]])('do not consist of %j', async (permissions) => {
    await expect(world.identities.createRole(world.admin, { name: 'r', permissions })).rejects.toMatchObject({
      code: 'invalid_request',
    });
  });
});

describe('assignments', () => {
  it('give and take a role, on the account or on less', async () => {
    const { caller } = await world.service();
    const { id } = caller.principal;
    const role = await roleOf('sign');
    const keyId = newId<KeyId>();
    world.keyGroups.set(keyId, world.groupId);
    const scopes = [ACCOUNT, { kind: 'group', groupId: world.groupId }, { kind: 'key', keyId }] as const;
    for (const scope of scopes) {
      const assignment = await assigned(role.id, id, scope);
      expect((await world.directory.principal(id))?.grants).toEqual([{ scope, permissions: ['sign'] }]);
      expect((await world.identities.listAssignments(world.admin, role.id, PAGE)).items).toEqual([assignment]);
      await world.identities.revokeAssignment(world.admin, role.id, assignment.id);
      expect((await world.directory.principal(id))?.grants).toEqual([]);
    }
  });

  it('are made once each', async () => {
    const { caller } = await world.service();
    const role = await roleOf('sign');
    const { id } = await assigned(role.id, caller.principal.id);
    await expect(assigned(role.id, caller.principal.id)).rejects.toMatchObject({
      code: 'conflict',
      subject: 'assignment',
      objectId: id,
    });
  });

  it('need an object that is there', async () => {
    const { caller } = await world.service();
    const role = await roleOf('sign');
    const to = caller.principal.id;
    await expect(assigned(role.id, newId())).rejects.toMatchObject({ code: 'not_found', subject: 'user' });
    await expect(assigned(newId(), to)).rejects.toMatchObject({ code: 'not_found', subject: 'role' });
    await expect(assigned(role.id, to, { kind: 'key', keyId: newId() })).rejects.toMatchObject({ subject: 'key' });
    await expect(assigned(role.id, to, { kind: 'group', groupId: newId() })).rejects.toMatchObject({
      code: 'not_found',
    });
    const assignment = await assigned(role.id, to);
    for (const [roleId, id] of [
      [newId<RoleId>(), assignment.id],
      [role.id, newId<AssignmentId>()],
    ] as const)
      await expect(world.identities.revokeAssignment(world.admin, roleId, id)).rejects.toMatchObject({
        subject: 'assignment',
      });
  });

  it('reach no further than what the one who assigns holds, permission by permission and scope by scope', async () => {
    const clerk = await world.service({ permissions: ['assign-role'] });
    const { caller: target } = await world.service();
    const [sign, admin] = [await roleOf('sign'), await roleOf('administer')];
    const inGroup = { kind: 'group', groupId: world.groupId } as const;
    await assigned(sign.id, clerk.caller.principal.id, inGroup);
    const caller = await world.sessions.authenticateAccessToken(clerk.accessToken, 'test');
    const [inside, outside] = [newId<KeyId>(), newId<KeyId>()];
    world.keyGroups.set(inside, world.groupId).set(outside, newId<GroupId>());
    const assign = (roleId: RoleId, scope: Grant['scope']) =>
      world.identities.assignRole(caller, { roleId, principalId: target.principal.id, scope });
    await expect(assign(sign.id, ACCOUNT)).rejects.toMatchObject(EXCEEDS);
    await expect(assign(sign.id, { kind: 'key', keyId: outside })).rejects.toMatchObject(EXCEEDS);
    await expect(assign(admin.id, inGroup)).rejects.toMatchObject(EXCEEDS);
    expect(await assign(sign.id, inGroup)).toMatchObject({ done: true });
    expect(await assign(sign.id, { kind: 'key', keyId: inside })).toMatchObject({ done: true });
  });
});

describe('people and services', () => {
  it('see themselves, and others with the permission for their kind', async () => {
    const { identities } = world;
    const person = await world.person('ada@example.com');
    const { caller: service } = await world.service();
    const forbidden = { code: 'forbidden' };
    for (const caller of [person.caller, service]) {
      expect((await identities.getIdentity(caller, caller.principal.id)).principal.id).toBe(caller.principal.id);
      await expect(identities.listIdentities(caller, PAGE)).rejects.toMatchObject(forbidden);
    }
    await expect(identities.getIdentity(service, person.id)).rejects.toMatchObject(forbidden);
    await expect(identities.listCredentials(service, person.id)).rejects.toMatchObject(forbidden);
    expect(await identities.listCredentials(person.caller, person.id)).toHaveLength(1);

    const reader = await callerWith('read-users');
    expect((await identities.listIdentities(reader, PAGE)).items.map(({ principal }) => principal.kind)).toEqual([
      'user',
    ]);
    await expect(identities.listIdentities(reader, { ...PAGE, kind: 'service' })).rejects.toMatchObject(forbidden);
    await expect(identities.getIdentity(reader, service.principal.id)).rejects.toMatchObject({ subject: 'user' });
    expect(await identities.listCredentials(reader, person.id)).toHaveLength(1);
    expect((await identities.listIdentities(world.admin, PAGE)).items).toHaveLength(3);
  });

  it('are not changed by somebody who may do less, and nobody disables itself', async () => {
    const { identities } = world;
    const boss = await world.service({ permissions: ['administer'] });
    const clerk = await callerWith('update-service-account', 'delete-service-account', 'update-user');
    for (const attempt of [
      () => identities.setEnabled(clerk, boss.caller.principal.id, false),
      () => identities.setTokenActive(clerk, boss.token.id, false),
      () => identities.deleteToken(clerk, boss.token.id),
      () => identities.setCredentialActive(clerk, boss.credential.id, false),
    ])
      await expect(attempt()).rejects.toMatchObject(EXCEEDS);
    await expect(identities.setEnabled(boss.caller, boss.caller.principal.id, false)).rejects.toMatchObject({
      code: 'conflict',
    });
    const weak = await world.service();
    expect(await identities.setEnabled(clerk, weak.caller.principal.id, false)).toMatchObject({
      principal: { enabled: false },
    });
  });

  it('with a grant on a key that is gone are still changed by an administrator', async () => {
    const { caller } = await world.service();
    const keyId = newId<KeyId>();
    world.keyGroups.set(keyId, world.groupId);
    await assigned((await roleOf('sign')).id, caller.principal.id, { kind: 'key', keyId });
    world.keyGroups.delete(keyId);
    const clerk = await callerWith('update-service-account');
    const { id } = caller.principal;
    await expect(world.identities.setEnabled(clerk, id, false)).rejects.toMatchObject(EXCEEDS);
    expect(await world.identities.setEnabled(world.admin, id, false)).toMatchObject({ principal: { enabled: false } });
  });

  it('keep a credential as long as they have API keys, which would need no proof without one', async () => {
    const { caller, credential, token } = await world.service();
    await adminMakesKeyFor(caller.principal.id);
    const { identities } = world;
    const conflict = { code: 'conflict', subject: 'credential' };
    await expect(identities.setCredentialActive(world.admin, credential.id, false)).rejects.toMatchObject(conflict);
    await expect(identities.deleteToken(world.admin, token.id)).rejects.toMatchObject(conflict);
  });

  it('of another account are not there', async () => {
    const { caller, credential, token } = await world.service();
    const role = await roleOf('sign');
    const principal = { ...world.admin.principal, accountId: newId<AccountId>() };
    const foreign: Caller = { ...world.admin, principal };
    const { identities } = world;
    const { id } = caller.principal;
    for (const attempt of [
      () => identities.getIdentity(foreign, id),
      () => identities.setEnabled(foreign, id, false),
      () => identities.setTokenActive(foreign, token.id, false),
      () => identities.deleteToken(foreign, token.id),
      () => identities.getRole(foreign, role.id),
      () => identities.updateRole(foreign, role.id, { name: 'x' }),
      () => identities.setRoleArchived(foreign, role.id, true),
      () => identities.listAssignments(foreign, role.id, PAGE),
      () => identities.listCredentials(foreign, id),
      () => identities.setCredentialActive(foreign, credential.id, false),
      () => identities.setTokenActive(world.admin, newId<TokenId>(), false),
      () => identities.setCredentialActive(world.admin, newId<CredentialId>(), false),
    ])
      await expect(attempt()).rejects.toMatchObject({ code: 'not_found' });
  });

  it('need the permission of each command', async () => {
    const { caller } = await world.service();
    const other = await world.service();
    const role = await roleOf('sign');
    const assignment = await assigned(role.id, other.caller.principal.id);
    const { identities, registration } = world;
    const { id } = other.caller.principal;
    const invited = { email: 'a@b.c', externalId: undefined, administrator: false };
    for (const attempt of [
      () => world.service({}, caller),
      () => identities.setEnabled(caller, id, false),
      () => identities.setTokenActive(caller, other.token.id, false),
      () => identities.deleteToken(caller, other.token.id),
      () => identities.createRole(caller, { name: 'r', permissions: ['sign'] }),
      () => identities.getRole(caller, role.id),
      () => identities.listRoles(caller, PAGE),
      () => identities.updateRole(caller, role.id, {}),
      () => identities.setRoleArchived(caller, role.id, true),
      () => identities.assignRole(caller, { roleId: role.id, principalId: id, scope: ACCOUNT }),
      () => identities.listAssignments(caller, role.id, PAGE),
      () => identities.revokeAssignment(caller, role.id, assignment.id),
      () => identities.setCredentialActive(caller, other.credential.id, false),
      () => registration.inviteUser(caller, invited),
      () => registration.renewInvitation(caller, id),
    ])
      await expect(attempt()).rejects.toMatchObject({ code: 'forbidden' });
  });
});
