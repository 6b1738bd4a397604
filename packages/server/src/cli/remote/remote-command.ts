/** What commands that talk to a service have in common: options, help, who calls, and how a failure is told. */
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import type { Client } from '@countersign/client/client';
import { CountersignError } from '@countersign/client/countersign-error';
import type { Command, CommandIo, ExitCode } from '../command.ts';
import { clientFromEnvironment, ENVIRONMENT_HELP } from './client-from-environment.ts';
import { printable } from './printable.ts';
import { UsageError } from './usage-error.ts';

const OK = 0;
const FAILED = 1;
const WRONG_USE = 2;

type OptionNames<Options> = keyof Options & string;
type OptionValues<Options extends ParseArgsOptionsConfig> = {
  readonly [Name in OptionNames<Options>]?: Options[Name]['type'] extends 'boolean' ? boolean : string;
};

export interface RemoteContext<Options extends ParseArgsOptionsConfig> {
  readonly client: Client;
  readonly values: OptionValues<Options>;
  /** What isn't an option, in order. */
  readonly words: readonly string[];
  readonly io: CommandIo;
  /** Shows an answer: as one line of JSON with `--json`, otherwise as `text` says. */
  show(answer: unknown, text: () => string): undefined;
  readonly isJson: boolean;
}

export interface RemoteFacts<Options extends ParseArgsOptionsConfig> {
  readonly name: string;
  readonly summary: string;
  /** What follows the name on the line of usage. */
  readonly usage: string;
  readonly text: string;
  /** Whole command lines. */
  readonly examples: readonly string[];
  readonly options: Options;
  /** Names of the words that it needs; more or fewer are wrong use, unless the last one ends in `?`. */
  readonly words: readonly string[];
  /** The exit code; done where it is left out. */
  readonly run: (context: RemoteContext<Options>) => Promise<ExitCode | undefined>;
}

export function remoteCommand<const Options extends ParseArgsOptionsConfig>(facts: RemoteFacts<Options>): Command {
  const usageLine = `Usage: countersign ${`${facts.name} ${facts.usage}`.trim()} [--json]\n`;
  return {
    name: facts.name,
    summary: facts.summary,
    details: () =>
      `${usageLine}\n${facts.text}\n\nExamples:\n${facts.examples.map((line) => `  ${line}\n`).join('')}\n` +
      `${ENVIRONMENT_HELP}\n--json prints JSON, one object per line. Exit code: 0 done, 1 it failed, 2 wrong use.\n`,
    async run(argv, io) {
      try {
        const { values, positionals } = parse(argv, facts);
        const isJson = values['json'] === true;
        const code = await facts.run({
          client: clientFromEnvironment(io.env ?? process.env),
          values: values as OptionValues<Options>,
          words: positionals,
          io,
          isJson,
          show: (answer, text) => void io.stdout(isJson ? `${JSON.stringify(answer)}\n` : text()),
        });
        return code ?? OK;
      } catch (error) {
        if (error instanceof UsageError) {
          io.stderr(`${printable(error.message)}\n${usageLine}`);
          return WRONG_USE;
        }
        io.stderr(`countersign ${facts.name}: ${explain(error)}\n`);
        return FAILED;
      }
    },
  };
}

function parse<Options extends ParseArgsOptionsConfig>(
  argv: readonly string[],
  { options, words }: RemoteFacts<Options>,
): { readonly values: Readonly<Record<string, unknown>>; readonly positionals: readonly string[] } {
  let parsed: { readonly values: Readonly<Record<string, unknown>>; readonly positionals: readonly string[] };
  try {
    parsed = parseArgs({
      args: [...argv],
      options: { ...options, json: { type: 'boolean' } },
      allowPositionals: true,
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  const needed = words.filter((word) => !word.endsWith('?')).length;
  const { length } = parsed.positionals;
  if (length < needed) throw new UsageError(`${words[length]} is missing.`);
  if (length > words.length)
    throw new UsageError(`Too many words: ${parsed.positionals.slice(words.length).join(' ')}`);
  return parsed;
}

/** What to do about it, where that isn't in the service's own words. */
const ADVICE: Readonly<Partial<Record<CountersignError['code'], string>>> = {
  unreachable: 'Is the service running, and is COUNTERSIGN_URL its address?',
  unexpected_answer: 'Is COUNTERSIGN_URL the address of the service?',
  unauthenticated: 'Is COUNTERSIGN_TOKEN right?',
  session_expired: 'Is COUNTERSIGN_TOKEN right, and still valid?',
  proof_required: 'Set COUNTERSIGN_CREDENTIAL_ID and COUNTERSIGN_CREDENTIAL_KEY.',
};

/** @throws what isn't a failure of the call or of a file: a fault of ours, with its stack */
function explain(error: unknown): string {
  if (error instanceof CountersignError) {
    const about = error.objectId === undefined ? '' : ` [${error.objectId}]`;
    const advice = ADVICE[error.code];
    return `${printable(error.message)} (${error.code})${about}${advice === undefined ? '' : `\n${advice}`}`;
  }
  // Files that can't be read or written, and a private key that isn't one: their texts are for the user.
  if (error instanceof Error && ('syscall' in error || error instanceof TypeError)) return printable(error.message);
  throw error;
}
