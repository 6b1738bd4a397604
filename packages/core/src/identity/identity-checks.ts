/** Checks of what callers give for people, services, tokens, roles and credentials. */
import { DomainError } from '../domain-error.ts';
import { isOneLine } from '../policy/external/one-line.ts';
import { PERMISSIONS, type Permission } from '../principal.ts';

const MAX_NAME_CHARACTERS = 255;
const MAX_EXTERNAL_ID_CHARACTERS = 200;
const MAX_LIFETIME_SECONDS = 10 * 366 * 86_400;

/** @throws DomainError `invalid_request` that says whose name it is */
export function checkName(name: string, whose: string): void {
  if (name.trim() === '' || name.length > MAX_NAME_CHARACTERS || !isOneLine(name))
    throw new DomainError('invalid_request', `${whose} is one line of 1 to ${MAX_NAME_CHARACTERS} characters`);
}

/** @throws DomainError `invalid_request` */
export function checkExternalId(externalId: string | undefined): void {
  if (externalId === undefined) return;
  if (externalId === '' || externalId.length > MAX_EXTERNAL_ID_CHARACTERS || !isOneLine(externalId))
    throw new DomainError(
      'invalid_request',
      `an external id is one line of 1 to ${MAX_EXTERNAL_ID_CHARACTERS} characters`,
    );
}

/** Time of expiry. @throws DomainError `invalid_request` for less than a second or more than ten years */
export function expiryOf(lifetimeSeconds: number | undefined, nowMs: number): number | undefined {
  if (lifetimeSeconds === undefined) return undefined;
  if (!Number.isInteger(lifetimeSeconds) || lifetimeSeconds < 1 || lifetimeSeconds > MAX_LIFETIME_SECONDS)
    throw new DomainError('invalid_request', 'a token is valid for 1 second to 10 years');
  return nowMs + lifetimeSeconds * 1000;
}

/** In the order of the list of all, none twice. @throws DomainError `invalid_request` for none at all */
export function canonicalPermissions(permissions: readonly Permission[]): readonly Permission[] {
  const given = new Set(permissions);
  const known = PERMISSIONS.filter((permission) => given.has(permission));
  if (known.length === 0 || known.length !== given.size)
    throw new DomainError('invalid_request', 'a role has one permission or more, and only known ones');
  return known;
}
