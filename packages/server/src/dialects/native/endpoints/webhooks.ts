/** Webhooks, and what was sent to them. */
import { DomainError } from '@countersign/core/domain-error';
import { EVENT_KINDS, type Webhook, type WebhookDelivery } from '@countersign/core/webhooks/webhook';
import { type Static, Type } from 'typebox';
import type { Endpoint } from '../../dialect.ts';
import { readPathId, writeId } from '../../prefixed-id.ts';
import { DateSchema, dateMember, IdSchema, wireDate } from '../../wire-values.ts';
import { bodyEndpoint, plainEndpoint } from '../native-endpoint.ts';
import { pageParameters, pageSchema, readPage, writePage } from '../page.ts';
import { writeEntityId } from '../render-event.ts';

const WEBHOOK = '/api/v1/webhooks/:webhookId';
const DELIVERY = `${WEBHOOK}/deliveries/:deliveryId`;

const KindSchema = Type.Enum([...EVENT_KINDS]);

const draftMembers = {
  url: Type.String({ minLength: 1, maxLength: 2048 }),
  events: Type.Union([Type.Literal('all'), Type.Array(KindSchema, { minItems: 1, maxItems: 64 })]),
  enabled: Type.Optional(Type.Boolean()),
  description: Type.Optional(Type.String({ maxLength: 1000 })),
};
const exact = { additionalProperties: false };
const NewWebhookSchema = Type.Object(draftMembers, { ...exact, title: 'NewWebhook' });
const UpdateSchema = Type.Object(
  { ...draftMembers, url: Type.Optional(draftMembers.url), events: Type.Optional(draftMembers.events) },
  exact,
);

const webhookMembers = {
  id: IdSchema,
  url: Type.String(),
  events: draftMembers.events,
  enabled: Type.Boolean(),
  description: Type.Optional(Type.String()),
  /** The API in whose words events are sent. */
  dialect: Type.String(),
  createdAt: DateSchema,
  updatedAt: DateSchema,
};
const WebhookSchema = Type.Object(webhookMembers, { title: 'Webhook' });
const WithSecretSchema = Type.Object({ ...webhookMembers, secret: Type.String() }, { title: 'WebhookWithSecret' });

const DeliverySchema = Type.Object(
  {
    id: IdSchema,
    webhookId: IdSchema,
    kind: KindSchema,
    /** Of the key, request or approval. */
    entityId: IdSchema,
    at: DateSchema,
    status: Type.Enum(['pending', 'delivered', 'failed']),
    attempt: Type.Integer(),
    retryOf: Type.Optional(IdSchema),
    /** What was sent, byte for byte: what the signature is over. */
    body: Type.Optional(Type.String()),
    error: Type.Optional(Type.String()),
    createdAt: DateSchema,
    sentAt: Type.Optional(DateSchema),
  },
  { title: 'WebhookDelivery' },
);

const createWebhook = bodyEndpoint({
  method: 'POST',
  path: '/api/v1/webhooks',
  operation: 'createWebhook',
  summary: 'Makes a webhook; its secret is shown here alone.',
  permissions: ['create-webhook'],
  request: NewWebhookSchema,
  status: 201,
  response: WithSecretSchema,
  async handle({ services, caller }, { url, events, enabled = true, description }) {
    const made = await services.webhooks.create(caller, { url, events: readEvents(events), enabled, description });
    return { ...renderWebhook(made.webhook), secret: made.secret };
  },
});

const listWebhooks = plainEndpoint({
  method: 'GET',
  path: '/api/v1/webhooks',
  operation: 'listWebhooks',
  summary: 'Webhooks, in order of id.',
  permissions: ['read-webhooks'],
  query: pageParameters(),
  response: pageSchema(WebhookSchema),
  async handle({ services, caller, query }) {
    const { page } = readPage(query, 'wh');
    return writePage(await services.webhooks.list(caller, page), renderWebhook, ({ id }) => writeId('wh', id));
  },
});

const getWebhook = plainEndpoint({
  method: 'GET',
  path: WEBHOOK,
  operation: 'getWebhook',
  summary: 'A webhook.',
  permissions: ['read-webhooks'],
  response: WebhookSchema,
  handle: async ({ services, caller, params }) =>
    renderWebhook(await services.webhooks.get(caller, readPathId('wh', params['webhookId']))),
});

const updateWebhook = bodyEndpoint({
  method: 'PATCH',
  path: WEBHOOK,
  operation: 'updateWebhook',
  summary: 'Changes a webhook.',
  permissions: ['update-webhook'],
  request: UpdateSchema,
  response: WebhookSchema,
  async handle({ services, caller, params }, { url, events, enabled, description }) {
    const change = {
      ...(url !== undefined && { url }),
      ...(events !== undefined && { events: readEvents(events) }),
      ...(enabled !== undefined && { enabled }),
      ...(description !== undefined && { description }),
    };
    return renderWebhook(await services.webhooks.update(caller, readPathId('wh', params['webhookId']), change));
  },
});

const deleteWebhook = plainEndpoint({
  method: 'DELETE',
  path: WEBHOOK,
  operation: 'deleteWebhook',
  summary: 'Deletes a webhook with what it still had to send.',
  permissions: ['delete-webhook'],
  response: Type.Object({ deleted: Type.Literal(true) }),
  async handle({ services, caller, params }) {
    await services.webhooks.remove(caller, readPathId('wh', params['webhookId']));
    return { deleted: true };
  },
});

const rotateSecret = plainEndpoint({
  method: 'POST',
  path: `${WEBHOOK}/secret`,
  operation: 'rotateWebhookSecret',
  summary: 'A new secret, shown here alone; the old one signs nothing any more.',
  permissions: ['update-webhook'],
  response: WithSecretSchema,
  async handle({ services, caller, params }) {
    const { webhook, secret } = await services.webhooks.rotateSecret(caller, readPathId('wh', params['webhookId']));
    return { ...renderWebhook(webhook), secret };
  },
});

const pingWebhook = plainEndpoint({
  method: 'POST',
  path: `${WEBHOOK}/ping`,
  operation: 'pingWebhook',
  summary: 'Sends a test event now.',
  permissions: ['ping-webhook'],
  response: Type.Object({ status: Type.String(), error: Type.Optional(Type.String()) }),
  async handle({ services, caller, params }) {
    const { status, error } = await services.webhooks.ping(caller, readPathId('wh', params['webhookId']));
    return { status, ...(error !== undefined && { error }) };
  },
});

const deliveryParameters = { kind: KindSchema, failed: Type.Boolean() };

const listDeliveries = plainEndpoint({
  method: 'GET',
  path: `${WEBHOOK}/deliveries`,
  operation: 'listDeliveries',
  summary: 'What was sent in the last 31 days, and what waits, newest first.',
  permissions: ['read-webhook-events'],
  query: pageParameters(deliveryParameters),
  response: pageSchema(DeliverySchema),
  async handle({ services, caller, params, query }) {
    const { page, parameters } = readPage(query, 'whe', deliveryParameters);
    const { kind, failed } = parameters;
    if (kind !== undefined && !EVENT_KINDS.some((known) => known === kind))
      throw new DomainError('invalid_request', `kind must be one of ${EVENT_KINDS.join(', ')}`);
    if (failed !== undefined && failed !== 'true' && failed !== 'false')
      throw new DomainError('invalid_request', 'failed must be true or false');
    const found = await services.webhooks.deliveries(caller, readPathId('wh', params['webhookId']), {
      ...page,
      ...(kind !== undefined && { kind }),
      ...(failed !== undefined && { failed: failed === 'true' }),
    });
    return writePage(found, renderDelivery, ({ id }) => writeId('whe', id));
  },
});

const getDelivery = plainEndpoint({
  method: 'GET',
  path: DELIVERY,
  operation: 'getDelivery',
  summary: 'One delivery.',
  permissions: ['read-webhook-events'],
  response: DeliverySchema,
  async handle({ services, caller, params }) {
    const id = readPathId('wh', params['webhookId']);
    return renderDelivery(await services.webhooks.delivery(caller, id, readPathId('whe', params['deliveryId'])));
  },
});

const replayDelivery = plainEndpoint({
  method: 'POST',
  path: `${DELIVERY}/replay`,
  operation: 'replayDelivery',
  summary: 'Sends a delivery again, as a new one.',
  permissions: ['update-webhook'],
  response: DeliverySchema,
  async handle({ services, caller, params }) {
    const id = readPathId('wh', params['webhookId']);
    return renderDelivery(await services.webhooks.replay(caller, id, readPathId('whe', params['deliveryId'])));
  },
});

export const WEBHOOK_ENDPOINTS: readonly Endpoint[] = [
  createWebhook,
  listWebhooks,
  getWebhook,
  updateWebhook,
  deleteWebhook,
  rotateSecret,
  pingWebhook,
  listDeliveries,
  getDelivery,
  replayDelivery,
];

/** Each kind once. */
function readEvents(events: Static<typeof NewWebhookSchema>['events']): Webhook['events'] {
  return events === 'all' ? events : [...new Set(events)];
}

function renderWebhook(webhook: Webhook): Readonly<Record<string, unknown>> {
  return {
    id: writeId('wh', webhook.id),
    url: webhook.url,
    events: webhook.events,
    enabled: webhook.enabled,
    ...(webhook.description !== undefined && { description: webhook.description }),
    dialect: webhook.dialect,
    createdAt: wireDate(webhook.createdAtMs),
    updatedAt: wireDate(webhook.updatedAtMs),
  };
}

function renderDelivery(delivery: WebhookDelivery): Readonly<Record<string, unknown>> {
  const { event, retryOf, sentBody, error } = delivery;
  return {
    id: writeId('whe', delivery.id),
    webhookId: writeId('wh', delivery.webhookId),
    kind: event.kind,
    entityId: writeEntityId(event),
    at: wireDate(event.atMs),
    status: delivery.status,
    attempt: delivery.attempt,
    ...(retryOf !== undefined && { retryOf: writeId('whe', retryOf) }),
    ...(sentBody !== undefined && { body: sentBody }),
    ...(error !== undefined && { error }),
    createdAt: wireDate(delivery.createdAtMs),
    ...dateMember('sentAt', delivery.sentAtMs),
  };
}
