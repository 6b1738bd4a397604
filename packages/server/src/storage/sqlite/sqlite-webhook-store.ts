import type { SQLInputValue } from 'node:sqlite';
import { DomainError } from '@countersign/core/domain-error';
import type { AccountId, PrincipalId, WebhookEventId, WebhookId } from '@countersign/core/ids';
import type { Page, PageQuery } from '@countersign/core/page';
import type { WebhookStore } from '@countersign/core/ports/webhook-store';
import type { Webhook, WebhookDelivery } from '@countersign/core/webhooks/webhook';
import { openWebhookSecret, sealWebhookSecret } from '../webhook-secret.ts';
import { asDomainErrors } from './constraint-errors.ts';
import type { GroupCommit } from './group-commit.ts';
import { readPage } from './read-page.ts';
import { bytesCell, numberCell, type Row } from './row-cells.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import { idBlob, type SqliteLog } from './sqlite-log.ts';
import type { WebhookEvents } from './webhook-events.ts';
import { DELIVERY_CELLS, deliveryCells, deliveryOf, INSERT_DELIVERY, webhookOf } from './webhook-rows.ts';

export interface SqliteWebhookStoreParts {
  readonly reader: SqliteConnection;
  readonly writer: SqliteConnection;
  readonly commits: GroupCommit;
  readonly log: SqliteLog;
  readonly events: WebhookEvents;
  /** 32 bytes that seal the secrets; undefined for programs that neither make webhooks nor send. */
  readonly serviceKey: Uint8Array | undefined;
}

const MAX_WEBHOOKS = 100;
const MAX_DUE = 1_000;
const WRITE_BYTES = 8192;
/** Deliveries removed or ended with one commit, so that they don't hold up others. */
const SWEPT_PER_COMMIT = 1_000;
const FROM_START = new Uint8Array(0);
/** Above every id: lists that begin with the newest. */
const FROM_END = new Uint8Array(17).fill(0xff);

const INSERT = `INSERT INTO webhooks (id, account_id, url, events, enabled, description, dialect, sealed_secret,
  created_at_ms, updated_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const REPLACE = `UPDATE webhooks SET url = ?, events = ?, enabled = ?, description = ?, dialect = ?, updated_at_ms = ?
  WHERE id = ? AND account_id = ?`;
const SET_SECRET = 'UPDATE webhooks SET sealed_secret = ? WHERE id = ? AND account_id = ?';
const REMOVE = 'DELETE FROM webhooks WHERE id = ? AND account_id = ?';
const BY_ID = 'SELECT * FROM webhooks WHERE id = ? AND account_id = ?';
const LIST = 'SELECT * FROM webhooks WHERE account_id = ? AND id > ? ORDER BY id LIMIT ?';
const COUNT = 'SELECT count(*) AS count FROM webhooks WHERE account_id = ?';

const SELECT_DELIVERIES = `SELECT ${DELIVERY_CELLS} FROM webhook_deliveries AS d WHERE d.webhook_id = ?`;
const HAS_DELIVERY = 'SELECT 1 FROM webhook_deliveries WHERE id = ?';
/** CROSS JOIN: SQLite then keeps this order of the tables, and with it the order of the index. */
const FROM_DUE = `FROM webhook_deliveries AS d CROSS JOIN webhooks ON webhooks.id = d.webhook_id
  WHERE d.status = 'pending' AND enabled = 1`;
const DUE = `SELECT ${DELIVERY_CELLS}, webhooks.* ${FROM_DUE} AND d.not_before_ms <= ?
  ORDER BY d.not_before_ms, d.id LIMIT ?`;
const NEXT_DUE = `SELECT d.not_before_ms ${FROM_DUE} ORDER BY d.not_before_ms, d.id LIMIT 1`;
const SETTLE = `UPDATE webhook_deliveries SET status = ?, attempt = ?, sent_body = ?, sent_at_ms = ?, error = ?
  WHERE id = ? AND webhook_id = ? AND status = 'pending'`;
const END_PENDING = `UPDATE webhook_deliveries SET status = 'failed', error = 'the webhook was disabled'
  WHERE id IN (SELECT id FROM webhook_deliveries WHERE webhook_id = ? AND status = 'pending' LIMIT ${SWEPT_PER_COMMIT})`;
const REMOVE_OF = `DELETE FROM webhook_deliveries
  WHERE id IN (SELECT id FROM webhook_deliveries WHERE webhook_id = ? LIMIT ${SWEPT_PER_COMMIT})`;
/** Also pending ones whose webhook is gone, which a stop in the middle of its removal may leave. */
const REMOVE_OLD = `DELETE FROM webhook_deliveries WHERE id IN (
  SELECT d.id FROM webhook_deliveries AS d WHERE d.created_at_ms < ?
    AND (d.status <> 'pending' OR NOT EXISTS (SELECT 1 FROM webhooks WHERE webhooks.id = d.webhook_id))
  LIMIT ${SWEPT_PER_COMMIT})`;

export class SqliteWebhookStore implements WebhookStore {
  readonly #parts: SqliteWebhookStoreParts;

  constructor(parts: SqliteWebhookStoreParts) {
    this.#parts = parts;
  }

  /** `secret`: 1 to 256 bytes. @throws DomainError `conflict` with subject `webhook` when the account has 100 */
  async insert(webhook: Webhook, secret: Uint8Array, by: PrincipalId): Promise<void> {
    const { id, accountId } = webhook;
    const sealed = sealWebhookSecret(this.#serviceKey(), webhook, secret);
    await this.#write(() => {
      const { writer } = this.#parts;
      if (numberCell(writer.prepare(COUNT).get(idBlob(accountId)) ?? {}, 'count') >= MAX_WEBHOOKS)
        throw new DomainError('conflict', `an account has at most ${MAX_WEBHOOKS} webhooks`, { subject: 'webhook' });
      asDomainErrors('webhook', () =>
        writer
          .prepare(INSERT)
          .run(
            idBlob(id),
            idBlob(accountId),
            webhook.url,
            JSON.stringify(webhook.events),
            Number(webhook.enabled),
            webhook.description ?? null,
            webhook.dialect,
            sealed,
            webhook.createdAtMs,
            webhook.updatedAtMs,
          ),
      );
      this.#noteChange('webhook-created', webhook, by);
    });
  }

  async find(accountId: AccountId, id: WebhookId): Promise<Webhook | undefined> {
    return this.#read(BY_ID, idBlob(id), idBlob(accountId)).map(webhookOf)[0];
  }

  async secretOf(accountId: AccountId, id: WebhookId): Promise<Uint8Array | undefined> {
    const [row] = this.#read(BY_ID, idBlob(id), idBlob(accountId));
    return row && openWebhookSecret(this.#serviceKey(), { id, accountId }, bytesCell(row, 'sealed_secret'));
  }

  async count(accountId: AccountId): Promise<number> {
    return numberCell(this.#read(COUNT, idBlob(accountId))[0] ?? {}, 'count');
  }

  /** In order of id. */
  async list(query: PageQuery<WebhookId> & { readonly accountId: AccountId }): Promise<Page<Webhook>> {
    const after = query.after === undefined ? FROM_START : idBlob(query.after);
    return readPage(query.limit, (count) => this.#read(LIST, idBlob(query.accountId), after, count), webhookOf);
  }

  /** Disabled, it drops what it still had to send: those deliveries become failed. false: no such webhook. */
  async replace(webhook: Webhook, by: PrincipalId): Promise<boolean> {
    const { id, accountId, enabled } = webhook;
    const replaced = await this.#write(() => {
      const { changes } = this.#parts.writer
        .prepare(REPLACE)
        .run(
          webhook.url,
          JSON.stringify(webhook.events),
          Number(enabled),
          webhook.description ?? null,
          webhook.dialect,
          webhook.updatedAtMs,
          idBlob(id),
          idBlob(accountId),
        );
      if (changes === 1) this.#noteChange('webhook-changed', webhook, by);
      return changes === 1;
    });
    // Disabled, it gets none of them any more, however far this comes.
    if (replaced && !enabled) await this.#sweep(END_PENDING, idBlob(id));
    return replaced;
  }

  async setSecret(accountId: AccountId, id: WebhookId, secret: Uint8Array, by: PrincipalId): Promise<boolean> {
    const sealed = sealWebhookSecret(this.#serviceKey(), { accountId, id }, secret);
    return this.#write(() => {
      const { writer, log } = this.#parts;
      if (writer.prepare(SET_SECRET).run(sealed, idBlob(id), idBlob(accountId)).changes !== 1) return false;
      log.appendEvent({ kind: 'webhook-secret-changed', accountId, by, details: { webhook: id } });
      return true;
    });
  }

  /** With its deliveries. */
  async remove(accountId: AccountId, id: WebhookId, by: PrincipalId): Promise<boolean> {
    const removed = await this.#write(() => {
      const { writer, log, events } = this.#parts;
      if (writer.prepare(REMOVE).run(idBlob(id), idBlob(accountId)).changes !== 1) return false;
      events.forget();
      log.appendEvent({ kind: 'webhook-deleted', accountId, by, details: { webhook: id } });
      return true;
    });
    if (removed) await this.#sweep(REMOVE_OF, idBlob(id));
    return removed;
  }

  /** Newest first. */
  async deliveries(
    query: PageQuery<WebhookEventId> & {
      readonly webhookId: WebhookId;
      readonly kind: string | undefined;
      readonly failed: boolean | undefined;
    },
  ): Promise<Page<WebhookDelivery>> {
    const { kind, failed } = query;
    const before = query.after === undefined ? FROM_END : idBlob(query.after);
    const ofKind = kind === undefined ? '' : ' AND d.kind = ?';
    const ofStatus = failed === undefined ? '' : failed ? " AND d.status = 'failed'" : " AND d.status <> 'failed'";
    const statement = `${SELECT_DELIVERIES}${ofKind}${ofStatus} AND d.id < ? ORDER BY d.id DESC LIMIT ?`;
    const cells = [idBlob(query.webhookId), ...(kind === undefined ? [] : [kind]), before];
    return readPage(query.limit, (count) => this.#read(statement, ...cells, count), deliveryOf);
  }

  async findDelivery(webhookId: WebhookId, id: WebhookEventId): Promise<WebhookDelivery | undefined> {
    return this.#read(`${SELECT_DELIVERIES} AND d.id = ?`, idBlob(webhookId), idBlob(id)).map(deliveryOf)[0];
  }

  async insertDelivery(delivery: WebhookDelivery, notBeforeMs: number): Promise<void> {
    await this.#write(() => this.#insertDelivery(delivery, notBeforeMs), sizeOf(delivery));
  }

  /** Of enabled webhooks; `limit`: 1,000 at most. A delivery is due until it is settled: the sender remembers what it has under way. */
  async due(
    nowMs: number,
    limit: number,
  ): Promise<
    readonly { readonly delivery: WebhookDelivery; readonly webhook: Webhook; readonly secret: Uint8Array }[]
  > {
    const rows = this.#read(DUE, nowMs, Math.min(limit, MAX_DUE));
    const secrets = new Map<WebhookId, Uint8Array>();
    return rows.map((row) => {
      const webhook = webhookOf(row);
      const secret =
        secrets.get(webhook.id) ?? openWebhookSecret(this.#serviceKey(), webhook, bytesCell(row, 'sealed_secret'));
      secrets.set(webhook.id, secret);
      return { delivery: deliveryOf(row), webhook, secret };
    });
  }

  async nextDueMs(): Promise<number | undefined> {
    const [row] = this.#read(NEXT_DUE);
    return row === undefined ? undefined : numberCell(row, 'not_before_ms');
  }

  /** Nothing where the delivery was settled before, or its webhook is gone: then there is no next attempt either. */
  async settle(
    delivery: WebhookDelivery,
    next: { readonly delivery: WebhookDelivery; readonly notBeforeMs: number } | undefined,
  ): Promise<void> {
    await this.#write(() => {
      const { id, webhookId, status, attempt, sentBody, sentAtMs, error } = delivery;
      const cells = [status, attempt, sentBody ?? null, sentAtMs ?? null, error ?? null];
      const { changes } = this.#parts.writer.prepare(SETTLE).run(...cells, idBlob(id), idBlob(webhookId));
      if (changes === 1 && next !== undefined) this.#insertDelivery(next.delivery, next.notBeforeMs);
    }, sizeOf(delivery));
  }

  async removeDeliveriesBefore(ms: number): Promise<void> {
    await this.#sweep(REMOVE_OLD, ms);
  }

  #insertDelivery(delivery: WebhookDelivery, notBeforeMs: number): void {
    const { writer } = this.#parts;
    if (writer.prepare(HAS_DELIVERY).get(idBlob(delivery.id)) !== undefined)
      throw new DomainError('conflict', 'the delivery exists already');
    writer.prepare(INSERT_DELIVERY).run(...deliveryCells(delivery, notBeforeMs));
  }

  #noteChange(kind: string, { id, accountId, url, events, enabled }: Webhook, by: PrincipalId): void {
    this.#parts.events.forget();
    // Not the whole URL: a path or query may be meant to be secret.
    const server = URL.parse(url)?.origin ?? '';
    const details = { webhook: id, server, enabled, events: events === 'all' ? events : events.join(' ') };
    this.#parts.log.appendEvent({ kind, accountId, by, details });
  }

  /** Runs a statement that changes at most `SWEPT_PER_COMMIT` rows until it changes fewer. */
  async #sweep(statement: string, parameter: SQLInputValue): Promise<void> {
    const step = () => this.#parts.writer.prepare(statement).run(parameter).changes;
    while (Number(await this.#write(step)) === SWEPT_PER_COMMIT);
  }

  #serviceKey(): Uint8Array {
    const { serviceKey } = this.#parts;
    if (serviceKey === undefined)
      throw new DomainError('not_supported', 'webhooks need a key for their secrets, and this program was given none');
    return serviceKey;
  }

  #read(statement: string, ...parameters: SQLInputValue[]): Row[] {
    return this.#parts.reader.read(statement, ...parameters);
  }

  #write<T>(work: () => T, bytes = WRITE_BYTES): Promise<T> {
    return this.#parts.commits.submit(bytes, work);
  }
}

function sizeOf({ sentBody, error }: WebhookDelivery): number {
  return WRITE_BYTES + 3 * ((sentBody?.length ?? 0) + (error?.length ?? 0));
}
