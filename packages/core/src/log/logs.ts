/** Commands on the log: the contract that dialects render. */
import type { PrincipalId } from '../ids.ts';
import type { LogHead } from '../ports/log-reader.ts';
import type { Caller } from '../principal.ts';
import type { DecodedIntent } from './intent-entry.ts';
import type { DecodedOutcome } from './outcome-entry.ts';

export interface LoggedEvent {
  readonly kind: string;
  /** Undefined for the service itself. */
  readonly by: PrincipalId | undefined;
  readonly details: Readonly<Record<string, string | number | boolean | null>>;
}

/** One row: an event, or what belongs to a batch before and after its signatures. */
export type LogEntry = {
  /** Index of the row's first leaf. */
  readonly firstLeaf: number;
  /** An outcome has a leaf for each item, everything else has one. */
  readonly leafCount: number;
  readonly createdAtMs: number;
  /** The bytes that the leaves are made of. */
  readonly body: Uint8Array;
} & (
  | { readonly phase: 'intent' | 'refusal'; readonly intent: DecodedIntent }
  | { readonly phase: 'outcome'; readonly outcome: DecodedOutcome }
  | { readonly phase: 'event'; readonly event: LoggedEvent }
);

export interface InclusionProof extends LogHead {
  readonly leaf: number;
  /** 32 bytes each. */
  readonly leafHash: Uint8Array;
  /** From the leaf upwards. */
  readonly path: readonly Uint8Array[];
}

export interface ConsistencyProof {
  readonly old: LogHead;
  readonly new: LogHead;
  readonly path: readonly Uint8Array[];
}

/**
 * Every command needs `read-log`. Entries are those of the caller's account; hashes, which say nothing about an entry, are
 * of the whole log.
 */
export interface Logs {
  checkpoint(caller: Caller): Promise<LogHead>;
  /** At most `limit` (1 to 1,000) entries that begin at leaf `from` or after it. `next`: where the rest begins. */
  entries(
    caller: Caller,
    query: { readonly from: number; readonly limit: number },
  ): Promise<{ readonly entries: readonly LogEntry[]; readonly next: number | undefined }>;
  /** `size`: of the tree to prove it in; the whole one where it is left out. @throws DomainError `invalid_request` */
  inclusionProof(caller: Caller, leaf: number, size: number | undefined): Promise<InclusionProof>;
  /** `newSize` as `size` above. @throws DomainError `invalid_request` unless 0 < oldSize <= newSize <= size of the log */
  consistencyProof(caller: Caller, oldSize: number, newSize: number | undefined): Promise<ConsistencyProof>;
}
