/** Proving single changes with a credential: a challenge for exactly one call, its answer, and a token for the call. */
import { Type } from 'typebox';
import type { Endpoint } from '../../dialect.ts';
import { parsePrefixedId, readMemberId, writeId } from '../../prefixed-id.ts';
import { DateSchema, IdSchema, wireDate } from '../../wire-values.ts';
import { Base64Schema, readBase64, writeBase64 } from '../base64.ts';
import { bodyEndpoint } from '../native-endpoint.ts';

const BeginSchema = Type.Object(
  {
    method: Type.Enum(['POST', 'PUT', 'PATCH', 'DELETE']),
    /** Percent-encoded as it will be sent, without a query. */
    path: Type.String({ minLength: 1, maxLength: 2048, pattern: '^/[^?#]*$' }),
    /** The exact bytes of the body. */
    body: Base64Schema,
  },
  { additionalProperties: false },
);

const DECISION = /^\/api\/v1\/approvals\/([^/]{1,64})\/decisions$/;

const begin = bodyEndpoint({
  method: 'POST',
  path: '/api/v1/user-actions',
  operation: 'beginUserAction',
  summary: 'A challenge for one exact call.',
  permissions: [],
  request: BeginSchema,
  status: 201,
  response: Type.Object({
    challenge: Type.String(),
    identifier: Type.String(),
    credentials: Type.Array(Type.Object({ id: IdSchema, kind: Type.String(), rawId: Type.Optional(Base64Schema) })),
    expiresAt: DateSchema,
  }),
  async handle({ services, caller }, { method, path, body }) {
    const approval = DECISION.exec(path)?.[1];
    const challenge = await services.userActions.begin(
      caller,
      { method, path, body: readBase64('body', body) },
      approval === undefined ? undefined : parsePrefixedId('ap', approval),
    );
    return {
      challenge: challenge.challenge,
      identifier: challenge.identifier,
      credentials: challenge.credentials.map(({ id, material }) => ({
        id: writeId('cr', id),
        kind: material.kind,
        ...(material.kind === 'passkey' && { rawId: writeBase64(material.rawId) }),
      })),
      expiresAt: wireDate(challenge.expiresAtMs),
    };
  },
});

const CompleteSchema = Type.Object(
  {
    identifier: Type.String({ minLength: 1, maxLength: 2048 }),
    assertion: Type.Union([
      Type.Object(
        { kind: Type.Literal('key'), credentialId: IdSchema, clientData: Base64Schema, signature: Base64Schema },
        { additionalProperties: false },
      ),
      Type.Object(
        {
          kind: Type.Literal('passkey'),
          rawId: Base64Schema,
          clientData: Base64Schema,
          authenticatorData: Base64Schema,
          signature: Base64Schema,
          userHandle: Type.Optional(Base64Schema),
        },
        { additionalProperties: false },
      ),
    ]),
  },
  { additionalProperties: false },
);

const complete = bodyEndpoint({
  method: 'POST',
  path: '/api/v1/user-actions/complete',
  operation: 'completeUserAction',
  summary: 'The token for that call, from a signed challenge.',
  permissions: [],
  request: CompleteSchema,
  response: Type.Object({ userAction: Type.String() }),
  async handle({ services, caller }, { identifier, assertion }) {
    const clientData = readBase64('clientData', assertion.clientData);
    const signature = readBase64('signature', assertion.signature);
    if (assertion.kind === 'key') {
      const credentialId = readMemberId('cr', 'credentialId', assertion.credentialId);
      const answer = { kind: 'key', credentialId, clientData, signature } as const;
      return { userAction: await services.userActions.complete(caller, identifier, answer) };
    }
    const { userHandle } = assertion;
    const answer = {
      kind: 'passkey',
      rawId: readBase64('rawId', assertion.rawId),
      clientData,
      authenticatorData: readBase64('authenticatorData', assertion.authenticatorData),
      signature,
      userHandle: userHandle === undefined ? undefined : readBase64('userHandle', userHandle),
    } as const;
    return { userAction: await services.userActions.complete(caller, identifier, answer) };
  },
});

export const USER_ACTION_ENDPOINTS: readonly Endpoint[] = [begin, complete];
