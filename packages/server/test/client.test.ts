/** Our client against the whole service, over loopback. */
import { generateKeyPairSync, verify } from 'node:crypto';
import { type Client, createClient } from '@countersign/client/client';
import { CountersignError, SERVICE_ERROR_CODES } from '@countersign/client/countersign-error';
import type { ItemToSign, SignProgress } from '@countersign/client/sign-batch';
import { DOMAIN_ERROR_CODES } from '@countersign/core/domain-error';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addServiceAccount, CREDENTIAL_KEYS, type CredentialKeyKind, type Holder } from './dfns-client.ts';
import { type DfnsService, startDfnsService } from './dfns-service.ts';

let service: DfnsService;
let administrator: Client;

beforeAll(async () => {
  service = await startDfnsService();
  administrator = createClient({ baseUrl: service.url, apiKey: service.apiKey });
});
afterAll(() => service.close());

function clientOf({ accessToken, credentialId, privateKey }: Holder): Client {
  return createClient({ baseUrl: service.url, token: accessToken, credential: { credentialId, privateKey } });
}

async function refusal(call: Promise<unknown>): Promise<CountersignError> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof CountersignError)) throw new Error('no CountersignError', { cause: error });
  return error;
}

const message = (text: string): Uint8Array => new TextEncoder().encode(text);

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe('keys', () => {
  it('are made, found by id and by name, listed, renamed and deleted', async () => {
    const { keys } = administrator;
    const made = await keys.create({ algorithm: 'ed25519', name: 'first key' });
    expect(await keys.get(made.id)).toEqual(made);
    expect(await keys.find(made.id)).toEqual(made);
    expect(await keys.find('first key')).toEqual(made);
    expect((await collect(keys.list())).map(({ id }) => id)).toContain(made.id);
    expect((await keys.rename(made.id, 'another')).name).toBe('another');
    expect((await keys.rename(made.id, undefined)).name).toBeUndefined();
    await keys.delete(made.id);
    expect(await refusal(keys.get(made.id))).toMatchObject({ code: 'not_found', status: 404, subject: 'key' });
    expect(await refusal(keys.find('first key'))).toMatchObject({ code: 'not_found' });
  });
});

describe('errors', () => {
  it('have the codes of the service, all of them', () => {
    expect(SERVICE_ERROR_CODES).toEqual(DOMAIN_ERROR_CODES);
  });

  it('say who is refused and why', async () => {
    const stranger = createClient({ baseUrl: service.url, token: 'nobody', retries: 0 });
    expect(await refusal(stranger.me())).toMatchObject({ code: 'session_expired', status: 401 });
    expect(await refusal(administrator.keys.create({ algorithm: 'rot13' }))).toMatchObject({ code: 'not_supported' });
  });
});

describe('a caller with a credential', () => {
  it.each(Object.keys(CREDENTIAL_KEYS) as CredentialKeyKind[])('proves every change with its %s key', async (key) => {
    const holder = await addServiceAccount(service.url, service.apiKey, { key });
    const client = clientOf(holder);
    const made = await client.keys.create({ algorithm: 'ecdsa-p256', name: `of ${key}` });
    const [result] = await client.signBatch([{ keyId: made.id, message: message('proven'), hash: 'sha-256' }]);
    if (result?.status !== 'signed') throw new Error('not signed', { cause: result });
    expect(verify('sha256', message('proven'), made.publicKeyPem ?? '', result.signature)).toBe(true);
    expect((await client.keys.delete(made.id)).id).toBe(made.id);
  });

  it('may hand over a function that signs, and a key in PEM', async () => {
    const holder = await addServiceAccount(service.url, service.apiKey);
    const pem = holder.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const { keyCredential } = await import('@countersign/client/key-credential');
    const { credentialId, accessToken: token } = holder;
    for (const credential of [
      { credentialId, privateKey: pem },
      keyCredential({ credentialId, privateKey: holder.privateKey }),
    ]) {
      const client = createClient({ baseUrl: service.url, token, credential });
      expect((await client.keys.create({ algorithm: 'ed25519' })).createdBy).toBe(holder.userId);
    }
  });

  it('is refused without it, and with another key', async () => {
    const holder = await addServiceAccount(service.url, service.apiKey);
    const bare = createClient({ baseUrl: service.url, token: holder.accessToken });
    expect(await refusal(bare.keys.create({ algorithm: 'ed25519' }))).toMatchObject({ code: 'proof_required' });
    const wrong = clientOf({ ...holder, privateKey: generateKeyPairSync('ed25519').privateKey });
    expect(await refusal(wrong.keys.create({ algorithm: 'ed25519' }))).toMatchObject({
      code: 'forbidden',
      subject: 'credential',
    });
  });
});

describe('signBatch and verifyBatch', () => {
  const items = (keyId: string, count: number): ItemToSign[] =>
    Array.from({ length: count }, (_, index) => ({ keyId, message: message(`item ${index}`) }));

  it('keep the order of thousands of items and report all of them', async () => {
    const key = await administrator.keys.create({ algorithm: 'ed25519' });
    const batch = items(key.id, 2_500);
    const seen: SignProgress[] = [];
    const results = await administrator.signBatch(batch, {
      chunkSize: 300,
      concurrency: 3,
      onProgress: (progress) => seen.push(progress),
    });
    expect(results).toHaveLength(batch.length);
    for (const [index, result] of results.entries()) {
      if (result.status !== 'signed') throw new Error(`item ${index}`, { cause: result });
      if (index % 100 === 0)
        expect(verify(null, batch[index]?.message ?? message(''), key.publicKeyPem ?? '', result.signature)).toBe(true);
    }
    expect(seen.map(({ done }) => done).at(-1)).toBe(2_500);
    expect(seen).toHaveLength(9);
    for (const { from, results: part } of seen) expect(results.slice(from, from + part.length)).toEqual(part);

    const checked = await administrator.verifyBatch(
      results.slice(0, 3).map((result, index) => ({
        keyId: key.id,
        message: message(`item ${index === 2 ? 0 : index}`),
        signature: result.status === 'signed' ? result.signature : message(''),
      })),
    );
    expect(checked.map((result) => result.checked && result.valid)).toEqual([true, true, false]);
  });

  it('halves what the service finds too large', async () => {
    const key = await administrator.keys.create({ algorithm: 'ed25519' });
    const results = await administrator.signBatch(items(key.id, 1_500), { chunkSize: 1_500 });
    expect(results.filter(({ status }) => status === 'signed')).toHaveLength(1_500);
  });

  it('give a bad item its own error and its neighbours their signatures', async () => {
    const key = await administrator.keys.create({ algorithm: 'ed25519' });
    const [good, bad, other] = await administrator.signBatch([
      { keyId: key.id, message: message('a') },
      { keyName: 'no such key', message: message('b') },
      { keyId: key.id, message: message('c') },
    ]);
    expect([good?.status, bad?.status, other?.status]).toEqual(['signed', 'failed', 'signed']);
    expect(bad).toMatchObject({ error: { code: 'not_found' } });
  });

  it('stop sending where nothing can succeed any more, and when given up', async () => {
    let calls = 0;
    const counting = createClient({
      baseUrl: service.url,
      token: 'nobody',
      fetch: (url, init) => {
        calls += 1;
        return fetch(url, init);
      },
    });
    const results = await counting.signBatch(items('key-00000-00000-0000000000000000', 20), {
      chunkSize: 1,
      concurrency: 1,
    });
    expect(calls).toBe(1);
    expect(results).toHaveLength(20);
    for (const result of results)
      expect(result).toMatchObject({ status: 'failed', error: { code: 'session_expired' } });

    const key = await administrator.keys.create({ algorithm: 'ed25519' });
    const controller = new AbortController();
    const halted = await administrator.signBatch(items(key.id, 30), {
      chunkSize: 10,
      concurrency: 1,
      signal: controller.signal,
      onProgress: ({ done }) => {
        if (done === 10) controller.abort();
      },
    });
    expect(halted.map(({ status }) => status)).toEqual([
      ...Array.from({ length: 10 }, () => 'signed'),
      ...Array.from({ length: 20 }, () => 'failed'),
    ]);
    expect(halted.at(-1)).toMatchObject({ error: { code: 'aborted' } });
  });

  it('ends with what its reporting throws, and sends no more', async () => {
    const key = await administrator.keys.create({ algorithm: 'ed25519' });
    let calls = 0;
    const counting = createClient({
      baseUrl: service.url,
      apiKey: service.apiKey,
      fetch: (url, init) => {
        calls += 1;
        return fetch(url, init);
      },
    });
    let reports = 0;
    const failing = counting.signBatch(items(key.id, 50), {
      chunkSize: 1,
      concurrency: 2,
      onProgress: () => {
        reports += 1;
        if (reports === 1) throw new Error('the display is gone');
      },
    });
    await expect(failing).rejects.toThrow('the display is gone');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(calls).toBe(2);
  });
});

describe('requests', () => {
  it('are signed at once where no policy stands against it', async () => {
    const key = await administrator.keys.create({ algorithm: 'ed25519' });
    const request = await administrator.requests.createAndWait({ keyId: key.id, message: message('now') });
    expect(request).toMatchObject({ status: 'signed', keyId: key.id });
    expect(await administrator.requests.get(request.id)).toEqual(request);
    expect(await collect(administrator.requests.list({ keyId: key.id }))).toEqual([request]);
  });

  it('wait for the people that a policy asks, whose decisions are proven', async () => {
    const approver = clientOf(await addServiceAccount(service.url, service.apiKey));
    const key = await administrator.keys.create({ algorithm: 'ed25519' });
    const me = await approver.me();
    const policy = await administrator.policies.create({
      name: 'one approval',
      activity: 'sign',
      rule: { kind: 'always' },
      action: {
        kind: 'request-approval',
        groups: [{ quorum: 1, approvers: [me.identity.id], serviceAccountsCanApprove: true, signedOnly: true }],
      },
      filters: { keyIds: [key.id] },
    });
    const [created] = await administrator.requests.create([{ keyId: key.id, message: message('later') }]);
    const request = created?.request;
    if (request === undefined) throw new Error('no request', { cause: created?.error });
    expect(request.status).toBe('pending');

    const started = performance.now();
    const late = await refusal(administrator.requests.waitForResult(request.id, { timeoutMs: 100 }));
    expect(late).toMatchObject({ code: 'timed_out', objectId: request.id });
    expect(performance.now() - started).toBeLessThan(5_000);

    const waiting = administrator.requests.waitForResult(request.id, { timeoutMs: 20_000 });
    const [approval] = await collect(approver.approvals.list({ status: 'pending', approverId: me.identity.id }));
    expect(approval?.request?.id).toBe(request.id);
    const decided = await approver.approvals.decide(approval?.id ?? '', 'approved', 'looks right');
    expect(decided.decisions).toMatchObject([{ value: 'approved', evidence: 'signed', reason: 'looks right' }]);
    expect((await waiting).status).toBe('signed');

    const [second] = await administrator.requests.create([{ keyId: key.id, message: message('never mind') }]);
    expect((await administrator.requests.cancel(second?.request?.id ?? '')).status).not.toBe('pending');
    expect(await administrator.policies.archive(policy.id)).toMatchObject({
      done: true,
      entity: { status: 'archived' },
    });
  });

  it('end waiting when the caller does', async () => {
    const key = await administrator.keys.create({ algorithm: 'ed25519' });
    const policy = await administrator.policies.create({
      name: 'nobody yet',
      activity: 'sign',
      rule: { kind: 'always' },
      action: { kind: 'request-approval', groups: [{ quorum: 1, approvers: 'anyone' }] },
      filters: { keyIds: [key.id] },
    });
    const controller = new AbortController();
    const waiting = administrator.requests.createAndWait(
      { keyId: key.id, message: message('x') },
      { signal: controller.signal },
    );
    setTimeout(() => controller.abort(new Error('enough')), 200);
    await expect(waiting).rejects.toThrow('enough');
    await administrator.policies.archive(policy.id);
  });

  it('are known again by externalId, and named where the body differs', async () => {
    const key = await administrator.keys.create({ algorithm: 'ed25519' });
    const first = await administrator.requests.createAndWait({ keyId: key.id, message: message('1'), externalId: 'e' });
    const again = await administrator.requests.createAndWait({ keyId: key.id, message: message('1'), externalId: 'e' });
    expect(again).toEqual(first);
    const other = administrator.requests.createAndWait({ keyId: key.id, message: message('2'), externalId: 'e' });
    expect(await refusal(other)).toMatchObject({ code: 'conflict', objectId: first.id });
  });
});

describe('the log', () => {
  it('gives its checkpoint, its entries and proofs', async () => {
    const old = await administrator.log.checkpoint();
    const key = await administrator.keys.create({ algorithm: 'ed25519' });
    await administrator.signBatch([{ keyId: key.id, message: message('logged') }]);
    const now = await administrator.log.checkpoint();
    expect(now.size).toBeGreaterThan(old.size);
    const entries = await collect(administrator.log.entries(old.size));
    expect(entries.some(({ items = [] }) => items.some(({ keyId }) => keyId === key.id))).toBe(true);
    expect(await administrator.log.consistencyProof(old.size, now.size)).toMatchObject({ old, new: now });
    expect((await administrator.log.inclusionProof(0)).leaf).toBe(0);
  });
});
