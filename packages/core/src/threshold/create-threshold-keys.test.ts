import { beforeEach, describe, expect, it } from 'vitest';
import { type InMemoryThresholdStore, inMemoryThresholdStore } from '../../test/in-memory-threshold-store.ts';
import { DomainError } from '../domain-error.ts';
import { type AccountId, type GroupId, type KeyId, newId, type PrincipalId } from '../ids.ts';
import type { LogEvent } from '../log/event-entry.ts';
import type { EffectivePolicy } from '../policy/external/external-rule.ts';
import type { Ceremonies, Meeting, Operation, OperationResult } from '../ports/ceremonies.ts';
import type { Cluster } from '../ports/cluster-store.ts';
import type { ThresholdFacts, ThresholdShare } from '../ports/threshold-store.ts';
import type { Caller, Grant } from '../principal.ts';
import { createThresholdKeys } from './create-threshold-keys.ts';
import type { ThresholdKeys } from './threshold-keys.ts';

const ACCOUNT = newId<AccountId>();
const GROUP = newId<GroupId>();
const MEETING: Meeting = { room: 'room', relay: undefined };
const POLICY = { attached: { name: 'strict' }, origin: 'key', rules: [] } as unknown as EffectivePolicy;

const facts = (epoch = 0): ThresholdFacts => ({
  threshold: 2,
  parties: [],
  index: 0,
  groupKey: Uint8Array.of(2, 2, 2),
  chainCode: new Uint8Array(32),
  epoch,
  origin: 'generated',
  specification: 'made up',
  parametersHash: new Uint8Array(32).fill(7),
  publicEvidence: new Uint8Array(0),
});
const share = (epoch = 0): OperationResult => ({
  kind: 'share',
  sealed: Uint8Array.of(9, epoch),
  facts: facts(epoch),
  publicKey: Uint8Array.of(2, 2),
});

type Script = (operation: Operation, keep: (sealed: Uint8Array) => Promise<void>) => Promise<OperationResult>;

let store: InMemoryThresholdStore;
let run: Script;
let runs: Operation[];
let policies: Map<KeyId, EffectivePolicy>;
const governed = new Set<string>();
let clusters: Map<string, Cluster>;
let faults: unknown[];
let recorded: LogEvent[];
let keys: ThresholdKeys;
let caller: Caller;

beforeEach(() => {
  store = inMemoryThresholdStore();
  run = keepsAndEnds;
  runs = [];
  policies = new Map();
  clusters = new Map();
  faults = [];
  recorded = [];
  keys = keysWith(false);
  caller = callerWith([{ scope: { kind: 'account' }, permissions: ['administer'] }]);
});

function keysWith(allowFullExport: boolean): ThresholdKeys {
  const ceremonies: Ceremonies = {
    createRoom: async () => 'room',
    createKey: async ({ id }) => ({ sealed: Uint8Array.of(1), keygenId: `keygen-${id}` }),
    run: (operation, _meeting, keep) => {
      runs.push(operation);
      return run(operation, keep);
    },
    derivePublicKey: async () => Uint8Array.of(3),
    exportShare: async () => ({ encrypted: true, share: Uint8Array.of(4) }),
    importShare: async () => ({
      sealed: Uint8Array.of(5),
      facts: facts(),
      keygenId: 'restored',
      publicKey: Uint8Array.of(2, 2),
    }),
    identity: async () => ({ persistentKeygenId: 'me', questionKeyPem: '', fingerprint: '' }),
  };
  return createThresholdKeys({
    shares: store,
    ceremonies,
    clusters: {
      find: async (_account, name) => clusters.get(name),
      put: async (cluster) => void clusters.set(cluster.name, cluster),
    },
    policies: { effective: async ({ id }) => policies.get(id) },
    governsKey: async ({ id }) => (governed.has(id) ? 'two of three' : undefined),
    now: () => 1,
    allowFullExport,
    record: async (event) => recorded.push(event),
    onBackgroundFault: (error) => faults.push(error),
  });
}

function callerWith(grants: readonly Grant[], defaultGroupId: GroupId | undefined = GROUP): Caller {
  const id = newId<PrincipalId>();
  return {
    principal: {
      id,
      accountId: ACCOUNT,
      kind: 'user',
      name: 'desk',
      enabled: true,
      defaultGroupId,
      grants,
      requiresProof: false,
    },
    session: undefined,
    dialect: 'vertex',
  };
}

async function keepsAndEnds(_operation: Operation, keep: (sealed: Uint8Array) => Promise<void>) {
  await keep(Uint8Array.of(7));
  await keep(Uint8Array.of(8));
  return share();
}

const byId = (id: KeyId) => ({ by: 'id', id }) as const;
const generation = (id: KeyId) => ({
  key: byId(id),
  meeting: MEETING,
  parties: 3,
  threshold: 2,
  othersKeygenIds: ['b', 'c'],
});

async function generated(): Promise<KeyId> {
  const { id } = await keys.create(caller, 'bip340', undefined);
  await keys.generate(caller, generation(id));
  runs.length = 0;
  return id;
}

async function failureOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof DomainError)) throw new Error('it did not fail as the domain fails', { cause: error });
  return error.subject === undefined ? error.code : `${error.code} (${error.subject})`;
}

function stored(id: KeyId | undefined): ThresholdShare {
  const found = id === undefined ? undefined : store.shares.get(id);
  if (found === undefined) throw new Error('no such share');
  return found;
}

/** Runs until `go`: what a caller does meanwhile is a race. */
function waiting(): { readonly started: Promise<void>; readonly go: () => void } {
  const [started, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  run = async (operation, keep) => {
    await keep(Uint8Array.of(7));
    started.resolve();
    await go.promise;
    return keepsAndEnds(operation, keep);
  };
  return { started: started.promise, go: go.resolve };
}

describe('key generation', () => {
  it('is a key once all have acknowledged, and not before', async () => {
    const { id } = await keys.create(caller, 'bip340', 'desk');
    const seen: string[] = [];
    run = async (operation, keep) => {
      seen.push(stored(id).status);
      await keep(Uint8Array.of(7));
      seen.push(stored(id).status);
      expect(
        await failureOf(keys.derivePublicKey(caller, 'bip340', byId(id), { path: [], merkleRoot: undefined })),
      ).toBe('conflict (key-not-generated)');
      expect(store.keys.size).toBe(0);
      return keepsAndEnds(operation, keep);
    };
    const made = await keys.generate(caller, generation(id));
    expect(seen).toEqual(['created', 'uncertain']);
    expect(made).toMatchObject({ id, parametersHash: facts().parametersHash });
    expect(stored(id).status).toBe('complete');
    expect(store.keys.get(id)).toMatchObject({
      custody: 'threshold',
      name: 'desk',
      exportable: false,
      state: 'active',
    });
  });

  it('that broke off is taken up from what was stored last', async () => {
    const { id } = await keys.create(caller, 'bip340', undefined);
    run = async (_operation, keep) => {
      await keep(Uint8Array.of(7));
      throw new DomainError('ceremony_failed', 'party 2 is silent');
    };
    expect(await failureOf(keys.generate(caller, generation(id)))).toBe('ceremony_failed');
    expect(stored(id)).toMatchObject({ status: 'uncertain', sealed: Uint8Array.of(7) });
    run = keepsAndEnds;
    await keys.generate(caller, generation(id));
    expect(runs.at(-1)).toMatchObject({ kind: 'generate', share: { sealed: Uint8Array.of(7) } });
    expect(stored(id).status).toBe('complete');
  });

  it('of a key that is through helps the others, stores nothing, and says what the caller must hear', async () => {
    const id = await generated();
    const before = stored(id);
    run = async () => share();
    expect(await failureOf(keys.generate(caller, generation(id)))).toBe('conflict (key-already-generated)');
    await Promise.resolve();
    expect(runs.map(({ kind }) => kind)).toEqual(['generate']);
    expect(stored(id)).toEqual(before);
    run = keepsAndEnds;
    expect(await failureOf(keys.generate(caller, generation(id)))).toBe('conflict (key-already-generated)');
    await new Promise((resolve) => setImmediate(resolve));
    expect(faults).toHaveLength(1);
    expect(stored(id)).toEqual(before);
  });

  it.each([
    { parties: 3, threshold: 4 },
    { parties: 3, threshold: 0 },
    { parties: 1, threshold: 1 },
    { parties: 21, threshold: 2 },
    { parties: 4, threshold: 2 },
  ])('refuses a quorum of $threshold of $parties with two other keygen ids', async (quorum) => {
    const { id } = await keys.create(caller, 'bip340', undefined);
    expect(await failureOf(keys.generate(caller, { ...generation(id), ...quorum }))).toBe('invalid_request (quorum)');
    expect(runs).toEqual([]);
  });

  it('is one at a time, and its key is not deleted meanwhile', async () => {
    const { id } = await keys.create(caller, 'bip340', undefined);
    const race = waiting();
    const first = keys.generate(caller, generation(id));
    await race.started;
    expect(await failureOf(keys.generate(caller, generation(id)))).toBe('conflict');
    expect(await failureOf(keys.remove(caller, byId(id)))).toBe('conflict');
    race.go();
    await first;
    expect(stored(id).status).toBe('complete');
  });

  it('in a cluster takes the servers that an administrator pinned, and keeps one name', async () => {
    await keys.defineCluster(caller, 'all', ['me', 'b', 'c', 'b']);
    const request = {
      algorithm: 'ed25519',
      keyName: 'hot',
      clusterName: 'all',
      meeting: MEETING,
      parties: 3,
      threshold: 2,
    } as const;
    const { id } = await keys.generateInCluster(caller, request);
    expect(runs.at(-1)).toMatchObject({ othersKeygenIds: ['b', 'c'] });
    expect(stored(id).name).toBe('hot');
    expect(await failureOf(keys.generateInCluster(caller, request))).toBe('conflict (key-already-generated)');
    expect(await failureOf(keys.generateInCluster(caller, { ...request, clusterName: 'none' }))).toBe(
      'invalid_request',
    );
    const other = callerWith([{ scope: { kind: 'group', groupId: newId() }, permissions: ['create-key'] }]);
    expect(await failureOf(keys.generateInCluster(other, request))).toBe('conflict (unique-name)');
    expect(await failureOf(keys.defineCluster(other, 'all', ['b']))).toBe('forbidden (administrator)');
  });
});

describe('refresh', () => {
  it('puts a new share in place of the old one, with its name, and erases that', async () => {
    const { id } = await keys.create(caller, 'bip340', 'hot');
    await keys.generate(caller, generation(id));
    run = async (operation, keep) => {
      await keepsAndEnds(operation, keep);
      return share(1);
    };
    const fresh = await keys.refresh(caller, byId(id), MEETING);
    expect(fresh).not.toBe(id);
    expect(stored(fresh)).toMatchObject({ status: 'complete', name: 'hot', sealed: Uint8Array.of(9, 1) });
    expect(stored(id)).toMatchObject({ status: 'superseded', name: undefined, sealed: new Uint8Array(0) });
    expect(store.keys.get(id)?.state).toBe('deactivated');
  });

  it('that broke off is taken up in the same row, wherever it broke off', async () => {
    const id = await generated();
    run = async () => {
      throw new DomainError('ceremony_failed', 'nobody came');
    };
    expect(await failureOf(keys.refresh(caller, byId(id), MEETING))).toBe('ceremony_failed');
    expect(stored(id).successor).toBeUndefined();
    run = async (_operation, keep) => {
      await keep(Uint8Array.of(7));
      throw new DomainError('ceremony_failed', 'party 2 is silent');
    };
    expect(await failureOf(keys.refresh(caller, byId(id), MEETING))).toBe('ceremony_failed');
    const { successor } = stored(id);
    expect(stored(id).status).toBe('complete');
    expect(stored(successor)).toMatchObject({ status: 'uncertain', sealed: Uint8Array.of(7) });
    run = keepsAndEnds;
    expect(await keys.refresh(caller, byId(id), MEETING)).toBe(successor);
    expect(store.shares.size).toBe(2);
  });

  it('whose new row was never written begins with another', async () => {
    const id = await generated();
    const old = stored(id);
    store.shares.set(id, { ...old, successor: newId<KeyId>() });
    const fresh = await keys.refresh(caller, byId(id), MEETING);
    expect(stored(id).successor).toBe(fresh);
  });

  it('of a share that is through helps the others, and answers with the share that came of it', async () => {
    const id = await generated();
    const fresh = await keys.refresh(caller, byId(id), MEETING);
    const before = stored(fresh);
    run = async () => share(1);
    expect(await keys.refresh(caller, byId(id), MEETING)).toBe(fresh);
    expect(runs.at(-1)).toMatchObject({ kind: 'refresh', into: { id: fresh } });
    expect(stored(fresh)).toEqual(before);
  });

  it('is one at a time; neither share is deleted, generated or refreshed meanwhile', async () => {
    const id = await generated();
    const race = waiting();
    const first = keys.refresh(caller, byId(id), MEETING);
    await race.started;
    const successor = stored(id).successor;
    if (successor === undefined) throw new Error('no successor');
    expect(await failureOf(keys.refresh(caller, byId(id), MEETING))).toBe('conflict');
    for (const each of [id, successor]) expect(await failureOf(keys.remove(caller, byId(each)))).toBe('conflict');
    expect(await failureOf(keys.generate(caller, generation(successor)))).toBe('conflict');
    race.go();
    expect(await first).toBe(successor);
  });
});

describe('a key that another dialect deletes while it is refreshed', () => {
  it('leaves no share behind', async () => {
    const id = await generated();
    run = async (operation, keep) => {
      await keep(Uint8Array.of(7));
      await store.remove(ACCOUNT, id, caller.principal.id);
      return keepsAndEnds(operation, keep);
    };
    expect(await failureOf(keys.refresh(caller, byId(id), MEETING))).toBe('conflict');
    expect(store.shares.size).toBe(0);
  });
});

describe('import and export', () => {
  it.each([true, false])('wipes the private key that it deals, whatever comes of it (%s)', async (works) => {
    if (!works)
      run = async () => {
        throw new DomainError('ceremony_failed', 'nobody came');
      };
    const privateKey = new Uint8Array(32).fill(5);
    const dealt = keys.importDeal(caller, {
      key: undefined,
      algorithm: 'bip340',
      privateKey,
      keygenIds: ['a', 'b', 'c'],
      threshold: 2,
      meeting: MEETING,
    });
    await dealt.catch(() => undefined);
    expect(privateKey).toEqual(new Uint8Array(32));
  });

  it('deals for nobody who could not make a key', async () => {
    const request = {
      key: undefined,
      algorithm: 'bip340',
      keygenIds: ['a', 'b'],
      threshold: 2,
      meeting: MEETING,
    } as const;
    const privateKey = new Uint8Array(32).fill(5);
    const without = { ...callerWith([]), principal: { ...callerWith([]).principal, defaultGroupId: undefined } };
    expect(await failureOf(keys.importDeal(without, { ...request, privateKey }))).toBe('invalid_request');
    expect(await failureOf(keys.importDeal(callerWith([]), { ...request, privateKey }))).toBe('forbidden');
    expect(runs).toEqual([]);
  });

  it('lets no share of a key with a policy out, and none in beside it', async () => {
    const id = await generated();
    const open = keysWith(true);
    const request = { key: byId(id), exportTo: 'b', meeting: MEETING };
    expect((await open.exportShare(caller, byId(id))).encrypted).toBe(true);
    expect(recorded).toMatchObject([{ kind: 'share-exported', by: caller.principal.id, details: { key: id } }]);
    policies.set(id, POLICY);
    expect(await failureOf(open.exportShare(caller, byId(id)))).toBe('denied_by_policy');
    expect(await failureOf(open.exportFull(caller, request))).toBe('denied_by_policy');
    // A backup from before the policy would sign without it.
    expect(await failureOf(open.importShare(caller, 'bip340', { encrypted: true, share: Uint8Array.of(4) }))).toBe(
      'denied_by_policy',
    );
    expect(store.shares.size).toBe(1);
    policies.delete(id);
    const restored = await open.importShare(caller, 'bip340', { encrypted: true, share: Uint8Array.of(4) });
    expect(stored(restored)).toMatchObject({ status: 'complete', keygenId: 'restored' });
  });

  it('lets no share of a key out whose signatures people or limits govern', async () => {
    const id = await generated();
    const open = keysWith(true);
    governed.add(id);
    expect(await failureOf(open.exportShare(caller, byId(id)))).toBe('denied_by_policy');
    const request = { key: byId(id), exportTo: 'b', meeting: MEETING };
    expect(await failureOf(open.exportFull(caller, request))).toBe('denied_by_policy');
  });

  it('does not let a server join a quorum as somebody new where it holds the key with a policy', async () => {
    const id = await generated();
    policies.set(id, POLICY);
    const joining = await keys.create(caller, 'bip340', undefined);
    const request = {
      key: byId(joining.id),
      meeting: MEETING,
      keygenIds: ['b', 'c'],
      oldThreshold: 2,
      newThreshold: 2,
    };
    expect(await failureOf(keys.reshareNew(caller, request))).toBe('denied_by_policy');
    expect(stored(joining.id).status).toBe('uncertain');
    expect(store.keys.has(joining.id)).toBe(false);
    policies.delete(id);
    expect((await keys.reshareNew(caller, request)).id).toBe(joining.id);
  });

  it('gives the whole key away only where the server allows it, and only with the permission', async () => {
    const id = await generated();
    const request = { key: byId(id), exportTo: 'b', meeting: MEETING };
    expect(await failureOf(keys.exportFull(caller, request))).toBe('forbidden');
    const signer = callerWith([{ scope: { kind: 'group', groupId: GROUP }, permissions: ['sign'] }]);
    expect(await failureOf(keysWith(true).exportFull(signer, request))).toBe('forbidden');
    expect(runs).toEqual([]);
  });
});

describe('who may do what', () => {
  it('shows no key to whom it is not visible', async () => {
    const id = await generated();
    const stranger = callerWith([{ scope: { kind: 'group', groupId: newId() }, permissions: ['sign', 'manage-key'] }]);
    for (const call of [
      keys.find(stranger, byId(id)),
      keys.generate(stranger, generation(id)),
      keys.refresh(stranger, byId(id), MEETING),
      keys.exportId(stranger, byId(id)),
      keys.exportShare(stranger, byId(id)),
      keys.remove(stranger, byId(id)),
    ])
      expect(await failureOf(call)).toBe('not_found (key)');
    const foreign = { ...caller, principal: { ...caller.principal, accountId: newId<AccountId>() } };
    expect(await failureOf(keys.find(foreign, byId(id)))).toBe('not_found (key)');
  });

  it('asks for the permission of each command', async () => {
    const id = await generated();
    const viewer = callerWith([{ scope: { kind: 'group', groupId: GROUP }, permissions: ['sign'] }]);
    for (const call of [
      keys.create(viewer, 'bip340', undefined),
      keys.generate(viewer, generation(id)),
      keys.refresh(viewer, byId(id), MEETING),
      keys.exportShare(viewer, byId(id)),
      keys.importShare(viewer, 'bip340', { encrypted: true, share: Uint8Array.of(4) }),
      keys.remove(viewer, byId(id)),
    ])
      expect(await failureOf(call)).toBe('forbidden');
    expect((await keys.find(viewer, byId(id))).id).toBe(id);
  });
});
