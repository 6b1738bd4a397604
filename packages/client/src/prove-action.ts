/** The user action of one exact call: a challenge for it, signed by the caller's credential, for a token of one use. */
import { toBase64 } from './base64.ts';
import type { Call } from './call.ts';
import { CountersignError } from './countersign-error.ts';
import type { SigningCredential } from './credential.ts';

const BEGIN_PATH = '/api/v1/user-actions';

/** @param post sends a body to a path of the service; resolves with what the answer says */
export async function proveAction(
  post: (path: string, body: unknown) => Promise<unknown>,
  credential: SigningCredential,
  { method, path, body }: Pick<Call, 'method' | 'path' | 'body'>,
): Promise<string> {
  const begun = await post(BEGIN_PATH, { method, path, body: toBase64(body) });
  const { challenge, identifier } = begun as { readonly challenge?: unknown; readonly identifier?: unknown };
  // The service could otherwise have anything signed: what is signed is always a JSON text of this form.
  if (typeof challenge !== 'string' || !/^[A-Za-z0-9_-]{43}$/.test(challenge))
    throw new CountersignError('unexpected_answer', 'the challenge of the service is not base64url of 32 bytes');
  const clientData = new TextEncoder().encode(JSON.stringify({ type: 'key.get', challenge }));
  const signature = await credential.sign(clientData);
  const completed = await post(`${BEGIN_PATH}/complete`, {
    identifier,
    assertion: {
      kind: 'key',
      credentialId: credential.credentialId,
      clientData: toBase64(clientData),
      signature: toBase64(signature),
    },
  });
  const { userAction } = completed as { readonly userAction?: unknown };
  if (typeof userAction !== 'string')
    throw new CountersignError('unexpected_answer', 'the service gave no user action for the signed challenge');
  return userAction;
}
