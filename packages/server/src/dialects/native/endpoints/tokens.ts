/** Personal access tokens, and switching and deleting tokens of any kind. */
import { Type } from 'typebox';
import type { Endpoint } from '../../dialect.ts';
import { readMemberId, readPathId } from '../../prefixed-id.ts';
import { ExternalIdSchema, IdSchema, NameSchema } from '../../wire-values.ts';
import { bodyEndpoint, plainEndpoint } from '../native-endpoint.ts';
import { LifetimeSchema, renderToken, TokenSchema } from '../render-identity.ts';

const TOKEN = '/api/v1/tokens/:tokenId';

const NewTokenSchema = Type.Object(
  {
    name: NameSchema,
    /** SubjectPublicKeyInfo in PEM: proves the changes that are made with the token. */
    publicKey: Type.String({ minLength: 1, maxLength: 8192 }),
    /** It may only do what these allow; without them, all that the person may. */
    roleIds: Type.Optional(Type.Array(IdSchema, { maxItems: 100 })),
    externalId: Type.Optional(ExternalIdSchema),
    lifetimeSeconds: Type.Optional(LifetimeSchema),
  },
  { additionalProperties: false, title: 'NewToken' },
);

const createPersonalToken = bodyEndpoint({
  method: 'POST',
  path: '/api/v1/tokens',
  operation: 'createPersonalToken',
  summary: 'A token for a program that acts as the calling person, shown here alone.',
  permissions: ['create-personal-token'],
  request: NewTokenSchema,
  status: 201,
  response: Type.Object({ token: TokenSchema, accessToken: Type.String() }),
  async handle({ services, caller }, { name, publicKey, roleIds = [], externalId, lifetimeSeconds }) {
    const issued = await services.identities.createPersonalToken(caller, {
      name,
      publicKeyPem: publicKey,
      roleIds: roleIds.map((id) => readMemberId('pm', 'roleIds', id)),
      externalId,
      lifetimeSeconds,
    });
    return { token: renderToken(issued.token), accessToken: issued.accessToken };
  },
});

const listTokens = plainEndpoint({
  method: 'GET',
  path: '/api/v1/tokens',
  operation: 'listTokens',
  summary: "The caller's own tokens.",
  permissions: [],
  response: Type.Object({ items: Type.Array(TokenSchema) }),
  async handle({ services, caller }) {
    const { tokens } = await services.identities.getIdentity(caller, caller.principal.id);
    return { items: tokens.map(renderToken) };
  },
});

const updateToken = bodyEndpoint({
  method: 'PATCH',
  path: TOKEN,
  operation: 'updateToken',
  summary: "Switches a token on or off: one's own, or that of somebody whom one may update.",
  permissions: [],
  request: Type.Object({ active: Type.Boolean() }, { additionalProperties: false }),
  response: TokenSchema,
  handle: async ({ services, caller, params }, { active }) =>
    renderToken(await services.identities.setTokenActive(caller, readPathId('to', params['tokenId']), active)),
});

const deleteToken = plainEndpoint({
  method: 'DELETE',
  path: TOKEN,
  operation: 'deleteToken',
  summary: 'Ends a token for good.',
  permissions: [],
  response: TokenSchema,
  handle: async ({ services, caller, params }) =>
    renderToken(await services.identities.deleteToken(caller, readPathId('to', params['tokenId']))),
});

export const TOKEN_ENDPOINTS: readonly Endpoint[] = [createPersonalToken, listTokens, updateToken, deleteToken];
