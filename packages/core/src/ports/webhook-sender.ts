import type { DomainEvent, Webhook, WebhookDelivery } from '../webhooks/webhook.ts';

/** What came of one attempt to send. `status` is for people: the HTTP status, or what was in the way. */
export interface SendingResult {
  readonly delivered: boolean;
  readonly status: string;
  readonly error: string | undefined;
  /** JSON text of what was sent, or would have been. */
  readonly body: string;
}

export interface WebhookSender {
  /** Why no event can ever go to this URL, as a sentence that starts with "the URL"; undefined: it may. */
  refuseUrl(url: string): string | undefined;
  /** One attempt, in at most ten seconds. Never rejects. `event` undefined: a ping. */
  send(
    webhook: Webhook,
    secret: Uint8Array,
    delivery: Pick<WebhookDelivery, 'id' | 'attempt' | 'retryOf'>,
    event: DomainEvent | undefined,
  ): Promise<SendingResult>;
}
