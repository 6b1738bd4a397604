/** Stored keys in a list: a real, small store for tests of commands. */
import { DomainError } from '../src/domain-error.ts';
import type { KeyRecord } from '../src/key-record.ts';
import type { KeyStore } from '../src/ports/directory.ts';

export function inMemoryKeys(): KeyStore & { readonly records: KeyRecord[] } {
  const records: KeyRecord[] = [];

  function refuseTaken(key: KeyRecord): void {
    for (const other of records) {
      if (other.id === key.id || other.accountId !== key.accountId) continue;
      if (key.name !== undefined && other.name === key.name)
        throw new DomainError('conflict', 'the name is taken', { subject: 'unique-name' });
      if (key.derivedFrom !== undefined && pathText(other) === pathText(key))
        throw new DomainError('conflict', 'duplicate derivation path', { subject: 'derivation-path' });
    }
  }

  return {
    records,
    resolve: async (accountId, references) =>
      references.map((reference) =>
        records.find(
          (key) =>
            key.accountId === accountId &&
            (reference.by === 'id' ? key.id === reference.id : reference.by === 'name' && key.name === reference.name),
        ),
      ),
    async insert(key) {
      refuseTaken(key);
      records.push(key);
    },
    async change(accountId, id, version, change) {
      const at = records.findIndex((key) => key.id === id && key.accountId === accountId && key.version === version);
      const before = records[at];
      if (before === undefined) return undefined;
      const { name, ...others } = change;
      const changed: KeyRecord = {
        ...before,
        ...others,
        ...(name === undefined ? {} : { name: name ?? undefined }),
        version: version + 1,
      };
      refuseTaken(changed);
      records[at] = changed;
      return changed;
    },
    async highestChildIndex(accountId, parent) {
      const indices = records.flatMap(({ accountId: account, derivedFrom }) =>
        account === accountId && derivedFrom?.keyId === parent && derivedFrom.path.length === 1 ? derivedFrom.path : [],
      );
      return indices.length === 0 ? undefined : Math.max(...indices);
    },
    async remove(accountId, id) {
      const at = records.findIndex((key) => key.id === id && key.accountId === accountId);
      return at >= 0 && records.splice(at, 1).length === 1;
    },
    async list({ accountId, among, viewer, after, limit }) {
      return records
        .filter((key) => key.accountId === accountId && (after === undefined || key.id > after))
        .filter((key) =>
          viewer !== undefined && key.delegatedTo !== undefined
            ? key.delegatedTo === viewer
            : among === 'all' || among.groups.includes(key.groupId) || among.keys.includes(key.id),
        )
        .sort((a, b) => (a.id < b.id ? -1 : 1))
        .slice(0, limit);
    },
    touch: () => undefined,
  };
}

function pathText({ derivedFrom }: KeyRecord): string | undefined {
  return derivedFrom === undefined ? undefined : `${derivedFrom.keyId}/${derivedFrom.path.join('/')}`;
}
