/** Checks a credential's answer to a challenge. */

import type { AccountId } from '../ids.ts';
import type { IdentityStore } from '../ports/identity-store.ts';
import type { Passkeys } from '../ports/passkeys.ts';
import { isClientData } from './client-data.ts';
import type { Credential } from './credential.ts';
import { verifyCredentialSignature } from './credential-key.ts';
import type { CredentialAssertion } from './user-action.ts';

export interface AssertionDependencies {
  readonly identities: Pick<IdentityStore, 'findCredential' | 'findPasskey' | 'noteSignCount'>;
  readonly passkeys: Passkeys;
}

/** Bounds of what an authenticator gives; together they fit one event of the log. */
const MAX_CLIENT_DATA_BYTES = 4_096;
const MAX_AUTHENTICATOR_DATA_BYTES = 1_024;
const MAX_SIGNATURE_BYTES = 1_024;
const MAX_RAW_ID_BYTES = 1_023;

/**
 * The credential that gave this answer; undefined where it doesn't hold. The credential is read again here, so that one
 * that was switched off since the challenge counts no more. `mayAnswer`: whether the challenge was for this one.
 *
 * The user handle of a passkey isn't looked at: its id is unique among all, and says whose it is.
 */
export async function verifyAssertion(
  { identities, passkeys }: AssertionDependencies,
  accountId: AccountId,
  challenge: string,
  assertion: CredentialAssertion,
  mayAnswer: (credential: Credential) => boolean,
): Promise<Credential | undefined> {
  if (assertion.clientData.length > MAX_CLIENT_DATA_BYTES || assertion.signature.length > MAX_SIGNATURE_BYTES)
    return undefined;

  if (assertion.kind === 'key') {
    const credential = await identities.findCredential(accountId, assertion.credentialId);
    if (!isUsable(credential, accountId, mayAnswer) || credential.material.kind !== 'key') return undefined;
    const holds =
      isClientData(assertion.clientData, 'key.get', challenge) &&
      (await verifyCredentialSignature(credential.material.spki, assertion.clientData, assertion.signature));
    return holds ? credential : undefined;
  }

  const { rawId, authenticatorData } = assertion;
  if (authenticatorData.length > MAX_AUTHENTICATOR_DATA_BYTES || rawId.length > MAX_RAW_ID_BYTES) return undefined;
  const credential = await identities.findPasskey(rawId);
  if (!isUsable(credential, accountId, mayAnswer) || credential.material.kind !== 'passkey') return undefined;
  const signCount = await passkeys.verifyAssertion(assertion, challenge, credential.material);
  if (signCount === undefined) return undefined;
  if (signCount > 0) identities.noteSignCount(credential.id, signCount);
  return credential;
}

function isUsable(
  credential: Credential | undefined,
  accountId: AccountId,
  mayAnswer: (credential: Credential) => boolean,
): credential is Credential {
  return credential?.active === true && credential.accountId === accountId && mayAnswer(credential);
}
