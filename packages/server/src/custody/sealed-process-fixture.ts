/** For tests: real sealed processes over real sockets, started as the keeper starts them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { SealedRole } from './frames.ts';

const PROGRAM = fileURLToPath(new URL('./sealed/main.ts', import.meta.url));

export interface SealedProcess {
  readonly child: ChildProcess;
  /** The HTTP process's end. */
  readonly socket: Socket;
  /** All of its standard error, so far. */
  readonly errorOutput: () => string;
  /** Exit code and signal. */
  readonly exited: Promise<readonly [number | null, NodeJS.Signals | null]>;
}

/** Two connected ends of a Unix socket. */
async function socketPair(): Promise<readonly [Socket, Socket]> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-channel-'));
  const path = join(folder, 'channel');
  const server = createServer({ pauseOnConnect: true });
  try {
    server.listen(path);
    await once(server, 'listening');
    const near = createConnection(path);
    const [[far]] = await Promise.all([once(server, 'connection') as Promise<[Socket]>, once(near, 'connect')]);
    return [near, far];
  } finally {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Starts one. `rootKey` undefined: no descriptor 4, as for a verifier. */
export async function startSealedProcess(role: SealedRole, rootKey: Uint8Array | undefined): Promise<SealedProcess> {
  const [near, far] = await socketPair();
  const child = spawn(process.execPath, [PROGRAM, '--role', role], {
    stdio: ['ignore', 'ignore', 'pipe', far, ...(rootKey === undefined ? [] : ['pipe' as const])],
    env: {},
  });
  far.destroy();
  let errorOutput = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errorOutput += text;
  });
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const pipe = child.stdio[4];
  if (pipe instanceof Writable) pipe.end(rootKey);
  return { child, socket: near, errorOutput: () => errorOutput, exited };
}
