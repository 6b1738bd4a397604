/**
 * Starts a program that answers `GET /health` on loopback, with a temporary folder of its own, and takes both away
 * again: the folder and every process are gone when `stop` resolves, and when this process ends before.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, processFamily } from './process-family.ts';

export const HOST = '127.0.0.1';
const START_TIMEOUT_MS = 60_000;
/** Longer than the default drain. */
const STOP_TIMEOUT_MS = 30_000;
const POLL_MS = 50;
const LOG_TAIL_CHARACTERS = 4000;

export interface StopReport {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  /** Processes of the program that outlived it; they were killed. */
  readonly orphans: number;
  readonly clean: boolean;
}

export interface ManagedProcess {
  readonly port: number;
  /** Its own, and removed with it. */
  readonly folder: string;
  /** Everything else of the program descends from it. */
  readonly pid: number;
  readonly startMs: number;
  /** The last lines that the program wrote. */
  readonly logTail: () => string;
  /** SIGTERM, then waits. A second call returns the first one's report. */
  readonly stop: () => Promise<StopReport>;
}

export interface ProcessPlan {
  /** For texts, such as `the service`. */
  readonly name: string;
  /** Arguments of Node; the port on `HOST` is free, the folder is empty. */
  readonly args: (port: number, folder: string) => readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** What is still there when this process ends. One listener for all: a run may start a dozen programs. */
const removals = new Set<() => void>();
process.once('exit', () => {
  for (const remove of removals) remove();
});

/** @throws Error with the end of the program's log when it doesn't come up */
export async function startProcess({ name, args, env = {} }: ProcessPlan): Promise<ManagedProcess> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'countersign-'));
  const logFile = join(folder, 'process.log');
  const startedMs = performance.now();
  // A file, not a pipe: reading the log must not cost this process, which may be measuring.
  const log = openSync(logFile, 'a', 0o600);
  const child = spawn(process.execPath, args(port, folder), {
    stdio: ['ignore', log, log],
    env: { ...cleanEnvironment(), ...env },
  });
  closeSync(log);
  const logTail = (): string => readTail(logFile);
  const killAtExit = (): void => {
    killFamily(child.pid);
    rmSync(folder, { recursive: true, force: true });
  };
  removals.add(killAtExit);
  let stopped: Promise<StopReport> | undefined;
  const stop = (): Promise<StopReport> => {
    stopped ??= stopProcess(child).finally(() => {
      removals.delete(killAtExit);
      rmSync(folder, { recursive: true, force: true });
    });
    return stopped;
  };
  try {
    await untilHealthy(name, child, port, logTail);
  } catch (error) {
    killFamily(child.pid);
    await stop();
    throw error;
  }
  if (child.pid === undefined) throw new Error(`${name} has no process`);
  return { port, folder, pid: child.pid, startMs: performance.now() - startedMs, logTail, stop };
}

async function untilHealthy(name: string, child: ChildProcess, port: number, logTail: () => string): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined)
      throw new Error(`${name} ended while starting (${child.exitCode ?? child.signalCode}):\n${logTail()}`);
    const status = await fetch(`http://${HOST}:${port}/health`, { signal: AbortSignal.timeout(2000) })
      .then(async (response) => {
        await response.arrayBuffer();
        return response.status;
      })
      .catch(() => undefined);
    if (status === 200) return;
    await sleep(POLL_MS);
  }
  throw new Error(`${name} wasn't healthy after ${START_TIMEOUT_MS / 1000} s:\n${logTail()}`);
}

async function stopProcess(child: ChildProcess): Promise<StopReport> {
  const pid = child.pid;
  if (pid === undefined) return { exitCode: undefined, signal: undefined, orphans: 0, clean: false };
  const family = processFamily(pid).map((member) => member.pid);
  const ended = new Promise<void>((done) => {
    if (child.exitCode !== null || child.signalCode !== null) done();
    else child.once('exit', () => done());
  });
  child.kill('SIGTERM');
  const inTime = await Promise.race([ended.then(() => true), sleep(STOP_TIMEOUT_MS, false, { ref: false })]);
  if (!inTime) {
    killFamily(pid);
    await ended;
  }
  // A child may be a zombie for a moment until whoever inherited it has looked.
  for (let tries = 0; tries < 20 && family.some(isAlive); tries++) await sleep(POLL_MS);
  const orphans = family.filter(isAlive);
  for (const orphan of orphans) killQuietly(orphan);
  const exitCode = child.exitCode ?? undefined;
  return {
    exitCode,
    signal: child.signalCode ?? undefined,
    orphans: orphans.length,
    clean: inTime && exitCode === 0 && orphans.length === 0,
  };
}

function killFamily(pid: number | undefined): void {
  if (pid === undefined) return;
  for (const member of processFamily(pid)) killQuietly(member.pid);
  killQuietly(pid);
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It's gone already.
  }
}

/** Settings of the caller's shell would change what is started here. */
function cleanEnvironment(): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !name.startsWith('COUNTERSIGN_') || name === 'COUNTERSIGN_LIBSECP256K1',
    ),
  );
}

function readTail(file: string): string {
  try {
    return readFileSync(file, 'utf8').slice(-LOG_TAIL_CHARACTERS);
  } catch {
    return '';
  }
}

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen(0, HOST, () => {
      const address = server.address();
      server.close(() => {
        if (typeof address === 'object' && address !== null) done(address.port);
        else fail(new Error('no port'));
      });
    });
  });
}
