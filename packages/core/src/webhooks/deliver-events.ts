/** Sends what waits, one attempt after the other, until it is delivered or given up. */
import { newOrderedId } from '../ids.ts';
import type { WebhookSender } from '../ports/webhook-sender.ts';
import type { WebhookStore } from '../ports/webhook-store.ts';
import type { WebhookDelivery } from './webhook.ts';

/** Before the second, third, fourth and fifth attempt. */
export const RETRY_DELAYS_MS: readonly number[] = [60_000, 12 * 60_000, 2 * 3_600_000, 24 * 3_600_000];
const RETENTION_MS = 31 * 24 * 3_600_000;
const DELIVERIES_PER_ROUND = 64;
const CLEANING_EVERY_MS = 3_600_000;
/** The longest sleep: an event may have come in without anybody saying so. */
const MAX_SLEEP_MS = 5_000;

export interface EventDelivery {
  /** Something may wait. */
  wake(): void;
  /** Ends after the round that is under way. */
  stop(): Promise<void>;
}

export interface DeliveryDependencies {
  readonly store: WebhookStore;
  readonly sender: WebhookSender;
  readonly now: () => number;
  /** A round that failed, the database away for instance; it is tried again. */
  readonly onFault: (error: unknown) => void;
}

/** Starts at once. */
export function startDelivery(dependencies: DeliveryDependencies): EventDelivery {
  const { store, now, onFault } = dependencies;
  let stopped = false;
  let cleanedAtMs = Number.NEGATIVE_INFINITY;
  let wake = Promise.withResolvers<void>();

  async function run(): Promise<void> {
    while (!stopped) {
      const full = await round().catch((error: unknown) => {
        onFault(error);
        return false;
      });
      if (!full && !stopped) await sleep();
    }
  }

  /** Whether there may be more at once. */
  async function round(): Promise<boolean> {
    const due = await store.due(now(), DELIVERIES_PER_ROUND);
    await Promise.all(due.map((entry) => attempt(dependencies, entry)));
    if (now() - cleanedAtMs > CLEANING_EVERY_MS) {
      cleanedAtMs = now();
      await store.removeDeliveriesBefore(now() - RETENTION_MS);
    }
    return due.length === DELIVERIES_PER_ROUND;
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
  { delivery, webhook, secret }: Awaited<ReturnType<WebhookStore['due']>>[number],
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
