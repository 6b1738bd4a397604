/** The program behind `countersign`. */
import { COMMANDS } from './cli/commands.ts';
import { runCommand } from './cli/run-command.ts';

// Whoever read our output has had enough (`| head`): no reason for a stack trace, nor for a service to end.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

process.exitCode = await runCommand(COMMANDS, process.argv.slice(2), {
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
});
