import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteStore } from '../storage/sqlite/sqlite-store.ts';
import type { Store } from '../storage/store.ts';
import {
  type Household,
  newHousehold,
  newIntent,
  newKey,
  recordIntent,
  signedOutcomes,
} from '../storage/store-fixtures.ts';
import { runLogVerify } from './log-verify.ts';

let dataDir: string;
let path: string;
let store: Store | undefined;
let home: Household;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'countersign-verify-'));
  await mkdir(join(dataDir, 'db'));
  path = join(dataDir, 'db', 'countersign.sqlite');
  store = await openSqliteStore({ path });
  home = newHousehold();
  await store.directory.install(home);
  await store.keys.insert(newKey(home));
  for (const count of [1, 3, 300, 250]) await signBatch(count);
  await recordIntent(store, newIntent(home, 0, 2));
  await recordIntent(store, newIntent(home, 5));
});
afterEach(async () => {
  await store?.close();
  await rm(dataDir, { recursive: true });
});

async function signBatch(count: number): Promise<void> {
  if (store === undefined) throw new Error('the store is closed');
  const receipt = await recordIntent(store, newIntent(home, count, 1));
  await store.journal.recordOutcome(receipt, signedOutcomes(count));
}

async function verify(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const io = {
    stdout: (text: string) => {
      out += text;
    },
    stderr: (text: string) => {
      err += text;
    },
  };
  const code = await runLogVerify(argv, io, { COUNTERSIGN_DATA_DIR: dataDir });
  return { code, out, err };
}

/** The first line: what is to be kept as a checkpoint. */
async function checkpoint(): Promise<string> {
  const { code, out } = await verify();
  expect(code).toBe(0);
  return out.split('\n')[0] as string;
}

async function tamper(change: (database: DatabaseSync) => void): Promise<void> {
  await store?.close();
  store = undefined;
  const database = new DatabaseSync(path);
  database.exec('PRAGMA foreign_keys = OFF');
  change(database);
  database.close();
}

describe('log verify', () => {
  it('prints the size and root that the store has, beside a running service, and says what it could not check', async () => {
    const head = await store?.log.head();
    const { code, out, err } = await verify();
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out.split('\n')[0]).toBe(`${head?.size}:${Buffer.from(head?.root ?? []).toString('hex')}`);
    expect(out).toContain('1 intents without outcome');
    expect(out).toContain('Only consistency was checked');
  });

  it('confirms that a log continues an older checkpoint of any size', async () => {
    const old = await checkpoint();
    await signBatch(40);
    const { code, out } = await verify('--expect', old);
    expect(code).toBe(0);
    expect(out).toContain(`continues ${old}`);
    expect(out).not.toContain('Only consistency');
    // Sizes that lie within the row of a batch: the tree of that many leaves is known here from its tiles.
    const { treeRoot } = await import('@countersign/core/log/proof');
    for (const size of [1, 200, 256, 257, 500]) {
      const root = await treeRoot(
        size,
        async (level, index) => (await store?.log.readTile(level, index)) ?? Buffer.of(),
      );
      expect((await verify('--expect', `${size}:${Buffer.from(root).toString('hex')}`)).code).toBe(0);
      expect((await verify('--expect', `${size}:${'00'.repeat(32)}`)).code).toBe(1);
    }
    const empty = '0:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
    expect((await verify('--expect', empty)).code).toBe(0);
  });

  it('does not change the database', async () => {
    await store?.close();
    store = undefined;
    const { code } = await verify('--database', path);
    expect(code).toBe(0);
  });

  const tamperings: [string, string, (database: DatabaseSync) => void][] = [
    [
      'an altered signature digest',
      'tile 0/1',
      (db) => flipByte(db, "phase = 'outcome' AND leaf_count = 300", (body) => body.length - 10),
    ],
    [
      'an altered intent',
      'keys and digests',
      (db) =>
        flipByte(
          db,
          "phase = 'intent' AND first_leaf = (SELECT batch_id FROM log_rows WHERE leaf_count = 250)",
          (body) => body.length - 70,
        ),
    ],
    ['an altered caller', 'principal', (db) => flipByte(db, "phase = 'outcome' AND leaf_count = 250", () => 40)],
    ['an altered event', 'malformed', (db) => flipByte(db, "phase = 'event'", () => 29)],
    ['altered columns', 'columns', (db) => db.exec('UPDATE log_rows SET created_at_ms = 1 WHERE leaf_count = 3')],
    [
      'an altered phase',
      'phase',
      (db) =>
        db.exec(
          "UPDATE log_rows SET phase = 'refusal' WHERE first_leaf = (SELECT batch_id FROM log_rows WHERE leaf_count = 3)",
        ),
    ],
    ['an unknown phase', 'unknown phase', (db) => db.exec("UPDATE log_rows SET phase = 'x' WHERE leaf_count = 3")],
    ['a removed row', 'missing or out of order', (db) => db.exec('DELETE FROM log_rows WHERE leaf_count = 3')],
    ['a removed first row', 'missing or out of order', (db) => db.exec('DELETE FROM log_rows WHERE first_leaf = 0')],
    ['swapped rows', 'it is the intent of batch', swapIntents],
    ['an outcome without its intent', 'no open intent', replayOutcome],
    [
      'an altered tile',
      'tile 0/1',
      (db) => db.exec('UPDATE log_tiles SET hashes = zeroblob(8192) WHERE level = 0 AND tile_index = 1'),
    ],
    ['a removed tile', 'tile 0/1 is missing', (db) => db.exec('DELETE FROM log_tiles WHERE tile_index = 1')],
    ['a tile too many', 'stored tiles', (db) => db.exec('INSERT INTO log_tiles VALUES (0, 9, zeroblob(8192))')],
    ['a forgotten open intent', 'without outcome', (db) => db.exec('DELETE FROM log_open_intents')],
  ];
  for (const [name, words, change] of tamperings)
    it(`finds ${name}`, async () => {
      await tamper(change);
      const { code, err, out } = await verify();
      expect({ code, out }).toEqual({ code: 1, out: '' });
      expect(err).toContain(words);
      expect(err).toContain('The log is not intact.');
    });

  it('finds a log that was cut off only with an older checkpoint, and says so', async () => {
    const old = await checkpoint();
    await tamper((db) => {
      db.exec('DELETE FROM log_open_intents');
      db.exec('DELETE FROM log_rows WHERE first_leaf >= (SELECT max(first_leaf) FROM log_rows)');
    });
    const { code, out } = await verify();
    expect(code).toBe(0);
    expect(out).toContain('Only consistency was checked. Without --expect');
    const cut = await verify('--expect', old);
    expect(cut.code).toBe(1);
    expect(cut.err).toContain('its end was cut off');
  });

  it('finds an alteration that no full tile covers yet only with a checkpoint', async () => {
    await signBatch(1);
    const old = await checkpoint();
    await tamper((db) =>
      flipByte(
        db,
        "phase = 'outcome' AND first_leaf = (SELECT max(first_leaf) FROM log_rows)",
        (body) => body.length - 10,
      ),
    );
    expect((await verify()).code).toBe(0);
    const altered = await verify('--expect', old);
    expect(altered.code).toBe(1);
    expect(altered.err).toContain('they were rewritten');
  });

  it('finds a log that was wholly rewritten, with an older checkpoint', async () => {
    const old = await checkpoint();
    await store?.close();
    await rm(path);
    store = await openSqliteStore({ path });
    home = newHousehold();
    await store.directory.install(home);
    for (const count of [1, 3, 300, 250, 100]) await signBatch(count);
    expect((await verify()).code).toBe(0);
    const rewritten = await verify('--expect', old);
    expect(rewritten.code).toBe(1);
    expect(rewritten.err).toContain('they were rewritten');
  });

  it('refuses wrong use with code 2', async () => {
    const wrong = [
      ['--expect', '12'],
      ['--expect', `-1:${'00'.repeat(32)}`],
      ['--expect', `1:${'00'.repeat(31)}`],
      ['--expect', `99999999999999999:${'00'.repeat(32)}`],
      ['--nonsense'],
      ['stray'],
      ['--data-dir', dataDir, '--database', path],
      ['--database', join(dataDir, 'absent.sqlite')],
    ];
    for (const argv of wrong) {
      const { code, err } = await verify(...argv);
      expect({ argv, code }).toEqual({ argv, code: 2 });
      expect(err).not.toBe('');
    }
  });

  it('says that a file is no database of ours', async () => {
    await store?.close();
    store = undefined;
    const other = join(dataDir, 'other.sqlite');
    new DatabaseSync(other).close();
    const { code, err } = await verify('--database', other);
    expect(code).toBe(1);
    expect(err).toContain("The log can't be read");
  });
});

function flipByte(database: DatabaseSync, where: string, at: (body: Uint8Array) => number): void {
  const row = database.prepare(`SELECT first_leaf, body FROM log_rows WHERE ${where} LIMIT 1`).get();
  const body = Uint8Array.from(row?.['body'] as Uint8Array);
  const index = at(body);
  body[index] = (body[index] ?? 0) ^ 1;
  database.prepare('UPDATE log_rows SET body = ? WHERE first_leaf = ?').run(body, Number(row?.['first_leaf']));
}

/** Exchanges the contents of two intents, columns and all. */
function swapIntents(database: DatabaseSync): void {
  const [a, b] = database.prepare("SELECT * FROM log_rows WHERE phase = 'intent' LIMIT 2").all();
  const put = database.prepare(
    'UPDATE log_rows SET batch_id = ?, account_id = ?, created_at_ms = ?, body = ? WHERE first_leaf = ?',
  );
  for (const [to, from] of [
    [a, b],
    [b, a],
  ])
    put.run(
      from?.['batch_id'] ?? null,
      from?.['account_id'] ?? null,
      from?.['created_at_ms'] ?? null,
      from?.['body'] ?? null,
      to?.['first_leaf'] ?? null,
    );
}

/** Puts the outcome of one batch in the place of the last row, an intent. */
function replayOutcome(database: DatabaseSync): void {
  const outcome = database.prepare("SELECT * FROM log_rows WHERE phase = 'outcome' AND leaf_count = 1").get();
  database
    .prepare(
      `UPDATE log_rows SET phase = 'outcome', batch_id = ?, body = ?
       WHERE first_leaf = (SELECT max(first_leaf) FROM log_rows)`,
    )
    .run(outcome?.['batch_id'] ?? null, outcome?.['body'] ?? null);
}
