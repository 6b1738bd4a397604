/** A real `countersign relay` for tests and demonstrations: the launcher and its process, on loopback. */
import { spawn } from 'node:child_process';
import { LAUNCHER } from './running-service.ts';

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 40_000;

export interface RelayProcess {
  /** Such as `http://127.0.0.1:40123`. */
  readonly url: string;
  /** `127.0.0.1:40123` */
  readonly address: string;
  readonly launcherPid: number;
  /** Everything that it wrote to stdout and stderr so far. */
  output(): string;
  signal(signal: NodeJS.Signals): void;
  readonly exited: Promise<number | null>;
  /** SIGTERM, and SIGKILL where that takes too long; resolves with the exit code. */
  stop(): Promise<number | null>;
}

/** @throws with its output where it ends before it relays; `code` is its exit code */
export async function startRelayProcess(
  flags: readonly string[] = [],
  options: {
    readonly env?: NodeJS.ProcessEnv;
    /** `ADDRESS:PORT`; default: a free port of 127.0.0.1. */
    readonly listen?: string | undefined;
    readonly cwd?: string;
  } = {},
): Promise<RelayProcess> {
  const child = spawn(
    process.execPath,
    [LAUNCHER, 'relay', '--listen', options.listen ?? '127.0.0.1:0', '--log-level', 'warn', ...flags],
    {
      env: { PATH: process.env['PATH'], ...options.env },
      cwd: options.cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  const url = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`the relay did not start:\n${output}`));
    }, START_TIMEOUT_MS);
    child.stdout.on('data', () => {
      const found = /relays on (https?:\/\/\S+)\.\n/.exec(output)?.[1];
      if (found === undefined) return;
      clearTimeout(timer);
      resolve(found);
    });
    void exited.then((code) => {
      clearTimeout(timer);
      reject(Object.assign(new Error(`the relay did not start:\n${output}`), { code }));
    });
  });
  return {
    url,
    address: new URL(url).host,
    launcherPid: child.pid ?? 0,
    output: () => output,
    signal: (signal) => void child.kill(signal),
    exited,
    async stop() {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
      return exited.finally(() => clearTimeout(timer));
    },
  };
}
