import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

const STATEMENTS = [
  `CREATE TABLE external_rules (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    account_id BLOB NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    url TEXT NOT NULL,
    public_key TEXT NOT NULL,
    algorithm TEXT NOT NULL CHECK (algorithm IN ('ES256', 'RS256')),
    created_at_ms INTEGER NOT NULL,
    UNIQUE (account_id, name)
  ) STRICT`,

  `CREATE TABLE policies (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    account_id BLOB NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    UNIQUE (account_id, name)
  ) STRICT`,

  `CREATE TABLE policy_rules (
    policy_id BLOB NOT NULL REFERENCES policies (id) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    rule_id BLOB NOT NULL REFERENCES external_rules (id),
    PRIMARY KEY (policy_id, ordinal),
    UNIQUE (policy_id, rule_id)
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX policy_rules_by_rule ON policy_rules (rule_id)`,

  // No reference to keys: a threshold key has a policy before it has a row there.
  `CREATE TABLE key_policies (
    key_id BLOB PRIMARY KEY NOT NULL CHECK (length(key_id) = 16),
    account_id BLOB NOT NULL REFERENCES accounts (id),
    policy_id BLOB NOT NULL REFERENCES policies (id)
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX key_policies_by_account ON key_policies (account_id)`,
  `CREATE INDEX key_policies_by_policy ON key_policies (policy_id)`,

  `CREATE TABLE principal_policies (
    principal_id BLOB PRIMARY KEY NOT NULL REFERENCES principals (id) ON DELETE CASCADE,
    account_id BLOB NOT NULL REFERENCES accounts (id),
    policy_id BLOB NOT NULL REFERENCES policies (id)
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX principal_policies_by_account ON principal_policies (account_id)`,
  `CREATE INDEX principal_policies_by_policy ON principal_policies (policy_id)`,

  `CREATE TRIGGER key_policies_end_with_key AFTER DELETE ON keys
    BEGIN DELETE FROM key_policies WHERE key_id = OLD.id; END`,
  `CREATE TRIGGER key_policies_end_with_share AFTER DELETE ON threshold_shares
    BEGIN DELETE FROM key_policies WHERE key_id = OLD.id; END`,

  // Refreshed or reshared, a key is the same key under another id: its policy must not be shaken off that way. Here,
  // and not in the code that writes shares, so that no path of it can forget.
  `CREATE TRIGGER key_policies_follow_successor AFTER UPDATE OF successor ON threshold_shares
    WHEN NEW.successor IS NOT NULL
    BEGIN
      INSERT OR IGNORE INTO key_policies (key_id, account_id, policy_id)
        SELECT NEW.successor, account_id, policy_id FROM key_policies WHERE key_id = NEW.id;
    END`,
  // Once more when the old one ends, for what was attached in between; then the policy isn't in use by it any more.
  `CREATE TRIGGER key_policies_leave_superseded AFTER UPDATE OF status ON threshold_shares
    WHEN NEW.status = 'superseded' AND NEW.successor IS NOT NULL
    BEGIN
      INSERT OR IGNORE INTO key_policies (key_id, account_id, policy_id)
        SELECT NEW.successor, account_id, policy_id FROM key_policies WHERE key_id = NEW.id;
      DELETE FROM key_policies WHERE key_id = NEW.id;
    END`,
];

export const policies: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
