import type { LogEvent } from '@countersign/core/log/event-entry';
import type { ClusterStore } from '@countersign/core/ports/cluster-store';
import type { Directory, KeyStore } from '@countersign/core/ports/directory';
import type { GovernanceStore } from '@countersign/core/ports/governance-store';
import type { IdentityStore } from '@countersign/core/ports/identity-store';
import type { LogReader } from '@countersign/core/ports/log-reader';
import type { PolicyStore } from '@countersign/core/ports/policy-store';
import type { RequestStore } from '@countersign/core/ports/request-store';
import type { SigningJournal } from '@countersign/core/ports/signing-journal';
import type { ThresholdStore } from '@countersign/core/ports/threshold-store';
import type { WalletStore } from '@countersign/core/ports/wallet-store';
import type { WebhookStore } from '@countersign/core/ports/webhook-store';

/** The tree behind the journal, for proofs and for events that aren't signatures. */
export interface LogStore extends LogReader {
  /** Appends one leaf; resolves with its index, after the commit. */
  appendEvent(event: LogEvent): Promise<number>;
}

/** What a storage backend is. `store-contract.ts` says how it behaves; every backend passes it. */
export interface Store {
  readonly keys: KeyStore;
  readonly directory: Directory;
  readonly threshold: ThresholdStore;
  readonly policies: PolicyStore;
  readonly clusters: ClusterStore;
  readonly requests: RequestStore;
  readonly governance: GovernanceStore;
  readonly identities: IdentityStore;
  readonly wallets: WalletStore;
  readonly webhooks: WebhookStore;
  readonly journal: SigningJournal;
  readonly log: LogStore;
  /**
   * For the start, before the first request: gives every intent that a former run left without an outcome the outcome
   * `unknown` (a signature may exist). Resolves with their number. Intents of this run aren't touched.
   */
  closeOpenIntents(): Promise<number>;
  /** Writes, durably, at most once a second. @throws DomainError `unavailable` when the store can't */
  health(): Promise<void>;
  /** Finishes what was accepted, then closes. Later calls are refused with `unavailable`. */
  close(): Promise<void>;
}
