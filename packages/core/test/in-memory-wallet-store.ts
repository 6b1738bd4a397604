/** Wallets in a map: a real, small store for tests of commands. */
import { DomainError } from '../src/domain-error.ts';
import type { KeyId } from '../src/ids.ts';
import type { KeyRecord } from '../src/key-record.ts';
import type { WalletStore } from '../src/ports/wallet-store.ts';
import type { Wallet } from '../src/wallets/wallet.ts';

/** `keyOf`: for lists by group. */
export function inMemoryWalletStore(keyOf: (id: KeyId) => KeyRecord | undefined): WalletStore {
  const wallets = new Map<string, Wallet>();
  const sorted = (): readonly Wallet[] => [...wallets.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  return {
    async insert(wallet) {
      const { accountId, externalId } = wallet;
      for (const other of wallets.values())
        if (externalId !== undefined && other.accountId === accountId && other.externalId === externalId)
          throw new DomainError('conflict', 'taken', { subject: 'external-id' });
      wallets.set(wallet.id, wallet);
    },
    async find(accountId, id) {
      const wallet = wallets.get(id);
      return wallet?.accountId === accountId ? wallet : undefined;
    },
    byExternalId: async (accountId, externalId) =>
      sorted().find((wallet) => wallet.accountId === accountId && wallet.externalId === externalId),
    async list({ accountId, among, viewer, after, limit }) {
      const rest = sorted().filter((wallet) => {
        const { groupId, delegatedTo } = keyOf(wallet.keyId) ?? {};
        if (viewer !== undefined && delegatedTo !== undefined && delegatedTo !== viewer) return false;
        const isAmong =
          among === 'all' ||
          (viewer !== undefined && delegatedTo === viewer) ||
          among.keys.includes(wallet.keyId) ||
          (groupId !== undefined && among.groups.includes(groupId));
        return wallet.accountId === accountId && isAmong && (after === undefined || wallet.id > after);
      });
      return { items: rest.slice(0, limit), more: rest.length > limit };
    },
    ofKeys: ({ id }, keys) =>
      keys.map((keyId) => sorted().filter((wallet) => wallet.accountId === id && wallet.keyId === keyId)),
  };
}
