/**
 * Stands in for a sealed process in the tests of isolation: loads what a signer loads, seals itself, then answers one
 * JSON line per JSON line on descriptor 3.
 */
import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto';
import fs from 'node:fs';
import { Socket } from 'node:net';
import koffi from 'koffi';
import sodium from 'sodium-native';
import { sealProcess } from '../../src/custody/sealed/isolation.ts';
import { denyMemoryAccess } from '../../src/custody/sealed/isolation-memory.ts';
import { warmUpTransfers } from '../../src/custody/sealed/warm-up-transfers.ts';
import { type Attempts, bindAttempts, type Targets } from './attempts.ts';

const startedAtMs = performance.timeOrigin;
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
denyMemoryAccess();

const withoutKey = process.argv.includes('verifier') || process.argv.includes('--no-key');
const rootKey = sodium.sodium_malloc(33);
const rootKeyLength = withoutKey ? 0 : readKey();

function readKey(): number {
  let length = 0;
  for (;;) {
    const count = fs.readSync(4, rootKey, length, rootKey.length - length, null);
    if (count === 0) break;
    length += count;
  }
  fs.closeSync(4);
  return length;
}

const openssl = koffi.load(null);
const evpQDigest = openssl.func(
  'int EVP_Q_digest(void *, const char *, const char *, const uint8_t *, size_t, _Out_ uint8_t *, _Out_ size_t *)',
) as (l: null, n: string, p: null, d: Uint8Array, s: number, out: Uint8Array, size: [number | null]) => number;
const sodiumPublic = Buffer.alloc(sodium.crypto_sign_PUBLICKEYBYTES);
const sodiumSecret = sodium.sodium_malloc(sodium.crypto_sign_SECRETKEYBYTES);
sodium.crypto_sign_keypair(sodiumPublic, sodiumSecret);
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });

function work(rounds: number): string {
  let garbage: Uint8Array[] = [];
  for (let i = 0; i < rounds; i++) {
    const message = Buffer.alloc(64, i & 255);
    const signature = Buffer.alloc(sodium.crypto_sign_BYTES);
    sodium.crypto_sign_detached(signature, message, sodiumSecret);
    if (!sodium.crypto_sign_verify_detached(signature, message, sodiumPublic)) return 'sodium failed';
    const ecdsa = sign('sha256', message, p256.privateKey);
    if (!verify('sha256', message, p256.publicKey, ecdsa)) return 'node:crypto failed';
    const digest = Buffer.alloc(32);
    if (evpQDigest(null, 'SHA256', null, message, message.length, digest, [null]) !== 1) return 'EVP failed';
    if (!digest.equals(createHash('sha256').update(message).digest())) return 'EVP differs';
    const secret = sodium.sodium_malloc(32);
    sodium.randombytes_buf(secret);
    sodium.sodium_free(secret);
    garbage.push(new Uint8Array(64 * 1024), new Uint8Array(Buffer.from(JSON.stringify({ i, digest }))));
    if (garbage.length > 400) garbage = [];
  }
  return 'ok';
}

const channel = new Socket({ fd: 3, readable: true, writable: true });
let attempts: Attempts = {};
let pending = '';
const report = process.argv.includes('--unsealed') ? { isolation: 'none' } : undefined;
let sealed: unknown = report;

function reply(value: unknown): void {
  channel.write(`${JSON.stringify(value)}\n`);
}

async function answer(command: { readonly do: string } & Partial<Targets> & { rounds?: number }): Promise<unknown> {
  switch (command.do) {
    case 'seal':
      attempts = bindAttempts(command as unknown as Targets);
      sealed ??= sealProcess();
      return { ...(sealed as object), startedAtMs, pid: process.pid, readyAtMs: Date.now() };
    case 'names':
      return Object.keys(attempts);
    case 'work':
      return work(command.rounds ?? 1);
    case 'pool':
      // Threads of libuv's pool are made on first use: after the filter.
      return await new Promise((resolve) => generateOnPool((error) => resolve(error === null ? 'ok' : String(error))));
    case 'hpke':
      // Never run before the filter, unlike in a generator: all that it makes late is made under it.
      return await warmUpTransfers().then(() => 'ok', String);
    case 'abort':
      return process.abort();
    case 'key':
      return { length: rootKeyLength, digest: createHash('sha256').update(rootKey.subarray(0, 32)).digest('hex') };
    case 'info':
      return {
        pid: process.pid,
        env: Object.keys(process.env),
        argv: process.argv.slice(2),
        execArgv: process.execArgv,
      };
    default:
      return await (attempts[command.do]?.() ?? 'unknown');
  }
}

function generateOnPool(done: (error: Error | null) => void): void {
  import('node:crypto').then(({ generateKeyPair }) => generateKeyPair('rsa', { modulusLength: 2048 }, done), done);
}

// The first bytes, written before the other end may have arrived anywhere.
reply({ hello: process.pid });
channel.setEncoding('utf8');
channel.on('data', (text: string) => {
  pending += text;
  for (let end = pending.indexOf('\n'); end >= 0; end = pending.indexOf('\n')) {
    const line = pending.slice(0, end);
    pending = pending.slice(end + 1);
    void answer(JSON.parse(line)).then(reply, (error: unknown) => reply({ error: String(error) }));
  }
});
channel.on('end', () => process.exit(0));
channel.on('error', () => process.exit(0));
