import { DomainError } from '@countersign/core/domain-error';
import { readBatchHeader } from '@countersign/core/log/batch-header';
import { FieldReader } from '@countersign/core/log/byte-fields';
import { encodeIntent } from '@countersign/core/log/intent-entry';
import { encodeOutcome } from '@countersign/core/log/outcome-entry';
import type {
  Diverted,
  Intent,
  IntentOutcome,
  IntentReceipt,
  OutcomeItem,
  RequestCompletion,
  SigningJournal,
} from '@countersign/core/ports/signing-journal';
import type { GroupCommit } from './group-commit.ts';
import { type IntentPlan, isPlain, planIntent } from './intent-plan.ts';
import { requestBytes } from './request-row.ts';
import type { RequestTable } from './request-table.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import { idBlob, type SqliteLog } from './sqlite-log.ts';
import { VelocityBatch } from './velocity-ledger.ts';

const SELECT_REVISION = 'SELECT revision FROM accounts WHERE id = ?';
const INSERT_OPEN = 'INSERT INTO log_open_intents (batch_id) VALUES (?)';
const DELETE_OPEN = 'DELETE FROM log_open_intents WHERE batch_id = ?';
const SELECT_OPEN = 'SELECT batch_id FROM log_open_intents WHERE batch_id < ? ORDER BY batch_id LIMIT 100';

/** Estimated bytes that one item and a batch add to a transaction. */
const ITEM_BYTES = 200;
const BATCH_BYTES = 512;
/** What changing a request's row, or an approval, adds. */
const REQUEST_BYTES = 4096;
/** Intents kept in memory until their outcome; older ones are read again. */
const MAX_KEPT_INTENTS = 2_000;

export interface SqliteSigningJournalParts {
  readonly writer: SqliteConnection;
  readonly commits: GroupCommit;
  readonly log: SqliteLog;
  readonly requests: RequestTable;
  readonly now: () => number;
  /** A recorded intent was found stale: what is cached of this account may be out of date. */
  readonly onStale: () => void;
}

export class SqliteSigningJournal implements SigningJournal {
  readonly #parts: SqliteSigningJournalParts;
  // Rows of open intents of this run: the outcome repeats their key ids and digests.
  readonly #openBodies = new Map<number, Uint8Array>();
  readonly #openedAtLeaf: number;

  constructor(parts: SqliteSigningJournalParts) {
    this.#parts = parts;
    this.#openedAtLeaf = parts.log.nextLeaf;
  }

  async recordIntent(intent: Intent): Promise<IntentOutcome> {
    const { commits, onStale } = this.#parts;
    const plain = isPlain(intent);
    const recorded = await commits.submit(
      plain ? batchBytes(intent) : batchBytes(intent) + storedBytes(intent),
      () => this.#appendIntent(intent, plain),
      (value) => {
        if (value === 'stale') onStale();
        else if (typeof value === 'object' && value.body !== undefined) this.#keep(value.batchId, value.body);
      },
    );
    if (typeof recorded === 'string') return { recorded: false, reason: recorded };
    const { batchId, itemCount, diverted } = recorded;
    const receipt = { batchId, itemCount };
    return diverted === undefined ? { recorded: true, receipt } : { recorded: true, receipt, diverted };
  }

  async recordOutcome(
    receipt: IntentReceipt,
    outcomes: readonly OutcomeItem[],
    completions?: readonly RequestCompletion[],
  ): Promise<void> {
    if (outcomes.length !== receipt.itemCount) throw new DomainError('internal', 'outcomes for another batch');
    if (receipt.itemCount === 0) return;
    let bytes = BATCH_BYTES + outcomes.length * ITEM_BYTES;
    for (const { signatures, signedData } of completions ?? [])
      bytes += REQUEST_BYTES + signatures.length * ITEM_BYTES + 2 * (signedData?.length ?? 0);
    await this.#parts.commits.submit(
      bytes,
      () => {
        this.#appendOutcome(receipt.batchId, outcomes);
        for (const completion of completions ?? []) this.#parts.requests.complete(completion, receipt.batchId);
      },
      () => this.#openBodies.delete(receipt.batchId),
    );
  }

  /** Gives the open intents of former runs the outcome `unknown`. */
  async closeOpenIntents(): Promise<number> {
    const { commits, writer } = this.#parts;
    const select = writer.prepare(SELECT_OPEN);
    for (let closed = 0; ; ) {
      const batchIds = await commits.submit(BATCH_BYTES, () => {
        const ids = select.all(this.#openedAtLeaf).map((row) => Number(row['batch_id']));
        for (const id of ids) this.#appendOutcome(id, undefined);
        return ids;
      });
      closed += batchIds.length;
      if (batchIds.length === 0) return closed;
    }
  }

  #appendIntent(intent: Intent, plain: boolean): AppendedIntent | 'stale' | 'external-id-taken' {
    const { writer, log, now } = this.#parts;
    // Equal revision: no key, grant or setting of the account became less since it was read, so that the versions of
    // the keys needn't be compared one by one.
    const account = writer.prepare(SELECT_REVISION).get(idBlob(intent.accountId));
    if (account?.['revision'] !== intent.accountRevision) return 'stale';
    const createdAtMs = now();
    if (plain) return this.#appendRow(intent, createdAtMs);
    const spends = new VelocityBatch(writer, createdAtMs);
    const planned = planIntent(intent, this.#parts.requests, spends);
    if (!planned.ok) return planned.reason;
    const { plan } = planned;
    const { items, refused, pending, diverted } = plan;
    // What waits is in the log by events of its own, one for each request: where there is nothing else they are all.
    const appended =
      items.length === 0 && refused.length === 0 && pending.length > 0
        ? { batchId: log.nextLeaf, body: undefined, itemCount: 0 }
        : this.#appendRow({ ...intent, items, refused }, createdAtMs);
    this.#storeRequests(intent, plan, appended.batchId);
    spends.flush();
    return { ...appended, diverted };
  }

  #appendRow(intent: Intent, createdAtMs: number): AppendedIntent {
    const { writer, log } = this.#parts;
    const batchId = log.nextLeaf;
    const body = encodeIntent(intent, batchId, createdAtMs);
    const itemCount = intent.items.length;
    const signs = itemCount > 0;
    log.append({ phase: signs ? 'intent' : 'refusal', batchId, accountId: intent.accountId, createdAtMs, body });
    if (signs) writer.prepare(INSERT_OPEN).run(batchId);
    return { batchId, body: signs ? body : undefined, itemCount };
  }

  #storeRequests({ accountId }: Intent, plan: IntentPlan, batchId: number): void {
    const { requests } = this.#parts;
    for (const request of plan.fresh) requests.insertExecuting(request, batchId);
    for (const { id, standing } of plan.taken) requests.take({ accountId, id }, standing, batchId);
    for (const { request } of plan.refused) if (request !== undefined) requests.storeRejected(request);
    for (const { request, approval } of plan.pending) requests.storePending(request, approval);
  }

  #appendOutcome(batchId: number, outcomes: readonly OutcomeItem[] | undefined): void {
    const { writer, log, now } = this.#parts;
    // The row of an open intent can be taken once: an intent never gets two outcomes.
    if (writer.prepare(DELETE_OPEN).run(batchId).changes !== 1)
      throw new DomainError('internal', 'the batch has no open intent');
    const intentBody = this.#openBodies.get(batchId) ?? log.intentBody(batchId);
    if (intentBody === undefined) throw new DomainError('internal', 'the intent of a batch is missing');
    const header = readBatchHeader(new FieldReader(intentBody));
    if (outcomes !== undefined && outcomes.length !== header.itemCount)
      throw new DomainError('internal', 'outcomes for another batch');
    const createdAtMs = now();
    const outcomeAt = (index: number) => (outcomes === undefined ? UNKNOWN : outcomes[index]);
    const body = encodeOutcome(intentBody, outcomeAt, createdAtMs);
    log.append({ phase: 'outcome', batchId, accountId: header.accountId, createdAtMs, body });
  }

  #keep(batchId: number, body: Uint8Array): void {
    if (this.#openBodies.size >= MAX_KEPT_INTENTS) {
      const oldest = this.#openBodies.keys().next();
      if (!oldest.done) this.#openBodies.delete(oldest.value);
    }
    this.#openBodies.set(batchId, body);
  }
}

interface AppendedIntent {
  readonly batchId: number;
  /** Of the row that an outcome follows; undefined: none does. */
  readonly body: Uint8Array | undefined;
  readonly itemCount: number;
  readonly diverted?: ReadonlyMap<number, Diverted> | undefined;
}

function batchBytes({ items, refused }: Intent): number {
  return BATCH_BYTES + (items.length + refused.length) * ITEM_BYTES;
}

function storedBytes({ items, refused, pending }: Intent): number {
  let bytes = 0;
  for (const { request, spends } of items) {
    if (request?.kind === 'new') bytes += requestBytes(request.request);
    bytes += (spends?.length ?? 0) * ITEM_BYTES;
  }
  for (const { request } of refused) if (request !== undefined) bytes += requestBytes(request);
  for (const { request } of pending ?? []) bytes += requestBytes(request) + REQUEST_BYTES;
  return bytes;
}

const UNKNOWN: OutcomeItem = { status: 'unknown', signatureDigest: undefined };
