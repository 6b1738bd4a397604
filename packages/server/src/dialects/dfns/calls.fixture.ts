/** For tests: for every call of this API a good request, and who may make it; see `authorization-suite.ts`. */
import type { Permission } from '@countersign/core/principal';
import { known, onAccount, onHidden, onKey, onVisibleKey, open, type Row } from '../../../test/authorization-suite.ts';
import type { BoundaryWorld, Holder } from '../../../test/boundary-world.ts';
import { writeId } from '../prefixed-id.ts';

const HASH = { kind: 'Hash', hash: `0x${'07'.repeat(32)}` };
const READ = false;
const CHANGE = true;

type Request = Row['request'];

const onTheKey =
  (suffix: string, body?: unknown): Request =>
  async (world) => ({ path: `/keys/${writeId('key', (await world.key()).id)}${suffix}`, body });

const onTheWallet =
  (suffix: string, body?: unknown): Request =>
  async (world) => ({ path: `/wallets/${writeId('wa', (await world.wallet()).id)}${suffix}`, body });

const onPolicy =
  (body?: (world: BoundaryWorld) => unknown): Request =>
  async (world) => ({
    path: `/v2/policies/${writeId('plc', (await world.policy((await world.key()).id)).id)}`,
    body: body?.(world),
  });

const onRole =
  (suffix: string, permission: Permission, body?: (world: BoundaryWorld) => Promise<unknown>): Request =>
  async (world) => ({
    path: `/permissions/${writeId('pm', await world.role([permission]))}${suffix}`,
    body: await body?.(world),
  });

const onPerson =
  (suffix: string): Request =>
  async (world) => ({ path: `/auth/users/${writeId('us', (await world.addHolder()).id)}${suffix}` });

const onService =
  (suffix: string): Request =>
  async (world) => ({
    path: `/auth/service-accounts/${writeId('us', (await world.addHolder({ kind: 'service' })).id)}${suffix}`,
  });

/** A caller's own personal token; services have none, and are given somebody else's. */
const onToken =
  (suffix: string): Request =>
  async (world, caller) => {
    const owner = caller.kind === 'user' ? caller : await world.addHolder();
    return { path: `/auth/pats/${writeId('to', await world.personalToken(owner))}${suffix}` };
  };
const NO_TOKENS = { 'a service without the permission': 404, 'a service with the permission': 404 } as const;

const onWebhook =
  (suffix: string, body?: unknown): Request =>
  async (world) => ({ path: `/webhooks/${writeId('wh', await world.webhook())}${suffix}`, body });

const policyBody = (world: BoundaryWorld) => ({
  name: `policy ${world.next()}`,
  activityKind: 'Wallets:Sign',
  rule: { kind: 'AlwaysTrigger' },
  action: { kind: 'NoAction' },
  filters: { walletTags: { hasAny: ['no wallet has it'] } },
});

/** What people do for themselves, and neither services nor programs of a person can. */
const IN_PERSON = {
  'a token narrowed by a role without the permission': 403,
  'a service without the permission': 403,
  'a service with the permission': 403,
} as const;

/** Who sees one of people and services but not the other is told that there is nobody. */
const UNSEEN = {
  'a token narrowed by a role without the permission': 404,
  'a person without the permission': 404,
  'a service without the permission': 404,
} as const;

const token = (world: BoundaryWorld) => ({ name: `token ${world.next()}`, publicKey: world.publicKey() });

const onCredential = (): Request => async (world) => ({
  body: { credentialUuid: writeId('cr', (await world.addHolder()).credentialId) },
});
/** On another's: it takes `update-user`, which those without "the permission" of this endpoint (none) have. */
const CREDENTIAL_OF_ANOTHER = {
  'a person without any grant': 403,
  'a person with the permission': 403,
  'a service with the permission': 403,
  'an administrator of another account': 404,
} as const;

async function attestation(world: BoundaryWorld, challenge: string) {
  const proof = world.attest(challenge);
  return {
    credentialKind: 'Key',
    credentialInfo: {
      credId: proof.clientData.toString('base64url'),
      clientData: proof.clientData.toString('base64url'),
      attestationData: Buffer.from(
        JSON.stringify({ publicKey: proof.publicKey, signature: proof.signature.toString('hex') }),
      ).toString('base64url'),
    },
  };
}

function assertion(world: BoundaryWorld, challenge: string, holder: Holder) {
  const { clientData, signature } = world.answerTo(challenge, holder);
  return {
    kind: 'Key',
    credentialAssertion: {
      credId: writeId('cr', holder.credentialId),
      clientData: clientData.toString('base64url'),
      signature: signature.toString('base64url'),
    },
  };
}

export const TABLE: Readonly<Record<string, Row>> = {
  'POST /auth/action/init': known(READ, () => ({
    body: { userActionPayload: '{}', userActionHttpMethod: 'POST', userActionHttpPath: '/keys' },
  })),
  'POST /auth/action': known(READ, async (world, caller) => {
    const subject = { method: 'POST', path: '/keys', body: Buffer.from('{}') };
    const begun = await world.services.userActions.begin(await world.callerOf(caller, 'dfns'), subject, undefined);
    return {
      body: { challengeIdentifier: begun.identifier, firstFactor: assertion(world, begun.challenge, caller) },
    };
  }),

  'GET /auth/credentials': known(READ, () => ({})),
  'POST /auth/credentials/init': known(READ, () => ({ body: { kind: 'Key' } }), IN_PERSON),
  'POST /auth/credentials': {
    ...known(
      CHANGE,
      async (world, caller) => {
        const maker = caller.kind === 'user' && caller.tokenKind === 'login' ? caller : await world.addHolder();
        const begun = await world.services.registration.beginCredential(await world.callerOf(maker, 'dfns'), 'key');
        return {
          body: {
            ...(await attestation(world, begun.challenge)),
            credentialName: 'one more',
            challengeIdentifier: begun.identifier,
          },
        };
      },
      IN_PERSON,
    ),
    freshCaller: true,
  },
  'PUT /auth/credentials/activate': known(CHANGE, onCredential(), CREDENTIAL_OF_ANOTHER),
  'PUT /auth/credentials/deactivate': known(CHANGE, onCredential(), CREDENTIAL_OF_ANOTHER),
  'POST /auth/registration/init': open(async (world) => {
    const { identity, registrationCode } = await world.invitation();
    return { body: { username: identity.email, registrationCode } };
  }),
  'POST /auth/registration': open(async (world) => {
    const { identity, registrationCode } = await world.invitation();
    const begun = await world.services.registration.beginRegistration(identity.email ?? '', registrationCode);
    return {
      bearer: begun.temporaryToken ?? '',
      body: { firstFactorCredential: await attestation(world, begun.challenge) },
    };
  }),
  'POST /auth/login/init': open(async (world) => ({ body: { username: (await world.addHolder()).email } })),
  'POST /auth/login': open(async (world) => {
    const person = await world.addHolder();
    const begun = await world.services.registration.beginLogin(person.email ?? '');
    return {
      body: { challengeIdentifier: begun.identifier, firstFactor: assertion(world, begun.challenge, person) },
    };
  }),
  'PUT /auth/logout': {
    ...known(READ, () => ({}), {
      'a token narrowed by a role without the permission': 400,
      'a service without the permission': 400,
      'a service with the permission': 400,
    }),
    freshCaller: true,
  },

  'POST /auth/service-accounts': onAccount(CHANGE, 200, (world) => ({ body: token(world) })),
  'GET /auth/service-accounts': onAccount(READ, 200, () => ({})),
  'GET /auth/service-accounts/:serviceAccountId': onAccount(READ, 404, onService(''), UNSEEN),
  'PUT /auth/service-accounts/:serviceAccountId/activate': onAccount(CHANGE, 404, onService('/activate'), UNSEEN),
  'PUT /auth/service-accounts/:serviceAccountId/deactivate': onAccount(CHANGE, 404, onService('/deactivate'), UNSEEN),
  'DELETE /auth/service-accounts/:serviceAccountId': onAccount(CHANGE, 404, onService(''), UNSEEN),
  'POST /auth/pats': onAccount(CHANGE, 200, (world) => ({ body: token(world) }), {
    'a service with the permission': 403,
  }),
  'GET /auth/pats': known(READ, () => ({})),
  'GET /auth/pats/:tokenId': known(READ, onToken(''), NO_TOKENS),
  'PUT /auth/pats/:tokenId/activate': known(CHANGE, onToken('/activate'), {
    ...NO_TOKENS,
    'a token narrowed by a role without the permission': 403,
  }),
  'PUT /auth/pats/:tokenId/deactivate': known(CHANGE, onToken('/deactivate'), {
    ...NO_TOKENS,
    'a token narrowed by a role without the permission': 403,
  }),
  'DELETE /auth/pats/:tokenId': known(CHANGE, onToken(''), {
    ...NO_TOKENS,
    'a token narrowed by a role without the permission': 403,
  }),
  'POST /auth/users': onAccount(CHANGE, 200, (world) => ({
    body: { email: `new-${world.next()}@example.com`, kind: 'CustomerEmployee' },
  })),
  'GET /auth/users': onAccount(READ, 200, () => ({})),
  'GET /auth/users/:userId': onAccount(READ, 404, onPerson(''), UNSEEN),
  'PUT /auth/users/:userId/activate': onAccount(CHANGE, 404, onPerson('/activate'), UNSEEN),
  'PUT /auth/users/:userId/deactivate': onAccount(CHANGE, 404, onPerson('/deactivate'), UNSEEN),

  'POST /permissions': onAccount(CHANGE, 200, (world) => ({
    body: { name: `role ${world.next()}`, operations: ['Permissions:Create'] },
  })),
  'GET /permissions/:permissionId': onAccount(READ, 404, onRole('', 'read-roles')),
  'GET /permissions': onAccount(READ, 200, () => ({})),
  'PUT /permissions/:permissionId': onAccount(
    CHANGE,
    404,
    onRole('', 'sign', async (world) => ({ name: `renamed ${world.next()}` })),
  ),
  'PUT /permissions/:permissionId/archive': onAccount(
    CHANGE,
    404,
    onRole('/archive', 'sign', async () => ({ isArchived: true })),
  ),
  'POST /permissions/:permissionId/assignments': onAccount(
    CHANGE,
    404,
    onRole('/assignments', 'assign-role', async (world) => ({
      identityId: writeId('us', (await world.addHolder()).id),
    })),
  ),
  'GET /permissions/:permissionId/assignments': onAccount(READ, 404, async (world) => {
    const { roleId } = await world.assignment(['sign']);
    return { path: `/permissions/${writeId('pm', roleId)}/assignments` };
  }),
  'DELETE /permissions/:permissionId/assignments/:assignmentId': onAccount(CHANGE, 404, async (world) => {
    const { roleId, id } = await world.assignment(['sign']);
    return { path: `/permissions/${writeId('pm', roleId)}/assignments/${writeId('as', id)}` };
  }),

  'POST /keys': onAccount(CHANGE, 200, () => ({ body: { scheme: 'EdDSA', curve: 'ed25519' } }), {
    'a person without any grant': 404,
  }),
  'GET /keys': known(READ, () => ({})),
  'GET /keys/:keyId': onVisibleKey(READ, onTheKey('')),
  'PUT /keys/:keyId': onKey(CHANGE, onTheKey('', { name: null })),
  'DELETE /keys/:keyId': onKey(CHANGE, onTheKey('')),
  'POST /keys/:keyId/delegate': onKey(CHANGE, async (world, caller) => ({
    ...(await onTheKey('/delegate')(world, caller)),
    body: { delegateTo: writeId('us', (await world.addHolder()).id) },
  })),
  // They only name the calls that do it.
  'POST /keys/import': known(READ, () => ({}), {}, 400),
  'POST /keys/:keyId/export': known(READ, onTheKey('/export'), {}, 400),
  'GET /key-stores': known(READ, () => ({})),
  'GET /signers': known(READ, () => ({})),

  'POST /keys/:keyId/signatures': onKey(CHANGE, onTheKey('/signatures', HASH)),
  'GET /keys/:keyId/signatures/:signatureId': onHidden(READ, async (world) => {
    const { id, keyId } = await world.request((await world.key()).id);
    return { path: `/keys/${writeId('key', keyId)}/signatures/${writeId('sig', id)}` };
  }),
  'GET /keys/:keyId/signatures': onVisibleKey(READ, async (world) => {
    const { keyId } = await world.request((await world.key()).id);
    return { path: `/keys/${writeId('key', keyId)}/signatures` };
  }),
  'POST /keys/:keyId/derive': onKey(CHANGE, async (world) => {
    const { id } = await world.key({ algorithm: 'dh-secp256k1', operations: ['derive'] });
    return { path: `/keys/${writeId('key', id)}/derive`, body: { domain: '0x01', seed: '0x02' } };
  }),

  'POST /wallets': onAccount(CHANGE, 200, () => ({ body: { network: 'KeyEdDSA', tags: ['x'] } })),
  'GET /wallets/:walletId': onAccount(READ, 404, onTheWallet('')),
  'GET /wallets': onAccount(READ, 200, () => ({})),
  'POST /wallets/:walletId/signatures': onAccount(CHANGE, 404, onTheWallet('/signatures', HASH)),
  'GET /wallets/:walletId/signatures/:signatureId': onAccount(READ, 404, async (world) => {
    const wallet = await world.wallet();
    const { id } = await world.request(wallet.keyId, wallet.id);
    return { path: `/wallets/${writeId('wa', wallet.id)}/signatures/${writeId('sig', id)}` };
  }),
  'GET /wallets/:walletId/signatures': onAccount(READ, 404, async (world) => {
    const wallet = await world.wallet();
    await world.request(wallet.keyId, wallet.id);
    return { path: `/wallets/${writeId('wa', wallet.id)}/signatures` };
  }),

  'POST /v2/policies': onAccount(CHANGE, 200, (world) => ({ body: policyBody(world) })),
  'GET /v2/policies/:policyId': onAccount(READ, 404, onPolicy()),
  'GET /v2/policies': onAccount(READ, 200, () => ({})),
  'PUT /v2/policies/:policyId': onAccount(CHANGE, 404, onPolicy(policyBody)),
  'DELETE /v2/policies/:policyId': onAccount(CHANGE, 404, onPolicy()),
  // Without the permission it is the list of one's own.
  'GET /v2/policy-approvals': known(READ, async (world, caller) => {
    await world.pending(caller.accountId === world.home.accountId ? caller.id : (await world.addHolder()).id);
    return {};
  }),
  // `approve` lets one read as well.
  'GET /v2/policy-approvals/:approvalId': onAccount(
    READ,
    404,
    async (world) => {
      const { approval } = await world.pending((await world.addHolder()).id);
      return { path: `/v2/policy-approvals/${writeId('ap', approval)}` };
    },
    {
      'a token narrowed by a role without the permission': 404,
      'a person without the permission': 404,
      'a service without the permission': 404,
      'a person without any grant': 404,
    },
    { insteadOf: ['approve'] },
  ),
  'POST /v2/policy-approvals/:approvalId/decisions': onAccount(CHANGE, 404, async (world, caller) => {
    const isOfHome = caller.accountId === world.home.accountId;
    const { approval } = await world.pending(isOfHome ? caller.id : (await world.addHolder()).id);
    return {
      path: `/v2/policy-approvals/${writeId('ap', approval)}/decisions`,
      body: { value: 'Approved', reason: null },
      ...(isOfHome && { approval }),
    };
  }),

  'POST /webhooks': onAccount(CHANGE, 200, () => ({
    body: { url: 'https://hooks.example/', events: ['*'], status: 'Disabled', description: 'one' },
  })),
  'GET /webhooks/:webhookId': onAccount(READ, 404, onWebhook('')),
  'GET /webhooks': onAccount(READ, 200, () => ({})),
  'PUT /webhooks/:webhookId': onAccount(CHANGE, 404, onWebhook('', { status: 'Disabled' })),
  'DELETE /webhooks/:webhookId': onAccount(CHANGE, 404, onWebhook('')),
  'POST /webhooks/:webhookId/ping': onAccount(CHANGE, 404, onWebhook('/ping')),
  'GET /webhooks/:webhookId/events': onAccount(READ, 404, async (world) => {
    const id = await world.webhook();
    await world.delivery(id);
    return { path: `/webhooks/${writeId('wh', id)}/events` };
  }),
  'GET /webhooks/:webhookId/events/:eventId': onAccount(READ, 404, async (world) => {
    const id = await world.webhook();
    return { path: `/webhooks/${writeId('wh', id)}/events/${writeId('whe', await world.delivery(id))}` };
  }),
};
