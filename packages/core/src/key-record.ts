import type { KeyParameters } from '@countersign/algorithms/algorithm';
import type { AccountId, GroupId, KeyId, PrincipalId } from './ids.ts';

/** What a key may do for its callers. Sealed into the wrapped key as well, where the signer enforces it. */
export const KEY_OPERATIONS = ['sign', 'verify', 'export', 'derive', 'derive-child'] as const;
export type KeyOperation = (typeof KEY_OPERATIONS)[number];

export const KEY_STATES = ['pre-active', 'active', 'deactivated', 'compromised', 'destroyed'] as const;
export type KeyState = (typeof KEY_STATES)[number];

/** Where the private material is. A registry in `server/custody` runs each; the core never branches on it. */
export type CustodyName = string;

/** The life of a key: in the database, in one session only, or in one request only. */
export type KeyPersistence = 'stored' | 'transient' | 'inline';

/**
 * Private material as a custody keeps it: opaque to everything outside the sealed processes. For the vault it is
 * the wrapped key (AES-256-GCM under a key derived for this wrap alone).
 */
export type SealedKey = Uint8Array;

export interface KeyRecord {
  readonly id: KeyId;
  readonly accountId: AccountId;
  readonly groupId: GroupId;
  /** 1 to 4096 characters, unique in the account; undefined for transient and inline keys, and for nameless threshold keys. */
  readonly name: string | undefined;
  readonly description: string;
  /** Name in the registry of algorithms. */
  readonly algorithm: string;
  readonly parameters: KeyParameters;
  readonly custody: CustodyName;
  readonly persistence: KeyPersistence;
  /** Raw form of the algorithm. For display and for verifying; a signer derives its own from the sealed key. */
  readonly publicKey: Uint8Array;
  /** Undefined for a key that is public only. */
  readonly sealed: SealedKey | undefined;
  readonly operations: readonly KeyOperation[];
  /** Operations as the caller's dialect spelled them, to be read back unchanged; the core gives them no meaning. */
  readonly dialectAttributes: Readonly<Record<string, unknown>>;
  readonly state: KeyState;
  readonly enabled: boolean;
  readonly exportable: boolean;
  /** true: only deterministic signatures; false: only randomised ones; undefined: the caller chooses. */
  readonly deterministicSignatures: boolean | undefined;
  /** false: only messages may be signed, since a digest hides what is signed. */
  readonly allowSignDigest: boolean;
  /** Check every signature before it leaves; costs more than signing. */
  readonly verifyAfterSign: boolean;
  /** Non-hardened child of another key of the account. Its private half is sealed on its own, and never exportable. */
  readonly derivedFrom?: { readonly keyId: KeyId; readonly path: readonly number[] } | undefined;
  /** Its private half once was outside. */
  readonly imported?: boolean;
  readonly exportedAtMs?: number | undefined;
  /** The person that alone may use it from now on; policy holds for it all the same. */
  readonly delegatedTo?: PrincipalId | undefined;
  readonly createdBy: PrincipalId;
  readonly createdAtMs: number;
  readonly activatedAtMs: number | undefined;
  readonly lastUsedAtMs: number | undefined;
  /** Grows by one with every change; a permit is minted only for the version that policy saw. */
  readonly version: number;
}
