/**
 * What a server keeps of threshold keys: its shares, the public nonces that it has used, and its own identity. Secrets
 * come and go sealed; only the sealed processes open them.
 */
import type { AccountId, GroupId, KeyId, PrincipalId } from '../ids.ts';
import type { KeyRecord } from '../key-record.ts';

/**
 * `created`: made, key generation isn't through. `uncertain`: this party doesn't know whether all others finished.
 * `complete`: certified by all; may sign. `superseded`: another share took its place; never signs again.
 */
export type ThresholdStatus = 'created' | 'uncertain' | 'complete' | 'superseded';

export interface ThresholdParty {
  /** Ed25519 identity key, 32 bytes. */
  readonly identity: Uint8Array;
  /** X25519 channel key, 32 bytes. */
  readonly channelKey: Uint8Array;
  /** ChillDKG host key (33 bytes) or X25519 key for subshares (32 bytes). */
  readonly perKeyPublic: Uint8Array;
  /** Its place in the key generation; the polynomial's argument follows from it. */
  readonly index: number;
  readonly publicShare: Uint8Array;
}

/** What is public about a threshold key once it was generated, as this party certified it. */
export interface ThresholdFacts {
  readonly threshold: number;
  readonly parties: readonly ThresholdParty[];
  /** This party's own. */
  readonly index: number;
  /** 33 (SEC1 compressed) or 32 bytes (RFC 8032). */
  readonly groupKey: Uint8Array;
  /** 32 bytes. */
  readonly chainCode: Uint8Array;
  /** Grows by one with every refresh and reshare. */
  readonly epoch: number;
  /** `imported`: the key was whole once. */
  readonly origin: 'generated' | 'imported';
  /** Protocol and revision that the share was made by. */
  readonly specification: string;
  /** 32 bytes. */
  readonly parametersHash: Uint8Array;
  /** ChillDKG's recovery data, or the certificate; at most 64 KiB. */
  readonly publicEvidence: Uint8Array;
}

/** This server's part of one threshold key. The key's row among the keys, where there is one, has the same id. */
export interface ThresholdShare {
  readonly id: KeyId;
  readonly accountId: AccountId;
  readonly groupId: GroupId;
  readonly createdBy: PrincipalId;
  /** Unique among the account's shares and keys. */
  readonly name: string | undefined;
  readonly algorithm: string;
  readonly status: ThresholdStatus;
  readonly keygenId: string;
  /** Opaque here; at most 256 KiB. */
  readonly sealed: Uint8Array;
  /** Undefined before key generation. */
  readonly facts: ThresholdFacts | undefined;
  /** The share that a refresh or reshare makes in place of this one, from the moment that it may exist. */
  readonly successor: KeyId | undefined;
  readonly createdAtMs: number;
  /** Grows by one with every change. */
  readonly version: number;
}

/** What changes in the same transaction as a share. What is named must be there, or nothing changes at all. */
export interface AlongsideShare {
  /** The row of this share's key; it has the share's id, and its name or none. */
  readonly insertKey?: KeyRecord | undefined;
  /** Deleted, its key's row too. */
  readonly removeShare?: KeyId | undefined;
  /**
   * These shares become `superseded`, what they had sealed is erased, and the rows of their keys become `deactivated`;
   * the account's revision grows.
   */
  readonly retire?: readonly KeyId[] | undefined;
  /**
   * The name of the retired share, where it has one, becomes the name of this share and of its key's row. The names
   * given in `share` and `insertKey` are then undefined or this one.
   */
  readonly moveName?: true | undefined;
}

/** The server's own identity, for all its threshold keys. */
export interface ThresholdIdentity {
  readonly sealed: Uint8Array;
  readonly publicBundle: Uint8Array;
}

export interface ThresholdShareQuery {
  readonly accountId: AccountId;
  readonly groupId?: GroupId | undefined;
  /** Exclusive. */
  readonly after?: KeyId | undefined;
  readonly limit: number;
}

/** Every write is durable when its promise resolves; concurrent ones share a commit. */
export interface ThresholdStore {
  /** @throws DomainError `conflict` when the name is taken among the account's shares or keys, `not_found` without the group */
  insert(share: ThresholdShare): Promise<void>;
  find(accountId: AccountId, id: KeyId): Promise<ThresholdShare | undefined>;
  findByName(accountId: AccountId, name: string): Promise<ThresholdShare | undefined>;
  /**
   * In order of id, ascending. A page is bounded in bytes too, so that it may be shorter than `limit` though more
   * follow; an empty one is the end.
   */
  list(query: ThresholdShareQuery): Promise<readonly ThresholdShare[]>;
  /**
   * Stores the share with its next version; false where the stored one isn't the version before (or is gone), and
   * then nothing changes. Everything in one transaction. Only `retire` makes a share `superseded`, for good.
   * @throws DomainError `conflict` for a taken name or a share that is retired already, `not_found` for one that is to
   * be retired or removed and isn't there
   */
  replace(share: ThresholdShare, alongside?: AlongsideShare): Promise<boolean>;
  /** Deletes the share and the row of its key. Bumps the account's revision. false: no such share. */
  remove(accountId: AccountId, id: KeyId, by: PrincipalId): Promise<boolean>;
  /**
   * Notes hashes of public nonces (32 bytes each, at most 16,384) that a batch is about to use: all or none, for ever.
   * false when any of them was there, or is named twice.
   */
  reserveNonces(batchId: number, hashes: readonly Uint8Array[]): Promise<boolean>;
  identity(): Promise<ThresholdIdentity | undefined>;
  /** The identity that is stored: the given one, unless another was first. */
  installIdentity(identity: ThresholdIdentity): Promise<ThresholdIdentity>;
}
