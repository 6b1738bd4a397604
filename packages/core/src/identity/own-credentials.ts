import type { IdentityStore } from '../ports/identity-store.ts';
import type { Caller } from '../principal.ts';
import type { Credential } from './credential.ts';
import type { Identity } from './identities.ts';

/**
 * The active credentials that prove actions of this caller: the token's own where it has one. Otherwise all of the
 * principal but those of personal tokens, which are in the hands of programs.
 */
export async function ownCredentials(
  identities: Pick<IdentityStore, 'findCredential' | 'findIdentity'>,
  { principal, token }: Caller,
): Promise<readonly Credential[]> {
  if (token?.credentialId !== undefined) {
    const credential = await identities.findCredential(principal.accountId, token.credentialId);
    return credential?.active === true && credential.principalId === principal.id ? [credential] : [];
  }
  const identity = await identities.findIdentity(principal.accountId, principal.id);
  return identity === undefined ? [] : generalCredentials(identity);
}

/** Active credentials that no personal token has for itself. */
export function generalCredentials({ credentials, tokens }: Identity): readonly Credential[] {
  const ofPrograms = new Set(tokens.filter(({ kind }) => kind === 'personal').map(({ credentialId }) => credentialId));
  return credentials.filter(({ id, active }) => active && !ofPrograms.has(id));
}
