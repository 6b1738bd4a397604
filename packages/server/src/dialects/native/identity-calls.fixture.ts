/** For tests: as `calls.fixture.ts`, the calls about people and services, their tokens, roles and credentials. */
import type { Permission } from '@countersign/core/principal';
import { known, onAccount, open, type Row } from '../../../test/authorization-suite.ts';
import type { BoundaryWorld, Holder } from '../../../test/boundary-world.ts';
import { writeId } from '../prefixed-id.ts';
import { writeBase64 } from './base64.ts';

const READ = false;
const CHANGE = true;
const MADE = { status: 201 } as const;

type Request = Row['request'];

const onRole =
  (suffix: string, permission: Permission, body?: (world: BoundaryWorld) => Promise<unknown>): Request =>
  async (world) => ({
    path: `/api/v1/roles/${writeId('pm', await world.role([permission]))}${suffix}`,
    body: await body?.(world),
  });

export const onPerson =
  (suffix: string, body?: unknown): Request =>
  async (world) => ({ path: `/api/v1/users/${writeId('us', (await world.addHolder()).id)}${suffix}`, body });

const onService =
  (body?: unknown): Request =>
  async (world) => ({
    path: `/api/v1/service-accounts/${writeId('us', (await world.addHolder({ kind: 'service' })).id)}`,
    body,
  });

/** What people do for themselves, and neither services nor programs of a person can. */
const IN_PERSON = {
  'a token narrowed by a role without the permission': 403,
  'a service without the permission': 403,
  'a service with the permission': 403,
  'an API key': 403,
} as const;

/** Who sees one of people and services but not the other is told that there is nobody. */
export const UNSEEN = {
  'a token narrowed by a role without the permission': 404,
  'a person without the permission': 404,
  'a service without the permission': 404,
} as const;

const attestation = (world: BoundaryWorld, challenge: string) => {
  const { clientData, publicKey, signature } = world.attest(challenge);
  return { kind: 'key', clientData: writeBase64(clientData), publicKey, signature: writeBase64(signature) };
};

const assertion = (world: BoundaryWorld, challenge: string, holder: Holder) => {
  const { clientData, signature } = world.answerTo(challenge, holder);
  return {
    kind: 'key',
    credentialId: writeId('cr', holder.credentialId),
    clientData: writeBase64(clientData),
    signature: writeBase64(signature),
  };
};

/** A caller's own personal token; services have none, and are given somebody else's. */
const onToken =
  (body?: unknown): Request =>
  async (world, caller) => {
    const owner = caller.kind === 'user' ? caller : await world.addHolder();
    return { path: `/api/v1/tokens/${writeId('to', await world.personalToken(owner))}`, body };
  };
/** Of somebody else's: those without "the permission" of this call (none) have `update-user` and `delete-user`. */
const TOKENS_OF_OTHERS = {
  'a token narrowed by a role without the permission': 403,
  'a service with the permission': 403,
} as const;

async function apiUser(world: BoundaryWorld) {
  const { principal } = world.admin;
  const caller = { ...world.admin, principal };
  return world.services.principals.createUser(caller, `api user ${world.next()}`);
}

export const IDENTITY_TABLE: Readonly<Record<string, Row>> = {
  'GET /api/v1/me': known(READ, () => ({})),
  'POST /api/v1/users': onAccount(
    CHANGE,
    201,
    (world) => ({ body: { email: `new-${world.next()}@example.com` } }),
    {},
    MADE,
  ),
  'GET /api/v1/users': onAccount(READ, 200, () => ({})),
  'GET /api/v1/users/:userId': onAccount(READ, 404, onPerson(''), UNSEEN),
  'PATCH /api/v1/users/:userId': onAccount(CHANGE, 404, onPerson('', { enabled: true }), UNSEEN),
  'POST /api/v1/users/:userId/invitation': onAccount(CHANGE, 404, onPerson('/invitation'), UNSEEN),
  'POST /api/v1/service-accounts': onAccount(
    CHANGE,
    201,
    (world) => ({
      body: {
        name: `service ${world.next()}`,
        publicKey: world.publicKey(),
        operations: ['Auth:ServiceAccounts:Create'],
      },
    }),
    {},
    MADE,
  ),
  'GET /api/v1/service-accounts': onAccount(READ, 200, () => ({})),
  'GET /api/v1/service-accounts/:userId': onAccount(READ, 404, onService(), UNSEEN),
  'PATCH /api/v1/service-accounts/:userId': onAccount(CHANGE, 404, onService({ enabled: true }), UNSEEN),
  'DELETE /api/v1/service-accounts/:userId': onAccount(CHANGE, 404, onService(), UNSEEN),
  'POST /api/v1/api-users': onAccount(CHANGE, 201, (world) => ({ body: { name: `api ${world.next()}` } }), {}, MADE),
  'DELETE /api/v1/api-users/:userId': onAccount(CHANGE, 404, async (world) => ({
    path: `/api/v1/api-users/${writeId('us', (await apiUser(world)).principalId)}`,
  })),
  'POST /api/v1/users/:userId/api-keys': onAccount(CHANGE, 404, async (world) => ({
    path: `/api/v1/users/${writeId('us', (await apiUser(world)).principalId)}/api-keys`,
  })),
  'POST /api/v1/api-keys/revoke': onAccount(CHANGE, 404, async (world) => ({
    body: { apiKey: (await apiUser(world)).apiKeyText },
  })),

  'POST /api/v1/tokens': onAccount(
    CHANGE,
    201,
    (world) => ({ body: { name: `token ${world.next()}`, publicKey: world.publicKey() } }),
    { 'a service with the permission': 403, 'an API key': 403 },
    MADE,
  ),
  'GET /api/v1/tokens': known(READ, () => ({})),
  'PATCH /api/v1/tokens/:tokenId': known(CHANGE, onToken({ active: false }), TOKENS_OF_OTHERS),
  'DELETE /api/v1/tokens/:tokenId': known(CHANGE, onToken(), TOKENS_OF_OTHERS),

  'POST /api/v1/roles': onAccount(
    CHANGE,
    201,
    (world) => ({ body: { name: `role ${world.next()}`, operations: ['Permissions:Create'] } }),
    {},
    MADE,
  ),
  'GET /api/v1/roles': onAccount(READ, 200, () => ({})),
  'GET /api/v1/roles/:roleId': onAccount(READ, 404, onRole('', 'sign')),
  'PATCH /api/v1/roles/:roleId': onAccount(
    CHANGE,
    404,
    onRole('', 'sign', async (world) => ({ name: `renamed ${world.next()}` })),
  ),
  'PUT /api/v1/roles/:roleId/archived': onAccount(
    CHANGE,
    404,
    onRole('/archived', 'sign', async () => ({ archived: true })),
  ),
  'POST /api/v1/roles/:roleId/assignments': onAccount(
    CHANGE,
    404,
    onRole('/assignments', 'assign-role', async (world) => ({ userId: writeId('us', (await world.addHolder()).id) })),
    {},
    MADE,
  ),
  'GET /api/v1/roles/:roleId/assignments': onAccount(READ, 404, async (world) => {
    const { roleId } = await world.assignment(['sign']);
    return { path: `/api/v1/roles/${writeId('pm', roleId)}/assignments` };
  }),
  'DELETE /api/v1/roles/:roleId/assignments/:assignmentId': onAccount(CHANGE, 404, async (world) => {
    const { roleId, id } = await world.assignment(['sign']);
    return { path: `/api/v1/roles/${writeId('pm', roleId)}/assignments/${writeId('as', id)}` };
  }),

  'GET /api/v1/credentials': known(READ, () => ({})),
  'POST /api/v1/credentials/challenge': known(READ, () => ({ body: { kind: 'key' } }), IN_PERSON),
  'POST /api/v1/credentials': {
    ...known(
      CHANGE,
      async (world, caller) => {
        const maker = caller.kind === 'user' && caller.tokenKind === 'login' ? caller : await world.addHolder();
        const begun = await world.services.registration.beginCredential(await world.callerOf(maker, 'native'), 'key');
        return {
          body: { identifier: begun.identifier, name: 'one more', attestation: attestation(world, begun.challenge) },
        };
      },
      IN_PERSON,
      201,
    ),
    freshCaller: true,
  },
  // Of another: it takes `update-user`, which those without "the permission" of this call (none) have.
  'PATCH /api/v1/credentials/:credentialId': known(
    CHANGE,
    async (world) => ({
      path: `/api/v1/credentials/${writeId('cr', (await world.addHolder()).credentialId)}`,
      body: { active: true },
    }),
    {
      'a person without any grant': 403,
      'a person with the permission': 403,
      'a service with the permission': 403,
      'an administrator of another account': 404,
    },
  ),

  'POST /api/v1/registration/challenge': open(async (world) => {
    const { identity, registrationCode } = await world.invitation();
    return { body: { email: identity.email, registrationCode } };
  }),
  'POST /api/v1/registration': open(async (world) => {
    const { identity, registrationCode } = await world.invitation();
    const begun = await world.services.registration.beginRegistration(identity.email ?? '', registrationCode);
    return {
      body: {
        temporaryToken: begun.temporaryToken,
        name: 'first',
        attestation: attestation(world, begun.challenge),
      },
    };
  }),
  'POST /api/v1/login/challenge': open(async (world) => ({ body: { email: (await world.addHolder()).email } })),
  'POST /api/v1/login': open(async (world) => {
    const person = await world.addHolder();
    const begun = await world.services.registration.beginLogin(person.email ?? '');
    return { body: { identifier: begun.identifier, assertion: assertion(world, begun.challenge, person) } };
  }),
  'POST /api/v1/logout': {
    ...known(READ, () => ({}), {
      'a token narrowed by a role without the permission': 400,
      'a service without the permission': 400,
      'a service with the permission': 400,
      'an API key': 400,
    }),
    freshCaller: true,
  },

  'POST /api/v1/user-actions': known(
    READ,
    () => ({ body: { method: 'POST', path: '/api/v1/keys', body: writeBase64(Buffer.from('{}')) } }),
    // It has nothing to prove with.
    { 'an API key': 403 },
    201,
  ),
  'POST /api/v1/user-actions/complete': known(
    READ,
    async (world, caller) => {
      const subject = { method: 'POST', path: '/api/v1/keys', body: Buffer.from('{}') };
      const begun = await world.services.userActions.begin(await world.callerOf(caller, 'native'), subject, undefined);
      return { body: { identifier: begun.identifier, assertion: assertion(world, begun.challenge, caller) } };
    },
    { 'an API key': 400 },
  ),
};
