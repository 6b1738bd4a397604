/**
 * One server's frames get lost, or its party process ends, after each frame that it sends. What its database and the
 * others' hold then is enough: the same calls again, and every server has the key, under one name, and signs.
 */
import { randomBytes } from 'node:crypto';
import { DomainError } from '@countersign/core/domain-error';
import { type KeyId, parseId } from '@countersign/core/ids';
import type { Meeting } from '@countersign/core/ports/ceremonies';
import { THRESHOLD_ALGORITHMS, type ThresholdAlgorithm } from '@countersign/core/threshold/threshold-keys';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startThresholdServers, type ThresholdServer, type ThresholdServers } from './threshold-servers.fixture.ts';

/** Hello, two rounds, acknowledgement, and what is said at the end. */
const MOST_FRAMES = 5;
const BEFORE_ACKNOWLEDGEMENT = 3;
const REPETITIONS = 3;
const IS_SOAK = process.env['COUNTERSIGN_SOAK'] === '1';
const FRAMES = IS_SOAK ? 'any of its frames' : 'about half of its frames (after any with COUNTERSIGN_SOAK=1)';
const TIMEOUT_MS = 120_000;

let all: ThresholdServers;
let names = 0;

beforeAll(async () => {
  all = await startThresholdServers(4, { times: { joinMs: 1_000, totalMs: 1_500, silenceMs: 1000 } });
});
afterAll(() => all.close());

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new Error(`nothing at ${index}`);
  return item;
}

/** An operation of several servers, begun and not ended. */
interface Ceremony {
  readonly servers: readonly number[];
  /** One server's call, by its place. The id of the key that it then has, where the answer says so. */
  readonly call: (place: number, meeting: Meeting) => Promise<KeyId | undefined>;
  /** Ids of the keys that come of it, where they are known before. */
  readonly ids: readonly (KeyId | undefined)[];
  readonly quorum: number;
}

async function create(algorithm: ThresholdAlgorithm, servers: readonly number[]) {
  const made = await Promise.all(
    servers.map((server) => {
      const { keys, caller } = at(all.servers, server);
      return keys.create(caller, algorithm, undefined);
    }),
  );
  return { ids: made.map(({ id }) => id), keygenIds: made.map(({ keygenId }) => keygenId) };
}

async function generation(
  algorithm: ThresholdAlgorithm,
): Promise<Ceremony & { readonly keygenIds: readonly string[] }> {
  const { ids, keygenIds } = await create(algorithm, [0, 1, 2]);
  return {
    servers: [0, 1, 2],
    ids,
    keygenIds,
    quorum: 2,
    call: async (place, meeting) => {
      const { keys, caller } = at(all.servers, place);
      const othersKeygenIds = keygenIds.filter((_, other) => other !== place);
      const key = { by: 'id', id: at(ids, place) } as const;
      return (await keys.generate(caller, { key, meeting, parties: 3, threshold: 2, othersKeygenIds })).id;
    },
  };
}

async function clusterGeneration(algorithm: ThresholdAlgorithm): Promise<Ceremony> {
  const servers = [0, 1, 2];
  const keyName = `key ${++names}`;
  const keygenIds = await Promise.all(servers.map((server) => at(all.servers, server).keys.persistentKeygenId()));
  for (const server of servers) {
    const { keys, caller } = at(all.servers, server);
    await keys.defineCluster(caller, 'trio', keygenIds);
  }
  return {
    servers,
    ids: [undefined, undefined, undefined],
    quorum: 2,
    call: async (place, meeting) => {
      const { keys, caller } = at(all.servers, place);
      try {
        const request = { algorithm, keyName, clusterName: 'trio', meeting, parties: 3, threshold: 2 };
        return (await keys.generateInCluster(caller, request)).id;
      } catch (error) {
        if (isThrough(error)) return (await keys.find(caller, { by: 'name', name: keyName })).id;
        throw error;
      }
    },
  };
}

async function refresh(algorithm: ThresholdAlgorithm): Promise<Ceremony> {
  const { ids, servers } = await finished(await generation(algorithm));
  return {
    servers,
    ids: [undefined, undefined, undefined],
    quorum: 2,
    call: (place, meeting) => {
      const { keys, caller } = at(all.servers, place);
      return keys.refresh(caller, { by: 'id', id: at(ids, place) }, meeting);
    },
  };
}

async function reshare(algorithm: ThresholdAlgorithm): Promise<Ceremony> {
  const old = await generation(algorithm);
  const { ids } = await finished(old);
  const joining = await create(algorithm, [3]);
  const everybody = [...old.keygenIds, ...joining.keygenIds];
  return {
    servers: [0, 1, 2, 3],
    ids: [undefined, undefined, undefined, at(joining.ids, 0)],
    quorum: 3,
    call: async (place, meeting) => {
      const { keys, caller } = at(all.servers, place);
      const keygenIds = everybody.filter((_, other) => other !== place);
      if (place < 3) {
        const key = { by: 'id', id: at(ids, place) } as const;
        return keys.reshareExisting(caller, { key, meeting, keygenIds, newThreshold: 3 });
      }
      const key = { by: 'id', id: at(joining.ids, 0) } as const;
      return (await keys.reshareNew(caller, { key, meeting, keygenIds, oldThreshold: 2, newThreshold: 3 })).id;
    },
  };
}

/** The second of three deals, and keeps a share. */
async function importing(algorithm: ThresholdAlgorithm): Promise<Ceremony> {
  const { ids, keygenIds } = await create(algorithm, [0, 1, 2]);
  const privateKey = randomBytes(32);
  return {
    servers: [0, 1, 2],
    ids,
    quorum: 2,
    call: async (place, meeting) => {
      const { keys, caller } = at(all.servers, place);
      const others = keygenIds.filter((_, other) => other !== place);
      const key = { by: 'id', id: at(ids, place) } as const;
      if (place !== 1)
        return (await keys.importReceive(caller, { key, othersKeygenIds: others, threshold: 2, meeting })).id;
      const request = {
        key,
        algorithm,
        privateKey: Uint8Array.from(privateKey),
        keygenIds: others,
        threshold: 2,
        meeting,
      };
      return (await keys.importDeal(caller, request))?.id;
    },
  };
}

function isThrough(error: unknown): boolean {
  return error instanceof DomainError && error.subject === 'key-already-generated';
}

/** Every server once. What isn't the end of an operation fails the test. */
async function attempt({ servers, call, ids }: Ceremony): Promise<readonly (KeyId | undefined)[]> {
  const meeting = { room: all.room(servers.length), relay: undefined };
  return Promise.all(
    servers.map(async (_, place) => {
      try {
        return await call(place, meeting);
      } catch (error) {
        if (isThrough(error)) return ids[place];
        if (error instanceof DomainError && ['ceremony_failed', 'unavailable'].includes(error.code)) return undefined;
        throw error;
      }
    }),
  );
}

/** As a caller does who repeats the same calls. @throws Error where that doesn't help */
async function finished(
  ceremony: Ceremony,
): Promise<{ readonly ids: readonly KeyId[]; readonly servers: readonly number[] }> {
  for (let left = REPETITIONS; left > 0; left--) {
    const ids = (await attempt(ceremony)).filter((id) => id !== undefined);
    if (ids.length === ceremony.servers.length) return { ids, servers: ceremony.servers };
  }
  throw new Error('the operation does not come to its end');
}

async function expectUsable(quorum: number, ids: readonly KeyId[]): Promise<void> {
  const signers = ids.slice(-quorum).map((_, index) => ids.length - quorum + index);
  const room = all.room(quorum);
  const results = await Promise.all(
    signers.map((server) => {
      const { signBatch, caller } = at(all.servers, server);
      return signBatch(caller, [
        {
          ok: true,
          item: {
            key: { by: 'id', id: at(ids, server) },
            payload: { kind: 'message', bytes: Buffer.from('a message'), digest: undefined },
            options: {},
            ceremony: { room, rooms: [room], position: 0, relay: undefined },
          },
        },
      ]);
    }),
  );
  expect(results.map(([result]) => (result?.outcome === 'failed' ? result.reason : result?.outcome))).toEqual(
    signers.map(() => 'signed'),
  );
  const publicKeys = await Promise.all(
    ids.map(async (id, server) => {
      const { keys, caller, store } = at(all.servers, server);
      const share = await store.threshold.find(caller.principal.accountId, id);
      expect(share?.status).toBe('complete');
      const algorithm = THRESHOLD_ALGORITHMS.find((name) => name === share?.algorithm) ?? 'bip340';
      const publicKey = await keys.derivePublicKey(
        caller,
        algorithm,
        { by: 'id', id },
        { path: [], merkleRoot: undefined },
      );
      return Buffer.from(publicKey).toString('hex');
    }),
  );
  expect(new Set(publicKeys).size).toBe(1);
}

describe('a server that is gone for good in the middle of a refresh', () => {
  it.each([2, 3])(
    'is replaced, once the unfinished shares are given up (%i frames of it came)',
    async (frames) => {
      const old = await generation('ed25519');
      const { ids } = await finished(old);
      disturb(at(all.servers, 2), 'killed', frames);
      const refreshing = (place: number, meeting: Meeting) => {
        const { keys, caller } = at(all.servers, place);
        return keys.refresh(caller, { by: 'id', id: at(ids, place) }, meeting);
      };
      await attempt({ servers: [0, 1, 2], ids: [], quorum: 2, call: refreshing });
      at(all.servers, 2).onSend = undefined;

      // Servers 0 and 1 go on with server 3.
      const joining = await create('ed25519', [3]);
      const everybody = [at(old.keygenIds, 0), at(old.keygenIds, 1), at(joining.keygenIds, 0)];
      const members = [0, 1, 3];
      const resharing = async (place: number, meeting: Meeting) => {
        const { keys, caller } = at(all.servers, at(members, place));
        const keygenIds = everybody.filter((_, other) => other !== place);
        const key = { by: 'id', id: at([...ids.slice(0, 2), ...joining.ids], place) } as const;
        if (place < 2) return keys.reshareExisting(caller, { key, meeting, keygenIds, newThreshold: 2 });
        return (await keys.reshareNew(caller, { key, meeting, keygenIds, oldThreshold: 2, newThreshold: 2 })).id;
      };
      const meeting = { room: all.room(3), relay: undefined };
      const refused = await Promise.all(
        [0, 1].map((place) => resharing(place, meeting).catch((error: unknown) => error)),
      );
      for (const [place, error] of refused.entries()) {
        const { keys, caller } = at(all.servers, place);
        if (!(error instanceof DomainError) || error.code !== 'conflict') throw error;
        const unfinished = parseId<KeyId>(/delete the unfinished key (\S+) /.exec(error.message)?.[1] ?? '');
        if (unfinished === undefined) throw error;
        await keys.remove(caller, { by: 'id', id: unfinished });
      }
      const fresh = await finished({ servers: members, ids: [], quorum: 2, call: resharing });
      const [first, second] = fresh.ids;
      if (first === undefined || second === undefined) throw new Error('no shares');
      await expectUsable(2, [first, second]);
    },
    TIMEOUT_MS,
  );
});

/** From the frame after so many on, its frames are lost; or its party process ends, and with it the operation. */
function disturb(server: ThresholdServer, how: 'mute' | 'killed', frames: number): void {
  let sent = 0;
  server.onSend = (frame) => {
    sent += 1;
    if (how === 'killed' && sent === frames + 1) server.killParty();
    return sent <= frames ? frame : undefined;
  };
}

/** One algorithm for each: what differs between them is below, where every frame of both is lost in turn. */
const DISTURBANCES = [
  ['mute', 'ed25519'],
  ['killed', 'bip340'],
] as const;

const OPERATIONS = [
  ['key generation', generation],
  ['key generation in a cluster', clusterGeneration],
  ['refresh', refresh],
  ['reshare', reshare],
  ['import', importing],
] as const;

/**
 * After how many frames to disturb: every number in a soak. Otherwise every other, in turns: the two disturbances
 * together break off each operation after every number, and each disturbance comes after every number in some operation.
 * What comes after the last round is broken off in both ways always: the share is durable then, and not all know it.
 */
function cutsOf(operation: string, how: string): readonly number[] {
  const turn = OPERATIONS.findIndex(([name]) => name === operation) + DISTURBANCES.findIndex(([name]) => name === how);
  const every = Array.from({ length: MOST_FRAMES }, (_, frames) => frames);
  if (IS_SOAK) return every;
  return every.filter((frames) => frames === BEFORE_ACKNOWLEDGEMENT || (frames + turn) % DISTURBANCES.length === 0);
}

describe('servers come to one end', () => {
  describe.each(OPERATIONS)('%s', (name, make) => {
    it.each(DISTURBANCES)(
      `when one is %s after ${FRAMES} (%s)`,
      async (how, algorithm) => {
        for (const frames of cutsOf(name, how)) {
          const ceremony = await make(algorithm);
          const victim = at(all.servers, 1);
          disturb(victim, how, frames);
          await attempt(ceremony);
          victim.onSend = undefined;
          const { ids } = await finished(ceremony);
          await expectUsable(ceremony.quorum, ids);
        }
      },
      TIMEOUT_MS,
    );
  });
});
