import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { builtInRoleId, builtInRoles } from '@countersign/core/identity/built-in-roles';
import { type Migration, Migrator } from 'kysely/migration';
import { afterEach, describe, expect, it } from 'vitest';
import { newAssignment, newService, newWallet } from '../identity-fixtures.ts';
import { newHousehold, newIntent, recordIntent } from '../store-fixtures.ts';
import { initial } from './migrations/0001-initial.ts';
import { usersAndThreshold } from './migrations/0002-users-and-threshold.ts';
import { policies } from './migrations/0003-policies.ts';
import { clusters } from './migrations/0004-clusters.ts';
import { kyselyOn } from './node-sqlite-dialect.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import { idBlob, SqliteLog } from './sqlite-log.ts';
import { openSqliteStore } from './sqlite-store.ts';
import { verifySqliteLog } from './verify-sqlite-log.ts';

const FORMER: Record<string, Migration> = {
  '0001-initial': initial,
  '0002-users-and-threshold': usersAndThreshold,
  '0003-policies': policies,
  '0004-clusters': clusters,
};

describe('a database of the version before identities', () => {
  const undo: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step();
  });

  async function formerDatabase() {
    const folder = await mkdtemp(join(tmpdir(), 'countersign-upgrade-'));
    undo.push(() => rm(folder, { recursive: true }));
    const path = join(folder, 'store.sqlite');
    const connection = new SqliteConnection(path, 'writer');
    const db = kyselyOn<unknown>(connection);
    const migrator = new Migrator({ db, provider: { getMigrations: async () => FORMER } });
    expect((await migrator.migrateToLatest()).error).toBeUndefined();
    const homes = [newHousehold(), newHousehold()] as const;
    const insert = (table: string, row: Record<string, SQLInputValue>): void => {
      const columns = Object.keys(row);
      connection
        .prepare(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`)
        .run(...Object.values(row));
    };
    const log = new SqliteLog(connection, () => 5_000);
    const keyId = idBlob(newHousehold().account.id);
    for (const { account, group, administrator, apiKeyDigest } of homes) {
      const [account_id, group_id, principal_id] = [account.id, group.id, administrator.id].map(idBlob) as [
        Uint8Array,
        Uint8Array,
        Uint8Array,
      ];
      const { name, createdAtMs: created_at_ms, revision } = account;
      insert('accounts', { id: account_id, name, settings: '{"allowLegacy":[]}', created_at_ms, revision });
      insert('groups', { id: group_id, account_id, name: group.name, created_by: principal_id, created_at_ms: 1_001 });
      const principal = { id: principal_id, account_id, kind: 'service', name: 'administrator', enabled: 1 };
      insert('principals', { ...principal, default_group_id: group_id, created_at_ms });
      insert('api_keys', { digest: apiKeyDigest, principal_id, created_at_ms });
      for (const [ordinal, { scope, permissions }] of administrator.grants.entries())
        insert('grants', {
          principal_id,
          ordinal,
          scope_kind: scope.kind,
          scope_id: scope.kind === 'group' ? group_id : null,
          permissions: JSON.stringify(permissions),
        });
      for (let i = 0; i < 150; i++)
        log.appendEvent({ kind: 'test', accountId: account.id, by: administrator.id, details: { i } });
    }
    const [{ account, group, administrator }] = homes;
    insert('keys', {
      id: keyId,
      account_id: idBlob(account.id),
      group_id: idBlob(group.id),
      name: 'old key',
      description: '',
      algorithm: 'ed25519',
      parameters: '{}',
      custody: 'vault',
      persistence: 'stored',
      public_key: randomBytes(32),
      sealed: randomBytes(100),
      operations: '["sign"]',
      dialect_attributes: '{}',
      state: 'active',
      enabled: 1,
      exportable: 0,
      allow_sign_digest: 1,
      verify_after_sign: 0,
      created_by: idBlob(administrator.id),
      created_at_ms: 3_000,
      version: 1,
    });
    const head = log.head();
    connection.close();
    return { path, homes, head };
  }

  it('keeps its principals, keys and log, and gives every account its built-in roles', async () => {
    const { path, homes, head } = await formerDatabase();
    const store = await openSqliteStore({ path, serviceKey: randomBytes(32) });
    undo.push(() => store.close());
    expect(await store.log.head()).toEqual(head);
    for (const home of homes) {
      const { account, group, administrator } = home;
      expect(await store.directory.account(account.id)).toEqual(account);
      expect(await store.directory.principal(administrator.id)).toEqual(administrator);
      expect(await store.directory.apiKeyDigests(administrator.id)).toHaveLength(1);
      expect((await store.directory.group(account.id, group.id))?.name).toBe(group.name);
      expect(await store.identities.findIdentity(account.id, administrator.id)).toMatchObject({
        registered: false,
        assignments: [],
        tokens: [],
      });
      const { items } = await store.identities.listRoles({ accountId: account.id, after: undefined, limit: 10 });
      expect(items.toSorted((a, b) => (a.name < b.name ? -1 : 1))).toEqual(builtInRoles(account));
    }
    const [home] = homes;
    const { id: accountId } = home.account;
    const [key] = await store.keys.resolve(accountId, [{ by: 'name', name: 'old key' }]);
    expect(key).toMatchObject({ algorithm: 'ed25519', version: 1, state: 'active' });
    await recordIntent(store, newIntent(home, 3));
    // What is new works on what is old.
    const by = home.administrator.id;
    const service = newService(home);
    await store.identities.insertIdentity(service, by);
    await store.identities.insertAssignment(newAssignment(home, builtInRoleId(accountId, 'end-user'), by), by);
    expect((await store.directory.principal(by))?.grants).toHaveLength(3);
    if (key === undefined) throw new Error('no key');
    const wallet = newWallet(home, key);
    await store.wallets.insert(wallet, by);
    expect(await store.wallets.find(accountId, wallet.id)).toEqual(wallet);
    await store.close();
    expect(verifySqliteLog(path).problems).toEqual([]);
    const database = new DatabaseSync(path, { readOnly: true });
    expect(database.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
    expect(database.prepare('PRAGMA foreign_key_check').all()).toEqual([]);
    database.close();
  });
});
