/**
 * Commands on threshold keys. Each command is one party's side of an operation: the same call goes to every party, and
 * they meet in a room at a relay. Signing isn't here: it takes the one path (`sign-batch.ts`) with a ceremony.
 */
import type { KeyId } from '../ids.ts';
import type { Meeting } from '../ports/ceremonies.ts';
import type { ThresholdShare } from '../ports/threshold-store.ts';
import type { Caller } from '../principal.ts';
import type { KeyReference } from '../signing-item.ts';

/** Algorithms that have a threshold protocol. */
export const THRESHOLD_ALGORITHMS = ['bip340', 'ed25519'] as const;
export type ThresholdAlgorithm = (typeof THRESHOLD_ALGORITHMS)[number];

/** Enough for every quorum in use; bounds what an operation costs. */
export const MAX_PARTIES = 20;

export interface KeyGeneration {
  readonly key: KeyReference;
  readonly meeting: Meeting;
  /** n and t: t parties sign; 1 <= t <= n, 2 <= n <= 20. */
  readonly parties: number;
  readonly threshold: number;
  /** The other parties' keygen ids, in any order. */
  readonly othersKeygenIds: readonly string[];
}

export interface GeneratedKey {
  readonly id: KeyId;
  /** In the algorithm's raw form. */
  readonly publicKey: Uint8Array;
  /** 32 bytes; equal on all parties. Callers compare, since a caller that lies about ids can otherwise split them. */
  readonly parametersHash: Uint8Array;
}

/** Which key of a family. */
export interface Derivation {
  /** Non-hardened indices (below 2^31), at most 16 of them. */
  readonly path: readonly number[];
  /** BIP340 only: as in `SigningOptions.merkleRoot`. */
  readonly merkleRoot: Uint8Array | undefined;
}

export interface ThresholdKeys {
  /** A room at this server's relay. @throws DomainError `unavailable` with subject `room` */
  createRoom(caller: Caller, size: number): Promise<string>;
  /** Starts a key: its id, and the keygen id that the other parties must be given. */
  create(
    caller: Caller,
    algorithm: ThresholdAlgorithm,
    name: string | undefined,
  ): Promise<{ readonly id: KeyId; readonly keygenId: string }>;
  /**
   * Blocks until all parties have acknowledged, or the operation failed. Called again for a key whose generation broke
   * off, it finishes it.
   * @throws DomainError `invalid_request` (subject `quorum` for a bad n and t), `not_found`, `conflict` with subject
   *   `key-already-generated`, `ceremony_failed`
   */
  generate(caller: Caller, request: KeyGeneration): Promise<GeneratedKey>;
  /** Generation among servers whose persistent keygen ids an administrator pinned as a cluster. */
  generateInCluster(
    caller: Caller,
    request: {
      readonly algorithm: ThresholdAlgorithm;
      readonly keyName: string;
      readonly clusterName: string;
      readonly meeting: Meeting;
      readonly parties: number;
      readonly threshold: number;
    },
  ): Promise<GeneratedKey>;
  /** In the algorithm's raw form. @throws DomainError `not_found`, `conflict` with subject `key-not-generated` */
  derivePublicKey(
    caller: Caller,
    algorithm: ThresholdAlgorithm,
    key: KeyReference,
    derivation: Derivation,
  ): Promise<Uint8Array>;
  /** New shares of the same key under a new id; the old ones refuse to sign once all parties have the new ones. */
  refresh(caller: Caller, key: KeyReference, meeting: Meeting): Promise<KeyId>;
  /** The keygen id by which other parties name this party of an existing key. */
  exportId(caller: Caller, key: KeyReference): Promise<string>;
  /** From t of n to t' of n', by a party that holds a share. `keygenIds`: all of the new quorum but this party. */
  reshareExisting(
    caller: Caller,
    request: {
      readonly key: KeyReference;
      readonly meeting: Meeting;
      readonly keygenIds: readonly string[];
      readonly newThreshold: number;
    },
  ): Promise<KeyId>;
  /** The same, by a party that joins with a key made by `create`. */
  reshareNew(
    caller: Caller,
    request: {
      readonly key: KeyReference;
      readonly meeting: Meeting;
      readonly keygenIds: readonly string[];
      readonly oldThreshold: number;
      readonly newThreshold: number;
    },
  ): Promise<GeneratedKey>;
  /**
   * Deals shares of a whole private key to the holders of these keygen ids. The key is marked as once whole. A dealer
   * that keeps no share is known to the receivers by its persistent keygen id.
   */
  importDeal(
    caller: Caller,
    request: {
      /** Made by `create`, for a dealer that keeps a share. */
      readonly key: KeyReference | undefined;
      readonly algorithm: ThresholdAlgorithm;
      /** 32 bytes: the scalar (BIP340, big-endian) or the RFC 8032 seed (Ed25519). Wiped by the callee. */
      readonly privateKey: Uint8Array;
      readonly keygenIds: readonly string[];
      readonly threshold: number;
      readonly meeting: Meeting;
    },
  ): Promise<GeneratedKey | undefined>;
  /** Receives a share of an imported key into a key made by `create`. */
  importReceive(
    caller: Caller,
    request: {
      readonly key: KeyReference;
      readonly othersKeygenIds: readonly string[];
      readonly threshold: number;
      readonly meeting: Meeting;
    },
  ): Promise<GeneratedKey>;
  /**
   * Leaves threshold signing: the party named by `exportTo` learns the private key (the scalar, for Ed25519 too); the
   * others get undefined. @throws DomainError `forbidden` unless the server allows it
   */
  exportFull(
    caller: Caller,
    request: { readonly key: KeyReference; readonly exportTo: string; readonly meeting: Meeting },
  ): Promise<Uint8Array | undefined>;
  /** One share as a portable blob. @throws DomainError `forbidden` with subject `share-backup` while the mode is off */
  exportShare(caller: Caller, key: KeyReference): Promise<{ readonly encrypted: boolean; readonly share: Uint8Array }>;
  importShare(
    caller: Caller,
    algorithm: ThresholdAlgorithm,
    backup: { readonly encrypted: boolean; readonly share: Uint8Array },
  ): Promise<KeyId>;

  /** Who this server is to others: its persistent keygen id. Public. */
  persistentKeygenId(): Promise<string>;
  /** SubjectPublicKeyInfo (PEM, P-256) of the key that signs questions to rule servers. Public. */
  identityPublicKey(): Promise<string>;
  /** Administrator: names a set of servers by their persistent keygen ids (this one's among them or added). */
  defineCluster(caller: Caller, name: string, keygenIds: readonly string[]): Promise<void>;

  /** Whatever its status. @throws DomainError `not_found` for unknown and for invisible keys alike */
  find(caller: Caller, key: KeyReference): Promise<ThresholdShare>;
  /** The caller's own shares, in order of id. */
  list(
    caller: Caller,
    page: { readonly after: KeyId | undefined; readonly limit: number },
  ): Promise<readonly ThresholdShare[]>;
  /** Administrator: every share of the account, in order of id. */
  listAll(
    caller: Caller,
    page: { readonly after: KeyId | undefined; readonly limit: number },
  ): Promise<readonly ThresholdShare[]>;
  /** Destroys this party's share. @throws DomainError `not_found` */
  remove(caller: Caller, key: KeyReference): Promise<void>;
}
