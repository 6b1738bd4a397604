/**
 * kill -9 to one of three servers in the middle of a key generation or a refresh. The others end in time; and when the
 * caller repeats the call after the restart, all three have the same key, and every two of them sign.
 */
import { createPublicKey, randomInt, verify } from 'node:crypto';
import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { schnorr } from '@noble/curves/secp256k1.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifySqliteLog } from '../src/storage/sqlite/verify-sqlite-log.ts';
import { databasePathOf, integrityOf } from './logged-signatures.ts';
import {
  type Answer,
  type ClusterKey,
  type ClusterParty,
  errorOf,
  expectBody,
  THRESHOLD_SCHEMES,
  type ThresholdScheme,
  VertexCluster,
} from './vertex-cluster.ts';

/** For each operation and scheme. */
const KILLS = process.env['COUNTERSIGN_SOAK'] === '1' ? 15 : 1;
const JOIN_SECONDS = 5;
const ROOM_SECONDS = 8;
/** Kill, restart, and a call that waits for the room's end. */
const KILL_TIMEOUT_MS = 60_000;
const START_TIMEOUT_MS = 120_000;
const ATTEMPTS = 4;
const HOLDERS = [0, 1, 2];

let cluster: VertexCluster;

beforeAll(async () => {
  const flags = ['--relay-join-seconds', `${JOIN_SECONDS}`, '--relay-room-seconds', `${ROOM_SECONDS}`];
  cluster = await VertexCluster.start(HOLDERS.length, { flags });
}, START_TIMEOUT_MS);

afterAll(() => cluster?.stop(), START_TIMEOUT_MS);

/** What the call brought: its answer, or undefined where the server died under it. */
type Outcome = Answer | undefined;

async function settled(answers: readonly Promise<Answer>[]): Promise<readonly Outcome[]> {
  return Promise.all(answers.map((answer) => answer.catch(() => undefined)));
}

/** Starts the call at all holders, and kills one of them somewhere in it. The victim is up again afterwards. */
async function killDuring(
  victim: number,
  durationMs: number,
  callOf: (party: number) => Promise<Answer>,
): Promise<readonly Outcome[]> {
  const startedMs = performance.now();
  const calls = settled(HOLDERS.map(callOf));
  // From before the hellos to after the end.
  await delay(randomInt(Math.max(2, Math.ceil(1.2 * durationMs))));
  await cluster.party(victim).kill();
  const outcomes = await calls;
  expect(performance.now() - startedMs).toBeLessThan((ROOM_SECONDS + 10) * 1000 + durationMs);
  for (const [party, outcome] of outcomes.entries()) {
    if (party === victim || outcome === undefined || outcome.status === 200) continue;
    expect(errorOf(outcome).err_type).toBe('executor_result');
  }
  await cluster.party(victim).start();
  return outcomes;
}

async function expectEveryPairSigns(key: ClusterKey, publicKey: string): Promise<void> {
  for (const pair of [
    [0, 1],
    [0, 2],
    [1, 2],
  ]) {
    const answers = (await cluster.sign(key, pair, { msg: 'c0ffee' })).map(expectBody);
    for (const { signature } of answers)
      expect(isSignature(key.scheme, publicKey, 'c0ffee', String(signature))).toBe(true);
  }
}

function isSignature(scheme: ThresholdScheme, publicKeyHex: string, messageHex: string, signatureHex: string): boolean {
  const publicKey = Buffer.from(publicKeyHex, 'hex');
  const [message, signature] = [Buffer.from(messageHex, 'hex'), Buffer.from(signatureHex, 'hex')];
  if (scheme === 'bip340') return schnorr.verify(signature, message, publicKey);
  const key = createPublicKey({ key: publicKey, format: 'raw-public', asymmetricKeyType: 'ed25519' });
  return verify(null, message, key, signature);
}

async function onePublicKey(key: ClusterKey): Promise<string> {
  const keys = new Set(await cluster.publicKeys(key));
  expect(keys.size).toBe(1);
  return [...keys][0] ?? '';
}

async function durationOf(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

describe.skipIf(process.platform !== 'linux').each(THRESHOLD_SCHEMES)('%s, kill -9 (needs /proc: Linux)', (scheme) => {
  // So that with one kill, too, each server is a victim of some operation and scheme.
  const turn = THRESHOLD_SCHEMES.indexOf(scheme);

  it(
    `in a key generation (kills: ${KILLS}; 15 with COUNTERSIGN_SOAK=1)`,
    async () => {
      const usualMs = await durationOf(() => cluster.newKey(scheme, 2, HOLDERS));
      for (let kill = 0; kill < KILLS; kill++) {
        const key = await cluster.create(scheme, 2, HOLDERS);
        const victim = (kill + turn) % HOLDERS.length;
        // The relay is another server's: the one that dies has that of nobody.
        const relay = (victim + 1) % HOLDERS.length;
        const body = await keygenBody(key, relay);
        await killDuring(victim, usualMs, (party) =>
          cluster.party(party).call('POST', `/${scheme}/keygen`, body(party)),
        );
        await repeatUntil(async () => {
          const again = await keygenBody(key, relay);
          const answers = await cluster.together(HOLDERS, 'POST', `/${scheme}/keygen`, again);
          return answers.every(
            (answer) => answer.status === 200 || errorOf(answer).err_type === 'already_performed_keygen',
          );
        });
        await expectEveryPairSigns(key, await onePublicKey(key));
      }
    },
    START_TIMEOUT_MS + KILLS * KILL_TIMEOUT_MS,
  );

  it(
    `in a refresh (kills: ${KILLS}; 15 with COUNTERSIGN_SOAK=1)`,
    async () => {
      let key = await cluster.newKey(scheme, 2, HOLDERS);
      const publicKey = await onePublicKey(key);
      const usualMs = await durationOf(async () => {
        key = await cluster.refreshed(key);
      });
      for (let kill = 0; kill < KILLS; kill++) {
        const victim = (kill + turn + 1) % HOLDERS.length;
        const relay = (victim + 1) % HOLDERS.length;
        const where = await cluster.room(HOLDERS.length, relay);
        const { keyIds } = key;
        await killDuring(victim, usualMs, (party) =>
          cluster.party(party).call('POST', `/${scheme}/refresh`, { ...where, key_id: keyIds[party] }),
        );
        let fresh: readonly Answer[] = [];
        await repeatUntil(async () => {
          fresh = await cluster.refresh(key, await cluster.room(HOLDERS.length, relay));
          return fresh.every(({ status }) => status === 200);
        });
        key = { ...key, keyIds: fresh.map((answer) => String(expectBody(answer)['key_id'])) };
        expect(await onePublicKey(key)).toBe(publicKey);
        await expectEveryPairSigns(key, publicKey);
      }
    },
    START_TIMEOUT_MS + KILLS * KILL_TIMEOUT_MS,
  );
});

describe.each(THRESHOLD_SCHEMES)('%s, a server that runs twice', (scheme) => {
  it(
    'uses no nonce twice, and meets itself in no room',
    async () => {
      const key = await cluster.newKey(scheme, 2, HOLDERS);
      const publicKey = await onePublicKey(key);
      const msg = 'c0ffee';
      const points: string[] = [];
      const signWith = async (second: ClusterParty) => {
        const where = await cluster.room(2);
        const answers = await Promise.all(
          [cluster.party(0), second].map((party, place) =>
            party.call('POST', `/${scheme}/sign`, { ...where, key_id: key.keyIds[place], msg }),
          ),
        );
        const [signature] = answers.map((answer) => String(expectBody(answer)['signature']));
        expect(isSignature(scheme, publicKey, msg, signature ?? '')).toBe(true);
        points.push(signature?.slice(0, 64) ?? '');
      };
      const original = cluster.party(1);
      await signWith(original);
      const twin = await original.copy();
      try {
        for (const party of [original, twin, original, twin]) await signWith(party);
        expect(new Set(points).size).toBe(5);

        const where = await cluster.room(2);
        const answers = await settled(
          [original, twin].map((party) =>
            party.call('POST', `/${scheme}/sign`, { ...where, key_id: key.keyIds[1], msg }),
          ),
        );
        for (const answer of answers) {
          expect(errorOf(answer).err_type).toBe('executor_result');
          expect(errorOf(answer).err_msg).toContain('in the room twice');
        }
      } finally {
        await twin.kill();
        rmSync(twin.dataDir, { recursive: true });
      }
    },
    START_TIMEOUT_MS,
  );
});

it.skipIf(process.platform !== 'linux')(
  'leaves databases and logs whole',
  async () => {
    for (const party of cluster.parties) {
      expect(await party.stop()).toBe(0);
      expect(integrityOf(party.dataDir)).toBe('ok');
      expect(verifySqliteLog(databasePathOf(party.dataDir)).problems).toEqual([]);
    }
  },
  START_TIMEOUT_MS,
);

async function keygenBody(key: ClusterKey, relay: number): Promise<(party: number) => unknown> {
  const where = await cluster.room(HOLDERS.length, relay);
  return (party) => ({
    ...where,
    key_id: key.keyIds[party],
    num_parties: HOLDERS.length,
    threshold: key.threshold,
    others_keygen_ids: key.keygenIds.filter((_, other) => other !== party),
  });
}

/** As a caller does: the same call again, in a new room, a few times at most. */
async function repeatUntil(isDone: () => Promise<boolean>): Promise<void> {
  for (let left = ATTEMPTS; left > 0; left--) {
    if (await isDone()) return;
  }
  throw new Error(`not through after ${ATTEMPTS} repetitions`);
}
