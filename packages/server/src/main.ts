/** The program behind `countersign`. */
import { COMMANDS } from './cli/commands.ts';
import { runCommand } from './cli/run-command.ts';

process.exitCode = await runCommand(COMMANDS, process.argv.slice(2), {
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
});
