import { randomUUID } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { StartRefused } from './start-refused.ts';

/** How the root key comes from a passphrase; kept beside the database, since both are needed together. */
export interface ScryptParameters {
  readonly cost: number;
  readonly blockSize: number;
  readonly parallelization: number;
  readonly salt: Uint8Array;
}

/** Names this installation and its root key, without telling anything about the key. */
export interface InstallationRecord {
  readonly installationId: string;
  /** 32 bytes, see `rootKeyCheck`. */
  readonly rootKeyCheck: Uint8Array;
  /** Only where the root key comes from a passphrase. */
  readonly scrypt: ScryptParameters | undefined;
}

/**
 * The rows of the table `meta` that belong to the keeper: `installation_id`, `root_key_check`, `root_key_scrypt`. The
 * keeper opens the database for these before the HTTP process starts, and closes it again; it never holds it open
 * while somebody else writes.
 */
export interface InstallationRecordStore {
  /** Undefined for a database that has never been used. */
  read(): InstallationRecord | undefined;
  /** Durable when it returns. Called once in the life of a database. */
  create(record: InstallationRecord): void;
  close(): void;
}

const META_TABLE = 'CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY NOT NULL, value BLOB NOT NULL) STRICT';

/** @throws StartRefused `database_damaged` when it isn't a database, or one without its record */
export function openInstallationRecord(databasePath: string): InstallationRecordStore {
  const database = open(databasePath);
  const value = (name: string): Uint8Array | undefined => {
    const found = database.prepare('SELECT value FROM meta WHERE name = ?').get(name)?.['value'];
    return found instanceof Uint8Array ? found : undefined;
  };
  return {
    read() {
      const installationId = value('installation_id');
      const check = value('root_key_check');
      if (installationId === undefined || check === undefined) {
        refuseUsedDatabase(database, databasePath);
        return undefined;
      }
      const scrypt = value('root_key_scrypt');
      return {
        installationId: Buffer.from(installationId).toString('utf8'),
        rootKeyCheck: check,
        scrypt: scrypt === undefined ? undefined : decodeScrypt(scrypt, databasePath),
      };
    },
    create(record) {
      const insert = database.prepare('INSERT INTO meta (name, value) VALUES (?, ?)');
      database.exec('BEGIN IMMEDIATE');
      insert.run('installation_id', Buffer.from(record.installationId, 'utf8'));
      insert.run('root_key_check', record.rootKeyCheck);
      if (record.scrypt !== undefined) insert.run('root_key_scrypt', encodeScrypt(record.scrypt));
      database.exec('COMMIT');
    },
    close: () => database.close(),
  };
}

export function newInstallationId(): string {
  return randomUUID();
}

function open(databasePath: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(databasePath, { timeout: 5_000 });
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    database.exec(META_TABLE);
    return database;
  } catch (error) {
    database?.close();
    throw new StartRefused('database_damaged', `The database ${databasePath} can't be opened: ${String(error)}`, {
      cause: error,
    });
  }
}

/**
 * The keeper writes the record before anyone makes a table. Tables without a record mean that somebody removed it;
 * a new record would let any root key in.
 */
function refuseUsedDatabase(database: DatabaseSync, databasePath: string): void {
  const other = database
    .prepare(
      "SELECT count(*) AS n FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('meta') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    )
    .get()?.['n'];
  if (other === 0) return;
  throw new StartRefused(
    'database_damaged',
    `The database ${databasePath} has tables but no record of its root key. It was altered, or isn't one of ours. ` +
      'Restore it from a backup.',
  );
}

/** 4 bytes each of log2(cost), block size, parallelization, big-endian; then the salt. */
function encodeScrypt(parameters: ScryptParameters): Uint8Array {
  const bytes = Buffer.alloc(12 + parameters.salt.length);
  bytes.writeUInt32BE(Math.log2(parameters.cost), 0);
  bytes.writeUInt32BE(parameters.blockSize, 4);
  bytes.writeUInt32BE(parameters.parallelization, 8);
  bytes.set(parameters.salt, 12);
  return bytes;
}

function decodeScrypt(encoded: Uint8Array, databasePath: string): ScryptParameters {
  const bytes = Buffer.from(encoded);
  const [logCost, blockSize, parallelization] =
    bytes.length === 44 ? [bytes.readUInt32BE(0), bytes.readUInt32BE(4), bytes.readUInt32BE(8)] : [0, 0, 0];
  // Bounds: a row that somebody altered must not cost gigabytes, nor make a weak key.
  if (logCost < 14 || logCost > 20 || blockSize !== 8 || parallelization < 1 || parallelization > 4) {
    throw new StartRefused('database_damaged', `The database ${databasePath} has unusable passphrase parameters.`);
  }
  return { cost: 2 ** logCost, blockSize, parallelization, salt: bytes.subarray(12) };
}
