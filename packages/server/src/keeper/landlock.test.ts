import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TEST_USER } from '../../test/keeper-probes/test-keeper.ts';
import { CODE_PATHS } from './child-flags.ts';
import { landlockVersion } from './landlock.ts';

const STAGE = fileURLToPath(new URL('./confine-and-exec.cts', import.meta.url));
const TIMEOUT_MS = 30_000;
const VERSION = landlockVersion();

const folder = fs.realpathSync(fs.mkdtempSync(join(os.tmpdir(), 'countersign-landlock-')));
const rootKey = join(folder, 'root.key');
const databaseDir = join(folder, 'db');
/** An ordinary process of the same user: not protected by anything of its own. */
const neighbour = spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => {}, 1e6)'], {
  ...TEST_USER,
  cwd: '/',
  stdio: ['ignore', 'pipe', 'inherit'],
});

beforeAll(async () => {
  fs.writeFileSync(rootKey, 'secret', { mode: 0o600 });
  fs.mkdirSync(databaseDir);
  if (TEST_USER.uid !== undefined) {
    for (const path of [folder, rootKey, databaseDir]) fs.chownSync(path, TEST_USER.uid, TEST_USER.uid);
  }
  await new Promise((resolve) => neighbour.stdout.once('data', resolve));
});
afterAll(() => {
  neighbour.kill('SIGKILL');
  fs.rmSync(folder, { recursive: true, force: true });
});

/** What a program without a permission model, standing for native code, can do when started in this way. */
async function attempts(isConfined: boolean, user: object): Promise<Record<string, string>> {
  const script = `const fs = require('node:fs'); const answers = {};
    const attempt = (name, action) => {
      try { action(); answers[name] = 'done'; } catch (error) { answers[name] = error.code ?? String(error); }
    };
    attempt('read the root key', () => fs.readFileSync(${JSON.stringify(rootKey)}));
    attempt('write beside it', () => fs.writeFileSync(${JSON.stringify(join(folder, 'new'))}, 'x'));
    attempt('move the root key', () => fs.renameSync(${JSON.stringify(rootKey)}, ${JSON.stringify(join(databaseDir, 'k'))}));
    attempt('move it back', () => fs.renameSync(${JSON.stringify(join(databaseDir, 'k'))}, ${JSON.stringify(rootKey)}));
    attempt('read an environment', () => fs.readFileSync('/proc/${neighbour.pid}/environ'));
    attempt('open a memory', () => fs.closeSync(fs.openSync('/proc/${neighbour.pid}/mem', 'r')));
    attempt('signal', () => process.kill(${neighbour.pid}, 0));
    attempt('run a shell', () => {
      const { error, status } = require('node:child_process').spawnSync('/bin/sh', ['-c', 'cat ' + ${JSON.stringify(rootKey)}]);
      if (error) throw error;
      if (status !== 0) throw Object.assign(new Error(), { code: 'EXIT' });
    });
    attempt('use the database', () => {
      const { DatabaseSync } = require('node:sqlite');
      const database = new DatabaseSync(${JSON.stringify(join(databaseDir, 'x.sqlite'))});
      database.exec('PRAGMA journal_mode = WAL; CREATE TABLE IF NOT EXISTS t (x); INSERT INTO t VALUES (1)');
      database.close();
    });
    attempt('read the code', () => fs.readFileSync(${JSON.stringify(STAGE)}));
    attempt('load native code', () => require(${JSON.stringify(join(CODE_PATHS[1] ?? '', 'koffi'))}));
    process.on('message', (message) => process.send({ answers, message }, () => process.exit(0)));`;
  const confinement = JSON.stringify({ reads: CODE_PATHS, writes: [databaseDir] });
  const child = spawn(process.execPath, [...(isConfined ? [STAGE, confinement] : []), '-e', script], {
    ...user,
    cwd: '/',
    env: {},
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  // At once, long before the program runs: the stage must not swallow it.
  child.send('early');
  const { answers, message } = await new Promise<{ answers: Record<string, string>; message: string }>(
    (resolve, reject) => {
      child.on('message', resolve as (value: unknown) => void);
      child.on('exit', (code) => reject(new Error(`exit code ${code}`)));
    },
  );
  expect(message).toBe('early');
  return answers;
}

const CONFINED = {
  'read the root key': 'EACCES',
  'write beside it': 'EACCES',
  'read an environment': 'EACCES',
  'open a memory': 'EACCES',
  'run a shell': 'EXIT',
  'use the database': 'done',
  'read the code': 'done',
  'load native code': 'done',
};

describe.skipIf(VERSION < 1)('a program behind confine-and-exec (needs Landlock)', { timeout: TIMEOUT_MS }, () => {
  it('reads code and database, and neither the root key nor other processes', async () => {
    const answers = await attempts(true, TEST_USER);
    expect(answers).toMatchObject(CONFINED);
    expect(answers['move the root key']).not.toBe('done');
    if (VERSION >= 6) expect(answers['signal']).toBe('EPERM');
    expect(fs.readFileSync(rootKey, 'utf8')).toBe('secret');
  });

  it.skipIf(process.getuid?.() !== 0)('holds for root as well (needs root)', async () => {
    fs.rmSync(databaseDir, { recursive: true });
    fs.mkdirSync(databaseDir);
    // Except for environments: CAP_PERFMON, which root has, opens them past every module (Linux 6.18).
    const { 'read an environment': _, ...files } = CONFINED;
    expect(await attempts(true, {})).toMatchObject(files);
  });

  it('could do all of it otherwise', async () => {
    if (TEST_USER.uid !== undefined) {
      fs.rmSync(databaseDir, { recursive: true });
      fs.mkdirSync(databaseDir);
      fs.chownSync(databaseDir, TEST_USER.uid, TEST_USER.uid);
    }
    const answers = await attempts(false, TEST_USER);
    // Debian and others forbid it between processes of one user by another module.
    const { 'open a memory': memory, ...others } = answers;
    expect(['done', 'EACCES']).toContain(memory);
    expect(Object.entries(others).filter(([, answer]) => answer !== 'done')).toEqual([]);
  });
});
