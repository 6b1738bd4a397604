import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

const STATEMENTS = [
  // The keeper may have made this one already, for the root key's check value.
  `CREATE TABLE IF NOT EXISTS meta (
    name TEXT PRIMARY KEY NOT NULL,
    value BLOB NOT NULL
  ) STRICT`,

  `CREATE TABLE accounts (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    name TEXT NOT NULL,
    settings TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    revision INTEGER NOT NULL
  ) STRICT`,

  `CREATE TABLE groups (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    account_id BLOB NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    created_by BLOB NOT NULL,
    created_at_ms INTEGER NOT NULL,
    UNIQUE (account_id, name)
  ) STRICT`,

  `CREATE TABLE principals (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    account_id BLOB NOT NULL REFERENCES accounts (id),
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    default_group_id BLOB REFERENCES groups (id),
    api_key_digest BLOB CHECK (length(api_key_digest) = 32),
    created_at_ms INTEGER NOT NULL
  ) STRICT`,

  `CREATE TABLE grants (
    principal_id BLOB NOT NULL REFERENCES principals (id) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    scope_kind TEXT NOT NULL,
    scope_id BLOB,
    permissions TEXT NOT NULL,
    PRIMARY KEY (principal_id, ordinal)
  ) STRICT, WITHOUT ROWID`,

  `CREATE TABLE sessions (
    token_digest BLOB PRIMARY KEY NOT NULL CHECK (length(token_digest) = 32),
    principal_id BLOB NOT NULL REFERENCES principals (id) ON DELETE CASCADE,
    created_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX sessions_by_expiry ON sessions (expires_at_ms)`,

  `CREATE TABLE keys (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    account_id BLOB NOT NULL REFERENCES accounts (id),
    group_id BLOB NOT NULL REFERENCES groups (id),
    name TEXT,
    description TEXT NOT NULL,
    algorithm TEXT NOT NULL,
    parameters TEXT NOT NULL,
    custody TEXT NOT NULL,
    persistence TEXT NOT NULL,
    public_key BLOB NOT NULL,
    sealed BLOB,
    operations TEXT NOT NULL,
    dialect_attributes TEXT NOT NULL,
    state TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    exportable INTEGER NOT NULL,
    deterministic_signatures INTEGER,
    allow_sign_digest INTEGER NOT NULL,
    verify_after_sign INTEGER NOT NULL,
    created_by BLOB NOT NULL,
    created_at_ms INTEGER NOT NULL,
    activated_at_ms INTEGER,
    version INTEGER NOT NULL
  ) STRICT`,
  `CREATE UNIQUE INDEX keys_by_name ON keys (account_id, name) WHERE name IS NOT NULL`,
  `CREATE INDEX keys_by_account ON keys (account_id, id)`,
  `CREATE INDEX keys_by_group ON keys (account_id, group_id, id)`,

  // Apart from the keys, so that noting a use doesn't rewrite a key's row.
  `CREATE TABLE key_uses (
    key_id BLOB PRIMARY KEY NOT NULL REFERENCES keys (id) ON DELETE CASCADE,
    last_used_at_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,

  // A row's number is the index of its first leaf, so that one tree finds a row by leaf, and a batch by its id.
  `CREATE TABLE log_rows (
    first_leaf INTEGER PRIMARY KEY NOT NULL,
    leaf_count INTEGER NOT NULL CHECK (leaf_count > 0),
    phase TEXT NOT NULL,
    batch_id INTEGER,
    account_id BLOB,
    created_at_ms INTEGER NOT NULL,
    body BLOB NOT NULL
  ) STRICT`,

  `CREATE TABLE log_tiles (
    level INTEGER NOT NULL,
    tile_index INTEGER NOT NULL,
    hashes BLOB NOT NULL CHECK (length(hashes) = 8192),
    PRIMARY KEY (level, tile_index)
  ) STRICT`,

  `CREATE TABLE log_open_intents (
    batch_id INTEGER PRIMARY KEY NOT NULL REFERENCES log_rows (first_leaf)
  ) STRICT`,
];

export const initial: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
