import type { Credential } from '@countersign/core/identity/credential';
import type { ActionChallenge } from '@countersign/core/identity/user-action';
import { Type } from 'typebox';
import { writeId } from '../prefixed-id.ts';

const DescriptorSchema = Type.Object({ type: Type.Literal('public-key'), id: Type.String() });

export const ChallengeSchema = Type.Object({
  challenge: Type.String(),
  challengeIdentifier: Type.String(),
  supportedCredentialKinds: Type.Array(
    Type.Object({ kind: Type.String(), factor: Type.String(), requiresSecondFactor: Type.Boolean() }),
  ),
  userVerification: Type.String(),
  attestation: Type.String(),
  externalAuthenticationUrl: Type.String(),
  allowCredentials: Type.Object({
    key: Type.Array(DescriptorSchema),
    webauthn: Type.Array(DescriptorSchema),
    passwordProtectedKey: Type.Array(Type.Unknown()),
  }),
});

export function renderChallenge({
  challenge,
  identifier,
  credentials,
}: ActionChallenge): Readonly<Record<string, unknown>> {
  const keys = credentials.flatMap((credential) => (credential.material.kind === 'key' ? [describe(credential)] : []));
  const passkeys = credentials.flatMap((credential) =>
    credential.material.kind === 'passkey' ? [describe(credential)] : [],
  );
  return {
    challenge,
    challengeIdentifier: identifier,
    supportedCredentialKinds: [
      ...(keys.length > 0 ? [factor('Key')] : []),
      ...(passkeys.length > 0 ? [factor('Fido2')] : []),
    ],
    userVerification: 'required',
    attestation: 'none',
    externalAuthenticationUrl: '',
    allowCredentials: { key: keys, webauthn: passkeys, passwordProtectedKey: [] },
  };
}

/** What assertions name a credential by: our id, or the authenticator's own. */
export function credentialIdOf({ id, material }: Credential): string {
  return material.kind === 'key' ? writeId('cr', id) : Buffer.from(material.rawId).toString('base64url');
}

function describe(credential: Credential): Readonly<Record<string, string>> {
  return { type: 'public-key', id: credentialIdOf(credential) };
}

function factor(kind: string): Readonly<Record<string, unknown>> {
  return { kind, factor: 'first', requiresSecondFactor: false };
}
