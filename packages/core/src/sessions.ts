/** Authentication by API key and by the bearer sessions that one opens. */
import { createHmac, hash, randomBytes } from 'node:crypto';
import { matchesApiKey, parseApiKey } from './api-key.ts';
import { DomainError } from './domain-error.ts';
import { narrowGrants } from './identity/narrow-grants.ts';
import { tokenDigest } from './identity/token-text.ts';
import type { AccountId, RoleId } from './ids.ts';
import type { Directory, Session } from './ports/directory.ts';
import type { IdentityStore } from './ports/identity-store.ts';
import { type Caller, PERMISSIONS, type Permission, type Principal } from './principal.ts';

export interface Sessions {
  /** @throws DomainError `unauthenticated` */
  authenticateApiKey(text: string, dialect: string): Promise<Caller>;
  /** Accepts a token and slides its expiry. @throws DomainError `session_expired` */
  authenticateToken(token: string, dialect: string): Promise<Caller>;
  /**
   * An access token (`identity/access-token.ts`): its principal with no more than the token's roles allow, and always in
   * need of proof.
   * @throws DomainError `unauthenticated`
   */
  authenticateAccessToken(text: string, dialect: string): Promise<Caller>;
  /** A new session of an authenticated caller. The token is shown once and stored as its SHA-256. */
  open(caller: Caller): Promise<{ readonly token: string; readonly expiresInSeconds: number }>;
  /** Ends a session; its token is dead when the promise resolves. */
  terminate(token: string): Promise<void>;
}

export interface SessionDependencies {
  readonly directory: Directory;
  readonly identities: Pick<IdentityStore, 'tokenByDigest' | 'findRole'>;
  readonly now: () => number;
  readonly sessionSeconds: number;
}

/**
 * Expiry is moved when this part of the lifetime has passed, so that not every request writes; it is granted on top,
 * so that a client that counts the lifetime from its last call is never surprised.
 */
const EXTEND_AFTER = 0.1;
const MAX_TOKEN_CHARACTERS = 256;

export function createSessions({ directory, identities, now, sessionSeconds }: SessionDependencies): Sessions {
  const lifetimeMs = sessionSeconds * 1000;
  const grantedMs = Math.ceil(lifetimeMs * (1 + EXTEND_AFTER));

  async function livePrincipal(id: Principal['id']): Promise<Principal | undefined> {
    const principal = await directory.principal(id);
    return principal?.enabled === true ? principal : undefined;
  }

  return {
    async authenticateApiKey(text, dialect) {
      const parsed = parseApiKey(text);
      if (parsed === undefined) throw new DomainError('unauthenticated', 'the API key is not valid');
      const stored = await directory.apiKeyDigests(parsed.principalId);
      const principal = matchesApiKey(parsed, stored) ? await livePrincipal(parsed.principalId) : undefined;
      if (principal === undefined) throw new DomainError('unauthenticated', 'the API key is not valid');
      return { principal, session: undefined, dialect };
    },

    async authenticateToken(token, dialect) {
      const session = await liveSession(directory, token, now());
      const principal = session === undefined ? undefined : await livePrincipal(session.principalId);
      if (session === undefined || principal === undefined) throw expired();
      const fresh = now() + grantedMs;
      if (fresh - session.expiresAtMs > lifetimeMs * EXTEND_AFTER)
        await directory.extendSession(session.tokenDigest, fresh);
      return { principal, session: { bindingKey: bindingKeyOf(token), expiresAtMs: fresh }, dialect };
    },

    async authenticateAccessToken(text, dialect) {
      const digest = tokenDigest(text);
      const token = digest === undefined ? undefined : await identities.tokenByDigest(digest);
      const live = token?.active === true && (token.expiresAtMs === undefined || token.expiresAtMs > now());
      const principal = live ? await livePrincipal(token.principalId) : undefined;
      if (token === undefined || principal?.accountId !== token.accountId)
        throw new DomainError('unauthenticated', 'the access token is not valid');
      const { roleIds } = token;
      const narrowedTo =
        roleIds === undefined ? undefined : await permissionsOf(identities, principal.accountId, roleIds);
      const narrowed =
        narrowedTo === undefined ? {} : { narrowedTo, grants: narrowGrants(principal.grants, narrowedTo) };
      return {
        // Also where the last credential is switched off: the token alone never changes or signs anything.
        principal: { ...principal, ...narrowed, requiresProof: true },
        session: undefined,
        dialect,
        token: { id: token.id, credentialId: token.credentialId },
      };
    },

    async open(caller) {
      const token = randomBytes(48).toString('base64url');
      const createdAtMs = now();
      await directory.insertSession({
        tokenDigest: digestOf(token),
        principalId: caller.principal.id,
        createdAtMs,
        expiresAtMs: createdAtMs + grantedMs,
      });
      return { token, expiresInSeconds: sessionSeconds };
    },

    async terminate(token) {
      await directory.removeSession(digestOf(token));
    },
  };
}

/** What the roles allow. One that is archived or gone allows nothing, and an administrator's everything. */
async function permissionsOf(
  identities: Pick<IdentityStore, 'findRole'>,
  accountId: AccountId,
  roleIds: readonly RoleId[],
): Promise<ReadonlySet<Permission>> {
  const allowed = new Set<Permission>();
  for (const id of roleIds) {
    const role = await identities.findRole(accountId, id);
    if (role?.archived === false) for (const permission of role.permissions) allowed.add(permission);
  }
  return allowed.has('administer') ? new Set(PERMISSIONS) : allowed;
}

async function liveSession(directory: Directory, token: string, nowMs: number): Promise<Session | undefined> {
  if (token.length > MAX_TOKEN_CHARACTERS) return undefined;
  const session = await directory.session(digestOf(token));
  return session !== undefined && session.expiresAtMs > nowMs ? session : undefined;
}

function expired(): DomainError {
  return new DomainError('session_expired', 'the session has ended; log in again');
}

/** Looked up by digest, so that the time of the look-up tells nothing about the token. */
function digestOf(token: string): Uint8Array {
  return hash('sha256', token, 'buffer');
}

/** Authenticates what only this session may hand back to us, without a record on the server. */
function bindingKeyOf(token: string): Uint8Array {
  return createHmac('sha256', token).update('countersign/session-binding/v1').digest();
}
