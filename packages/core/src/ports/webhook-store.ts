import type { AccountId, PrincipalId, WebhookEventId, WebhookId } from '../ids.ts';
import type { Page, PageQuery } from '../page.ts';
import type { DomainEvent, Webhook, WebhookDelivery } from '../webhooks/webhook.ts';

/**
 * Webhooks, and what they still have to send. Events come in by the transactions that make them happen: the adapter
 * writes a delivery for every enabled webhook of the account that wants the kind, and nothing where there is none.
 */
export interface WebhookStore {
  /** `secret`: 1 to 256 bytes, kept encrypted. */
  insert(webhook: Webhook, secret: Uint8Array, by: PrincipalId): Promise<void>;
  find(accountId: AccountId, id: WebhookId): Promise<Webhook | undefined>;
  /** For a ping. */
  secretOf(accountId: AccountId, id: WebhookId): Promise<Uint8Array | undefined>;
  count(accountId: AccountId): Promise<number>;
  list(query: PageQuery<WebhookId> & { readonly accountId: AccountId }): Promise<Page<Webhook>>;
  replace(webhook: Webhook, by: PrincipalId): Promise<boolean>;
  setSecret(accountId: AccountId, id: WebhookId, secret: Uint8Array, by: PrincipalId): Promise<boolean>;
  remove(accountId: AccountId, id: WebhookId, by: PrincipalId): Promise<boolean>;
  deliveries(
    query: PageQuery<WebhookEventId> & {
      readonly webhookId: WebhookId;
      readonly kind: string | undefined;
      readonly failed: boolean | undefined;
    },
  ): Promise<Page<WebhookDelivery>>;
  findDelivery(webhookId: WebhookId, id: WebhookEventId): Promise<WebhookDelivery | undefined>;
  insertDelivery(delivery: WebhookDelivery, notBeforeMs: number): Promise<void>;
  /** Pending ones that may be sent now, oldest first, with the webhook and its secret. */
  due(
    nowMs: number,
    limit: number,
  ): Promise<readonly { readonly delivery: WebhookDelivery; readonly webhook: Webhook; readonly secret: Uint8Array }[]>;
  /** When the next one is due; undefined: none waits. */
  nextDueMs(): Promise<number | undefined>;
  /** The end of one attempt, and the next one where there is to be one, in one transaction. */
  settle(
    delivery: WebhookDelivery,
    next: { readonly delivery: WebhookDelivery; readonly notBeforeMs: number } | undefined,
  ): Promise<void>;
  /** Those made before, settled ones only. */
  removeDeliveriesBefore(ms: number): Promise<void>;
}

/** What adapters call inside their transactions. */
export type AppendEvent = (event: DomainEvent) => void;
