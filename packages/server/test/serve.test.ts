/** The service as its users start it: real processes, real sockets, a real database. */
import { execFileSync, spawn } from 'node:child_process';
import { createPublicKey, hash, randomBytes, verify } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { openSqliteStore } from '../src/storage/sqlite/sqlite-store.ts';
import { verifySqliteLog } from '../src/storage/sqlite/verify-sqlite-log.ts';
import { databasePathOf, loggedOutcomes, loggedSignatures } from './logged-signatures.ts';
import { LAUNCHER, type RunningService, startService } from './running-service.ts';

const isLinux = process.platform === 'linux';
const folders: string[] = [];
let service: RunningService | undefined;

afterEach(async () => {
  await service?.killAll();
  service = undefined;
});
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function newDataDir(): string {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-serve-'));
  folders.push(folder);
  return join(folder, 'data');
}

async function start(dataDir: string, options: Parameters<typeof startService>[1] = {}): Promise<RunningService> {
  service = await startService(dataDir, options);
  return service;
}

async function createKey(on: RunningService, extra: object = {}): Promise<Record<string, string>> {
  const name = randomBytes(6).toString('hex');
  const answer = await on.call('POST', '/crypto/v1/keys', {
    name,
    obj_type: 'EC',
    elliptic_curve: 'NistP256',
    ...extra,
  });
  expect(answer.status, answer.text).toBe(201);
  return JSON.parse(answer.text);
}

interface ItemAnswer {
  readonly status: number;
  readonly error?: string;
  readonly body?: { readonly signature: string };
}

async function signBatch(on: RunningService, items: readonly object[], authorization?: string): Promise<ItemAnswer[]> {
  const answer = await on.call('POST', '/crypto/v1/keys/batch/sign', items, authorization);
  expect(answer.status, answer.text).toBe(200);
  return JSON.parse(answer.text);
}

const digestItem = (key: object) => ({ key, hash_alg: 'SHA256', hash: randomBytes(32).toString('base64') });
const digestOfAnswer = (item: ItemAnswer | undefined) =>
  hash('sha256', Buffer.from(item?.body?.signature ?? '', 'base64'), 'hex');

describe('countersign serve', () => {
  it('prints two curl lines at the first start that work when pasted, and finds everything at the second', async () => {
    const dataDir = newDataDir();
    const first = await start(dataDir, { env: { COUNTERSIGN_BOOTSTRAP_KEY: undefined } });
    const lines = first.output().match(/^curl .*$/gm) ?? [];
    expect(lines).toHaveLength(2);
    const [created = '', signed = ''] = lines.map((line) => execFileSync('sh', ['-c', line], { encoding: 'utf8' }));
    const publicKey = createPublicKey({
      key: Buffer.from(JSON.parse(created).pub_key, 'base64'),
      format: 'der',
      type: 'spki',
    });
    const answers: ItemAnswer[] = JSON.parse(signed);
    expect(answers).toHaveLength(2);
    ['hello', 'world'].forEach((message, index) => {
      const signature = Buffer.from(answers[index]?.body?.signature ?? '', 'base64');
      expect(verify('sha256', Buffer.from(message), publicKey, signature)).toBe(true);
    });
    expect(await first.stop()).toBe(0);

    const second = await start(dataDir, { env: { COUNTERSIGN_BOOTSTRAP_KEY: undefined } });
    expect(second.output()).not.toContain('curl');
    const again = (lines[1] ?? '').replace(/http:\/\/127\.0\.0\.1:\d+/, second.url);
    const [item]: ItemAnswer[] = JSON.parse(execFileSync('sh', ['-c', again], { encoding: 'utf8' }));
    expect(item?.status).toBe(200);
    expect(await second.stop()).toBe(0);
  });

  it('loses no accepted request when it is told to stop, and leaves no process behind', async () => {
    const dataDir = newDataDir();
    const running = await start(dataDir);
    const { kid } = await createKey(running);
    const acknowledged: string[] = [];
    let accepted = 0;
    let refused = 0;
    let isStopping = false;
    const client = async (): Promise<void> => {
      while (!isStopping || refused === 0) {
        try {
          const answers = await signBatch(
            running,
            Array.from({ length: 20 }, () => digestItem({ kid })),
          );
          accepted++;
          for (const answer of answers) {
            expect(answer.status).toBe(200);
            acknowledged.push(digestOfAnswer(answer));
          }
        } catch (error) {
          // Once it no longer accepts, connecting fails; a request that it had accepted doesn't end so.
          if (!isStopping || !isConnectionRefused(error)) throw error;
          refused++;
          return;
        }
      }
    };
    const clients = [client(), client(), client()];
    await new Promise((resolve) => setTimeout(resolve, 300));
    const pids = running.processes().map((member) => member.pid);
    isStopping = true;
    expect(await running.stop()).toBe(0);
    await Promise.all(clients);
    expect(accepted).toBeGreaterThan(3);
    const logged = loggedSignatures(dataDir);
    expect(acknowledged.filter((signature) => !logged.has(signature))).toEqual([]);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it.skipIf(!isLinux)('answers with a retryable error when a signer dies in mid-batch, and goes on', async () => {
    const running = await start(newDataDir());
    const { kid } = await createKey(running, { obj_type: 'RSA', elliptic_curve: undefined, key_size: 2048 });
    const signing = signBatch(
      running,
      Array.from({ length: 1000 }, () => digestItem({ kid })),
    );
    await new Promise((resolve) => setTimeout(resolve, 60));
    const signer = running.processes().find(({ commandLine }) => commandLine.includes('--role signer'));
    process.kill(signer?.pid ?? 0, 'SIGKILL');
    const answers = await signing;
    const lost = answers.filter(({ status }) => status !== 200);
    expect(answers).toHaveLength(1000);
    expect(lost.length).toBeGreaterThan(0);
    expect(lost.length).toBeLessThan(1000);
    expect(new Set(lost.map(({ status }) => status))).toEqual(new Set([503]));
    const [next] = await signBatch(running, [digestItem({ kid })]);
    expect(next?.status).toBe(200);
  });

  it.skipIf(!isLinux)('loads no native code into the HTTP process', async () => {
    const running = await start(newDataDir());
    await createKey(running);
    const http = running.processes().find(({ commandLine }) => commandLine.includes('http-main.ts'));
    const maps = readFileSync(`/proc/${http?.pid}/maps`, 'utf8');
    expect(maps).toContain('libc');
    expect(maps).not.toMatch(/\.node\b|koffi|sodium|secp256k1/);
  });

  it('signs with SHA-1 only after the account was told to, and goes by that while it runs', async () => {
    const dataDir = newDataDir();
    const running = await start(dataDir);
    const { kid } = await createKey(running);
    const item = { key: { kid }, hash_alg: 'SHA1', hash: randomBytes(20).toString('base64') };
    const account = (...args: string[]): string =>
      execFileSync(process.execPath, [LAUNCHER, 'account', '--data-dir', dataDir, ...args], { encoding: 'utf8' });
    const [refused] = await signBatch(running, [item]);
    expect(refused?.status).toBe(403);
    expect(refused?.error).toContain('--allow-legacy');
    expect(account()).toMatch(/^account [0-9a-f-]{36}\nallow-legacy none\n$/);
    expect(account('--allow-legacy', 'sha-1')).toContain('allow-legacy sha-1\n');
    expect((await signBatch(running, [item]))[0]?.status).toBe(200);
    account('--allow-legacy', 'none');
    expect((await signBatch(running, [item]))[0]?.status).toBe(403);
    expect(() => account('--allow-legacy', 'md4')).toThrow('md4');
    expect(await running.stop()).toBe(0);
    expect(verifySqliteLog(databasePathOf(dataDir)).problems).toEqual([]);
  });

  it('logs signatures of high-volume, transient and inline keys like all others', async () => {
    const dataDir = newDataDir();
    const running = await start(dataDir, { flags: ['--allow-inline-sign'] });
    const { kid: highVolume } = await createKey(running, { key_ops: ['SIGN', 'VERIFY', 'HIGHVOLUME'] });
    const session = JSON.parse((await running.call('POST', '/sys/v1/session/auth')).text) as { access_token: string };
    const bearer = `Bearer ${session.access_token}`;
    const transient = await running.call(
      'POST',
      '/crypto/v1/keys',
      { obj_type: 'EC', elliptic_curve: 'NistP256', transient: true },
      bearer,
    );
    expect(transient.status, transient.text).toBe(201);
    const { transient_key } = JSON.parse(transient.text) as { transient_key: string };
    // RFC 8032, section 7.1, test 1: the secret key in PKCS #8.
    const inline = Buffer.concat([
      Buffer.from('302e020100300506032b657004220420', 'hex'),
      Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex'),
    ]);
    const answers = await signBatch(
      running,
      [
        digestItem({ kid: highVolume }),
        digestItem({ transient_key }),
        { key: { inline: { value: inline.toString('base64'), obj_type: 'EC', elliptic_curve: 'Ed25519' } }, data: '' },
      ],
      bearer,
    );
    expect(answers.map(({ status, error }) => error ?? status)).toEqual([200, 200, 200]);
    expect(answers[2]?.body?.signature).toBe(
      Buffer.from(
        'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
        'hex',
      ).toString('base64'),
    );
    expect(await running.stop()).toBe(0);
    const logged = loggedSignatures(dataDir);
    expect(answers.map((answer) => logged.has(digestOfAnswer(answer)))).toEqual([true, true, true]);
    expect(loggedOutcomes(dataDir)).toHaveLength(3);
  });
});

describe('countersign log verify', () => {
  it('ends quietly when nobody reads what it prints', async () => {
    const dataDir = newDataDir();
    mkdirSync(join(dataDir, 'db'), { recursive: true });
    const store = await openSqliteStore({ path: join(dataDir, 'db', 'countersign.sqlite') });
    await store.close();
    const launcher = fileURLToPath(new URL('../../../bin/countersign.mjs', import.meta.url));
    const child = spawn(process.execPath, [launcher, 'log', 'verify', '--data-dir', dataDir], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    // As `head -1` does, but certainly before the first line is written.
    child.stdout.destroy();
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors += text;
    });
    const [code] = await once(child, 'close');
    expect([code, errors]).toEqual([0, '']);
  });
});

function isConnectionRefused(error: unknown): boolean {
  const cause = error instanceof TypeError ? error.cause : undefined;
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
  return code === 'ECONNREFUSED';
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
