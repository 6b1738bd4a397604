/** `countersign account`: the account's settings, read and changed in the database, beside a running service or not. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { LEGACY_USES, type LegacyUse } from '@countersign/algorithms/legacy-use';
import { DomainError } from '@countersign/core/domain-error';
import { openSqliteStore } from '../storage/sqlite/sqlite-store.ts';
import type { Command, CommandIo, ExitCode } from './command.ts';

const USAGE_LINE = 'Usage: countersign account [--allow-legacy LIST] [--data-dir DIR]\n';
const OK = 0;
const FAILED = 1;
const WRONG_USE = 2;

export const account: Command = {
  name: 'account',
  summary: "show or change the account's settings",
  details: () => `${USAGE_LINE}
Without --allow-legacy it prints the settings. LIST names the weak primitives that may sign, separated by commas, or
"none": ${LEGACY_USES.join(', ')}. They always verify. A running service goes by the change with its next signature.

Exit code: 0 done, 1 it failed, 2 wrong use.
`,
  run: (argv, io) => runAccount(argv, io),
};

export async function runAccount(
  argv: readonly string[],
  io: CommandIo,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<ExitCode> {
  const options = parseOptions(argv, env);
  if (typeof options === 'string') {
    io.stderr(`${options}\n${USAGE_LINE}`);
    return WRONG_USE;
  }
  const path = join(options.dataDir, 'db', 'countersign.sqlite');
  if (!existsSync(path)) {
    io.stderr(`There is no database at ${path}.\n`);
    return WRONG_USE;
  }
  try {
    io.stdout(await showOrChange(path, options.allowLegacy));
    return OK;
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    io.stderr(`${error.message}\n`);
    return FAILED;
  }
}

async function showOrChange(path: string, allowLegacy: readonly LegacyUse[] | undefined): Promise<string> {
  const store = await openSqliteStore({ path });
  try {
    const found = await store.directory.firstAccount();
    if (found === undefined)
      throw new DomainError('not_found', 'The database has no account yet: start the service once.');
    if (allowLegacy !== undefined)
      await store.directory.updateAccountSettings(found.id, { ...found.settings, allowLegacy });
    const { allowLegacy: allowed } = { ...found.settings, ...(allowLegacy !== undefined && { allowLegacy }) };
    return `account ${found.id}\nallow-legacy ${allowed.length === 0 ? 'none' : allowed.join(',')}\n`;
  } finally {
    await store.close();
  }
}

interface Options {
  readonly dataDir: string;
  readonly allowLegacy: readonly LegacyUse[] | undefined;
}

/** The options, or a text that says what is wrong with them. */
function parseOptions(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): Options | string {
  let values: { 'allow-legacy'?: string; 'data-dir'?: string };
  try {
    ({ values } = parseArgs({
      args: [...argv],
      options: { 'allow-legacy': { type: 'string' }, 'data-dir': { type: 'string' } },
    }));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const dataDir = values['data-dir'] ?? env['COUNTERSIGN_DATA_DIR'] ?? './data';
  const list = values['allow-legacy'];
  if (list === undefined) return { dataDir, allowLegacy: undefined };
  const words = list === 'none' ? [] : list.split(',').map((word) => word.trim());
  const unknown = words.filter((word) => !isLegacyUse(word));
  if (unknown.length > 0)
    return `--allow-legacy takes ${LEGACY_USES.join(', ')}, or none; not ${unknown.map((word) => `"${word}"`).join(', ')}`;
  return { dataDir, allowLegacy: [...new Set(words.filter(isLegacyUse))] };
}

function isLegacyUse(word: string): word is LegacyUse {
  return LEGACY_USES.some((use) => use === word);
}
