import type { AccountId, WebhookEventId, WebhookId } from '../ids.ts';

/** What happened, in the domain's words. */
export const EVENT_KINDS = [
  'key-created',
  'key-deleted',
  'key-delegated',
  'key-exported',
  'request-created',
  'request-signed',
  'request-confirmed',
  'request-failed',
  'request-rejected',
  'policy-triggered',
  'approval-pending',
  'approval-resolved',
] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

export interface Webhook {
  readonly id: WebhookId;
  readonly accountId: AccountId;
  readonly url: string;
  /** `all`, or 1 to 64 kinds. */
  readonly events: 'all' | readonly EventKind[];
  readonly enabled: boolean;
  /** At most 1,000 characters. */
  readonly description: string | undefined;
  /** Dialect in whose words events are sent. */
  readonly dialect: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** Something that happened, written in the transaction in which it happened. */
export interface DomainEvent {
  readonly kind: EventKind;
  readonly accountId: AccountId;
  /** Of the key, request, approval, or (policy-triggered) approval. */
  readonly entityId: string;
  readonly atMs: number;
}

export interface WebhookDelivery {
  readonly id: WebhookEventId;
  readonly webhookId: WebhookId;
  readonly event: DomainEvent;
  readonly status: 'pending' | 'delivered' | 'failed';
  /** 1 for the first. */
  readonly attempt: number;
  readonly retryOf: WebhookEventId | undefined;
  /** JSON text of what was sent, once it was. */
  readonly sentBody: string | undefined;
  readonly sentAtMs: number | undefined;
  readonly error: string | undefined;
  readonly createdAtMs: number;
}
