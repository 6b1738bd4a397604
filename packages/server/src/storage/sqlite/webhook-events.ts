import { type AccountId, newOrderedId, type WebhookEventId, type WebhookId } from '@countersign/core/ids';
import type { AppendEvent } from '@countersign/core/ports/webhook-store';
import type { DomainEvent, Webhook, WebhookDelivery } from '@countersign/core/webhooks/webhook';
import { idCell, textCell } from './row-cells.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import { deliveryCells, eventsOf, INSERT_DELIVERY } from './webhook-rows.ts';

type Listener = Pick<Webhook, 'id' | 'events'>;

const ENABLED = 'SELECT id, account_id, events FROM webhooks WHERE enabled = 1 ORDER BY id';

/** Writes what happened as deliveries still to be made, in the transaction that makes it happen. */
export class WebhookEvents {
  readonly #writer: SqliteConnection;
  /** Enabled webhooks by account, as the open transaction sees them; undefined: to be read again. */
  #listeners: ReadonlyMap<AccountId, readonly Listener[]> | undefined;

  constructor(writer: SqliteConnection) {
    this.#writer = writer;
  }

  /** Inside a transaction. One look-up for an account without enabled webhooks. */
  readonly append: AppendEvent = (event) => {
    this.#listeners ??= this.#load();
    const listeners = this.#listeners.get(event.accountId);
    if (listeners === undefined) return;
    for (const { id, events } of listeners)
      if (events === 'all' || events.includes(event.kind))
        this.#writer.prepare(INSERT_DELIVERY).run(...deliveryCells(firstAttempt(id, event), event.atMs));
  };

  /** Inside a transaction that changed a webhook, after one that was rolled back, and when somebody else may have written. */
  forget(): void {
    this.#listeners = undefined;
  }

  #load(): ReadonlyMap<AccountId, readonly Listener[]> {
    const listeners = new Map<AccountId, Listener[]>();
    for (const row of this.#writer.prepare(ENABLED).all()) {
      const accountId = idCell<AccountId>(row, 'account_id');
      const listener = { id: idCell<WebhookId>(row, 'id'), events: eventsOf(textCell(row, 'events')) };
      const others = listeners.get(accountId);
      if (others === undefined) listeners.set(accountId, [listener]);
      else others.push(listener);
    }
    return listeners;
  }
}

function firstAttempt(webhookId: WebhookId, event: DomainEvent): WebhookDelivery {
  return {
    id: newOrderedId<WebhookEventId>(),
    webhookId,
    event,
    status: 'pending',
    attempt: 1,
    retryOf: undefined,
    sentBody: undefined,
    sentAtMs: undefined,
    error: undefined,
    createdAtMs: event.atMs,
  };
}
