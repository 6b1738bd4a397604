import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Targets } from '../../../test/keeper-probes/attempts.ts';
import {
  eventually,
  isAlive,
  PROBES,
  RUNS_AS_ROOT,
  TEST_USER,
  TestKeeper,
} from '../../../test/keeper-probes/test-keeper.ts';

const TIMEOUT_MS = 60_000;
const IS_SEALED_HERE = process.platform === 'linux' && (process.arch === 'x64' || process.arch === 'arm64');

const temporary = fs.mkdtempSync(join(os.tmpdir(), 'countersign-isolation-'));
const targets: Targets = {
  readable: join(temporary, 'readable'),
  writable: join(temporary, 'written'),
  pid: process.pid,
  listener: join(temporary, 'socket'),
};
const listener = net.createServer((socket) => socket.destroy());

beforeAll(async () => {
  fs.writeFileSync(targets.readable, 'x');
  fs.chmodSync(temporary, 0o777);
  await new Promise<void>((resolve) => listener.listen(targets.listener, resolve));
  fs.chmodSync(targets.listener, 0o777);
});

afterAll(() => {
  listener.close();
  fs.rmSync(temporary, { recursive: true, force: true });
});

describe.skipIf(!IS_SEALED_HERE)('a sealed process (Linux)', { timeout: TIMEOUT_MS }, () => {
  let keeper: TestKeeper;
  const ask = (what: string, more: object = {}): Promise<unknown> =>
    keeper.post('/ask/signer/0', { do: what, ...more });

  beforeAll(async () => {
    keeper = new TestKeeper();
    expect(await ask('seal', targets)).toMatchObject({ isolation: 'strong' });
  }, TIMEOUT_MS);
  afterAll(() => keeper.dispose());

  it('can neither open, connect, listen, start, signal nor read anything, through Node or by FFI', async () => {
    const names = (await ask('names')) as string[];
    expect(names.length).toBeGreaterThan(40);
    const done: [string, unknown][] = [];
    for (const name of names) {
      const answer = await ask(name);
      // ENOSYS is how clone3 is refused, and how a kernel answers that doesn't have a call.
      if (answer !== 'EPERM' && answer !== 'ERR_ACCESS_DENIED' && answer !== 'errno 38') done.push([name, answer]);
    }
    expect(done).toEqual([]);
    expect(fs.existsSync(targets.writable)).toBe(false);
  });

  it('still signs, under garbage collection and with threads that begin after sealing', async () => {
    expect(await ask('work', { rounds: 2_000 })).toBe('ok');
    expect(await ask('pool')).toBe('ok');
    expect(await ask('work', { rounds: 100 })).toBe('ok');
  });

  it('still seals and opens HPKE messages, though it never did before it was sealed', async () => {
    expect(await ask('hpke')).toBe('ok');
  });

  it('ignores SIGINT and SIGTERM', async () => {
    const pid = await keeper.pidOf('signer');
    process.kill(pid, 'SIGINT');
    process.kill(pid, 'SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await ask('work')).toBe('ok');
    expect(await keeper.pidOf('signer')).toBe(pid);
  });

  it('leaves no core when it aborts, and is replaced', async () => {
    const pid = await keeper.pidOf('signer');
    expect(await ask('abort')).toEqual({ error: 'closed' });
    expect(await keeper.event((event) => event['message'] === 'a sealed process ended')).toMatchObject({
      how: 'signal SIGABRT',
    });
    expect(await eventually(() => !isAlive(pid))).toBe(true);
  });
});

describe.skipIf(!IS_SEALED_HERE)('the same attempts without a seal', { timeout: TIMEOUT_MS }, () => {
  it('succeed, so that the test above means something', async () => {
    const child = spawn(process.execPath, [join(PROBES, 'sealed-probe.ts'), '--no-key', '--unsealed'], {
      ...TEST_USER,
      cwd: '/',
      stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
    });
    const channel = child.stdio[3] as net.Socket;
    channel.setEncoding('utf8');
    const answers = channel[Symbol.asyncIterator]();
    const ask = async (command: object): Promise<unknown> => {
      channel.write(`${JSON.stringify(command)}\n`);
      return JSON.parse((await answers.next()).value as string);
    };
    expect(JSON.parse((await answers.next()).value as string)).toEqual({ hello: child.pid });
    await ask({ do: 'seal', ...targets });
    for (const name of [
      'node: open a file for reading',
      'node: write a file',
      'node: list a directory',
      'node: spawn',
      'node: connect',
      'node: listen',
      'node: send a datagram',
      'ffi: socket',
      'ffi: open for reading',
      'ffi: open for writing',
      'ffi: fork',
      'ffi: system',
    ]) {
      expect([name, await ask({ do: name })]).toEqual([name, 'done']);
    }
    child.kill('SIGKILL');
    fs.rmSync(targets.writable, { force: true });
  });
});

describe.skipIf(process.platform !== 'linux')('the HTTP process', { timeout: TIMEOUT_MS }, () => {
  it('can not read the root key, the keeper or a signer, start programs or load native code', async () => {
    const keeper = new TestKeeper();
    try {
      await keeper.ready();
      fs.writeFileSync(join(keeper.dataDir, 'db-neighbour'), 'x');
      fs.chmodSync(join(keeper.dataDir, 'db-neighbour'), 0o644);
      const attempts = (await keeper.post('/attempts', {
        dataDir: keeper.dataDir,
        keeperPid: keeper.pid,
        sealedPid: await keeper.pidOf('signer'),
      })) as Record<string, string>;
      expect(Object.keys(attempts).length).toBeGreaterThan(15);
      const refusals = /^(ERR_ACCESS_DENIED|ERR_DLOPEN_DISABLED|ERR_SQLITE_ERROR|ERR_LOAD_SQLITE_EXTENSION)$/;
      expect(Object.entries(attempts).filter(([, answer]) => !refusals.test(answer))).toEqual([]);
      expect(attempts['root key']).toBe('ERR_ACCESS_DENIED');
    } finally {
      await keeper.dispose();
    }
  });
});

/** What another program of the same user can do, one without a permission model, such as native code. */
function readAsSameUser(paths: readonly string[]): Promise<Record<string, string>> {
  const script = `const fs = require('node:fs'); const answers = {};
    for (const path of ${JSON.stringify(paths)}) {
      try { fs.closeSync(fs.openSync(path, 'r')); answers[path] = 'done'; } catch (error) { answers[path] = error.code; }
    }
    console.log(JSON.stringify(answers));`;
  const child = spawn(process.execPath, ['-e', script], {
    ...TEST_USER,
    cwd: '/',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  return new Promise((resolve) => child.on('close', () => resolve(JSON.parse(text))));
}

describe.skipIf(process.platform !== 'linux' || RUNS_AS_ROOT !== undefined)(
  `memory and environment, to another process of the same user${RUNS_AS_ROOT === undefined ? '' : ` (skipped: ${RUNS_AS_ROOT})`}`,
  { timeout: TIMEOUT_MS },
  () => {
    it('are closed for the keeper and the sealed processes, and would be open otherwise', async () => {
      const keeper = new TestKeeper();
      // The control: an ordinary process of that user.
      const ordinary = spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => {}, 1e6)'], {
        ...TEST_USER,
        cwd: '/',
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      try {
        await keeper.post('/ask/signer/0', { do: 'seal', ...targets });
        await new Promise((resolve) => ordinary.stdout.once('data', resolve));
        const files = (pid: number): string[] =>
          ['environ', 'mem', 'maps', 'fd/3'].map((name) => `/proc/${pid}/${name}`);
        const closed = [...files(keeper.pid), ...files(await keeper.pidOf('signer'))];
        const open = files(ordinary.pid ?? 0).slice(0, 3);
        const answers = await readAsSameUser([...closed, ...open]);
        for (const path of closed) expect([path, answers[path]]).toEqual([path, 'EACCES']);
        for (const path of open) expect([path, answers[path]]).toEqual([path, 'done']);
      } finally {
        ordinary.kill('SIGKILL');
        await keeper.dispose();
      }
    });
  },
);
