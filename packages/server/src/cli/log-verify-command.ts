import type { Command } from './command.ts';
import { runLogVerify } from './log-verify.ts';

export const logVerify: Command = {
  name: 'log verify',
  summary: 'check the log of signatures, offline or beside a running service',
  details: () => `Usage: countersign log verify [--expect SIZE:ROOT] [--data-dir DIR | --database FILE | --export FILE]

Computes every leaf and tile of the log again and prints "SIZE:ROOT" (root in hexadecimal). Keep that line somewhere
else: only --expect with an older one shows whether the log was cut off or rewritten since. --export checks what "countersign
log export" wrote, which takes no database: it goes by each entry's "body" alone, the facts beside it are for reading.

Examples:
  countersign log verify
  countersign log verify --export log.jsonl --expect 1024:5f2c...

Exit code: 0 the log is consistent (and continues SIZE:ROOT), 1 it isn't, 2 wrong use.
`,
  run: (argv, io) => runLogVerify(argv, io),
};
