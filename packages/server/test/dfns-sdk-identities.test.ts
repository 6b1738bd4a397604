/** People, programs, their credentials and tokens, and webhooks, by the product's own client in both of its versions. */
import { createHmac, hash, type KeyObject, randomBytes, sign, timingSafeEqual } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  addServiceAccount,
  CREDENTIAL_KEYS,
  callRaw,
  clientOf,
  type DfnsApiClient,
  type Holder,
  refusal,
  SDK_VERSIONS,
  signerOf,
  until,
} from './dfns-client.ts';
import { type DfnsService, startDfnsService } from './dfns-service.ts';

let service: DfnsService;

beforeAll(async () => {
  service = await startDfnsService();
}, 60_000);

afterAll(() => service?.close());

function pemOf(publicKey: KeyObject): string {
  return publicKey.export({ type: 'spki', format: 'pem' }).toString();
}

/** What a client sends for a new credential of kind Key. */
function attestation(
  challenge: string,
  publicKey: KeyObject,
  privateKey: KeyObject,
): {
  readonly credId: string;
  readonly clientData: string;
  readonly attestationData: string;
} {
  const clientData = Buffer.from(JSON.stringify({ type: 'key.create', challenge }));
  const pem = pemOf(publicKey);
  const fingerprint = JSON.stringify({ clientDataHash: hash('sha256', clientData), publicKey: pem });
  const algorithm = publicKey.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  const signature = sign(algorithm, Buffer.from(fingerprint), privateKey).toString('hex');
  return {
    credId: randomBytes(16).toString('base64url'),
    clientData: clientData.toString('base64url'),
    attestationData: Buffer.from(JSON.stringify({ publicKey: pem, signature })).toString('base64url'),
  };
}

describe.each(SDK_VERSIONS)('$name', (version) => {
  let administrator: Holder;
  let client: DfnsApiClient;

  beforeAll(async () => {
    administrator = await addServiceAccount(service.url, service.apiKey);
    client = clientOf(service.url, administrator, version);
  });

  it('makes service accounts, shows, lists, disables, enables and archives them', async () => {
    const { publicKey, privateKey } = CREDENTIAL_KEYS.secp256k1();
    const name = `batch signer ${randomBytes(8).toString('hex')}`;
    const role = await client.permissions.createPermission({
      body: { name: `signers ${randomBytes(8).toString('hex')}`, operations: ['Keys:Read'] },
    });
    const made = await client.auth.createServiceAccount({
      body: { name, publicKey: pemOf(publicKey), permissionId: role.id, daysValid: 30 },
    });
    const [token] = made.accessTokens;
    const { userId, orgId } = made.userInfo;
    expect(made.userInfo).toMatchObject({ name, isActive: true, isServiceAccount: true });
    expect(made.userInfo.permissionAssignments).toMatchObject([{ permissionId: role.id }]);
    expect(token).toMatchObject({ kind: 'ServiceAccount', linkedUserId: userId, publicKey: pemOf(publicKey) });
    const holder = { credentialId: token?.credId ?? '', accessToken: token?.accessToken ?? '', privateKey };
    const theirs = clientOf(service.url, holder, version, orgId);
    await theirs.keys.listKeys();
    expect((await refusal(theirs.keys.createKey({ body: { scheme: 'EdDSA', curve: 'ed25519' } }))).httpStatus).toBe(
      403,
    );

    const serviceAccountId = userId;
    const shown = await client.auth.getServiceAccount({ serviceAccountId });
    expect(shown.accessTokens).toHaveLength(1);
    expect(shown.accessTokens[0]).not.toHaveProperty('accessToken');
    expect((await client.auth.listServiceAccounts()).items.map(({ userInfo }) => userInfo.userId)).toContain(userId);
    expect(
      (await client.auth.deactivateServiceAccount({ serviceAccountId, body: { force: false } })).userInfo.isActive,
    ).toBe(false);
    expect((await refusal(theirs.keys.listKeys())).httpStatus).toBe(401);
    expect((await client.auth.activateServiceAccount({ serviceAccountId })).userInfo.isActive).toBe(true);
    await theirs.keys.listKeys();
    await client.auth.archiveServiceAccount({ serviceAccountId });
    expect((await refusal(theirs.keys.listKeys())).httpStatus).toBe(401);
  });

  it('registers a person, who logs in, makes tokens and credentials, and gets keys delegated', async () => {
    const email = `${randomBytes(8).toString('hex')}@example.test`;
    const invited = await client.auth.createUser({ body: { email, kind: 'CustomerEmployee' } });
    expect(invited).toMatchObject({ username: email, isServiceAccount: false, isRegistered: false, isActive: true });
    const { registrationCode } = invited as unknown as { readonly registrationCode: string };
    const { userId, orgId } = invited;

    const first = CREDENTIAL_KEYS.ed25519();
    const nobody = version.create({ baseUrl: service.url });
    const begun = await nobody.auth.createRegistrationChallenge({ body: { username: email, registrationCode, orgId } });
    const registering = version.create({ baseUrl: service.url, authToken: begun.temporaryAuthenticationToken });
    const credentialInfo = attestation(begun.challenge, first.publicKey, first.privateKey);
    const registered = await registering.auth.register({
      body: { firstFactorCredential: { credentialKind: 'Key', credentialInfo } },
    });
    expect(registered.user).toMatchObject({ id: userId, username: email, orgId });
    const spent = nobody.auth.createRegistrationChallenge({ body: { username: email, registrationCode, orgId } });
    expect((await refusal(spent)).httpStatus).toBe(401);

    const login = async (holder: Pick<Holder, 'credentialId' | 'privateKey'>): Promise<string> => {
      const challenge = await nobody.auth.createLoginChallenge({ body: { username: email, orgId } });
      const firstFactor = await signerOf(holder).sign(challenge as Parameters<ReturnType<typeof signerOf>['sign']>[0]);
      const { challengeIdentifier } = challenge;
      const answer = await nobody.auth.login({ body: { challengeIdentifier, firstFactor } });
      if (!('token' in answer)) throw new Error('a login gives a token');
      return answer.token;
    };
    const own = { credentialId: registered.credential.uuid, privateKey: first.privateKey };
    const inPerson = clientOf(service.url, { ...own, accessToken: await login(own) }, version, orgId);
    expect((await client.auth.getUser({ userId })).isRegistered).toBe(true);
    expect((await client.auth.listUsers()).items.map((user) => user.userId)).toContain(userId);
    const role = await client.permissions.createPermission({
      body: { name: `people ${randomBytes(8).toString('hex')}`, operations: ['Keys:Read', 'Auth:Pats:Create'] },
    });
    await client.permissions.createAssignment({ permissionId: role.id, body: { identityId: userId } });

    const second = CREDENTIAL_KEYS['P-256']();
    const more = await inPerson.auth.createCredentialChallenge({ body: { kind: 'Key' } });
    if (!('challenge' in more)) throw new Error('a key has a challenge');
    const added = await inPerson.auth.createCredential({
      body: {
        credentialKind: 'Key',
        credentialName: 'the second',
        challengeIdentifier: more.challengeIdentifier,
        credentialInfo: attestation(more.challenge, second.publicKey, second.privateKey),
      },
    });
    expect(added).toMatchObject({ kind: 'Key', name: 'the second', isActive: true });
    const another = { credentialId: added.credentialId, privateKey: second.privateKey };
    await login(another);
    const { credentialUuid } = added;
    await inPerson.auth.deactivateCredential({ body: { credentialUuid } });
    await expect(login(another)).rejects.toThrow();
    await inPerson.auth.activateCredential({ body: { credentialUuid } });
    const { items } = await inPerson.auth.listCredentials();
    expect(items.map((credential) => credential.isActive)).toEqual([true, true]);

    const forProgram = CREDENTIAL_KEYS['RSA-2048']();
    const pat = await inPerson.auth.createPersonalAccessToken({
      body: { name: 'a program of mine', publicKey: pemOf(forProgram.publicKey), secondsValid: 3600 },
    });
    const { tokenId } = pat;
    expect(pat).toMatchObject({ kind: 'Pat', linkedUserId: userId, isActive: true });
    const holder = { credentialId: pat.credId, accessToken: pat.accessToken ?? '', privateKey: forProgram.privateKey };
    const program = clientOf(service.url, holder, version, orgId);
    await program.keys.listKeys();
    const patOfPat = program.auth.createPersonalAccessToken({
      body: { name: 'one more', publicKey: pemOf(CREDENTIAL_KEYS.ed25519().publicKey) },
    });
    expect((await refusal(patOfPat)).httpStatus).toBe(403);
    expect((await inPerson.auth.listPersonalAccessTokens()).items.map((token) => token.tokenId)).toEqual([tokenId]);
    expect(await inPerson.auth.getPersonalAccessToken({ tokenId })).not.toHaveProperty('accessToken');
    await inPerson.auth.deactivatePersonalAccessToken({ tokenId });
    expect((await refusal(program.keys.listKeys())).httpStatus).toBe(401);
    await inPerson.auth.activatePersonalAccessToken({ tokenId });
    await program.keys.listKeys();

    const key = await client.keys.createKey({ body: { scheme: 'EdDSA', curve: 'ed25519', delayDelegation: true } });
    const delegated = await client.keys.delegateKey({ keyId: key.id, body: { delegateTo: userId } });
    expect(delegated).toEqual({ keyId: key.id, status: 'Delegated' });
    expect((await client.keys.getKey({ keyId: key.id })).custodial).toBe(false);
    const theirs = await client.keys.listKeys({ query: { owner: userId } });
    expect(theirs.items.map(({ id }) => id)).toEqual([key.id]);
    const direct = await client.keys.createKey({ body: { scheme: 'EdDSA', curve: 'ed25519', delegateTo: userId } });
    expect(direct.custodial).toBe(false);

    await inPerson.auth.archivePersonalAccessToken({ tokenId });
    expect((await refusal(program.keys.listKeys())).httpStatus).toBe(401);
    await client.auth.deactivateUser({ userId });
    expect((await refusal(inPerson.keys.listKeys())).httpStatus).toBe(401);
    await client.auth.activateUser({ userId });
    await inPerson.auth.logout();
    expect((await refusal(inPerson.keys.listKeys())).httpStatus).toBe(401);
  });

  it('answers with JSON in its own shape whatever is wrong', async () => {
    const calls = [
      [401, { method: 'GET', path: '/keys' }],
      [401, { method: 'GET', path: '/keys', token: 'a.b.c' }],
      [404, { method: 'GET', path: '/keys/a/b/c', token: administrator.accessToken }],
      [405, { method: 'PATCH', path: '/keys', token: administrator.accessToken, body: {} }],
      [400, { method: 'GET', path: '/keys?limit=0x', token: administrator.accessToken }],
      [400, { method: 'POST', path: '/auth/action/init', token: administrator.accessToken, body: '{"a":' }],
      [404, { method: 'GET', path: '/keys/nonsense', token: administrator.accessToken }],
    ] as const;
    for (const [status, call] of calls) {
      const answer = await callRaw(service.url, call);
      expect([call.path, answer.status]).toEqual([call.path, status]);
      const { error } = answer.body as { readonly error?: { readonly message?: unknown } };
      expect(error).toMatchObject({ id: expect.any(String) as string, status });
      expect(error?.message).toMatch(/./);
    }
  });

  describe('webhooks', () => {
    let receiver: Server;
    let received: { readonly signature: string; readonly text: string }[];
    let answerWith: number;

    beforeEach(async () => {
      received = [];
      answerWith = 200;
      receiver = createServer((request, response) => {
        const parts: Buffer[] = [];
        request.on('data', (part: Buffer) => parts.push(part));
        request.on('end', () => {
          const signature = request.headers['x-dfns-webhook-signature'];
          received.push({ signature: String(signature), text: Buffer.concat(parts).toString('utf8') });
          response.writeHead(answerWith).end();
        });
      });
      await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    });

    afterEach(() => new Promise((resolve) => receiver.close(resolve)));

    interface Event {
      readonly kind: string;
      readonly deliveryAttempt: number;
      readonly timestampSent: number;
      readonly data: Readonly<Record<string, { readonly id?: string } | undefined>>;
    }

    /** As the product tells its users to check: over the body that was parsed and written again. */
    const verified = (secret: string): Event[] =>
      received.map(({ signature, text }) => {
        const again = JSON.stringify(JSON.parse(text));
        const mac = `sha256=${createHmac('sha256', secret).update(again).digest('hex')}`;
        expect(timingSafeEqual(Buffer.from(mac), Buffer.from(signature))).toBe(true);
        const event = JSON.parse(text) as Event;
        expect(event).toMatchObject({
          id: expect.stringMatching(/^whe-/) as string,
          date: expect.any(String) as string,
        });
        return event;
      });

    const urlOf = (): string => `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/events`;

    it('are told of keys, requests and approvals, signed, and can be looked through', async () => {
      const created = await client.webhooks.createWebhook({
        body: { url: urlOf(), events: ['*'], description: 'all' },
      });
      const { id: webhookId, secret } = created;
      expect(created).toMatchObject({ url: urlOf(), events: ['*'], status: 'Enabled', description: 'all' });
      expect(secret).toMatch(/^whs-/);
      expect(await client.webhooks.getWebhook({ webhookId })).not.toHaveProperty('secret');
      expect((await client.webhooks.listWebhooks()).items.map(({ id }) => id)).toContain(webhookId);
      expect(await client.webhooks.pingWebhook({ webhookId })).toEqual({ status: '200' });

      const key = await client.keys.createKey({ body: { scheme: 'ECDSA', curve: 'secp256k1' } });
      const approver = await addServiceAccount(service.url, service.apiKey);
      const policy = await client.policies.createPolicy({
        body: {
          name: 'asks',
          activityKind: 'Wallets:Sign',
          rule: { kind: 'AlwaysTrigger', configuration: {} },
          action: {
            kind: 'RequestApproval',
            approvalGroups: [
              { quorum: 1, approvers: { userId: { in: [approver.userId] } }, serviceAccountsCanApprove: true },
            ],
          },
          filters: { keyId: { in: [key.id] } } as object,
        } as unknown as Parameters<DfnsApiClient['policies']['createPolicy']>[0]['body'],
      });
      const sign = (): ReturnType<DfnsApiClient['keys']['generateSignature']> =>
        client.keys.generateSignature({ keyId: key.id, body: { kind: 'Hash', hash: `0x${'01'.repeat(32)}` } });
      const approved = await sign();
      const denied = await sign();
      const other = clientOf(service.url, approver, version);
      const decide = (approvalId: string | undefined, value: 'Approved' | 'Denied'): Promise<unknown> =>
        other.policies.createApprovalDecision({ approvalId: approvalId ?? '', body: { value } });
      await decide(approved.approvalId, 'Approved');
      await decide(denied.approvalId, 'Denied');
      await client.keys.deleteKey({ keyId: key.id });
      await client.policies.archivePolicy({ policyId: policy.id });

      const expected = [
        'webhook.ping',
        'key.created',
        'key.deleted',
        ...['policy.triggered', 'policy.approval.pending', 'wallet.signature.requested'],
        ...['policy.triggered', 'policy.approval.pending', 'wallet.signature.requested'],
        ...['policy.approval.resolved', 'wallet.signature.signed'],
        ...['policy.approval.resolved', 'wallet.signature.rejected'],
      ].toSorted();
      await until(async () => (received.length >= expected.length ? true : undefined), 'the events');
      const events = verified(secret);
      expect(events.map(({ kind }) => kind).toSorted()).toEqual(expected);
      const requestIn = (kind: string): unknown =>
        events.find((event) => event.kind === kind)?.data['signatureRequest'];
      expect(requestIn('wallet.signature.signed')).toMatchObject({ id: approved.id, status: 'Signed' });
      expect(requestIn('wallet.signature.rejected')).toMatchObject({ id: denied.id, status: 'Rejected' });
      const triggered = events.filter(({ kind }) => kind === 'policy.triggered');
      expect(triggered[0]?.data['policyEvaluation']).toMatchObject({ triggered: true, policy: { id: policy.id } });
      // The key is gone by now: its name is left.
      for (const kind of ['key.created', 'key.deleted'])
        expect(events.find((event) => event.kind === kind)?.data['key']?.id).toBe(key.id);

      const { items } = await client.webhooks.listWebhookEvents({
        webhookId,
        query: { kind: 'wallet.signature.signed' },
      });
      expect(items).toMatchObject([{ kind: 'wallet.signature.signed', status: '200', deliveryAttempt: 1 }]);
      const one = await client.webhooks.getWebhookEvent({ webhookId, webhookEventId: items[0]?.id ?? '' });
      expect(one).toMatchObject({ data: { signatureRequest: { id: approved.id } } });
      expect(await client.webhooks.deleteWebhook({ webhookId })).toEqual({ deleted: true });
      expect((await refusal(client.webhooks.getWebhook({ webhookId }))).httpStatus).toBe(404);
    });

    it('are tried again after a minute, send what was asked for only, and nothing while disabled', async () => {
      answerWith = 500;
      const { id: webhookId, secret } = await client.webhooks.createWebhook({
        body: { url: urlOf(), events: ['key.created'] },
      });
      const newKey = (): ReturnType<DfnsApiClient['keys']['createKey']> =>
        client.keys.createKey({ body: { scheme: 'EdDSA', curve: 'ed25519' } });
      await newKey();
      await until(async () => received[0], 'the first attempt');
      const failed = async (): Promise<number> =>
        (await client.webhooks.listWebhookEvents({ webhookId, query: { deliveryFailed: 'true' } })).items.length;
      await until(async () => ((await failed()) > 0 ? true : undefined), 'the failure to be seen');
      answerWith = 200;
      service.advance(61_000);
      await until(async () => received[1], 'the second attempt');
      expect(verified(secret).map(({ kind, deliveryAttempt }) => [kind, deliveryAttempt])).toEqual([
        ['key.created', 1],
        ['key.created', 2],
      ]);
      const off = await client.webhooks.updateWebhook({ webhookId, body: { status: 'Disabled' } });
      expect(off).toMatchObject({ status: 'Disabled', url: urlOf(), events: ['key.created'] });
      await newKey();
      await client.webhooks.updateWebhook({ webhookId, body: { status: 'Enabled', events: ['key.deleted'] } });
      const { id: keyId } = await newKey();
      await client.keys.deleteKey({ keyId });
      await until(async () => received[2], 'the event after it was enabled again');
      expect(verified(secret).map(({ kind }) => kind)).toEqual(['key.created', 'key.created', 'key.deleted']);
      await client.webhooks.deleteWebhook({ webhookId });
    });
  });
});
