import type { Account, AccountSettings } from '@countersign/core/account';
import { DomainError } from '@countersign/core/domain-error';
import type { AccountId, GroupId, KeyId, PrincipalId } from '@countersign/core/ids';
import type { LogEvent } from '@countersign/core/log/event-entry';
import type { Directory, Group, Session } from '@countersign/core/ports/directory';
import type { Grant, Permission, Principal } from '@countersign/core/principal';
import { type Kysely, sql } from 'kysely';
import { GenerationCache } from '../generation-cache.ts';
import type { GroupCommit } from './group-commit.ts';
import { idText } from './key-row.ts';
import { kyselyOn } from './node-sqlite-dialect.ts';
import type { AccountsTable, GrantsTable, GroupsTable, PrincipalsTable, Schema } from './schema.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import { isConstraintViolation, isUniqueViolation } from './sqlite-fault.ts';
import { idBlob, type SqliteLog } from './sqlite-log.ts';

export interface SqliteDirectoryParts {
  readonly reader: SqliteConnection;
  readonly writer: SqliteConnection;
  readonly commits: GroupCommit;
  readonly log: SqliteLog;
  readonly now: () => number;
}

const CACHED_RECORDS = 20_000;
const WRITE_BYTES = 8192;
/** Ended sessions stay this long, so that their callers are told what happened. */
const KEEP_ENDED_SESSIONS_MS = 24 * 60 * 60 * 1000;
const ENDED_SESSIONS_PER_COMMIT = 200;
const MAX_PENDING_EXTENSIONS = 100_000;
const EXTENSIONS_PER_COMMIT = 500;

interface CachedPrincipal {
  readonly principal: Principal;
  readonly apiKeyDigest: Uint8Array | undefined;
}

/** Accounts, groups, principals and sessions; what was read is cached until it is written. */
export class SqliteDirectory implements Directory {
  readonly #parts: SqliteDirectoryParts;
  readonly #db: Kysely<Schema>;
  readonly #accounts = new GenerationCache<string, Account>(CACHED_RECORDS);
  readonly #principals = new GenerationCache<string, CachedPrincipal>(CACHED_RECORDS);
  readonly #groups = new GenerationCache<string, Group>(CACHED_RECORDS);
  readonly #sessions = new GenerationCache<string, Session>(CACHED_RECORDS);
  // Expiries that were moved and aren't written yet; a session that is read gets its own from here.
  readonly #extensions = new Map<string, { readonly tokenDigest: Uint8Array; readonly expiresAtMs: number }>();

  constructor(parts: SqliteDirectoryParts) {
    this.#parts = parts;
    this.#db = kyselyOn<Schema>(parts.reader);
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

  async apiKeyDigest(id: PrincipalId): Promise<Uint8Array | undefined> {
    return this.#principal(id)?.apiKeyDigest;
  }

  async group(accountId: AccountId, id: GroupId): Promise<Group | undefined> {
    const group = cached(this.#groups, id, () => {
      const query = this.#db.selectFrom('groups').selectAll().where('id', '=', idBlob(id));
      return groupOf(this.#parts.reader.first(query));
    });
    return group?.accountId === accountId ? group : undefined;
  }

  async install(installation: {
    readonly account: Account;
    readonly group: Group;
    readonly administrator: Principal;
    readonly apiKeyDigest: Uint8Array;
  }): Promise<void> {
    const { account, group, administrator, apiKeyDigest } = installation;
    await this.#write(() => {
      this.#addAccount(account);
      this.#addGroup(group);
      this.#addPrincipal(administrator, apiKeyDigest, account.createdAtMs);
    });
  }

  async insertAccount(account: Account): Promise<void> {
    await this.#write(() => this.#addAccount(account));
  }

  async insertGroup(group: Group): Promise<void> {
    await this.#write(() => this.#addGroup(group));
  }

  async insertPrincipal(
    principal: Principal,
    apiKeyDigest: Uint8Array | undefined,
    createdAtMs: number,
  ): Promise<void> {
    await this.#write(() => this.#addPrincipal(principal, apiKeyDigest, createdAtMs));
  }

  async setGrants(accountId: AccountId, id: PrincipalId, grants: readonly Grant[]): Promise<void> {
    await this.#write(
      () => {
        const { writer } = this.#parts;
        const owner = this.#db.selectFrom('principals').select('id').where('id', '=', idBlob(id));
        if (writer.rows(owner.where('account_id', '=', idBlob(accountId))).length === 0)
          throw new DomainError('not_found', 'no such principal');
        writer.run(this.#db.deleteFrom('grants').where('principal_id', '=', idBlob(id)));
        this.#addGrants(id, grants);
        this.#bumpRevision(accountId);
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
        this.#bumpRevision(id);
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
    await this.#write(() => {
      this.#parts.writer.run(
        this.#db.insertInto('sessions').values({
          token_digest: session.tokenDigest,
          principal_id: idBlob(session.principalId),
          created_at_ms: Math.ceil(session.createdAtMs),
          expires_at_ms: Math.ceil(session.expiresAtMs),
        }),
      );
    });
  }

  async session(tokenDigest: Uint8Array): Promise<Session | undefined> {
    const index = sessionIndex(tokenDigest);
    const session = cached(this.#sessions, index, () => {
      const row = this.#parts.reader.first(
        this.#db.selectFrom('sessions').selectAll().where('token_digest', '=', tokenDigest),
      );
      if (row === undefined) return undefined;
      return {
        tokenDigest: row.token_digest,
        principalId: idText(row.principal_id) as PrincipalId,
        createdAtMs: row.created_at_ms,
        expiresAtMs: row.expires_at_ms,
      };
    });
    const extension = this.#extensions.get(index);
    return session === undefined || extension === undefined
      ? session
      : { ...session, expiresAtMs: extension.expiresAtMs };
  }

  async extendSession(tokenDigest: Uint8Array, expiresAtMs: number): Promise<void> {
    const index = sessionIndex(tokenDigest);
    if (this.#extensions.size >= MAX_PENDING_EXTENSIONS && !this.#extensions.has(index)) return;
    this.#extensions.set(index, { tokenDigest: Uint8Array.from(tokenDigest), expiresAtMs: Math.ceil(expiresAtMs) });
  }

  async removeSession(tokenDigest: Uint8Array): Promise<void> {
    const forget = (): void => {
      const index = sessionIndex(tokenDigest);
      this.#sessions.delete(index);
      this.#extensions.delete(index);
    };
    await this.#write(() => {
      this.#parts.writer.run(this.#db.deleteFrom('sessions').where('token_digest', '=', tokenDigest));
    }, forget);
  }

  get hasPendingExtensions(): boolean {
    return this.#extensions.size > 0;
  }

  /** Inside a transaction: writes some of the moved expiries and drops some old sessions. */
  writeExtensions(): () => void {
    const { writer, now } = this.#parts;
    const written = [...this.#extensions].slice(0, EXTENSIONS_PER_COMMIT);
    for (const [, { tokenDigest, expiresAtMs }] of written)
      writer.run(
        this.#db.updateTable('sessions').set({ expires_at_ms: expiresAtMs }).where('token_digest', '=', tokenDigest),
      );
    const ended = this.#db
      .selectFrom('sessions')
      .select('token_digest')
      .where('expires_at_ms', '<', Math.floor(now() - KEEP_ENDED_SESSIONS_MS))
      .limit(ENDED_SESSIONS_PER_COMMIT);
    writer.run(this.#db.deleteFrom('sessions').where('token_digest', 'in', ended));
    return () => {
      for (const [index, extension] of written) {
        this.#sessions.delete(index);
        if (this.#extensions.get(index) === extension) this.#extensions.delete(index);
      }
    };
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
    this.#sessions.clear();
  }

  #principal(id: PrincipalId): CachedPrincipal | undefined {
    return cached(this.#principals, id, () => {
      const { reader } = this.#parts;
      const row = reader.first(this.#db.selectFrom('principals').selectAll().where('id', '=', idBlob(id)));
      if (row === undefined) return undefined;
      const grants = reader.rows(
        this.#db.selectFrom('grants').selectAll().where('principal_id', '=', idBlob(id)).orderBy('ordinal'),
      );
      return { principal: principalOf(row, grants), apiKeyDigest: row.api_key_digest ?? undefined };
    });
  }

  #addAccount(account: Account): void {
    this.#parts.writer.run(
      this.#db.insertInto('accounts').values({
        id: idBlob(account.id),
        name: account.name,
        settings: JSON.stringify(account.settings),
        created_at_ms: account.createdAtMs,
        revision: account.revision,
      }),
    );
    this.#log({ kind: 'account-created', accountId: account.id, by: undefined, details: { name: account.name } });
  }

  #addGroup(group: Group): void {
    this.#parts.writer.run(
      this.#db.insertInto('groups').values({
        id: idBlob(group.id),
        account_id: idBlob(group.accountId),
        name: group.name,
        created_by: idBlob(group.createdBy),
        created_at_ms: group.createdAtMs,
      }),
    );
    this.#log({
      kind: 'group-created',
      accountId: group.accountId,
      by: group.createdBy,
      details: { group: group.id, name: group.name },
    });
  }

  #addPrincipal(principal: Principal, apiKeyDigest: Uint8Array | undefined, createdAtMs: number): void {
    this.#parts.writer.run(
      this.#db.insertInto('principals').values({
        id: idBlob(principal.id),
        account_id: idBlob(principal.accountId),
        kind: principal.kind,
        name: principal.name,
        enabled: Number(principal.enabled),
        default_group_id: principal.defaultGroupId === undefined ? null : idBlob(principal.defaultGroupId),
        api_key_digest: apiKeyDigest ?? null,
        created_at_ms: createdAtMs,
      }),
    );
    this.#addGrants(principal.id, principal.grants);
    const details = { principal: principal.id, kind: principal.kind, grants: JSON.stringify(principal.grants) };
    this.#log({ kind: 'principal-created', accountId: principal.accountId, by: undefined, details });
  }

  #addGrants(id: PrincipalId, grants: readonly Grant[]): void {
    for (const [ordinal, { scope, permissions }] of grants.entries())
      this.#parts.writer.run(
        this.#db.insertInto('grants').values({
          principal_id: idBlob(id),
          ordinal,
          scope_kind: scope.kind,
          scope_id: scope.kind === 'account' ? null : idBlob(scope.kind === 'group' ? scope.groupId : scope.keyId),
          permissions: JSON.stringify(permissions),
        }),
      );
  }

  #bumpRevision(id: AccountId): void {
    const query = this.#db
      .updateTable('accounts')
      .set({ revision: sql<number>`revision + 1` })
      .where('id', '=', idBlob(id));
    if (this.#parts.writer.run(query) !== 1) throw new DomainError('not_found', 'no such account');
  }

  #log(event: LogEvent): void {
    this.#parts.log.appendEvent(event);
  }

  async #write(work: () => void, afterCommit?: () => void): Promise<void> {
    await this.#parts.commits.submit(
      WRITE_BYTES,
      () => {
        try {
          work();
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

function sessionIndex(tokenDigest: Uint8Array): string {
  return Buffer.from(tokenDigest.buffer, tokenDigest.byteOffset, tokenDigest.byteLength).toString('latin1');
}

function accountOf(row: AccountsTable | undefined): Account | undefined {
  if (row === undefined) return undefined;
  return {
    id: idText(row.id) as AccountId,
    name: row.name,
    settings: JSON.parse(row.settings) as AccountSettings,
    createdAtMs: row.created_at_ms,
    revision: row.revision,
  };
}

function groupOf(row: GroupsTable | undefined): Group | undefined {
  if (row === undefined) return undefined;
  return {
    id: idText(row.id) as GroupId,
    accountId: idText(row.account_id) as AccountId,
    name: row.name,
    createdBy: idText(row.created_by) as PrincipalId,
    createdAtMs: row.created_at_ms,
  };
}

function principalOf(row: PrincipalsTable, grants: readonly GrantsTable[]): Principal {
  return {
    id: idText(row.id) as PrincipalId,
    accountId: idText(row.account_id) as AccountId,
    kind: row.kind as Principal['kind'],
    name: row.name,
    enabled: row.enabled === 1,
    defaultGroupId: row.default_group_id === null ? undefined : (idText(row.default_group_id) as GroupId),
    grants: grants.map((grant) => ({
      scope: scopeOf(grant),
      permissions: JSON.parse(grant.permissions) as Permission[],
    })),
  };
}

/** @throws DomainError `internal` for a scope that this version doesn't know: a grant is never read as a wider one */
function scopeOf(row: GrantsTable): Grant['scope'] {
  if (row.scope_kind === 'account') return { kind: 'account' };
  if (row.scope_kind === 'group' && row.scope_id !== null)
    return { kind: 'group', groupId: idText(row.scope_id) as GroupId };
  if (row.scope_kind === 'key' && row.scope_id !== null) return { kind: 'key', keyId: idText(row.scope_id) as KeyId };
  throw new DomainError('internal', 'a grant with an unknown scope');
}
