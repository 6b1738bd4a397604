/** A stored signing item: what was asked, what policy made of it, and the signatures in the end. */
import type { Payload, SigningOptions } from '@countersign/algorithms/algorithm';
import type { ChainPayload } from '@countersign/chains/chain';
import type { View } from '@countersign/chains/view';
import type { PolicyEvaluation } from '../governance/approval.ts';
import type { AccountId, ApprovalId, KeyId, PrincipalId, RequestId, TokenId, WalletId } from '../ids.ts';

/**
 * `pending`: waits for people. `executing`: allowed, being signed. `signed`, `failed` and `rejected` are final, except
 * that a signed one becomes `confirmed` when somebody reports that it was seen on its chain.
 */
export const REQUEST_STATUSES = ['pending', 'executing', 'signed', 'confirmed', 'failed', 'rejected'] as const;
export type RequestStatus = (typeof REQUEST_STATUSES)[number];

/** What is to be signed, complete: enough to decode and sign it again after a restart. */
export type RequestContent =
  | { readonly kind: 'plain'; readonly payload: Payload; readonly options: SigningOptions }
  | { readonly kind: 'chain'; readonly payload: ChainPayload; readonly options: SigningOptions };

export interface RequestSignature {
  /**
   * ECDSA: `r || s`, each as long as the group order, low S on secp256k1; otherwise the bytes of the algorithm's
   * standard.
   */
  readonly bytes: Uint8Array;
  /** ECDSA on secp256k1 and stark: 0 to 3. */
  readonly recoveryId: number | undefined;
  /** The form of the chain, where the request's content has one. */
  readonly encoded: Uint8Array | undefined;
}

/** What an indexer or a person reports of a signed transaction. */
export interface Confirmation {
  /** 1 to 128 characters each, one line. */
  readonly transactionHash: string;
  readonly network: string | undefined;
  readonly fee: string | undefined;
}

export interface SignatureRequest {
  readonly id: RequestId;
  readonly accountId: AccountId;
  readonly keyId: KeyId;
  /** Where it was asked for through a wallet. */
  readonly walletId: WalletId | undefined;
  readonly requesterId: PrincipalId;
  readonly tokenId: TokenId | undefined;
  readonly dialect: string;
  /** Unique in the account; bound for ever to this request. */
  readonly externalId: string | undefined;
  /** JSON text of the body as the caller sent it, to be echoed. */
  readonly body: string;
  readonly content: RequestContent;
  /** 32 bytes: see `request-digest.ts`. What an approval commits to. */
  readonly digest: Uint8Array;
  readonly view: View;
  readonly status: RequestStatus;
  /** Why it was rejected or failed; for the caller. */
  readonly reason: string | undefined;
  readonly approvalId: ApprovalId | undefined;
  readonly evaluations: readonly PolicyEvaluation[];
  readonly signatures: readonly RequestSignature[];
  readonly signedData: Uint8Array | undefined;
  readonly details: Readonly<Record<string, string | number>> | undefined;
  readonly confirmation: Confirmation | undefined;
  readonly createdAtMs: number;
  readonly policyResolvedAtMs: number | undefined;
  readonly signedAtMs: number | undefined;
  readonly confirmedAtMs: number | undefined;
  /** Grows by one with every change. */
  readonly version: number;
}
