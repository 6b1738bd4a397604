/**
 * A real `countersign serve` for tests: the launcher, the keeper and all its processes, on loopback. Tests can find
 * its processes and end all of them at one instant.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const LAUNCHER = fileURLToPath(new URL('../../../bin/countersign.mjs', import.meta.url));
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 40_000;

export interface RunningService {
  /** Such as `http://127.0.0.1:40123`. */
  readonly url: string;
  readonly apiKey: string;
  readonly launcherPid: number;
  /** Everything that it wrote to stdout and stderr so far. */
  output(): string;
  call(method: string, path: string, body?: unknown, authorization?: string): Promise<{ status: number; text: string }>;
  /** SIGTERM to the launcher; resolves with its exit code once it is gone. */
  stop(): Promise<number | null>;
  /** kill -9 to every process of the service at once. */
  killAll(): Promise<void>;
  /** Processes of the service that are alive (Linux only). */
  processes(): readonly ServiceProcess[];
}

export function newApiKey(): string {
  return Buffer.from(`${randomUUID()}:${randomBytes(32).toString('base64url')}`).toString('base64');
}

export async function startService(
  dataDir: string,
  options: {
    readonly apiKey?: string;
    readonly flags?: readonly string[];
    readonly env?: NodeJS.ProcessEnv;
    /** `ADDRESS:PORT`; default: a free port of 127.0.0.1. */
    readonly listen?: string | undefined;
  } = {},
): Promise<RunningService> {
  const apiKey = options.apiKey ?? newApiKey();
  const child = spawn(
    process.execPath,
    [
      LAUNCHER,
      'serve',
      '--data-dir',
      dataDir,
      '--listen',
      options.listen ?? '127.0.0.1:0',
      '--log-level',
      'warn',
      ...(options.flags ?? []),
    ],
    {
      env: { PATH: process.env['PATH'], COUNTERSIGN_BOOTSTRAP_KEY: apiKey, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const url = await servedUrl(child, exited, () => output);
  const pid = child.pid ?? 0;
  return {
    url,
    apiKey,
    launcherPid: pid,
    output: () => output,
    async call(method, path, body, authorization = `Basic ${apiKey}`) {
      const response = await fetch(url + path, {
        method,
        headers: { authorization },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      return { status: response.status, text: await response.text() };
    },
    async stop() {
      child.kill('SIGTERM');
      return within(exited, STOP_TIMEOUT_MS, () => `it did not stop:\n${output}`);
    },
    async killAll() {
      const members = familyOf(pid);
      for (const member of members) kill(member.pid);
      kill(pid);
      await within(exited, STOP_TIMEOUT_MS, () => 'it survived kill -9');
      await untilGone(() => [...members.map((member) => member.pid), ...processesOn(dataDir)]);
    },
    processes: () => familyOf(pid),
  };
}

async function servedUrl(child: ChildProcess, exited: Promise<number | null>, output: () => string): Promise<string> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  let code: number | null | undefined;
  void exited.then((value) => {
    code = value;
  });
  while (Date.now() < deadline && code === undefined) {
    const url = /serves on (http\S+?) with/.exec(output())?.[1];
    if (url !== undefined) return url;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  child.kill('SIGKILL');
  throw new Error(`the service did not start (exit code ${code}):\n${output()}`);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It is gone already.
  }
}

async function untilGone(pids: () => readonly number[]): Promise<void> {
  const deadline = Date.now() + STOP_TIMEOUT_MS;
  while (pids().some((pid) => statusOf(pid) !== undefined)) {
    if (Date.now() > deadline) throw new Error('a process of the service survived kill -9');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export interface ServiceProcess {
  readonly pid: number;
  readonly commandLine: string;
}

function runningPids(): number[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** HTTP processes of a data folder: one that the keeper was just starting when it died isn't known to anybody else. */
function processesOn(dataDir: string): number[] {
  return runningPids().filter((pid) => statusOf(pid)?.commandLine.includes(`${dataDir}/db`));
}

/** A process and its descendants, from /proc, without those that only wait to be reaped. Empty off Linux. */
function familyOf(root: number): ServiceProcess[] {
  const statuses = new Map(runningPids().map((pid) => [pid, statusOf(pid)]));
  const belongs = (pid: number): boolean => {
    const parent = statuses.get(pid)?.parent;
    return pid === root || (parent !== undefined && parent > 1 && belongs(parent));
  };
  return [...statuses].flatMap(([pid, status]) =>
    status !== undefined && belongs(pid) ? [{ pid, commandLine: status.commandLine }] : [],
  );
}

/** Undefined for a process that is gone, or dead and not yet reaped. */
function statusOf(pid: number): { readonly parent: number; readonly commandLine: string } | undefined {
  try {
    const [, rest = ''] = /^\d+ \(.*\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    const [state, parent] = rest.split(' ');
    if (state === 'Z' || state === 'X') return undefined;
    return { parent: Number(parent), commandLine: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ') };
  } catch {
    return undefined;
  }
}

async function within<T>(promise: Promise<T>, ms: number, text: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(text())), ms);
  });
  return Promise.race([promise, timeout]).finally(() => clearTimeout(timer));
}
