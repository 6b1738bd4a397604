import { DomainError } from '@countersign/core/domain-error';
import type { Services } from '@countersign/core/services';
import type { Credentials } from '../dialect.ts';

/**
 * `Bearer <access token>` alone. Headers that older clients send beside it (`x-dfns-appid`, `x-dfns-nonce` ...) are not
 * looked at.
 * @throws DomainError `unauthenticated`
 */
export async function authenticate(services: Services, authorization: string | undefined): Promise<Credentials> {
  const [, token] = /^bearer +(\S+) *$/i.exec(authorization ?? '') ?? [];
  if (token === undefined)
    throw new DomainError('unauthenticated', 'Not Authorized. Send an access token: Authorization: Bearer <token>');
  return { caller: await services.sessions.authenticateAccessToken(token, 'dfns'), token };
}
