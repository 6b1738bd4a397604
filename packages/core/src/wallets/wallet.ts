import type { AccountId, KeyId, PrincipalId, WalletId } from '../ids.ts';

/** A key seen through a chain: an address with tags, by which policies and older clients name it. */
export interface Wallet {
  readonly id: WalletId;
  readonly accountId: AccountId;
  readonly keyId: KeyId;
  /** Name of a network as the dialect spells it, such as `EthereumSepolia`. */
  readonly network: string;
  /** Name in the registry of chains; undefined for a network without one (a bare key). */
  readonly chain: string | undefined;
  readonly address: string | undefined;
  /** 1 to 255 characters, one line. */
  readonly name: string | undefined;
  /** At most 50, each 1 to 100 characters. */
  readonly tags: readonly string[];
  /** Unique in the account. */
  readonly externalId: string | undefined;
  readonly createdBy: PrincipalId;
  readonly createdAtMs: number;
  readonly archivedAtMs: number | undefined;
}
