/** The part of the store's contract that is about reading the log's rows. */
import { newId } from '@countersign/core/ids';
import { decodeEvent } from '@countersign/core/log/event-entry';
import { leafHashes } from '@countersign/core/log/log-row';
import { describe, expect, it } from 'vitest';
import type { Store } from './store.ts';
import type { StoreTests } from './store-contract.ts';
import { type Household, newHousehold, newIntent, newKey, recordIntent, signedOutcomes } from './store-fixtures.ts';

const hex = (bytes: Uint8Array = new Uint8Array()): string => Buffer.from(bytes).toString('hex');
const ALL = { fromLeaf: 0, limit: 1000, maxBytes: 1024 * 1024 };

export function describeLogReader({ opened }: StoreTests): void {
  describe('rows of the log', () => {
    const event = (store: Store, home: Household, name: string): Promise<number> =>
      store.log.appendEvent({ kind: 'noted', accountId: home.account.id, by: undefined, details: { name } });

    it('come in order, with the leaves that they were hashed to, and to their own account alone', async () => {
      const { store, home } = await opened();
      const other = newHousehold();
      await store.directory.install(other);
      const first = await event(store, home, 'first');
      await event(store, other, 'theirs');
      const key = newKey(home);
      await store.keys.insert(key);
      const { batchId } = await recordIntent(store, newIntent(home, 3));
      const { rows, next } = await store.log.readRows({ ...ALL, accountId: home.account.id, fromLeaf: first });
      expect(next).toBeUndefined();
      expect(rows.map(({ phase, leafCount }) => [phase, leafCount])).toEqual([
        ['event', 1],
        ['event', 1],
        ['intent', 1],
      ]);
      expect(rows[0]?.firstLeaf).toBe(first);
      expect(rows[2]?.firstLeaf).toBe(batchId);
      const tile = await store.log.readTile(0, 0);
      for (const { firstLeaf, phase, body } of rows)
        expect(hex(leafHashes(phase, body))).toBe(hex(tile?.subarray(firstLeaf * 32, (firstLeaf + 1) * 32)));
      const theirs = await store.log.readRows({ ...ALL, accountId: other.account.id });
      expect(theirs.rows.map(({ firstLeaf }) => firstLeaf)).not.toContain(first);
      const last = decodeEvent(theirs.rows.at(-1)?.body ?? new Uint8Array());
      expect(last.json).toContain('"details":{"name":"theirs"}');
      expect((await store.log.readRows({ ...ALL, accountId: newId() })).rows).toEqual([]);
    });

    it('come in pages by number and by size, the first one whatever its size', async () => {
      const { store, home } = await opened();
      const accountId = home.account.id;
      const first = await event(store, home, '1');
      for (const name of ['2', '3', '4']) await event(store, home, name);
      const page = async (query: Partial<typeof ALL>): Promise<readonly [readonly number[], number | undefined]> => {
        const { rows, next } = await store.log.readRows({ ...ALL, accountId, fromLeaf: first, ...query });
        return [rows.map(({ firstLeaf }) => firstLeaf - first), next === undefined ? undefined : next - first];
      };
      expect(await page({})).toEqual([[0, 1, 2, 3], undefined]);
      expect(await page({ limit: 4 })).toEqual([[0, 1, 2, 3], undefined]);
      expect(await page({ limit: 3 })).toEqual([[0, 1, 2], 3]);
      expect(await page({ maxBytes: 1 })).toEqual([[0], 1]);
      expect(await page({ fromLeaf: first + 3, maxBytes: 1 })).toEqual([[3], undefined]);
      expect(await page({ fromLeaf: first + 4 })).toEqual([[], undefined]);
    });

    it('of a small account are found behind many of a large one, in steps', async () => {
      const { store, home } = await opened();
      const other = newHousehold();
      await store.directory.install(other);
      const start = (await store.log.head()).size;
      // Leaves by the thousand: an outcome has one for each of its items.
      for (let batch = 0; batch < 6; batch++) {
        const receipt = await recordIntent(store, newIntent(home, 4000));
        await store.journal.recordOutcome(receipt, signedOutcomes(4000));
      }
      const last = await event(store, other, 'far');
      expect(last - start).toBeGreaterThan(20_000);
      const steps: (readonly number[])[] = [];
      for (let from: number | undefined = start; from !== undefined; ) {
        const read: Awaited<ReturnType<typeof store.log.readRows>> = await store.log.readRows({
          ...ALL,
          accountId: other.account.id,
          fromLeaf: from,
        });
        steps.push(read.rows.map(({ firstLeaf }) => firstLeaf));
        from = read.next;
      }
      expect(steps).toEqual([[], [last]]);
    });
  });
}
