/** The example of docs/rule-servers.md runs as it is printed there. */
import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync, hash, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { newId } from '@countersign/core/ids';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createJwtRuleServers } from '../src/outbound/jwt-rule-servers.ts';
import { createOutboundClient } from '../src/outbound/outbound-client.ts';

const page = resolve(import.meta.dirname, '../../../docs/rule-servers.md');
const ours = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const theirs = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const spkiPem = ours.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const publicKeyPem = theirs.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const folder = mkdtempSync(join(tmpdir(), 'countersign-example-'));
const client = createOutboundClient({
  allow: [{ kind: 'network', address: '127.0.0.0', family: 4, prefixBits: 8 }],
});
let example: ChildProcess | undefined;
let port = 0;

beforeAll(async () => {
  const program = /```js\n([\s\S]*?)```/.exec(readFileSync(page, 'utf8'))?.[1] ?? '';
  writeFileSync(join(folder, 'rule-server.mjs'), program);
  writeFileSync(join(folder, 'key.pem'), theirs.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  writeFileSync(join(folder, 'identity.pem'), spkiPem);
  port = await freePort();
  const env = { PORT: String(port), RULE_KEY: join(folder, 'key.pem'), IDENTITY: join(folder, 'identity.pem') };
  example = spawn(process.execPath, [join(folder, 'rule-server.mjs')], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  await reachable();
});

afterAll(() => {
  example?.kill();
  client.close();
  rmSync(folder, { recursive: true });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port: free } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return free;
}

async function reachable(): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const up = await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    );
    if (up) return;
    await delay(50);
  }
  throw new Error('the example does not listen');
}

function ask(message: Uint8Array, signer = ours.privateKey): Promise<unknown> {
  const ruleServers = createJwtRuleServers({
    client,
    identity: async () => ({
      spkiPem,
      fingerprint: hash('sha256', ours.publicKey.export({ type: 'spki', format: 'der' }), 'hex'),
    }),
    signQuestion: async (text) => sign('sha256', Buffer.from(text), { key: signer, dsaEncoding: 'ieee-p1363' }),
    now: Date.now,
  });
  return ruleServers.ask({
    rule: {
      id: newId(),
      accountId: newId(),
      name: 'example',
      url: `http://127.0.0.1:${port}/`,
      publicKeyPem,
      algorithm: 'ES256',
      createdAtMs: 0,
    },
    algorithm: 'ed25519',
    payload: { kind: 'message', bytes: message, digest: undefined },
    options: {},
    resultingKey: new Uint8Array(32),
    context: new Uint8Array(0),
  });
}

describe('the example rule server', () => {
  it('approves, refuses with its reason, and answers nobody else', async () => {
    expect(await ask(new Uint8Array(100))).toEqual({ approved: true });
    expect(await ask(new Uint8Array(101))).toEqual({
      approved: false,
      reason: 'not approved: the message is too long',
    });
    expect(await ask(new Uint8Array(1), theirs.privateKey)).toEqual({
      approved: false,
      reason: 'it answered with HTTP status 400',
    });
  });
});
