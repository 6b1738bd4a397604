/** Commands by which people get credentials and log in. */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { DomainError } from '../domain-error.ts';
import { type AccountId, type CredentialId, newId, type PrincipalId, type TokenId } from '../ids.ts';
import type { Invitation } from '../ports/identity-store.ts';
import type { Passkeys } from '../ports/passkeys.ts';
import type { Caller } from '../principal.ts';
import { createAttemptLimit } from './attempt-limit.ts';
import type { IdentityDependencies } from './create-identities.ts';
import type { Credential, CredentialMaterial } from './credential.ts';
import { planInvitation, wantedInvitation } from './credential-changes.ts';
import { decoyCredential } from './decoy-credential.ts';
import type { Identity } from './identities.ts';
import { isInPerson, noSuch, requirePermission } from './identity-access.ts';
import { checkName } from './identity-checks.ts';
import { invitePerson } from './invite-person.ts';
import { createLoginChallenges } from './login-challenges.ts';
import { generalCredentials } from './own-credentials.ts';
import { parseEmail } from './parse-email.ts';
import type { Registration, RegistrationChallenge } from './registration.ts';
import { createRegistrationCode, registrationCodeDigest } from './registration-code.ts';
import { createSingleUseMap } from './single-use-map.ts';
import { createTokenText } from './token-text.ts';
import { verifyAssertion } from './verify-assertion.ts';
import { verifyAttestation } from './verify-attestation.ts';

export interface RegistrationDependencies extends IdentityDependencies {
  readonly passkeys: Passkeys;
  /** 32 secret bytes that stay the same over restarts: see `decoy-credential.ts`. */
  readonly decoyKey: Uint8Array;
}

const LIMITS = { lifetimeMs: 5 * 60_000, maxEntries: 100_000, maxPerOwner: 100 };
const CODE_LIMITS = { maxFailures: 10, lockMs: 15 * 60_000, maxSubjects: 100_000 };
const LOGIN_LIFETIME_MS = 8 * 3_600_000;

/** A new credential that somebody was given a challenge for. */
interface OpenCredential {
  readonly accountId: AccountId;
  readonly principalId: PrincipalId;
  readonly challenge: string;
  /** Undefined: one more credential of a person that is logged in. */
  readonly invitation: Invitation | undefined;
  /** Of the caller where it is logged in, and what it asked for. */
  readonly tokenId: TokenId | undefined;
  readonly kind: 'key' | 'passkey' | undefined;
}

export function createRegistration(dependencies: RegistrationDependencies): Registration {
  const { identities, directory, governed, passkeys, renderClaims, decoyKey, now } = dependencies;
  const openCredentials = createSingleUseMap<OpenCredential>(LIMITS, now);
  const codeLimit = createAttemptLimit(CODE_LIMITS, now);
  const logins = createLoginChallenges(now);

  function challengeFor(
    identity: Identity,
    open: Omit<OpenCredential, 'challenge'>,
  ): Omit<RegistrationChallenge, 'temporaryToken'> {
    const challenge = randomBytes(32).toString('base64url');
    const { id, expiresAtMs } = openCredentials.put(identity.principal.id, { ...open, challenge });
    const { email, principal, credentials } = identity;
    return {
      challenge,
      identifier: id,
      relyingParty: passkeys.relyingParty,
      user: { id: principal.id, name: email ?? principal.name, displayName: principal.name },
      excludeCredentials: credentials.flatMap(({ material }) =>
        material.kind === 'passkey' ? [Buffer.from(material.rawId).toString('base64url')] : [],
      ),
      expiresAtMs,
    };
  }

  async function isLive(principalId: PrincipalId): Promise<boolean> {
    return (await directory.principal(principalId))?.enabled === true;
  }

  function newCredential(
    { accountId, principalId }: OpenCredential,
    name: string,
    material: CredentialMaterial,
  ): Credential {
    const id = newId<CredentialId>();
    return { id, accountId, principalId, name, material, active: true, createdAtMs: now() };
  }

  async function found(accountId: AccountId, id: PrincipalId): Promise<Identity> {
    const identity = await identities.findIdentity(accountId, id);
    if (identity === undefined) throw noSuch('user');
    return identity;
  }

  return {
    relyingPartyId: passkeys.relyingParty.id,

    inviteUser: (caller, user) => invitePerson(dependencies, caller, user),

    async renewInvitation(caller, principalId) {
      requirePermission(caller.principal, 'update-user');
      const code = createRegistrationCode();
      const change = wantedInvitation(principalId, code.digest);
      const make = await planInvitation(dependencies, caller.principal, change);
      await governed.run(caller, change, make);
      return code.text;
    },

    async beginRegistration(emailText, registrationCode) {
      const email = parseEmail(emailText);
      if (email === undefined) throw badRegistration();
      const identity = await identities.findByEmail(email);
      const invitation = identity?.invitation;
      const fits = isCodeOf(invitation, registrationCode);
      const live = identity !== undefined && (await isLive(identity.principal.id));
      if (!fits || invitation === undefined || !live || invitation.expiresAtMs <= now()) {
        // Only wrong codes are counted and refused: anybody can send them, and they mustn't keep the person itself out.
        codeLimit.check(email);
        codeLimit.fail(email);
        throw badRegistration();
      }
      codeLimit.succeed(email);
      const { accountId, id: principalId } = identity.principal;
      const open = { accountId, principalId, invitation, tokenId: undefined, kind: undefined };
      const challenge = challengeFor(identity, open);
      return { ...challenge, temporaryToken: challenge.identifier };
    },

    async completeRegistration(temporaryToken, attestation, name) {
      checkName(name, "a credential's name");
      const open = openCredentials.take(temporaryToken);
      if (open?.invitation === undefined || open.invitation.expiresAtMs <= now() || !(await isLive(open.principalId)))
        throw badChallenge();
      const material = await verifyAttestation(passkeys, attestation, open.challenge);
      if (material === undefined) throw badAttestation();
      const credential = newCredential(open, name, material);
      // Everything that was lost, or is in other hands, is switched off by the same write.
      const options = { spendInvitation: open.invitation, replacesAll: true };
      if (!(await identities.insertCredential(credential, options, open.principalId))) throw badChallenge();
      return { identity: await found(open.accountId, open.principalId), credential };
    },

    async beginLogin(emailText) {
      const email = parseEmail(emailText);
      if (email === undefined) throw new DomainError('invalid_request', 'that is not an email address');
      const identity = await identities.findByEmail(email);
      const credentials = identity === undefined ? [] : generalCredentials(identity);
      const { challenge, identifier, expiresAtMs } = logins.make(email);
      const offered = credentials.length === 0 ? [decoyCredential(decoyKey, email)] : credentials;
      return { challenge, identifier, credentials: offered, expiresAtMs };
    },

    async completeLogin(identifier, assertion) {
      const login = logins.open(identifier);
      const identity = login && (await identities.findByEmail(login.email));
      if (login === undefined || identity === undefined) throw badLogin();
      const { principal } = identity;
      const { accountId, id: principalId } = principal;
      const mayAnswer = new Set(generalCredentials(identity).map(({ id }) => id));
      const credential = await verifyAssertion(dependencies, accountId, login.challenge, assertion, ({ id }) =>
        mayAnswer.has(id),
      );
      if (credential === undefined || principal.kind !== 'user' || !(await isLive(principalId))) throw badLogin();
      if (!logins.spend(identifier)) throw badLogin();
      const draft = {
        id: newId<TokenId>(),
        accountId,
        principalId,
        kind: 'login' as const,
        name: 'login',
        credentialId: undefined,
        roleIds: undefined,
        active: true,
        createdAtMs: now(),
        expiresAtMs: now() + LOGIN_LIFETIME_MS,
      };
      const { text, digest } = createTokenText(draft, renderClaims);
      await identities.insertToken({ ...draft, digest }, undefined, principalId);
      return { identity: await found(accountId, principalId), accessToken: text };
    },

    async logout({ principal, token }) {
      const stored = token && (await identities.findToken(principal.accountId, token.id));
      if (stored?.kind !== 'login')
        throw new DomainError('invalid_request', 'only a token from a login ends by logging out', { subject: 'token' });
      await identities.deleteToken(principal.accountId, stored.id, principal.id);
    },

    async beginCredential(caller, kind) {
      requirePerson(caller);
      const { principal, token } = caller;
      const identity = await found(principal.accountId, principal.id);
      const open = {
        accountId: principal.accountId,
        principalId: principal.id,
        invitation: undefined,
        tokenId: token?.id,
        kind,
      };
      return { ...challengeFor(identity, open), temporaryToken: undefined };
    },

    async completeCredential(caller, identifier, attestation, name) {
      requirePerson(caller);
      checkName(name, "a credential's name");
      const { principal, token } = caller;
      const open = openCredentials.take(identifier);
      // One for a first registration has no kind, and fits nothing here.
      const isOwn = open?.principalId === principal.id && open.tokenId === token?.id;
      if (open === undefined || !isOwn || open.kind !== attestation.kind) throw badChallenge();
      const material = await verifyAttestation(passkeys, attestation, open.challenge);
      if (material === undefined) throw badAttestation();
      const credential = newCredential(open, name, material);
      const options = { spendInvitation: undefined, replacesAll: false };
      if (!(await identities.insertCredential(credential, options, principal.id))) throw noSuch('user');
      return credential;
    },
  };
}

const NO_DIGEST = Buffer.alloc(32);

/** Takes the same time whether there is an invitation or not. */
function isCodeOf(invitation: Invitation | undefined, code: string): boolean {
  const digest = registrationCodeDigest(code) ?? NO_DIGEST;
  const equal = timingSafeEqual(invitation?.codeDigest ?? NO_DIGEST, digest);
  return equal && invitation !== undefined && digest !== NO_DIGEST;
}

/** A program that has a person's token can't give itself the person's credentials. */
function requirePerson(caller: Caller): void {
  if (caller.principal.kind !== 'user' || !isInPerson(caller, caller.principal.id))
    throw new DomainError('forbidden', 'credentials are registered by a person that is logged in');
}

function badRegistration(): DomainError {
  return new DomainError('unauthenticated', 'email and registration code do not belong together, or the code is used');
}

function badLogin(): DomainError {
  return new DomainError('unauthenticated', 'the login does not hold; begin it again');
}

function badChallenge(): DomainError {
  return new DomainError('invalid_request', 'the challenge is unknown, expired or used already', {
    subject: 'challenge',
  });
}

function badAttestation(): DomainError {
  return new DomainError('forbidden', 'the new credential is not proven to be held', { subject: 'credential' });
}
