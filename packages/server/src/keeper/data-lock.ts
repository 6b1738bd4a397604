import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StartRefused } from './start-refused.ts';

export interface DataLock {
  release(): void;
}

/**
 * Takes the data folder for this process. The lock is SQLite's write lock on `<dataDir>/lock`, held by a transaction
 * that stays open: portable, it ends with the process whatever kills it, and readers still see who holds it (an
 * exclusive lock would hide that).
 *
 * @throws StartRefused `data_dir_in_use`, naming the holder's process id; `data_dir_unusable`
 */
export function lockDataDir(dataDir: string): DataLock {
  const path = join(dataDir, 'lock');
  let database: DatabaseSync;
  try {
    database = new DatabaseSync(path, { timeout: 0 });
  } catch (error) {
    throw new StartRefused('data_dir_unusable', `The lock file ${path} can't be opened: ${String(error)}`);
  }
  try {
    database.exec('BEGIN IMMEDIATE');
    database.exec(
      'CREATE TABLE IF NOT EXISTS holder (only INTEGER PRIMARY KEY CHECK (only = 1), pid INTEGER NOT NULL) STRICT',
    );
    database.prepare('INSERT OR REPLACE INTO holder (only, pid) VALUES (1, ?)').run(process.pid);
    database.exec('COMMIT');
    // Between the two somebody else may win; then it is this process that is refused.
    database.exec('BEGIN IMMEDIATE');
  } catch (error) {
    if (!isBusy(error)) {
      database.close();
      throw new StartRefused('data_dir_unusable', `The lock file ${path} can't be used: ${String(error)}`);
    }
    const pid = readHolder(database);
    database.close();
    const holder = pid === undefined ? 'another process' : `process ${pid}`;
    throw new StartRefused(
      'data_dir_in_use',
      `The data folder ${dataDir} is in use by ${holder}. Stop that one first, or choose another folder.`,
    );
  }
  return { release: () => database.close() };
}

const SQLITE_BUSY = 5;

function isBusy(error: unknown): boolean {
  // The low byte is the primary result code.
  return error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === SQLITE_BUSY;
}

function readHolder(database: DatabaseSync): number | undefined {
  try {
    const pid = database.prepare('SELECT pid FROM holder').get()?.['pid'];
    return typeof pid === 'number' ? pid : undefined;
  } catch {
    // The holder is just committing, or hasn't yet: its process id isn't known, and that is all.
    return undefined;
  }
}
