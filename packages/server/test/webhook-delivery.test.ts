import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newOrderedId, type WebhookEventId, type WebhookId } from '@countersign/core/ids';
import { installOnce } from '@countersign/core/install';
import type { Caller } from '@countersign/core/principal';
import { createWebhooks } from '@countersign/core/webhooks/create-webhooks';
import { type EventDelivery, RETRY_DELAYS_MS, startDelivery } from '@countersign/core/webhooks/deliver-events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DIALECTS } from '../src/dialects/dialects.ts';
import { createOutboundClient, type OutboundClient } from '../src/outbound/outbound-client.ts';
import { openSqliteStore } from '../src/storage/sqlite/sqlite-store.ts';
import type { Store } from '../src/storage/store.ts';
import { createWebhookSender } from '../src/webhooks/http-webhook-sender.ts';

interface Received {
  readonly body: string;
  readonly signature: string;
}

const folder = mkdtempSync(join(tmpdir(), 'countersign-webhooks-'));
let store: Store;
let server: Server;
let client: OutboundClient;
let delivery: EventDelivery;
let caller: Caller;
let nowMs = Date.now();
let answers: number[] = [];
const received: Received[] = [];
const faults: unknown[] = [];
let files = 0;

beforeEach(async () => {
  received.length = 0;
  faults.length = 0;
  answers = [];
  nowMs = Date.now();
  const now = (): number => nowMs;
  store = await openSqliteStore({
    path: join(folder, `${files++}.sqlite`),
    now,
    serviceKey: Buffer.alloc(32, 7),
  });
  await installOnce(store.directory, undefined, nowMs);
  const account = await store.directory.firstAccount();
  const [administrator] = await store.directory.principals({
    accountId: account?.id ?? ('' as never),
    after: undefined,
    limit: 1,
  });
  const principal = administrator && (await store.directory.principal(administrator.id));
  if (principal === undefined) throw new Error('no administrator');
  caller = { principal, session: undefined, dialect: 'dfns' };
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({
        body: Buffer.concat(chunks).toString('utf8'),
        signature: String(request.headers['x-dfns-webhook-signature']),
      });
      response.statusCode = answers.shift() ?? 200;
      response.end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  client = createOutboundClient({
    allow: [{ kind: 'network', address: '127.0.0.0', family: 4, prefixBits: 8, port }],
  });
});

afterEach(async () => {
  await delivery.stop();
  client.close();
  await new Promise((resolve) => server.close(resolve));
  await store.close();
  rmSync(join(folder, `${files - 1}.sqlite`), { force: true });
});

/** A webhook at the receiver, and its worker; `wait` makes one event wait for it. */
async function start(): Promise<{
  readonly id: WebhookId;
  readonly secret: string;
  readonly wait: () => Promise<void>;
}> {
  const sender = createWebhookSender({
    client,
    dialects: DIALECTS,
    facts: () => Promise.resolve({}),
    now: () => nowMs,
  });
  const webhooks = createWebhooks({ store: store.webhooks, sender, now: () => nowMs, wake: () => delivery.wake() });
  delivery = startDelivery({
    store: store.webhooks,
    sender,
    now: () => nowMs,
    onFault: (fault) => faults.push(fault),
  });
  const { port } = server.address() as AddressInfo;
  const { webhook, secret } = await webhooks.create(caller, {
    url: `http://127.0.0.1:${port}/hook`,
    events: 'all',
    enabled: true,
    description: undefined,
  });
  return {
    id: webhook.id,
    secret,
    wait: async () => {
      await store.webhooks.insertDelivery(
        {
          id: newOrderedId<WebhookEventId>(),
          webhookId: webhook.id,
          event: { kind: 'key-created', accountId: webhook.accountId, entityId: webhook.id, atMs: nowMs },
          status: 'pending',
          attempt: 1,
          retryOf: undefined,
          sentBody: undefined,
          sentAtMs: undefined,
          error: undefined,
          createdAtMs: nowMs,
        },
        nowMs,
      );
      delivery.wake();
    },
  };
}

async function deliveries(webhookId: WebhookId) {
  const page = await store.webhooks.deliveries({
    webhookId,
    kind: undefined,
    failed: undefined,
    after: undefined,
    limit: 100,
  });
  return page.items;
}

describe('webhooks', () => {
  it('send what waits, signed over the exact bytes', async () => {
    const { secret, wait, id } = await start();
    await wait();
    await vi.waitFor(() => expect(received).toHaveLength(1));
    const [event] = received;
    expect(event?.signature).toBe(
      `sha256=${createHmac('sha256', secret)
        .update(event?.body ?? '')
        .digest('hex')}`,
    );
    // Receivers parse the body and write it again before they check it.
    expect(JSON.stringify(JSON.parse(event?.body ?? ''))).toBe(event?.body);
    await vi.waitFor(async () => expect((await deliveries(id))[0]?.status).toBe('delivered'));
    expect(faults).toEqual([]);
  });

  it('are tried five times on the schedule, each attempt an event of its own, and then given up', async () => {
    answers = [500, 500, 503, 404, 500];
    const { wait, id } = await start();
    await wait();
    for (const [index, delayMs] of [0, ...RETRY_DELAYS_MS].entries()) {
      nowMs += delayMs - 1;
      delivery.wake();
      nowMs += 1;
      delivery.wake();
      await vi.waitFor(() => expect(received).toHaveLength(index + 1), { timeout: 5_000 });
      await vi.waitFor(async () =>
        expect((await deliveries(id)).filter(({ status }) => status === 'failed')).toHaveLength(index + 1),
      );
    }
    const all = await deliveries(id);
    expect(all).toHaveLength(5);
    expect(new Set(all.map((entry) => entry.id)).size).toBe(5);
    expect(all.map(({ attempt }) => attempt).sort()).toEqual([1, 2, 3, 4, 5]);
    nowMs += 10 * 24 * 3_600_000;
    delivery.wake();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(received).toHaveLength(5);
  });

  it('deliver at the next attempt, and then stop', async () => {
    answers = [500];
    const { wait, id } = await start();
    await wait();
    await vi.waitFor(async () => expect((await deliveries(id)).length).toBe(2));
    nowMs += RETRY_DELAYS_MS[0] ?? 0;
    delivery.wake();
    await vi.waitFor(() => expect(received).toHaveLength(2));
    const bodies = received.map(({ body }) => JSON.parse(body) as Readonly<Record<string, unknown>>);
    expect(bodies[1]?.['retryOf']).toBe(bodies[0]?.['id']);
    expect(bodies[1]?.['deliveryAttempt']).toBe(2);
  });

  it('send each event once, also where many wait', async () => {
    const { wait } = await start();
    await Promise.all(Array.from({ length: 100 }, wait));
    await vi.waitFor(() => expect(received).toHaveLength(100), { timeout: 10_000 });
    const ids = received.map(({ body }) => (JSON.parse(body) as { readonly id: string }).id);
    expect(new Set(ids).size).toBe(100);
  });
});
