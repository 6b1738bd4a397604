/** Commands on webhooks: the contract that dialects render. */
import type { WebhookEventId, WebhookId } from '../ids.ts';
import type { Page, PageQuery } from '../page.ts';
import type { Caller } from '../principal.ts';
import type { Webhook, WebhookDelivery } from './webhook.ts';

export type WebhookDraft = Pick<Webhook, 'url' | 'events' | 'enabled' | 'description'>;

/** Missing ones are `not_found` with subject `webhook`. */
export interface Webhooks {
  /** The secret is shown here alone. At most 100 for an account. @throws DomainError `invalid_request` for a URL that may not be called */
  create(caller: Caller, draft: WebhookDraft): Promise<{ readonly webhook: Webhook; readonly secret: string }>;
  get(caller: Caller, id: WebhookId): Promise<Webhook>;
  list(caller: Caller, query: PageQuery<WebhookId>): Promise<Page<Webhook>>;
  update(caller: Caller, id: WebhookId, draft: Partial<WebhookDraft>): Promise<Webhook>;
  /** A new secret; the old one signs nothing any more. */
  rotateSecret(caller: Caller, id: WebhookId): Promise<{ readonly webhook: Webhook; readonly secret: string }>;
  remove(caller: Caller, id: WebhookId): Promise<void>;
  /** Sends a test event now. */
  ping(caller: Caller, id: WebhookId): Promise<{ readonly status: string; readonly error: string | undefined }>;
  /** Newest first; kept for 31 days. */
  deliveries(
    caller: Caller,
    id: WebhookId,
    query: PageQuery<WebhookEventId> & { readonly kind?: string; readonly failed?: boolean },
  ): Promise<Page<WebhookDelivery>>;
  delivery(caller: Caller, id: WebhookId, event: WebhookEventId): Promise<WebhookDelivery>;
  /** Sends a delivery again, as a new one. */
  replay(caller: Caller, id: WebhookId, event: WebhookEventId): Promise<WebhookDelivery>;
}
