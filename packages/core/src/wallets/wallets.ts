/** Commands on wallets: the contract that dialects render. */
import type { KeyId, WalletId } from '../ids.ts';
import type { KeyRecord } from '../key-record.ts';
import type { NewKey } from '../keys.ts';
import type { Page, PageQuery } from '../page.ts';
import type { Caller } from '../principal.ts';
import type { Wallet } from './wallet.ts';

export interface WalletWithKey {
  readonly wallet: Wallet;
  readonly key: KeyRecord;
}

export interface Wallets {
  /**
   * On a key that exists (needs `reuse-key` on it) or on a new one (needs `create-key`), and `create-wallet` always. The
   * same `externalId` again gives the same wallet, with other members `conflict` with subject `external-id`.
   */
  create(
    caller: Caller,
    wallet: Pick<Wallet, 'network' | 'chain' | 'name' | 'tags' | 'externalId'>,
    key: { readonly existing: KeyId } | { readonly create: NewKey },
  ): Promise<WalletWithKey>;
  /** @throws DomainError `not_found` with subject `wallet` */
  get(caller: Caller, id: WalletId): Promise<WalletWithKey>;
  /** In order of id. Those whose key the caller sees. */
  list(caller: Caller, query: PageQuery<WalletId>): Promise<Page<WalletWithKey>>;
  /** Of one key that the caller sees. */
  ofKey(caller: Caller, keyId: KeyId): Promise<readonly Wallet[]>;
}
