/**
 * For the crash tests: a program that writes to a store as fast as it can and prints what was acknowledged, one JSON
 * line each, until it is killed. It is run with the path of the database as its argument.
 */
import { randomBytes } from 'node:crypto';
import { writeSync } from 'node:fs';
import { openSqliteStore } from '../src/storage/sqlite/sqlite-store.ts';
import { newHousehold, newIntent, newKey, recordIntent, signedOutcomes } from '../src/storage/store-fixtures.ts';

export const CRASH_WRITER_PATH = import.meta.filename;

export type Acknowledgement =
  | { readonly what: 'key'; readonly accountId: string; readonly id: string }
  | { readonly what: 'nonce'; readonly hashHex: string }
  | { readonly what: 'intent' | 'outcome'; readonly batchId: number; readonly count: number };

function acknowledge(acknowledgement: Acknowledgement): void {
  // Straight into the pipe: a line that is still in this process when it is killed would hide a loss.
  writeSync(1, `${JSON.stringify(acknowledgement)}\n`);
}

async function write(path: string): Promise<never> {
  const store = await openSqliteStore({ path });
  await store.closeOpenIntents();
  const home = newHousehold();
  await store.directory.install(home);
  const loop = async (count: number): Promise<never> => {
    for (;;) {
      const key = newKey(home);
      await store.keys.insert(key);
      acknowledge({ what: 'key', accountId: key.accountId, id: key.id });
      const receipt = await recordIntent(store, newIntent(home, count));
      acknowledge({ what: 'intent', batchId: receipt.batchId, count });
      const hashes = Array.from({ length: count }, () => randomBytes(32));
      if (!(await store.threshold.reserveNonces(receipt.batchId, hashes))) throw new Error('a fresh nonce was refused');
      acknowledge({ what: 'nonce', hashHex: hashes[0]?.toString('hex') ?? '' });
      await store.journal.recordOutcome(receipt, signedOutcomes(count));
      acknowledge({ what: 'outcome', batchId: receipt.batchId, count });
    }
  };
  return Promise.race([loop(1), loop(7), loop(100), loop(300)]);
}

if (import.meta.main) await write(process.argv[2] ?? '');
