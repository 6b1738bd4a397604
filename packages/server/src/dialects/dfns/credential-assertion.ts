/** A credential's answer to a challenge, as clients send it. */
import { DomainError } from '@countersign/core/domain-error';
import type { CredentialAssertion } from '@countersign/core/identity/user-action';
import { type Static, Type } from 'typebox';
import { parsePrefixedId } from '../prefixed-id.ts';
import { readBase64Url } from '../wire-values.ts';

const MAX_CLIENT_DATA_BYTES = 4096;
const MAX_SIGNATURE_BYTES = 1024;
const MAX_AUTHENTICATOR_DATA_BYTES = 4096;
const MAX_RAW_ID_BYTES = 1023;

const Text = Type.String({ minLength: 1, maxLength: 8192 });

export const AssertionSchema = Type.Object({
  kind: Type.String({ maxLength: 64 }),
  credentialAssertion: Type.Optional(
    Type.Object({
      credId: Text,
      clientData: Text,
      signature: Text,
      // Sent by nobody, and a caller has no choice: the credential's key decides.
      algorithm: Type.Optional(Type.String({ maxLength: 64 })),
      authenticatorData: Type.Optional(Text),
      userHandle: Type.Optional(Type.Union([Type.String({ maxLength: 512 }), Type.Null()])),
    }),
  ),
});

/** @throws DomainError `not_supported` for another kind of credential, `invalid_request` */
export function readAssertion({ kind, credentialAssertion }: Static<typeof AssertionSchema>): CredentialAssertion {
  if ((kind !== 'Key' && kind !== 'Fido2') || credentialAssertion === undefined)
    throw new DomainError('not_supported', 'firstFactor must be of kind Key or Fido2, with a credentialAssertion');
  const { credId, userHandle } = credentialAssertion;
  const clientData = readBase64Url('clientData', credentialAssertion.clientData, MAX_CLIENT_DATA_BYTES);
  const signature = readBase64Url('signature', credentialAssertion.signature, MAX_SIGNATURE_BYTES);
  if (kind === 'Key') {
    const credentialId = parsePrefixedId('cr', credId);
    if (credentialId === undefined)
      throw new DomainError('forbidden', 'no credential of the caller has this credId', { subject: 'credential' });
    return { kind: 'key', credentialId, clientData, signature };
  }
  const { authenticatorData } = credentialAssertion;
  if (authenticatorData === undefined) throw new DomainError('invalid_request', 'authenticatorData is missing');
  return {
    kind: 'passkey',
    rawId: readBase64Url('credId', credId, MAX_RAW_ID_BYTES),
    clientData,
    authenticatorData: readBase64Url('authenticatorData', authenticatorData, MAX_AUTHENTICATOR_DATA_BYTES),
    signature,
    userHandle:
      userHandle === undefined || userHandle === null ? undefined : readBase64Url('userHandle', userHandle, 256),
  };
}
