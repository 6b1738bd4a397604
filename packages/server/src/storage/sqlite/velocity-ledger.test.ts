import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type GoverningPolicyId, type KeyId, newId, newOrderedId } from '@countersign/core/ids';
import { afterEach, describe, expect, it } from 'vitest';
import { intentOf, newSpend } from '../governance-fixtures.ts';
import { newHousehold } from '../store-fixtures.ts';
import { openSqliteStore } from './sqlite-store.ts';

const MAX_WINDOW_MS = 43_200 * 60_000;

describe('the ledger of velocity limits', () => {
  const undo: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step();
  });

  it('keeps what the longest window can reach, a row for each millisecond, and drops what is older', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'countersign-ledger-'));
    undo.push(() => rm(folder, { recursive: true }));
    const path = join(folder, 'store.sqlite');
    const startMs = 1_000_000;
    let nowMs = startMs;
    const store = await openSqliteStore({ path, now: () => nowMs });
    undo.push(() => store.close());
    const home = newHousehold();
    await store.directory.install(home);
    const keyId = newId<KeyId>();
    const spend = newSpend({ policyId: newOrderedId<GoverningPolicyId>(), windowMs: MAX_WINDOW_MS, limit: 60n });
    const refused = { keyId, payloadDigest: new Uint8Array(32), code: 'denied_by_policy' };
    /** How many of them fitted. */
    const take = async (count: number): Promise<number> => {
      const item = { keyId, keyVersion: 1, payloadDigest: new Uint8Array(32), spends: [spend] };
      const divert = () => ({ to: 'refused', item: refused }) as const;
      const outcome = await store.journal.recordIntent(intentOf(home, Array(count).fill({ ...item, divert })));
      return outcome.recorded ? outcome.receipt.itemCount : -1;
    };
    const rows = (): number[] => {
      const database = new DatabaseSync(path, { readOnly: true });
      const read = database.prepare('SELECT at_ms FROM velocity_spends ORDER BY at_ms').all();
      database.close();
      return read.map((row) => Number(row['at_ms']));
    };
    for (let i = 0; i < 20; i++, nowMs++) expect(await take(3)).toBe(3);
    nowMs--;
    expect(await take(1)).toBe(0);
    expect(rows()).toEqual(Array.from({ length: 20 }, (_, i) => startMs + i));
    // The last moment in which the first three still count, and the first in which they don't.
    nowMs = startMs + MAX_WINDOW_MS - 1;
    expect(await take(1)).toBe(0);
    nowMs++;
    expect(await take(10)).toBe(3);
    expect(rows()).toEqual([...Array.from({ length: 19 }, (_, i) => startMs + 1 + i), nowMs]);
    // A few at a time, so that no commit has to delete many.
    nowMs = startMs + 2 * MAX_WINDOW_MS - 1;
    expect(await take(60)).toBe(57);
    expect(rows()).toHaveLength(5);
    nowMs += MAX_WINDOW_MS;
    expect(await take(61)).toBe(60);
    expect(rows()).toEqual([nowMs]);
  });
});
