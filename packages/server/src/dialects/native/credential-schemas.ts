/** What credentials answer: to a challenge of a login or an action, and to that of a registration. */
import type { CredentialAttestation, RegistrationChallenge } from '@countersign/core/identity/registration';
import type { ActionChallenge, CredentialAssertion } from '@countersign/core/identity/user-action';
import { type Static, Type } from 'typebox';
import { readMemberId, writeId } from '../prefixed-id.ts';
import { DateSchema, IdSchema, wireDate } from '../wire-values.ts';
import { Base64Schema, readBase64, writeBase64 } from './base64.ts';

/** Of what a credential gives: bounded closely, since a login is open to everybody. */
const Part = Type.String({ contentEncoding: 'base64', maxLength: 8192 });
const Attestation = Type.String({ contentEncoding: 'base64', maxLength: 88 * 1024 });

const exact = { additionalProperties: false };

export const AssertionSchema = Type.Union([
  Type.Object(
    { kind: Type.Literal('key'), credentialId: IdSchema, clientData: Part, signature: Part },
    { ...exact, title: 'KeyAssertion' },
  ),
  Type.Object(
    {
      kind: Type.Literal('passkey'),
      rawId: Part,
      clientData: Part,
      authenticatorData: Part,
      signature: Part,
      userHandle: Type.Optional(Part),
    },
    { ...exact, title: 'PasskeyAssertion' },
  ),
]);

/** @throws DomainError `invalid_request` */
export function readAssertion(assertion: Static<typeof AssertionSchema>): CredentialAssertion {
  const clientData = readBase64('assertion.clientData', assertion.clientData);
  const signature = readBase64('assertion.signature', assertion.signature);
  if (assertion.kind === 'key') {
    const credentialId = readMemberId('cr', 'assertion.credentialId', assertion.credentialId);
    return { kind: 'key', credentialId, clientData, signature };
  }
  const { userHandle } = assertion;
  return {
    kind: 'passkey',
    rawId: readBase64('assertion.rawId', assertion.rawId),
    clientData,
    authenticatorData: readBase64('assertion.authenticatorData', assertion.authenticatorData),
    signature,
    userHandle: userHandle === undefined ? undefined : readBase64('assertion.userHandle', userHandle),
  };
}

export const AttestationSchema = Type.Union([
  Type.Object(
    {
      kind: Type.Literal('key'),
      clientData: Part,
      /** SubjectPublicKeyInfo in PEM. */
      publicKey: Type.String({ minLength: 1, maxLength: 8192 }),
      signature: Part,
    },
    { ...exact, title: 'KeyAttestation' },
  ),
  Type.Object(
    { kind: Type.Literal('passkey'), rawId: Part, clientData: Part, attestationObject: Attestation },
    { ...exact, title: 'PasskeyAttestation' },
  ),
]);

/** @throws DomainError `invalid_request` */
export function readAttestation(attestation: Static<typeof AttestationSchema>): CredentialAttestation {
  const clientData = readBase64('attestation.clientData', attestation.clientData);
  if (attestation.kind === 'key')
    return {
      kind: 'key',
      clientData,
      publicKeyPem: attestation.publicKey,
      signature: readBase64('attestation.signature', attestation.signature),
    };
  return {
    kind: 'passkey',
    rawId: readBase64('attestation.rawId', attestation.rawId),
    clientData,
    attestationObject: readBase64('attestation.attestationObject', attestation.attestationObject),
  };
}

export const ChallengeSchema = Type.Object(
  {
    /** base64url, as client data has it. */
    challenge: Type.String(),
    identifier: Type.String(),
    relyingPartyId: Type.String(),
    credentials: Type.Array(
      Type.Object({ id: IdSchema, kind: Type.Enum(['key', 'passkey']), rawId: Type.Optional(Base64Schema) }),
    ),
    expiresAt: DateSchema,
  },
  { title: 'Challenge' },
);

export function renderChallenge(
  { challenge, identifier, credentials, expiresAtMs }: ActionChallenge,
  relyingPartyId: string,
): Readonly<Record<string, unknown>> {
  return {
    challenge,
    identifier,
    relyingPartyId,
    credentials: credentials.map(({ id, material }) => ({
      id: writeId('cr', id),
      kind: material.kind,
      ...(material.kind === 'passkey' && { rawId: writeBase64(material.rawId) }),
    })),
    expiresAt: wireDate(expiresAtMs),
  };
}

export const RegistrationChallengeSchema = Type.Object(
  {
    challenge: Type.String(),
    identifier: Type.String(),
    relyingParty: Type.Object({ id: Type.String(), name: Type.String() }),
    /** As a passkey keeps it; `id` is the user handle. */
    user: Type.Object({ id: Type.String(), name: Type.String(), displayName: Type.String() }),
    excludeCredentials: Type.Array(Base64Schema),
    /** Of a first registration: to be handed back with the new credential. */
    temporaryToken: Type.Optional(Type.String()),
    expiresAt: DateSchema,
  },
  { title: 'RegistrationChallenge' },
);

export function renderRegistrationChallenge(challenge: RegistrationChallenge): Readonly<Record<string, unknown>> {
  const { temporaryToken, expiresAtMs, excludeCredentials, ...rest } = challenge;
  return {
    ...rest,
    excludeCredentials: excludeCredentials.map((id) => writeBase64(Buffer.from(id, 'base64url'))),
    ...(temporaryToken !== undefined && { temporaryToken }),
    expiresAt: wireDate(expiresAtMs),
  };
}
