import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { type GroupId, newId, type PrincipalId } from '@countersign/core/ids';
import type { KeyRecord } from '@countersign/core/key-record';
import { decodeEvent } from '@countersign/core/log/event-entry';
import type { NewUser } from '@countersign/core/ports/directory';
import type { ThresholdShare } from '@countersign/core/ports/threshold-store';
import { Migrator } from 'kysely/migration';
import { afterEach, describe, expect, it } from 'vitest';
import type { Store } from '../store.ts';
import { describeStoreContract } from '../store-contract.ts';
import {
  completed,
  type Household,
  newFacts,
  newHousehold,
  newIntent,
  newKey,
  newKeyOfShare,
  newShare,
  recordIntent,
  signedOutcomes,
} from '../store-fixtures.ts';
import { keyCells } from './key-row.ts';
import { initial } from './migrations/0001-initial.ts';
import { kyselyOn } from './node-sqlite-dialect.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import { idBlob } from './sqlite-log.ts';
import { openSqliteStore, type SqliteStoreOptions } from './sqlite-store.ts';
import { verifySqliteLog } from './verify-sqlite-log.ts';

const newFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'countersign-store-'));

describeStoreContract('SQLite', async () => {
  const folder = await newFolder();
  const path = join(folder, 'store.sqlite');
  const serviceKey = randomBytes(32);
  return {
    open: (options = {}) => {
      const { now, beforeCommit } = options;
      return openSqliteStore({
        path,
        serviceKey,
        ...(now === undefined ? {} : { now }),
        ...(beforeCommit === undefined ? {} : { faults: { beforeCommit } }),
      });
    },
    remove: () => rm(folder, { recursive: true }),
  };
});

describe('the SQLite store', () => {
  const undo: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step();
  });

  async function newPath(): Promise<string> {
    const folder = await newFolder();
    undo.push(() => rm(folder, { recursive: true }));
    return join(folder, 'store.sqlite');
  }

  async function opened(path: string, options: Omit<SqliteStoreOptions, 'path'> = {}): Promise<Store> {
    const store = await openSqliteStore({ path, ...options });
    undo.push(() => store.close());
    return store;
  }

  it('has synchronous=FULL, WAL and foreign keys on every connection', async () => {
    const connections = new Map<string, DatabaseSync>();
    await opened(await newPath(), {
      faults: { onConnection: (database, role) => void connections.set(role, database) },
    });
    expect([...connections.keys()].sort()).toEqual(['reader', 'writer']);
    for (const database of connections.values()) {
      expect(database.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 });
      expect(database.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
      expect(database.prepare('PRAGMA foreign_keys').get()).toEqual({ foreign_keys: 1 });
      expect(database.prepare('PRAGMA busy_timeout').get()).toEqual({ timeout: 500 });
    }
    expect(() => connections.get('reader')?.exec('DELETE FROM keys')).toThrow('readonly');
  });

  it('is unhealthy on a full disk, also while a few bytes would still fit, and healthy again when there is room', async () => {
    let writer: DatabaseSync | undefined;
    let nowMs = 1_000;
    const store = await opened(await newPath(), {
      now: () => nowMs,
      faults: {
        onConnection: (database, role) => {
          if (role === 'writer') writer = database;
        },
      },
    });
    const home = newHousehold();
    await store.directory.install(home);
    await store.health();
    const pages = Number(writer?.prepare('PRAGMA page_count').get()?.['page_count']);
    writer?.exec(`PRAGMA max_page_count = ${pages + 2}`);
    await expect(store.journal.recordIntent(newIntent(home, 500))).rejects.toMatchObject({ code: 'unavailable' });
    nowMs += 2_000;
    await expect(store.health()).rejects.toMatchObject({ code: 'unavailable' });
    writer?.exec('PRAGMA max_page_count = 1000000');
    nowMs += 2_000;
    await store.health();
    expect(await store.journal.recordIntent(newIntent(home, 500))).toMatchObject({ recorded: true });
  });

  it('has only strict tables of its own', async () => {
    const path = await newPath();
    await opened(path);
    const database = new DatabaseSync(path, { readOnly: true });
    const tables = database.prepare("SELECT name, strict FROM pragma_table_list WHERE schema = 'main'").all();
    database.close();
    const loose = tables.filter(({ name, strict }) => strict !== 1 && !/^(sqlite|kysely)_/.test(String(name)));
    expect(loose).toEqual([]);
    expect(tables.length).toBeGreaterThan(8);
  });

  it('takes over a file in which the keeper has made the meta table', async () => {
    const path = await newPath();
    const database = new DatabaseSync(path);
    database.exec('CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY NOT NULL, value BLOB NOT NULL) STRICT');
    database.prepare('INSERT INTO meta VALUES (?, ?)').run('root-key-check', Buffer.from('x'));
    database.close();
    const store = await opened(path);
    await store.directory.install(newHousehold());
    const after = new DatabaseSync(path, { readOnly: true });
    expect(after.prepare("SELECT name FROM meta WHERE name = 'root-key-check'").all()).toHaveLength(1);
    after.close();
  });

  it('refuses the file of a newer version with a text that says so, and leaves it alone', async () => {
    const path = await newPath();
    await (await opened(path)).close();
    const database = new DatabaseSync(path);
    database.prepare('INSERT INTO kysely_migration (name, timestamp) VALUES (?, ?)').run('0099-future', 'now');
    database.close();
    await expect(openSqliteStore({ path })).rejects.toMatchObject({
      code: 'not_supported',
      message: expect.stringContaining('newer version of countersign (its schema has 0099-future'),
    });
  });

  it('refuses the file of another program, and what is no database', async () => {
    const path = await newPath();
    const database = new DatabaseSync(path);
    database.exec('PRAGMA application_id = 12345; CREATE TABLE t (a)');
    database.close();
    await expect(openSqliteStore({ path })).rejects.toMatchObject({ code: 'not_supported' });
    await expect(openSqliteStore({ path: join(path, 'x') })).rejects.toMatchObject({ code: expect.any(String) });
  });

  it('answers a full disk as retryable, loses nothing, and goes on when there is room', async () => {
    let writer: DatabaseSync | undefined;
    const path = await newPath();
    const store = await opened(path, {
      faults: {
        onConnection: (database, role) => {
          if (role === 'writer') writer = database;
        },
      },
    });
    const home = newHousehold();
    await store.directory.install(home);
    const kept = await recordIntent(store, newIntent(home, 10));
    const before = await store.log.head();
    writer?.exec(`PRAGMA max_page_count = ${Number(writer.prepare('PRAGMA page_count').get()?.['page_count']) + 4}`);
    // Beside a write that fits: what SQLite rolled back is everybody's.
    const results = await Promise.allSettled([
      store.keys.insert(newKey(home)),
      store.journal.recordIntent(newIntent(home, 2_000)),
      store.keys.insert(newKey(home)),
    ]);
    for (const result of results) expect(result).toMatchObject({ status: 'rejected', reason: { code: 'unavailable' } });
    expect(await store.log.head()).toEqual(before);
    writer?.exec('PRAGMA max_page_count = 1000000');
    await store.journal.recordOutcome(kept, signedOutcomes(10));
    expect((await store.log.head()).size).toBe(before.size + 10);
  });

  it('answers a database that another process has locked as retryable', async () => {
    const path = await newPath();
    const store = await opened(path, {
      faults: { onConnection: (database) => database.exec('PRAGMA busy_timeout = 10') },
    });
    const home = newHousehold();
    await store.directory.install(home);
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    await expect(store.journal.recordIntent(newIntent(home, 1))).rejects.toMatchObject({ code: 'unavailable' });
    await expect(store.health()).rejects.toMatchObject({ code: 'unavailable' });
    other.exec('ROLLBACK');
    other.close();
    await recordIntent(store, newIntent(home, 1));
  });

  it('notices what another process wrote: the intent is stale, and what is cached is read again', async () => {
    const path = await newPath();
    const store = await opened(path);
    const home = newHousehold();
    await store.directory.install(home);
    const key = newKey(home);
    await store.keys.insert(key);
    const references = [{ by: 'id', id: key.id }] as const;
    expect(await store.keys.resolve(home.account.id, references)).toHaveLength(1);
    const second = await opened(path);
    await second.keys.remove(home.account.id, key.id, home.administrator.id);
    await recordIntent(second, { ...newIntent(home, 1), accountRevision: 2 });
    expect(await store.journal.recordIntent(newIntent(home, 1))).toEqual({ recorded: false, reason: 'stale' });
    expect((await store.directory.account(home.account.id))?.revision).toBe(2);
    expect(await store.keys.resolve(home.account.id, references)).toEqual([undefined]);
    await recordIntent(store, { ...newIntent(home, 1), accountRevision: 2 });
    expect((await store.log.head()).size).toBe((await second.log.head()).size);
  });

  it('refuses writes when too many are waiting, and takes them again afterwards', async () => {
    const commitLimits = { maxWaitingWrites: 10, maxWaitingBytes: 1_000_000, maxGroupBytes: 1_000_000 };
    const store = await opened(await newPath(), { commitLimits });
    const home = newHousehold();
    await store.directory.install(home);
    const many = await Promise.allSettled(Array.from({ length: 15 }, () => recordIntent(store, newIntent(home, 1))));
    expect(many.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
    for (const result of many.slice(10)) expect(result).toMatchObject({ reason: { code: 'unavailable' } });
    await expect(store.journal.recordIntent(newIntent(home, 6_000))).rejects.toMatchObject({ code: 'unavailable' });
    await recordIntent(store, newIntent(home, 1));
  });

  it('splits what is too much for one commit, in order', async () => {
    const groups: number[] = [];
    const store = await opened(await newPath(), {
      commitLimits: { maxWaitingWrites: 100, maxWaitingBytes: 10_000_000, maxGroupBytes: 5_000 },
      onCommit: (_, writes) => void groups.push(writes),
    });
    const home = newHousehold();
    await store.directory.install(home);
    groups.length = 0;
    const receipts = await Promise.all(Array.from({ length: 12 }, () => recordIntent(store, newIntent(home, 5))));
    expect(groups).toEqual([3, 3, 3, 3]);
    const ids = receipts.map(({ batchId }) => batchId);
    expect(ids).toEqual(ids.toSorted((a, b) => a - b));
  });

  it('writes noted uses with a later commit, not at once, and never of its own accord', async () => {
    let nowMs = 1_000_000;
    const path = await newPath();
    const commits: number[] = [];
    const store = await opened(path, { now: () => nowMs, onCommit: (_, writes) => void commits.push(writes) });
    const home = newHousehold();
    await store.directory.install(home);
    const key = newKey(home);
    await store.keys.insert(key);
    const used = async (): Promise<number | undefined> => {
      const [found] = await store.keys.resolve(home.account.id, [{ by: 'id', id: key.id }]);
      return found?.lastUsedAtMs;
    };
    const before = commits.length;
    store.keys.touch([key.id], nowMs);
    expect(commits.length).toBe(before);
    await recordIntent(store, newIntent(home, 1));
    expect(await used()).toBeUndefined();
    nowMs += 6_000;
    await recordIntent(store, newIntent(home, 1));
    expect(await used()).toBe(1_000_000);
    expect(commits.length).toBe(before + 2);
  });

  it('drops sessions that ended long ago, and keeps the others', async () => {
    let nowMs = 1_000_000_000;
    const path = await newPath();
    const store = await opened(path, { now: () => nowMs });
    const home = newHousehold();
    await store.directory.install(home);
    const base = { principalId: home.administrator.id, createdAtMs: nowMs };
    const [old, fresh] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
    await store.directory.insertSession({ ...base, tokenDigest: old, expiresAtMs: nowMs + 1_000 });
    await store.directory.insertSession({ ...base, tokenDigest: fresh, expiresAtMs: nowMs + 90_000_000 });
    nowMs += 88_000_000;
    await store.directory.extendSession(fresh, nowMs + 5_000);
    await recordIntent(store, newIntent(home, 1));
    await store.close();
    const database = new DatabaseSync(path, { readOnly: true });
    const rows = database.prepare('SELECT token_digest, expires_at_ms FROM sessions').all();
    database.close();
    expect(rows.map((row) => [(row['token_digest'] as Uint8Array)[0], row['expires_at_ms']])).toEqual([
      [2, nowMs + 5_000],
    ]);
  });

  it('brings a database of the first version up to date: its API keys still open their accounts', async () => {
    const path = await newPath();
    const home = newHousehold();
    const key = newKey(home);
    const tokenDigest = randomBytes(32);
    await writeFirstVersion(path, home, key, tokenDigest);
    const store = await opened(path);
    const { directory } = store;
    expect(await directory.firstAccount()).toEqual(home.account);
    expect(await directory.principal(home.administrator.id)).toEqual(home.administrator);
    const digests = await directory.apiKeyDigests(home.administrator.id);
    expect(digests.map((digest) => Buffer.from(digest))).toEqual([Buffer.from(home.apiKeyDigest)]);
    expect((await directory.session(tokenDigest))?.principalId).toBe(home.administrator.id);
    const among = { groups: [home.group.id], keys: [] };
    const listed = await store.keys.list({ accountId: home.account.id, among, after: undefined, limit: 10 });
    expect(listed.map(({ id }) => id)).toEqual([key.id]);
    const entries = await directory.principals({ accountId: home.account.id, after: undefined, limit: 10 });
    expect(entries.map(({ name, apiKeyCount }) => [name, apiKeyCount])).toEqual([
      ['administrator', 1],
      ['keyless', 0],
    ]);
    await store.threshold.insert(newShare(home));
    expect(await store.threshold.reserveNonces(1, [randomBytes(32)])).toBe(true);
    await store.close();
    const database = new DatabaseSync(path, { readOnly: true });
    const columns = database.prepare("SELECT name FROM pragma_table_info('principals')").all();
    expect(columns.map(({ name }) => name)).not.toContain('api_key_digest');
    expect(database.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
    expect(database.prepare('PRAGMA foreign_key_check').all()).toEqual([]);
    database.close();
  });

  it('holds 100,000 principals of an account, and takes a new one when another has gone', async () => {
    const path = await newPath();
    const store = await opened(path);
    const home = newHousehold();
    await store.directory.install(home);
    const by = home.administrator.id;
    const { accountId } = home.group;
    const newUser = (): NewUser => {
      const group = { ...home.group, id: newId<GroupId>(), name: newId<GroupId>() };
      const id = newId<PrincipalId>();
      const principal = { ...home.administrator, id, name: `user ${id}`, defaultGroupId: group.id };
      return { principal, group, apiKeyDigest: randomBytes(32), createdAtMs: 1, by };
    };
    const first = newUser();
    await store.directory.insertUser(first);
    const other = new DatabaseSync(path);
    other
      .prepare(
        `WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 99997)
        INSERT INTO principals (id, account_id, kind, name, enabled, created_at_ms)
          SELECT randomblob(16), ?, 'user', 'n' || i, 1, 1 FROM n`,
      )
      .run(idBlob(accountId));
    other.close();
    await store.directory.insertUser(newUser());
    const refused = { code: 'conflict', message: expect.stringContaining('100000') };
    await expect(store.directory.insertUser(newUser())).rejects.toMatchObject(refused);
    const removal = { accountId, principalId: first.principal.id, groupId: first.group.id, by };
    expect(await store.directory.removeUser(removal)).toBe(true);
    await store.directory.insertUser(newUser());
    await expect(store.directory.insertUser(newUser())).rejects.toMatchObject(refused);
  });

  it('gives a nonce to one of two programs on one database', async () => {
    const path = await newPath();
    const [first, second] = [await opened(path), await opened(path)];
    const nonce = randomBytes(32);
    expect(await first.threshold.reserveNonces(1, [nonce])).toBe(true);
    expect(await second.threshold.reserveNonces(1, [randomBytes(32), nonce])).toBe(false);
    expect(await first.threshold.reserveNonces(2, [nonce])).toBe(false);
  });

  it('does not keep the secret of a share that was replaced or deleted in its file', async () => {
    const path = await newPath();
    const store = await opened(path);
    const home = newHousehold();
    await store.directory.install(home);
    // Large enough for pages of their own, and small enough to share one.
    const shares = [20_000, 40].map((length) => newShare(home, { sealed: randomBytes(length) }));
    for (const share of shares) await store.threshold.insert(share);
    await store.close();
    const again = await opened(path);
    const secrets = shares.map(({ sealed }) => Buffer.from(sealed).subarray(-32));
    const file = await readFile(path);
    for (const secret of secrets) expect(file.includes(secret)).toBe(true);
    const [replaced, deleted] = shares as [ThresholdShare, ThresholdShare];
    await again.threshold.replace({ ...replaced, sealed: randomBytes(10), version: 2 });
    await again.threshold.remove(home.account.id, deleted.id, home.administrator.id);
    await again.close();
    const after = await readFile(path);
    for (const secret of secrets) expect(after.includes(secret)).toBe(false);
  });

  it('logs what happens to users, API keys and shares, with who did it', async () => {
    const path = await newPath();
    const store = await opened(path);
    const home = newHousehold();
    await store.directory.install(home);
    const by = home.administrator.id;
    const { size } = await store.log.head();
    const { accountId } = home.group;
    const group = { ...home.group, id: newId<GroupId>(), name: 'own' };
    const principal = { ...home.administrator, id: newId<PrincipalId>(), name: 'a user', defaultGroupId: group.id };
    const digest = randomBytes(32);
    await store.directory.insertUser({ principal, group, apiKeyDigest: randomBytes(32), createdAtMs: 1, by });
    await store.directory.insertApiKey(principal.id, digest, { createdAtMs: 1, by });
    await store.directory.removeApiKey(principal.id, digest, { by, keepLast: true });
    await store.directory.removeUser({ accountId, principalId: principal.id, groupId: group.id, by });
    const [old, fresh] = [newShare(home), newShare(home, { name: undefined })];
    await store.threshold.insert(old);
    await store.threshold.replace({ ...old, sealed: randomBytes(5), version: 2 });
    const done = completed({ ...old, version: 2 });
    await store.threshold.replace(done, { insertKey: newKeyOfShare(home, done) });
    const refreshed = { ...done, facts: newFacts({ epoch: 1 }), version: 4 };
    await store.threshold.replace(refreshed);
    await store.threshold.insert(fresh);
    const next = completed(fresh);
    await store.threshold.replace(next, { insertKey: newKeyOfShare(home, next), retire: [old.id], moveName: true });
    await store.threshold.remove(accountId, fresh.id, by);
    await store.threshold.installIdentity({ sealed: randomBytes(5), publicBundle: randomBytes(5) });
    await store.close();
    const database = new DatabaseSync(path, { readOnly: true });
    const rows = database.prepare('SELECT body FROM log_rows WHERE first_leaf >= ? ORDER BY first_leaf').all(size);
    database.close();
    const events = rows.map(({ body }) => JSON.parse(decodeEvent(body as Uint8Array).json) as Record<string, unknown>);
    expect(events.map((event) => [event['kind'], event['by']])).toEqual([
      ['group-created', by],
      ['principal-created', by],
      ['api-key-created', by],
      ['api-key-revoked', by],
      ['principal-deleted', by],
      ['group-deleted', by],
      ['share-created', by],
      ['share-completed', null],
      ['key-created', by],
      ['share-refreshed', null],
      ['share-created', by],
      ['share-superseded', null],
      ['key-deactivated', null],
      ['share-completed', null],
      ['key-created', by],
      ['share-deleted', by],
      ['key-deleted', by],
      ['identity-created', null],
    ]);
    expect(events[9]?.['details']).toMatchObject({ key: old.id, epoch: 1, threshold: 2, parties: 3, index: 1 });
    expect(JSON.stringify(events)).not.toContain(digest.toString('hex'));
    expect(verifySqliteLog(path).problems).toEqual([]);
  });
});

/** A database as the first version wrote it. */
async function writeFirstVersion(
  path: string,
  home: Household,
  key: KeyRecord,
  tokenDigest: Uint8Array,
): Promise<void> {
  const connection = new SqliteConnection(path, 'writer');
  const migrations = { '0001-initial': initial };
  const migrator = new Migrator({
    db: kyselyOn<unknown>(connection),
    provider: { getMigrations: async () => migrations },
  });
  expect((await migrator.migrateToLatest()).error).toBeUndefined();
  const { account, group, administrator } = home;
  const insert = (table: string, ...cells: SQLInputValue[]): void => {
    connection.prepare(`INSERT INTO ${table} VALUES (${cells.map(() => '?').join(', ')})`).run(...cells);
  };
  const [accountId, groupId, id] = [idBlob(account.id), idBlob(group.id), idBlob(administrator.id)];
  insert('accounts', accountId, account.name, JSON.stringify(account.settings), account.createdAtMs, account.revision);
  insert('groups', groupId, accountId, group.name, id, group.createdAtMs);
  insert('principals', id, accountId, 'service', 'administrator', 1, groupId, home.apiKeyDigest, 1_000);
  insert('principals', Buffer.alloc(16, 0xff), accountId, 'user', 'keyless', 0, null, null, 2_000);
  for (const [ordinal, { scope, permissions }] of administrator.grants.entries())
    insert('grants', id, ordinal, scope.kind, scope.kind === 'group' ? groupId : null, JSON.stringify(permissions));
  insert('sessions', tokenDigest, id, 1_000, Date.now() + 1_000_000);
  // The first version's columns come first.
  insert('keys', ...keyCells(key).slice(0, 23));
  connection.close();
}
