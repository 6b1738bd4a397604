import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { identityWorld, signerOf } from '../test/identity-world.ts';
import { inMemoryDirectory } from '../test/in-memory-directory.ts';
import { inMemoryIdentities } from '../test/in-memory-identity-store.ts';
import { createApiKey } from './api-key.ts';
import { narrowGrants } from './identity/narrow-grants.ts';
import { type CredentialId, type GroupId, newId, type PrincipalId } from './ids.ts';
import { installOnce } from './install.ts';
import { type Grant, holdsOnAccount, holdsPermission, PERMISSIONS, type Principal } from './principal.ts';
import { createSessions } from './sessions.ts';

let directory: ReturnType<typeof inMemoryDirectory>;
let apiKey: string;
let nowMs: number;

beforeEach(async () => {
  directory = inMemoryDirectory();
  nowMs = 1_000_000;
  apiKey = (await installOnce(directory, undefined, nowMs))?.apiKeyText ?? '';
});

const sessions = () =>
  createSessions({ directory, identities: inMemoryIdentities(directory).store, now: () => nowMs, sessionSeconds: 600 });

describe('installOnce', () => {
  it('makes an account, a group and an administrator once', async () => {
    expect(await installOnce(directory, undefined, nowMs)).toBeUndefined();
    const { principal } = await sessions().authenticateApiKey(apiKey, 'test');
    expect(principal.grants).toEqual([{ scope: { kind: 'account' }, permissions: ['administer'] }]);
    expect(await directory.group(principal.accountId, principal.defaultGroupId ?? newId())).toMatchObject({
      name: 'default',
    });
  });

  it('takes an API key that the operator chose, and does not tell it back', async () => {
    const other = inMemoryDirectory();
    const chosen = createApiKey(newId<PrincipalId>()).text;
    expect((await installOnce(other, chosen, nowMs))?.apiKeyText).toBeUndefined();
    const { store } = inMemoryIdentities(other);
    await createSessions({
      directory: other,
      identities: store,
      now: () => nowMs,
      sessionSeconds: 1,
    }).authenticateApiKey(chosen, 'test');
  });

  it('refuses a bootstrap key of another form and leaves the database empty', async () => {
    const other = inMemoryDirectory();
    await expect(installOnce(other, 'hunter2', nowMs)).rejects.toMatchObject({ code: 'invalid_request' });
    expect(await other.firstAccount()).toBeUndefined();
  });
});

describe('sessions', () => {
  it('authenticate an API key, and refuse any other with the same words', async () => {
    const texts = ['nonsense', createApiKey(newId<PrincipalId>()).text];
    const { principal } = await sessions().authenticateApiKey(apiKey, 'test');
    texts.push(createApiKey(principal.id).text);
    for (const text of texts)
      await expect(sessions().authenticateApiKey(text, 'test')).rejects.toMatchObject({
        code: 'unauthenticated',
        message: 'the API key is not valid',
      });
  });

  it('open, slide with use, and end', async () => {
    const { token, expiresInSeconds } = await sessions().open(await sessions().authenticateApiKey(apiKey, 'test'));
    expect(expiresInSeconds).toBe(600);
    nowMs += 599_000;
    await sessions().authenticateToken(token, 'test');
    nowMs += 599_000;
    await sessions().authenticateToken(token, 'test');
    nowMs += 660_000;
    await expect(sessions().authenticateToken(token, 'test')).rejects.toMatchObject({ code: 'session_expired' });
  });

  it('do not write for every request', async () => {
    const { token } = await sessions().open(await sessions().authenticateApiKey(apiKey, 'test'));
    for (let request = 0; request < 20; request++) {
      nowMs += 1000;
      await sessions().authenticateToken(token, 'test');
    }
    expect(directory.writes).toEqual([]);
    nowMs += 60_000;
    await sessions().authenticateToken(token, 'test');
    expect(directory.writes).toEqual(['extend']);
    nowMs += 600_000;
    await sessions().authenticateToken(token, 'test');
  });

  it('are dead once terminated, and unknown tokens are too', async () => {
    const { token } = await sessions().open(await sessions().authenticateApiKey(apiKey, 'test'));
    await sessions().terminate(token);
    for (const dead of [token, '', 'x'.repeat(1000)])
      await expect(sessions().authenticateToken(dead, 'test')).rejects.toMatchObject({ code: 'session_expired' });
  });

  it('keep no token: the store has its digest only', async () => {
    const { token } = await sessions().open(await sessions().authenticateApiKey(apiKey, 'test'));
    const caller = await sessions().authenticateToken(token, 'test');
    expect(JSON.stringify([await directory.firstAccount(), caller])).not.toContain(token);
  });

  it('stop working when the principal is disabled', async () => {
    const caller = await sessions().authenticateApiKey(apiKey, 'test');
    const { token } = await sessions().open(caller);
    await directory.insertPrincipal({ ...caller.principal, enabled: false }, undefined, nowMs);
    await expect(sessions().authenticateToken(token, 'test')).rejects.toMatchObject({ code: 'session_expired' });
    await expect(sessions().authenticateApiKey(apiKey, 'test')).rejects.toMatchObject({ code: 'unauthenticated' });
  });
});

describe('access tokens', () => {
  it('are JWTs to their clients, and secrets to us', async () => {
    const world = await identityWorld();
    const { accessToken, token, caller } = await world.service({ lifetimeSeconds: 60 });
    const [header, payload, secret, ...rest] = accessToken.split('.').map((part) => Buffer.from(part, 'base64url'));
    expect(rest).toEqual([]);
    expect(secret).toHaveLength(32);
    expect(JSON.parse(String(header))).toEqual({ typ: 'JWT', alg: 'opaque' });
    const { principal } = caller;
    const iat = world.clock.nowMs / 1000;
    expect(JSON.parse(String(payload))).toEqual({ org: principal.accountId, user: principal.id, iat, exp: iat + 60 });
    expect(caller.token).toEqual({ id: token.id, credentialId: token.credentialId });
    expect(JSON.stringify(await world.store.findToken(principal.accountId, token.id))).not.toContain(
      accessToken.slice(-20),
    );
  });

  it('are refused with the same words, whatever is wrong', async () => {
    const world = await identityWorld();
    const refused = async (text: string): Promise<void> =>
      expect(world.sessions.authenticateAccessToken(text, 'test')).rejects.toMatchObject({
        code: 'unauthenticated',
        message: 'the access token is not valid',
      });
    const { accessToken, token, caller } = await world.service({ lifetimeSeconds: 60 });
    const otherSecret = `${accessToken.slice(0, -1)}${accessToken.endsWith('A') ? 'E' : 'A'}`;
    for (const text of ['', 'x', 'a.b.c', `${accessToken}=`, otherSecret, `x${accessToken}`, 'x'.repeat(3000)])
      await refused(text);

    await world.identities.setTokenActive(world.admin, token.id, false);
    await refused(accessToken);
    await world.identities.setTokenActive(world.admin, token.id, true);
    await world.identities.setEnabled(world.admin, caller.principal.id, false);
    await refused(accessToken);
    await world.identities.setEnabled(world.admin, caller.principal.id, true);
    await world.sessions.authenticateAccessToken(accessToken, 'test');

    world.clock.nowMs += 60_000;
    await refused(accessToken);
    const unlimited = await world.service();
    await world.identities.deleteToken(world.admin, unlimited.token.id);
    await refused(unlimited.accessToken);
  });

  it('need proof even where the last credential is switched off', async () => {
    const world = await identityWorld();
    const { accessToken, credential, caller } = await world.service();
    await world.identities.setCredentialActive(world.admin, credential.id, false);
    expect((await world.directory.principal(caller.principal.id))?.requiresProof).toBe(false);
    const again = await world.sessions.authenticateAccessToken(accessToken, 'test');
    expect(again.principal.requiresProof).toBe(true);
  });

  it('of programs have no more than their roles allow, and nothing from an archived one', async () => {
    const world = await identityWorld();
    const { caller } = await world.person('ada@example.com', true);
    const proven = { ...caller, proof: PROOF };
    const role = await world.identities.createRole(world.admin, {
      name: 'reader',
      permissions: ['read-key', 'approve'],
    });
    const { accessToken } = await world.identities.createPersonalToken(proven, {
      name: 'ci',
      publicKeyPem: signerOf().publicKeyPem,
      roleIds: [role.id],
      externalId: undefined,
      lifetimeSeconds: undefined,
    });
    const held = async (): Promise<readonly string[]> => {
      const { principal } = await world.sessions.authenticateAccessToken(accessToken, 'test');
      return PERMISSIONS.filter((permission) => holdsOnAccount(principal, permission));
    };
    expect(await held()).toEqual(['read-key', 'approve']);
    await world.identities.updateRole(world.admin, role.id, { permissions: ['approve'] });
    expect(await held()).toEqual(['approve']);
    await world.identities.setRoleArchived(world.admin, role.id, true);
    expect(await held()).toEqual([]);
    const { principal } = await world.sessions.authenticateAccessToken(accessToken, 'test');
    expect([...(principal.narrowedTo ?? ['everything'])]).toEqual([]);
  });

  it('never allow what the principal may not, nor what the roles do not', () => {
    const groups = [newId<GroupId>(), newId<GroupId>()] as const;
    const permissions = fc.uniqueArray(fc.constantFrom(...PERMISSIONS));
    const scope = fc.constantFrom<Grant['scope']>(
      { kind: 'account' },
      { kind: 'group', groupId: groups[0] },
      { kind: 'group', groupId: groups[1] },
    );
    const grants = fc.array(fc.record({ scope, permissions }), { maxLength: 4 });
    fc.assert(
      fc.property(grants, permissions, (before, allowed) => {
        const set = new Set(allowed);
        const holder = (held: readonly Grant[]): Principal => ({ ...HOLDER, grants: held });
        const after = holder(narrowGrants(before, set));
        for (const permission of PERMISSIONS)
          for (const groupId of groups) {
            const may = holdsPermission(after, permission, { groupId });
            const inRoles = set.has(permission) || set.has('administer');
            expect(may).toBe(inRoles && holdsPermission(holder(before), permission, { groupId }));
          }
      }),
    );
  });
});

const PROOF = { credentialId: newId<CredentialId>(), tokenId: undefined, subjectDigest: undefined, logIndex: 0 };
const HOLDER: Principal = {
  id: newId(),
  accountId: newId(),
  kind: 'user',
  name: 'p',
  enabled: true,
  defaultGroupId: undefined,
  grants: [],
  requiresProof: false,
};
