/** Proving single changes with a credential: a challenge for exactly one call, its answer, and a token for the call. */
import { Type } from 'typebox';
import type { Endpoint } from '../../dialect.ts';
import { parsePrefixedId } from '../../prefixed-id.ts';
import { Base64Schema, readBase64 } from '../base64.ts';
import { AssertionSchema, ChallengeSchema, readAssertion, renderChallenge } from '../credential-schemas.ts';
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
  response: ChallengeSchema,
  async handle({ services, caller }, { method, path, body }) {
    const approval = DECISION.exec(path)?.[1];
    const challenge = await services.userActions.begin(
      caller,
      { method, path, body: readBase64('body', body) },
      approval === undefined ? undefined : parsePrefixedId('ap', approval),
    );
    return renderChallenge(challenge, services.registration.relyingPartyId);
  },
});

const CompleteSchema = Type.Object(
  { identifier: Type.String({ minLength: 1, maxLength: 2048 }), assertion: AssertionSchema },
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
  handle: async ({ services, caller }, { identifier, assertion }) => ({
    userAction: await services.userActions.complete(caller, identifier, readAssertion(assertion)),
  }),
});

export const USER_ACTION_ENDPOINTS: readonly Endpoint[] = [begin, complete];
