/** Credentials: those that there are, one more for the calling person, and switching them. */
import { Type } from 'typebox';
import type { Endpoint } from '../../dialect.ts';
import { readMemberId, readPathId } from '../../prefixed-id.ts';
import { readQuery } from '../../wire-page.ts';
import { IdSchema, NameSchema } from '../../wire-values.ts';
import {
  AttestationSchema,
  RegistrationChallengeSchema,
  readAttestation,
  renderRegistrationChallenge,
} from '../credential-schemas.ts';
import { bodyEndpoint, governedBodyEndpoint, plainEndpoint, renderGoverned } from '../native-endpoint.ts';
import { CredentialSchema, renderCredential } from '../render-identity.ts';

const listCredentials = plainEndpoint({
  method: 'GET',
  path: '/api/v1/credentials',
  operation: 'listCredentials',
  summary: "The caller's own credentials; with `userId`, somebody else's, for those who may read it.",
  permissions: [],
  query: { userId: IdSchema },
  response: Type.Object({ items: Type.Array(CredentialSchema) }),
  async handle({ services, caller, query }) {
    const { userId } = readQuery(query, ['userId']);
    const id = userId === undefined ? caller.principal.id : readMemberId('us', 'userId', userId);
    return { items: (await services.identities.listCredentials(caller, id)).map(renderCredential) };
  },
});

const beginCredential = bodyEndpoint({
  method: 'POST',
  path: '/api/v1/credentials/challenge',
  operation: 'beginCredential',
  summary: 'The challenge for one more credential of the calling person.',
  permissions: [],
  request: Type.Object({ kind: Type.Enum(['key', 'passkey']) }, { additionalProperties: false }),
  response: RegistrationChallengeSchema,
  handle: async ({ services, caller }, { kind }) =>
    renderRegistrationChallenge(await services.registration.beginCredential(caller, kind)),
});

const NewCredentialSchema = Type.Object(
  {
    identifier: Type.String({ minLength: 1, maxLength: 2048 }),
    name: NameSchema,
    attestation: AttestationSchema,
  },
  { additionalProperties: false, title: 'NewCredential' },
);

const createCredential = bodyEndpoint({
  method: 'POST',
  path: '/api/v1/credentials',
  operation: 'createCredential',
  summary: 'Adds a credential, with the answer to its challenge.',
  permissions: [],
  request: NewCredentialSchema,
  status: 201,
  response: CredentialSchema,
  handle: async ({ services, caller }, { identifier, name, attestation }) =>
    renderCredential(
      await services.registration.completeCredential(caller, identifier, readAttestation(attestation), name),
    ),
});

const updateCredential = governedBodyEndpoint({
  method: 'PATCH',
  path: '/api/v1/credentials/:credentialId',
  operation: 'updateCredential',
  summary: 'Switches a credential on or off; 202 where that needs approval.',
  permissions: [],
  request: Type.Object({ active: Type.Boolean() }, { additionalProperties: false }),
  response: CredentialSchema,
  async handle({ services, caller, params }, { active }) {
    const id = readPathId('cr', params['credentialId']);
    return renderGoverned(await services.identities.setCredentialActive(caller, id, active), renderCredential);
  },
});

export const CREDENTIAL_ENDPOINTS: readonly Endpoint[] = [
  listCredentials,
  beginCredential,
  createCredential,
  updateCredential,
];
