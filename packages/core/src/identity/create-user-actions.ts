/**
 * Signed user actions: a challenge over exactly one change, a credential's answer to it, and a token that lets this change
 * through once. Challenges and tokens live in memory for five minutes; what was proven is in the log.
 */
import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { DomainError } from '../domain-error.ts';
import type { AccountId, ApprovalId, CredentialId, PrincipalId, TokenId } from '../ids.ts';
import type { LogEvent } from '../log/event-entry.ts';
import type { IdentityStore } from '../ports/identity-store.ts';
import type { Caller } from '../principal.ts';
import { type ActionFacts, actionChallenge } from './action-challenge.ts';
import type { Credential } from './credential.ts';
import { ownCredentials } from './own-credentials.ts';
import { createSingleUseMap } from './single-use-map.ts';
import type { ActionSubject, CredentialAssertion } from './user-action.ts';
import type { UserActions } from './user-actions.ts';
import { type AssertionDependencies, verifyAssertion } from './verify-assertion.ts';

export interface UserActionDependencies extends AssertionDependencies {
  readonly identities: AssertionDependencies['identities'] & Pick<IdentityStore, 'findIdentity'>;
  /** Digest of the request or change that an approval is about; undefined: no such approval in the account. */
  readonly approvalDigest: (accountId: AccountId, id: ApprovalId) => Promise<Uint8Array | undefined>;
  /** Appends to the log; resolves with the leaf's index when it is durable. */
  readonly record: (event: LogEvent) => Promise<number>;
  readonly now: () => number;
}

const LIMITS = { lifetimeMs: 5 * 60_000, maxEntries: 100_000, maxPerOwner: 1_000 };

/** Who a challenge and a token are for. */
interface Holder {
  readonly principalId: PrincipalId;
  readonly tokenId: TokenId | undefined;
}

interface OpenAction {
  readonly holder: Holder;
  readonly facts: ActionFacts;
  readonly credentialIds: readonly CredentialId[];
}

interface ProvenBy {
  readonly holder: Holder;
  readonly facts: ActionFacts;
  readonly credential: Credential;
  readonly assertion: CredentialAssertion;
}

export function createUserActions(dependencies: UserActionDependencies): UserActions {
  const { identities, record, now } = dependencies;
  const open = createSingleUseMap<OpenAction>(LIMITS, now);
  const proven = createSingleUseMap<ProvenBy>(LIMITS, now);

  return {
    async begin(caller, subject, decisionOn) {
      checkSubject(subject);
      const credentials = await ownCredentials(identities, caller);
      if (credentials.length === 0)
        throw new DomainError('forbidden', 'the caller has no active credential to prove an action with', {
          subject: 'credential',
        });
      const facts: ActionFacts = {
        method: subject.method,
        path: subject.path,
        bodyDigest: sha256(subject.body),
        subjectDigest: decisionOn === undefined ? undefined : await digestOf(dependencies, caller, decisionOn),
        principalId: caller.principal.id,
        nonce: randomBytes(32),
        expiresAtMs: now() + LIMITS.lifetimeMs,
      };
      const { id, expiresAtMs } = open.put(caller.principal.id, {
        holder: holderOf(caller),
        facts,
        credentialIds: credentials.map((credential) => credential.id),
      });
      return { challenge: actionChallenge(facts), identifier: id, credentials, expiresAtMs };
    },

    async complete(caller, identifier, assertion) {
      const action = open.take(identifier);
      if (action === undefined || !isSameHolder(action.holder, caller))
        throw new DomainError('invalid_request', 'the challenge is unknown, expired or used already', {
          subject: 'challenge',
        });
      const { principal } = caller;
      const credential = await verifyAssertion(
        dependencies,
        principal.accountId,
        actionChallenge(action.facts),
        assertion,
        ({ id, principalId }) => principalId === principal.id && action.credentialIds.includes(id),
      );
      if (credential === undefined)
        throw new DomainError('forbidden', 'the answer to the challenge does not hold', { subject: 'credential' });
      return proven.put(principal.id, { holder: action.holder, facts: action.facts, credential, assertion }).id;
    },

    async prove(caller, token, subject) {
      // Taken before anything is compared: a token that was sent with something else is lost as well.
      const action = proven.take(token);
      if (action === undefined)
        throw new DomainError('invalid_request', 'the user action is unknown, expired or has been used already', {
          subject: 'user-action-used',
        });
      const { facts, holder } = action;
      const fits =
        isSameHolder(holder, caller) &&
        facts.method === subject.method &&
        facts.path === subject.path &&
        timingSafeEqual(facts.bodyDigest, sha256(subject.body));
      const { accountId } = caller.principal;
      const credential = fits ? await identities.findCredential(accountId, action.credential.id) : undefined;
      if (credential?.active !== true)
        throw new DomainError('forbidden', 'the user action was signed for another request, or by nobody any more', {
          subject: 'user-action',
        });
      const logIndex = await record(evidence(caller, action));
      const { subjectDigest } = facts;
      return { ...caller, proof: { credentialId: credential.id, tokenId: holder.tokenId, subjectDigest, logIndex } };
    },
  };
}

const METHODS: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);
/** Printable ASCII without `?`, `#`, and what JSON escapes: so that its length in the log is that of the path. */
const PATH = /^\/[!$-.0->@-[\]-~/]*$/;
const MAX_PATH_CHARACTERS = 2_048;

function checkSubject({ method, path }: ActionSubject): void {
  if (!METHODS.has(method))
    throw new DomainError('invalid_request', 'an action is a POST, PUT, PATCH or DELETE', { subject: 'user-action' });
  if (path.length > MAX_PATH_CHARACTERS || !PATH.test(path))
    throw new DomainError(
      'invalid_request',
      `the path of an action starts with a slash, is percent-encoded, has no query and at most ${MAX_PATH_CHARACTERS} characters`,
      { subject: 'user-action' },
    );
}

async function digestOf(
  { approvalDigest }: UserActionDependencies,
  { principal }: Caller,
  id: ApprovalId,
): Promise<Uint8Array> {
  const digest = await approvalDigest(principal.accountId, id);
  if (digest === undefined) throw new DomainError('not_found', 'no such approval', { subject: 'approval' });
  return digest;
}

function holderOf({ principal, token }: Caller): Holder {
  return { principalId: principal.id, tokenId: token?.id };
}

function isSameHolder(holder: Holder, caller: Caller): boolean {
  const own = holderOf(caller);
  return holder.principalId === own.principalId && holder.tokenId === own.tokenId;
}

/**
 * Everything with which somebody else can check the proof: compute the challenge from the facts, find it in `clientData`,
 * verify the signature under `publicKey`.
 */
function evidence(caller: Caller, { facts, holder, credential, assertion }: ProvenBy): LogEvent {
  const { material } = credential;
  return {
    kind: 'user-action',
    accountId: caller.principal.accountId,
    by: caller.principal.id,
    details: {
      dialect: caller.dialect,
      method: facts.method,
      path: facts.path,
      bodyDigest: base64url(facts.bodyDigest),
      subjectDigest: facts.subjectDigest === undefined ? null : base64url(facts.subjectDigest),
      nonce: base64url(facts.nonce),
      expiresAtMs: facts.expiresAtMs,
      tokenId: holder.tokenId ?? null,
      credentialId: credential.id,
      credentialKind: material.kind,
      publicKey: base64url(material.kind === 'key' ? material.spki : material.publicKey),
      clientData: base64url(assertion.clientData),
      authenticatorData: assertion.kind === 'passkey' ? base64url(assertion.authenticatorData) : null,
      signature: base64url(assertion.signature),
    },
  };
}

function sha256(bytes: Uint8Array): Uint8Array {
  return hash('sha256', bytes, 'buffer');
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}
