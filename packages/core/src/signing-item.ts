import type { Payload, SigningOptions } from '@countersign/algorithms/algorithm';
import type { DomainErrorCode } from './domain-error.ts';
import type { ApprovalId, KeyId, RequestId } from './ids.ts';
import type { KeyRecord } from './key-record.ts';
import type { ContentPart } from './requests/decode-content.ts';

/** How a caller names a key. `record` is for keys that aren't stored: opened by the dialect's command beforehand. */
export type KeyReference =
  | { readonly by: 'id'; readonly id: KeyId }
  | { readonly by: 'name'; readonly name: string }
  | { readonly by: 'record'; readonly record: KeyRecord };

/**
 * Where an item of a threshold key is signed together with the other parties. `rooms` are those of all items of the
 * request in its order, this item's own among them, so that all parties meet in the same carrier room even where one
 * of them refuses an item: either all the same room, or all different.
 */
export interface Ceremony {
  readonly room: string;
  readonly rooms: readonly string[];
  /** This item's place in `rooms`. */
  readonly position: number;
  /** `host:port`; undefined: this server's own relay. */
  readonly relay: string | undefined;
}

/** One thing to sign with one key. */
export interface SigningItem {
  readonly key: KeyReference;
  /** As the caller gave it, or one part of something that was decoded before. */
  readonly payload: Payload | ContentPart;
  readonly options: SigningOptions;
  /** Threshold keys only, and there required. */
  readonly ceremony?: Ceremony;
  /** For rule servers, as the caller gave it: at most 16 KiB. */
  readonly context?: Uint8Array;
}

/**
 * What became of an item. Expected outcomes are values; `failed` says whether the same item may be sent again.
 * `signature` is in the algorithm's own form: DER for ECDSA, otherwise the bytes of its standard.
 */
export type SigningResult =
  | { readonly outcome: 'signed'; readonly key: KeyRecord; readonly signature: Uint8Array }
  | { readonly outcome: 'pending'; readonly approvalId: ApprovalId; readonly requestId: RequestId }
  | { readonly outcome: 'denied'; readonly code: DomainErrorCode; readonly reason: string }
  | { readonly outcome: 'failed'; readonly code: DomainErrorCode; readonly reason: string };

/** An item of the request as the dialect parsed it: one that didn't parse keeps its place in the batch. */
export type ParsedItem<T> =
  | { readonly ok: true; readonly item: T }
  | { readonly ok: false; readonly code: DomainErrorCode; readonly reason: string };

export interface VerificationItem extends SigningItem {
  readonly signature: Uint8Array;
}

export type VerificationResult =
  | { readonly outcome: 'checked'; readonly key: KeyRecord; readonly valid: boolean }
  | { readonly outcome: 'denied'; readonly code: DomainErrorCode; readonly reason: string }
  | { readonly outcome: 'failed'; readonly code: DomainErrorCode; readonly reason: string };
