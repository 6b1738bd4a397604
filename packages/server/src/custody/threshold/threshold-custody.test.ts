import { DomainError } from '@countersign/core/domain-error';
import type { KeyId } from '@countersign/core/ids';
import type { Meeting } from '@countersign/core/ports/ceremonies';
import type { SigningItem, SigningResult } from '@countersign/core/signing-item';
import { THRESHOLD_ALGORITHMS, type ThresholdAlgorithm } from '@countersign/core/threshold/threshold-keys';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startThresholdServers, type ThresholdServer, type ThresholdServers } from './threshold-servers.fixture.ts';

let all: ThresholdServers;

beforeAll(async () => {
  all = await startThresholdServers(3);
});
afterAll(() => all.close());

interface Key {
  readonly ids: readonly KeyId[];
  readonly keygenIds: readonly string[];
}

async function create(algorithm: ThresholdAlgorithm): Promise<Key> {
  const made = await Promise.all(all.servers.map(({ keys, caller }) => keys.create(caller, algorithm, undefined)));
  return { ids: made.map(({ id }) => id), keygenIds: made.map(({ keygenId }) => keygenId) };
}

function generate(key: Key, server: number, room: string, threshold = 2) {
  const { keys, caller } = at(all.servers, server);
  return keys.generate(caller, {
    key: { by: 'id', id: at(key.ids, server) },
    meeting: meetingIn(room),
    parties: 3,
    threshold,
    othersKeygenIds: key.keygenIds.filter((_, other) => other !== server),
  });
}

async function generated(algorithm: ThresholdAlgorithm): Promise<Key> {
  const key = await create(algorithm);
  const room = all.room(3);
  await Promise.all([0, 1, 2].map((server) => generate(key, server, room)));
  return key;
}

interface Element {
  readonly key: Key;
  readonly room: string;
  readonly message: string;
}

/** One server's side of a batch. */
function sign(server: number, elements: readonly Element[]): Promise<readonly SigningResult[]> {
  const { signBatch, caller } = at(all.servers, server);
  const rooms = elements.map(({ room }) => room);
  return signBatch(
    caller,
    elements.map(({ key, room, message }, position) => ({
      ok: true,
      item: {
        key: { by: 'id', id: at(key.ids, server) },
        payload: { kind: 'message', bytes: Buffer.from(message), digest: undefined },
        options: {},
        ceremony: { room, rooms, position, relay: undefined },
      } satisfies SigningItem,
    })),
  );
}

/** `signed`, or why not. */
function outcomes(results: readonly SigningResult[]): readonly string[] {
  return results.map((result) =>
    result.outcome === 'signed' ? 'signed' : result.outcome === 'pending' ? 'pending' : result.reason,
  );
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new Error(`nothing at ${index}`);
  return item;
}

function meetingIn(room: string): Meeting {
  return { room, relay: undefined };
}

async function failureOf(promise: Promise<unknown>): Promise<DomainError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof DomainError) return error;
  throw new Error('it did not fail as the domain fails', { cause: error });
}

async function statusOf({ store, caller }: ThresholdServer, id: KeyId) {
  return (await store.threshold.find(caller.principal.accountId, id))?.status;
}

describe.each(THRESHOLD_ALGORITHMS)('threshold custody of %s keys', (algorithm) => {
  it('signs a batch of several keys, whatever order its elements are given in', async () => {
    const keys = await Promise.all([1, 2, 3].map(() => generated(algorithm)));
    const elements = keys.map((key, index): Element => ({ key, room: all.room(2), message: `message ${index}` }));
    const [one, other] = await Promise.all([sign(0, elements), sign(2, elements.toReversed())]);
    expect(outcomes(one)).toEqual(['signed', 'signed', 'signed']);
    expect(other.toReversed()).toMatchObject(
      one.map((result) => (result.outcome === 'signed' ? { signature: result.signature } : {})),
    );
  });

  it('blames nobody where two servers were given different numbers of elements for one room', async () => {
    const key = await generated(algorithm);
    const room = all.room(2);
    const twice = [1, 2].map((): Element => ({ key, room, message: 'the same' }));
    const [one, other] = await Promise.all([sign(0, twice), sign(1, twice.slice(0, 1))]);
    expect(outcomes(other)).toEqual(['signed']);
    expect(outcomes(one)).toEqual(['signed', expect.stringContaining('was not asked to sign')]);
  });

  it('blames nobody where one server was given one room for what another has in several', async () => {
    const key = await generated(algorithm);
    const [room, another] = [all.room(2), all.room(2)].toSorted();
    if (room === undefined || another === undefined) throw new Error('no rooms');
    const inOne = [room, room].map((each): Element => ({ key, room: each, message: 'the same' }));
    const inTwo = [room, another].map((each): Element => ({ key, room: each, message: 'the same' }));
    const [one, other] = await Promise.all([sign(0, inOne), sign(1, inTwo)]);
    expect(outcomes(one)).toEqual(['signed', expect.stringContaining('was not asked to sign')]);
    expect(outcomes(other)).toEqual(['signed', expect.stringContaining('was not asked to sign')]);
  });

  it.each([2, 4])('finishes a key generation whose party process ended after its frame number %i', async (last) => {
    const key = await create(algorithm);
    const third = at(all.servers, 2);
    killAfter(third, last);
    const room = all.room(3);
    const first = await Promise.allSettled([0, 1, 2].map((server) => generate(key, server, room)));
    third.onSend = undefined;
    expect(at(first, 2).status).toBe('rejected');
    // The same call again, on all servers, as callers are told.
    const again = all.room(3);
    await Promise.allSettled([0, 1, 2].map((server) => generate(key, server, again)));
    const shares = await Promise.all(
      all.servers.map(({ store, caller }, server) =>
        store.threshold.find(caller.principal.accountId, at(key.ids, server)),
      ),
    );
    expect(shares.map((share) => share?.status)).toEqual(['complete', 'complete', 'complete']);
    expect(new Set(shares.map((share) => Buffer.from(share?.facts?.groupKey ?? []).toString('hex'))).size).toBe(1);
    const elements = [{ key, room: all.room(2), message: 'a message' }];
    const signed = await Promise.all([1, 2].map((server) => sign(server, elements)));
    expect(signed.map(outcomes)).toEqual([['signed'], ['signed']]);
  });
});

describe('what a caller is told', () => {
  it('says that a batch is too large, and that nothing was signed', async () => {
    const key = await generated('bip340');
    const room = all.room(2);
    const elements = Array.from({ length: 300 }, (): Element => ({ key, room, message: 'm'.repeat(60_000) }));
    const results = await sign(0, elements);
    expect(new Set(results.map((result) => JSON.stringify(result)))).toEqual(
      new Set([
        JSON.stringify({
          outcome: 'failed',
          code: 'ceremony_failed',
          reason: 'the batch is too large; send it in parts',
        }),
      ]),
    );
  });

  it('refuses a second use of one room by one server, and the first goes on', async () => {
    const key = await generated('ed25519');
    const room = all.room(2);
    const element = { key, room, message: 'a message' };
    const [one, again, other] = await Promise.all([sign(0, [element]), sign(0, [element]), sign(1, [element])]);
    const said = [one, again, other].flatMap(outcomes);
    // Whoever of the two came first has the place; where both are in before the other server is, it sees them both.
    expect(said.filter((each) => each !== 'signed').length).toBeGreaterThan(0);
    for (const each of said) expect(each).toMatch(/^signed$|in the room twice|room is full|gave up/);
  });

  it('answers calls after the party process ended in the middle of one', async () => {
    const key = await generated('bip340');
    const victim = at(all.servers, 0);
    killAfter(victim, 2);
    const interrupted = { key, room: all.room(2), message: 'a message' };
    const [mine] = await Promise.all([sign(0, [interrupted]), sign(1, [interrupted])]);
    expect(mine).toMatchObject([{ outcome: 'failed', code: 'unavailable' }]);
    victim.onSend = undefined;
    const next = { key, room: all.room(2), message: 'a message' };
    const signed = await Promise.all([sign(0, [next]), sign(1, [next])]);
    expect(signed.map(outcomes)).toEqual([['signed'], ['signed']]);
  });

  it('says which field two servers were given differently, and blames neither', async () => {
    const key = await generated('ed25519');
    const room = all.room(2);
    const results = await Promise.all([
      sign(0, [{ key, room, message: 'one' }]),
      sign(1, [{ key, room, message: 'other' }]),
    ]);
    for (const result of results) expect(outcomes(result)).toEqual([expect.stringContaining('with another msg')]);
  });
});

describe('races of callers', () => {
  it('lets one of two refreshes of a key through, and the key signs afterwards', async () => {
    const key = await generated('bip340');
    const [first, second] = [all.room(3), all.room(3)];
    const refresh = (server: number, room: string) => {
      const { keys, caller } = at(all.servers, server);
      return keys.refresh(caller, { by: 'id', id: at(key.ids, server) }, meetingIn(room));
    };
    const calls = [0, 1, 2].map((server) => [refresh(server, first), refresh(server, second)] as const);
    const [ends, others] = await Promise.all([
      Promise.all(calls.map(([call]) => call)),
      Promise.all(calls.map(([, call]) => failureOf(call))),
    ]);
    expect(others.map(({ code }) => code)).toEqual(['conflict', 'conflict', 'conflict']);
    const fresh: Key = { ids: ends, keygenIds: key.keygenIds };
    const signed = await Promise.all([0, 2].map((server) => sign(server, [element(fresh)])));
    const sets = new Set(signed.map(outcomes).map((each) => each.join()));
    expect(sets.size).toBe(1);
    for (const [server, each] of all.servers.entries())
      expect(await statusOf(each, at(key.ids, server))).toBe('superseded');
    const old = await sign(0, [element(key)]);
    expect(outcomes(old)[0]).not.toBe('signed');
  });

  it('keeps a share from being deleted while new ones are made of it', async () => {
    const key = await create('ed25519');
    const room = all.room(3);
    const calls = [0, 1, 2].map((server) => generate(key, server, room));
    const { keys, caller } = at(all.servers, 1);
    const removed = await failureOf(keys.remove(caller, { by: 'id', id: at(key.ids, 1) }));
    expect(removed.code).toBe('conflict');
    await Promise.all(calls);
  });

  function element(key: Key): Element {
    rooms.get(key) ?? rooms.set(key, all.room(2));
    return { key, room: rooms.get(key) ?? '', message: 'a message' };
  }
  const rooms = new Map<Key, string>();
});

/** The process ends once it has sent so many frames. */
function killAfter(server: ThresholdServer, frames: number): void {
  let sent = 0;
  server.onSend = (frame) => {
    sent += 1;
    if (sent === frames) server.killParty();
    return sent <= frames ? frame : undefined;
  };
}
