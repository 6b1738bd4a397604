/** Commands on webhooks, over their store and the one outgoing client. */
import { randomBytes } from 'node:crypto';
import { DomainError } from '../domain-error.ts';
import { newId, newOrderedId, type WebhookEventId, type WebhookId } from '../ids.ts';
import { isOneLine } from '../policy/external/one-line.ts';
import type { WebhookSender } from '../ports/webhook-sender.ts';
import type { WebhookStore } from '../ports/webhook-store.ts';
import { type Caller, holdsOnAccount, type Permission } from '../principal.ts';
import type { Webhook, WebhookDelivery } from './webhook.ts';
import type { WebhookDraft, Webhooks } from './webhooks.ts';

export interface WebhookDependencies {
  readonly store: WebhookStore;
  readonly sender: WebhookSender;
  readonly now: () => number;
  /** Told that deliveries may wait. */
  readonly wake: () => void;
}

const MAX_WEBHOOKS = 100;
const MAX_URL_CHARACTERS = 2048;
const MAX_DESCRIPTION_CHARACTERS = 1000;
const MAX_EVENTS = 64;
const SECRET_BYTES = 32;

export function createWebhooks({ store, sender, now, wake }: WebhookDependencies): Webhooks {
  async function find({ principal }: Caller, id: WebhookId): Promise<Webhook> {
    const webhook = await store.find(principal.accountId, id);
    if (webhook === undefined) throw missing('webhook');
    return webhook;
  }

  async function findDelivery(caller: Caller, id: WebhookId, event: WebhookEventId): Promise<WebhookDelivery> {
    const webhook = await find(caller, id);
    const delivery = await store.findDelivery(webhook.id, event);
    if (delivery === undefined) throw missing('event');
    return delivery;
  }

  function checkDraft(draft: WebhookDraft): void {
    const badUrl =
      draft.url.length > MAX_URL_CHARACTERS
        ? `the URL has at most ${MAX_URL_CHARACTERS} characters`
        : sender.refuseUrl(draft.url);
    if (badUrl !== undefined) throw new DomainError('invalid_request', badUrl);
    if (draft.events !== 'all' && (draft.events.length === 0 || draft.events.length > MAX_EVENTS))
      throw new DomainError('invalid_request', `a webhook names 1 to ${MAX_EVENTS} events, or all`);
    const { description } = draft;
    if (description !== undefined && (description.length > MAX_DESCRIPTION_CHARACTERS || !isOneLine(description)))
      throw new DomainError(
        'invalid_request',
        `a description is one line of at most ${MAX_DESCRIPTION_CHARACTERS} characters`,
      );
  }

  return {
    async create(caller, draft) {
      requirePermission(caller, 'create-webhook');
      checkDraft(draft);
      const { accountId, id: by } = caller.principal;
      if ((await store.count(accountId)) >= MAX_WEBHOOKS)
        throw new DomainError('too_large', `an account has at most ${MAX_WEBHOOKS} webhooks`);
      const atMs = now();
      const { url, events, enabled, description } = draft;
      const webhook: Webhook = {
        id: newId(),
        accountId,
        url,
        events,
        enabled,
        description,
        dialect: caller.dialect,
        createdAtMs: atMs,
        updatedAtMs: atMs,
      };
      const secret = newSecret();
      await store.insert(webhook, Buffer.from(secret), by);
      return { webhook, secret };
    },

    async get(caller, id) {
      requirePermission(caller, 'read-webhooks');
      return find(caller, id);
    },

    async list(caller, query) {
      requirePermission(caller, 'read-webhooks');
      return store.list({ accountId: caller.principal.accountId, ...query });
    },

    async update(caller, id, draft) {
      requirePermission(caller, 'update-webhook');
      const webhook = await find(caller, id);
      const changed: Webhook = { ...webhook, ...draft, updatedAtMs: now() };
      checkDraft(changed);
      if (!(await store.replace(changed, caller.principal.id))) throw missing('webhook');
      return changed;
    },

    async rotateSecret(caller, id) {
      requirePermission(caller, 'update-webhook');
      const webhook = await find(caller, id);
      const secret = newSecret();
      const { accountId, id: by } = caller.principal;
      if (!(await store.setSecret(accountId, id, Buffer.from(secret), by))) throw missing('webhook');
      return { webhook, secret };
    },

    async remove(caller, id) {
      requirePermission(caller, 'delete-webhook');
      if (!(await store.remove(caller.principal.accountId, id, caller.principal.id))) throw missing('webhook');
    },

    async ping(caller, id) {
      requirePermission(caller, 'ping-webhook');
      const webhook = await find(caller, id);
      const secret = await store.secretOf(webhook.accountId, webhook.id);
      if (secret === undefined) throw missing('webhook');
      const delivery = { id: newOrderedId<WebhookEventId>(), attempt: 1, retryOf: undefined };
      const { status, error } = await sender.send(webhook, secret, delivery, undefined);
      return { status, error };
    },

    async deliveries(caller, id, query) {
      requirePermission(caller, 'read-webhook-events');
      const { id: webhookId } = await find(caller, id);
      return store.deliveries({ kind: undefined, failed: undefined, ...query, webhookId });
    },

    async delivery(caller, id, event) {
      requirePermission(caller, 'read-webhook-events');
      return findDelivery(caller, id, event);
    },

    async replay(caller, id, event) {
      requirePermission(caller, 'update-webhook');
      const former = await findDelivery(caller, id, event);
      const atMs = now();
      const delivery: WebhookDelivery = {
        id: newOrderedId(),
        webhookId: former.webhookId,
        event: former.event,
        status: 'pending',
        attempt: 1,
        retryOf: former.id,
        sentBody: undefined,
        sentAtMs: undefined,
        error: undefined,
        createdAtMs: atMs,
      };
      await store.insertDelivery(delivery, atMs);
      wake();
      return delivery;
    },
  };
}

function newSecret(): string {
  return `whs-${randomBytes(SECRET_BYTES).toString('base64url')}`;
}

function requirePermission({ principal }: Caller, permission: Permission): void {
  if (!holdsOnAccount(principal, permission))
    throw new DomainError('forbidden', `the caller lacks the permission ${permission} on the account`);
}

function missing(what: string): DomainError {
  return new DomainError('not_found', `no such ${what}`, { subject: 'webhook' });
}
