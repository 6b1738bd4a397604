/** Finds the command that was asked for and runs it. */
import type { Command, CommandIo, ExitCode } from './command.ts';

export async function runCommand(
  commands: readonly Command[],
  argv: readonly string[],
  io: CommandIo,
): Promise<ExitCode> {
  const [first, ...rest] = argv;
  if (first === undefined) {
    io.stderr(overview(commands));
    return 2;
  }
  if (first === 'help' || first === '--help' || first === '-h') return help(commands, rest, io);
  const found = findCommand(commands, first === '--version' ? ['version'] : argv);
  if (found === undefined) {
    io.stderr(`countersign: there is no such command. Try "countersign help".\n`);
    return 2;
  }
  const { command, argv: own } = found;
  if (own.includes('--help') || own.includes('-h')) return help(commands, command.name.split(' '), io);
  return command.run(own, io);
}

/** The longest name that `argv` starts with. */
function findCommand(
  commands: readonly Command[],
  argv: readonly string[],
): { readonly command: Command; readonly argv: readonly string[] } | undefined {
  for (const words of [2, 1]) {
    const command = commands.find(({ name }) => name === argv.slice(0, words).join(' '));
    if (command !== undefined && command.name.split(' ').length === words) return { command, argv: argv.slice(words) };
  }
  return undefined;
}

function help(commands: readonly Command[], words: readonly string[], io: CommandIo): ExitCode {
  if (words.length === 0) {
    io.stdout(overview(commands));
    return 0;
  }
  const found = findCommand(commands, words);
  if (found === undefined) {
    io.stderr(`countersign: there is no such command. Try "countersign help".\n`);
    return 2;
  }
  const { name, summary, details } = found.command;
  io.stdout(`countersign ${name}: ${summary}\n\n${details()}`);
  return 0;
}

function overview(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}\n`);
  return `Usage: countersign COMMAND ...\n\n${lines.join('')}\n"countersign help COMMAND" shows the details of one.\n`;
}
