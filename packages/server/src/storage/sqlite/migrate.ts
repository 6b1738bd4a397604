import { DomainError } from '@countersign/core/domain-error';
import { type Migration, Migrator } from 'kysely/migration';
import { initial } from './migrations/0001-initial.ts';
import { usersAndThreshold } from './migrations/0002-users-and-threshold.ts';
import { policies } from './migrations/0003-policies.ts';
import { clusters } from './migrations/0004-clusters.ts';
import { keyFamilies } from './migrations/0005-key-families.ts';
import { requestsAndGovernance } from './migrations/0006-requests-and-governance.ts';
import { identities } from './migrations/0007-identities.ts';
import { kyselyOn } from './node-sqlite-dialect.ts';
import type { SqliteConnection } from './sqlite-connection.ts';

/** All migrations in their order. One that was released is never changed; a change is a new one. */
const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-initial': initial,
  '0002-users-and-threshold': usersAndThreshold,
  '0003-policies': policies,
  '0004-clusters': clusters,
  '0005-key-families': keyFamilies,
  '0006-requests-and-governance': requestsAndGovernance,
  '0007-identities': identities,
};

/** Marks the file as ours (`file` shows it): the ASCII of "CSgn". */
const APPLICATION_ID = 0x4353676e;

/**
 * Brings the schema up to date; each migration is one transaction.
 * @throws DomainError `not_supported` for a database of another program or of a newer version
 */
export async function migrate(connection: SqliteConnection): Promise<void> {
  refuseForeign(connection);
  refuseNewer(connection);
  const db = kyselyOn<unknown>(connection);
  const migrator = new Migrator({ db, provider: { getMigrations: async () => ({ ...MIGRATIONS }) } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error instanceof Error ? error : new Error('a migration failed', { cause: error });
  connection.database.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
}

function refuseForeign(connection: SqliteConnection): void {
  const id = Number(connection.prepare('PRAGMA application_id').get()?.['application_id'] ?? 0);
  if (id !== 0 && id !== APPLICATION_ID)
    throw new DomainError('not_supported', 'the database file belongs to another program; use another data folder');
}

function refuseNewer(connection: SqliteConnection): void {
  const tables = connection
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name = 'kysely_migration'")
    .all();
  if (tables.length === 0) return;
  const known = Object.keys(MIGRATIONS);
  const unknown = connection
    .prepare('SELECT name FROM kysely_migration ORDER BY name')
    .all()
    .map((row) => String(row['name']))
    .filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new DomainError(
      'not_supported',
      `the database was written by a newer version of countersign (its schema has ${unknown.join(', ')}; this version knows up to ${known.at(-1)}); start that version, or restore a backup made by this one`,
    );
}
