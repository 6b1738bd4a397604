/** A new credential with its proof of possession, as clients send it. */
import { DomainError } from '@countersign/core/domain-error';
import type { CredentialAttestation } from '@countersign/core/identity/registration';
import { type Static, Type } from 'typebox';
import { readBase64Url, readHex } from '../wire-values.ts';
import { createBodyReader } from './read-body.ts';

const MAX_CLIENT_DATA_BYTES = 4096;
const MAX_ATTESTATION_BYTES = 64 * 1024;
const MAX_RAW_ID_BYTES = 1023;

export const AttestationSchema = Type.Object({
  credentialKind: Type.String({ maxLength: 64 }),
  credentialInfo: Type.Object({
    credId: Type.Optional(Type.String({ maxLength: 2048 })),
    clientData: Type.Optional(Type.String({ maxLength: 8192 })),
    attestationData: Type.Optional(Type.String({ maxLength: 128 * 1024 })),
  }),
  credentialName: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
});

const readKeyAttestation = createBodyReader(
  Type.Object({
    publicKey: Type.String({ minLength: 1, maxLength: 8192 }),
    signature: Type.String({ minLength: 1, maxLength: 4096 }),
    algorithm: Type.Optional(Type.String({ maxLength: 64 })),
  }),
);

/** @throws DomainError */
export function readAttestation({
  credentialKind,
  credentialInfo: { credId, clientData, attestationData },
}: Static<typeof AttestationSchema>): CredentialAttestation {
  if (credentialKind !== 'Key' && credentialKind !== 'Fido2')
    throw new DomainError('not_supported', 'credentials are of kind Key or Fido2 here');
  if (credId === undefined || clientData === undefined || attestationData === undefined)
    throw new DomainError('invalid_request', 'credentialInfo has credId, clientData and attestationData');
  const data = readBase64Url('clientData', clientData, MAX_CLIENT_DATA_BYTES);
  const attestation = readBase64Url('attestationData', attestationData, MAX_ATTESTATION_BYTES);
  if (credentialKind === 'Fido2')
    return {
      kind: 'passkey',
      rawId: readBase64Url('credId', credId, MAX_RAW_ID_BYTES),
      clientData: data,
      attestationObject: attestation,
    };
  const { publicKey, signature } = readKeyAttestation(parseJson(attestation));
  return { kind: 'key', clientData: data, publicKeyPem: publicKey, signature: readHex('signature', signature) };
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8')) as unknown;
  } catch (error) {
    throw new DomainError('invalid_request', 'attestationData must be base64url of JSON', { cause: error });
  }
}
