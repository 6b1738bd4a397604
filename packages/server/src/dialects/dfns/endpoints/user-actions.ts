/** The two calls before every change: a challenge for exactly this change, and its answer. */
import { DomainError } from '@countersign/core/domain-error';
import { Type } from 'typebox';
import type { Endpoint } from '../../dialect.ts';
import { parsePrefixedId } from '../../prefixed-id.ts';
import { AssertionSchema, readAssertion } from '../credential-assertion.ts';
import { dfnsEndpoint } from '../dfns-endpoint.ts';
import { createBodyReader } from '../read-body.ts';
import { ChallengeSchema, renderChallenge } from '../render-challenge.ts';

const InitSchema = Type.Object({
  userActionPayload: Type.String(),
  userActionHttpMethod: Type.Union(['POST', 'PUT', 'DELETE', 'PATCH', 'GET'].map((word) => Type.Literal(word))),
  userActionHttpPath: Type.String({ minLength: 1, maxLength: 2048 }),
  userActionServerKind: Type.Optional(Type.Union([Type.Literal('Api'), Type.Literal('Staff')])),
});
const readInit = createBodyReader(InitSchema);

/** The path of a decision: its challenge contains the digest of what is decided on. */
const DECISION = /^\/v2\/policy-approvals\/([^/]{1,64})\/decisions$/;

const init = dfnsEndpoint({
  method: 'POST',
  path: '/auth/action/init',
  permissions: [],
  request: InitSchema,
  response: ChallengeSchema,
  async handle({ services, caller, body }) {
    const request = readInit(body);
    const path = request.userActionHttpPath;
    if (path.includes('?') || path.includes('#'))
      throw new DomainError(
        'invalid_request',
        'userActionHttpPath has no query: a call with a user action may have none',
      );
    const approval = DECISION.exec(path)?.[1];
    const challenge = await services.userActions.begin(
      caller,
      { method: request.userActionHttpMethod, path, body: Buffer.from(request.userActionPayload, 'utf8') },
      approval === undefined ? undefined : parsePrefixedId('ap', approval),
    );
    return renderChallenge(challenge);
  },
});

const CompleteSchema = Type.Object({
  challengeIdentifier: Type.String({ minLength: 1, maxLength: 2048 }),
  firstFactor: AssertionSchema,
});
const readComplete = createBodyReader(CompleteSchema);

const complete = dfnsEndpoint({
  method: 'POST',
  path: '/auth/action',
  permissions: [],
  request: CompleteSchema,
  response: Type.Object({ userAction: Type.String() }),
  async handle({ services, caller, body }) {
    const { challengeIdentifier, firstFactor } = readComplete(body);
    const assertion = readAssertion(firstFactor);
    return { userAction: await services.userActions.complete(caller, challengeIdentifier, assertion) };
  },
});

export const USER_ACTION_ENDPOINTS: readonly Endpoint[] = [init, complete];
