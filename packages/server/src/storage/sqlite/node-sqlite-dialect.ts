import type { StatementSync } from 'node:sqlite';
import { type Dialect, type DialectAdapter, Kysely, SqliteAdapter, SqliteDialect, type SqliteStatement } from 'kysely';
import type { SqliteConnection } from './sqlite-connection.ts';

/** SQLite does roll back DDL; Kysely's own adapter says no, and a crash in a migration would leave half of it. */
class TransactionalDdlAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

/** Kysely over `node:sqlite`. Closing stays with the connection's owner. */
class NodeSqliteDialect extends SqliteDialect implements Dialect {
  constructor(connection: SqliteConnection) {
    super({ database: { close: () => undefined, prepare: (sql) => adaptStatement(connection.prepare(sql)) } });
  }

  override createAdapter(): DialectAdapter {
    return new TransactionalDdlAdapter();
  }
}

/** A query builder on this connection. */
export function kyselyOn<Schema>(connection: SqliteConnection): Kysely<Schema> {
  return new Kysely<Schema>({ dialect: new NodeSqliteDialect(connection) });
}

type Parameters = Parameters_<StatementSync['run']>;
type Parameters_<F> = F extends (...parameters: infer P) => unknown ? P : never;

function adaptStatement(statement: StatementSync): SqliteStatement {
  // Kysely passes what our typed queries bound, which SQLite checks again.
  const spread = (parameters: readonly unknown[]): Parameters => parameters as unknown as Parameters;
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...spread(parameters)),
    run: (parameters) => statement.run(...spread(parameters)),
    iterate: (parameters) => statement.iterate(...spread(parameters)),
  };
}
