import { DomainError } from '@countersign/core/domain-error';
import type { Services } from '@countersign/core/services';
import type { Credentials } from '../dialect.ts';

/**
 * The bare API key: `AUTHORIZATION: <api key>`, without a scheme before it. The administrator's key comes the same way;
 * which of the two a call takes is `role-endpoint.ts`.
 * @throws DomainError `unauthenticated`
 */
export async function authenticate(services: Services, authorization: string | undefined): Promise<Credentials> {
  const text = authorization?.trim() ?? '';
  if (text === '') throw new DomainError('unauthenticated', 'send the API key: AUTHORIZATION: <API key>');
  if (text.includes(' '))
    throw new DomainError(
      'unauthenticated',
      'AUTHORIZATION is the API key alone, without "Bearer" or "Basic" before it',
    );
  return { caller: await services.sessions.authenticateApiKey(text, 'vertex'), token: undefined };
}
