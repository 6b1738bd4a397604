/**
 * Finds the root key and makes sure that it is the one of this database. The rules: only an installation that was
 * never used gets a new key; beside a database that exists a missing, wrong or swapped key stops the start.
 */
import { freeSecret } from '@countersign/algorithms/secret-memory';
import {
  type InstallationRecord,
  type InstallationRecordStore,
  newInstallationId,
  type ScryptParameters,
} from './installation-record.ts';
import type { KeeperLogger } from './keeper-logger.ts';
import { isRootKeyOf, rootKeyCheck } from './root-key-check.ts';
import { decodeRootKey } from './root-key-encoding.ts';
import { createRootKeyFile, readRootKeyFile } from './root-key-file.ts';
import { deriveRootKey, newScryptParameters } from './root-key-passphrase.ts';
import { ROOT_KEY_VARIABLE, ROOT_PASSPHRASE_VARIABLE, type RootKeySource } from './root-key-source.ts';
import { StartRefused } from './start-refused.ts';

export interface RootKey {
  /** 32 bytes in locked memory; its owner frees it with `freeSecret`. */
  readonly key: Buffer;
  readonly installationId: string;
}

interface Candidate {
  readonly key: Buffer;
  readonly installationId: string | undefined;
  readonly scrypt: ScryptParameters | undefined;
}

const MIN_PASSPHRASE_LENGTH = 12;

/**
 * @throws StartRefused `root_key_missing`, `root_key_wrong`, `root_key_swapped`, `root_key_malformed`,
 *   `root_key_permissions`, `database_damaged`
 */
export function openRootKey(source: RootKeySource, store: InstallationRecordStore, logger: KeeperLogger): RootKey {
  const record = store.read();
  return record === undefined ? beginInstallation(source, store, logger) : continueInstallation(source, record);
}

function continueInstallation(source: RootKeySource, record: InstallationRecord): RootKey {
  const candidate = obtain(source, record.scrypt);
  if (candidate === undefined) throw missing(source, record);
  const { installationId } = record;
  if (candidate.installationId !== undefined && candidate.installationId !== installationId) {
    freeSecret(candidate.key);
    throw new StartRefused(
      'root_key_swapped',
      `The root key of ${describe(source)} belongs to installation ${candidate.installationId}, but the database is ` +
        `installation ${installationId}. One of the two was swapped: bring back the pair that belongs together.`,
    );
  }
  if (!isRootKeyOf(candidate.key, installationId, record.rootKeyCheck)) {
    freeSecret(candidate.key);
    throw new StartRefused(
      'root_key_wrong',
      `The root key of ${describe(source)} isn't the one that this database (installation ${installationId}) was ` +
        'made with. Nothing was changed. Give the right one; no other can open its keys.',
    );
  }
  return { key: candidate.key, installationId };
}

function beginInstallation(source: RootKeySource, store: InstallationRecordStore, logger: KeeperLogger): RootKey {
  if (source.kind === 'passphrase' && source.passphrase.length < MIN_PASSPHRASE_LENGTH) {
    throw new StartRefused(
      'root_key_malformed',
      `The passphrase in ${ROOT_PASSPHRASE_VARIABLE} is too short: a new installation wants at least ` +
        `${MIN_PASSPHRASE_LENGTH} characters, better six random words.`,
    );
  }
  // A key file without a database record: a start that was interrupted in between, or an operator's own key.
  let candidate = obtain(source, source.kind === 'passphrase' ? newScryptParameters() : undefined);
  const installationId = candidate?.installationId ?? newInstallationId();
  if (candidate === undefined) {
    if (source.kind !== 'file' || !source.create) {
      throw new StartRefused(
        'root_key_missing',
        `There is no root key at ${describe(source)}. Create the file first (64 hex digits, mode 0600).`,
      );
    }
    candidate = { ...createRootKeyFile(source.path, installationId), scrypt: undefined };
    logger.warn(
      { path: source.path },
      'made a new root key; back this file up offline now: without it every key in the database is lost, and ' +
        'whoever has both has every key',
    );
  }
  store.create({
    installationId,
    rootKeyCheck: rootKeyCheck(candidate.key, installationId),
    scrypt: candidate.scrypt,
  });
  return { key: candidate.key, installationId };
}

/** Undefined: there is none. */
function obtain(source: RootKeySource, scrypt: ScryptParameters | undefined): Candidate | undefined {
  switch (source.kind) {
    case 'file': {
      const file = readRootKeyFile(source.path);
      return file === undefined ? undefined : { ...file, scrypt: undefined };
    }
    case 'environment': {
      const text = Buffer.from(source.encoded.trim(), 'latin1');
      const key = decodeRootKey(text);
      text.fill(0);
      if (key === undefined) {
        throw new StartRefused(
          'root_key_malformed',
          `${ROOT_KEY_VARIABLE} must be 64 hex digits or base64 of 32 bytes.`,
        );
      }
      return { key, installationId: undefined, scrypt: undefined };
    }
    case 'passphrase':
      if (scrypt === undefined) return undefined;
      return { key: deriveRootKey(source.passphrase, scrypt), installationId: undefined, scrypt };
  }
}

function missing(source: RootKeySource, record: InstallationRecord): StartRefused {
  const database = `this database (installation ${record.installationId}) exists already`;
  if (source.kind === 'passphrase') {
    return new StartRefused(
      'root_key_wrong',
      `${database[0]?.toUpperCase()}${database.slice(1)} and its root key doesn't come from a passphrase. Unset ` +
        `${ROOT_PASSPHRASE_VARIABLE} and give the key file or ${ROOT_KEY_VARIABLE}.`,
    );
  }
  const where = describe(source);
  const hint =
    record.scrypt === undefined
      ? 'Restore the file from your copy.'
      : `It was set up with a passphrase: set ${ROOT_PASSPHRASE_VARIABLE}.`;
  return new StartRefused(
    'root_key_missing',
    `The root key is missing: there is nothing at ${where}, and ${database}. A new key could not open its keys, so ` +
      `none is made. ${hint}`,
  );
}

function describe(source: RootKeySource): string {
  switch (source.kind) {
    case 'file':
      return `the file ${source.path}`;
    case 'environment':
      return ROOT_KEY_VARIABLE;
    case 'passphrase':
      return ROOT_PASSPHRASE_VARIABLE;
  }
}
