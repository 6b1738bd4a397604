/** A person's credentials, registration and login. */
import { DomainError } from '@countersign/core/domain-error';
import type { Credential } from '@countersign/core/identity/credential';
import type { RegistrationChallenge } from '@countersign/core/identity/registration';
import { Type } from 'typebox';
import type { Endpoint } from '../../dialect.ts';
import { jsonAnswer } from '../../json-answer.ts';
import { readMemberId, writeId } from '../../prefixed-id.ts';
import { IdSchema, NameSchema } from '../../wire-values.ts';
import { AssertionSchema, readAssertion } from '../credential-assertion.ts';
import { AttestationSchema, readAttestation } from '../credential-attestation.ts';
import { dfnsEndpoint, governedEndpoint } from '../dfns-endpoint.ts';
import { createBodyReader } from '../read-body.ts';
import { ChallengeSchema, renderChallenge } from '../render-challenge.ts';
import { CredentialSchema, renderCredential } from '../render-identity.ts';

const RegistrationChallengeSchema = Type.Object({
  kind: Type.Optional(Type.String()),
  user: Type.Object({ id: Type.String(), name: Type.String(), displayName: Type.String() }),
  challenge: Type.String(),
  challengeIdentifier: Type.String(),
  temporaryAuthenticationToken: Type.String(),
  rp: Type.Object({ id: Type.String(), name: Type.String() }),
  supportedCredentialKinds: Type.Object({
    firstFactor: Type.Array(Type.String()),
    secondFactor: Type.Array(Type.String()),
  }),
  authenticatorSelection: Type.Object({
    residentKey: Type.String(),
    requireResidentKey: Type.Boolean(),
    userVerification: Type.String(),
  }),
  attestation: Type.String(),
  pubKeyCredParams: Type.Array(Type.Object({ type: Type.Literal('public-key'), alg: Type.Integer() })),
  excludeCredentials: Type.Array(Type.Object({ type: Type.Literal('public-key'), id: Type.String() })),
  otpUrl: Type.String(),
});

/** ES256, EdDSA, RS256: COSE's numbers of what passkeys may be here (RFC 9053). */
const COSE_ALGORITHMS = [-7, -8, -257];

function renderRegistrationChallenge(challenge: RegistrationChallenge): Readonly<Record<string, unknown>> {
  return {
    user: challenge.user,
    challenge: challenge.challenge,
    challengeIdentifier: challenge.identifier,
    temporaryAuthenticationToken: challenge.temporaryToken ?? '',
    rp: challenge.relyingParty,
    supportedCredentialKinds: { firstFactor: ['Fido2', 'Key'], secondFactor: [] },
    authenticatorSelection: { residentKey: 'preferred', requireResidentKey: false, userVerification: 'required' },
    attestation: 'none',
    pubKeyCredParams: COSE_ALGORITHMS.map((alg) => ({ type: 'public-key', alg })),
    excludeCredentials: challenge.excludeCredentials.map((id) => ({ type: 'public-key', id })),
    otpUrl: '',
  };
}

const listCredentials = dfnsEndpoint({
  method: 'GET',
  path: '/auth/credentials',
  permissions: [],
  request: undefined,
  response: Type.Object({ items: Type.Array(CredentialSchema) }),
  async handle({ services, caller }) {
    const credentials = await services.identities.listCredentials(caller, caller.principal.id);
    return {
      items: credentials.map((credential) => renderCredential(credential, services.registration.relyingPartyId)),
    };
  },
});

const KindSchema = Type.Object({ kind: Type.String({ maxLength: 64 }) });
const readKind = createBodyReader(KindSchema);

const beginCredential = dfnsEndpoint({
  method: 'POST',
  path: '/auth/credentials/init',
  permissions: [],
  request: KindSchema,
  response: RegistrationChallengeSchema,
  async handle({ services, caller, body }) {
    const { kind } = readKind(body);
    if (kind !== 'Key' && kind !== 'Fido2') throw new DomainError('not_supported', 'kind must be Key or Fido2');
    const challenge = await services.registration.beginCredential(caller, kind === 'Key' ? 'key' : 'passkey');
    return { kind, ...renderRegistrationChallenge(challenge) };
  },
});

const NewCredentialSchema = Type.Intersect([
  AttestationSchema,
  Type.Object({ challengeIdentifier: Type.String({ minLength: 1, maxLength: 2048 }), credentialName: NameSchema }),
]);
const readNewCredential = createBodyReader(NewCredentialSchema);

const createCredential = dfnsEndpoint({
  method: 'POST',
  path: '/auth/credentials',
  permissions: [],
  request: NewCredentialSchema,
  response: CredentialSchema,
  async handle({ services, caller, body }) {
    const request = readNewCredential(body);
    const credential = await services.registration.completeCredential(
      caller,
      request.challengeIdentifier,
      readAttestation(request),
      request.credentialName,
    );
    return renderCredential(credential, services.registration.relyingPartyId);
  },
});

const SwitchSchema = Type.Object({ credentialUuid: IdSchema }, { additionalProperties: false });
const readSwitch = createBodyReader(SwitchSchema);

const switchCredential = (word: 'activate' | 'deactivate'): Endpoint =>
  governedEndpoint({
    method: 'PUT',
    path: `/auth/credentials/${word}`,
    permissions: [],
    request: SwitchSchema,
    response: Type.Object({ message: Type.String() }),
    async handle({ services, caller, body }) {
      const id = readMemberId('cr', 'credentialUuid', readSwitch(body).credentialUuid);
      const result = await services.identities.setCredentialActive(caller, id, word === 'activate');
      return result.done ? { done: true, entity: { message: 'success' } } : result;
    },
  });

const BeginRegistrationSchema = Type.Object({
  username: Type.String({ minLength: 1, maxLength: 254 }),
  registrationCode: Type.String({ minLength: 1, maxLength: 256 }),
  orgId: Type.Optional(Type.String({ maxLength: 64 })),
});
const readBeginRegistration = createBodyReader(BeginRegistrationSchema);

const beginRegistration: Endpoint = {
  method: 'POST',
  path: '/auth/registration/init',
  authentication: 'none',
  permissions: [],
  request: BeginRegistrationSchema,
  responses: { 200: RegistrationChallengeSchema },
  async handle({ services, body }) {
    const { username, registrationCode } = readBeginRegistration(body);
    return jsonAnswer(
      200,
      renderRegistrationChallenge(await services.registration.beginRegistration(username, registrationCode)),
    );
  },
};

const RegisterSchema = Type.Object({ firstFactorCredential: AttestationSchema });
const readRegister = createBodyReader(RegisterSchema);

/** The bearer token of this call is the challenge's temporary one, which is no access token. */
const register: Endpoint = {
  method: 'POST',
  path: '/auth/registration',
  authentication: 'none',
  permissions: [],
  request: RegisterSchema,
  responses: {
    200: Type.Object({
      credential: Type.Object({ uuid: IdSchema, kind: Type.String(), name: Type.String() }),
      user: Type.Object({ id: IdSchema, username: Type.String(), orgId: IdSchema }),
    }),
  },
  async handle({ services, body, bearer }) {
    if (bearer === undefined)
      throw new DomainError('unauthenticated', 'send temporaryAuthenticationToken: Authorization: Bearer <token>');
    const { firstFactorCredential } = readRegister(body);
    const { identity, credential } = await services.registration.completeRegistration(
      bearer,
      readAttestation(firstFactorCredential),
      firstFactorCredential.credentialName ?? 'First credential',
    );
    const { principal, email } = identity;
    return jsonAnswer(200, {
      credential: { uuid: writeId('cr', credential.id), kind: kindOf(credential), name: credential.name },
      user: {
        id: writeId('us', principal.id),
        username: email ?? principal.name,
        orgId: writeId('or', principal.accountId),
      },
    });
  },
};

const BeginLoginSchema = Type.Object({
  username: Type.String({ minLength: 1, maxLength: 254 }),
  orgId: Type.Optional(Type.String({ maxLength: 64 })),
});
const readBeginLogin = createBodyReader(BeginLoginSchema);

const beginLogin: Endpoint = {
  method: 'POST',
  path: '/auth/login/init',
  authentication: 'none',
  permissions: [],
  request: BeginLoginSchema,
  responses: { 200: ChallengeSchema },
  async handle({ services, body }) {
    return jsonAnswer(200, renderChallenge(await services.registration.beginLogin(readBeginLogin(body).username)));
  },
};

const LoginSchema = Type.Object({
  challengeIdentifier: Type.String({ minLength: 1, maxLength: 2048 }),
  firstFactor: AssertionSchema,
});
const readLogin = createBodyReader(LoginSchema);

const login: Endpoint = {
  method: 'POST',
  path: '/auth/login',
  authentication: 'none',
  permissions: [],
  request: LoginSchema,
  responses: { 200: Type.Object({ token: Type.String() }) },
  async handle({ services, body }) {
    const { challengeIdentifier, firstFactor } = readLogin(body);
    const { accessToken } = await services.registration.completeLogin(challengeIdentifier, readAssertion(firstFactor));
    return jsonAnswer(200, { token: accessToken });
  },
};

const LogoutSchema = Type.Object({ allSessions: Type.Optional(Type.Boolean()) }, { additionalProperties: false });
const readLogout = createBodyReader(LogoutSchema);

const logout = dfnsEndpoint({
  method: 'PUT',
  path: '/auth/logout',
  permissions: [],
  request: LogoutSchema,
  response: Type.Object({ message: Type.String() }),
  async handle({ services, caller, body = {} }) {
    if (readLogout(body).allSessions === true)
      throw new DomainError('not_supported', 'allSessions is not supported: only the token of this call is ended');
    await services.registration.logout(caller);
    return { message: 'success' };
  },
});

export const CREDENTIAL_ENDPOINTS: readonly Endpoint[] = [
  listCredentials,
  beginCredential,
  createCredential,
  switchCredential('activate'),
  switchCredential('deactivate'),
  beginRegistration,
  register,
  beginLogin,
  login,
  logout,
];

function kindOf({ material }: Credential): string {
  return material.kind === 'key' ? 'Key' : 'Fido2';
}
