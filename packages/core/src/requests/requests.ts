/** Commands on signature requests: the contract that dialects render. */

import type { DomainError } from '../domain-error.ts';
import type { KeyId, RequestId, WalletId } from '../ids.ts';
import type { Page, PageQuery } from '../page.ts';
import type { Caller } from '../principal.ts';
import type { KeyReference, ParsedItem } from '../signing-item.ts';
import type { Confirmation, RequestContent, RequestStatus, SignatureRequest } from './signature-request.ts';

export interface NewSignatureRequest {
  readonly key: KeyReference;
  /** Where it is asked for through a wallet, whose key `key` then is. */
  readonly walletId: WalletId | undefined;
  readonly content: RequestContent;
  /** JSON text of the body as the caller sent it; at most 1 MiB. */
  readonly body: string;
  /** 1 to 200 characters, one line. */
  readonly externalId: string | undefined;
}

/** A request in whatever state it is now, or why there is none (nothing is stored then). */
export type RequestResult =
  | { readonly ok: true; readonly request: SignatureRequest }
  | { readonly ok: false; readonly error: DomainError };

export interface RequestQuery extends PageQuery<RequestId> {
  readonly keyId?: KeyId;
  readonly walletId?: WalletId;
  readonly status?: RequestStatus;
}

export interface Requests {
  /**
   * Judges, and where nothing stands against it signs: in order, together as one batch of the signing path. With an
   * `externalId` that the account has seen: the request of then where body and key are the same, otherwise `conflict`
   * with subject `external-id` and the former request's id as `objectId`. Refusals of the caller itself (permission, key state) are errors; a policy
   * that blocks leaves a request with status `rejected`.
   */
  create(caller: Caller, requests: readonly ParsedItem<NewSignatureRequest>[]): Promise<readonly RequestResult[]>;
  /**
   * Needs `read-requests` on the key, or to be its requester, or to be asked for its approval.
   * @throws DomainError `not_found` with subject `request`, also for one that the caller may not see
   */
  get(caller: Caller, id: RequestId): Promise<SignatureRequest>;
  /** Newest first. The caller's own, and those of keys that it holds `read-requests` on. */
  list(caller: Caller, query: RequestQuery): Promise<Page<SignatureRequest>>;
  /** signed -> confirmed. The same report again changes nothing. @throws DomainError `conflict` with subject `request-state` */
  confirm(caller: Caller, id: RequestId, confirmation: Confirmation): Promise<SignatureRequest>;
  /** Withdraws a pending request: its requester, or an administrator. @throws DomainError `conflict` with subject `request-state` */
  cancel(caller: Caller, id: RequestId): Promise<SignatureRequest>;
  /** Resolves with the request when it is final, or as it is after `timeoutMs` (at most 60,000). */
  waitFor(caller: Caller, id: RequestId, timeoutMs: number): Promise<SignatureRequest>;
}

/** What only the service itself calls. */
export interface RequestRunner {
  /** Signs what an approval has released. Resolves when the request is final; never rejects. Safe to call twice. */
  release(id: RequestId): Promise<void>;
  /** After a start: signs everything that was allowed and has no outcome. Resolves with the number of requests. */
  resume(): Promise<number>;
}
