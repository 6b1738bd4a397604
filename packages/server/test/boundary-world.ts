/**
 * For tests of who may do what through dialects with bearer tokens: a service in this process with two accounts, people
 * and services of any kind, and objects for calls to be about. Everything is made by the core's own commands or written
 * to the store, so that no call of a dialect stands behind what another one is tested with.
 */
import { generateKeyPairSync, hash, type KeyObject, sign } from 'node:crypto';
import type { AccessToken } from '@countersign/core/identity/access-token';
import type { Credential } from '@countersign/core/identity/credential';
import type { Role, RoleAssignment } from '@countersign/core/identity/role';
import { createTokenText } from '@countersign/core/identity/token-text';
import type {
  ApprovalId,
  AssignmentId,
  CredentialId,
  KeyId,
  RoleId,
  TokenId,
  WalletId,
  WebhookEventId,
  WebhookId,
} from '@countersign/core/ids';
import { type AccountId, type GroupId, newId, newOrderedId, type PrincipalId } from '@countersign/core/ids';
import type { KeyRecord } from '@countersign/core/key-record';
import type { NewKey } from '@countersign/core/keys';
import type { Caller, Permission, Principal } from '@countersign/core/principal';
import type { SignatureRequest } from '@countersign/core/requests/signature-request';
import { renderTokenClaims } from '../src/dialects/dfns/token-claims.ts';
import { type DsmService, startDsmService } from './dsm-service.ts';

/** Somebody with a token, and with a key to prove actions. */
export interface Holder {
  readonly id: PrincipalId;
  readonly kind: Principal['kind'];
  readonly accountId: AccountId;
  readonly email: string | undefined;
  readonly token: string;
  readonly tokenKind: AccessToken['kind'];
  readonly tokenId: TokenId;
  readonly credentialId: CredentialId;
  readonly privateKey: KeyObject;
}

export interface HolderWish {
  readonly kind?: Principal['kind'];
  readonly account?: Home;
  readonly permissions?: readonly Permission[];
  /** Of a personal token: no more than this. */
  readonly narrowedTo?: readonly Permission[];
  readonly tokenActive?: boolean;
  readonly tokenExpired?: boolean;
  readonly enabled?: boolean;
}

export interface Home {
  readonly accountId: AccountId;
  readonly groupId: GroupId;
  /** An administrator's, without credentials. */
  readonly apiKey: string;
}

const KEPT_WEBHOOKS = 10;

export type BoundaryWorld = Awaited<ReturnType<typeof startBoundaryWorld>>;

export async function startBoundaryWorld() {
  const faults: unknown[] = [];
  const service: DsmService = await startDsmService({
    limits: { maxBodyBytes: 256 * 1024, maxBatchItems: 50 },
    logger: { error: (fields) => faults.push(fields), warn: (fields) => faults.push(fields), debug: () => {} },
  });
  const { services, store } = service;
  const admin = await services.sessions.authenticateApiKey(service.apiKey, 'dfns');
  const home: Home = { accountId: service.accountId, groupId: service.groupId, apiKey: service.apiKey };
  const otherKey = await service.addAccount();
  const { accountId, defaultGroupId } = (await services.sessions.authenticateApiKey(otherKey, 'dfns')).principal;
  if (defaultGroupId === undefined) throw new Error('an account without a group');
  const elsewhere: Home = { accountId, groupId: defaultGroupId, apiKey: otherKey };
  let number = 0;
  const webhooks: WebhookId[] = [];

  function roleWith(account: Home, permissions: readonly Permission[]): Role {
    const nowMs = Date.now();
    return {
      id: newId<RoleId>(),
      accountId: account.accountId,
      name: `role ${++number}`,
      permissions,
      immutable: false,
      archived: false,
      createdAtMs: nowMs,
      updatedAtMs: nowMs,
      version: 1,
    };
  }

  function credentialFor({ accountId, id }: Pick<Holder, 'accountId' | 'id'>): {
    readonly credential: Credential;
    readonly privateKey: KeyObject;
  } {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const spki = publicKey.export({ type: 'spki', format: 'der' });
    return {
      privateKey,
      credential: {
        id: newId<CredentialId>(),
        accountId,
        principalId: id,
        name: `credential ${++number}`,
        material: { kind: 'key', spki },
        active: true,
        createdAtMs: Date.now(),
      },
    };
  }

  function tokenFor(
    owner: Pick<Holder, 'accountId' | 'id'>,
    facts: Pick<AccessToken, 'kind'> &
      Partial<Pick<AccessToken, 'credentialId' | 'roleIds' | 'active' | 'expiresAtMs'>>,
  ): { readonly token: AccessToken; readonly text: string } {
    const draft = {
      credentialId: undefined,
      roleIds: undefined,
      active: true,
      expiresAtMs: undefined,
      ...facts,
      id: newId<TokenId>(),
      accountId: owner.accountId,
      principalId: owner.id,
      name: `token ${++number}`,
      createdAtMs: Date.now(),
    };
    const { text, digest } = createTokenText(draft, renderTokenClaims);
    return { token: { ...draft, digest }, text };
  }

  async function addHolder(wish: HolderWish = {}): Promise<Holder> {
    const { kind = 'user', account = home, permissions = [], narrowedTo, enabled = true, tokenActive = true } = wish;
    const id = newId<PrincipalId>();
    const owner = { id, accountId: account.accountId };
    const { credential, privateKey } = credentialFor(owner);
    const own = permissions.length === 0 ? [] : [roleWith(account, permissions)];
    const narrow = narrowedTo === undefined ? [] : [roleWith(account, narrowedTo)];
    const assignments = own.map(
      (role): RoleAssignment => ({
        id: newId<AssignmentId>(),
        accountId: account.accountId,
        roleId: role.id,
        principalId: id,
        scope: { kind: 'account' },
        createdAtMs: Date.now(),
      }),
    );
    const isNarrow = narrowedTo !== undefined;
    const { token, text } = tokenFor(owner, {
      kind: kind === 'service' ? 'service-account' : isNarrow ? 'personal' : 'login',
      credentialId: kind === 'service' || isNarrow ? credential.id : undefined,
      roleIds: isNarrow ? narrow.map((role) => role.id) : undefined,
      active: tokenActive,
      expiresAtMs: wish.tokenExpired === true ? Date.now() - 1 : undefined,
    });
    const email = kind === 'user' ? `person-${++number}@example.com` : undefined;
    await store.identities.insertIdentity(
      {
        principal: {
          ...owner,
          kind,
          name: email ?? `service ${++number}`,
          enabled: true,
          defaultGroupId: account.groupId,
          grants: [],
          requiresProof: true,
        },
        group: undefined,
        email,
        externalId: undefined,
        roles: [...own, ...narrow],
        assignments,
        credentials: [credential],
        tokens: [token],
        invitation: undefined,
        createdAtMs: Date.now(),
      },
      admin.principal.id,
    );
    if (!enabled) await store.identities.setEnabled(account.accountId, id, false, admin.principal.id);
    return {
      ...owner,
      kind,
      email,
      token: text,
      tokenKind: token.kind,
      tokenId: token.id,
      credentialId: credential.id,
      privateKey,
    };
  }

  const callerOf = (holder: Holder, dialect: string): Promise<Caller> =>
    services.sessions.authenticateAccessToken(holder.token, dialect);

  /** The text that a challenge is answered with, and the signature on it. */
  function answerTo(challenge: string, holder: Pick<Holder, 'privateKey'>) {
    const clientData = Buffer.from(JSON.stringify({ type: 'key.get', challenge }));
    return { clientData, signature: sign(null, clientData, holder.privateKey) };
  }

  /** A new credential's proof that it is held. */
  function attest(challenge: string) {
    const keys = generateKeyPairSync('ed25519');
    const publicKey = keys.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const clientData = Buffer.from(JSON.stringify({ type: 'key.create', challenge }));
    const signed = Buffer.from(JSON.stringify({ clientDataHash: hash('sha256', clientData), publicKey }));
    return { clientData, publicKey, signature: sign(null, signed, keys.privateKey) };
  }

  /** A token for exactly this change. */
  async function prove(
    holder: Holder,
    dialect: string,
    change: { readonly method: string; readonly path: string; readonly body: string },
    approval?: ApprovalId,
  ): Promise<string> {
    const caller = await callerOf(holder, dialect);
    const { identifier, challenge } = await services.userActions.begin(
      caller,
      { method: change.method, path: change.path, body: Buffer.from(change.body) },
      approval,
    );
    const answer = { kind: 'key', credentialId: holder.credentialId, ...answerTo(challenge, holder) } as const;
    return services.userActions.complete(caller, identifier, answer);
  }

  const key = (overrides: Partial<NewKey> = {}): Promise<KeyRecord> =>
    services.keys.generate(admin, {
      name: undefined,
      description: '',
      groupId: undefined,
      algorithm: 'ed25519',
      parameters: {},
      custody: 'vault',
      persistence: 'stored',
      operations: ['sign', 'verify'],
      exportable: false,
      enabled: true,
      state: 'active',
      deterministicSignatures: undefined,
      allowSignDigest: true,
      verifyAfterSign: false,
      dialectAttributes: {},
      ...overrides,
    });

  async function wallet(): Promise<{ readonly id: WalletId; readonly keyId: KeyId }> {
    const { id: keyId } = await key();
    const wish = { network: 'KeyEdDSA', chain: undefined, name: undefined, tags: ['tag'], externalId: undefined };
    const made = await services.wallets.create(admin, wish, { existing: keyId });
    return { id: made.wallet.id, keyId };
  }

  async function request(keyId: KeyId, walletId?: WalletId): Promise<SignatureRequest> {
    const payload = { kind: 'message', bytes: Buffer.alloc(32, 7), digest: undefined } as const;
    const [result] = await services.requests.create(admin, [
      {
        ok: true,
        item: {
          key: { by: 'id', id: keyId },
          walletId,
          content: { kind: 'plain', payload, options: {} },
          body: JSON.stringify({ kind: 'Hash', hash: `0x${'07'.repeat(32)}` }),
          externalId: undefined,
        },
      },
    ]);
    if (result?.ok !== true) throw new Error('no request was made');
    return result.request;
  }

  /** On signatures with this key; `approvers`: who must approve, none for a policy that only notes. */
  function policy(keyId: KeyId, approvers: readonly PrincipalId[] = []) {
    const group = {
      name: undefined,
      quorum: 1,
      approvers,
      initiatorCanApprove: false,
      serviceAccountsCanApprove: true,
      signedOnly: false,
    };
    return services.governance.createPolicy(admin, {
      name: `policy ${++number}`,
      activity: 'sign',
      rule: { kind: 'always', configuration: {} },
      action:
        approvers.length === 0
          ? { kind: 'none' }
          : { kind: 'request-approval', groups: [group], expiresAfterMinutes: 60 },
      filters: { keyIds: [keyId] },
    });
  }

  const world = {
    service,
    services,
    store,
    faults,
    home,
    elsewhere,
    /** The administrator of the first account, without credentials. */
    admin,
    next: (): number => ++number,
    addHolder,
    callerOf,
    answerTo,
    attest,
    prove,
    key,
    wallet,
    request,
    policy,

    /** A request that waits for this approver. */
    async pending(
      approver: PrincipalId,
    ): Promise<{ readonly request: SignatureRequest; readonly approval: ApprovalId }> {
      const { id } = await key();
      await policy(id, [approver]);
      const made = await request(id);
      if (made.approvalId === undefined) throw new Error('nothing waits');
      return { request: made, approval: made.approvalId };
    },

    /** An archive of a policy that waits for approval. */
    async pendingChange() {
      const { id } = await policy((await key()).id);
      const group = {
        name: undefined,
        quorum: 1,
        approvers: 'anyone',
        initiatorCanApprove: false,
        serviceAccountsCanApprove: false,
        signedOnly: false,
      } as const;
      await services.governance.createPolicy(admin, {
        name: `policy ${++number}`,
        activity: 'modify-policy',
        rule: { kind: 'always', configuration: {} },
        action: { kind: 'request-approval', groups: [group], expiresAfterMinutes: undefined },
        filters: { policyIds: [id] },
      });
      const result = await services.governance.archivePolicy(admin, id);
      if (result.done) throw new Error('the change does not wait');
      return { policyId: id, change: result.change };
    },

    async role(permissions: readonly Permission[]): Promise<RoleId> {
      const role = roleWith(home, permissions);
      await store.identities.insertRole(role, admin.principal.id);
      return role.id;
    },

    async assignment(permissions: readonly Permission[]): Promise<RoleAssignment> {
      const [person, roleId] = [await addHolder(), await world.role(permissions)];
      const made = await services.identities.assignRole(admin, {
        roleId,
        principalId: person.id,
        scope: { kind: 'account' },
      });
      if (!made.done) throw new Error('the assignment waits');
      return made.entity;
    },

    /** One more credential. */
    async credential(holder: Holder): Promise<CredentialId> {
      const { credential } = credentialFor(holder);
      await store.identities.insertCredential(
        credential,
        { spendInvitation: undefined, replacesAll: false },
        holder.id,
      );
      return credential.id;
    },

    /** One more token, personal. */
    async personalToken(holder: Holder): Promise<TokenId> {
      const { credential } = credentialFor(holder);
      const { token } = tokenFor(holder, { kind: 'personal', credentialId: credential.id });
      await store.identities.insertToken(token, credential, holder.id);
      return token.id;
    },

    invitation: () =>
      services.registration.inviteUser(admin, {
        email: `invited-${++number}@example.com`,
        externalId: undefined,
        administrator: false,
      }),

    /** A new public key in PEM. */
    publicKey: (): string =>
      generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString(),

    async webhook(dialect = 'dfns'): Promise<WebhookId> {
      const draft = { url: 'https://hooks.example/', events: 'all', enabled: false, description: undefined } as const;
      // An account has a hundred at most.
      const oldest = webhooks.length > KEPT_WEBHOOKS ? webhooks.shift() : undefined;
      if (oldest !== undefined) await store.webhooks.remove(home.accountId, oldest, admin.principal.id);
      const { id } = (await services.webhooks.create({ ...admin, dialect }, draft)).webhook;
      webhooks.push(id);
      return id;
    },

    async delivery(webhookId: WebhookId): Promise<WebhookEventId> {
      const id = newOrderedId<WebhookEventId>();
      const { id: entityId } = await key();
      const nowMs = Date.now();
      await store.webhooks.insertDelivery(
        {
          id,
          webhookId,
          event: { kind: 'key-created', accountId: home.accountId, entityId, atMs: nowMs },
          status: 'pending',
          attempt: 1,
          retryOf: undefined,
          sentBody: undefined,
          sentAtMs: undefined,
          error: undefined,
          createdAtMs: nowMs,
        },
        nowMs + 86_400_000,
      );
      return id;
    },
  };
  return world;
}
