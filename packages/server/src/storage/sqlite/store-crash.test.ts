import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { AccountId, KeyId } from '@countersign/core/ids';
import { decodeOutcome } from '@countersign/core/log/outcome-entry';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Acknowledgement, CRASH_WRITER_PATH } from '../../../test/store-crash-writer.ts';
import { newHousehold, newIntent, newKey, recordIntent, signedOutcomes } from '../store-fixtures.ts';
import { openSqliteStore } from './sqlite-store.ts';
import { verifySqliteLog } from './verify-sqlite-log.ts';

const ROUNDS = process.env['COUNTERSIGN_SOAK'] === '1' ? 60 : 10;

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-crash-'));
  path = join(folder, 'store.sqlite');
});
afterEach(() => rm(folder, { recursive: true }));

describe('after a crash', () => {
  it(`nothing acknowledged is missing, the log is intact and no intent stays open, ${ROUNDS} times on one database`, async () => {
    const acknowledged: Acknowledgement[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const fresh = await killWhileWriting(round % 4 === 0 ? 5 + Math.random() * 40 : Math.random() * 200);
      expect(fresh.length).toBeGreaterThan(0);
      acknowledged.push(...fresh);
      const intact = verifySqliteLog(path);
      expect(intact.problems).toEqual([]);
      const store = await openSqliteStore({ path });
      expect(await store.closeOpenIntents()).toBe(intact.openIntents);
      for (const each of acknowledged) {
        if (each.what === 'nonce')
          expect(await store.threshold.reserveNonces(0, [Buffer.from(each.hashHex, 'hex')])).toBe(false);
        if (each.what !== 'key') continue;
        const references = [{ by: 'id', id: each.id as KeyId }] as const;
        const [key] = await store.keys.resolve(each.accountId as AccountId, references);
        expect(key?.id).toBe(each.id);
      }
      await store.close();
      expect(verifySqliteLog(path)).toMatchObject({ problems: [], openIntents: 0 });
      const statuses = outcomeStatuses();
      for (const each of acknowledged) {
        if (each.what === 'key' || each.what === 'nonce') continue;
        expect(statuses.get(each.batchId)).toHaveLength(each.count);
        if (each.what === 'outcome') expect(new Set(statuses.get(each.batchId))).toEqual(new Set(['signed']));
      }
    }
  }, 120_000);

  it('a copy of the files taken at any moment opens and is intact', async () => {
    const store = await openSqliteStore({ path });
    const home = newHousehold();
    await store.directory.install(home);
    const copies: string[] = [];
    for (let i = 0; i < 5; i++) {
      const receipt = await recordIntent(store, newIntent(home, 100));
      await store.keys.insert(newKey(home));
      // Between intent and outcome, with the WAL full of what isn't in the database file yet.
      const copy = join(folder, `copy-${i}`);
      for (const suffix of ['', '-wal']) await cp(path + suffix, copy + suffix);
      copies.push(copy);
      await store.journal.recordOutcome(receipt, signedOutcomes(100));
    }
    await store.close();
    for (const copy of copies) {
      const again = await openSqliteStore({ path: copy });
      expect(await again.closeOpenIntents()).toBe(1);
      await again.close();
      expect(verifySqliteLog(copy).problems).toEqual([]);
    }
  });
});

/** Starts the writer, kills it some time after its first line, and returns what it acknowledged. */
async function killWhileWriting(afterMs: number): Promise<Acknowledgement[]> {
  const child = spawn(process.execPath, [CRASH_WRITER_PATH, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    if (text === '') setTimeout(() => child.kill('SIGKILL'), afterMs);
    text += chunk.toString();
  });
  const [, signal] = (await once(child, 'close')) as [number | null, string | null];
  expect(signal).toBe('SIGKILL');
  // A line is written by one call; the last one may be cut by the kill.
  return text
    .slice(0, text.lastIndexOf('\n'))
    .split('\n')
    .map((line) => JSON.parse(line) as Acknowledgement);
}

function outcomeStatuses(): Map<number, readonly string[]> {
  const database = new DatabaseSync(path, { readOnly: true });
  const rows = database.prepare("SELECT batch_id, body FROM log_rows WHERE phase = 'outcome'").all();
  database.close();
  return new Map(
    rows.map((row) => [
      Number(row['batch_id']),
      decodeOutcome(row['body'] as Uint8Array).records.map(({ status }) => status),
    ]),
  );
}
