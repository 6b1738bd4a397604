import { DomainError } from '../src/domain-error.ts';
import type { AccountId, KeyId } from '../src/ids.ts';
import type { KeyRecord } from '../src/key-record.ts';
import type { AlongsideShare, ThresholdShare, ThresholdStore } from '../src/ports/threshold-store.ts';

export interface InMemoryThresholdStore extends ThresholdStore {
  readonly shares: Map<KeyId, ThresholdShare>;
  readonly keys: Map<KeyId, KeyRecord>;
}

/** Shares in a map: what a store promises of one share, its key and its successor, and nothing else. */
export function inMemoryThresholdStore(): InMemoryThresholdStore {
  const shares = new Map<KeyId, ThresholdShare>();
  const keys = new Map<KeyId, KeyRecord>();
  const ofAccount = (accountId: AccountId, id: KeyId): ThresholdShare | undefined => {
    const share = shares.get(id);
    return share?.accountId === accountId ? share : undefined;
  };

  function retire(id: KeyId, moveName: boolean): string | undefined {
    const old = shares.get(id);
    if (old === undefined) throw new DomainError('not_found', 'no such threshold key');
    const name = moveName ? undefined : old.name;
    shares.set(id, { ...old, name, status: 'superseded', sealed: new Uint8Array(0), version: old.version + 1 });
    const key = keys.get(id);
    if (key !== undefined) keys.set(id, { ...key, name, state: 'deactivated' });
    return old.name;
  }

  return {
    shares,
    keys,
    async insert(share) {
      if ([...shares.values()].some(({ name }) => name !== undefined && name === share.name))
        throw new DomainError('conflict', 'a key with this name exists already', { subject: 'unique-name' });
      shares.set(share.id, share);
    },
    find: async (accountId, id) => ofAccount(accountId, id),
    findByName: async (accountId, name) =>
      [...shares.values()].find((share) => share.accountId === accountId && share.name === name),
    list: async ({ accountId, groupId, after, limit }) =>
      [...shares.values()]
        .filter((share) => share.accountId === accountId && (groupId === undefined || share.groupId === groupId))
        .filter(({ id }) => after === undefined || id > after)
        .sort((a, b) => (a.id < b.id ? -1 : 1))
        .slice(0, limit),
    async replace(share, { insertKey, retire: retired = [], moveName }: AlongsideShare = {}) {
      const before = ofAccount(share.accountId, share.id);
      if (before?.version !== share.version - 1) return false;
      const names = retired.map((id) => retire(id, moveName === true));
      const name = moveName === true ? (names[0] ?? share.name) : share.name;
      shares.set(share.id, { ...share, name });
      if (insertKey !== undefined) keys.set(share.id, { ...insertKey, name });
      return true;
    },
    async remove(accountId, id) {
      if (ofAccount(accountId, id) === undefined) return false;
      keys.delete(id);
      return shares.delete(id);
    },
    reserveNonces: () => Promise.reject(new Error('nothing signs here')),
    identity: async () => undefined,
    installIdentity: async (identity) => identity,
  };
}
