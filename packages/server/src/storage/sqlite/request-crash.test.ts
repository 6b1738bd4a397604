import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type GoverningPolicyId, type KeyId, newId, newOrderedId, type RequestId } from '@countersign/core/ids';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { REQUEST_CRASH_WRITER_PATH, type RequestAcknowledgement } from '../../../test/request-crash-writer.ts';
import { newSpend, signedCompletion, storedItem } from '../governance-fixtures.ts';
import { signedOutcomes } from '../store-fixtures.ts';
import { openSqliteStore } from './sqlite-store.ts';
import { verifySqliteLog } from './verify-sqlite-log.ts';

const ROUNDS = process.env['COUNTERSIGN_SOAK'] === '1' ? 40 : 6;
const policyId = newOrderedId<GoverningPolicyId>();
const keyId = newId<KeyId>();

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-request-crash-'));
  path = join(folder, 'store.sqlite');
});
afterEach(() => rm(folder, { recursive: true }));

describe('requests after a crash', () => {
  it(`are as they were acknowledged, spent once, and signed to their end, ${ROUNDS} times on one database`, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const acknowledged = await killWhileWriting(20 + Math.random() * 150);
      const before = readTables();
      for (const [id, what] of lastOf(acknowledged)) expect(AFTER[what]).toContain(before.statuses.get(id));
      // A spend is there with its intent, or neither is: exactly one for every request that got so far.
      const begun = [...before.statuses.values()].filter((status) => status === 'executing' || status === 'signed');
      expect(before.spent).toBe(BigInt(begun.length));

      const store = await openSqliteStore({ path });
      await store.closeOpenIntents();
      const unfinished = await store.requests.unfinished(1_000);
      const waiting = [...lastOf(acknowledged)].filter(([, what]) => what === 'approved' || what === 'executing');
      for (const [id] of waiting) if (before.statuses.get(id) !== 'signed') expect(unfinished).toContain(id);
      const spends = [newSpend({ policyId, limit: 10n ** 30n, windowMs: 1_000_000_000 })];
      for (const id of unfinished) {
        const request = await store.requests.byId(id);
        if (request === undefined) throw new Error('an unfinished request that is not there');
        const item = storedItem(request, request.version, { spends });
        const account = await store.directory.account(request.accountId);
        const intent = {
          accountId: request.accountId,
          accountRevision: account?.revision ?? 0,
          principalId: request.requesterId,
          dialect: 'test',
          items: [item],
          refused: [],
        };
        const tries = await Promise.all([store.journal.recordIntent(intent), store.journal.recordIntent(intent)]);
        expect(tries.map(({ recorded }) => recorded)).toEqual([true, false]);
        const [taken] = tries;
        if (taken?.recorded !== true) throw new Error('not recorded');
        await store.journal.recordOutcome(taken.receipt, signedOutcomes(1), [signedCompletion(id)]);
      }
      expect(await store.requests.unfinished(10)).toEqual([]);
      await store.close();
      const after = readTables();
      const signed = [...after.statuses.values()].filter((status) => status === 'signed');
      expect(after.statuses.values().toArray()).not.toContain('executing');
      expect(after.spent).toBe(BigInt(signed.length));
      expect(verifySqliteLog(path)).toMatchObject({ problems: [], openIntents: 0 });
    }
  }, 120_000);
});

/** What a request may be after this was the last that was acknowledged: that, or one step further. */
const AFTER: Readonly<Record<RequestAcknowledgement['what'], readonly string[]>> = {
  pending: ['pending'],
  approved: ['pending', 'executing'],
  executing: ['executing', 'signed'],
  signed: ['signed'],
};

function lastOf(acknowledged: readonly RequestAcknowledgement[]): Map<RequestId, RequestAcknowledgement['what']> {
  return new Map(acknowledged.map(({ id, what }) => [id, what]));
}

async function killWhileWriting(afterMs: number): Promise<RequestAcknowledgement[]> {
  const parameters = [REQUEST_CRASH_WRITER_PATH, path, policyId, keyId];
  const child = spawn(process.execPath, parameters, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    if (text === '') setTimeout(() => child.kill('SIGKILL'), afterMs);
    text += chunk.toString();
  });
  const [, signal] = (await once(child, 'close')) as [number | null, string | null];
  expect(signal).toBe('SIGKILL');
  const lines = text.slice(0, text.lastIndexOf('\n')).split('\n');
  return lines.map((line) => JSON.parse(line) as RequestAcknowledgement);
}

function readTables(): { readonly statuses: Map<RequestId, string>; readonly spent: bigint } {
  const database = new DatabaseSync(path, { readOnly: true });
  const requests = database.prepare('SELECT lower(hex(id)) AS id, status FROM signature_requests').all();
  const spends = database.prepare('SELECT before, total FROM velocity_spends ORDER BY at_ms').all();
  database.close();
  const uuid = (hex: string): RequestId =>
    hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5') as RequestId;
  return {
    statuses: new Map(requests.map(({ id, status }) => [uuid(String(id)), String(status)])),
    spent: BigInt(String(spends.at(-1)?.['total'] ?? 0)) - BigInt(String(spends[0]?.['before'] ?? 0)),
  };
}
