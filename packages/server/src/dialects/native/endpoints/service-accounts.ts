/** Programs: with an access token and a key that proves their changes, or with an API key alone. */
import { DomainError } from '@countersign/core/domain-error';
import { builtInRoleId } from '@countersign/core/identity/built-in-roles';
import type { Identity } from '@countersign/core/identity/identities';
import { administersAccount } from '@countersign/core/principal';
import { Type } from 'typebox';
import type { AuthenticatedContext, Endpoint } from '../../dialect.ts';
import { readOperations } from '../../operation-words.ts';
import { readMemberId, readPathId, writeId } from '../../prefixed-id.ts';
import { ExternalIdSchema, IdSchema, NameSchema } from '../../wire-values.ts';
import { bodyEndpoint, plainEndpoint } from '../native-endpoint.ts';
import { pageParameters, pageSchema, readPage, writePage } from '../page.ts';
import { IdentitySchema, LifetimeSchema, renderIdentity } from '../render-identity.ts';

const SERVICE_ACCOUNT = '/api/v1/service-accounts/:userId';
const PublicKeySchema = Type.String({ minLength: 1, maxLength: 8192 });

const NewServiceAccountSchema = Type.Object(
  {
    name: NameSchema,
    /** SubjectPublicKeyInfo in PEM. */
    publicKey: PublicKeySchema,
    /** What it may do, such as `Keys:Create`; without it and without roles, all that an administrator may. */
    operations: Type.Optional(Type.Array(Type.String({ maxLength: 64 }), { maxItems: 500 })),
    roleIds: Type.Optional(Type.Array(IdSchema, { maxItems: 100 })),
    externalId: Type.Optional(ExternalIdSchema),
    lifetimeSeconds: Type.Optional(LifetimeSchema),
  },
  { additionalProperties: false, title: 'NewServiceAccount' },
);

const createServiceAccount = bodyEndpoint({
  method: 'POST',
  path: '/api/v1/service-accounts',
  operation: 'createServiceAccount',
  summary: 'A program with a key of its own and an access token, which is shown here alone.',
  permissions: ['create-service-account'],
  request: NewServiceAccountSchema,
  status: 201,
  response: Type.Object({ userId: IdSchema, credentialId: IdSchema, accessToken: Type.String() }),
  async handle({ services, caller }, { name, publicKey, operations, roleIds, externalId, lifetimeSeconds }) {
    const { principal } = caller;
    const isAdministrator = operations === undefined && roleIds === undefined;
    if (isAdministrator && !administersAccount(principal))
      throw new DomainError('invalid_request', 'name the operations or roles: only an administrator gives everything');
    const issued = await services.identities.createServiceAccount(caller, {
      name,
      publicKeyPem: publicKey,
      roleIds: isAdministrator
        ? [builtInRoleId(principal.accountId, 'administrator')]
        : (roleIds ?? []).map((id) => readMemberId('pm', 'roleIds', id)),
      permissions: readOperations(operations ?? []),
      externalId,
      lifetimeSeconds,
    });
    return {
      userId: writeId('us', issued.identity.principal.id),
      credentialId: writeId('cr', issued.credential.id),
      accessToken: issued.accessToken,
    };
  },
});

const listServiceAccounts = plainEndpoint({
  method: 'GET',
  path: '/api/v1/service-accounts',
  operation: 'listServiceAccounts',
  summary: 'Programs of every kind, in order of id.',
  permissions: ['read-service-accounts'],
  query: pageParameters(),
  response: pageSchema(IdentitySchema),
  async handle({ services, caller, query }) {
    const { page } = readPage(query, 'us');
    const found = await services.identities.listIdentities(caller, { ...page, kind: 'service' });
    return writePage(found, renderIdentity, ({ principal }) => writeId('us', principal.id));
  },
});

const getServiceAccount = plainEndpoint({
  method: 'GET',
  path: SERVICE_ACCOUNT,
  operation: 'getServiceAccount',
  summary: 'A program.',
  permissions: ['read-service-accounts'],
  response: IdentitySchema,
  handle: async (context) => renderIdentity(await program(context)),
});

const updateServiceAccount = bodyEndpoint({
  method: 'PATCH',
  path: SERVICE_ACCOUNT,
  operation: 'updateServiceAccount',
  summary: 'Switches a program on or off, with all its tokens and API keys.',
  permissions: ['read-service-accounts', 'update-service-account'],
  request: Type.Object({ enabled: Type.Boolean() }, { additionalProperties: false }),
  response: IdentitySchema,
  async handle(context, { enabled }) {
    const { principal } = await program(context);
    return renderIdentity(await context.services.identities.setEnabled(context.caller, principal.id, enabled));
  },
});

/** What it signed stays in the log under its id, so that the principal itself stays, switched off. */
const deleteServiceAccount = plainEndpoint({
  method: 'DELETE',
  path: SERVICE_ACCOUNT,
  operation: 'deleteServiceAccount',
  summary: 'Switches a program off and deletes its tokens.',
  permissions: ['read-service-accounts', 'delete-service-account'],
  response: IdentitySchema,
  async handle(context) {
    const { services, caller } = context;
    const { principal, tokens } = await program(context);
    await services.identities.setEnabled(caller, principal.id, false);
    for (const token of tokens) await services.identities.deleteToken(caller, token.id);
    return renderIdentity(await program(context));
  },
});

const createApiUser = bodyEndpoint({
  method: 'POST',
  path: '/api/v1/api-users',
  operation: 'createApiUser',
  summary: 'A program with a group of its own and an API key, which is shown here alone.',
  permissions: ['administer'],
  request: Type.Object({ name: Type.Optional(NameSchema) }, { additionalProperties: false }),
  status: 201,
  response: Type.Object({ userId: IdSchema, apiKey: Type.String() }),
  async handle({ services, caller }, { name }) {
    const { principalId, apiKeyText } = await services.principals.createUser(caller, name);
    return { userId: writeId('us', principalId), apiKey: apiKeyText };
  },
});

const deleteApiUser = plainEndpoint({
  method: 'DELETE',
  path: '/api/v1/api-users/:userId',
  operation: 'deleteApiUser',
  summary: 'Deletes such a program with its group and API keys, once it has no keys left.',
  permissions: ['administer'],
  response: Type.Object({ deleted: Type.Literal(true) }),
  async handle({ services, caller, params }) {
    await services.principals.deleteUser(caller, readPathId('us', params['userId']));
    return { deleted: true };
  },
});

const createApiKey = plainEndpoint({
  method: 'POST',
  path: '/api/v1/users/:userId/api-keys',
  operation: 'createApiKey',
  summary: 'One more API key for a person or program, shown here alone.',
  permissions: ['administer'],
  response: Type.Object({ apiKey: Type.String() }),
  handle: async ({ services, caller, params }) => ({
    apiKey: await services.principals.createApiKey(caller, readPathId('us', params['userId'])),
  }),
});

/** In the body: an API key has no place in a path, which proxies log. */
const revokeApiKey = bodyEndpoint({
  method: 'POST',
  path: '/api/v1/api-keys/revoke',
  operation: 'revokeApiKey',
  summary: 'Ends an API key and the sessions of its principal.',
  permissions: ['administer'],
  request: Type.Object({ apiKey: Type.String({ minLength: 1, maxLength: 256 }) }, { additionalProperties: false }),
  response: Type.Object({ revoked: Type.Literal(true) }),
  async handle({ services, caller }, { apiKey }) {
    await services.principals.revokeApiKey(caller, apiKey);
    return { revoked: true };
  },
});

export const SERVICE_ACCOUNT_ENDPOINTS: readonly Endpoint[] = [
  createServiceAccount,
  listServiceAccounts,
  getServiceAccount,
  updateServiceAccount,
  deleteServiceAccount,
  createApiUser,
  deleteApiUser,
  createApiKey,
  revokeApiKey,
];

async function program({ services, caller, params }: AuthenticatedContext): Promise<Identity> {
  const identity = await services.identities.getIdentity(caller, readPathId('us', params['userId']));
  if (identity.principal.kind !== 'service')
    throw new DomainError('not_found', 'no such service account', { subject: 'user' });
  return identity;
}
