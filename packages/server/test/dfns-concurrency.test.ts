/**
 * Many at once, and crashes, against a real `countersign serve`: one approval releases one signature, limits hold to the
 * last item, and one `externalId` is one request. What was signed is counted in the log.
 */
import { hash, randomBytes, randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KeyId } from '@countersign/core/ids';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeId } from '../src/dialects/prefixed-id.ts';
import { verifySqliteLog } from '../src/storage/sqlite/verify-sqlite-log.ts';
import { addServiceAccount, callRaw, change, type Holder, proveAction, until } from './dfns-client.ts';
import { bytesOf, compactOf, verifiesEcdsa, type WireSignature } from './independent-verification.ts';
import { databasePathOf, integrityOf, loggedOutcomes } from './logged-signatures.ts';
import { newApiKey, type RunningService, startService } from './running-service.ts';

const SOAK = process.env['COUNTERSIGN_SOAK'] === '1';

interface Wire {
  readonly id: string;
  readonly status: string;
  readonly approvalId?: string;
  readonly reason?: string;
  readonly signature?: WireSignature;
  readonly publicKey?: string;
}

/** Signed outcomes in the log for each digest, as the SHA-256 of their signatures. */
function signedInLog(dataDir: string): Map<string, string[]> {
  const signed = new Map<string, string[]>();
  for (const { status, payloadDigest, signatureDigest } of loggedOutcomes(dataDir)) {
    if (status !== 'signed' || signatureDigest === undefined) continue;
    const digest = `0x${Buffer.from(payloadDigest).toString('hex')}`;
    signed.set(digest, [...(signed.get(digest) ?? []), Buffer.from(signatureDigest).toString('hex')]);
  }
  return signed;
}

/** As the log holds it: over r, s and the recovery id. */
function digestOf(signature: WireSignature | undefined): string {
  if (signature?.recid === undefined) throw new Error('no signature');
  return hash('sha256', Buffer.concat([compactOf(signature), Buffer.of(signature.recid)]), 'hex');
}

/** Somebody who asks and two who approve, and a key that needs both of them. */
class Household {
  readonly keyId: string;
  readonly publicKey: string;
  readonly asker: Holder;
  readonly approvers: readonly [Holder, Holder];

  private constructor(key: Wire, asker: Holder, approvers: readonly [Holder, Holder]) {
    this.keyId = key.id;
    this.publicKey = key.publicKey ?? '';
    this.asker = asker;
    this.approvers = approvers;
  }

  static async found({ url, apiKey }: RunningService): Promise<Household> {
    const asker = await addServiceAccount(url, apiKey);
    const approvers = [await addServiceAccount(url, apiKey), await addServiceAccount(url, apiKey)] as const;
    const key = (await post(url, asker, '/keys', { scheme: 'ECDSA', curve: 'secp256k1' })) as Wire;
    const userIds = approvers.map(({ userId }) => userId);
    await post(url, asker, '/v2/policies', {
      name: 'both of them',
      activityKind: 'Wallets:Sign',
      rule: { kind: 'AlwaysTrigger', configuration: {} },
      action: {
        kind: 'RequestApproval',
        approvalGroups: [{ quorum: 2, approvers: { userId: { in: userIds } }, serviceAccountsCanApprove: true }],
      },
      filters: { keyId: { in: [key.id] } },
    });
    return new Household(key, asker, approvers);
  }

  get path(): string {
    return `/keys/${this.keyId}/signatures`;
  }

  async ask(url: string): Promise<Wire & { readonly hash: string }> {
    const digest = `0x${randomBytes(32).toString('hex')}`;
    const request = (await post(url, this.asker, this.path, { kind: 'Hash', hash: digest })) as Wire;
    expect(request.status).toBe('Pending');
    return { ...request, hash: digest };
  }

  async read(url: string, id: string): Promise<Wire> {
    const answer = await callRaw(url, { method: 'GET', path: `${this.path}/${id}`, token: this.asker.accessToken });
    expect(answer.status).toBe(200);
    return answer.body as unknown as Wire;
  }

  /** Once it has been signed; otherwise as it then is. */
  async settled(url: string, id: string): Promise<Wire> {
    return until(async () => {
      const request = await this.read(url, id);
      return request.status === 'Executing' ? undefined : request;
    }, 'a request');
  }
}

async function post(url: string, holder: Holder, path: string, body: unknown): Promise<unknown> {
  const answer = await change(url, holder, { method: 'POST', path, body });
  if (answer.status !== 200) throw new Error(`${path}: ${answer.text}`);
  return answer.body;
}

function approval(approvalId: string | undefined): {
  readonly method: string;
  readonly path: string;
  readonly body: string;
} {
  return { method: 'POST', path: `/v2/policy-approvals/${approvalId}/decisions`, body: '{"value":"Approved"}' };
}

describe('many at once', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'countersign-dfns-many-'));
  let service: RunningService;

  beforeAll(async () => {
    service = await startService(dataDir);
  }, 60_000);

  afterAll(async () => {
    await service?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }, 60_000);

  it('two approvers at the same instant release one signature', async () => {
    const { url } = service;
    const household = await Household.found(service);
    const requests = [];
    for (let round = 0; round < 12; round++) {
      const request = await household.ask(url);
      const decision = approval(request.approvalId);
      const tokens = await Promise.all(household.approvers.map((approver) => proveAction(url, approver, decision)));
      const answers = await Promise.all(
        household.approvers.map(({ accessToken: token }, index) =>
          callRaw(url, { ...decision, token, userAction: tokens[index] }),
        ),
      );
      expect(answers.map(({ status }) => status)).toEqual([200, 200]);
      expect(answers.map(({ body }) => body['status']).toSorted()).toEqual(['Approved', 'Pending']);
      requests.push(request);
    }
    const inLog = signedInLog(dataDir);
    for (const { id, hash: digest } of requests) {
      const { status, signature } = await household.settled(url, id);
      expect(status).toBe('Signed');
      expect(verifiesEcdsa(household.publicKey, signature ?? { r: '', s: '' }, bytesOf(digest))).toBe(true);
      expect(inLog.get(digest)).toEqual([digestOf(signature)]);
    }
    const asked = new Set(requests.map(({ hash: digest }) => digest));
    const outcomes = loggedOutcomes(dataDir).filter(({ payloadDigest }) =>
      asked.has(`0x${Buffer.from(payloadDigest).toString('hex')}`),
    );
    expect(outcomes).toHaveLength(requests.length);
  });

  it('one approver a hundred times at once counts once', async () => {
    const { url } = service;
    const household = await Household.found(service);
    const request = await household.ask(url);
    const decision = approval(request.approvalId);
    const [approver] = household.approvers;
    const answers = await Promise.all(Array.from({ length: 100 }, () => change(url, approver, decision)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 409]));
    expect((await household.read(url, request.id)).status).toBe('Pending');
  });

  const LIMIT = 250;
  const ITEMS = 1000;
  const CLIENTS = 64;

  /** The numbers of items that each client sends in one batch: a thousand altogether. */
  const SHARES = Array.from(
    { length: CLIENTS },
    (_, index) => Math.floor(ITEMS / CLIENTS) + (index < ITEMS % CLIENTS ? 1 : 0),
  );

  async function limit(keyId: string): Promise<void> {
    const answer = await callRaw(service.url, {
      method: 'POST',
      path: '/api/v1/policies',
      token: service.apiKey,
      body: {
        name: `limit of ${keyId}`,
        activity: 'sign',
        rule: { kind: 'count-velocity', configuration: { limit: LIMIT, windowMinutes: 60 } },
        action: { kind: 'block' },
        filters: { keyIds: [keyId] },
      },
    });
    expect([answer.status, answer.text]).toEqual([201, expect.anything()]);
  }

  it(`a limit of ${LIMIT} holds for ${ITEMS} requests of ${CLIENTS} clients`, async () => {
    const { url, apiKey } = service;
    const asker = await addServiceAccount(url, apiKey);
    const { id: keyId } = (await post(url, asker, '/keys', { scheme: 'ECDSA', curve: 'secp256k1' })) as Wire;
    await limit(keyId);
    const digests = SHARES.map((share) => Array.from({ length: share }, () => randomBytes(32)));
    const answers = await Promise.all(
      digests.map((own) => {
        const items = own.map((digest) => ({ keyId, digest: digest.toString('base64'), hash: 'sha-256' }));
        return callRaw(url, { method: 'POST', path: '/api/v1/requests', token: apiKey, body: { items } });
      }),
    );
    const statuses = answers.flatMap(({ body }) =>
      (body['results'] as { readonly request?: Wire }[]).map(({ request }) => request?.status),
    );
    expect(statuses).toHaveLength(ITEMS);
    expect(new Set(statuses)).toEqual(new Set(['signed', 'rejected']));
    expect(statuses.filter((status) => status === 'signed')).toHaveLength(LIMIT);
    const inLog = signedInLog(dataDir);
    const signed = digests.flat().filter((digest) => inLog.has(`0x${digest.toString('hex')}`));
    expect(signed).toHaveLength(LIMIT);
  });

  it(`a limit of ${LIMIT} holds for ${ITEMS} items of batches of ${CLIENTS} DSM clients`, async () => {
    const made = await service.call('POST', '/crypto/v1/keys', {
      name: randomBytes(8).toString('hex'),
      obj_type: 'EC',
      elliptic_curve: 'NistP256',
    });
    const { kid } = JSON.parse(made.text) as { readonly kid: string };
    await limit(writeId('key', kid as KeyId));
    const answers = await Promise.all(
      SHARES.map((share) => {
        const items = Array.from({ length: share }, () => ({
          key: { kid },
          hash_alg: 'SHA256',
          hash: randomBytes(32).toString('base64'),
        }));
        return service.call('POST', '/crypto/v1/keys/batch/sign', items);
      }),
    );
    const statuses = answers.flatMap(({ text }) =>
      (JSON.parse(text) as { readonly status: number }[]).map(({ status }) => status),
    );
    expect(statuses).toHaveLength(ITEMS);
    expect(statuses.filter((status) => status === 200)).toHaveLength(LIMIT);
    expect(new Set(statuses)).toEqual(new Set([200, 403]));
  });

  it('one externalId of 32 clients at once is one request with one signature, and one wallet', async () => {
    const { url, apiKey } = service;
    const asker = await addServiceAccount(url, apiKey);
    const { id: keyId } = (await post(url, asker, '/keys', { scheme: 'ECDSA', curve: 'secp256k1' })) as Wire;
    const digest = `0x${randomBytes(32).toString('hex')}`;
    const body = { kind: 'Hash', hash: digest, externalId: randomBytes(8).toString('hex') };
    const path = `/keys/${keyId}/signatures`;
    const answers = await Promise.all(
      Array.from({ length: 32 }, () => change(url, asker, { method: 'POST', path, body })),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    const [id, ...others] = new Set(answers.map(({ body: { id } }) => id));
    expect(others).toEqual([]);
    const { items } = (await callRaw(url, { method: 'GET', path, token: asker.accessToken })).body as { items: Wire[] };
    expect(items.map((item) => [item.id, item.status])).toEqual([[id, 'Signed']]);
    expect(signedInLog(dataDir).get(digest)).toEqual([digestOf(items[0]?.signature)]);

    const other = { ...body, hash: `0x${randomBytes(32).toString('hex')}` };
    const refused = await change(url, asker, { method: 'POST', path, body: other });
    expect([refused.status, refused.body]).toMatchObject([409, { error: { details: { duplicate: { id } } } }]);

    const wallet = { network: 'EthereumSepolia', externalId: body.externalId };
    const wallets = await Promise.all(
      Array.from({ length: 32 }, () => change(url, asker, { method: 'POST', path: '/wallets', body: wallet })),
    );
    expect(wallets.map(({ status }) => status)).toEqual(wallets.map(() => 200));
    expect(new Set(wallets.map(({ body: { id: walletId } }) => walletId)).size).toBe(1);
  });

  it('leaves a log that verifies', () => {
    expect(verifySqliteLog(databasePathOf(dataDir))).toMatchObject({ problems: [], openIntents: 0 });
  });
});

describe.skipIf(process.platform !== 'linux')('kill -9 around the last approval (needs /proc: Linux)', () => {
  const KILLS = SOAK ? 100 : 6;
  const AT_ONCE = 8;
  const dataDir = mkdtempSync(join(tmpdir(), 'countersign-dfns-crash-'));

  afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

  it(
    `releases exactly one signature for each approved request, ${KILLS} times`,
    async () => {
      const apiKey = newApiKey();
      let service = await startService(dataDir, { apiKey });
      try {
        const household = await Household.found(service);
        const [first, second] = household.approvers;
        const released = new Map<string, WireSignature>();
        let interrupted = 0;
        for (let kill = 0; kill < KILLS; kill++) {
          const { url } = service;
          const requests = await Promise.all(Array.from({ length: AT_ONCE }, () => household.ask(url)));
          const tokens = await Promise.all(
            requests.map(async ({ approvalId }) => {
              await change(url, first, approval(approvalId));
              return proveAction(url, second, approval(approvalId));
            }),
          );
          let isFirstAnswer: (() => void) | undefined;
          const firstAnswer = new Promise<void>((resolve) => {
            isFirstAnswer = resolve;
          });
          const decisions = requests.map(async ({ approvalId }, index) => {
            const call = { ...approval(approvalId), token: second.accessToken, userAction: tokens[index] };
            const answer = await callRaw(url, call).catch(() => undefined);
            isFirstAnswer?.();
            return answer?.body['status'] === 'Approved';
          });
          // Around the moment in which the first of them are decided and signed.
          if (kill % 2 === 0) await firstAnswer;
          await new Promise((resolve) => setTimeout(resolve, randomInt(12)));
          await service.killAll();
          const acknowledged = await Promise.all(decisions);
          expect(integrityOf(dataDir)).toBe('ok');

          service = await startService(dataDir, { apiKey });
          for (const [index, { id, hash: digest, approvalId }] of requests.entries()) {
            let request = await household.settled(service.url, id);
            if (request.status === 'Pending') {
              // The decision was lost with the crash. One that was acknowledged must not be.
              expect(acknowledged[index]).toBe(false);
              await change(service.url, second, approval(approvalId));
              request = await household.settled(service.url, id);
            } else if (acknowledged[index] === false) interrupted += 1;
            expect([request.status, request.reason]).toEqual(['Signed', undefined]);
            expect(verifiesEcdsa(household.publicKey, request.signature ?? { r: '', s: '' }, bytesOf(digest))).toBe(
              true,
            );
            released.set(digest, request.signature ?? { r: '', s: '' });
          }
          const late = await change(service.url, second, approval(requests[0]?.approvalId));
          expect(late.status).toBe(409);
        }
        const inLog = signedInLog(dataDir);
        for (const [digest, signature] of released) expect(inLog.get(digest)).toEqual([digestOf(signature)]);
        expect(released.size).toBe(KILLS * AT_ONCE);
        // Decisions that were stored and whose answer nobody got: otherwise the kills came at no interesting moment.
        expect(interrupted).toBeGreaterThan(0);
        expect(await service.stop()).toBe(0);
        expect(verifySqliteLog(databasePathOf(dataDir))).toMatchObject({ problems: [], openIntents: 0 });
      } finally {
        await service.killAll();
      }
    },
    KILLS * 25_000,
  );
});
