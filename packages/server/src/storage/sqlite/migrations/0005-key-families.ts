import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

const STATEMENTS = [
  // No reference: a child outlives its parent, with a seal of its own.
  `ALTER TABLE keys ADD COLUMN derived_from BLOB CHECK (length(derived_from) = 16)`,
  `ALTER TABLE keys ADD COLUMN child_path BLOB CHECK (length(child_path) BETWEEN 4 AND 64)`,
  `ALTER TABLE keys ADD COLUMN imported INTEGER NOT NULL DEFAULT 0`,
  `ALTER TABLE keys ADD COLUMN exported_at_ms INTEGER`,
  // No reference: the key of a person that is gone is nobody's, and must not become everybody's.
  `ALTER TABLE keys ADD COLUMN delegated_to BLOB CHECK (length(delegated_to) = 16)`,

  // By length first, so that the highest index directly below a parent is one look-up.
  `CREATE UNIQUE INDEX keys_by_path ON keys (derived_from, length(child_path), child_path)
    WHERE derived_from IS NOT NULL`,
  `CREATE INDEX keys_by_delegate ON keys (delegated_to, id) WHERE delegated_to IS NOT NULL`,
  // For those who see no key that is delegated: however many of these there are, they aren't walked over. With the column
  // itself, without which SQLite reads each row to see that it is null.
  `CREATE INDEX open_keys_by_account ON keys (account_id, id, delegated_to) WHERE delegated_to IS NULL`,
  `CREATE INDEX open_keys_by_group ON keys (group_id, account_id, id, delegated_to) WHERE delegated_to IS NULL`,
];

export const keyFamilies: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
