import fs from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openInstallationRecord } from './installation-record.ts';
import type { KeeperLogger } from './keeper-logger.ts';
import { openRootKey, type RootKey } from './root-key.ts';
import type { RootKeySource } from './root-key-source.ts';
import { StartRefused } from './start-refused.ts';

const KEY_A = 'a1'.repeat(32);
const KEY_B = Buffer.alloc(32, 0xb2).toString('base64');
const PASSPHRASE = 'correct horse battery staple';

let folder: string;
let warnings: string[];
const logger: KeeperLogger = {
  info: () => undefined,
  warn: (_fields, message) => void warnings.push(message),
  error: () => undefined,
};

beforeEach(() => {
  folder = fs.mkdtempSync(join(os.tmpdir(), 'countersign-root-key-'));
  warnings = [];
});
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

const database = (name = 'one'): string => join(folder, `${name}.sqlite`);
const file = (name = 'root.key', create = true): RootKeySource => ({ kind: 'file', path: join(folder, name), create });
const environment = (encoded: string): RootKeySource => ({ kind: 'environment', encoded });
const passphrase = (text: string): RootKeySource => ({ kind: 'passphrase', passphrase: text });

function open(source: RootKeySource, databasePath = database()): { hex: string; installationId: string } {
  const store = openInstallationRecord(databasePath);
  let root: RootKey;
  try {
    root = openRootKey(source, store, logger);
  } finally {
    store.close();
  }
  return { hex: root.key.toString('hex'), installationId: root.installationId };
}

function refusal(source: RootKeySource, databasePath = database()): StartRefused {
  try {
    open(source, databasePath);
  } catch (error) {
    if (error instanceof StartRefused) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('root key from a file', () => {
  it('is made once, for its user alone, with a warning, and found again', () => {
    const first = open(file());
    expect(warnings).toHaveLength(1);
    expect(fs.statSync(join(folder, 'root.key')).mode & 0o777).toBe(0o600);
    expect(fs.readdirSync(folder).filter((name) => name.endsWith('.new'))).toEqual([]);
    expect(open(file())).toEqual(first);
    expect(warnings).toHaveLength(1);
    expect(warnings.join()).not.toContain(first.hex);
    expect(open(file('other.key'), database('two')).hex).not.toBe(first.hex);
  });

  it('survives a start that was interrupted between file and database', () => {
    const first = open(file());
    fs.rmSync(database());
    expect(open(file())).toEqual(first);
  });

  it('may be written by hand', () => {
    fs.writeFileSync(join(folder, 'root.key'), `${KEY_A}\n`, { mode: 0o600 });
    expect(open(file()).hex).toBe(KEY_A);
    expect(open(environment(KEY_A)).hex).toBe(KEY_A);
  });

  it('missing beside a database: refused, and none is made', () => {
    open(file());
    fs.rmSync(join(folder, 'root.key'));
    const error = refusal(file());
    expect(error.code).toBe('root_key_missing');
    expect(error.message).toMatch(/is missing.*none is made.*Restore/);
    expect(fs.existsSync(join(folder, 'root.key'))).toBe(false);
  });

  it('missing where none may be made: refused', () => {
    expect(refusal(file('root.key', false)).code).toBe('root_key_missing');
  });

  it('of another installation: refused as swapped, naming both', () => {
    const one = open(file('one.key'), database('one'));
    const two = open(file('two.key'), database('two'));
    const error = refusal(file('two.key'), database('one'));
    expect(error.code).toBe('root_key_swapped');
    expect(error.message).toContain(one.installationId);
    expect(error.message).toContain(two.installationId);
  });

  it('altered: refused as wrong', () => {
    open(file());
    const path = join(folder, 'root.key');
    fs.writeFileSync(path, fs.readFileSync(path, 'utf8').replace(/key [0-9a-f]{64}/, `key ${KEY_A}`));
    const error = refusal(file());
    expect(error.code).toBe('root_key_wrong');
    expect(error.message).not.toContain(KEY_A);
  });

  it.each([0o640, 0o604, 0o620, 0o666])('with mode %o: refused', (mode) => {
    open(file());
    fs.chmodSync(join(folder, 'root.key'), mode);
    const error = refusal(file());
    expect(error.code).toBe('root_key_permissions');
    expect(error.message).toContain('chmod 600');
  });

  it.skipIf(process.getuid?.() !== 0)('of another user: refused (needs root to make one)', () => {
    open(file());
    fs.chownSync(join(folder, 'root.key'), 65534, 65534);
    expect(refusal(file()).code).toBe('root_key_permissions');
  });

  it('behind a symbolic link, or not a file: refused', () => {
    fs.writeFileSync(join(folder, 'real'), KEY_A, { mode: 0o600 });
    fs.symlinkSync(join(folder, 'real'), join(folder, 'root.key'));
    expect(refusal(file()).code).toBe('root_key_permissions');
    fs.mkdirSync(join(folder, 'dir.key'));
    expect(refusal(file('dir.key')).code).toBe('root_key_permissions');
  });

  it.each(['', 'key', KEY_A.slice(2), `${KEY_A}\n${KEY_A}`, 'x'.repeat(2_000), `installation nonsense\nkey ${KEY_A}`])(
    'with other content: refused (%#)',
    (content) => {
      fs.writeFileSync(join(folder, 'root.key'), content, { mode: 0o600 });
      expect(refusal(file()).code).toBe('root_key_malformed');
    },
  );
});

describe('root key from the environment', () => {
  it('is hex or base64, and makes no file', () => {
    expect(open(environment(KEY_A)).hex).toBe(KEY_A);
    expect(open(environment(KEY_B), database('two')).hex).toBe('b2'.repeat(32));
    expect(fs.readdirSync(folder).filter((name) => name.endsWith('.key'))).toEqual([]);
  });

  it('wrong, malformed or instead of another source: refused', () => {
    open(environment(KEY_A));
    expect(refusal(environment(KEY_B)).code).toBe('root_key_wrong');
    expect(refusal(environment('secret')).code).toBe('root_key_malformed');
    expect(refusal(environment('secret')).message).not.toContain('secret');
    expect(refusal(passphrase(PASSPHRASE)).code).toBe('root_key_wrong');
    const missing = refusal(file());
    expect(missing.code).toBe('root_key_missing');
    expect(fs.existsSync(join(folder, 'root.key'))).toBe(false);
  });
});

describe('root key from a passphrase', () => {
  it('is the same each time, another for another salt, and refused when wrong', { timeout: 60_000 }, () => {
    const first = open(passphrase(PASSPHRASE));
    expect(open(passphrase(PASSPHRASE))).toEqual(first);
    expect(open(passphrase(PASSPHRASE), database('two')).hex).not.toBe(first.hex);
    expect(refusal(passphrase(`${PASSPHRASE}!`)).code).toBe('root_key_wrong');
    expect(refusal(file()).message).toContain('set up with a passphrase');
  });

  it('too short for a new installation: refused', () => {
    expect(refusal(passphrase('short')).code).toBe('root_key_malformed');
  });

  it('with parameters that somebody altered: refused', { timeout: 60_000 }, () => {
    open(passphrase(PASSPHRASE));
    const altered = new DatabaseSync(database());
    altered.prepare("UPDATE meta SET value = ? WHERE name = 'root_key_scrypt'").run(Buffer.alloc(44, 31));
    altered.close();
    expect(refusal(passphrase(PASSPHRASE)).code).toBe('database_damaged');
  });
});

describe('the record in the database', () => {
  it('removed from a database with tables: refused', () => {
    open(file());
    const altered = new DatabaseSync(database());
    altered.exec('CREATE TABLE keys (id INTEGER); DELETE FROM meta');
    altered.close();
    expect(refusal(file()).code).toBe('database_damaged');
  });

  it('in a file that is no database: refused', () => {
    fs.writeFileSync(database(), 'x'.repeat(5_000));
    expect(refusal(file()).code).toBe('database_damaged');
  });

  it('is written with full durability', () => {
    open(file());
    const again = new DatabaseSync(database());
    expect(again.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
    again.close();
  });
});
