/** The caller itself, and the people of the account. */
import { DomainError } from '@countersign/core/domain-error';
import type { Identity } from '@countersign/core/identity/identities';
import { Type } from 'typebox';
import type { AuthenticatedContext, Endpoint } from '../../dialect.ts';
import { writeOperations } from '../../operation-words.ts';
import { readPathId, writeId } from '../../prefixed-id.ts';
import { ExternalIdSchema } from '../../wire-values.ts';
import { bodyEndpoint, plainEndpoint } from '../native-endpoint.ts';
import { pageParameters, pageSchema, readPage, writePage } from '../page.ts';
import { IdentitySchema, renderIdentity } from '../render-identity.ts';
import { renderScope, ScopeSchema } from '../scope.ts';
import { UuidSchema } from '../uuid.ts';

const USER = '/api/v1/users/:userId';

const MeSchema = Type.Object(
  {
    accountId: UuidSchema,
    identity: IdentitySchema,
    /** What it may do with this token or API key, from all its roles. */
    grants: Type.Array(Type.Object({ scope: ScopeSchema, operations: Type.Array(Type.String()) })),
    defaultGroupId: Type.Optional(UuidSchema),
  },
  { title: 'Me' },
);

const getMe = plainEndpoint({
  method: 'GET',
  path: '/api/v1/me',
  operation: 'getMe',
  summary: 'Who calls, and what it may do.',
  permissions: [],
  response: MeSchema,
  async handle({ services, caller }) {
    const { principal } = caller;
    return {
      accountId: principal.accountId,
      identity: renderIdentity(await services.identities.getIdentity(caller, principal.id)),
      grants: principal.grants.map(({ scope, permissions }) => ({
        scope: renderScope(scope),
        operations: writeOperations(permissions),
      })),
      ...(principal.defaultGroupId !== undefined && { defaultGroupId: principal.defaultGroupId }),
    };
  },
});

const InviteSchema = Type.Object(
  {
    email: Type.String({ minLength: 3, maxLength: 254 }),
    externalId: Type.Optional(ExternalIdSchema),
    administrator: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);

const RegistrationCode = Type.String();

const inviteUser = bodyEndpoint({
  method: 'POST',
  path: '/api/v1/users',
  operation: 'inviteUser',
  summary: 'Invites a person; the code that registers its first credential is shown here alone.',
  permissions: ['create-user'],
  request: InviteSchema,
  status: 201,
  response: Type.Object({ user: IdentitySchema, registrationCode: RegistrationCode }),
  async handle({ services, caller }, { email, externalId, administrator = false }) {
    const invited = await services.registration.inviteUser(caller, { email, externalId, administrator });
    return { user: renderIdentity(invited.identity), registrationCode: invited.registrationCode };
  },
});

const renewInvitation = plainEndpoint({
  method: 'POST',
  path: `${USER}/invitation`,
  operation: 'renewInvitation',
  summary: 'A new code for a person; when it is used, all former credentials are switched off.',
  permissions: ['read-users', 'update-user'],
  response: Type.Object({ registrationCode: RegistrationCode }),
  async handle(context) {
    const { principal } = await person(context);
    return { registrationCode: await context.services.registration.renewInvitation(context.caller, principal.id) };
  },
});

const listUsers = plainEndpoint({
  method: 'GET',
  path: '/api/v1/users',
  operation: 'listUsers',
  summary: 'People, in order of id.',
  permissions: ['read-users'],
  query: pageParameters(),
  response: pageSchema(IdentitySchema),
  async handle({ services, caller, query }) {
    const { page } = readPage(query, 'us');
    const found = await services.identities.listIdentities(caller, { ...page, kind: 'user' });
    return writePage(found, renderIdentity, ({ principal }) => writeId('us', principal.id));
  },
});

const getUser = plainEndpoint({
  method: 'GET',
  path: USER,
  operation: 'getUser',
  summary: 'A person.',
  permissions: ['read-users'],
  response: IdentitySchema,
  handle: async (context) => renderIdentity(await person(context)),
});

const updateUser = bodyEndpoint({
  method: 'PATCH',
  path: USER,
  operation: 'updateUser',
  summary: 'Switches a person on or off, with all its tokens.',
  permissions: ['read-users', 'update-user'],
  request: Type.Object({ enabled: Type.Boolean() }, { additionalProperties: false }),
  response: IdentitySchema,
  async handle(context, { enabled }) {
    const { principal } = await person(context);
    return renderIdentity(await context.services.identities.setEnabled(context.caller, principal.id, enabled));
  },
});

export const USER_ENDPOINTS: readonly Endpoint[] = [getMe, inviteUser, listUsers, getUser, updateUser, renewInvitation];

async function person({ services, caller, params }: AuthenticatedContext): Promise<Identity> {
  const identity = await services.identities.getIdentity(caller, readPathId('us', params['userId']));
  if (identity.principal.kind !== 'user') throw new DomainError('not_found', 'no such user', { subject: 'user' });
  return identity;
}
