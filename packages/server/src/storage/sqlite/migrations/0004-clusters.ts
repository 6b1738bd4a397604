import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

const CREATE_CLUSTERS = `CREATE TABLE clusters (
  account_id BLOB NOT NULL REFERENCES accounts (id),
  name TEXT NOT NULL,
  others TEXT NOT NULL,
  PRIMARY KEY (account_id, name)
) STRICT, WITHOUT ROWID`;

export const clusters: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql.raw(CREATE_CLUSTERS).execute(db);
  },
};
