/** Writes of accounts, groups, principals and their grants, each with its log entry. They run inside the transactions of `GroupCommit`. */
import type { Account } from '@countersign/core/account';
import { DomainError } from '@countersign/core/domain-error';
import { builtInRoles } from '@countersign/core/identity/built-in-roles';
import type { AccountId, PrincipalId } from '@countersign/core/ids';
import type { Group } from '@countersign/core/ports/directory';
import type { Grant, Principal } from '@countersign/core/principal';
import { type Kysely, sql } from 'kysely';
import { GenerationCache } from '../generation-cache.ts';
import { rowOfGrant, rowOfGroup, rowOfPrincipal } from './directory-rows.ts';
import { idText } from './key-row.ts';
import { kyselyOn } from './node-sqlite-dialect.ts';
import { INSERT_ROLE, roleCells } from './role-rows.ts';
import type { Schema } from './schema.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import { idBlob, type SqliteLog } from './sqlite-log.ts';

const MAX_PRINCIPALS = 100_000;
const COUNTED_ACCOUNTS = 20_000;
const COUNT_PRINCIPALS = 'SELECT count(*) AS count FROM principals WHERE account_id = ?';
const PRINCIPAL_OF_NAME = 'SELECT 1 FROM principals WHERE account_id = ? AND name = ?';

export interface PrincipalCreation {
  readonly createdAtMs: number;
  /** Undefined: the service itself. */
  readonly by: PrincipalId | undefined;
  readonly apiKeyDigest?: Uint8Array | undefined;
  readonly externalId?: string | undefined;
}

export class PrincipalTable {
  readonly #writer: SqliteConnection;
  readonly #log: SqliteLog;
  readonly #db: Kysely<Schema>;
  readonly #counts = new GenerationCache<string, number>(COUNTED_ACCOUNTS);

  constructor(writer: SqliteConnection, log: SqliteLog) {
    this.#writer = writer;
    this.#log = log;
    this.#db = kyselyOn<Schema>(writer);
  }

  /** With its built-in roles, which are a part of every account: they have no log entries of their own. */
  insertAccount(account: Account): void {
    this.#writer.run(
      this.#db.insertInto('accounts').values({
        id: idBlob(account.id),
        name: account.name,
        settings: JSON.stringify(account.settings),
        created_at_ms: account.createdAtMs,
        revision: account.revision,
      }),
    );
    for (const role of builtInRoles(account)) this.#writer.prepare(INSERT_ROLE).run(...roleCells(role));
    const details = { name: account.name };
    this.#log.appendEvent({ kind: 'account-created', accountId: account.id, by: undefined, details });
  }

  insertGroup(group: Group): void {
    this.#writer.run(this.#db.insertInto('groups').values(rowOfGroup(group)));
    const details = { group: group.id, name: group.name };
    this.#log.appendEvent({ kind: 'group-created', accountId: group.accountId, by: group.createdBy, details });
  }

  insertPrincipal(principal: Principal, { createdAtMs, by, apiKeyDigest, externalId }: PrincipalCreation): void {
    const { id, accountId, kind, grants } = principal;
    const row = rowOfPrincipal(principal, createdAtMs, { createdBy: principal.createdBy ?? by, externalId });
    this.#writer.run(this.#db.insertInto('principals').values(row));
    if (apiKeyDigest !== undefined) this.insertApiKey(id, apiKeyDigest, createdAtMs);
    this.insertGrants(id, grants);
    const details = { principal: id, kind, grants: JSON.stringify(grants) };
    this.#log.appendEvent({ kind: 'principal-created', accountId, by, details });
  }

  insertApiKey(principalId: PrincipalId, digest: Uint8Array, createdAtMs: number): void {
    const row = { digest, principal_id: idBlob(principalId), created_at_ms: createdAtMs };
    this.#writer.run(this.#db.insertInto('api_keys').values(row));
  }

  insertGrants(id: PrincipalId, grants: readonly Grant[]): void {
    for (const [ordinal, grant] of grants.entries())
      this.#writer.run(this.#db.insertInto('grants').values(rowOfGrant(id, ordinal, grant)));
  }

  /**
   * Not a unique index: principals that aren't users may share a name.
   * @throws DomainError `conflict` with subject `user-name`
   */
  requireFreeName(accountId: AccountId, name: string): void {
    if (this.#writer.prepare(PRINCIPAL_OF_NAME).get(idBlob(accountId), name) !== undefined)
      throw new DomainError('conflict', 'a user of this name exists already', { subject: 'user-name' });
  }

  /** Before a principal is added. @throws DomainError `conflict` when the account has 100,000 */
  countOneMore(accountId: AccountId): void {
    // What is remembered may be too many, after a write that failed or a deletion; then it is counted again.
    const remembered = this.#counts.get(accountId) ?? MAX_PRINCIPALS;
    const count =
      remembered < MAX_PRINCIPALS
        ? remembered
        : Number(this.#writer.prepare(COUNT_PRINCIPALS).get(idBlob(accountId))?.['count']);
    if (count >= MAX_PRINCIPALS)
      throw new DomainError('conflict', `an account has at most ${MAX_PRINCIPALS} principals`);
    this.#counts.set(accountId, count + 1);
  }

  accountOf(id: PrincipalId): AccountId | undefined {
    const query = this.#db.selectFrom('principals').select('account_id').where('id', '=', idBlob(id));
    const row = this.#writer.first(query);
    return row === undefined ? undefined : (idText(row.account_id) as AccountId);
  }

  /** @throws DomainError `not_found` without the account */
  bumpRevision(id: AccountId): void {
    const query = this.#db
      .updateTable('accounts')
      .set({ revision: sql<number>`revision + 1` })
      .where('id', '=', idBlob(id));
    if (this.#writer.run(query) !== 1) throw new DomainError('not_found', 'no such account');
  }

  /** Somebody else may have written. */
  forget(): void {
    this.#counts.clear();
  }
}
