/** Every call of our own API at least once, over the service in this process; each answer against its own schema. */
import { createPublicKey, generateKeyPairSync, hash, randomBytes, verify } from 'node:crypto';
import { leafHashes } from '@countersign/core/log/log-row';
import { verifyConsistency, verifyInclusion } from '@countersign/core/log/proof';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DsmService, startDsmService } from '../../../test/dsm-service.ts';
import { type NativeCall, nativeClient, proven, softwareKey, type Wire } from '../../../test/native-client.ts';
import { plainKeyPair, plainOpen, plainSeal } from '../../custody/plain-hpke.fixture.ts';
import { ENDPOINTS } from './endpoints.ts';

const DIGEST = hash('sha256', 'a message', 'base64');
const NOBODY = 'us-00000-00000-0000000000000001';
const from64 = (text: string): Buffer => Buffer.from(text, 'base64');

let service: DsmService;
let call: NativeCall;
const called = new Set<string>();
let bots = 0;

beforeAll(async () => {
  service = await startDsmService();
  call = nativeClient(service.server, service.apiKey, (operation) => called.add(operation));
});
afterAll(() => service.close());

async function done(operation: string, options: Parameters<NativeCall>[1] = {}, status = 200): Promise<Wire> {
  const answer = await call(operation, options);
  expect([operation, answer.status, answer.body]).toEqual([operation, status, answer.body]);
  return answer.body;
}

async function newKey(body: object = {}): Promise<Wire> {
  return done('createKey', { body: { algorithm: 'ed25519', ...body } }, 201);
}

/** Somebody with a token and a key of its own. */
async function newServiceAccount(body: object = {}) {
  const key = softwareKey();
  const made = await done(
    'createServiceAccount',
    { body: { name: `bot ${++bots}`, publicKey: key.publicKeyPem, ...body } },
    201,
  );
  return { token: made.accessToken as string, credentialId: made.credentialId as string, userId: made.userId, key };
}

/** A person that registered a key. */
async function newPerson(email: string, administrator = true) {
  const key = softwareKey();
  const invited = await done('inviteUser', { body: { email, administrator } }, 201);
  const challenge = await done('beginRegistration', {
    token: null,
    body: { email, registrationCode: invited.registrationCode },
  });
  const registered = await done('register', {
    token: null,
    body: {
      temporaryToken: challenge.temporaryToken,
      name: 'first',
      attestation: key.attest(challenge.challenge),
    },
  });
  return { email, key, userId: invited.user.id as string, credentialId: registered.credential.id as string };
}

async function loggedIn(person: Awaited<ReturnType<typeof newPerson>>) {
  const { email, key, credentialId } = person;
  const challenge = await done('beginLogin', { token: null, body: { email } });
  expect(challenge.credentials).toEqual([{ id: credentialId, kind: 'key' }]);
  const answer = await done('login', {
    token: null,
    body: { identifier: challenge.identifier, assertion: key.assert(credentialId, challenge.challenge) },
  });
  expect(answer.user.id).toBe(person.userId);
  return { ...person, token: answer.accessToken as string };
}

describe('keys', () => {
  it('are made, found, listed in pages, renamed and deleted', async () => {
    const key = await newKey({ name: 'first', description: 'mine', parameters: {} });
    expect(key).toMatchObject({ name: 'first', algorithm: 'ed25519', custody: 'vault', state: 'active' });
    expect(await done('getKey', { params: { keyId: key.id } })).toEqual(key);
    await newKey();
    const page = await done('listKeys', { query: { limit: '1' } });
    expect(page.items).toHaveLength(1);
    const rest = await done('listKeys', { query: { after: page.next } });
    expect(rest.items.length).toBeGreaterThan(0);
    expect(rest.next).toBeUndefined();
    const renamed = await done('renameKey', { params: { keyId: key.id }, body: { name: 'second' } });
    expect(renamed.name).toBe('second');
    expect((await done('renameKey', { params: { keyId: key.id }, body: { name: null } })).name).toBeUndefined();
    await done('deleteKey', { params: { keyId: key.id } });
    expect((await call('getKey', { params: { keyId: key.id } })).status).toBe(404);
  });

  it('have children, and are delegated to people', async () => {
    const master = await newKey({ algorithm: 'ecdsa-secp256k1', master: true });
    const child = await done('deriveChildKey', { params: { keyId: master.id }, body: { path: 'm/0/7' } }, 201);
    expect(child.derivedFrom).toEqual({ keyId: master.id, path: 'm/0/7' });
    const { userId } = await newPerson('holder@example.com', false);
    const delegated = await done('delegateKey', { params: { keyId: child.id }, body: { userId } });
    expect(delegated.delegatedTo).toBe(userId);
  });

  it('come in and go out under HPKE', async () => {
    const { publicKey: recipient, kem } = await done('getImportKey');
    expect(kem).toBe('DHKEM(X25519, HKDF-SHA256)');
    const pair = generateKeyPairSync('ed25519');
    const pkcs8 = pair.privateKey.export({ format: 'der', type: 'pkcs8' });
    const { accountId } = await done('getMe');
    const { enc, ciphertext } = plainSeal(
      from64(recipient),
      pkcs8,
      Buffer.from('countersign/hpke/v1 import'),
      Buffer.from(JSON.stringify({ account: accountId, algorithm: 'ed25519' })),
    );
    const message = {
      enc: Buffer.from(enc).toString('base64'),
      ciphertext: Buffer.from(ciphertext).toString('base64'),
    };
    const imported = await done('importKey', { body: { algorithm: 'ed25519', exportable: true, ...message } }, 201);
    expect(imported.imported).toBe(true);
    expect(createPublicKey(imported.publicKeyPem).equals(pair.publicKey)).toBe(true);

    const mine = plainKeyPair();
    const exported = await done('exportKey', {
      params: { keyId: imported.id },
      body: { recipientPublicKey: Buffer.from(mine.publicKey).toString('base64') },
    });
    const opened = plainOpen(
      mine,
      { enc: from64(exported.enc), ciphertext: from64(exported.ciphertext) },
      Buffer.from('countersign/hpke/v1 export'),
      Buffer.from(JSON.stringify({ account: exported.accountId, key: exported.keyUuid })),
    );
    expect(Buffer.from(opened).toString('hex')).toBe(pkcs8.toString('hex'));
  });
});

describe('signatures', () => {
  it('are made and verified in a batch, in which a bad item harms no other', async () => {
    const key = await newKey();
    const message = Buffer.from('hello').toString('base64');
    const { results } = await done('sign', {
      body: { items: [{ keyId: key.id, message }, { keyId: key.id }, { keyName: 'nobody', message }] },
    });
    expect(results.map(({ status }: Wire) => status)).toEqual(['signed', 'failed', 'failed']);
    expect(results[1].error.code).toBe('invalid_request');
    expect(results[2].error.code).toBe('not_found');
    const { signature } = results[0];
    expect(verify(null, Buffer.from('hello'), key.publicKeyPem, from64(signature))).toBe(true);
    const other = Buffer.from('hallo').toString('base64');
    const verified = await done('verify', {
      body: {
        items: [
          { keyId: key.id, message, signature },
          { keyId: key.id, message: other, signature },
        ],
      },
    });
    expect(verified.results.map(({ valid }: Wire) => valid)).toEqual([true, false]);
  });
});

describe('requests, policies and approvals', () => {
  it('go from a policy that asks somebody to a signature', async () => {
    const key = await newKey({ algorithm: 'ecdsa-p256' });
    const approver = await loggedIn(await newPerson('approver@example.com'));
    const draft = {
      name: 'ask',
      activity: 'sign',
      rule: { kind: 'always' },
      action: { kind: 'request-approval', groups: [{ quorum: 1, approvers: [approver.userId], signedOnly: true }] },
      filters: { keyIds: [key.id] },
    };
    const policy = await done('createPolicy', { body: draft }, 201);
    expect(await done('getPolicy', { params: { policyId: policy.id } })).toEqual(policy);
    expect((await done('listPolicies', { query: { status: 'active' } })).items).toContainEqual(policy);

    const item = { keyId: key.id, digest: DIGEST, hash: 'sha-256', externalId: 'order 1' };
    const { results } = await done('createRequests', { body: { items: [item, { ...item, externalId: 'order 2' }] } });
    const [request, second] = results.map((result: Wire) => result.request);
    expect(request).toMatchObject({ status: 'pending', externalId: 'order 1', content: { digest: DIGEST } });
    const direct = await done('sign', { body: { items: [{ keyId: key.id, digest: DIGEST, hash: 'sha-256' }] } });
    expect(direct.results[0]).toMatchObject({ status: 'pending' });

    const waiting = await done('listApprovals', { query: { status: 'pending', approverId: approver.userId } });
    expect(waiting.items).toHaveLength(3);
    const { approvalId } = request;
    const approval = await done('getApproval', { params: { approvalId } });
    expect(approval.request).toEqual(request);
    const decision = { params: { approvalId }, body: { value: 'approved', reason: 'looks right' } };
    expect((await call('decideApproval', { ...decision, token: approver.token })).body.error.code).toBe(
      'proof_required',
    );
    const decided = await proven(call, approver, 'decideApproval', decision);
    expect(decided.body).toMatchObject({
      status: 'approved',
      decisions: [{ userId: approver.userId, evidence: 'signed', credentialId: approver.credentialId }],
    });

    const signed = await done('getRequest', { params: { requestId: request.id }, query: { wait: '30' } });
    expect(signed).toMatchObject({ status: 'signed', signatures: [{ signature: expect.any(String) }] });
    const confirmation = { transactionHash: '0x01', network: 'test' };
    const confirmed = await done('confirmRequest', { params: { requestId: request.id }, body: confirmation });
    expect(confirmed).toMatchObject({ status: 'confirmed', confirmation });
    const cancelled = await done('cancelRequest', { params: { requestId: second.id } });
    expect(cancelled.status).toBe('rejected');
    const listed = await done('listRequests', { query: { keyId: key.id, status: 'rejected' } });
    expect(listed.items.map(({ id }: Wire) => id)).toEqual([second.id]);
    await done('archivePolicy', { params: { policyId: policy.id } });
  });

  it('govern changes of policies themselves: 202, a change, and its approval', async () => {
    const approver = await loggedIn(await newPerson('second@example.com'));
    const always = (name: string, activity: string, filters = {}) => ({
      name,
      activity,
      rule: { kind: 'always' },
      action: { kind: 'request-approval', groups: [{ quorum: 1, approvers: [approver.userId] }] },
      filters,
    });
    const policy = await done('createPolicy', { body: always('guarded', 'assign-role') }, 201);
    const guard = await done(
      'createPolicy',
      { body: always('guard', 'modify-policy', { policyIds: [policy.id] }) },
      201,
    );
    const params = { policyId: policy.id };
    const change = await done('updatePolicy', { params, body: always('renamed', 'assign-role') }, 202);
    expect(change).toMatchObject({ kind: 'policy', operation: 'update', status: 'pending', entityId: policy.id });
    const shown = await done('getApproval', { params: { approvalId: change.approvalId } });
    expect(shown.change).toEqual(change);
    await proven(call, approver, 'decideApproval', {
      params: { approvalId: change.approvalId },
      body: { value: 'approved' },
    });
    expect((await done('getChange', { params: { changeId: change.id } })).status).toBe('applied');
    expect((await done('getPolicy', { params })).name).toBe('renamed');
    const end = await done('archivePolicy', { params }, 202);
    await proven(call, approver, 'decideApproval', {
      params: { approvalId: end.approvalId },
      body: { value: 'approved' },
    });
    await done('archivePolicy', { params: { policyId: guard.id } });
    expect((await done('listPolicies', { query: { status: 'active' } })).items).toEqual([]);
  });
});

describe('wallets', () => {
  it('are made on a new key or on one that exists', async () => {
    const body = { network: 'Ethereum', chain: 'evm', key: { algorithm: 'ecdsa-secp256k1' }, tags: ['hot'] };
    const wallet = await done('createWallet', { body: { ...body, externalId: 'w1' } }, 201);
    expect(wallet).toMatchObject({ address: expect.stringMatching(/^0x[0-9a-fA-F]{40}$/), tags: ['hot'] });
    expect(await done('createWallet', { body: { ...body, externalId: 'w1' } }, 201)).toEqual(wallet);
    const bare = await done('createWallet', { body: { network: 'none', keyId: wallet.key.id } }, 201);
    expect(bare.address).toBeUndefined();
    expect(await done('getWallet', { params: { walletId: bare.id } })).toEqual(bare);
    expect((await done('listWallets')).items).toHaveLength(2);
  });
});

describe('rule servers', () => {
  it('are put into sets, attached, detached and deleted', async () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = publicKey.export({ format: 'pem', type: 'spki' }).toString();
    const rule = { name: 'limits', url: 'https://rules.example.com/', publicKey: pem, algorithm: 'ES256' };
    const server = await done('createRuleServer', { body: rule }, 201);
    expect((await done('listRuleServers')).items).toEqual([server]);
    const set = await done('createRuleSet', { body: { name: 'all', ruleServerIds: [server.id] } }, 201);
    expect((await done('listRuleSets')).items).toEqual([set]);
    const key = await newKey();
    const params = { keyId: key.id };
    expect(await done('getRuleSetOfKey', { params })).toEqual({ ruleServers: [] });
    await done('attachRuleSetToKey', { params, body: { ruleSetId: set.id } });
    expect(await done('getRuleSetOfKey', { params })).toEqual({ ruleSet: set, origin: 'key', ruleServers: [server] });
    expect((await call('deleteRuleSet', { params: { ruleSetId: set.id } })).status).toBe(409);
    await done('detachRuleSetFromKey', { params });
    const me = (await done('getMe')).identity.id;
    await done('attachRuleSetToUser', { params: { userId: me }, body: { ruleSetId: set.id } });
    expect((await done('getRuleSetOfKey', { params })).origin).toBe('user-default');
    await done('detachRuleSetFromUser', { params: { userId: me } });
    await done('removeRuleServerFromSet', { params: { ruleSetId: set.id, ruleServerId: server.id } });
    await done('deleteRuleSet', { params: { ruleSetId: set.id } });
    await done('deleteRuleServer', { params: { ruleServerId: server.id } });
    expect((await done('listRuleServers')).items).toEqual([]);
  });
});

describe('people', () => {
  it('are invited, register, log in, add a credential, and log out', async () => {
    const person = await loggedIn(await newPerson('alice@example.com'));
    const { token, userId } = person;
    const me = await done('getMe', { token });
    expect(me.identity).toMatchObject({ id: userId, email: 'alice@example.com', requiresProof: true });
    expect(me.grants).toEqual([{ scope: { kind: 'account' }, operations: ['Orgs:Administer'] }]);
    const challenge = await done('beginCredential', { token, body: { kind: 'key' } });
    const second = softwareKey();
    const body = { identifier: challenge.identifier, name: 'second', attestation: second.attest(challenge.challenge) };
    expect((await call('createCredential', { token, body })).body.error.code).toBe('proof_required');
    const again = await done('beginCredential', { token, body: { kind: 'key' } });
    const created = await proven(call, person, 'createCredential', {
      body: { ...body, identifier: again.identifier, attestation: second.attest(again.challenge) },
    });
    expect([created.status, created.body.publicKey]).toEqual([201, second.publicKeyPem]);
    const off = { params: { credentialId: created.body.id }, body: { active: false } };
    expect((await proven(call, person, 'updateCredential', off)).body.active).toBe(false);
    const listed = await done('listCredentials', { query: { userId } });
    expect(listed.items.map(({ name, active }: Wire) => [name, active])).toEqual([
      ['first', true],
      ['second', false],
    ]);
    expect(await done('listCredentials', { token })).toEqual(listed);
    await done('logout', { token });
    expect((await call('getMe', { token })).status).toBe(401);
  });

  it('refuses a passkey that no authenticator made', async () => {
    const { token } = await loggedIn(await newPerson('keyless@example.com'));
    const { identifier } = await done('beginCredential', { token, body: { kind: 'passkey' } });
    const attestation = { kind: 'passkey', rawId: 'AQ==', clientData: 'e30=', attestationObject: 'oA==' };
    const answer = await call('createCredential', { token, body: { identifier, name: 'p', attestation } });
    expect(answer.body.error.code).toBe('proof_required');
    const login = await done('beginLogin', { token: null, body: { email: 'keyless@example.com' } });
    const assertion = {
      kind: 'passkey',
      rawId: 'AQ==',
      clientData: 'e30=',
      authenticatorData: 'AA==',
      signature: 'AA==',
    };
    const refused = await call('login', { token: null, body: { identifier: login.identifier, assertion } });
    expect([refused.status, refused.body.error.code]).toEqual([401, 'unauthenticated']);
  });

  it('are listed, switched off and on, and invited again', async () => {
    const bob = await newPerson('bob@example.com', false);
    const params = { userId: bob.userId };
    const identity = await done('getUser', { params });
    expect(identity).toMatchObject({ registered: true, enabled: true, administrator: false });
    expect((await done('listUsers', { query: { limit: '1000' } })).items).toContainEqual(identity);
    expect((await done('updateUser', { params, body: { enabled: false } })).enabled).toBe(false);
    const challenge = await done('beginLogin', { token: null, body: { email: bob.email } });
    const assertion = bob.key.assert(bob.credentialId, challenge.challenge);
    expect((await call('login', { token: null, body: { identifier: challenge.identifier, assertion } })).status).toBe(
      401,
    );
    expect((await done('updateUser', { params, body: { enabled: true } })).enabled).toBe(true);
    expect(await done('renewInvitation', { params })).toEqual({ registrationCode: expect.any(String) });
    expect((await call('getServiceAccount', { params })).status).toBe(404);
  });

  it('have personal tokens, switched and deleted', async () => {
    const person = await loggedIn(await newPerson('carol@example.com'));
    const key = softwareKey();
    const made = await proven(call, person, 'createPersonalToken', {
      body: { name: 'laptop', publicKey: key.publicKeyPem, lifetimeSeconds: 60 },
    });
    expect([made.status, made.body.token.kind]).toEqual([201, 'personal']);
    const { accessToken, token } = made.body;
    expect((await done('getMe', { token: accessToken })).identity.id).toBe(person.userId);
    const own = await done('listTokens', { token: person.token });
    expect(own.items.map(({ kind }: Wire) => kind).sort()).toEqual(['login', 'personal']);
    const params = { tokenId: token.id };
    expect((await done('updateToken', { params, body: { active: false } })).active).toBe(false);
    expect((await call('getMe', { token: accessToken })).status).toBe(401);
    await done('deleteToken', { params });
    expect((await done('listTokens', { token: person.token })).items).toHaveLength(1);
  });
});

describe('programs', () => {
  it('are made with an access token, listed, switched off and deleted', async () => {
    const bot = await newServiceAccount({
      operations: ['Keys:Create', 'Keys:Read'],
      externalId: 'ci',
      lifetimeSeconds: 600,
    });
    const params = { userId: bot.userId };
    const identity = await done('getServiceAccount', { params });
    expect(identity).toMatchObject({
      kind: 'service',
      name: expect.stringMatching(/^bot \d+$/),
      requiresProof: true,
      enabled: true,
    });
    expect((await done('listServiceAccounts')).items).toContainEqual(identity);
    expect((await call('createKey', { token: bot.token, body: { algorithm: 'ed25519' } })).status).toBe(403);
    expect((await proven(call, bot, 'createKey', { body: { algorithm: 'ed25519' } })).status).toBe(201);
    expect((await call('getUser', { params })).status).toBe(404);
    await done('updateServiceAccount', { params, body: { enabled: false } });
    expect((await call('getMe', { token: bot.token })).status).toBe(401);
    await done('updateServiceAccount', { params, body: { enabled: true } });
    const gone = await done('deleteServiceAccount', { params });
    expect(gone).toMatchObject({ enabled: false, tokens: [] });
  });

  it('get everything only from an administrator, or by a role', async () => {
    const admin = await newServiceAccount();
    expect((await done('getMe', { token: admin.token })).identity.administrator).toBe(true);
    const { items } = await done('listRoles');
    const endUser = items.find(({ name }: Wire) => name === 'end-user');
    const small = await newServiceAccount({ roleIds: [endUser.id] });
    expect((await done('getMe', { token: small.token })).grants[0].operations).toEqual([
      'KeyStores:Read',
      'Wallets:Read',
    ]);
  });

  it('have API keys, which are made and revoked', async () => {
    const { userId, apiKey } = await done('createApiUser', { body: { name: 'exchange' } }, 201);
    const me = await done('getMe', { token: apiKey });
    expect(me.identity).toMatchObject({ id: userId, name: 'exchange', kind: 'service' });
    const second = (await done('createApiKey', { params: { userId } })).apiKey;
    expect((await done('getMe', { token: second })).identity.id).toBe(userId);
    await done('revokeApiKey', { body: { apiKey } });
    expect((await call('getMe', { token: apiKey })).status).toBe(401);
    await done('deleteApiUser', { params: { userId } });
    expect((await call('getMe', { token: second })).status).toBe(401);
    expect((await call('createApiKey', { params: { userId: NOBODY } })).status).toBe(404);
  });
});

describe('roles', () => {
  it('are made, changed, given on the account, a group or a key, taken away and archived', async () => {
    const role = await done('createRole', { body: { name: 'signer', operations: ['Keys:Signatures:Create'] } }, 201);
    const params = { roleId: role.id };
    expect(await done('getRole', { params })).toEqual(role);
    const wider = ['Keys:Signatures:Create', 'Keys:Read'];
    expect((await done('updateRole', { params, body: { operations: wider } })).operations).toEqual(wider);
    const { userId } = await newPerson('dave@example.com', false);
    const key = await newKey();
    const scopes = [undefined, { kind: 'group', groupId: service.groupId }, { kind: 'key', keyId: key.id }];
    for (const scope of scopes) {
      const made = await done('assignRole', { params, body: { userId, ...(scope && { scope }) } }, 201);
      expect(made).toMatchObject({ userId, roleId: role.id, scope: scope ?? { kind: 'account' } });
    }
    const { items } = await done('listAssignments', { params });
    expect(items).toHaveLength(3);
    const revoked = await done('revokeAssignment', { params: { ...params, assignmentId: items[0].id } });
    expect(revoked).toEqual(items[0]);
    expect((await done('listAssignments', { params })).items).toHaveLength(2);
    expect((await done('setRoleArchived', { params, body: { archived: true } })).archived).toBe(true);
  });
});

describe('webhooks', () => {
  it('are made, changed, given another secret, pinged, asked for deliveries, and deleted', async () => {
    const body = { url: 'https://hooks.example.com/', events: ['key-created'], description: 'keys' };
    const { secret, ...webhook } = await done('createWebhook', { body }, 201);
    expect(webhook).toMatchObject({ ...body, enabled: true, dialect: 'native' });
    const params = { webhookId: webhook.id };
    expect(await done('getWebhook', { params })).toEqual(webhook);
    expect((await done('listWebhooks')).items).toEqual([webhook]);
    const key = await newKey();
    const { items } = await done('listDeliveries', { params, query: { kind: 'key-created' } });
    expect(items).toMatchObject([{ kind: 'key-created', entityId: key.id, status: 'pending', attempt: 1 }]);
    const one = { ...params, deliveryId: items[0].id };
    expect(await done('getDelivery', { params: one })).toEqual(items[0]);
    expect(await done('replayDelivery', { params: one })).toMatchObject({ retryOf: items[0].id, entityId: key.id });
    const rotated = await done('rotateWebhookSecret', { params });
    expect(rotated.secret).not.toBe(secret);
    expect(await done('pingWebhook', { params })).toEqual({ status: 'failed', error: 'nothing is sent here' });
    expect((await done('updateWebhook', { params, body: { events: 'all', enabled: false } })).events).toBe('all');
    await done('deleteWebhook', { params });
    expect((await call('getWebhook', { params })).status).toBe(404);
  });
});

describe('the log', () => {
  it('shows the entries of the account, whose leaves its proofs contain', async () => {
    const before = await done('getLogCheckpoint');
    const key = await newKey();
    const items = [1, 2, 3].map((byte) => ({ keyId: key.id, message: Buffer.of(byte).toString('base64') }));
    await done('sign', { body: { items } });
    const head = await done('getLogCheckpoint');
    const page = await done('listLogEntries', { query: { from: String(before.size) } });
    expect(page.next).toBeUndefined();
    expect(page.items.map(({ phase, leafCount, kind }: Wire) => [phase, leafCount, kind])).toEqual([
      ['event', 1, 'key-created'],
      ['intent', 1, undefined],
      ['outcome', 3, undefined],
    ]);
    const [, intent, outcome] = page.items;
    expect(outcome.batch).toBe(intent.firstLeaf);
    expect(outcome.items.map(({ keyId, status }: Wire) => [keyId, status])).toEqual(
      items.map(() => [key.id, 'signed']),
    );
    const hashes = leafHashes(outcome.phase, from64(outcome.body));
    for (let index = 0; index < outcome.leafCount; index++) {
      const leaf = outcome.firstLeaf + index;
      const proof = await done('getInclusionProof', { query: { leaf: String(leaf), size: String(head.size) } });
      const leafHash = hashes.subarray(index * 32, (index + 1) * 32);
      expect(proof.leafHash).toBe(Buffer.from(leafHash).toString('base64'));
      expect(verifyInclusion(leafHash, leaf, head.size, proof.path.map(from64), from64(head.root))).toBe(true);
    }
    const proof = await done('getConsistencyProof', { query: { oldSize: String(before.size) } });
    expect([proof.old, proof.new]).toEqual([before, await done('getLogCheckpoint')]);
    const path = proof.path.map(from64);
    expect(verifyConsistency(before.size, proof.new.size, from64(before.root), from64(proof.new.root), path)).toBe(
      true,
    );
    const other = randomBytes(32);
    expect(verifyConsistency(before.size, proof.new.size, other, from64(proof.new.root), path)).toBe(false);
  });

  it('comes in pages, and shows nobody the entries of another account', async () => {
    const first = await done('listLogEntries', { query: { limit: '2' } });
    expect(first.items).toHaveLength(2);
    const second = await done('listLogEntries', { query: { limit: '2', from: String(first.next) } });
    expect(second.items[0].firstLeaf).toBe(first.next);
    const token = await service.addAccount();
    const theirs = await done('listLogEntries', { token, query: { limit: '1000' } });
    const mine = await done('listLogEntries', { query: { limit: '1000' } });
    const leaves = new Set(mine.items.map(({ firstLeaf }: Wire) => firstLeaf));
    expect(theirs.items.length).toBeGreaterThan(0);
    expect(theirs.items.filter(({ firstLeaf }: Wire) => leaves.has(firstLeaf))).toEqual([]);
    expect((await done('getLogCheckpoint', { token })).size).toBe((await done('getLogCheckpoint')).size);
  });
});

it('every call was answered well', () => {
  expect(ENDPOINTS.flatMap(({ operation = '' }) => (called.has(operation) ? [] : [operation]))).toEqual([]);
});
