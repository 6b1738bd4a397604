/** How a person gets a first credential, and logs in and out. */
import { Type } from 'typebox';
import type { Endpoint } from '../../dialect.ts';
import { NameSchema } from '../../wire-values.ts';
import {
  AssertionSchema,
  AttestationSchema,
  ChallengeSchema,
  RegistrationChallengeSchema,
  readAssertion,
  readAttestation,
  renderChallenge,
  renderRegistrationChallenge,
} from '../credential-schemas.ts';
import { openEndpoint, plainEndpoint } from '../native-endpoint.ts';
import { CredentialSchema, IdentitySchema, renderCredential, renderIdentity } from '../render-identity.ts';

const EmailSchema = Type.String({ minLength: 1, maxLength: 254 });
const IdentifierSchema = Type.String({ minLength: 1, maxLength: 2048 });
const exact = { additionalProperties: false };

const beginRegistration = openEndpoint({
  method: 'POST',
  path: '/api/v1/registration/challenge',
  operation: 'beginRegistration',
  summary: 'The challenge for the first credential of an invited person.',
  request: Type.Object({ email: EmailSchema, registrationCode: Type.String({ minLength: 1, maxLength: 256 }) }, exact),
  response: RegistrationChallengeSchema,
  handle: async ({ services }, { email, registrationCode }) =>
    renderRegistrationChallenge(await services.registration.beginRegistration(email, registrationCode)),
});

const register = openEndpoint({
  method: 'POST',
  path: '/api/v1/registration',
  operation: 'register',
  summary: 'The first credential, with the answer to its challenge. The code is spent.',
  request: Type.Object({ temporaryToken: IdentifierSchema, name: NameSchema, attestation: AttestationSchema }, exact),
  response: Type.Object({ user: IdentitySchema, credential: CredentialSchema }),
  async handle({ services }, { temporaryToken, name, attestation }) {
    const { identity, credential } = await services.registration.completeRegistration(
      temporaryToken,
      readAttestation(attestation),
      name,
    );
    return { user: renderIdentity(identity), credential: renderCredential(credential) };
  },
});

const beginLogin = openEndpoint({
  method: 'POST',
  path: '/api/v1/login/challenge',
  operation: 'beginLogin',
  summary: 'The challenge of a login. It looks the same for people that there are not.',
  request: Type.Object({ email: EmailSchema }, exact),
  response: ChallengeSchema,
  handle: async ({ services }, { email }) =>
    renderChallenge(await services.registration.beginLogin(email), services.registration.relyingPartyId),
});

const login = openEndpoint({
  method: 'POST',
  path: '/api/v1/login',
  operation: 'login',
  summary: 'A token of eight hours, for the answer to the challenge.',
  request: Type.Object({ identifier: IdentifierSchema, assertion: AssertionSchema }, exact),
  response: Type.Object({ user: IdentitySchema, accessToken: Type.String() }),
  async handle({ services }, { identifier, assertion }) {
    const { identity, accessToken } = await services.registration.completeLogin(identifier, readAssertion(assertion));
    return { user: renderIdentity(identity), accessToken };
  },
});

const logout = plainEndpoint({
  method: 'POST',
  path: '/api/v1/logout',
  operation: 'logout',
  summary: 'Ends the token of a login.',
  permissions: [],
  response: Type.Object({ loggedOut: Type.Literal(true) }),
  async handle({ services, caller }) {
    await services.registration.logout(caller);
    return { loggedOut: true };
  },
});

export const REGISTRATION_ENDPOINTS: readonly Endpoint[] = [beginRegistration, register, beginLogin, login, logout];
