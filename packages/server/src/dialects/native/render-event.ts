/** What webhooks tell. */
import type { ApprovalId, KeyId, RequestId } from '@countersign/core/ids';
import type { DomainEvent } from '@countersign/core/webhooks/webhook';
import { writeId } from '../prefixed-id.ts';
import type { EventFacts, EventToWrite, WebhookFormat } from '../webhook-format.ts';
import { wireDate } from '../wire-values.ts';
import { renderApproval } from './render-approval.ts';
import { renderKey } from './render-key.ts';
import { renderRequest } from './render-request.ts';

export const webhookFormat: WebhookFormat = {
  signatureHeader: 'x-countersign-webhook-signature',
  render: ({ delivery, event, facts, atMs }: EventToWrite) => ({
    id: writeId('whe', delivery.id),
    kind: event?.kind ?? 'ping',
    at: wireDate(event?.atMs ?? atMs),
    sentAt: wireDate(atMs),
    attempt: delivery.attempt,
    ...(delivery.retryOf !== undefined && { retryOf: writeId('whe', delivery.retryOf) }),
    ...(event !== undefined && { entityId: writeEntityId(event), ...dataOf(facts) }),
  }),
};

/** Of the key, request or approval that an event is about. */
export function writeEntityId({ kind, entityId }: Pick<DomainEvent, 'kind' | 'entityId'>): string {
  if (kind.startsWith('key-')) return writeId('key', entityId as KeyId);
  if (kind.startsWith('request-')) return writeId('sig', entityId as RequestId);
  return writeId('ap', entityId as ApprovalId);
}

/** Nothing for a key that was deleted since. */
function dataOf({ key, request, approval, change }: EventFacts): Readonly<Record<string, unknown>> {
  if (approval !== undefined)
    return {
      approval: renderApproval(approval, {
        ...(request !== undefined && { request }),
        ...(change !== undefined && { change }),
      }),
    };
  if (request !== undefined) return { request: renderRequest(request) };
  return key === undefined ? {} : { key: renderKey(key) };
}
