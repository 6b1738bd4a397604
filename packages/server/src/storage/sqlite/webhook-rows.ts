/** Rows of webhooks and their deliveries as records. */
import type { SQLInputValue } from 'node:sqlite';
import type { AccountId, WebhookEventId, WebhookId } from '@countersign/core/ids';
import type { EventKind, Webhook, WebhookDelivery } from '@countersign/core/webhooks/webhook';
import {
  idCell,
  numberCell,
  optionalIdBlob,
  optionalIdCell,
  optionalNumberCell,
  optionalTextCell,
  type Row,
  textCell,
} from './row-cells.ts';
import { idBlob } from './sqlite-log.ts';

const DELIVERY_COLUMNS = [
  'id',
  'webhook_id',
  'account_id',
  'kind',
  'entity_id',
  'event_at_ms',
  'status',
  'attempt',
  'retry_of',
  'not_before_ms',
  'sent_body',
  'sent_at_ms',
  'error',
  'created_at_ms',
] as const;

export const INSERT_DELIVERY = `INSERT INTO webhook_deliveries (${DELIVERY_COLUMNS.join(', ')})
  VALUES (${DELIVERY_COLUMNS.map(() => '?').join(', ')})`;
/** The columns of `deliveryOf`, apart from those of a webhook in the same row. */
export const DELIVERY_CELLS = DELIVERY_COLUMNS.map((column) => `d.${column} AS d_${column}`).join(', ');

export function deliveryCells(delivery: WebhookDelivery, notBeforeMs: number): SQLInputValue[] {
  const { event } = delivery;
  return [
    idBlob(delivery.id),
    idBlob(delivery.webhookId),
    idBlob(event.accountId),
    event.kind,
    event.entityId,
    event.atMs,
    delivery.status,
    delivery.attempt,
    optionalIdBlob(delivery.retryOf),
    notBeforeMs,
    delivery.sentBody ?? null,
    delivery.sentAtMs ?? null,
    delivery.error ?? null,
    delivery.createdAtMs,
  ];
}

export function deliveryOf(row: Row): WebhookDelivery {
  return {
    id: idCell<WebhookEventId>(row, 'd_id'),
    webhookId: idCell<WebhookId>(row, 'd_webhook_id'),
    event: {
      kind: textCell(row, 'd_kind') as EventKind,
      accountId: idCell<AccountId>(row, 'd_account_id'),
      entityId: textCell(row, 'd_entity_id'),
      atMs: numberCell(row, 'd_event_at_ms'),
    },
    status: textCell(row, 'd_status') as WebhookDelivery['status'],
    attempt: numberCell(row, 'd_attempt'),
    retryOf: optionalIdCell<WebhookEventId>(row, 'd_retry_of'),
    sentBody: optionalTextCell(row, 'd_sent_body'),
    sentAtMs: optionalNumberCell(row, 'd_sent_at_ms'),
    error: optionalTextCell(row, 'd_error'),
    createdAtMs: numberCell(row, 'd_created_at_ms'),
  };
}

export function webhookOf(row: Row): Webhook {
  return {
    id: idCell<WebhookId>(row, 'id'),
    accountId: idCell<AccountId>(row, 'account_id'),
    url: textCell(row, 'url'),
    events: eventsOf(textCell(row, 'events')),
    enabled: row['enabled'] === 1,
    description: optionalTextCell(row, 'description'),
    dialect: textCell(row, 'dialect'),
    createdAtMs: numberCell(row, 'created_at_ms'),
    updatedAtMs: numberCell(row, 'updated_at_ms'),
  };
}

/** JSON: `"all"` or an array of kinds. */
export function eventsOf(text: string): Webhook['events'] {
  return JSON.parse(text) as Webhook['events'];
}
