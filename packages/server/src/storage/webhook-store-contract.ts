/** The part of the store's contract that is about webhooks and what they have to send. */
import { randomBytes } from 'node:crypto';
import { newId, newOrderedId, type PrincipalId, type WebhookEventId, type WebhookId } from '@countersign/core/ids';
import type { Webhook, WebhookDelivery } from '@countersign/core/webhooks/webhook';
import { describe, expect, it } from 'vitest';
import { newDelivery, newWebhook } from './identity-fixtures.ts';
import { bumps } from './identity-store-contract.ts';
import type { Store } from './store.ts';
import type { StoreTests } from './store-contract.ts';
import { newHousehold, newKey } from './store-fixtures.ts';

const SOON = Number.MAX_SAFE_INTEGER;
const plain = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString('hex');

/** All deliveries, newest first. */
async function deliveriesOf(
  store: Store,
  { id }: Webhook,
  filter: { kind?: string; failed?: boolean } = {},
): Promise<WebhookDelivery[]> {
  const { kind, failed } = filter;
  const found: WebhookDelivery[] = [];
  for (let after: WebhookEventId | undefined; ; after = found.at(-1)?.id) {
    const page = await store.webhooks.deliveries({ webhookId: id, kind, failed, after, limit: 3 });
    found.push(...page.items);
    if (!page.more) return found;
  }
}

export function describeWebhookStore({ opened, reopened }: StoreTests): void {
  describe('webhooks', () => {
    it('come back with every field and their secret, after a restart too, to their own account alone', async () => {
      const { store, home, at } = await opened();
      const by = home.administrator.id;
      const webhooks = [
        newWebhook(home),
        newWebhook(home, { events: ['key-created', 'request-signed'], description: undefined }),
        newWebhook(home, { enabled: false }),
      ];
      const secrets = webhooks.map((_, i) => randomBytes(20 + i));
      for (const [i, webhook] of webhooks.entries()) {
        await store.webhooks.insert(webhook, secrets[i] ?? randomBytes(1), by);
        await store.webhooks.insertDelivery(newDelivery(webhook), 1_000 + i);
      }
      for (const next of [() => store, () => reopened(store, at)]) {
        const each = (await next()).webhooks;
        for (const [i, webhook] of webhooks.entries()) {
          expect(await each.find(home.account.id, webhook.id)).toEqual(webhook);
          expect(plain(await each.secretOf(home.account.id, webhook.id))).toBe(plain(secrets[i]));
          expect(await each.secretOf(newId(), webhook.id)).toBeUndefined();
        }
        expect(await each.find(newId(), webhooks[0]?.id as WebhookId)).toBeUndefined();
        expect(await each.count(home.account.id)).toBe(3);
        expect(await each.count(newId())).toBe(0);
        const ids = webhooks.map(({ id }) => id).sort();
        const first = await each.list({ accountId: home.account.id, after: undefined, limit: 2 });
        expect([first.items.map(({ id }) => id), first.more]).toEqual([ids.slice(0, 2), true]);
        const rest = await each.list({ accountId: home.account.id, after: ids[1], limit: 2 });
        expect([rest.items.map(({ id }) => id), rest.more]).toEqual([ids.slice(2), false]);
        const due = await each.due(SOON, 10);
        expect(due.map(({ webhook, secret }) => [webhook, plain(secret)])).toEqual([
          [webhooks[0], plain(secrets[0])],
          [webhooks[1], plain(secrets[1])],
        ]);
      }
    });

    it('are changed, get another secret and go; what was replaced signs nothing', async () => {
      const { store, home } = await opened();
      const by = home.administrator.id;
      const { id: accountId } = home.account;
      const webhook = newWebhook(home);
      await store.webhooks.insert(webhook, randomBytes(32), by);
      const changed = { ...webhook, url: 'https://other.example/', events: ['key-deleted'], updatedAtMs: 20 } as const;
      expect(await store.webhooks.replace(changed, by)).toBe(true);
      expect(await store.webhooks.find(accountId, webhook.id)).toEqual(changed);
      const secret = randomBytes(32);
      expect(await store.webhooks.setSecret(accountId, webhook.id, secret, by)).toBe(true);
      await store.webhooks.insertDelivery(newDelivery(webhook), 1);
      expect((await store.webhooks.due(SOON, 10)).map((each) => plain(each.secret))).toEqual([plain(secret)]);
      expect(plain(await store.webhooks.secretOf(accountId, webhook.id))).toBe(plain(secret));
      const elsewhere = newHousehold().account.id;
      const { size } = await store.log.head();
      expect(await store.webhooks.replace({ ...webhook, accountId: elsewhere }, by)).toBe(false);
      expect(await store.webhooks.setSecret(elsewhere, webhook.id, secret, by)).toBe(false);
      expect(await store.webhooks.remove(elsewhere, webhook.id, by)).toBe(false);
      expect((await store.log.head()).size).toBe(size);
      expect(await bumps(store, home, () => store.webhooks.remove(accountId, webhook.id, by))).toBe(false);
      expect(await store.webhooks.remove(accountId, webhook.id, by)).toBe(false);
      expect(await store.webhooks.find(accountId, webhook.id)).toBeUndefined();
      expect(await deliveriesOf(store, webhook)).toEqual([]);
      expect(await store.webhooks.due(SOON, 10)).toEqual([]);
    });

    it('are at most 100 for an account', async () => {
      const { store, home } = await opened();
      const by = home.administrator.id;
      const insert = () => store.webhooks.insert(newWebhook(home), randomBytes(32), by);
      await Promise.all(Array.from({ length: 100 }, insert));
      await expect(insert()).rejects.toMatchObject({ code: 'conflict', subject: 'webhook' });
      expect(await store.webhooks.count(home.account.id)).toBe(100);
    });
  });

  describe('events', () => {
    it('become deliveries of the enabled webhooks of their account that want them', async () => {
      const { store, home, at } = await opened();
      const other = newHousehold();
      await store.directory.install(other);
      const by = home.administrator.id;
      const [all, deleted, off, foreign] = [
        newWebhook(home),
        newWebhook(home, { events: ['key-deleted'] }),
        newWebhook(home, { enabled: false }),
        newWebhook(other),
      ];
      const key = newKey(home);
      await store.keys.insert(key);
      for (const webhook of [all, deleted, off, foreign]) await store.webhooks.insert(webhook, randomBytes(32), by);
      const late = newKey(home);
      await store.keys.insert(late);
      await store.keys.change(home.account.id, key.id, 1, { delegatedTo: newId<PrincipalId>() }, by);
      await store.keys.change(home.account.id, key.id, 2, { exportedAtMs: 9 }, by);
      await store.keys.remove(home.account.id, key.id, by);
      for (const next of [() => store, () => reopened(store, at)]) {
        const each = await next();
        const heard = async (webhook: Webhook) =>
          (await deliveriesOf(each, webhook)).map(({ event, status, attempt }) => [
            event.kind,
            event.entityId,
            event.accountId,
            status,
            attempt,
          ]);
        const first = [home.account.id, 'pending', 1];
        expect(await heard(all)).toEqual([
          ['key-deleted', key.id, ...first],
          ['key-exported', key.id, ...first],
          ['key-delegated', key.id, ...first],
          ['key-created', late.id, ...first],
        ]);
        expect(await heard(deleted)).toEqual([['key-deleted', key.id, ...first]]);
        expect(await heard(off)).toEqual([]);
        expect(await heard(foreign)).toEqual([]);
        expect(await each.webhooks.due(SOON, 100)).toHaveLength(5);
      }
    });

    it('go to webhooks as they are in that moment: made, enabled, disabled or removed just before', async () => {
      const { store, home } = await opened();
      const by = home.administrator.id;
      const webhook = newWebhook(home);
      const created = async () => (await deliveriesOf(store, webhook)).length;
      // In one turn, so that they share a commit.
      await Promise.all([
        store.keys.insert(newKey(home)),
        store.webhooks.insert(webhook, randomBytes(32), by),
        store.keys.insert(newKey(home)),
      ]);
      expect(await created()).toBe(1);
      await Promise.all([store.webhooks.replace({ ...webhook, enabled: false }, by), store.keys.insert(newKey(home))]);
      expect(await created()).toBe(1);
      await Promise.all([store.webhooks.replace(webhook, by), store.keys.insert(newKey(home))]);
      expect(await created()).toBe(2);
      await Promise.all([store.webhooks.remove(home.account.id, webhook.id, by), store.keys.insert(newKey(home))]);
      await store.keys.insert(newKey(home));
      expect(await created()).toBe(0);
    });

    it('of a write that was refused or could not be committed are not told, nor heard by a webhook that is not there', async () => {
      let failing = false;
      const { store, home } = await opened({
        beforeCommit: () => {
          if (failing) throw new Error('planted fault');
        },
      });
      const by = home.administrator.id;
      const [webhook, lost] = [newWebhook(home), newWebhook(home)];
      await store.webhooks.insert(webhook, randomBytes(32), by);
      const key = newKey(home);
      failing = true;
      const results = await Promise.allSettled([
        store.keys.insert(key),
        store.webhooks.insert(lost, randomBytes(32), by),
        store.webhooks.replace({ ...webhook, enabled: false }, by),
        store.keys.insert(newKey(home)),
      ]);
      for (const result of results) expect(result).toMatchObject({ reason: { code: 'unavailable' } });
      failing = false;
      expect(await deliveriesOf(store, webhook)).toEqual([]);
      const taken = newKey(home, { name: key.name });
      const [, refused] = await Promise.allSettled([store.keys.insert(key), store.keys.insert(taken)]);
      expect(refused).toMatchObject({ reason: { code: 'conflict' } });
      expect((await deliveriesOf(store, webhook)).map(({ event }) => event.entityId)).toEqual([key.id]);
      expect(await deliveriesOf(store, lost)).toEqual([]);
    });
  });

  describe('deliveries', () => {
    async function withWebhook(options?: Parameters<StoreTests['opened']>[0]) {
      const opening = await opened(options);
      const webhook = newWebhook(opening.home);
      const secret = randomBytes(32);
      await opening.store.webhooks.insert(webhook, secret, opening.home.administrator.id);
      return { ...opening, webhook, by: opening.home.administrator.id };
    }
    const dueIds = async (store: Store, nowMs: number, limit = 100) =>
      (await store.webhooks.due(nowMs, limit)).map(({ delivery }) => delivery.id);

    it('are due by their time, oldest first, until they are settled', async () => {
      const { store, at, webhook } = await withWebhook();
      const [a, b, c] = [newDelivery(webhook), newDelivery(webhook), newDelivery(webhook)];
      expect(await store.webhooks.nextDueMs()).toBeUndefined();
      await store.webhooks.insertDelivery(a, 300);
      await store.webhooks.insertDelivery(b, 100);
      await store.webhooks.insertDelivery(c, 200);
      expect(await store.webhooks.nextDueMs()).toBe(100);
      expect(await dueIds(store, 99)).toEqual([]);
      expect(await dueIds(store, 200)).toEqual([b.id, c.id]);
      expect(await dueIds(store, 200)).toEqual([b.id, c.id]);
      expect(await dueIds(store, SOON, 2)).toEqual([b.id, c.id]);
      const done: WebhookDelivery = { ...b, status: 'delivered', sentBody: '{"a":1}', sentAtMs: 150 };
      await store.webhooks.settle(done, undefined);
      for (const next of [() => store, () => reopened(store, at)]) {
        const each = await next();
        expect(await dueIds(each, SOON)).toEqual([c.id, a.id]);
        expect(await each.webhooks.findDelivery(webhook.id, b.id)).toEqual(done);
        expect(await each.webhooks.findDelivery(newId(), b.id)).toBeUndefined();
        expect(await each.webhooks.nextDueMs()).toBe(200);
      }
    });

    it('that failed have their next attempt in the same transaction, and are settled once', async () => {
      const { store, at, webhook } = await withWebhook();
      const first = newDelivery(webhook);
      await store.webhooks.insertDelivery(first, 1);
      const failed: WebhookDelivery = { ...first, status: 'failed', error: 'HTTP 500', sentBody: '{}', sentAtMs: 5 };
      const retry = (): { delivery: WebhookDelivery; notBeforeMs: number } => ({
        delivery: newDelivery(webhook, { event: first.event, attempt: 2, retryOf: first.id, createdAtMs: 6 }),
        notBeforeMs: 60_000,
      });
      const [one, two] = [retry(), retry()];
      await Promise.all([store.webhooks.settle(failed, one), store.webhooks.settle(failed, two)]);
      for (const next of [() => store, () => reopened(store, at)]) {
        const each = await next();
        expect(await deliveriesOf(each, webhook)).toEqual([one.delivery, failed]);
        expect(await dueIds(each, 59_999)).toEqual([]);
        expect(await dueIds(each, 60_000)).toEqual([one.delivery.id]);
      }
    });

    it('are settled with their next attempt or not at all', async () => {
      let failing = false;
      const { store, webhook } = await withWebhook({
        beforeCommit: () => {
          if (failing) throw new Error('planted fault');
        },
      });
      const first = newDelivery(webhook);
      await store.webhooks.insertDelivery(first, 1);
      failing = true;
      const next = { delivery: newDelivery(webhook, { attempt: 2, retryOf: first.id }), notBeforeMs: 2 };
      await expect(store.webhooks.settle({ ...first, status: 'failed' }, next)).rejects.toMatchObject({
        code: 'unavailable',
      });
      failing = false;
      expect(await deliveriesOf(store, webhook)).toEqual([first]);
      // The same id again is refused, and then the first stays unsettled too.
      await expect(
        store.webhooks.settle({ ...first, status: 'failed' }, { ...next, delivery: first }),
      ).rejects.toMatchObject({ code: 'conflict' });
      expect(await deliveriesOf(store, webhook)).toEqual([first]);
    });

    it('are listed newest first, page by page, by kind and by whether they failed', async () => {
      const { store, webhook } = await withWebhook();
      const deliveries = Array.from({ length: 10 }, (_, i) => {
        const base = newDelivery(webhook, {
          status: (['pending', 'delivered', 'failed'] as const)[i % 3] ?? 'pending',
        });
        return i % 2 === 0 ? base : { ...base, event: { ...base.event, kind: 'key-created' as const } };
      });
      for (const delivery of deliveries) await store.webhooks.insertDelivery(delivery, 1);
      const newest = deliveries.toReversed();
      expect(await deliveriesOf(store, webhook)).toEqual(newest);
      expect(await deliveriesOf(store, webhook, { kind: 'key-created' })).toEqual(
        newest.filter(({ event }) => event.kind === 'key-created'),
      );
      for (const failed of [true, false]) {
        const expected = newest.filter(({ status }) => (status === 'failed') === failed);
        expect(await deliveriesOf(store, webhook, { failed })).toEqual(expected);
        expect(await deliveriesOf(store, webhook, { failed, kind: 'request-signed' })).toEqual(
          expected.filter(({ event }) => event.kind === 'request-signed'),
        );
      }
      expect(await deliveriesOf(store, webhook, { kind: 'no-such-kind' })).toEqual([]);
    });

    it('of a disabled webhook are over, and a removed one leaves none, however many they were', async () => {
      const { store, home, webhook, by } = await withWebhook();
      const count = 1_050;
      await Promise.all(Array.from({ length: count }, () => store.webhooks.insertDelivery(newDelivery(webhook), 1)));
      expect(await store.webhooks.due(SOON, 5_000)).toHaveLength(1_000);
      await store.webhooks.replace({ ...webhook, enabled: false }, by);
      expect(await store.webhooks.due(SOON, 10)).toEqual([]);
      expect(await store.webhooks.nextDueMs()).toBeUndefined();
      await store.webhooks.replace(webhook, by);
      expect(await store.webhooks.due(SOON, 10)).toEqual([]);
      const page = { webhookId: webhook.id, kind: undefined, after: undefined, limit: 1_000 };
      const failed = await store.webhooks.deliveries({ ...page, failed: true });
      expect([failed.items.length, failed.more]).toEqual([1_000, true]);
      await store.webhooks.remove(home.account.id, webhook.id, by);
      expect((await store.webhooks.deliveries({ ...page, failed: undefined })).items).toEqual([]);
      // A sender that had one under way.
      const next = { delivery: newDelivery(webhook, { id: newOrderedId() }), notBeforeMs: 1 };
      await store.webhooks.settle({ ...newDelivery(webhook), status: 'failed' }, next);
      expect((await store.webhooks.deliveries({ ...page, failed: undefined })).items).toEqual([]);
    });

    it('are kept as long as they are wanted, and while they are pending', async () => {
      const { store, webhook } = await withWebhook();
      const made = (createdAtMs: number, status: WebhookDelivery['status']) =>
        newDelivery(webhook, { createdAtMs, status });
      const old = Array.from({ length: 1_010 }, (_, i) => made(10, i % 2 === 0 ? 'delivered' : 'failed'));
      const kept = [made(10, 'pending'), made(20, 'delivered'), made(21, 'failed')];
      await Promise.all([...old, ...kept].map((each) => store.webhooks.insertDelivery(each, 1)));
      await store.webhooks.removeDeliveriesBefore(20);
      expect(await deliveriesOf(store, webhook)).toEqual(kept.toReversed());
    });
  });
}
