import { setImmediate } from 'node:timers/promises';
import type { Account, AccountSettings } from '@countersign/core/account';
import { DomainError } from '@countersign/core/domain-error';
import type { AccountId, GroupId, PrincipalId } from '@countersign/core/ids';
import type { LogEvent } from '@countersign/core/log/event-entry';
import type { Directory, Group, NewUser, PrincipalEntry, Session } from '@countersign/core/ports/directory';
import type { Grant, Principal } from '@countersign/core/principal';
import type { Kysely } from 'kysely';
import { GenerationCache } from '../generation-cache.ts';
import { accountOf, entryOf, groupOf, principalOf } from './directory-rows.ts';
import type { GroupCommit } from './group-commit.ts';
import { kyselyOn } from './node-sqlite-dialect.ts';
import type { PrincipalTable } from './principal-table.ts';
import type { GrantsTable, Schema } from './schema.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import { isConstraintViolation, isUniqueViolation, toDomainError } from './sqlite-fault.ts';
import { idBlob, type SqliteLog } from './sqlite-log.ts';
import { SqliteSessions } from './sqlite-sessions.ts';

export interface SqliteDirectoryParts {
  readonly reader: SqliteConnection;
  readonly writer: SqliteConnection;
  readonly commits: GroupCommit;
  readonly log: SqliteLog;
  readonly table: PrincipalTable;
  readonly now: () => number;
  /** Whatever else is cached of this principal is out of date. */
  readonly onPrincipalRemoved: (id: PrincipalId) => void;
}

const CACHED_RECORDS = 20_000;
const WRITE_BYTES = 8192;
const MAX_API_KEYS = 32;
const MAX_LISTED = 10_000;

/** Its own grants, then those of its roles. */
const GRANTS_OF = `SELECT scope_kind, scope_id, permissions FROM
  (SELECT 0 AS origin, ordinal, x'' AS id, scope_kind, scope_id, permissions FROM grants WHERE principal_id = ?
  UNION ALL
  SELECT 1, 0, role_assignments.id, scope_kind, scope_id, permissions
    FROM role_assignments JOIN roles ON roles.id = role_id WHERE principal_id = ? AND archived = 0)
  ORDER BY origin, ordinal, id`;
const ACTIVE_CREDENTIAL = 'SELECT 1 FROM credentials WHERE principal_id = ? AND active = 1 LIMIT 1';
/** What keeps a user from being deleted. */
const BELONGINGS = `SELECT
  EXISTS (SELECT 1 FROM keys WHERE group_id = :group)
  OR EXISTS (SELECT 1 FROM threshold_shares WHERE group_id = :group)
  OR EXISTS (SELECT 1 FROM threshold_shares WHERE created_by = :id)
  OR EXISTS (SELECT 1 FROM keys WHERE delegated_to = :id)
  AS owns`;
const ANOTHER_MEMBER = 'SELECT 1 FROM principals WHERE default_group_id = ? AND id <> ?';
const LIST_PRINCIPALS = `SELECT principals.id, kind, principals.name, enabled, groups.name AS group_name,
    (SELECT count(*) FROM api_keys WHERE principal_id = principals.id) AS api_key_count, principals.created_at_ms
  FROM principals LEFT JOIN groups ON groups.id = default_group_id
  WHERE principals.account_id = ? AND principals.id > ? ORDER BY principals.id LIMIT ?`;

interface CachedPrincipal {
  readonly principal: Principal;
  readonly apiKeyDigests: readonly Uint8Array[];
}

/** Accounts, groups, principals, API keys and sessions; what was read is cached until it is written. */
export class SqliteDirectory implements Directory {
  readonly #parts: SqliteDirectoryParts;
  readonly #db: Kysely<Schema>;
  readonly #accounts = new GenerationCache<string, Account>(CACHED_RECORDS);
  readonly #principals = new GenerationCache<string, CachedPrincipal>(CACHED_RECORDS);
  readonly #groups = new GenerationCache<string, Group>(CACHED_RECORDS);
  readonly #sessions: SqliteSessions;

  constructor(parts: SqliteDirectoryParts) {
    this.#parts = parts;
    this.#db = kyselyOn<Schema>(parts.reader);
    this.#sessions = new SqliteSessions(parts);
  }

  async account(id: AccountId): Promise<Account | undefined> {
    const query = this.#db.selectFrom('accounts').selectAll().where('id', '=', idBlob(id));
    return cached(this.#accounts, id, () => accountOf(this.#parts.reader.first(query)));
  }

  async firstAccount(): Promise<Account | undefined> {
    const query = this.#db.selectFrom('accounts').selectAll().orderBy('created_at_ms').orderBy('id').limit(1);
    return accountOf(this.#parts.reader.first(query));
  }

  async principal(id: PrincipalId): Promise<Principal | undefined> {
    return this.#principal(id)?.principal;
  }

  async apiKeyDigests(id: PrincipalId): Promise<readonly Uint8Array[]> {
    return this.#principal(id)?.apiKeyDigests ?? [];
  }

  async group(accountId: AccountId, id: GroupId): Promise<Group | undefined> {
    const group = cached(this.#groups, id, () => {
      const query = this.#db.selectFrom('groups').selectAll().where('id', '=', idBlob(id));
      return groupOf(this.#parts.reader.first(query));
    });
    return group?.accountId === accountId ? group : undefined;
  }

  async principals(query: {
    readonly accountId: AccountId;
    readonly after: PrincipalId | undefined;
    readonly limit: number;
  }): Promise<readonly PrincipalEntry[]> {
    const after = query.after === undefined ? new Uint8Array(0) : idBlob(query.after);
    if (!Number.isSafeInteger(query.limit) || query.limit < 0)
      throw new DomainError('invalid_request', 'the limit is not a count');
    const limit = Math.min(query.limit, MAX_LISTED);
    try {
      const rows = this.#parts.reader.prepare(LIST_PRINCIPALS).all(idBlob(query.accountId), after, limit);
      // Whoever reads all pages in a row doesn't keep others waiting for all of them.
      await setImmediate();
      return rows.map(entryOf);
    } catch (error) {
      throw toDomainError(error);
    }
  }

  async install(installation: {
    readonly account: Account;
    readonly group: Group;
    readonly administrator: Principal;
    readonly apiKeyDigest: Uint8Array;
  }): Promise<void> {
    const { account, group, administrator, apiKeyDigest } = installation;
    await this.#write(() => {
      const { table } = this.#parts;
      table.insertAccount(account);
      table.insertGroup(group);
      table.insertPrincipal(administrator, { apiKeyDigest, createdAtMs: account.createdAtMs, by: undefined });
    });
  }

  async insertAccount(account: Account): Promise<void> {
    await this.#write(() => this.#parts.table.insertAccount(account));
  }

  async insertGroup(group: Group): Promise<void> {
    await this.#write(() => this.#parts.table.insertGroup(group));
  }

  async insertPrincipal(
    principal: Principal,
    apiKeyDigest: Uint8Array | undefined,
    createdAtMs: number,
  ): Promise<void> {
    await this.#write(() => this.#parts.table.insertPrincipal(principal, { apiKeyDigest, createdAtMs, by: undefined }));
  }

  async insertUser({ principal, group, apiKeyDigest, createdAtMs, by }: NewUser): Promise<void> {
    const { table } = this.#parts;
    await this.#write(() => {
      table.requireFreeName(principal.accountId, principal.name);
      table.countOneMore(principal.accountId);
      table.insertGroup(group);
      table.insertPrincipal(principal, { apiKeyDigest, createdAtMs, by });
    });
  }

  async removeUser(user: {
    readonly accountId: AccountId;
    readonly principalId: PrincipalId;
    readonly groupId: GroupId;
    readonly by: PrincipalId;
  }): Promise<boolean> {
    const { accountId, principalId, groupId, by } = user;
    const { writer } = this.#parts;
    return this.#write(
      () => {
        const ids = { id: idBlob(principalId), group: idBlob(groupId) };
        const found = this.#db.selectFrom('principals').select('id').where('id', '=', ids.id);
        const own = found.where('account_id', '=', idBlob(accountId)).where('default_group_id', '=', ids.group);
        if (writer.first(own) === undefined) return undefined;
        if (writer.prepare(BELONGINGS).get(ids)?.['owns'] !== 0)
          throw new DomainError('conflict', 'the user still has keys; delete them first', { subject: 'user-has-keys' });
        if (writer.prepare(ANOTHER_MEMBER).get(ids.group, ids.id) !== undefined)
          throw new DomainError('conflict', 'the group of the user is in use');
        // API keys, grants, assignments, tokens and credentials go with the principal.
        const forgetSessions = this.#sessions.removeOf(principalId);
        writer.run(this.#db.deleteFrom('principals').where('id', '=', ids.id));
        writer.run(this.#db.deleteFrom('groups').where('id', '=', ids.group));
        this.#parts.table.bumpRevision(accountId);
        this.#log({ kind: 'principal-deleted', accountId, by, details: { principal: principalId } });
        this.#log({ kind: 'group-deleted', accountId, by, details: { group: groupId } });
        return forgetSessions;
      },
      (forgetSessions) => {
        forgetSessions?.();
        this.#principals.delete(principalId);
        this.#groups.delete(groupId);
        this.forgetAccount(accountId);
        this.#parts.onPrincipalRemoved(principalId);
      },
    ).then((removed) => removed !== undefined);
  }

  async insertApiKey(
    principalId: PrincipalId,
    digest: Uint8Array,
    { createdAtMs, by }: { readonly createdAtMs: number; readonly by: PrincipalId },
  ): Promise<void> {
    await this.#write(
      () => {
        const accountId = this.#parts.table.accountOf(principalId);
        if (accountId === undefined) throw new DomainError('not_found', 'no such principal');
        if (this.#storedDigests(this.#parts.writer, principalId).length >= MAX_API_KEYS)
          throw new DomainError('conflict', `a principal has at most ${MAX_API_KEYS} API keys; revoke one`);
        this.#parts.table.insertApiKey(principalId, digest, createdAtMs);
        this.#log({ kind: 'api-key-created', accountId, by, details: { principal: principalId } });
      },
      () => this.#principals.delete(principalId),
    );
  }

  async removeApiKey(
    principalId: PrincipalId,
    digest: Uint8Array,
    { by, keepLast }: { readonly by: PrincipalId; readonly keepLast: boolean },
  ): Promise<boolean> {
    const { writer } = this.#parts;
    return this.#write(
      () => {
        const one = this.#db.deleteFrom('api_keys').where('principal_id', '=', idBlob(principalId));
        if (writer.run(one.where('digest', '=', digest)) === 0) return undefined;
        if (keepLast && this.#storedDigests(writer, principalId).length === 0)
          throw new DomainError('conflict', 'it is the last API key; create another one first');
        const accountId = this.#parts.table.accountOf(principalId);
        this.#log({ kind: 'api-key-revoked', accountId, by, details: { principal: principalId } });
        return this.#sessions.removeOf(principalId);
      },
      (forgetSessions) => {
        forgetSessions?.();
        this.#principals.delete(principalId);
      },
    ).then((removed) => removed !== undefined);
  }

  async setGrants(accountId: AccountId, id: PrincipalId, grants: readonly Grant[]): Promise<void> {
    await this.#write(
      () => {
        if (this.#parts.table.accountOf(id) !== accountId) throw new DomainError('not_found', 'no such principal');
        this.#parts.writer.run(this.#db.deleteFrom('grants').where('principal_id', '=', idBlob(id)));
        this.#parts.table.insertGrants(id, grants);
        this.#parts.table.bumpRevision(accountId);
        this.#log({
          kind: 'grants-set',
          accountId,
          by: undefined,
          details: { principal: id, grants: JSON.stringify(grants) },
        });
      },
      () => {
        this.#principals.delete(id);
        this.forgetAccount(accountId);
      },
    );
  }

  async updateAccountSettings(id: AccountId, settings: AccountSettings): Promise<void> {
    await this.#write(
      () => {
        this.#parts.table.bumpRevision(id);
        this.#parts.writer.run(
          this.#db
            .updateTable('accounts')
            .set({ settings: JSON.stringify(settings) })
            .where('id', '=', idBlob(id)),
        );
        this.#log({
          kind: 'settings-changed',
          accountId: id,
          by: undefined,
          details: { settings: JSON.stringify(settings) },
        });
      },
      () => this.forgetAccount(id),
    );
  }

  async insertSession(session: Session): Promise<void> {
    await this.#write(() => this.#sessions.insert(session));
  }

  async session(tokenDigest: Uint8Array): Promise<Session | undefined> {
    return this.#sessions.find(tokenDigest);
  }

  async extendSession(tokenDigest: Uint8Array, expiresAtMs: number): Promise<void> {
    this.#sessions.extend(tokenDigest, expiresAtMs);
  }

  async removeSession(tokenDigest: Uint8Array): Promise<void> {
    await this.#write(
      () => this.#sessions.remove(tokenDigest),
      (forget) => forget(),
    );
  }

  get hasPendingExtensions(): boolean {
    return this.#sessions.hasPendingExtensions;
  }

  /** Inside a transaction. Returns what to do after the commit. */
  writeExtensions(): () => void {
    return this.#sessions.writeExtensions();
  }

  /** Its row, grants, roles or credentials changed. */
  forgetPrincipal(id: PrincipalId): void {
    this.#principals.delete(id);
  }

  /** A role changed. */
  forgetPrincipals(): void {
    this.#principals.clear();
  }

  /** The account's row changed. */
  forgetAccount(id: AccountId): void {
    this.#accounts.delete(id);
  }

  /** Somebody else may have written. */
  forget(): void {
    this.#accounts.clear();
    this.#principals.clear();
    this.#groups.clear();
    this.#parts.table.forget();
    this.#sessions.forget();
  }

  #principal(id: PrincipalId): CachedPrincipal | undefined {
    return cached(this.#principals, id, () => {
      const { reader } = this.#parts;
      const row = reader.first(this.#db.selectFrom('principals').selectAll().where('id', '=', idBlob(id)));
      if (row === undefined) return undefined;
      const grants = reader.read(GRANTS_OF, row.id, row.id) as unknown as readonly GrantsTable[];
      const requiresProof = reader.read(ACTIVE_CREDENTIAL, row.id).length > 0;
      const principal = principalOf(row, grants, requiresProof);
      return { principal, apiKeyDigests: this.#storedDigests(reader, id) };
    });
  }

  #storedDigests(connection: SqliteConnection, id: PrincipalId): readonly Uint8Array[] {
    const query = this.#db.selectFrom('api_keys').select('digest').where('principal_id', '=', idBlob(id));
    return connection.rows(query.orderBy('created_at_ms').orderBy('digest')).map(({ digest }) => digest);
  }

  #log(event: LogEvent): void {
    this.#parts.log.appendEvent(event);
  }

  async #write<T>(work: () => T, afterCommit?: (value: T) => void): Promise<T> {
    return this.#parts.commits.submit(
      WRITE_BYTES,
      () => {
        try {
          return work();
        } catch (error) {
          if (isUniqueViolation(error))
            throw new DomainError('conflict', 'it exists already, or its name is taken', { cause: error });
          if (isConstraintViolation(error))
            throw new DomainError('not_found', 'what it belongs to does not exist', { cause: error });
          throw error;
        }
      },
      afterCommit,
    );
  }
}

/** Reads and remembers in one turn, so that no write can come between. What isn't there isn't remembered. */
function cached<V>(cache: GenerationCache<string, V>, index: string, read: () => V | undefined): V | undefined {
  const known = cache.get(index);
  if (known !== undefined) return known;
  const value = read();
  if (value !== undefined) cache.set(index, value);
  return value;
}
