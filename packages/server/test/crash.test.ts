/**
 * kill -9 at random moments under load. Nothing that was acknowledged may be missing afterwards: every signature is
 * in the log, every key is whole and signs, the database opens and the log verifies.
 */
import { createPublicKey, hash, randomBytes, randomInt, verify } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { verifySqliteLog } from '../src/storage/sqlite/verify-sqlite-log.ts';
import { databasePathOf, integrityOf, loggedSignatures } from './logged-signatures.ts';
import { newApiKey, type RunningService, startService } from './running-service.ts';

const KILLS = process.env['COUNTERSIGN_SOAK'] === '1' ? 300 : 25;
const WORKERS = 4;

const dataDir = mkdtempSync(join(tmpdir(), 'countersign-crash-'));
const apiKey = newApiKey();

interface AcknowledgedKey {
  readonly kid: string;
  readonly publicKey: string;
}

const keys: AcknowledgedKey[] = [];
/** Since the last look at the log. */
let signatures: string[] = [];
let acknowledged = 0;

afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

async function createKey(service: RunningService): Promise<void> {
  const name = randomBytes(8).toString('hex');
  const answer = await service.call('POST', '/crypto/v1/keys', { name, obj_type: 'EC', elliptic_curve: 'NistP256' });
  if (answer.status !== 201) return;
  const { kid, pub_key } = JSON.parse(answer.text) as { kid: string; pub_key: string };
  keys.push({ kid, publicKey: pub_key });
}

async function signBatch(service: RunningService): Promise<void> {
  const key = keys[randomInt(keys.length)];
  const items = Array.from({ length: randomInt(1, 60) }, () => ({
    key: { kid: key?.kid },
    hash_alg: 'SHA256',
    hash: randomBytes(32).toString('base64'),
  }));
  const answer = await service.call('POST', '/crypto/v1/keys/batch/sign', items);
  if (answer.status !== 200) return;
  for (const item of JSON.parse(answer.text) as { status: number; body?: { signature: string } }[]) {
    if (item.status !== 200 || item.body === undefined) continue;
    signatures.push(hash('sha256', Buffer.from(item.body.signature, 'base64'), 'hex'));
  }
}

/** Until the service is gone: then the connection breaks, and so does the loop. */
async function load(service: RunningService, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    try {
      await (randomInt(8) === 0 ? createKey(service) : signBatch(service));
    } catch {
      return;
    }
  }
}

/** Mostly everything at once, as when the power goes; sometimes one process first. */
async function crash(service: RunningService): Promise<void> {
  const victims = service.processes().filter(({ commandLine }) => commandLine.includes('packages/server/src'));
  const victim = randomInt(3) === 0 ? victims[randomInt(victims.length)] : undefined;
  if (victim !== undefined) {
    process.kill(victim.pid, 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, randomInt(60)));
  }
  await service.killAll();
}

function checkAtRest(): void {
  expect(integrityOf(dataDir)).toBe('ok');
  expect(verifySqliteLog(databasePathOf(dataDir)).problems).toEqual([]);
  const logged = loggedSignatures(dataDir);
  expect(signatures.filter((signature) => !logged.has(signature))).toEqual([]);
  acknowledged += signatures.length;
  signatures = [];
}

async function checkKeys(service: RunningService): Promise<void> {
  const message = randomBytes(32);
  const items = keys.map(({ kid }) => ({ key: { kid }, hash_alg: 'SHA256', data: message.toString('base64') }));
  for (let from = 0; from < items.length; from += 500) {
    const answer = await service.call('POST', '/crypto/v1/keys/batch/sign', items.slice(from, from + 500));
    expect(answer.status).toBe(200);
    const results = JSON.parse(answer.text) as { status: number; body: { signature: string } }[];
    results.forEach((result, index) => {
      expect(result.status).toBe(200);
      const key = createPublicKey({
        key: Buffer.from(keys[from + index]?.publicKey ?? '', 'base64'),
        format: 'der',
        type: 'spki',
      });
      expect(verify('sha256', message, key, Buffer.from(result.body.signature, 'base64'))).toBe(true);
    });
  }
}

describe.skipIf(process.platform !== 'linux')('kill -9 under load (needs /proc: Linux)', () => {
  it(
    `loses nothing that was acknowledged, ${KILLS} times`,
    async () => {
      for (let kill = 0; kill < KILLS; kill++) {
        const service = await startService(dataDir, { apiKey });
        try {
          if (keys.length === 0) await createKey(service);
          // After a crash, and so with what the crash left.
          if (kill % 5 === 4) await checkKeys(service);
          let isOver = false;
          const workers = Array.from({ length: WORKERS }, () => load(service, () => isOver));
          await new Promise((resolve) => setTimeout(resolve, randomInt(20, 400)));
          await crash(service);
          isOver = true;
          await Promise.all(workers);
        } finally {
          await service.killAll();
        }
        checkAtRest();
      }
      const service = await startService(dataDir, { apiKey });
      try {
        await checkKeys(service);
        expect(await service.stop()).toBe(0);
      } finally {
        await service.killAll();
      }
      checkAtRest();
      expect(verifySqliteLog(databasePathOf(dataDir)).openIntents).toBe(0);
      // The load was a load: otherwise this test shows nothing.
      expect(keys.length).toBeGreaterThan(KILLS / 2);
      expect(acknowledged).toBeGreaterThan(KILLS * 10);
    },
    KILLS * 20_000,
  );
});
