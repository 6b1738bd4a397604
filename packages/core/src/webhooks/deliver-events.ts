/** Sends what waits, until it is delivered or given up. A webhook that is slow or dead keeps only itself waiting. */
import { newOrderedId, type WebhookEventId, type WebhookId } from '../ids.ts';
import type { WebhookSender } from '../ports/webhook-sender.ts';
import type { WebhookStore } from '../ports/webhook-store.ts';
import type { WebhookDelivery } from './webhook.ts';

/** Before the second, third, fourth and fifth attempt. */
export const RETRY_DELAYS_MS: readonly number[] = [60_000, 12 * 60_000, 2 * 3_600_000, 24 * 3_600_000];
const RETENTION_MS = 31 * 24 * 3_600_000;
const MAX_IN_FLIGHT = 64;
/** Of one webhook at the same time. */
const MAX_OF_WEBHOOK = 8;
/** Read at once: enough to find other webhooks' deliveries behind those of one that is slow. */
const DELIVERIES_READ = 1_000;
const CLEANING_EVERY_MS = 3_600_000;
/** The longest sleep: an event may have come in without anybody saying so. */
const MAX_SLEEP_MS = 1_000;

export interface EventDelivery {
  /** Something may wait. */
  wake(): void;
  /** Ends when the attempts that are under way have ended. */
  stop(): Promise<void>;
}

export interface DeliveryDependencies {
  readonly store: WebhookStore;
  readonly sender: WebhookSender;
  readonly now: () => number;
  /** What couldn't be read or noted, the database away for instance; it is tried again. */
  readonly onFault: (error: unknown) => void;
}

type Due = Awaited<ReturnType<WebhookStore['due']>>[number];

/** Starts at once. */
export function startDelivery(dependencies: DeliveryDependencies): EventDelivery {
  const { store, now, onFault } = dependencies;
  /** Deliveries stay due until they are settled, so that what is under way has to be known here. */
  const inFlight = new Map<WebhookEventId, Promise<void>>();
  const perWebhook = new Map<WebhookId, number>();
  let stopped = false;
  let cleanedAtMs = Number.NEGATIVE_INFINITY;
  let wake = Promise.withResolvers<void>();

  async function run(): Promise<void> {
    while (!stopped) {
      await look().catch(onFault);
      if (!stopped) await sleep();
    }
    await Promise.all(inFlight.values());
  }

  async function look(): Promise<void> {
    if (inFlight.size < MAX_IN_FLIGHT)
      for (const due of await store.due(now(), DELIVERIES_READ)) {
        if (inFlight.size >= MAX_IN_FLIGHT || stopped) break;
        const { id } = due.webhook;
        const ofWebhook = perWebhook.get(id) ?? 0;
        if (inFlight.has(due.delivery.id) || ofWebhook >= MAX_OF_WEBHOOK) continue;
        perWebhook.set(id, ofWebhook + 1);
        inFlight.set(due.delivery.id, begin(due));
      }
    if (now() - cleanedAtMs < CLEANING_EVERY_MS) return;
    cleanedAtMs = now();
    await store.removeDeliveriesBefore(now() - RETENTION_MS);
  }

  async function begin(due: Due): Promise<void> {
    await attempt(dependencies, due).catch(onFault);
    inFlight.delete(due.delivery.id);
    const left = (perWebhook.get(due.webhook.id) ?? 1) - 1;
    if (left === 0) perWebhook.delete(due.webhook.id);
    else perWebhook.set(due.webhook.id, left);
    wake.resolve();
  }

  async function sleep(): Promise<void> {
    const timer = setTimeout(() => wake.resolve(), MAX_SLEEP_MS);
    timer.unref();
    await wake.promise;
    clearTimeout(timer);
    wake = Promise.withResolvers();
  }

  const running = run();
  return {
    wake: () => wake.resolve(),
    async stop() {
      stopped = true;
      wake.resolve();
      await running;
    },
  };
}

async function attempt(
  { store, sender, now }: DeliveryDependencies,
  { delivery, webhook, secret }: Due,
): Promise<void> {
  const result = await sender.send(webhook, secret, delivery, delivery.event);
  const settled: WebhookDelivery = {
    ...delivery,
    status: result.delivered ? 'delivered' : 'failed',
    sentBody: result.body,
    sentAtMs: now(),
    error: result.error,
  };
  const delayMs = result.delivered ? undefined : RETRY_DELAYS_MS[delivery.attempt - 1];
  if (delayMs === undefined) {
    await store.settle(settled, undefined);
    return;
  }
  const next: WebhookDelivery = {
    ...delivery,
    id: newOrderedId(),
    attempt: delivery.attempt + 1,
    retryOf: delivery.retryOf ?? delivery.id,
    createdAtMs: now(),
  };
  await store.settle(settled, { delivery: next, notBeforeMs: now() + delayMs });
}
