/** The first credential of a program: a service account with a key of its own and an access token. */
import { DomainError } from '@countersign/core/domain-error';
import type { RoleId } from '@countersign/core/ids';
import { administersAccount, type Caller } from '@countersign/core/principal';
import type { Services } from '@countersign/core/services';
import { Type } from 'typebox';
import type { Endpoint } from '../../dialect.ts';
import { readOperations } from '../../operation-words.ts';
import { writeId } from '../../prefixed-id.ts';
import { IdSchema, NameSchema } from '../../wire-values.ts';
import { bodyEndpoint } from '../native-endpoint.ts';

const NewServiceAccountSchema = Type.Object(
  {
    name: NameSchema,
    /** SubjectPublicKeyInfo in PEM. */
    publicKey: Type.String({ minLength: 1, maxLength: 8192 }),
    /** What it may do, such as `Keys:Create`; without it, all that an administrator may. */
    operations: Type.Optional(Type.Array(Type.String({ maxLength: 64 }), { maxItems: 500 })),
    lifetimeSeconds: Type.Optional(Type.Integer({ minimum: 1 })),
  },
  { additionalProperties: false },
);

const createServiceAccount = bodyEndpoint({
  method: 'POST',
  path: '/api/v1/service-accounts',
  operation: 'createServiceAccount',
  summary: 'A program with a key of its own and an access token.',
  permissions: ['create-service-account'],
  request: NewServiceAccountSchema,
  status: 201,
  response: Type.Object({ userId: IdSchema, credentialId: IdSchema, accessToken: Type.String() }),
  async handle({ services, caller }, { name, publicKey, operations, lifetimeSeconds }) {
    const issued = await services.identities.createServiceAccount(caller, {
      name,
      publicKeyPem: publicKey,
      roleIds: operations === undefined ? [await administratorRole(services, caller)] : [],
      permissions: operations === undefined ? [] : readOperations(operations),
      externalId: undefined,
      lifetimeSeconds,
    });
    return {
      userId: writeId('us', issued.identity.principal.id),
      credentialId: writeId('cr', issued.credential.id),
      accessToken: issued.accessToken,
    };
  },
});

export const SERVICE_ACCOUNT_ENDPOINTS: readonly Endpoint[] = [createServiceAccount];

/** The built-in role that contains everything. */
async function administratorRole(services: Services, caller: Caller): Promise<RoleId> {
  if (!administersAccount(caller.principal))
    throw new DomainError('invalid_request', 'name the operations: only an administrator gives all of them');
  let after: RoleId | undefined;
  for (;;) {
    const page = await services.identities.listRoles(caller, { after, limit: 1000 });
    const role = page.items.find(({ immutable, permissions }) => immutable && permissions.includes('administer'));
    if (role !== undefined) return role.id;
    after = page.items.at(-1)?.id;
    if (!page.more || after === undefined) throw new DomainError('internal', 'the account has no administrator role');
  }
}
