import type { Account } from '../account.ts';
import type { AccountId, GroupId, KeyId, PrincipalId, WalletId } from '../ids.ts';
import type { Page, PageQuery } from '../page.ts';
import type { Wallet } from '../wallets/wallet.ts';

/** Every write is durable, in the log, and bumps the account's revision (policies filter by wallets), when its promise resolves. */
export interface WalletStore {
  /** @throws DomainError `conflict` with subject `external-id` */
  insert(wallet: Wallet, by: PrincipalId): Promise<void>;
  find(accountId: AccountId, id: WalletId): Promise<Wallet | undefined>;
  byExternalId(accountId: AccountId, externalId: string): Promise<Wallet | undefined>;
  list(
    query: PageQuery<WalletId> & {
      readonly accountId: AccountId;
      readonly among: 'all' | { readonly groups: readonly GroupId[]; readonly keys: readonly KeyId[] };
      /** As `KeyQuery.viewer`: of the keys that are delegated, those of this principal alone. */
      readonly viewer?: PrincipalId | undefined;
    },
  ): Promise<Page<Wallet>>;
  /** For the signing path and for keys: those of each key, in order; cached by the account's revision. */
  ofKeys(
    account: Pick<Account, 'id' | 'revision'>,
    keys: readonly KeyId[],
  ): readonly (readonly Wallet[])[] | Promise<readonly (readonly Wallet[])[]>;
}
