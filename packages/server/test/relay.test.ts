/** The relay as its users start it: a process of its own. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import type { LookupFunction } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { createRelayClient, type RelayClient } from '../src/relay/relay-client.ts';
import type { RelaySession } from '../src/relay/relay-session.ts';
import { type RelayProcess, startRelayProcess } from './running-relay.ts';
import { selfSignedCertificate } from './self-signed-certificate.ts';

const KEY = 'a-key-for-tests-0123456789';
const folder = mkdtempSync(join(tmpdir(), 'countersign-relay-'));
const running: RelayProcess[] = [];
const clients: RelayClient[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  for (const relay of running.splice(0)) {
    relay.signal('SIGKILL');
    await relay.exited;
  }
  for (const name of readdirSync(folder)) rmSync(join(folder, name));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Finds this machine for every name. */
const toLoopback: LookupFunction = (_name, options, callback) => {
  if (options.all === true) callback(null, [{ address: '127.0.0.1', family: 4 }]);
  else callback(null, '127.0.0.1', 4);
};

async function start(...options: Parameters<typeof startRelayProcess>): Promise<RelayProcess> {
  const relay = await startRelayProcess(...options);
  running.push(relay);
  return relay;
}

function client(ca?: Buffer): RelayClient {
  const made = createRelayClient({
    allow: () => ({ allowed: true, lookup: toLoopback }),
    tls: { ca },
    isPlain: () => ca === undefined,
  });
  clients.push(made);
  return made;
}

async function meet(address: string, key: string, ca?: Buffer): Promise<readonly [RelaySession, RelaySession]> {
  const id = await client(ca).createRoom(address, 2, key);
  const [a, b] = await Promise.all([client(ca).join(address, [id]), client(ca).join(address, [id])]);
  const heard = new Promise<string>((resolve) =>
    b.listen({
      frame: (_slot, frame) => resolve(Buffer.from(frame).toString()),
      member: () => undefined,
      end: resolve,
    }),
  );
  a.send(Buffer.from('through a process'));
  expect(await heard).toBe('through a process');
  return [a, b];
}

describe('countersign relay', () => {
  it('relays, says how it is, and ends cleanly', async () => {
    const relay = await start([], { env: { COUNTERSIGN_RELAY_KEY: KEY } });
    const sessions = await meet(relay.address, KEY);
    expect(await (await fetch(`${relay.url}/health`)).text()).toBe('ok');
    const metrics = await (await fetch(`${relay.url}/metrics`)).text();
    expect(metrics).toContain('countersign_relay_rooms_created_total 1\n');
    expect(metrics).toContain('countersign_relay_process_memory_bytes');
    expect(relay.output()).not.toContain(KEY);
    for (const session of sessions) session.leave();
    expect(await relay.stop()).toBe(0);
  });

  it('makes a key where none was given, and shows it', async () => {
    const relay = await start(['--relay-room-prefix', 'test-']);
    const key = /COUNTERSIGN_RELAY_KEY=(\S{43})\n/.exec(relay.output())?.[1] ?? '';
    expect(await client().createRoom(relay.address, 2, key)).toMatch(/^test-[0-9a-f]{32}$/);
    await meet(relay.address, key);
  });

  it('serves with TLS', async () => {
    const { cert, key } = selfSignedCertificate('relay.test');
    writeFileSync(join(folder, 'cert.pem'), cert);
    writeFileSync(join(folder, 'key.pem'), key);
    const flags = ['--tls-cert', join(folder, 'cert.pem'), '--tls-key', join(folder, 'key.pem')];
    const relay = await start(flags, { env: { COUNTERSIGN_RELAY_KEY: KEY } });
    expect(relay.url).toMatch(/^https:/);
    await meet(`relay.test:${relay.address.split(':')[1]}`, KEY, cert);
  });

  it('lets rooms finish when it is told to stop', async () => {
    const relay = await start([], { env: { COUNTERSIGN_RELAY_KEY: KEY } });
    const [a, b] = await meet(relay.address, KEY);
    relay.signal('SIGTERM');
    let code: number | null | undefined;
    void relay.exited.then((value) => {
      code = value;
    });
    await delay(300);
    expect(code).toBeUndefined();
    const heard = new Promise<string>((resolve) =>
      a.listen({
        frame: (_slot, frame) => resolve(Buffer.from(frame).toString()),
        member: () => undefined,
        end: resolve,
      }),
    );
    b.send(Buffer.from('not yet'));
    expect(await heard).toBe('not yet');
    a.leave();
    b.leave();
    expect(await relay.exited).toBe(0);
  });

  it('cuts rooms that take longer than --drain-seconds', async () => {
    const relay = await start(['--drain-seconds', '3'], { env: { COUNTERSIGN_RELAY_KEY: KEY } });
    const [a] = await meet(relay.address, KEY);
    const ended = new Promise<string>((resolve) =>
      a.listen({ frame: () => undefined, member: () => undefined, end: resolve }),
    );
    const startedMs = performance.now();
    expect(await relay.stop()).toBe(0);
    expect(performance.now() - startedMs).toBeGreaterThan(2500);
    expect(await ended).toBe('stopping');
  });

  it('ends at once at the second signal', async () => {
    const relay = await start([], { env: { COUNTERSIGN_RELAY_KEY: KEY } });
    await meet(relay.address, KEY);
    relay.signal('SIGTERM');
    await delay(1200);
    relay.signal('SIGTERM');
    expect(await relay.exited).toBe(143);
  });

  it.each<[string, string[], string | undefined, string]>([
    ['other machines without TLS', [], '0.0.0.0:0', 'can be reached by other machines'],
    ['a setting of the service', ['--data-dir=x'], undefined, 'unknown flag --data-dir'],
    ['a certificate that isn’t there', ['--tls-cert=none.pem', '--tls-key=none.pem'], undefined, 'ENOENT'],
    ['an address that isn’t ours', ['--insecure-listen'], '192.0.2.1:0', 'EADDRNOTAVAIL'],
  ])('refuses to start with %s', async (_, flags, listen, text) => {
    const failed = startRelayProcess(flags, { listen });
    await expect(failed).rejects.toMatchObject({ code: 2, message: expect.stringContaining(text) });
  });

  it('writes nothing to disk', async () => {
    const relay = await start([], { env: { COUNTERSIGN_RELAY_KEY: KEY, TMPDIR: folder }, cwd: folder });
    const sessions = await meet(relay.address, KEY);
    for (const session of sessions) session.leave();
    expect(await relay.stop()).toBe(0);
    expect(readdirSync(folder)).toEqual([]);
  });
});
