/** Service accounts, personal access tokens, and the people of the organisation. */
import { DomainError } from '@countersign/core/domain-error';
import type { Identity, NewServiceAccount } from '@countersign/core/identity/identities';
import type { TokenId } from '@countersign/core/ids';
import { type Static, Type } from 'typebox';
import type { AuthenticatedContext, Endpoint } from '../../dialect.ts';
import { parsePrefixedId, readMemberId, readPathId, writeId } from '../../prefixed-id.ts';
import { refuseBody } from '../../refuse-body.ts';
import { pageParameters, readPageQuery, readQuery, renderPage } from '../../wire-page.ts';
import { ExternalIdSchema, IdSchema, NameSchema } from '../../wire-values.ts';
import { dfnsEndpoint } from '../dfns-endpoint.ts';
import { createBodyReader } from '../read-body.ts';
import {
  AccessTokenSchema,
  renderAccessToken,
  renderServiceAccount,
  renderUser,
  ServiceAccountSchema,
  UserSchema,
} from '../render-identity.ts';

const DEFAULT_LIMIT = 100;
const MAX_LISTED = 1000;
const SECONDS_PER_DAY = 86_400;
const MAX_DAYS = 3650;

const NewTokenSchema = Type.Object(
  {
    name: NameSchema,
    publicKey: Type.String({ minLength: 1, maxLength: 8192 }),
    permissionId: Type.Optional(IdSchema),
    externalId: Type.Optional(ExternalIdSchema),
    daysValid: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_DAYS })),
    secondsValid: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_DAYS * SECONDS_PER_DAY })),
  },
  { additionalProperties: false },
);
const readNewToken = createBodyReader(NewTokenSchema);

function tokenWish(request: Static<typeof NewTokenSchema>): Omit<NewServiceAccount, 'permissions'> {
  if (request.daysValid !== undefined && request.secondsValid !== undefined)
    throw new DomainError('invalid_request', 'give daysValid or secondsValid, not both');
  const { permissionId, daysValid } = request;
  return {
    name: request.name,
    publicKeyPem: request.publicKey,
    roleIds: permissionId === undefined ? [] : [readMemberId('pm', 'permissionId', permissionId)],
    externalId: request.externalId,
    lifetimeSeconds: daysValid === undefined ? request.secondsValid : daysValid * SECONDS_PER_DAY,
  };
}

const createServiceAccount = dfnsEndpoint({
  method: 'POST',
  path: '/auth/service-accounts',
  permissions: ['create-service-account'],
  request: NewTokenSchema,
  response: ServiceAccountSchema,
  async handle({ services, caller, body }) {
    const wish = { ...tokenWish(readNewToken(body)), permissions: [] };
    const issued = await services.identities.createServiceAccount(caller, wish);
    return renderServiceAccount(issued.identity, { token: issued.token, text: issued.accessToken });
  },
});

const listServiceAccounts = dfnsEndpoint({
  method: 'GET',
  path: '/auth/service-accounts',
  permissions: ['read-service-accounts'],
  request: undefined,
  query: pageParameters(),
  response: Type.Object({ items: Type.Array(ServiceAccountSchema), nextPageToken: Type.Optional(Type.String()) }),
  async handle({ services, caller, query }) {
    const page = readPageQuery(readQuery(query, ['limit', 'paginationToken']), MAX_LISTED, (text) =>
      parsePrefixedId('us', text),
    );
    const found = await services.identities.listIdentities(caller, { ...page, kind: 'service' });
    // Services that only have API keys are of the other APIs.
    const shown = found.items.filter(({ tokens }) => tokens.length > 0);
    const last = found.items.at(-1);
    return {
      items: shown.map((identity) => renderServiceAccount(identity)),
      ...(found.more && last !== undefined && { nextPageToken: writeId('us', last.principal.id) }),
    };
  },
});

async function serviceAccount({ services, caller, params }: AuthenticatedContext): Promise<Identity> {
  const identity = await services.identities.getIdentity(caller, readPathId('us', params['serviceAccountId']));
  if (identity.principal.kind !== 'service')
    throw new DomainError('not_found', 'no such service account', { subject: 'user' });
  return identity;
}

const getServiceAccount = dfnsEndpoint({
  method: 'GET',
  path: '/auth/service-accounts/:serviceAccountId',
  permissions: ['read-service-accounts'],
  request: undefined,
  response: ServiceAccountSchema,
  handle: async (context) => renderServiceAccount(await serviceAccount(context)),
});

const activateServiceAccount = dfnsEndpoint({
  method: 'PUT',
  path: '/auth/service-accounts/:serviceAccountId/activate',
  permissions: ['read-service-accounts', 'update-service-account'],
  request: undefined,
  response: ServiceAccountSchema,
  async handle(context) {
    refuseBody(context.body);
    return switchServiceAccount(context, true);
  },
});

const DeactivateSchema = Type.Object({ force: Type.Optional(Type.Boolean()) }, { additionalProperties: false });
const readDeactivate = createBodyReader(DeactivateSchema);

const deactivateServiceAccount = dfnsEndpoint({
  method: 'PUT',
  path: '/auth/service-accounts/:serviceAccountId/deactivate',
  permissions: ['read-service-accounts', 'update-service-account'],
  request: DeactivateSchema,
  response: ServiceAccountSchema,
  async handle(context) {
    const { body = {} } = context;
    if (readDeactivate(body).force === true)
      throw new DomainError('not_supported', 'force is not supported: there is no check here that it could pass by');
    return switchServiceAccount(context, false);
  },
});

async function switchServiceAccount(context: AuthenticatedContext, enabled: boolean): Promise<unknown> {
  const { principal } = await serviceAccount(context);
  const { identities } = context.services;
  return renderServiceAccount(await identities.setEnabled(context.caller, principal.id, enabled));
}

/** Archived is disabled with its tokens deleted: what it signed stays in the log under its id. */
const archiveServiceAccount = dfnsEndpoint({
  method: 'DELETE',
  path: '/auth/service-accounts/:serviceAccountId',
  permissions: ['read-service-accounts', 'delete-service-account'],
  request: undefined,
  response: ServiceAccountSchema,
  async handle(context) {
    refuseBody(context.body);
    const { services, caller } = context;
    const { principal, tokens } = await serviceAccount(context);
    const archived = await services.identities.setEnabled(caller, principal.id, false);
    for (const token of tokens) await services.identities.deleteToken(caller, token.id);
    return renderServiceAccount({ ...archived, tokens: [] });
  },
});

const createPat = dfnsEndpoint({
  method: 'POST',
  path: '/auth/pats',
  permissions: ['create-personal-token'],
  request: NewTokenSchema,
  response: AccessTokenSchema,
  async handle({ services, caller, body }) {
    const issued = await services.identities.createPersonalToken(caller, tokenWish(readNewToken(body)));
    return renderAccessToken(issued.token, issued.identity, issued.accessToken);
  },
});

const listPats = dfnsEndpoint({
  method: 'GET',
  path: '/auth/pats',
  permissions: [],
  request: undefined,
  response: Type.Object({ items: Type.Array(AccessTokenSchema) }),
  async handle({ services, caller }) {
    const own = await services.identities.getIdentity(caller, caller.principal.id);
    const pats = own.tokens.filter(({ kind }) => kind === 'personal');
    return { items: pats.map((token) => renderAccessToken(token, own)) };
  },
});

async function ownPat({
  services,
  caller,
  params,
}: AuthenticatedContext): Promise<{ identity: Identity; id: TokenId }> {
  const identity = await services.identities.getIdentity(caller, caller.principal.id);
  const id = readPathId('to', params['tokenId']);
  if (!identity.tokens.some((token) => token.id === id && token.kind === 'personal'))
    throw new DomainError('not_found', 'no such token', { subject: 'token' });
  return { identity, id };
}

const getPat = dfnsEndpoint({
  method: 'GET',
  path: '/auth/pats/:tokenId',
  permissions: [],
  request: undefined,
  response: AccessTokenSchema,
  async handle(context) {
    const { identity, id } = await ownPat(context);
    const token = identity.tokens.find((entry) => entry.id === id);
    if (token === undefined) throw new DomainError('not_found', 'no such token', { subject: 'token' });
    return renderAccessToken(token, identity);
  },
});

const switchPat = (word: 'activate' | 'deactivate'): Endpoint =>
  dfnsEndpoint({
    method: 'PUT',
    path: `/auth/pats/:tokenId/${word}`,
    permissions: [],
    request: undefined,
    response: AccessTokenSchema,
    async handle(context) {
      refuseBody(context.body);
      const { identity, id } = await ownPat(context);
      const token = await context.services.identities.setTokenActive(context.caller, id, word === 'activate');
      return renderAccessToken(token, identity);
    },
  });

const archivePat = dfnsEndpoint({
  method: 'DELETE',
  path: '/auth/pats/:tokenId',
  permissions: [],
  request: undefined,
  response: AccessTokenSchema,
  async handle(context) {
    refuseBody(context.body);
    const { identity, id } = await ownPat(context);
    return renderAccessToken(await context.services.identities.deleteToken(context.caller, id), identity);
  },
});

const NewUserSchema = Type.Object(
  {
    email: Type.String({ minLength: 3, maxLength: 254 }),
    kind: Type.Literal('CustomerEmployee'),
    externalId: Type.Optional(ExternalIdSchema),
  },
  { additionalProperties: false },
);
const readNewUser = createBodyReader(NewUserSchema);

const createUser = dfnsEndpoint({
  method: 'POST',
  path: '/auth/users',
  permissions: ['create-user'],
  request: NewUserSchema,
  response: Type.Intersect([UserSchema, Type.Object({ registrationCode: Type.String() })]),
  async handle({ services, caller, body }) {
    const { email, externalId } = readNewUser(body);
    const invited = await services.registration.inviteUser(caller, { email, externalId, administrator: false });
    // The hosted product mails the code. This server sends no mail: whoever invites hands it over.
    return { ...renderUser(invited.identity), registrationCode: invited.registrationCode };
  },
});

const listUsers = dfnsEndpoint({
  method: 'GET',
  path: '/auth/users',
  permissions: ['read-users'],
  request: undefined,
  query: pageParameters('kind'),
  response: Type.Object({ items: Type.Array(UserSchema), nextPageToken: Type.Optional(Type.String()) }),
  async handle({ services, caller, query }) {
    const parameters = readQuery(query, ['limit', 'paginationToken', 'kind']);
    const page = readPageQuery(parameters, DEFAULT_LIMIT, (text) => parsePrefixedId('us', text));
    const found = await services.identities.listIdentities(caller, { ...page, kind: 'user' });
    return renderPage(found, renderUser, ({ principal }) => writeId('us', principal.id));
  },
});

async function person({ services, caller, params }: AuthenticatedContext): Promise<Identity> {
  const identity = await services.identities.getIdentity(caller, readPathId('us', params['userId']));
  if (identity.principal.kind !== 'user') throw new DomainError('not_found', 'no such user', { subject: 'user' });
  return identity;
}

const getUser = dfnsEndpoint({
  method: 'GET',
  path: '/auth/users/:userId',
  permissions: ['read-users'],
  request: undefined,
  response: UserSchema,
  handle: async (context) => renderUser(await person(context)),
});

const switchUser = (word: 'activate' | 'deactivate'): Endpoint =>
  dfnsEndpoint({
    method: 'PUT',
    path: `/auth/users/:userId/${word}`,
    permissions: ['read-users', 'update-user'],
    request: undefined,
    response: UserSchema,
    async handle(context) {
      refuseBody(context.body);
      const { principal } = await person(context);
      const { identities } = context.services;
      return renderUser(await identities.setEnabled(context.caller, principal.id, word === 'activate'));
    },
  });

export const IDENTITY_ENDPOINTS: readonly Endpoint[] = [
  createServiceAccount,
  listServiceAccounts,
  getServiceAccount,
  activateServiceAccount,
  deactivateServiceAccount,
  archiveServiceAccount,
  createPat,
  listPats,
  getPat,
  switchPat('activate'),
  switchPat('deactivate'),
  archivePat,
  createUser,
  listUsers,
  getUser,
  switchUser('activate'),
  switchUser('deactivate'),
];
