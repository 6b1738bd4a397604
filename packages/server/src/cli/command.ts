/** What a command of `countersign` is. Adding one: its file, and a line in `commands.ts`. */

/** Where a command writes. Results go to `stdout`, everything else to `stderr`. */
export interface CommandIo {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** Everything on standard input; the process's own where it is left out. */
  readonly stdin?: () => Promise<Uint8Array>;
  /** Variables; the process's own where they are left out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** 0: done. 1: it failed, or found something wrong. 2: wrong use, or it refused to start. Others: 128 + a signal. */
export type ExitCode = number;

export interface Command {
  /** One or two words: `serve`, `log verify`. */
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** The rest of `countersign help NAME`. */
  readonly details: () => string;
  /** @param argv what follows the command's name */
  readonly run: (argv: readonly string[], io: CommandIo) => Promise<ExitCode>;
}
