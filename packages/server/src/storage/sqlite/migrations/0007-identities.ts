import { builtInRoles } from '@countersign/core/identity/built-in-roles';
import type { AccountId } from '@countersign/core/ids';
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { idText } from '../key-row.ts';
import { idBlob } from '../sqlite-log.ts';

const IDENTITIES = [
  // No reference: a service outlives whoever made it.
  `ALTER TABLE principals ADD COLUMN created_by BLOB CHECK (length(created_by) = 16)`,
  `ALTER TABLE principals ADD COLUMN external_id TEXT`,
  `CREATE UNIQUE INDEX principals_by_external_id ON principals (account_id, external_id) WHERE external_id IS NOT NULL`,

  // An email leads to one person of the installation: whoever logs in names no account.
  `CREATE TABLE people (
    principal_id BLOB PRIMARY KEY NOT NULL REFERENCES principals (id) ON DELETE CASCADE,
    email TEXT UNIQUE,
    invitation_digest BLOB CHECK (length(invitation_digest) = 32),
    invitation_expires_at_ms INTEGER,
    CHECK ((invitation_digest IS NULL) = (invitation_expires_at_ms IS NULL))
  ) STRICT, WITHOUT ROWID`,

  `CREATE TABLE credentials (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    account_id BLOB NOT NULL REFERENCES accounts (id),
    principal_id BLOB NOT NULL REFERENCES principals (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('key', 'passkey')),
    public_key BLOB NOT NULL,
    raw_id BLOB UNIQUE,
    sign_count INTEGER,
    transports TEXT,
    active INTEGER NOT NULL CHECK (active IN (0, 1)),
    created_at_ms INTEGER NOT NULL,
    CHECK ((kind = 'passkey') = (raw_id IS NOT NULL)),
    CHECK ((raw_id IS NULL) = (sign_count IS NULL)),
    CHECK ((raw_id IS NULL) = (transports IS NULL))
  ) STRICT`,
  `CREATE INDEX credentials_by_principal ON credentials (principal_id, id)`,

  // A token whose credential goes, goes: without one it could be proven by any of the principal's.
  `CREATE TABLE access_tokens (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    account_id BLOB NOT NULL REFERENCES accounts (id),
    principal_id BLOB NOT NULL REFERENCES principals (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('service-account', 'personal', 'login')),
    name TEXT NOT NULL,
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
    credential_id BLOB REFERENCES credentials (id) ON DELETE CASCADE,
    role_ids TEXT,
    active INTEGER NOT NULL CHECK (active IN (0, 1)),
    created_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER
  ) STRICT`,
  `CREATE INDEX access_tokens_by_principal ON access_tokens (principal_id, id)`,
  `CREATE INDEX access_tokens_by_credential ON access_tokens (credential_id) WHERE credential_id IS NOT NULL`,

  `CREATE TABLE roles (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    account_id BLOB NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    permissions TEXT NOT NULL,
    immutable INTEGER NOT NULL CHECK (immutable IN (0, 1)),
    archived INTEGER NOT NULL CHECK (archived IN (0, 1)),
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL,
    version INTEGER NOT NULL,
    UNIQUE (account_id, name)
  ) STRICT`,
  `CREATE INDEX roles_by_account ON roles (account_id, id)`,

  `CREATE TABLE role_assignments (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    account_id BLOB NOT NULL REFERENCES accounts (id),
    role_id BLOB NOT NULL REFERENCES roles (id),
    principal_id BLOB NOT NULL REFERENCES principals (id) ON DELETE CASCADE,
    scope_kind TEXT NOT NULL CHECK (scope_kind IN ('account', 'group', 'key')),
    scope_id BLOB CHECK (length(scope_id) = 16),
    created_at_ms INTEGER NOT NULL,
    CHECK ((scope_kind = 'account') = (scope_id IS NULL))
  ) STRICT`,
  `CREATE INDEX role_assignments_by_role ON role_assignments (role_id, id)`,
  // Once each: a role that was given twice would stay when it is taken away.
  `CREATE UNIQUE INDEX role_assignments_by_principal
    ON role_assignments (principal_id, role_id, scope_kind, ifnull(scope_id, x''))`,
];

const WALLETS = [
  // Group and delegate are the key's, for lists by them; the trigger keeps them so.
  `CREATE TABLE wallets (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    account_id BLOB NOT NULL REFERENCES accounts (id),
    key_id BLOB NOT NULL REFERENCES keys (id) ON DELETE CASCADE,
    group_id BLOB NOT NULL,
    delegated_to BLOB,
    network TEXT NOT NULL,
    chain TEXT,
    address TEXT,
    name TEXT,
    tags TEXT NOT NULL,
    external_id TEXT,
    created_by BLOB NOT NULL,
    created_at_ms INTEGER NOT NULL,
    archived_at_ms INTEGER
  ) STRICT`,
  `CREATE INDEX wallets_by_account ON wallets (account_id, id)`,
  `CREATE INDEX wallets_by_group ON wallets (group_id, account_id, id)`,
  // For those who see none that is delegated: however many of these there are, they aren't walked over.
  `CREATE INDEX open_wallets_by_account ON wallets (account_id, id) WHERE delegated_to IS NULL`,
  `CREATE INDEX open_wallets_by_group ON wallets (group_id, account_id, id) WHERE delegated_to IS NULL`,
  `CREATE INDEX wallets_by_delegate ON wallets (delegated_to, id) WHERE delegated_to IS NOT NULL`,
  `CREATE INDEX wallets_by_key ON wallets (key_id, id)`,
  `CREATE UNIQUE INDEX wallets_by_external_id ON wallets (account_id, external_id) WHERE external_id IS NOT NULL`,
  `CREATE TRIGGER wallets_follow_key AFTER UPDATE OF group_id, delegated_to ON keys
    BEGIN
      UPDATE wallets SET group_id = NEW.group_id, delegated_to = NEW.delegated_to WHERE key_id = NEW.id;
    END`,
];

const WEBHOOKS = [
  `CREATE TABLE webhooks (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    account_id BLOB NOT NULL REFERENCES accounts (id),
    url TEXT NOT NULL,
    events TEXT NOT NULL,
    enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    description TEXT,
    dialect TEXT NOT NULL,
    sealed_secret BLOB NOT NULL,
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL
  ) STRICT`,
  `CREATE INDEX webhooks_by_account ON webhooks (account_id, id)`,

  // No reference: a webhook goes at once, and what it leaves here in small steps.
  `CREATE TABLE webhook_deliveries (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    webhook_id BLOB NOT NULL CHECK (length(webhook_id) = 16),
    account_id BLOB NOT NULL CHECK (length(account_id) = 16),
    kind TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    event_at_ms INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('pending', 'delivered', 'failed')),
    attempt INTEGER NOT NULL,
    retry_of BLOB CHECK (length(retry_of) = 16),
    not_before_ms INTEGER NOT NULL,
    sent_body TEXT,
    sent_at_ms INTEGER,
    error TEXT,
    created_at_ms INTEGER NOT NULL
  ) STRICT`,
  `CREATE INDEX webhook_deliveries_by_webhook ON webhook_deliveries (webhook_id, id)`,
  `CREATE INDEX webhook_deliveries_by_kind ON webhook_deliveries (webhook_id, kind, id)`,
  `CREATE INDEX webhook_deliveries_failed ON webhook_deliveries (webhook_id, id) WHERE status = 'failed'`,
  `CREATE INDEX webhook_deliveries_pending ON webhook_deliveries (not_before_ms, id) WHERE status = 'pending'`,
  `CREATE INDEX webhook_deliveries_pending_of ON webhook_deliveries (webhook_id) WHERE status = 'pending'`,
  `CREATE INDEX webhook_deliveries_by_age ON webhook_deliveries (created_at_ms)`,
];

interface Tables {
  readonly accounts: { readonly id: Uint8Array; readonly created_at_ms: number };
}

export const identities: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of [...IDENTITIES, ...WALLETS, ...WEBHOOKS]) await sql.raw(statement).execute(db);
    const accounts = await (db as Kysely<Tables>).selectFrom('accounts').select(['id', 'created_at_ms']).execute();
    const roles = accounts.flatMap((account) =>
      builtInRoles({ id: idText(account.id) as AccountId, createdAtMs: account.created_at_ms }),
    );
    for (const role of roles)
      await sql`INSERT INTO roles (id, account_id, name, permissions, immutable, archived, created_at_ms, updated_at_ms, version)
        VALUES (${idBlob(role.id)}, ${idBlob(role.accountId)}, ${role.name}, ${JSON.stringify(role.permissions)}, 1, 0,
          ${role.createdAtMs}, ${role.updatedAtMs}, ${role.version})`.execute(db);
  },
};
