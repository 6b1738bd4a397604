/**
 * The durable record of signing, as the core needs it. The adapter (`server/storage`) shares one commit between
 * concurrent requests and appends to the Merkle tree (`core/log`).
 */
import type { AccountId, KeyId, PrincipalId } from '../ids.ts';

/** Handed out when an intent is durable; the only thing that mints permits. */
export interface IntentReceipt {
  /** Never repeats in the life of a database, grows with time; up to 2^53. */
  readonly batchId: number;
  readonly itemCount: number;
}

/** One item that a signature may be made for. */
export interface IntentItem {
  readonly keyId: KeyId;
  readonly keyVersion: number;
  /** The bytes that reach the engine where they are at most 64 bytes, otherwise their SHA-256. */
  readonly payloadDigest: Uint8Array;
}

/** One item that policy refused; recorded, never signed. */
export interface RefusedItem {
  readonly keyId: KeyId;
  readonly payloadDigest: Uint8Array;
  /** Closed vocabulary: a `DomainErrorCode`. */
  readonly code: string;
}

export interface Intent {
  readonly accountId: AccountId;
  /** Account revision that keys, grants and policy were read at. */
  readonly accountRevision: number;
  readonly principalId: PrincipalId;
  readonly dialect: string;
  readonly items: readonly IntentItem[];
  readonly refused: readonly RefusedItem[];
}

export type IntentOutcome =
  | { readonly recorded: true; readonly receipt: IntentReceipt }
  /** A key, a grant or a setting changed since it was read: resolve again. */
  | { readonly recorded: false; readonly reason: 'stale' };

export interface OutcomeItem {
  /** `unknown`: the signer went away while it had the item, so that a signature may exist. */
  readonly status: 'signed' | 'failed' | 'unknown';
  /** SHA-256 of the signature; undefined unless signed. */
  readonly signatureDigest: Uint8Array | undefined;
}

export interface SigningJournal {
  /**
   * Step 5: in one durable transaction, checks that nothing changed since `accountRevision` (stored keys: the
   * versions named), and appends the intent (and refusals) to the log. Resolves after the commit, never before.
   * An intent with no items and only refusals yields a receipt for zero items.
   */
  recordIntent(intent: Intent): Promise<IntentOutcome>;
  /**
   * Step 8: appends one leaf per item, in the order of the intent. Resolves after the commit.
   */
  recordOutcome(receipt: IntentReceipt, outcomes: readonly OutcomeItem[]): Promise<void>;
}
