import { DomainError } from '@countersign/core/domain-error';
import { readBatchHeader } from '@countersign/core/log/batch-header';
import { FieldReader } from '@countersign/core/log/byte-fields';
import { encodeIntent } from '@countersign/core/log/intent-entry';
import { encodeOutcome } from '@countersign/core/log/outcome-entry';
import type {
  Intent,
  IntentOutcome,
  IntentReceipt,
  OutcomeItem,
  SigningJournal,
} from '@countersign/core/ports/signing-journal';
import type { GroupCommit } from './group-commit.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import { idBlob, type SqliteLog } from './sqlite-log.ts';

const SELECT_REVISION = 'SELECT revision FROM accounts WHERE id = ?';
const INSERT_OPEN = 'INSERT INTO log_open_intents (batch_id) VALUES (?)';
const DELETE_OPEN = 'DELETE FROM log_open_intents WHERE batch_id = ?';
const SELECT_OPEN = 'SELECT batch_id FROM log_open_intents WHERE batch_id < ? ORDER BY batch_id LIMIT 100';

/** Estimated bytes that one item and a batch add to a transaction. */
const ITEM_BYTES = 200;
const BATCH_BYTES = 512;
/** Intents kept in memory until their outcome; older ones are read again. */
const MAX_KEPT_INTENTS = 2_000;

export interface SqliteSigningJournalParts {
  readonly writer: SqliteConnection;
  readonly commits: GroupCommit;
  readonly log: SqliteLog;
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
    const bytes = BATCH_BYTES + (intent.items.length + intent.refused.length) * ITEM_BYTES;
    const recorded = await commits.submit(
      bytes,
      () => this.#appendIntent(intent),
      (value) => {
        if (value === undefined) onStale();
        else if (intent.items.length > 0) this.#keep(value.batchId, value.body);
      },
    );
    if (recorded === undefined) return { recorded: false, reason: 'stale' };
    return { recorded: true, receipt: { batchId: recorded.batchId, itemCount: intent.items.length } };
  }

  async recordOutcome(receipt: IntentReceipt, outcomes: readonly OutcomeItem[]): Promise<void> {
    if (outcomes.length !== receipt.itemCount) throw new DomainError('internal', 'outcomes for another batch');
    if (receipt.itemCount === 0) return;
    await this.#parts.commits.submit(
      BATCH_BYTES + outcomes.length * ITEM_BYTES,
      () => this.#appendOutcome(receipt.batchId, outcomes),
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

  #appendIntent(intent: Intent): { readonly batchId: number; readonly body: Uint8Array } | undefined {
    const { writer, log, now } = this.#parts;
    // Equal revision: no key, grant or setting of the account became less since it was read, so that the versions of
    // the keys needn't be compared one by one.
    const account = writer.prepare(SELECT_REVISION).get(idBlob(intent.accountId));
    if (account?.['revision'] !== intent.accountRevision) return undefined;
    const batchId = log.nextLeaf;
    const createdAtMs = now();
    const body = encodeIntent(intent, batchId, createdAtMs);
    const signs = intent.items.length > 0;
    const phase = signs ? 'intent' : 'refusal';
    log.append({ phase, batchId, accountId: intent.accountId, createdAtMs, body });
    if (signs) writer.prepare(INSERT_OPEN).run(batchId);
    return { batchId, body };
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

const UNKNOWN: OutcomeItem = { status: 'unknown', signatureDigest: undefined };
