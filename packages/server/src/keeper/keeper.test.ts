import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually, isAlive, makeDataDir, TEST_USER, TestKeeper } from '../../test/keeper-probes/test-keeper.ts';
import type { KeeperSettings } from './keeper-settings.ts';

const TIMEOUT_MS = 60_000;
const running: TestKeeper[] = [];

function start(settings: Partial<KeeperSettings> = {}, environment?: Record<string, string>): TestKeeper {
  const keeper = new TestKeeper(settings, environment);
  running.push(keeper);
  return keeper;
}

afterEach(async () => {
  for (const keeper of running.splice(0)) await keeper.dispose();
});

interface ChannelName {
  readonly role: string;
  readonly index: number;
  readonly incarnation: number;
}

describe.skipIf(process.platform === 'win32')('keeper', { timeout: TIMEOUT_MS }, () => {
  it('starts one HTTP process and the sealed ones, each joined by a channel, and gives them the same root key', async () => {
    const keeper = start({ signers: 2 });
    await keeper.ready();
    const channels = (await keeper.get('/channels')) as ChannelName[];
    expect(channels.map(({ role, index }) => `${role} ${index}`).sort()).toEqual([
      'generator 0',
      'signer 0',
      'signer 1',
    ]);
    const keys = await Promise.all(
      ['signer/0', 'signer/1', 'generator/0'].map((to) => keeper.post(`/ask/${to}`, { do: 'key' })),
    );
    expect(keys[0]).toMatchObject({ length: 32 });
    expect(keys[1]).toEqual(keys[0]);
    expect(keys[2]).toEqual(keys[0]);
  });

  it('starts a verifier when work for one comes, and without the root key', async () => {
    const keeper = start();
    await keeper.ready();
    const roles = async (): Promise<string[]> =>
      ((await keeper.get('/channels')) as ChannelName[]).map(({ role }) => role).sort();
    const both = ['generator', 'signer', 'verifier'];
    expect(await roles()).toEqual(['generator', 'signer']);
    for (let asked = 0; asked < 3; asked++) await keeper.post('/want/verifier', {});
    expect(await eventually(async () => (await roles()).join() === both.join())).toBe(true);
    expect(await keeper.post('/ask/verifier/0', { do: 'key' })).toMatchObject({ length: 0 });
    expect((await keeper.processes()).filter(({ role }) => role === 'verifier')).toHaveLength(1);
  });

  it('hands down none of its environment', async () => {
    const keeper = start({}, { AWS_SECRET: 'x', NODE_OPTIONS: '--no-warnings', COUNTERSIGN_ROOT_KEY: 'ab'.repeat(32) });
    const inherited = ['LANG', 'LC_ALL', 'LD_LIBRARY_PATH', 'NODE_EXTRA_CA_CERTS'];
    const allowed = [...inherited, 'MALLOC_ARENA_MAX', 'NODE_ENV', 'SQLITE_TMPDIR', 'TZ'];
    const sealed = (await keeper.post('/ask/signer/0', { do: 'info' })) as { env: string[]; execArgv: string[] };
    const http = (await keeper.get('/info')) as { env: string[] };
    for (const name of [...sealed.env, ...http.env]) expect(allowed).toContain(name);
    expect(sealed.execArgv).toContain('--disable-sigusr1');
  });

  it('keeps every folder and file to its user', async () => {
    const keeper = start();
    await keeper.ready();
    for (const name of ['root.key', 'lock', 'db/countersign.sqlite', 'db/countersign.sqlite-wal']) {
      expect([name, fs.statSync(join(keeper.dataDir, name)).mode & 0o077]).toEqual([name, 0]);
    }
  });

  it('loses no byte of a channel, from the first one on', async () => {
    const keeper = start({ signers: 3 });
    await keeper.ready();
    // What a sealed process writes first, while its channel's other end is still on its way.
    expect(
      await eventually(async () => {
        const channels = (await keeper.get('/channels')) as { hello?: number }[];
        return channels.length === 4 && channels.every(({ hello }) => hello !== undefined);
      }),
    ).toBe(true);
    const rounds = Array.from({ length: 200 }, (_, i) => keeper.post(`/ask/signer/${i % 3}`, { do: 'info' }));
    const pids = ((await Promise.all(rounds)) as { pid: number }[]).map(({ pid }) => pid);
    expect(new Set(pids).size).toBe(3);
    expect(pids.every((pid, i) => pid === pids[i % 3])).toBe(true);
  });

  it('replaces a sealed process that is killed, on a new channel and with the root key', async () => {
    const keeper = start();
    const key = await keeper.post('/ask/signer/0', { do: 'key' });
    const pid = await keeper.pidOf('signer');
    process.kill(pid, 'SIGKILL');
    await keeper.event((event) => event['message'] === 'a sealed process ended');
    expect(
      await eventually(async () => {
        const channels = (await keeper.get('/channels')) as ChannelName[];
        return channels.some(({ role, incarnation }) => role === 'signer' && incarnation === 2);
      }),
    ).toBe(true);
    expect(await keeper.post('/ask/signer/0', { do: 'key' })).toEqual(key);
    expect(await keeper.pidOf('signer')).not.toBe(pid);
  });

  it('replaces everybody when the HTTP process dies', async () => {
    const keeper = start();
    const key = await keeper.post('/ask/signer/0', { do: 'key' });
    const before = (await keeper.processes()).map(({ pid }) => pid);
    await keeper.post('/exit', {});
    const again = await keeper.event((event) => event['message'] === 'ready again');
    const answer = await fetch(`${String(again['address'])}/ask/signer/0`, {
      method: 'POST',
      body: '{"do":"key"}',
      headers: { 'content-type': 'application/json' },
    });
    expect(await answer.json()).toEqual(key);
    expect(before.filter(isAlive)).toEqual([]);
  });

  it('refuses to start when the HTTP process ends before it is ready, and leaves nobody behind', async () => {
    const keeper = start({ httpConfig: { exitAtOnce: 3 } });
    expect(await keeper.exited).toBe(2);
    expect(keeper.events.at(-1)).toMatchObject({ event: 'refused', code: 'http_failed' });
    expect(keeper.events.at(-1)?.['message']).toContain('exit code 3');
  });

  it('goes on when a sealed process is killed again and again', async () => {
    const keeper = start({ signers: 2 });
    await keeper.ready();
    for (let i = 0; i < 9; i++) {
      // The other one serves all the while.
      expect(await keeper.post('/ask/signer/1', { do: 'info' })).toHaveProperty('pid');
      const slot = (await keeper.processes()).find(({ role, index }) => role === 'signer' && index === 0);
      if (slot !== undefined) process.kill(slot.pid, 'SIGKILL');
      await eventually(
        async () =>
          (await keeper.processes()).some(
            ({ role, index, pid }) => role === 'signer' && index === 0 && pid !== slot?.pid,
          ),
        8_000,
      );
    }
    expect(await keeper.get('/info')).toMatchObject({ rows: 1 });
  });

  it('refuses to start when the sealed processes end as soon as they start', async () => {
    const keeper = start({ sealedEntry: '/nowhere/main.ts', httpConfig: { neverReady: true } });
    expect(await keeper.exited).toBe(2);
    expect(keeper.events.at(-1)).toMatchObject({ event: 'refused', code: 'sealed_failed' });
  });

  it('gives up on an HTTP process that dies again and again', async () => {
    const keeper = start({ httpConfig: { exitAfterMs: 1 } });
    expect(await keeper.exited).toBe(1);
    expect(keeper.events.filter((event) => event['message'] === 'the HTTP process ended').length).toBe(5);
  });

  it('drains on SIGTERM: finishes what was accepted, exits 0, leaves nobody behind, frees the folder', async () => {
    const keeper = start();
    await keeper.ready();
    const pids = (await keeper.processes()).map(({ pid }) => pid);
    const slow = keeper.get('/slow');
    await new Promise((resolve) => setTimeout(resolve, 200));
    process.kill(keeper.pid, 'SIGTERM');
    expect(await slow).toEqual({ finished: true });
    expect(await keeper.exited).toBe(0);
    expect(pids.filter(isAlive)).toEqual([]);

    const second = start({ dataDir: keeper.dataDir });
    expect(await second.get('/info')).toMatchObject({ rows: 2 });
  });

  it('kills an HTTP process that does not drain in time, and says so by its exit code', async () => {
    const keeper = start({ httpConfig: { neverDrain: true }, drainTimeoutMs: 300 });
    await keeper.ready();
    const pids = (await keeper.processes()).map(({ pid }) => pid);
    process.kill(keeper.pid, 'SIGINT');
    expect(await keeper.exited).toBe(1);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('ends at once on a second signal', async () => {
    const keeper = start({ httpConfig: { neverDrain: true }, drainTimeoutMs: 60_000 });
    await keeper.ready();
    const pids = (await keeper.processes()).map(({ pid }) => pid);
    process.kill(keeper.pid, 'SIGTERM');
    await keeper.event((event) => event['message'] === 'draining');
    process.kill(keeper.pid, 'SIGTERM');
    expect(await keeper.exited).toBe(143);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('leaves no orphan when it is killed with SIGKILL, and frees the folder', async () => {
    const keeper = start({ signers: 2 });
    await keeper.ready();
    const pids = (await keeper.processes()).map(({ pid }) => pid);
    process.kill(keeper.pid, 'SIGKILL');
    expect(await eventually(() => pids.filter(isAlive).length === 0)).toBe(true);
    const second = start({ dataDir: keeper.dataDir });
    await second.ready();
  });

  it('refuses a folder that another keeper uses, naming its process', async () => {
    const keeper = start();
    await keeper.ready();
    const second = start({ dataDir: keeper.dataDir });
    expect(await second.exited).toBe(2);
    expect(second.events.at(-1)).toMatchObject({ event: 'refused', code: 'data_dir_in_use' });
    expect(second.events.at(-1)?.['message']).toContain(`in use by process ${keeper.pid}`);
    expect(await keeper.get('/info')).toMatchObject({ rows: 1 });
  });

  it('makes a root key file at the first start, with a warning, and finds it at the second', async () => {
    const keeper = start();
    const first = await keeper.get('/info');
    expect(keeper.events.some((event) => String(event['message']).startsWith('made a new root key'))).toBe(true);
    process.kill(keeper.pid, 'SIGTERM');
    await keeper.exited;
    const second = start({ dataDir: keeper.dataDir });
    expect(await second.get('/info')).toMatchObject({
      installationId: (first as { installationId: string }).installationId,
    });
    expect(second.events.some((event) => String(event['message']).startsWith('made a new root key'))).toBe(false);
  });

  it('refuses the start, and makes no key, when the root key is missing beside a database', async () => {
    const keeper = start();
    await keeper.ready();
    process.kill(keeper.pid, 'SIGTERM');
    await keeper.exited;
    const path = join(keeper.dataDir, 'root.key');
    fs.renameSync(path, `${path}.away`);
    const second = start({ dataDir: keeper.dataDir });
    expect(await second.exited).toBe(2);
    expect(second.events.at(-1)).toMatchObject({ event: 'refused', code: 'root_key_missing' });
    expect(fs.existsSync(path)).toBe(false);
  });

  it('refuses a root key file where the HTTP process may read', async () => {
    const dataDir = makeDataDir();
    const db = join(dataDir, 'db');
    fs.mkdirSync(db);
    if (TEST_USER.uid !== undefined) fs.chownSync(db, TEST_USER.uid, TEST_USER.uid);
    const keeper = start({ dataDir, rootKeySource: { kind: 'file', path: join(db, 'root.key'), create: true } });
    expect(await keeper.exited).toBe(2);
    expect(keeper.events.at(-1)).toMatchObject({ event: 'refused', code: 'data_dir_unusable' });
  });
});
