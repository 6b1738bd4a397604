import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

const STATEMENTS = [
  // Several API keys for a principal, or none.
  `CREATE TABLE api_keys (
    digest BLOB PRIMARY KEY NOT NULL CHECK (length(digest) = 32),
    principal_id BLOB NOT NULL REFERENCES principals (id) ON DELETE CASCADE,
    created_at_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX api_keys_by_principal ON api_keys (principal_id)`,
  `INSERT INTO api_keys (digest, principal_id, created_at_ms)
    SELECT api_key_digest, id, created_at_ms FROM principals WHERE api_key_digest IS NOT NULL`,
  // Not left behind: a digest that was revoked since would stay in its row.
  `ALTER TABLE principals DROP COLUMN api_key_digest`,

  `CREATE INDEX principals_by_account ON principals (account_id, id)`,
  `CREATE INDEX principals_by_name ON principals (account_id, name)`,
  // SQLite looks for a deleted row's children by these; without them it reads the whole table.
  `CREATE INDEX principals_by_group ON principals (default_group_id)`,
  `CREATE INDEX sessions_by_principal ON sessions (principal_id)`,
  `DROP INDEX keys_by_group`,
  `CREATE INDEX keys_by_group ON keys (group_id, account_id, id)`,

  `CREATE TABLE threshold_shares (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    account_id BLOB NOT NULL REFERENCES accounts (id),
    group_id BLOB NOT NULL REFERENCES groups (id),
    created_by BLOB NOT NULL,
    name TEXT,
    algorithm TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('created', 'uncertain', 'complete', 'superseded')),
    keygen_id TEXT NOT NULL,
    sealed BLOB NOT NULL,
    facts TEXT,
    public_evidence BLOB,
    successor BLOB CHECK (length(successor) = 16),
    created_at_ms INTEGER NOT NULL,
    version INTEGER NOT NULL,
    CHECK ((facts IS NULL) = (public_evidence IS NULL))
  ) STRICT`,
  `CREATE UNIQUE INDEX threshold_shares_by_name ON threshold_shares (account_id, name) WHERE name IS NOT NULL`,
  `CREATE INDEX threshold_shares_by_account ON threshold_shares (account_id, id)`,
  `CREATE INDEX threshold_shares_by_group ON threshold_shares (group_id, account_id, id)`,
  `CREATE INDEX threshold_shares_by_creator ON threshold_shares (created_by)`,

  // Never deleted from: two copies of a server that share this table can't use one nonce twice.
  `CREATE TABLE threshold_nonces (
    hash BLOB PRIMARY KEY NOT NULL CHECK (length(hash) = 32),
    batch_id INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,

  `CREATE TABLE threshold_identity (
    id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
    sealed BLOB NOT NULL,
    public_bundle BLOB NOT NULL
  ) STRICT`,
];

export const usersAndThreshold: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
