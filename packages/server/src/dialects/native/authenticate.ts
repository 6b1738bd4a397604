import { parseApiKey } from '@countersign/core/api-key';
import { DomainError } from '@countersign/core/domain-error';
import type { Services } from '@countersign/core/services';
import type { Credentials } from '../dialect.ts';

/**
 * `Bearer` with an API key, a session's token, or an access token: which of them it is shows in its form, and only that
 * one is looked up.
 * @throws DomainError `unauthenticated`, `session_expired`
 */
export async function authenticate(services: Services, authorization: string | undefined): Promise<Credentials> {
  const [, token] = /^bearer +(\S+) *$/i.exec(authorization ?? '') ?? [];
  if (token === undefined)
    throw new DomainError('unauthenticated', 'send an API key or a token: Authorization: Bearer <API key or token>');
  const { sessions } = services;
  if (token.includes('.')) return { caller: await sessions.authenticateAccessToken(token, 'native'), token };
  if (parseApiKey(token) !== undefined)
    return { caller: await sessions.authenticateApiKey(token, 'native'), token: undefined };
  return { caller: await sessions.authenticateToken(token, 'native'), token };
}
