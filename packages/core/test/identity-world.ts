/** Everything about identities over small stores, for tests of its commands. */
import { createPublicKey, generateKeyPairSync, hash, type KeyObject, sign, verify } from 'node:crypto';
import type { ActivityKind } from '../src/governance/approval.ts';
import type { ChangeRequest } from '../src/governance/change-request.ts';
import type { ChangeApplier, GovernedChanges } from '../src/governance/governed-changes.ts';
import { createIdentities } from '../src/identity/create-identities.ts';
import { createRegistration } from '../src/identity/create-registration.ts';
import { createUserActions } from '../src/identity/create-user-actions.ts';
import type { IssuedToken, NewServiceAccount } from '../src/identity/identities.ts';
import type { CredentialAttestation } from '../src/identity/registration.ts';
import type { ActionSubject, CredentialAssertion } from '../src/identity/user-action.ts';
import { type ApprovalId, type CredentialId, type GroupId, type KeyId, newId } from '../src/ids.ts';
import { installOnce } from '../src/install.ts';
import { encodeEvent, type LogEvent } from '../src/log/event-entry.ts';
import type { Passkeys } from '../src/ports/passkeys.ts';
import type { Caller } from '../src/principal.ts';
import { createSessions } from '../src/sessions.ts';
import { inMemoryDirectory } from './in-memory-directory.ts';
import { inMemoryIdentities } from './in-memory-identity-store.ts';
import { keyOf } from './recording-ports.ts';

/** A signer as clients have it: a private key, and the PEM of its public half. */
export interface TestSigner {
  readonly publicKeyPem: string;
  readonly sign: (message: Uint8Array) => Uint8Array;
}

export function signerOf(
  pair: { readonly publicKey: KeyObject; readonly privateKey: KeyObject } = generateKeyPairSync('ed25519'),
): TestSigner {
  const digest = pair.privateKey.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  return {
    publicKeyPem: pair.publicKey.export({ format: 'pem', type: 'spki' }).toString(),
    sign: (message) => sign(digest, message, pair.privateKey),
  };
}

export function keyAssertion(
  credentialId: CredentialId,
  signer: TestSigner,
  challenge: string,
  type = 'key.get',
): CredentialAssertion & { readonly kind: 'key' } {
  const clientData = Buffer.from(JSON.stringify({ type, challenge }));
  return { kind: 'key', credentialId, clientData, signature: signer.sign(clientData) };
}

export function keyAttestation(
  signer: TestSigner,
  challenge: string,
): CredentialAttestation & { readonly kind: 'key' } {
  const clientData = Buffer.from(JSON.stringify({ type: 'key.create', challenge }));
  const { publicKeyPem } = signer;
  const fingerprint = { clientDataHash: hash('sha256', clientData), publicKey: publicKeyPem };
  return { kind: 'key', clientData, publicKeyPem, signature: signer.sign(Buffer.from(JSON.stringify(fingerprint))) };
}

/** A WebAuthn of the simplest kind: the client data is the challenge, the attestation the key in DER. */
export const toyPasskeys: Passkeys = {
  relyingParty: { id: 'localhost', name: 'test' },
  async verifyAttestation({ rawId, clientData, attestationObject }, challenge) {
    const holds = Buffer.from(clientData).toString() === challenge;
    return holds ? { rawId, publicKey: attestationObject, signCount: 0 } : undefined;
  },
  async verifyAssertion({ clientData, authenticatorData, signature }, challenge, known) {
    const key = createPublicKey({ key: Buffer.from(known.publicKey), format: 'der', type: 'spki' });
    const count = authenticatorData[0] ?? 0;
    const holds = Buffer.from(clientData).toString() === challenge && verify(null, clientData, key, signature);
    return holds && count >= known.signCount ? count : undefined;
  },
};

/** Changes of the activities in `asks` wait until `approve`; all others are made at once. */
export function switchableGovernance(): GovernedChanges & {
  readonly asks: Set<ActivityKind>;
  readonly pending: ChangeRequest[];
  approve(requester: Caller): Promise<void>;
} {
  const appliers = new Map<ChangeRequest['kind'], ChangeApplier>();
  const asks = new Set<ActivityKind>();
  const pending: ChangeRequest[] = [];
  return {
    asks,
    pending,
    register(kind, applier) {
      if (appliers.has(kind)) throw new Error(`${kind} is registered twice`);
      appliers.set(kind, applier);
    },
    async run(caller, { activity, facts: _facts, ...what }, apply) {
      if (!asks.has(activity)) return { done: true, entity: await apply() };
      const change: ChangeRequest = {
        ...what,
        id: newId(),
        accountId: caller.principal.accountId,
        requesterId: caller.principal.id,
        digest: new Uint8Array(32),
        status: 'pending',
        reason: undefined,
        approvalId: newId(),
        createdAtMs: 0,
        resolvedAtMs: undefined,
        version: 1,
      };
      // As a store gives it back.
      pending.push({ ...change, body: JSON.parse(JSON.stringify(change.body)) });
      return { done: false, change };
    },
    async approve(requester) {
      for (const change of pending.splice(0)) {
        const applier = appliers.get(change.kind);
        if (applier === undefined) throw new Error(`nothing applies ${change.kind}`);
        if (await applier.isApplied(change)) throw new Error('applied before it was approved');
        await applier.apply(change, requester.principal);
        if (!(await applier.isApplied(change))) throw new Error('not applied after all');
      }
    },
    release: async () => undefined,
    resume: async () => 0,
  };
}

export async function identityWorld() {
  const clock = { nowMs: 1_800_000_000_000 };
  const now = (): number => clock.nowMs;
  const base = inMemoryDirectory();
  const installation = await installOnce(base, undefined, clock.nowMs);
  if (installation === undefined) throw new Error('not installed');
  const { store, directory } = inMemoryIdentities(base);
  const governed = switchableGovernance();
  const keyGroups = new Map<KeyId, GroupId>();
  const keys = {
    resolve: async (_account: unknown, references: readonly unknown[]) =>
      references.map((reference) => {
        const { id } = reference as { readonly id: KeyId };
        const groupId = keyGroups.get(id);
        return groupId === undefined ? undefined : keyOf({ id, groupId, accountId: installation.accountId });
      }),
  };
  const events: LogEvent[] = [];
  const approvals = new Map<ApprovalId, Uint8Array>();
  const shared = {
    identities: store,
    directory,
    keys,
    governed,
    passkeys: toyPasskeys,
    decoyKey: new Uint8Array(32).fill(7),
    now,
    renderClaims: ({ accountId, principalId }: { readonly accountId: string; readonly principalId: string }) => ({
      org: accountId,
      user: principalId,
    }),
    approvalDigest: async (_account: unknown, id: ApprovalId) => approvals.get(id),
    record: async (event: LogEvent) => {
      encodeEvent(event, clock.nowMs);
      return events.push(event) - 1;
    },
  };
  const identities = createIdentities(shared);
  const registration = createRegistration(shared);
  const userActions = createUserActions(shared);
  const sessions = createSessions({ directory, identities: store, now, sessionSeconds: 600 });
  const admin = await sessions.authenticateApiKey(installation.apiKeyText ?? '', 'test');

  /** A service account with its signer, and the caller that its token makes. */
  async function service(
    request: Partial<NewServiceAccount> = {},
    by: Caller = admin,
  ): Promise<IssuedToken & { readonly signer: TestSigner; readonly caller: Caller }> {
    const signer = signerOf();
    const issued = await identities.createServiceAccount(by, {
      name: `service ${newId()}`,
      publicKeyPem: signer.publicKeyPem,
      roleIds: [],
      permissions: [],
      externalId: undefined,
      lifetimeSeconds: undefined,
      ...request,
    });
    return { ...issued, signer, caller: await sessions.authenticateAccessToken(issued.accessToken, 'test') };
  }

  /** A registered person that is logged in with a key. */
  async function person(email: string, administrator = false) {
    const { identity, registrationCode } = await registration.inviteUser(admin, {
      email,
      externalId: undefined,
      administrator,
    });
    const signer = signerOf();
    const begun = await registration.beginRegistration(email, registrationCode);
    const { credential } = await registration.completeRegistration(
      begun.temporaryToken ?? '',
      keyAttestation(signer, begun.challenge),
      'first',
    );
    const caller = await login(email, credential.id, signer);
    return { id: identity.principal.id, signer, credential, caller };
  }

  async function login(email: string, credentialId: CredentialId, signer: TestSigner): Promise<Caller> {
    const begun = await registration.beginLogin(email);
    const assertion = keyAssertion(credentialId, signer, begun.challenge);
    const { accessToken } = await registration.completeLogin(begun.identifier, assertion);
    return sessions.authenticateAccessToken(accessToken, 'test');
  }

  /** The token of an action that the signer has signed. */
  async function actionToken(
    caller: Caller,
    credentialId: CredentialId,
    signer: TestSigner,
    subject: ActionSubject,
    decisionOn?: ApprovalId,
  ): Promise<string> {
    const { challenge, identifier } = await userActions.begin(caller, subject, decisionOn);
    return userActions.complete(caller, identifier, keyAssertion(credentialId, signer, challenge));
  }

  return {
    clock,
    base,
    directory,
    store,
    governed,
    keyGroups,
    events,
    approvals,
    identities,
    registration,
    userActions,
    sessions,
    admin,
    groupId: installation.groupId,
    service,
    person,
    login,
    actionToken,
  };
}
