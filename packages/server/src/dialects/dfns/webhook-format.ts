/** Events as this product's webhooks send them. */
import type { Approval } from '@countersign/core/governance/approval';
import type { ApprovalId, KeyId, RequestId } from '@countersign/core/ids';
import type { DomainEvent } from '@countersign/core/webhooks/webhook';
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
    data: event === undefined ? {} : dataOf(event, facts),
    status: '200',
    timestampSent: Math.floor(atMs / MS_PER_SECOND),
    deliveryAttempt: delivery.attempt,
    ...(delivery.retryOf !== undefined && { retryOf: writeId('whe', delivery.retryOf) }),
  }),
};

function dataOf(event: DomainEvent, facts: EventFacts): Readonly<Record<string, unknown>> {
  const { key, request, approval, change } = facts;
  if (approval !== undefined) {
    const subject =
      request === undefined
        ? change !== undefined && { changeRequest: renderChange(change) }
        : { signatureRequest: renderRequest(request) };
    const members = approvalMembers(approval, subject === false ? {} : subject);
    if (event.kind !== 'policy-triggered') return { approval: members };
    return { policyEvaluation: evaluationOf(approval, members, event.atMs), approval: members };
  }
  if (request !== undefined) return { signatureRequest: renderRequest(request) };
  if (key !== undefined && isShown(key)) return { key: renderKey(key) };
  return nameOf(event);
}

/** The first policy that asked; the others are in the approval's evaluations. */
function evaluationOf(
  { id, evaluations }: Approval,
  { activity }: Readonly<Record<string, unknown>>,
  atMs: number,
): Readonly<Record<string, unknown>> {
  const { policyId, reason = '' } = evaluations.find(({ triggered }) => triggered) ?? {};
  return {
    id: writeId('ap', id),
    triggered: true,
    reason,
    date: wireDate(atMs),
    ...(policyId !== undefined && { policy: { id: writeId('plc', policyId) } }),
    activity,
    context: {},
  };
}

/** All that is left of what isn't there any more: a deleted key, or one that this API doesn't show. */
function nameOf({ kind, entityId }: DomainEvent): Readonly<Record<string, unknown>> {
  if (kind.startsWith('key-')) return { key: { id: writeId('key', entityId as KeyId) } };
  if (kind.startsWith('request-')) return { signatureRequest: { id: writeId('sig', entityId as RequestId) } };
  return { approval: { id: writeId('ap', entityId as ApprovalId) } };
}
