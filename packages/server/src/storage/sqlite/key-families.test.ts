import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { newId, type PrincipalId } from '@countersign/core/ids';
import { decodeEvent } from '@countersign/core/log/event-entry';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newHousehold, newKey } from '../store-fixtures.ts';
import { KEY_QUERIES } from './key-queries.ts';
import { pathBlob, pathOfBlob } from './key-row.ts';
import { openSqliteStore } from './sqlite-store.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-keys-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('queries of keys', () => {
  it('each walk along one index, without sorting or reading rows that they leave out', async () => {
    const path = join(folder, 'plans.sqlite');
    await (await openSqliteStore({ path })).close();
    const database = new DatabaseSync(path, { readOnly: true });
    const planOf = (sql: string): string =>
      database
        .prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .all(...Array.from(sql.matchAll(/\?/g), () => 0))
        .map((row) => String(row['detail']))
        .join('; ');
    expect(Object.fromEntries(Object.entries(KEY_QUERIES).map(([name, sql]) => [name, planOf(sql)]))).toEqual({
      idsOfAccount: 'SEARCH keys USING COVERING INDEX keys_by_account (account_id=? AND id>?)',
      idsOfGroup: 'SEARCH keys USING COVERING INDEX keys_by_group (group_id=? AND account_id=? AND id>?)',
      openIdsOfAccount: 'SEARCH keys USING COVERING INDEX open_keys_by_account (account_id=? AND id>?)',
      openIdsOfGroup: 'SEARCH keys USING COVERING INDEX open_keys_by_group (group_id=? AND account_id=? AND id>?)',
      idsOfDelegate: 'SEARCH keys USING COVERING INDEX keys_by_delegate (delegated_to=? AND id>?)',
      highestChild: expect.stringMatching(
        /^SEARCH keys USING (COVERING )?INDEX keys_by_path \(derived_from=\? AND <expr>=\?\)$/,
      ),
    });
    database.close();
  });
});

describe('the log', () => {
  it('says what became of a key, and who did it', async () => {
    const path = join(folder, 'log.sqlite');
    const store = await openSqliteStore({ path });
    const home = newHousehold();
    await store.directory.install(home);
    const { size } = await store.log.head();
    const { id: by, accountId } = home.administrator;
    const to = newId<PrincipalId>();
    const parent = newKey(home, { imported: true });
    const child = newKey(home, { derivedFrom: { keyId: parent.id, path: [44, 0] }, delegatedTo: to });
    await store.keys.insert(parent);
    await store.keys.insert(child);
    await store.keys.change(accountId, parent.id, 1, { name: 'a new name' }, by);
    await store.keys.change(accountId, parent.id, 2, { exportedAtMs: 5 }, by);
    await store.keys.change(accountId, parent.id, 3, { delegatedTo: to }, by);
    await store.close();
    const database = new DatabaseSync(path, { readOnly: true });
    const rows = database.prepare('SELECT body FROM log_rows WHERE first_leaf >= ? ORDER BY first_leaf').all(size);
    database.close();
    const made = { group: home.group.id, algorithm: 'rsa', custody: 'vault' };
    expect(rows.map(({ body }) => JSON.parse(decodeEvent(body as Uint8Array).json) as unknown)).toEqual([
      { kind: 'key-created', by, details: { key: parent.id, ...made, imported: true } },
      {
        kind: 'key-created',
        by,
        details: { key: child.id, ...made, parent: parent.id, path: '44/0', delegatedTo: to },
      },
      { kind: 'key-renamed', by, details: { key: parent.id } },
      { kind: 'key-exported', by, details: { key: parent.id } },
      { kind: 'key-delegated', by, details: { key: parent.id, to } },
    ]);
  });
});

describe('a stored path', () => {
  it('is read as it was written, in an order that SQLite has as well', () => {
    const paths = [[0], [1], [255], [256], [0x7fff_ffff], [0, 1], [44, 60, 0, 0x7fff_ffff]];
    for (const path of paths) expect(pathOfBlob(pathBlob(path))).toEqual(path);
    const ofOne = paths.filter((path) => path.length === 1).map(pathBlob);
    expect(ofOne.toSorted((a, b) => Buffer.compare(a, b))).toEqual(ofOne);
  });
});
