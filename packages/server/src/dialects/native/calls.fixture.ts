/** For tests: for every call of our own API a good request, and who may make it; see `authorization-suite.ts`. */
import { generateKeyPairSync } from 'node:crypto';
import { known, onAccount, onHidden, onKey, onVisibleKey, type Row } from '../../../test/authorization-suite.ts';
import type { BoundaryWorld, Holder } from '../../../test/boundary-world.ts';
import { plainKeyPair, plainSeal } from '../../custody/plain-hpke.fixture.ts';
import { importContext } from '../../custody/transfer-context.ts';
import { writeId } from '../prefixed-id.ts';
import { writeBase64 } from './base64.ts';
import { IDENTITY_TABLE, onPerson, UNSEEN } from './identity-calls.fixture.ts';

const READ = false;
const CHANGE = true;
const MESSAGE = writeBase64(Buffer.from('a message'));
const MADE = { status: 201 } as const;

type Request = Row['request'];

const onTheKey =
  (suffix: string, body?: unknown): Request =>
  async (world) => ({ path: `/api/v1/keys/${writeId('key', (await world.key()).id)}${suffix}`, body });

const onPolicy =
  (body?: (world: BoundaryWorld) => unknown): Request =>
  async (world) => ({
    path: `/api/v1/policies/${writeId('plc', (await world.policy((await world.key()).id)).id)}`,
    body: body?.(world),
  });

const onWebhook =
  (suffix: string, body?: unknown): Request =>
  async (world) => ({ path: `/api/v1/webhooks/${writeId('wh', await world.webhook('native'))}${suffix}`, body });

const onDelivery =
  (suffix: string): Request =>
  async (world) => {
    const id = await world.webhook('native');
    return {
      path: `/api/v1/webhooks/${writeId('wh', id)}/deliveries/${writeId('whe', await world.delivery(id))}${suffix}`,
    };
  };

const policyBody = (world: BoundaryWorld) => ({
  name: `policy ${world.next()}`,
  activity: 'sign',
  rule: { kind: 'always' },
  action: { kind: 'none' },
  filters: { walletTagsAny: ['no wallet has it'] },
});

const rulePublicKey = (): string =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' }).toString();

async function ruleServer(world: BoundaryWorld) {
  const name = `rule ${world.next()}`;
  const rule = { name, url: 'https://rules.example/', publicKeyPem: rulePublicKey(), algorithm: 'ES256' } as const;
  return (await world.services.policies.addExternalRule(world.admin, rule)).id;
}

async function ruleSet(world: BoundaryWorld) {
  const rule = await ruleServer(world);
  const wish = { name: `set ${world.next()}`, rules: [{ by: 'id', id: rule }] } as const;
  return { id: (await world.services.policies.createPolicy(world.admin, wish)).id, rule };
}

async function importBody(world: BoundaryWorld, { accountId }: Holder) {
  const { privateKey } = generateKeyPairSync('ed25519');
  const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'der' });
  const { info, associatedData } = importContext(accountId, 'ed25519');
  const { enc, ciphertext } = plainSeal(await world.services.keys.importPublicKey(), pkcs8, info, associatedData);
  return { algorithm: 'ed25519', enc: writeBase64(enc), ciphertext: writeBase64(ciphertext) };
}

export const TABLE: Readonly<Record<string, Row>> = {
  'POST /api/v1/keys': onAccount(
    CHANGE,
    201,
    () => ({ body: { algorithm: 'ed25519' } }),
    { 'a person without any grant': 404 },
    MADE,
  ),
  'GET /api/v1/keys': known(READ, () => ({})),
  'GET /api/v1/keys/import-key': known(READ, () => ({})),
  'POST /api/v1/keys/import': onAccount(
    CHANGE,
    201,
    async (world, caller) => ({ body: await importBody(world, caller) }),
    { 'a person without any grant': 404 },
    MADE,
  ),
  'GET /api/v1/keys/:keyId': onVisibleKey(READ, onTheKey('')),
  'PATCH /api/v1/keys/:keyId': onKey(CHANGE, onTheKey('', { name: null })),
  'DELETE /api/v1/keys/:keyId': onKey(CHANGE, onTheKey('')),
  'POST /api/v1/keys/:keyId/delegate': onKey(CHANGE, async (world, caller) => ({
    ...(await onTheKey('/delegate')(world, caller)),
    body: { userId: writeId('us', (await world.addHolder()).id) },
  })),
  'POST /api/v1/keys/:keyId/children': onKey(
    CHANGE,
    async (world) => ({
      path: `/api/v1/keys/${writeId('key', (await world.key({ master: true })).id)}/children`,
      body: { path: 'm/0/1' },
    }),
    {},
    201,
  ),
  'POST /api/v1/keys/:keyId/export': onKey(CHANGE, async (world) => {
    const { id } = await world.key({ exportable: true, operations: ['sign', 'verify', 'export'] });
    return {
      path: `/api/v1/keys/${writeId('key', id)}/export`,
      body: { recipientPublicKey: writeBase64(plainKeyPair().publicKey) },
    };
  }),

  'POST /api/v1/signatures': onKey(CHANGE, async (world) => ({
    body: { items: [{ keyId: writeId('key', (await world.key()).id), message: MESSAGE }] },
  })),
  'POST /api/v1/verifications': onKey(READ, async (world) => ({
    body: {
      items: [
        { keyId: writeId('key', (await world.key()).id), message: MESSAGE, signature: writeBase64(Buffer.alloc(64)) },
      ],
    },
  })),

  'POST /api/v1/requests': onKey(CHANGE, async (world) => ({
    body: { items: [{ keyId: writeId('key', (await world.key()).id), message: MESSAGE }] },
  })),
  'GET /api/v1/requests': known(READ, async (world) => {
    await world.request((await world.key()).id);
    return {};
  }),
  'GET /api/v1/requests/:requestId': onHidden(READ, async (world) => ({
    path: `/api/v1/requests/${writeId('sig', (await world.request((await world.key()).id)).id)}`,
  })),
  // Its requester, or an administrator; nobody else, whatever it may see.
  'POST /api/v1/requests/:requestId/cancel': onHidden(
    CHANGE,
    async (world) => {
      const { request } = await world.pending((await world.addHolder()).id);
      return { path: `/api/v1/requests/${writeId('sig', request.id)}/cancel` };
    },
    { 'a person with the permission': 403, 'a service with the permission': 403 },
  ),
  'POST /api/v1/requests/:requestId/confirmation': onHidden(CHANGE, async (world) => ({
    path: `/api/v1/requests/${writeId('sig', (await world.request((await world.key()).id)).id)}/confirmation`,
    body: { transactionHash: '0x01', network: 'x', fee: '1' },
  })),

  'POST /api/v1/wallets': onAccount(
    CHANGE,
    201,
    () => ({ body: { network: 'x', tags: ['x'], key: { algorithm: 'ed25519' } } }),
    {},
    MADE,
  ),
  'GET /api/v1/wallets': onAccount(READ, 200, () => ({})),
  'GET /api/v1/wallets/:walletId': onAccount(READ, 404, async (world) => ({
    path: `/api/v1/wallets/${writeId('wa', (await world.wallet()).id)}`,
  })),

  'POST /api/v1/policies': onAccount(CHANGE, 201, (world) => ({ body: policyBody(world) }), {}, MADE),
  'GET /api/v1/policies': onAccount(READ, 200, () => ({})),
  'GET /api/v1/policies/:policyId': onAccount(READ, 404, onPolicy()),
  'PUT /api/v1/policies/:policyId': onAccount(CHANGE, 404, onPolicy(policyBody)),
  'DELETE /api/v1/policies/:policyId': onAccount(CHANGE, 404, onPolicy()),
  // Those who may read or give approvals see it as well.
  'GET /api/v1/changes/:changeId': onAccount(
    READ,
    404,
    async (world) => ({ path: `/api/v1/changes/${writeId('cg', (await world.pendingChange()).change.id)}` }),
    { ...UNSEEN, 'a person without any grant': 404 },
    { insteadOf: ['read-approvals', 'approve'] },
  ),
  // Without the permission it is the list of one's own.
  'GET /api/v1/approvals': known(READ, async (world) => {
    await world.pending((await world.addHolder()).id);
    return {};
  }),
  'GET /api/v1/approvals/:approvalId': onAccount(
    READ,
    404,
    async (world) => {
      const { approval } = await world.pending((await world.addHolder()).id);
      return { path: `/api/v1/approvals/${writeId('ap', approval)}` };
    },
    { ...UNSEEN, 'a person without any grant': 404 },
    { insteadOf: ['approve'] },
  ),
  'POST /api/v1/approvals/:approvalId/decisions': onAccount(
    CHANGE,
    404,
    async (world, caller) => {
      const isOfHome = caller.accountId === world.home.accountId;
      const { approval } = await world.pending(isOfHome ? caller.id : (await world.addHolder()).id);
      return {
        path: `/api/v1/approvals/${writeId('ap', approval)}/decisions`,
        body: { value: 'approved', reason: 'it is right' },
        ...(isOfHome && { approval }),
      };
    },
    // It asked for the signature itself.
    { 'an API key': 403 },
  ),

  'POST /api/v1/rule-servers': onAccount(
    CHANGE,
    201,
    (world) => ({
      body: {
        name: `rule ${world.next()}`,
        url: 'https://rules.example/',
        publicKey: rulePublicKey(),
        algorithm: 'ES256',
      },
    }),
    {},
    MADE,
  ),
  'GET /api/v1/rule-servers': onAccount(READ, 200, () => ({})),
  'DELETE /api/v1/rule-servers/:ruleServerId': onAccount(CHANGE, 404, async (world) => ({
    path: `/api/v1/rule-servers/${await ruleServer(world)}`,
  })),
  'POST /api/v1/rule-sets': onAccount(
    CHANGE,
    201,
    (world) => ({ body: { name: `set ${world.next()}`, ruleServerIds: [] } }),
    {},
    MADE,
  ),
  'GET /api/v1/rule-sets': onAccount(READ, 200, () => ({})),
  'DELETE /api/v1/rule-sets/:ruleSetId': onAccount(CHANGE, 404, async (world) => ({
    path: `/api/v1/rule-sets/${(await ruleSet(world)).id}`,
  })),
  'DELETE /api/v1/rule-sets/:ruleSetId/rule-servers/:ruleServerId': onAccount(CHANGE, 404, async (world) => {
    const { id, rule } = await ruleSet(world);
    return { path: `/api/v1/rule-sets/${id}/rule-servers/${rule}` };
  }),
  'PUT /api/v1/keys/:keyId/rule-set': onAccount(CHANGE, 404, async (world, caller) => ({
    ...(await onTheKey('/rule-set')(world, caller)),
    body: { ruleSetId: (await ruleSet(world)).id },
  })),
  'GET /api/v1/keys/:keyId/rule-set': onAccount(READ, 404, onTheKey('/rule-set')),
  'DELETE /api/v1/keys/:keyId/rule-set': onAccount(CHANGE, 404, async (world) => {
    const [key, set] = [await world.key(), await ruleSet(world)];
    await world.services.policies.attachToKey(world.admin, { by: 'id', id: set.id }, { by: 'id', id: key.id });
    return { path: `/api/v1/keys/${writeId('key', key.id)}/rule-set` };
  }),
  'PUT /api/v1/users/:userId/rule-set': onAccount(CHANGE, 404, async (world, caller) => ({
    ...(await onPerson('/rule-set')(world, caller)),
    body: { ruleSetId: (await ruleSet(world)).id },
  })),
  'DELETE /api/v1/users/:userId/rule-set': onAccount(CHANGE, 404, async (world) => {
    const [person, set] = [await world.addHolder(), await ruleSet(world)];
    await world.services.policies.attachToUser(world.admin, { by: 'id', id: set.id }, { by: 'id', id: person.id });
    return { path: `/api/v1/users/${writeId('us', person.id)}/rule-set` };
  }),

  ...IDENTITY_TABLE,

  'POST /api/v1/webhooks': onAccount(
    CHANGE,
    201,
    () => ({ body: { url: 'https://hooks.example/', events: 'all', enabled: false, description: 'one' } }),
    {},
    MADE,
  ),
  'GET /api/v1/webhooks': onAccount(READ, 200, () => ({})),
  'GET /api/v1/webhooks/:webhookId': onAccount(READ, 404, onWebhook('')),
  'PATCH /api/v1/webhooks/:webhookId': onAccount(CHANGE, 404, onWebhook('', { enabled: false })),
  'DELETE /api/v1/webhooks/:webhookId': onAccount(CHANGE, 404, onWebhook('')),
  'POST /api/v1/webhooks/:webhookId/secret': onAccount(CHANGE, 404, onWebhook('/secret')),
  'POST /api/v1/webhooks/:webhookId/ping': onAccount(CHANGE, 404, onWebhook('/ping')),
  'GET /api/v1/webhooks/:webhookId/deliveries': onAccount(READ, 404, async (world) => {
    const id = await world.webhook('native');
    await world.delivery(id);
    return { path: `/api/v1/webhooks/${writeId('wh', id)}/deliveries` };
  }),
  'GET /api/v1/webhooks/:webhookId/deliveries/:deliveryId': onAccount(READ, 404, onDelivery('')),
  'POST /api/v1/webhooks/:webhookId/deliveries/:deliveryId/replay': onAccount(CHANGE, 404, onDelivery('/replay')),

  'GET /api/v1/log/checkpoint': onAccount(READ, 200, () => ({})),
  'GET /api/v1/log/entries': onAccount(READ, 200, () => ({})),
  'GET /api/v1/log/inclusion': onAccount(READ, 200, () => ({ query: 'leaf=0' })),
  'GET /api/v1/log/consistency': onAccount(READ, 200, () => ({ query: 'oldSize=1' })),
};
