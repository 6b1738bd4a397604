import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import { Socket } from 'node:net';
import { childEnvironment } from './child-environment.ts';
import { CODE_ROOT, sealedFlags } from './child-flags.ts';
import type { SealedPlace } from './keeper-settings.ts';
import { makeSocketPair } from './socket-pair.ts';

export interface SealedProcess {
  readonly pid: number | undefined;
  readonly startedAtMs: number;
  /** Resolves once, when it is gone or never came to be; says how. */
  readonly ended: Promise<string>;
  kill(): void;
}

export interface SealedProcessOptions {
  readonly entry: string;
  readonly place: SealedPlace;
  /** Only a `verifier` goes without. */
  readonly rootKey: Buffer;
  readonly environment: Readonly<Record<string, string>>;
  /** Takes the HTTP process's end of the channel, and its closing with it. */
  readonly deliver: (socket: Socket) => void;
}

/**
 * Starts one sealed process: channel on descriptor 3, root key on descriptor 4, standard error ours, nothing else. The
 * other end of the channel goes to `deliver`.
 */
export function startSealedProcess(options: SealedProcessOptions): SealedProcess {
  const { entry, place, rootKey } = options;
  const [httpEnd, sealedEnd] = makeSocketPair();
  const hasKey = place.role !== 'verifier';
  let child: ChildProcess;
  try {
    child = spawn(process.execPath, [...sealedFlags(place.role), entry, '--role', place.role], {
      cwd: CODE_ROOT,
      env: childEnvironment(process.env, options.environment),
      stdio: ['ignore', 'ignore', 'inherit', sealedEnd, hasKey ? 'pipe' : 'ignore'],
    });
  } catch (error) {
    fs.closeSync(httpEnd);
    throw error;
  } finally {
    // While this copy lived, the HTTP process would not see the sealed one's end.
    fs.closeSync(sealedEnd);
  }
  // Not readable: a reading socket would take the sealed process's first bytes from the one that it is meant for.
  options.deliver(new Socket({ fd: httpEnd, readable: false, writable: true }));

  const keyPipe = child.stdio[4];
  if (keyPipe instanceof Socket) {
    keyPipe.on('error', () => undefined);
    // Written from locked memory by the system call itself, without a copy in between.
    keyPipe.end(rootKey);
  }
  return {
    pid: child.pid,
    startedAtMs: performance.now(),
    ended: endOf(child),
    kill: () => void child.kill('SIGKILL'),
  };
}

/** Stands for one that could not even be tried (no descriptors left, for one). */
export function neverStarted(error: unknown): SealedProcess {
  return {
    pid: undefined,
    startedAtMs: performance.now(),
    ended: Promise.resolve(`could not be started: ${String(error)}`),
    kill: () => undefined,
  };
}

/** Both ways in which a child ends, in words for the log. */
export function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => {
      if (child.pid === undefined) resolve(`could not be started: ${error.message}`);
    });
    child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
  });
}
