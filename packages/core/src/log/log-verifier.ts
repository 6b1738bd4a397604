/**
 * Checks a log from its rows alone: every leaf is computed again, rows follow each other without a gap, every outcome
 * belongs to the intent before it, and the columns say what the bodies say. Holds the tree's edge and the open
 * intents, so that a log of any length can be streamed through.
 */
import { hash } from 'node:crypto';
import type { KeyId } from '../ids.ts';
import type { BatchHeader } from './batch-header.ts';
import { decodeEvent } from './event-entry.ts';
import { decodeIntent } from './intent-entry.ts';
import { leafHashes } from './log-row.ts';
import { MerkleTree } from './merkle-tree.ts';
import { decodeOutcome } from './outcome-entry.ts';
import type { CompletedTile } from './tile.ts';
import { HASH_BYTES } from './tree-hash.ts';

/** A row as found in a database, where nothing is certain. */
export interface StoredRow {
  readonly firstLeaf: number;
  readonly leafCount: number;
  readonly phase: string;
  readonly batchId: number | undefined;
  readonly accountId: string | undefined;
  readonly createdAtMs: number;
  readonly body: Uint8Array;
}

interface OpenIntent {
  readonly header: BatchHeader;
  readonly itemsDigest: string;
}

export class LogVerifier {
  readonly #tree = new MerkleTree();
  readonly #open = new Map<number, OpenIntent>();
  readonly #watchedSize: number | undefined;
  #watchedRoot: Uint8Array | undefined;

  /** `watchedSize`: a size at which the root is to be kept, for comparing it with an older checkpoint. */
  constructor(watchedSize?: number) {
    this.#watchedSize = watchedSize;
    this.#watch();
  }

  get size(): number {
    return this.#tree.size;
  }

  root(): Uint8Array {
    return this.#tree.root();
  }

  /** The root at `watchedSize`; undefined while the log is shorter. */
  get watchedRoot(): Uint8Array | undefined {
    return this.#watchedRoot;
  }

  /** Intents that have no outcome so far, ascending. */
  openBatchIds(): number[] {
    return [...this.#open.keys()].sort((a, b) => a - b);
  }

  /**
   * Takes the next row. What is wrong with it, in words, or the tiles that its leaves completed, to be compared with
   * the stored ones. After a problem the rows that follow can't be judged.
   */
  add(row: StoredRow): { readonly problem: string } | { readonly completed: readonly CompletedTile[] } {
    const problem = this.#judge(row);
    if (problem !== undefined) return { problem: `row of leaf ${row.firstLeaf}: ${problem}` };
    const hashes = leafHashes(row.phase, row.body);
    if (hashes.length !== row.leafCount * HASH_BYTES)
      return {
        problem: `row of leaf ${row.firstLeaf}: it has ${hashes.length / HASH_BYTES} leaves, not ${row.leafCount}`,
      };
    return { completed: this.#append(hashes) };
  }

  #append(hashes: Uint8Array): readonly CompletedTile[] {
    const watched = this.#watchedSize ?? 0;
    const before = (watched - this.size) * HASH_BYTES;
    if (before <= 0 || before > hashes.length) return this.#tree.append(hashes);
    const completed = this.#tree.append(hashes.subarray(0, before));
    this.#watch();
    return [...completed, ...this.#tree.append(hashes.subarray(before))];
  }

  #watch(): void {
    if (this.size === this.#watchedSize) this.#watchedRoot = this.root();
  }

  #judge(row: StoredRow): string | undefined {
    if (row.firstLeaf !== this.size) return `leaf ${this.size} was expected here; rows are missing or out of order`;
    try {
      switch (row.phase) {
        case 'intent':
        case 'refusal':
          return this.#judgeIntent(row);
        case 'outcome':
          return this.#judgeOutcome(row);
        case 'event':
          return judgeEvent(row);
        default:
          return `unknown phase "${row.phase.slice(0, 40)}"`;
      }
    } catch (error) {
      return error instanceof Error ? error.message : 'unreadable';
    }
  }

  #judgeIntent(row: StoredRow): string | undefined {
    const { header, items } = decodeIntent(row.body);
    if ((row.phase === 'intent') !== items.length > 0) return 'phase and items disagree';
    if (header.batchId !== row.firstLeaf) return `it is the intent of batch ${header.batchId}`;
    if (row.phase === 'intent') this.#open.set(header.batchId, { header, itemsDigest: digestItems(items) });
    return compareColumns(row, header);
  }

  #judgeOutcome(row: StoredRow): string | undefined {
    const { header, records } = decodeOutcome(row.body);
    const intent = this.#open.get(header.batchId);
    if (intent === undefined) return `batch ${header.batchId} has no open intent`;
    this.#open.delete(header.batchId);
    if (header.itemCount !== intent.header.itemCount) return 'it has another number of items than its intent';
    if (digestItems(records) !== intent.itemsDigest) return 'its keys and digests are not those of its intent';
    if (!samePeople(header, intent.header)) return 'account, principal or dialect are not those of its intent';
    return compareColumns(row, header);
  }
}

function judgeEvent(row: StoredRow): string | undefined {
  const event = decodeEvent(row.body);
  JSON.parse(event.json);
  if (row.batchId !== undefined || row.accountId !== event.accountId || row.createdAtMs !== event.createdAtMs)
    return 'its columns disagree with its body';
  return undefined;
}

function compareColumns(row: StoredRow, header: BatchHeader): string | undefined {
  if (row.batchId !== header.batchId || row.accountId !== header.accountId || row.createdAtMs !== header.createdAtMs)
    return 'its columns disagree with its body';
  return undefined;
}

function samePeople(a: BatchHeader, b: BatchHeader): boolean {
  return (
    a.accountId === b.accountId &&
    a.accountRevision === b.accountRevision &&
    a.principalId === b.principalId &&
    a.dialect === b.dialect &&
    a.refusedCount === b.refusedCount
  );
}

function digestItems(items: readonly { readonly keyId: KeyId; readonly payloadDigest: Uint8Array }[]): string {
  const texts = items.map(({ keyId, payloadDigest }) => `${keyId}${Buffer.from(payloadDigest).toString('hex')}`);
  return hash('sha256', texts.join(' '), 'hex');
}
