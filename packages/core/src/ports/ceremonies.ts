/**
 * Threshold operations as the core needs them: this server's side of one meeting. The adapter (`server/custody`) joins
 * the room, carries frames between the relay and a sealed process, and sees to what has to be durable on the way.
 */
import type { AccountId, KeyId } from '../ids.ts';
import type { ThresholdAlgorithm } from '../threshold/threshold-keys.ts';
import type { ThresholdFacts, ThresholdShare } from './threshold-store.ts';

/** Where the parties of one operation meet. */
export interface Meeting {
  readonly room: string;
  /** `host:port` of the relay; undefined: this server's own. */
  readonly relay: string | undefined;
}

/** Which row the secrets of an operation are sealed for. */
export interface ShareSlot {
  readonly id: KeyId;
  readonly accountId: AccountId;
  readonly algorithm: ThresholdAlgorithm;
}

/** One party's part in an operation. All shares are as they are stored; the sealed process believes only what is sealed. */
export type Operation =
  | {
      readonly kind: 'generate';
      readonly share: ThresholdShare;
      readonly parties: number;
      readonly threshold: number;
      /** In any order, without this party's own. */
      readonly othersKeygenIds: readonly string[];
    }
  | { readonly kind: 'refresh'; readonly share: ThresholdShare; readonly into: ThresholdShare }
  | {
      readonly kind: 'reshare';
      /** Undefined for a party that joins. */
      readonly share: ThresholdShare | undefined;
      /** The row for the new share, with secrets of its own where the party joins. */
      readonly into: ThresholdShare;
      readonly keygenIds: readonly string[];
      readonly oldThreshold: number | undefined;
      readonly newThreshold: number;
    }
  | {
      readonly kind: 'import-deal';
      /** The row for a share of this party's own; undefined for a dealer that keeps none. */
      readonly into: ThresholdShare | undefined;
      readonly algorithm: ThresholdAlgorithm;
      readonly privateKey: Uint8Array;
      readonly keygenIds: readonly string[];
      readonly threshold: number;
    }
  | {
      readonly kind: 'import-receive';
      readonly share: ThresholdShare;
      readonly othersKeygenIds: readonly string[];
      readonly threshold: number;
    }
  | { readonly kind: 'export'; readonly share: ThresholdShare; readonly exportTo: string };

export type OperationResult =
  /** A share that all parties have acknowledged. `publicKey`: the group key in the algorithm's raw form. */
  | {
      readonly kind: 'share';
      readonly sealed: Uint8Array;
      readonly facts: ThresholdFacts;
      readonly publicKey: Uint8Array;
    }
  | { readonly kind: 'private-key'; readonly privateKey: Uint8Array }
  | { readonly kind: 'nothing' };

export interface Ceremonies {
  /** @throws DomainError `unavailable` with subject `room` */
  createRoom(size: number): Promise<string>;
  /** Secrets for one new key of this party, sealed for its row. */
  createKey(slot: ShareSlot): Promise<{ readonly sealed: Uint8Array; readonly keygenId: string }>;
  /**
   * Meets the other parties and goes through with the operation. `keep` stores, sealed for the row that the new share is
   * for, what finishes the operation after a crash; nothing that depends on it leaves before it resolves.
   * @throws DomainError `ceremony_failed`, `invalid_request`, `conflict`, `unavailable`
   */
  run(operation: Operation, meeting: Meeting, keep: (sealed: Uint8Array) => Promise<void>): Promise<OperationResult>;
  /** A child's public key, in the algorithm's raw form. Needs no secret and no other party. */
  derivePublicKey(
    share: ThresholdShare,
    path: readonly number[],
    merkleRoot: Uint8Array | undefined,
  ): Promise<Uint8Array>;
  /** A share as a blob for another server or a safe, plain or under the backup key. @throws DomainError */
  exportShare(share: ThresholdShare): Promise<{ readonly encrypted: boolean; readonly share: Uint8Array }>;
  importShare(
    slot: ShareSlot,
    backup: { readonly encrypted: boolean; readonly share: Uint8Array },
  ): Promise<{
    readonly sealed: Uint8Array;
    readonly facts: ThresholdFacts;
    readonly keygenId: string;
    readonly publicKey: Uint8Array;
  }>;
  /** This server's identity towards other parties and rule servers. Made on first use. */
  identity(): Promise<{
    readonly persistentKeygenId: string;
    /** SubjectPublicKeyInfo, PEM. */
    readonly questionKeyPem: string;
    /** Lower-case hex of the SHA-256 of the SubjectPublicKeyInfo's DER. */
    readonly fingerprint: string;
  }>;
}
