/** Commands on threshold keys over their ports. What each does is said in `threshold-keys.ts`. */
import { DomainError } from '../domain-error.ts';
import type { GovernsKey } from '../governance/governs-key.ts';
import { type KeyId, newId } from '../ids.ts';
import type { LogEvent } from '../log/event-entry.ts';
import type { Ceremonies, Meeting, Operation, OperationResult } from '../ports/ceremonies.ts';
import type { ClusterStore } from '../ports/cluster-store.ts';
import type { PolicyStore } from '../ports/policy-store.ts';
import type { ThresholdShare, ThresholdStore } from '../ports/threshold-store.ts';
import { type Caller, canSee, type Permission } from '../principal.ts';
import type { KeyReference } from '../signing-item.ts';
import { createPolicyGuard } from './policy-guard.ts';
import {
  alreadyGenerated,
  checkQuorum,
  generated,
  isGenerated,
  notGenerated,
  refuseToKeep,
  requireAdministrator,
  requirePermission,
} from './threshold-guards.ts';
import { keyRecordOf } from './threshold-key-record.ts';
import { type GeneratedKey, MAX_PARTIES, type ThresholdAlgorithm, type ThresholdKeys } from './threshold-keys.ts';

export interface ThresholdKeyDependencies {
  readonly shares: ThresholdStore;
  readonly ceremonies: Ceremonies;
  readonly clusters: ClusterStore;
  readonly policies: Pick<PolicyStore, 'effective'>;
  /** Undefined only where there can't be any governing policy. */
  readonly governsKey?: GovernsKey | undefined;
  readonly now: () => number;
  /** Server option, off by default: a party may learn the whole private key. */
  readonly allowFullExport: boolean;
  /** Appends to the log; resolves when it is durable. */
  readonly record: (event: LogEvent) => Promise<unknown>;
  /** A fault of an operation that nobody waits for. */
  readonly onBackgroundFault: (error: unknown) => void;
}

const MAX_NAME_CHARACTERS = 4096;

export function createThresholdKeys(dependencies: ThresholdKeyDependencies): ThresholdKeys {
  const { shares, ceremonies, now } = dependencies;
  const { refuseToLeave, refuseSecondShare } = createPolicyGuard(
    shares,
    dependencies.policies,
    dependencies.governsKey,
  );
  /** Shares with an operation under way in this process: two at once would each overwrite what the other keeps. */
  const busy = new Set<KeyId>();

  async function find(caller: Caller, key: KeyReference): Promise<ThresholdShare> {
    const { accountId } = caller.principal;
    const share =
      key.by === 'id'
        ? await shares.find(accountId, key.id)
        : key.by === 'name'
          ? await shares.findByName(accountId, key.name)
          : undefined;
    if (share === undefined || !canSee(caller.principal, { groupId: share.groupId, keyId: share.id }))
      throw new DomainError('not_found', 'no such key', { subject: 'key' });
    return share;
  }

  async function findFor(caller: Caller, permission: Permission, key: KeyReference): Promise<ThresholdShare> {
    const share = await find(caller, key);
    requirePermission(caller, permission, share.groupId, share.id);
    return share;
  }

  async function recordLeaving(
    { principal }: Caller,
    kind: string,
    share: ThresholdShare,
    details: LogEvent['details'],
  ): Promise<void> {
    await dependencies.record({
      kind,
      accountId: share.accountId,
      by: principal.id,
      details: { key: share.id, epoch: share.facts?.epoch ?? null, ...details },
    });
  }

  async function exclusively<T>(id: KeyId, work: () => Promise<T>): Promise<T> {
    if (busy.has(id)) throw new DomainError('conflict', 'another operation on this key is under way; wait for its end');
    busy.add(id);
    try {
      return await work();
    } finally {
      busy.delete(id);
    }
  }

  /** Stores what the operation hands out on its way, each time as the next version of the row. */
  function keeper(first: ThresholdShare): {
    readonly keep: (sealed: Uint8Array) => Promise<void>;
    readonly complete: (result: OperationResult, alongside: 'insert-key' | KeyId) => Promise<GeneratedKey>;
  } {
    let current = first;
    async function advance(
      next: Partial<ThresholdShare>,
      alongside: Parameters<ThresholdStore['replace']>[1],
    ): Promise<void> {
      const share = { ...current, ...next, version: current.version + 1 };
      if (!(await shares.replace(share, alongside)))
        throw new DomainError('conflict', 'the key was changed or deleted meanwhile');
      current = share;
    }
    return {
      keep: (sealed) => advance({ sealed, status: 'uncertain' }, undefined),
      complete: async (result, alongside) => {
        if (result.kind !== 'share') throw new DomainError('internal', 'an operation without a share');
        const { sealed, facts, publicKey } = result;
        const insertKey = keyRecordOf(current, publicKey, now());
        await advance(
          { sealed, facts, status: 'complete' },
          alongside === 'insert-key' ? { insertKey } : { insertKey, retire: [alongside], moveName: true },
        );
        return { id: current.id, publicKey, parametersHash: facts.parametersHash };
      },
    };
  }

  /** Goes on after the caller has its answer, and so with a private key of its own. */
  function help(id: KeyId, operation: Operation, meeting: Meeting): void {
    const own =
      operation.kind === 'import-deal'
        ? { ...operation, privateKey: Uint8Array.from(operation.privateKey) }
        : operation;
    exclusively(id, () => ceremonies.run(own, meeting, refuseToKeep))
      .catch(dependencies.onBackgroundFault)
      .finally(() => {
        if (own.kind === 'import-deal') own.privateKey.fill(0);
      });
  }

  /**
   * Into a row made by `create`: key generation, joining a quorum, receiving an imported key. Where this party is
   * through, another one may have lost its last message: it is helped, while the caller hears what it must.
   */
  async function receiveInto(share: ThresholdShare, operation: Operation, meeting: Meeting): Promise<GeneratedKey> {
    if (isGenerated(share)) {
      if (share.status === 'complete' && !busy.has(share.id)) help(share.id, operation, meeting);
      throw alreadyGenerated();
    }
    return exclusively(share.id, async () => {
      const row = keeper(share);
      const result = await ceremonies.run(operation, meeting, row.keep);
      // A generated key is new; one that is joined or imported may be here under another id.
      if (operation.kind !== 'generate' && result.kind === 'share')
        await refuseSecondShare(share, result.facts.groupKey);
      return row.complete(result, 'insert-key');
    });
  }

  /** New shares in place of `old`, under an id of their own; finishes an attempt that broke off. */
  async function replaceShare(
    old: ThresholdShare,
    operationInto: (into: ThresholdShare) => Operation,
    meeting: Meeting,
  ): Promise<KeyId> {
    return exclusively(old.id, async () => {
      const { accountId } = old;
      const started = old.successor === undefined ? undefined : await shares.find(accountId, old.successor);
      if (old.status === 'superseded' && started?.status !== 'complete')
        throw new DomainError('key_not_usable', 'the share was replaced by a newer one, which is no longer here');
      const fresh: ThresholdShare = {
        ...old,
        id: newId<KeyId>(),
        name: undefined,
        status: 'created',
        sealed: new Uint8Array(0),
        facts: undefined,
        successor: undefined,
        createdAtMs: now(),
        version: 1,
      };
      const into = started ?? fresh;
      const operation = operationInto(into);
      if (started?.status === 'complete') {
        // This party is through; the call helps others to finish, who may not be.
        await ceremonies.run(operation, meeting, refuseToKeep);
        return started.id;
      }
      // It can be seen and named as soon as something is kept, and is no more to be deleted than the old one.
      return exclusively(into.id, () => intoRow(old, fresh, started, operation, meeting));
    });
  }

  /** @param started the row of an attempt that broke off; otherwise `fresh` becomes one */
  async function intoRow(
    old: ThresholdShare,
    fresh: ThresholdShare,
    started: ThresholdShare | undefined,
    operation: Operation,
    meeting: Meeting,
  ): Promise<KeyId> {
    let row = started === undefined ? undefined : keeper(started);
    const result = await ceremonies.run(operation, meeting, async (sealed) => {
      if (row !== undefined) return row.keep(sealed);
      // In this order a crash leaves no row that nothing leads to.
      if (!(await shares.replace({ ...old, successor: fresh.id, version: old.version + 1 })))
        throw new DomainError('conflict', 'the key was changed or deleted meanwhile');
      const first: ThresholdShare = { ...fresh, sealed, status: 'uncertain' };
      await shares.insert(first);
      row = keeper(first);
    });
    if (row === undefined) throw new DomainError('internal', 'an operation that kept nothing');
    try {
      return (await row.complete(result, old.id)).id;
    } catch (error) {
      // Another dialect deletes keys as well, and what came of a deleted key is deleted with it.
      if (!(error instanceof DomainError) || error.code !== 'not_found') throw error;
      await shares.remove(old.accountId, started?.id ?? fresh.id, old.createdBy);
      throw new DomainError('conflict', 'the key was deleted meanwhile', { cause: error });
    }
  }

  async function newShare(caller: Caller, algorithm: ThresholdAlgorithm, name: string | undefined) {
    const { principal } = caller;
    const groupId = principal.defaultGroupId;
    if (groupId === undefined) throw new DomainError('invalid_request', 'the caller has no group for new keys');
    requirePermission(caller, 'create-key', groupId, undefined);
    if (name !== undefined && (name.trim() === '' || name.length > MAX_NAME_CHARACTERS || /\p{Cc}/u.test(name)))
      throw new DomainError('invalid_request', `a key name has 1 to ${MAX_NAME_CHARACTERS} characters on one line`);
    const id = newId<KeyId>();
    const slot = { id, accountId: principal.accountId, algorithm };
    return {
      slot,
      row: {
        id,
        accountId: principal.accountId,
        groupId,
        createdBy: principal.id,
        name,
        algorithm,
        successor: undefined,
        createdAtMs: now(),
        version: 1,
      },
    };
  }

  async function create(caller: Caller, algorithm: ThresholdAlgorithm, name: string | undefined) {
    const { slot, row } = await newShare(caller, algorithm, name);
    const { sealed, keygenId } = await ceremonies.createKey(slot);
    const share: ThresholdShare = { ...row, status: 'created', keygenId, sealed, facts: undefined };
    await shares.insert(share);
    return share;
  }

  const commands: ThresholdKeys = {
    createRoom: (_caller, size) => {
      if (size < 2 || size > MAX_PARTIES)
        throw new DomainError('invalid_request', `a room has 2 to ${MAX_PARTIES} places`, { subject: 'room' });
      return ceremonies.createRoom(size);
    },

    async create(caller, algorithm, name) {
      const { id, keygenId } = await create(caller, algorithm, name);
      return { id, keygenId };
    },

    async generate(caller, { key, meeting, parties, threshold, othersKeygenIds }) {
      const share = await findFor(caller, 'create-key', key);
      checkQuorum(parties, threshold);
      if (othersKeygenIds.length !== parties - 1)
        throw new DomainError('invalid_request', `${parties} parties need ${parties - 1} other keygen ids`, {
          subject: 'quorum',
        });
      return receiveInto(share, { kind: 'generate', share, parties, threshold, othersKeygenIds }, meeting);
    },

    async generateInCluster(caller, { algorithm, keyName, clusterName, meeting, parties, threshold }) {
      const others = (await dependencies.clusters.find(caller.principal.accountId, clusterName))?.othersKeygenIds;
      if (others === undefined) throw new DomainError('invalid_request', 'there is no cluster of this name');
      checkQuorum(parties, threshold);
      if (others.length !== parties - 1)
        throw new DomainError('invalid_request', `the cluster has ${others.length + 1} servers, not ${parties}`, {
          subject: 'quorum',
        });
      const known = await shares.findByName(caller.principal.accountId, keyName);
      if (known !== undefined && !canSee(caller.principal, { groupId: known.groupId, keyId: known.id }))
        throw new DomainError('conflict', 'the key name is taken', { subject: 'unique-name' });
      const share = known ?? (await create(caller, algorithm, keyName));
      requirePermission(caller, 'create-key', share.groupId, share.id);
      if (share.algorithm !== algorithm) throw alreadyGenerated();
      const operation: Operation = { kind: 'generate', share, parties, threshold, othersKeygenIds: others };
      return receiveInto(share, operation, meeting);
    },

    async derivePublicKey(caller, algorithm, key, { path, merkleRoot }) {
      const share = await find(caller, key);
      if (share.algorithm !== algorithm)
        throw new DomainError('not_found', `no such ${algorithm} key`, { subject: 'key' });
      if (share.facts === undefined || share.status === 'uncertain') throw notGenerated();
      return ceremonies.derivePublicKey(share, path, merkleRoot);
    },

    async refresh(caller, key, meeting) {
      const share = generated(await findFor(caller, 'manage-key', key));
      return replaceShare(share, (into) => ({ kind: 'refresh', share, into }), meeting);
    },

    async exportId(caller, key) {
      return generated(await find(caller, key)).keygenId;
    },

    async reshareExisting(caller, { key, meeting, keygenIds, newThreshold }) {
      const share = generated(await findFor(caller, 'manage-key', key));
      checkQuorum(keygenIds.length + 1, newThreshold);
      return replaceShare(
        share,
        (into) => ({ kind: 'reshare', share, into, keygenIds, oldThreshold: undefined, newThreshold }),
        meeting,
      );
    },

    async reshareNew(caller, { key, meeting, keygenIds, oldThreshold, newThreshold }) {
      const share = await findFor(caller, 'create-key', key);
      checkQuorum(keygenIds.length + 1, newThreshold);
      return receiveInto(
        share,
        { kind: 'reshare', share: undefined, into: share, keygenIds, oldThreshold, newThreshold },
        meeting,
      );
    },

    async importDeal(caller, { key, algorithm, privateKey, keygenIds, threshold, meeting }) {
      try {
        const into = key === undefined ? undefined : await findFor(caller, 'create-key', key);
        const groupId = caller.principal.defaultGroupId;
        if (into === undefined && groupId === undefined)
          throw new DomainError('invalid_request', 'the caller has no group for new keys');
        if (groupId !== undefined) requirePermission(caller, 'create-key', groupId, undefined);
        checkQuorum(keygenIds.length + (into === undefined ? 0 : 1), threshold);
        const operation: Operation = { kind: 'import-deal', algorithm, privateKey, keygenIds, threshold, into };
        if (into === undefined) {
          await ceremonies.run(operation, meeting, refuseToKeep);
          return undefined;
        }
        return await receiveInto(into, operation, meeting);
      } finally {
        privateKey.fill(0);
      }
    },

    async importReceive(caller, { key, othersKeygenIds, threshold, meeting }) {
      const share = await findFor(caller, 'create-key', key);
      // One of them may be a dealer that keeps no share; the sealed process, which reads the ids, checks the rest.
      checkQuorum(othersKeygenIds.length + 1, threshold);
      return receiveInto(share, { kind: 'import-receive', share, othersKeygenIds, threshold }, meeting);
    },

    async exportFull(caller, { key, exportTo, meeting }) {
      if (!dependencies.allowFullExport)
        throw new DomainError('forbidden', 'full export is off on this server (--allow-full-export)');
      const share = generated(await findFor(caller, 'export-key', key));
      await refuseToLeave(share);
      // Before it leaves: from here on somebody may have the whole key.
      await recordLeaving(caller, 'key-exported', share, { to: exportTo });
      const result = await ceremonies.run({ kind: 'export', share, exportTo }, meeting, refuseToKeep);
      return result.kind === 'private-key' ? result.privateKey : undefined;
    },

    async exportShare(caller, key) {
      const share = generated(await findFor(caller, 'export-key', key));
      await refuseToLeave(share);
      await recordLeaving(caller, 'share-exported', share, {});
      return ceremonies.exportShare(share);
    },

    async importShare(caller, algorithm, backup) {
      const { slot, row } = await newShare(caller, algorithm, undefined);
      const { sealed, facts, keygenId, publicKey } = await ceremonies.importShare(slot, backup);
      await refuseSecondShare(slot, facts.groupKey);
      const share: ThresholdShare = { ...row, status: 'uncertain', keygenId, sealed, facts };
      await shares.insert(share);
      return (await keeper(share).complete({ kind: 'share', sealed, facts, publicKey }, 'insert-key')).id;
    },

    async persistentKeygenId() {
      return (await ceremonies.identity()).persistentKeygenId;
    },

    async identityPublicKey() {
      return (await ceremonies.identity()).questionKeyPem;
    },

    async defineCluster(caller, name, keygenIds) {
      requireAdministrator(caller);
      const own = await commands.persistentKeygenId();
      const othersKeygenIds = [...new Set(keygenIds)].filter((id) => id !== own);
      if (othersKeygenIds.length < 1 || othersKeygenIds.length >= MAX_PARTIES)
        throw new DomainError('invalid_request', `a cluster has 2 to ${MAX_PARTIES} servers`);
      if (!isName(name)) throw new DomainError('invalid_request', 'a cluster name has 1 to 255 characters on one line');
      await dependencies.clusters.put(
        { accountId: caller.principal.accountId, name, othersKeygenIds },
        caller.principal.id,
      );
    },

    find,

    async list(caller, page) {
      const groupId = caller.principal.defaultGroupId;
      return groupId === undefined ? [] : shares.list({ accountId: caller.principal.accountId, groupId, ...page });
    },

    async listAll(caller, page) {
      requireAdministrator(caller);
      return shares.list({ accountId: caller.principal.accountId, ...page });
    },

    async remove(caller, key) {
      const share = await findFor(caller, 'delete-key', key);
      await exclusively(share.id, async () => {
        if (!(await shares.remove(share.accountId, share.id, caller.principal.id)))
          throw new DomainError('not_found', 'no such key', { subject: 'key' });
      });
    },
  };
  return commands;
}

function isName(name: string): boolean {
  return name.trim() !== '' && name.length <= 255 && !/\p{Cc}/u.test(name);
}
