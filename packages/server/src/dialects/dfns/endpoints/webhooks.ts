import { DomainError } from '@countersign/core/domain-error';
import type { Webhook, WebhookDelivery } from '@countersign/core/webhooks/webhook';
import { type Static, Type } from 'typebox';
import type { Endpoint } from '../../dialect.ts';
import { parsePrefixedId, readPathId, writeId } from '../../prefixed-id.ts';
import { refuseBody } from '../../refuse-body.ts';
import { pageParameters, readPageQuery, readQuery, renderPage } from '../../wire-page.ts';
import { DateSchema, IdSchema, wireDate } from '../../wire-values.ts';
import { dfnsEndpoint } from '../dfns-endpoint.ts';
import { readEvents, writeEvent, writeEvents } from '../event-words.ts';
import { createBodyReader } from '../read-body.ts';

const DEFAULT_LIMIT = 100;
const MS_PER_SECOND = 1000;

const UrlSchema = Type.String({ minLength: 1, maxLength: 2048 });
const EventsSchema = Type.Array(Type.String({ maxLength: 64 }), { minItems: 1, maxItems: 64 });
const StatusSchema = Type.Union([Type.Literal('Enabled'), Type.Literal('Disabled')]);

const CreateSchema = Type.Object(
  {
    url: UrlSchema,
    events: EventsSchema,
    status: Type.Optional(StatusSchema),
    description: Type.Optional(Type.String({ maxLength: 1000 })),
  },
  { additionalProperties: false },
);
const readCreate = createBodyReader(CreateSchema);

const UpdateSchema = Type.Partial(CreateSchema);
const readUpdate = createBodyReader(UpdateSchema);

const WebhookSchema = Type.Object({
  id: IdSchema,
  url: UrlSchema,
  events: EventsSchema,
  status: StatusSchema,
  description: Type.Optional(Type.String()),
  dateCreated: DateSchema,
  dateUpdated: DateSchema,
});

const EventSchema = Type.Object({
  id: IdSchema,
  kind: Type.String(),
  date: DateSchema,
  data: Type.Unknown(),
  status: Type.String(),
  error: Type.Optional(Type.String()),
  timestampSent: Type.Integer(),
  deliveryAttempt: Type.Integer(),
  retryOf: Type.Optional(IdSchema),
});

const createWebhook = dfnsEndpoint({
  method: 'POST',
  path: '/webhooks',
  permissions: ['create-webhook'],
  request: CreateSchema,
  response: Type.Intersect([WebhookSchema, Type.Object({ secret: Type.String() })]),
  async handle({ services, caller, body }) {
    const request = readCreate(body);
    const { webhook, secret } = await services.webhooks.create(caller, {
      url: request.url,
      events: readEvents(request.events),
      enabled: request.status !== 'Disabled',
      description: request.description,
    });
    return { ...renderWebhook(webhook), secret };
  },
});

const getWebhook = dfnsEndpoint({
  method: 'GET',
  path: '/webhooks/:webhookId',
  permissions: ['read-webhooks'],
  request: undefined,
  response: WebhookSchema,
  async handle({ services, caller, params }) {
    return renderWebhook(await services.webhooks.get(caller, readPathId('wh', params['webhookId'])));
  },
});

const listWebhooks = dfnsEndpoint({
  method: 'GET',
  path: '/webhooks',
  permissions: ['read-webhooks'],
  request: undefined,
  query: pageParameters(),
  response: Type.Object({ items: Type.Array(WebhookSchema), nextPageToken: Type.Optional(Type.String()) }),
  async handle({ services, caller, query }) {
    const page = readPageQuery(readQuery(query, ['limit', 'paginationToken']), DEFAULT_LIMIT, (text) =>
      parsePrefixedId('wh', text),
    );
    return renderPage(await services.webhooks.list(caller, page), renderWebhook, ({ id }) => writeId('wh', id));
  },
});

const updateWebhook = dfnsEndpoint({
  method: 'PUT',
  path: '/webhooks/:webhookId',
  permissions: ['update-webhook'],
  request: UpdateSchema,
  response: WebhookSchema,
  async handle({ services, caller, params, body }) {
    const change = readChange(readUpdate(body));
    return renderWebhook(await services.webhooks.update(caller, readPathId('wh', params['webhookId']), change));
  },
});

function readChange({
  url,
  events,
  status,
  description,
}: Static<typeof UpdateSchema>): Parameters<
  Parameters<typeof updateWebhook.handle>[0]['services']['webhooks']['update']
>[2] {
  return {
    ...(url !== undefined && { url }),
    ...(events !== undefined && { events: readEvents(events) }),
    ...(status !== undefined && { enabled: status === 'Enabled' }),
    ...(description !== undefined && { description }),
  };
}

const deleteWebhook = dfnsEndpoint({
  method: 'DELETE',
  path: '/webhooks/:webhookId',
  permissions: ['delete-webhook'],
  request: undefined,
  response: Type.Object({ deleted: Type.Literal(true) }),
  async handle({ services, caller, params, body }) {
    refuseBody(body);
    await services.webhooks.remove(caller, readPathId('wh', params['webhookId']));
    return { deleted: true };
  },
});

const pingWebhook = dfnsEndpoint({
  method: 'POST',
  path: '/webhooks/:webhookId/ping',
  permissions: ['ping-webhook'],
  request: undefined,
  response: Type.Object({ status: Type.String(), error: Type.Optional(Type.String()) }),
  async handle({ services, caller, params, body }) {
    refuseBody(body);
    const { status, error } = await services.webhooks.ping(caller, readPathId('wh', params['webhookId']));
    return { status, ...(error !== undefined && { error }) };
  },
});

const listEvents = dfnsEndpoint({
  method: 'GET',
  path: '/webhooks/:webhookId/events',
  permissions: ['read-webhook-events'],
  request: undefined,
  query: pageParameters('kind', 'deliveryFailed'),
  response: Type.Object({ items: Type.Array(EventSchema), nextPageToken: Type.Optional(Type.String()) }),
  async handle({ services, caller, params, query }) {
    const parameters = readQuery(query, ['kind', 'deliveryFailed', 'limit', 'paginationToken']);
    const kinds = parameters.kind === undefined ? undefined : readEvents([parameters.kind]);
    const kind = kinds === 'all' ? undefined : kinds?.[0];
    const failed = readFlag('deliveryFailed', parameters.deliveryFailed);
    const page = await services.webhooks.deliveries(caller, readPathId('wh', params['webhookId']), {
      ...readPageQuery(parameters, DEFAULT_LIMIT, (text) => parsePrefixedId('whe', text)),
      ...(kind !== undefined && { kind }),
      ...(failed !== undefined && { failed }),
    });
    return renderPage(page, renderDelivery, ({ id }) => writeId('whe', id));
  },
});

const getEvent = dfnsEndpoint({
  method: 'GET',
  path: '/webhooks/:webhookId/events/:eventId',
  permissions: ['read-webhook-events'],
  request: undefined,
  response: EventSchema,
  async handle({ services, caller, params }) {
    const webhookId = readPathId('wh', params['webhookId']);
    return renderDelivery(await services.webhooks.delivery(caller, webhookId, readPathId('whe', params['eventId'])));
  },
});

export const WEBHOOK_ENDPOINTS: readonly Endpoint[] = [
  createWebhook,
  getWebhook,
  listWebhooks,
  updateWebhook,
  deleteWebhook,
  pingWebhook,
  listEvents,
  getEvent,
];

function renderWebhook(webhook: Webhook): Readonly<Record<string, unknown>> {
  return {
    id: writeId('wh', webhook.id),
    url: webhook.url,
    events: writeEvents(webhook.events),
    status: webhook.enabled ? 'Enabled' : 'Disabled',
    ...(webhook.description !== undefined && { description: webhook.description }),
    dateCreated: wireDate(webhook.createdAtMs),
    dateUpdated: wireDate(webhook.updatedAtMs),
  };
}

/** `data` is what was sent; nothing yet for one that waits. */
function renderDelivery(delivery: WebhookDelivery): Readonly<Record<string, unknown>> {
  return {
    id: writeId('whe', delivery.id),
    kind: writeEvent(delivery.event.kind),
    date: wireDate(delivery.event.atMs),
    data: sentData(delivery.sentBody),
    status: delivery.status === 'delivered' ? '200' : delivery.status,
    ...(delivery.error !== undefined && { error: delivery.error }),
    timestampSent: Math.floor((delivery.sentAtMs ?? 0) / MS_PER_SECOND),
    deliveryAttempt: delivery.attempt,
    ...(delivery.retryOf !== undefined && { retryOf: writeId('whe', delivery.retryOf) }),
  };
}

function sentData(body: string | undefined): unknown {
  if (body === undefined) return {};
  const sent = JSON.parse(body) as { readonly data?: unknown };
  return sent.data ?? {};
}

function readFlag(name: string, text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined;
  if (text === 'true' || text === 'false') return text === 'true';
  throw new DomainError('invalid_request', `${name} must be true or false`);
}
