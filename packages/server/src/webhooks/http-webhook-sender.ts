/** Sends events by HTTP: rendered by the dialect that the webhook was made in, signed with the webhook's secret. */
import { createHmac } from 'node:crypto';
import type { SendingResult, WebhookSender } from '@countersign/core/ports/webhook-sender';
import type { DomainEvent } from '@countersign/core/webhooks/webhook';
import type { Dialect } from '../dialects/dialect.ts';
import type { EventFacts, WebhookFormat } from '../dialects/webhook-format.ts';
import type { OutboundClient } from '../outbound/outbound-client.ts';
import { OutboundFailure } from '../outbound/outbound-failure.ts';

export interface SenderDependencies {
  readonly client: OutboundClient;
  readonly dialects: readonly Dialect[];
  /** What an event is about, as it is now. */
  readonly facts: (event: DomainEvent) => Promise<EventFacts>;
  readonly now: () => number;
}

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 64 * 1024;
const OK = 200;

export function createWebhookSender({ client, dialects, facts, now }: SenderDependencies): WebhookSender {
  const formats = new Map<string, WebhookFormat>(
    dialects.flatMap(({ name, webhookFormat }) =>
      webhookFormat === undefined ? [] : [[name, webhookFormat] as const],
    ),
  );

  async function post(
    format: WebhookFormat,
    url: string,
    secret: Uint8Array,
    body: string,
  ): Promise<Omit<SendingResult, 'body'>> {
    const bytes = Buffer.from(body, 'utf8');
    const signature = createHmac('sha256', secret).update(bytes).digest('hex');
    try {
      const { status } = await client.post({
        url,
        contentType: 'application/json',
        body: bytes,
        headers: { [format.signatureHeader]: `sha256=${signature}` },
        maxAnswerBytes: MAX_ANSWER_BYTES,
        timeoutMs: TIMEOUT_MS,
      });
      return { delivered: status === OK, status: String(status), error: status === OK ? undefined : `HTTP ${status}` };
    } catch (error) {
      const reason = error instanceof OutboundFailure ? error.message : 'the event could not be sent';
      return { delivered: false, status: 'failed', error: reason };
    }
  }

  return {
    refuseUrl: (url) => client.refuseUrl(url),

    async send(webhook, secret, delivery, event) {
      const format = formats.get(webhook.dialect);
      if (format === undefined)
        return { delivered: false, status: 'failed', error: 'this server has no events in that form', body: '{}' };
      const atMs = now();
      let body = '{}';
      try {
        const known = event === undefined ? {} : await facts(event);
        body = JSON.stringify(format.render({ delivery, event, facts: known, atMs }));
      } catch {
        return { delivered: false, status: 'failed', error: 'the event could not be put together', body };
      }
      return { ...(await post(format, webhook.url, secret, body)), body };
    },
  };
}
