/**
 * The durable record of signing, as the core needs it. The adapter (`server/storage`) shares one commit between
 * concurrent requests and appends to the Merkle tree (`core/log`).
 */
import type { Approval } from '../governance/approval.ts';
import type { ReservedSpend } from '../governance/governance-verdict.ts';
import type { AccountId, KeyId, PrincipalId, RequestId } from '../ids.ts';
import type { RequestSignature, SignatureRequest } from '../requests/signature-request.ts';

/** Handed out when an intent is durable; the only thing that mints permits. */
export interface IntentReceipt {
  /** Never repeats in the life of a database, grows with time; up to 2^53. */
  readonly batchId: number;
  readonly itemCount: number;
}

/** The request that an item belongs to. */
export type IntentRequest =
  /** Stored with the intent, as `executing`. */
  | { readonly kind: 'new'; readonly request: SignatureRequest }
  /**
   * `pending` with its approval approved, or `executing` since a former run: becomes `executing`. Stale where it is in
   * another state, another version, or its approval isn't approved.
   */
  | { readonly kind: 'stored'; readonly id: RequestId; readonly version: number };

/** One item that a signature may be made for. The members after `payloadDigest` are absent for most items. */
export interface IntentItem {
  readonly keyId: KeyId;
  readonly keyVersion: number;
  /** The bytes that reach the engine where they are at most 64 bytes, otherwise their SHA-256. */
  readonly payloadDigest: Uint8Array;
  /** On the first item of a request alone. */
  readonly request?: IntentRequest;
  /** Reserved in this transaction, in the order of the items: each sees what the ones before it took. */
  readonly spends?: readonly ReservedSpend[];
  /** With `spends`: what becomes of the item when those with these indexes don't fit. None of its spends is then kept. */
  readonly divert?: (overLimit: readonly number[]) => Diverted;
  /** Another item of the same request, whose fate this one shares: its index among the items, smaller than this one's. */
  readonly decidedBy?: number;
}

export type Diverted =
  /** Goes on: what is over its limit only had to be noted. All of its spends are kept. */
  | { readonly to: 'intent' }
  | { readonly to: 'refused'; readonly item: RefusedItem }
  | { readonly to: 'pending'; readonly item: PendingItem };

/** One item that policy refused; recorded, never signed. */
export interface RefusedItem {
  readonly keyId: KeyId;
  readonly payloadDigest: Uint8Array;
  /** Closed vocabulary: a `DomainErrorCode`. */
  readonly code: string;
  /** Stored as `rejected`: a new one, or one that exists with the version before. */
  readonly request?: SignatureRequest;
}

/** One item that waits for people: request and approval are stored together. */
export interface PendingItem {
  readonly keyId: KeyId;
  readonly payloadDigest: Uint8Array;
  readonly request: SignatureRequest;
  readonly approval: Approval;
}

export interface Intent {
  readonly accountId: AccountId;
  /** Account revision that keys, grants and policy were read at. */
  readonly accountRevision: number;
  readonly principalId: PrincipalId;
  readonly dialect: string;
  readonly items: readonly IntentItem[];
  readonly refused: readonly RefusedItem[];
  readonly pending?: readonly PendingItem[];
}

export type IntentOutcome =
  | {
      readonly recorded: true;
      /** For the items that weren't diverted. */
      readonly receipt: IntentReceipt;
      /** By index among the intent's items; those with `to: 'intent'` are not in it. Absent: none. */
      readonly diverted?: ReadonlyMap<number, Diverted>;
    }
  /** A key, a grant, a policy, a setting or a stored request changed since it was read: resolve again. */
  | { readonly recorded: false; readonly reason: 'stale' }
  /** Somebody else stored a request with one of the external ids meanwhile. */
  | { readonly recorded: false; readonly reason: 'external-id-taken' };

export interface OutcomeItem {
  /** `unknown`: the signer went away while it had the item, so that a signature may exist. */
  readonly status: 'signed' | 'failed' | 'unknown';
  /** SHA-256 of the signature; undefined unless signed. */
  readonly signatureDigest: Uint8Array | undefined;
}

/** How a stored request ends. One that is `unknown` stays `executing` and is signed again: the same bytes only. */
export interface RequestCompletion {
  readonly id: RequestId;
  readonly status: 'signed' | 'failed';
  readonly reason: string | undefined;
  readonly signatures: readonly RequestSignature[];
  readonly signedData: Uint8Array | undefined;
  readonly details: SignatureRequest['details'];
  readonly atMs: number;
}

export interface SigningJournal {
  /**
   * Step 5: in one durable transaction, checks that nothing changed since `accountRevision` (stored keys: the
   * versions named), reserves spends, stores requests and approvals, and appends the intent (refusals and what waits
   * included) to the log. Resolves after the commit, never before. An intent with no items yields a receipt for zero items.
   */
  recordIntent(intent: Intent): Promise<IntentOutcome>;
  /**
   * Step 8: appends one leaf per item, in the order of the intent, and stores how requests ended. Resolves after the
   * commit.
   */
  recordOutcome(
    receipt: IntentReceipt,
    outcomes: readonly OutcomeItem[],
    completions?: readonly RequestCompletion[],
  ): Promise<void>;
}
