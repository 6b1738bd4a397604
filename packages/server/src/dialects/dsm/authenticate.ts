import { DomainError } from '@countersign/core/domain-error';
import type { Services } from '@countersign/core/services';
import type { Authentication, Credentials } from '../dialect.ts';

/**
 * `Basic <api key>` or `Bearer <session token>`. The key after `Basic` is taken as it is: it already is the base64 of
 * `uuid:secret`, in the standard or the URL-safe alphabet, with or without padding (wire rule 6).
 * @throws DomainError `unauthenticated`, or `session_expired` for a token that isn't (or is no longer) one
 */
export async function authenticate(
  services: Services,
  authorization: string | undefined,
  required: Exclude<Authentication, 'none'>,
): Promise<Credentials> {
  const space = authorization?.indexOf(' ') ?? -1;
  if (authorization === undefined || space === -1) throw missing(required);
  const scheme = authorization.slice(0, space).toLowerCase();
  const value = authorization.slice(space + 1).trim();
  if (scheme === 'basic' && required !== 'session')
    return { caller: await services.sessions.authenticateApiKey(value, 'dsm'), token: undefined };
  if (scheme === 'bearer' && required !== 'api-key')
    return { caller: await services.sessions.authenticateToken(value, 'dsm'), token: value };
  throw missing(required);
}

const MISSING: Readonly<Record<Exclude<Authentication, 'none'>, string>> = {
  'api-key': 'log in with an API key: Authorization: Basic <API key>; other ways to log in are not supported yet',
  session: 'send the session: Authorization: Bearer <access token>',
  bearer: 'send a session: Authorization: Bearer <access token>',
  'api-key-or-session': 'send an API key (Authorization: Basic) or a session (Authorization: Bearer)',
};

function missing(required: Exclude<Authentication, 'none'>): DomainError {
  return new DomainError('unauthenticated', MISSING[required]);
}
