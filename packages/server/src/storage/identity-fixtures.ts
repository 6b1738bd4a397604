/** What the tests of stores put into them: people, services, roles, wallets and webhooks. */
import { randomBytes } from 'node:crypto';
import type { AccessToken } from '@countersign/core/identity/access-token';
import type { Credential } from '@countersign/core/identity/credential';
import type { Role, RoleAssignment } from '@countersign/core/identity/role';
import {
  type AssignmentId,
  type CredentialId,
  type GroupId,
  newId,
  newOrderedId,
  type PrincipalId,
  type RoleId,
  type TokenId,
  type WalletId,
  type WebhookEventId,
  type WebhookId,
} from '@countersign/core/ids';
import type { KeyRecord } from '@countersign/core/key-record';
import type { NewIdentity } from '@countersign/core/ports/identity-store';
import type { Wallet } from '@countersign/core/wallets/wallet';
import type { Webhook, WebhookDelivery } from '@countersign/core/webhooks/webhook';
import type { Household } from './store-fixtures.ts';

/** Not a Buffer: what comes back from a store is compared with it. */
export function newBytes(length: number): Uint8Array {
  return new Uint8Array(randomBytes(length));
}

export function newPerson({ account, administrator }: Household, changes: Partial<NewIdentity> = {}): NewIdentity {
  const id = newId<PrincipalId>();
  const groupId = newId<GroupId>();
  const email = `${id}@example.test`;
  return {
    principal: {
      id,
      accountId: account.id,
      kind: 'user',
      name: email,
      enabled: true,
      defaultGroupId: groupId,
      grants: [],
      requiresProof: false,
      createdBy: administrator.id,
    },
    group: { id: groupId, accountId: account.id, name: `person ${id}`, createdBy: administrator.id, createdAtMs: 7 },
    email,
    externalId: undefined,
    roles: [],
    assignments: [],
    credentials: [],
    tokens: [],
    invitation: { codeDigest: newBytes(32), expiresAtMs: 86_400_000 },
    createdAtMs: 8,
    ...changes,
  };
}

/** A service with a role of its own, a credential, and a token that is proven by it. */
export function newService(home: Household, changes: Partial<NewIdentity> = {}): NewIdentity & OneOfEach {
  const { principal } = newPerson(home);
  const service = {
    ...principal,
    kind: 'service',
    name: `service ${principal.id}`,
    defaultGroupId: home.group.id,
  } as const;
  const role = newRole(home, { permissions: ['sign', 'read-key'] });
  const assignment = newAssignment(home, role.id, principal.id);
  const credential = newCredential(home, principal.id);
  const token = newToken(home, principal.id, { kind: 'service-account', credentialId: credential.id });
  return {
    principal: service,
    group: undefined,
    email: undefined,
    externalId: `external ${principal.id}`,
    roles: [role],
    assignments: [assignment],
    credentials: [credential],
    tokens: [token],
    invitation: undefined,
    createdAtMs: 9,
    ...changes,
    role,
    assignment,
    credential,
    token,
  };
}

interface OneOfEach {
  readonly role: Role;
  readonly assignment: RoleAssignment;
  readonly credential: Credential;
  readonly token: AccessToken;
}

export function newRole({ account }: Household, changes: Partial<Role> = {}): Role {
  const id = newId<RoleId>();
  return {
    id,
    accountId: account.id,
    name: `role ${id}`,
    permissions: ['sign'],
    immutable: false,
    archived: false,
    createdAtMs: 11,
    updatedAtMs: 11,
    version: 1,
    ...changes,
  };
}

export function newAssignment(
  { account }: Household,
  roleId: RoleId,
  principalId: PrincipalId,
  scope: RoleAssignment['scope'] = { kind: 'account' },
): RoleAssignment {
  return { id: newId<AssignmentId>(), accountId: account.id, roleId, principalId, scope, createdAtMs: 12 };
}

export function newCredential(
  { account }: Household,
  principalId: PrincipalId,
  changes: Partial<Credential> = {},
): Credential {
  return {
    id: newId<CredentialId>(),
    accountId: account.id,
    principalId,
    name: 'a key',
    material: { kind: 'key', spki: newBytes(44) },
    active: true,
    createdAtMs: 13,
    ...changes,
  };
}

export function newPasskey(home: Household, principalId: PrincipalId, changes: Partial<Credential> = {}): Credential {
  const material = {
    kind: 'passkey',
    rawId: newBytes(32),
    publicKey: newBytes(77),
    signCount: 5,
    transports: ['usb', 'nfc'],
  } as const;
  return newCredential(home, principalId, { name: 'a passkey', material, ...changes });
}

export function newToken(
  { account }: Household,
  principalId: PrincipalId,
  changes: Partial<AccessToken> = {},
): AccessToken {
  return {
    id: newId<TokenId>(),
    accountId: account.id,
    principalId,
    kind: 'personal',
    name: 'a token',
    digest: newBytes(32),
    credentialId: undefined,
    roleIds: undefined,
    active: true,
    createdAtMs: 14,
    expiresAtMs: undefined,
    ...changes,
  };
}

export function newWallet(
  { account, administrator }: Household,
  key: KeyRecord,
  changes: Partial<Wallet> = {},
): Wallet {
  return {
    id: newId<WalletId>(),
    accountId: account.id,
    keyId: key.id,
    network: 'EthereumSepolia',
    chain: 'evm',
    address: `0x${randomBytes(20).toString('hex')}`,
    name: 'treasury',
    tags: ['hot', 'eu'],
    externalId: undefined,
    createdBy: administrator.id,
    createdAtMs: 15,
    archivedAtMs: undefined,
    ...changes,
  };
}

export function newWebhook({ account }: Household, changes: Partial<Webhook> = {}): Webhook {
  return {
    id: newId<WebhookId>(),
    accountId: account.id,
    url: 'https://hooks.example/in?token=hidden',
    events: 'all',
    enabled: true,
    description: 'for tests',
    dialect: 'native',
    createdAtMs: 16,
    updatedAtMs: 16,
    ...changes,
  };
}

export function newDelivery(webhook: Webhook, changes: Partial<WebhookDelivery> = {}): WebhookDelivery {
  return {
    id: newOrderedId<WebhookEventId>(),
    webhookId: webhook.id,
    event: { kind: 'request-signed', accountId: webhook.accountId, entityId: newId(), atMs: 1_000 },
    status: 'pending',
    attempt: 1,
    retryOf: undefined,
    sentBody: undefined,
    sentAtMs: undefined,
    error: undefined,
    createdAtMs: 1_000,
    ...changes,
  };
}
