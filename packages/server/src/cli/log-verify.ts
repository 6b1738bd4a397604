/** `countersign log verify`: checks the log of a database file, offline; it may run beside a running service. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type LogCheck, verifySqliteLog } from '../storage/sqlite/verify-sqlite-log.ts';
import type { CommandIo, ExitCode } from './command.ts';
import { parseCheckpoint } from './parse-checkpoint.ts';
import { verifyLogExport } from './verify-log-export.ts';

const USAGE_LINE =
  'Usage: countersign log verify [--expect SIZE:ROOT] [--data-dir DIR | --database FILE | --export FILE]\n';

const OK = 0;
const BAD = 1;
const WRONG_USE = 2;

interface Options {
  readonly database: string;
  /** What `log export` wrote, instead of a database. */
  readonly exported: string | undefined;
  readonly expected: { readonly size: number; readonly rootHex: string } | undefined;
}

/** Runs the command on the arguments after `log verify`; the exit code. */
export async function runLogVerify(
  argv: readonly string[],
  io: CommandIo,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<ExitCode> {
  const options = parseOptions(argv, env);
  if (typeof options === 'string') {
    io.stderr(`${options}\n${USAGE_LINE}`);
    return WRONG_USE;
  }
  if (options.exported !== undefined) return checkExport(options.exported, options, io);
  if (!existsSync(options.database)) {
    io.stderr(`There is no database at ${options.database}.\n`);
    return WRONG_USE;
  }
  let check: LogCheck;
  try {
    check = verifySqliteLog(options.database, options.expected?.size);
  } catch (error) {
    io.stderr(`The log can't be read: ${error instanceof Error ? error.message : String(error)}\n`);
    return BAD;
  }
  const counts = `${check.rows} rows, ${check.size} leaves, ${check.tiles} tiles; ${check.openIntents} intents without outcome.\n`;
  return report(check, counts, options, io);
}

async function checkExport(file: string, options: Options, io: CommandIo): Promise<ExitCode> {
  if (!existsSync(file)) {
    io.stderr(`There is no file ${file}.\n`);
    return WRONG_USE;
  }
  const { problem, ...check } = await verifyLogExport(file, options.expected?.size);
  const counts =
    `${check.entries} entries, ${check.size} leaves` +
    `${check.hashedLeaves === 0 ? '' : `, of ${check.hashedLeaves} of which the export has the hash alone`}.\n`;
  return report({ ...check, problems: problem === undefined ? [] : [problem] }, counts, options, io);
}

type Facts = Pick<LogCheck, 'size' | 'rootHex' | 'watchedRootHex' | 'problems'>;

function report(check: Facts, counts: string, { expected }: Options, io: CommandIo): ExitCode {
  const problems = [...check.problems];
  if (expected !== undefined && check.problems.length === 0) {
    if (check.watchedRootHex === undefined)
      problems.push(`the log has ${check.size} leaves, fewer than the expected ${expected.size}: its end was cut off`);
    else if (check.watchedRootHex !== expected.rootHex)
      problems.push(
        `the first ${expected.size} leaves have the root ${check.watchedRootHex}, not the expected one: they were rewritten`,
      );
  }
  if (problems.length > 0) {
    for (const problem of problems) io.stderr(`BAD: ${problem}\n`);
    io.stderr('The log is not intact.\n');
    return BAD;
  }
  io.stdout(`${check.size}:${check.rootHex}\n`);
  io.stdout(counts);
  io.stdout(
    expected === undefined
      ? 'Only consistency was checked. Without --expect SIZE:ROOT a log that was cut off or wholly rewritten looks the same.\n'
      : `The log is consistent and continues ${expected.size}:${expected.rootHex}.\n`,
  );
  return OK;
}

/** The options, or a text that says what is wrong with them. */
function parseOptions(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): Options | string {
  let values: { expect?: string; 'data-dir'?: string; database?: string; export?: string };
  try {
    ({ values } = parseArgs({
      args: [...argv],
      options: {
        expect: { type: 'string' },
        'data-dir': { type: 'string' },
        database: { type: 'string' },
        export: { type: 'string' },
      },
    }));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const { expect, export: exported, ...places } = values;
  if (Object.keys(places).length + Number(exported !== undefined) > 1)
    return 'Give --data-dir, --database or --export, and only one of them.';
  const dataDir = values['data-dir'] ?? env['COUNTERSIGN_DATA_DIR'] ?? './data';
  const database = values.database ?? join(dataDir, 'db', 'countersign.sqlite');
  if (expect === undefined) return { database, exported, expected: undefined };
  const expected = parseCheckpoint(expect);
  return expected === undefined
    ? '--expect takes SIZE:ROOT, the root as 64 hex digits.'
    : { database, exported, expected };
}
