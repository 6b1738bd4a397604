import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { ChannelMessage } from '../custody/channel-receiver.ts';
import type { SealedRole } from '../custody/frames.ts';
import { childEnvironment } from './child-environment.ts';
import { CODE_PATHS, CODE_ROOT, httpFlags } from './child-flags.ts';
import { type ConfigMessage, type DrainMessage, isReadyMessage, isWantMessage, type Json } from './keeper-messages.ts';
import type { Confinement } from './landlock.ts';
import { endOf } from './sealed-process.ts';

export interface HttpProcess {
  readonly pid: number | undefined;
  readonly startedAtMs: number;
  /** Resolves with the address once it listens; never, when it ends before. */
  readonly ready: Promise<string>;
  /** What it reported when it got ready, for the command line; undefined on all but the first start. */
  readonly firstStart: () => Json | undefined;
  /** Resolves once, when it is gone; says how. */
  readonly ended: Promise<string>;
  /** Hands a channel over; the socket is this function's from here on. */
  sendChannel(message: ChannelMessage, socket: Socket): void;
  drain(): void;
  kill(): void;
}

const CONFINE_AND_EXEC = fileURLToPath(new URL('./confine-and-exec.cts', import.meta.url));

export interface HttpProcessOptions {
  readonly entry: string;
  readonly databaseDir: string;
  readonly extraReads: readonly string[];
  readonly config: ConfigMessage;
  readonly onWant: (role: SealedRole) => void;
  /** By Landlock, see `landlock.ts`. */
  readonly isConfined: boolean;
}

/** Starts the HTTP process under its permissions and sends it its configuration. */
export function startHttpProcess(options: HttpProcessOptions): HttpProcess {
  const { entry, databaseDir, extraReads } = options;
  const programArguments = [...httpFlags(databaseDir, extraReads), entry];
  const confinement: Confinement = { reads: [...CODE_PATHS, ...extraReads], writes: [databaseDir] };
  const child = spawn(
    process.execPath,
    options.isConfined
      ? ['--disable-sigusr1', CONFINE_AND_EXEC, JSON.stringify(confinement), ...programArguments]
      : programArguments,
    {
      cwd: CODE_ROOT,
      // SQLite's temporary files belong beside the database: no other folder can be written.
      env: childEnvironment(process.env, { SQLITE_TMPDIR: databaseDir }),
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    },
  );
  const ended = endOf(child);
  let firstStart: Json | undefined;
  const ready = new Promise<string>((resolve) => {
    child.on('message', (message) => {
      if (isWantMessage(message)) options.onWant(message.role);
      if (!isReadyMessage(message)) return;
      firstStart = message.firstStart;
      resolve(message.address);
    });
  });
  let isDraining = false;
  // It can be reached no more, and without the keeper it would drain: ended, so that it is replaced.
  child.once('disconnect', () => {
    if (!isDraining) child.kill('SIGKILL');
  });
  // Writing to a process that has just died; its end is reported by `ended`.
  const ignore = (): void => undefined;
  const send = (message: ConfigMessage | DrainMessage): void => {
    if (child.connected) child.send(message, ignore);
  };
  send(options.config);
  return {
    pid: child.pid,
    startedAtMs: performance.now(),
    ready,
    firstStart: () => firstStart,
    ended,
    sendChannel(message, socket) {
      socket.on('error', ignore);
      if (!child.connected) socket.destroy();
      else {
        child.send(message, socket, (error) => {
          if (error !== null) socket.destroy();
        });
      }
    },
    drain() {
      isDraining = true;
      send({ type: 'drain' });
    },
    kill: () => void child.kill('SIGKILL'),
  };
}
