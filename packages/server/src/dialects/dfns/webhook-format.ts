/** Events as this product's webhooks send them. */
import { writeId } from '../prefixed-id.ts';
import type { EventFacts, EventToWrite, WebhookFormat } from '../webhook-format.ts';
import { wireDate } from '../wire-values.ts';
import { writeEvent } from './event-words.ts';
import { approvalMembers } from './render-approval.ts';
import { renderChange } from './render-change.ts';
import { isShown, renderKey } from './render-key.ts';
import { renderRequest } from './render-request.ts';

const MS_PER_SECOND = 1000;
const PING = 'webhook.ping';

export const webhookFormat: WebhookFormat = {
  signatureHeader: 'x-dfns-webhook-signature',
  render: ({ delivery, event, facts, atMs }: EventToWrite) => ({
    id: writeId('whe', delivery.id),
    kind: event === undefined ? PING : writeEvent(event.kind),
    date: wireDate(event?.atMs ?? atMs),
    data: event === undefined ? {} : dataOf(event.entityId, facts),
    status: '200',
    timestampSent: Math.floor(atMs / MS_PER_SECOND),
    deliveryAttempt: delivery.attempt,
    ...(delivery.retryOf !== undefined && { retryOf: writeId('whe', delivery.retryOf) }),
  }),
};

function dataOf(entityId: string, { key, request, approval, change }: EventFacts): Readonly<Record<string, unknown>> {
  if (approval !== undefined) {
    const subject =
      request === undefined
        ? change !== undefined && { changeRequest: renderChange(change) }
        : { signatureRequest: renderRequest(request) };
    return { approval: approvalMembers(approval, subject === false ? {} : subject) };
  }
  if (request !== undefined) return { signatureRequest: renderRequest(request) };
  if (key !== undefined && isShown(key)) return { key: renderKey(key) };
  // A key that was deleted since, or that this API doesn't show.
  return { id: entityId };
}
