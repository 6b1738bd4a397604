import { describe, expect, it } from 'vitest';
import type { Process } from '../../test/request-world.ts';
import {
  ed25519Key,
  groupOf,
  plainRequest,
  requestOf,
  requestWorld,
  textRequest,
  type World,
} from '../../test/request-world.ts';
import type { KeyRecord } from '../key-record.ts';
import type { Principal } from '../principal.ts';
import type { SignatureRequest } from './signature-request.ts';

const ASKING = { kind: 'request-approval', groups: [groupOf()], expiresAfterMinutes: undefined } as const;
const hex = (text: string): string => Buffer.from(text).toString('hex');

interface Approved {
  readonly world: World;
  readonly process: Process;
  readonly key: KeyRecord;
  readonly approver: Principal;
  readonly request: SignatureRequest;
}

/** A request that waited for one approval, and got it. */
async function approved(action: Parameters<World['addPolicy']>[0] = { action: ASKING }): Promise<Approved> {
  const key = ed25519Key();
  const world = requestWorld(key);
  const approver = world.addPrincipal(['approve']);
  world.addPolicy(action);
  const process = world.start();
  const request = requestOf((await process.create(textRequest(key, ['a', 'b'])))[0]);
  expect(request.status).toBe('pending');
  world.approve(request, approver);
  return { world, process, key, approver, request };
}

describe('release', () => {
  it('signs what was approved, and nothing before that', async () => {
    const { world, process, request } = await approved();
    await process.runner.release(request.id);
    expect(world.stored(request.id)).toMatchObject({ status: 'signed', policyResolvedAtMs: 1_000, signedAtMs: 1_000 });
    expect(world.signed).toEqual([hex('a'), hex('b')]);
  });

  it('leaves a request alone that still waits, that ended, or that is not there', async () => {
    const key = ed25519Key();
    const world = requestWorld(key);
    const process = world.start();
    const [done] = await process.create(plainRequest(key, 'a'));
    world.addPolicy({ action: ASKING });
    const [waiting] = await process.create(plainRequest(key, 'b'));
    const before = [...world.database.requests.values()];
    for (const { id } of before) await process.runner.release(id);
    expect([...world.database.requests.values()]).toEqual(before);
    expect(requestOf(done).status).toBe('signed');
    expect(requestOf(waiting).status).toBe('pending');
    expect(world.signed).toEqual([hex('a')]);
  });

  it('makes one signature however often it is called at once, in one process or in two', async () => {
    const { world, process, request } = await approved();
    const second = world.start();
    const many = Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? process : second));
    let released = 0;
    for (const { runner } of many) void runner.release(request.id).then(() => (released += 1));
    while (released < many.length) await world.elapse();
    expect(world.signed).toEqual([hex('a'), hex('b')]);
    expect(world.stored(request.id).status).toBe('signed');
    expect(world.faults).toEqual([]);
  });

  it('does the work once for many calls in one process', async () => {
    const { world, process, request } = await approved();
    const intents = world.database.intents.length;
    let tries = 0;
    world.onJournal = (call) => {
      if (call === 'recordIntent') tries += 1;
    };
    await Promise.all(Array.from({ length: 10 }, () => process.runner.release(request.id)));
    expect(tries).toBe(1);
    expect(world.database.intents.length - intents).toBe(1);
  });

  it('is not lost when the approval comes before the call that made the request has ended', async () => {
    const [key, other] = [ed25519Key(), ed25519Key()];
    const world = requestWorld(key, other);
    const approver = world.addPrincipal(['approve']);
    world.addPolicy({ action: ASKING, filters: { keyIds: [other.id] } });
    const process = world.start();
    const releases: Promise<void>[] = [];
    world.onJournal = (call) => {
      const waiting = [...world.database.requests.values()].find(({ status }) => status === 'pending');
      if (call !== 'recordOutcome' || waiting === undefined || releases.length > 0) return;
      world.approve(waiting, approver);
      releases.push(process.runner.release(waiting.id));
    };
    const [, waiting] = await process.create(plainRequest(key, 'a'), plainRequest(other, 'b'));
    await Promise.all(releases);
    expect(releases).toHaveLength(1);
    expect(world.stored(requestOf(waiting).id).status).toBe('signed');
  });

  it.each<[string, (given: Approved) => void, RegExp]>([
    ['the requester was disabled', ({ world }) => replace(world, world.requester, { enabled: false }), /requester/],
    ['the requester is gone', ({ world }) => world.principals.delete(world.requester.id), /requester/],
    [
      'the requester may no longer sign',
      ({ world }) => replace(world, world.requester, { grants: [] }),
      /no such key|may not sign/,
    ],
    [
      'the requester may read the key, but no longer sign',
      ({ world }) =>
        replace(world, world.requester, { grants: [{ scope: { kind: 'account' }, permissions: ['read-key'] }] }),
      /may not sign/,
    ],
    ['the key was disabled', ({ world }) => replaceKey(world, { enabled: false }), /disabled/],
    ['the key is gone', ({ world }) => world.keys.pop(), /no longer exists/],
    [
      'the key has another public key',
      ({ world }) => replaceKey(world, { publicKey: new Uint8Array(32) }),
      /asked for/,
    ],
    ['the approver was disabled', ({ world, approver }) => replace(world, approver, { enabled: false }), /approval/],
    ['the approver is gone', ({ world, approver }) => world.principals.delete(approver.id), /approval/],
    ['a new policy blocks', ({ world }) => world.addPolicy({ action: { kind: 'block' } }), /forbids/],
    ['a new policy asks as well', ({ world }) => world.addPolicy({ action: ASKING }), /does not cover/],
    [
      'the policy has changed',
      ({ world }) => {
        const policy = world.policies.pop();
        if (policy !== undefined) world.policies.push({ ...policy, version: policy.version + 1 });
      },
      /does not cover/,
    ],
    [
      'the approval is for another digest',
      ({ world }) => rewriteApproval(world, { subjectDigest: new Uint8Array(32) }),
      /another request/,
    ],
    [
      'the approval is another requester’s',
      ({ world, approver }) => rewriteApproval(world, { initiatorId: approver.id }),
      /another request/,
    ],
    [
      'the content was changed in the store',
      ({ world, request }) =>
        world.database.requests.set(request.id, {
          ...world.stored(request.id),
          content: textContent(['other', 'b']),
        }),
      /asked for/,
    ],
  ])('signs nothing and says why when %s', async (_, change, reason) => {
    const given = await approved();
    const { world, process, request } = given;
    change(given);
    world.bumpRevision();
    await process.runner.release(request.id);
    expect(world.stored(request.id)).toMatchObject({ status: 'rejected', reason: expect.stringMatching(reason) });
    expect(world.signed).toEqual([]);
  });

  it.each(['before', 'after'])('signs nothing when an approver is disabled %s the commit is tried', async (when) => {
    const { world, process, approver, request } = await approved();
    let tries = 0;
    world.onJournal = (call) => {
      if (call !== 'recordIntent') return;
      tries += 1;
      // Somebody else is disabled first, so that the batch is judged a second time; by then it is the approver.
      if (when === 'before' || tries > 1) replace(world, approver, { enabled: false });
      if (tries <= 2) world.bumpRevision();
    };
    await process.runner.release(request.id);
    expect(world.stored(request.id)).toMatchObject({
      status: 'rejected',
      reason: expect.stringMatching(/approval/),
    });
    expect(world.signed).toEqual([]);
  });

  it('signs nothing for the person that made the service which asked, when that alone approved', async () => {
    const { world, process, approver, request } = await approved();
    replace(world, world.requester, { kind: 'service', createdBy: approver.id });
    world.bumpRevision();
    await process.runner.release(request.id);
    expect(world.stored(request.id).status).toBe('rejected');
    expect(world.signed).toEqual([]);
  });

  it('signs without more ado when the policy that asked is gone', async () => {
    const { world, process, request } = await approved();
    world.policies.pop();
    world.bumpRevision();
    await process.runner.release(request.id);
    expect(world.stored(request.id).status).toBe('signed');
  });

  it('lets people exceed the limit that they were asked about, and counts what they allowed', async () => {
    const velocity = { rule: { kind: 'count-velocity', configuration: { limit: 1, windowMinutes: 10 } } };
    const key = ed25519Key();
    const world = requestWorld(key);
    const approver = world.addPrincipal(['approve']);
    world.addPolicy({ ...velocity, action: ASKING });
    const process = world.start();
    const [first, second] = await process.create(plainRequest(key, 'a'), plainRequest(key, 'b'));
    expect([requestOf(first).status, requestOf(second).status]).toEqual(['signed', 'pending']);
    world.approve(requestOf(second), approver);
    await process.runner.release(requestOf(second).id);
    expect(world.stored(requestOf(second).id).status).toBe('signed');
    expect(world.database.spent).toHaveLength(2);
  });

  it('holds every limit that people were not asked about, also in the transaction of the intent', async () => {
    const { world, process, key, request } = await approved();
    const tight = { rule: { kind: 'count-velocity', configuration: { limit: 1, windowMinutes: 10 } } };
    // Made before the approval is released, and used up while it is.
    const policy = world.addPolicy({ ...tight, action: { kind: 'block' } });
    let raced = false;
    world.onJournal = (call) => {
      if (raced || call !== 'recordIntent') return;
      raced = true;
      world.database.spent = [{ policyId: policy.id, keyId: key.id, atMs: world.nowMs, amount: 1n }];
    };
    await process.runner.release(request.id);
    expect(world.stored(request.id).status).toBe('rejected');
    expect(world.signed).toEqual([]);
  });

  it('tries again, later and later, while the signer is away', async () => {
    const { world, process, request } = await approved();
    world.signer = 'unavailable';
    let released = false;
    const release = process.runner.release(request.id).then(() => {
      released = true;
    });
    const waits: (number | undefined)[] = [];
    for (let tries = 0; tries < 9; tries++) {
      await until(() => world.waits.length > 0);
      expect(world.stored(request.id).status).toBe('executing');
      waits.push(world.waits[0]?.ms);
      await world.elapse();
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60].map((seconds) => 1_000 * seconds));
    expect(released).toBe(false);
    world.signer = 'works';
    await until(() => world.waits.length > 0);
    await world.elapse();
    await release;
    expect(world.stored(request.id).status).toBe('signed');
  });

  it('tries again when the outcome could not be recorded, and signs the same bytes', async () => {
    const { world, process, request } = await approved();
    let failures = 1;
    world.onJournal = (call) => {
      if (call === 'recordOutcome' && failures-- > 0) throw new Error('disk full');
    };
    const release = process.runner.release(request.id);
    await until(() => world.waits.length > 0);
    expect(world.stored(request.id).status).toBe('executing');
    await world.elapse();
    await release;
    expect(world.stored(request.id).status).toBe('signed');
    expect(new Set(world.signed)).toEqual(new Set([hex('a'), hex('b')]));
    expect(world.faults).toHaveLength(1);
  });

  it('ends its waits when the service stops', async () => {
    const { world, process, request } = await approved();
    world.signer = 'unavailable';
    const release = process.runner.release(request.id);
    await until(() => world.waits.length > 0);
    process.stop();
    await release;
    expect(world.stored(request.id).status).toBe('executing');
  });
});

describe('resume', () => {
  it.each(['recordOutcome', 'sign'] as const)(
    'signs once more, and only the same bytes, what a crash at %s left executing',
    async (moment) => {
      const key = ed25519Key();
      const world = requestWorld(key);
      world.addPolicy({
        rule: { kind: 'count-velocity', configuration: { limit: 1, windowMinutes: 10 } },
        action: { kind: 'block' },
      });
      const crashing = world.start();
      if (moment === 'sign') world.signer = 'unavailable';
      else
        world.onJournal = (call) => {
          if (call === 'recordOutcome') throw new Error('the process ended');
        };
      await crashing.create(plainRequest(key, 'a')).catch(() => {});
      world.crash(crashing);
      const [before] = [...world.database.requests.values()];
      expect(before?.status).toBe('executing');
      world.onJournal = () => {};
      world.signer = 'works';
      world.signed.length = 0;
      const next = world.start();
      expect(await next.runner.resume()).toBe(1);
      expect(world.stored(before?.id).status).toBe('signed');
      expect(world.signed).toEqual([hex('a')]);
      // Its limit was reserved with the first intent, and once.
      expect(world.database.spent).toHaveLength(1);
      expect(await next.runner.resume()).toBe(0);
    },
  );

  it('signs what was approved while nobody ran', async () => {
    const { world, request } = await approved();
    expect(await world.start().runner.resume()).toBe(1);
    expect(world.stored(request.id).status).toBe('signed');
  });

  it('leaves what this process is signing at the moment', async () => {
    const key = ed25519Key();
    const world = requestWorld(key);
    const process = world.start();
    const creating = process.create(plainRequest(key, 'a'));
    while (world.database.requests.size === 0) await Promise.resolve();
    expect(await process.runner.resume()).toBe(0);
    await creating;
    expect(world.signed).toEqual([hex('a')]);
  });

  it('signs a thousand requests in few batches, and rejects those that may not be signed any more', async () => {
    const key = ed25519Key();
    const closed = ed25519Key();
    const world = requestWorld(key, closed);
    const crashing = world.start();
    world.signer = 'unavailable';
    await crashing.create(
      ...Array.from({ length: 1_000 }, (_, index) => plainRequest(index % 10 === 0 ? closed : key, `${index}`)),
    );
    world.crash(crashing);
    world.signer = 'works';
    world.keys[1] = { ...closed, enabled: false };
    world.bumpRevision();
    const intents = world.database.intents.length;
    expect(await world.start().runner.resume()).toBe(1_000);
    const statuses = Map.groupBy(world.database.requests.values(), ({ status }) => status);
    expect(statuses.get('signed')).toHaveLength(900);
    expect(statuses.get('rejected')).toHaveLength(100);
    expect(world.database.intents.length - intents).toBe(4);
  });

  it('does not let one request that changes meanwhile hold its neighbours up', async () => {
    const key = ed25519Key();
    const world = requestWorld(key);
    const crashing = world.start();
    world.signer = 'unavailable';
    const results = await crashing.create(...['a', 'b', 'c'].map((text) => plainRequest(key, text)));
    world.crash(crashing);
    world.signer = 'works';
    const { id } = requestOf(results[1]);
    let changed = false;
    world.onJournal = () => {
      if (changed) return;
      changed = true;
      world.database.requests.set(id, { ...world.stored(id), status: 'rejected', version: 9 });
    };
    await world.start().runner.resume();
    expect(results.map((result) => world.stored(requestOf(result).id).status)).toEqual([
      'signed',
      'rejected',
      'signed',
    ]);
  });

  it('goes on in the background with what the signer did not answer', async () => {
    const { world, request } = await approved();
    world.signer = 'unavailable';
    const process = world.start();
    expect(await process.runner.resume()).toBe(1);
    expect(world.stored(request.id).status).toBe('executing');
    world.signer = 'works';
    await until(() => world.waits.length > 0);
    await world.elapse();
    await process.runner.release(request.id);
    expect(world.stored(request.id).status).toBe('signed');
    expect(world.signed).toEqual([hex('a'), hex('b')]);
  });
});

describe('creating while the signer is away', () => {
  it('answers that the request is being signed, and signs it later', async () => {
    const key = ed25519Key();
    const world = requestWorld(key);
    world.signer = 'unavailable';
    const process = world.start();
    const { id, status } = requestOf((await process.create(plainRequest(key, 'a')))[0]);
    expect(status).toBe('executing');
    expect(await process.runner.resume()).toBe(0);
    world.signer = 'works';
    await world.elapse();
    await process.runner.release(id);
    expect(world.stored(id).status).toBe('signed');
    expect(world.signed).toEqual([hex('a')]);
  });

  it('remembers what was stored when the outcome could not be, and rejects the call', async () => {
    const key = ed25519Key();
    const world = requestWorld(key);
    world.onJournal = (call) => {
      if (call === 'recordOutcome') throw new Error('disk full');
    };
    const process = world.start();
    await expect(process.create(plainRequest(key, 'a'))).rejects.toThrow('disk full');
    world.onJournal = () => {};
    await world.elapse();
    const [stored] = world.database.requests.values();
    await process.runner.release(stored?.id ?? ('' as SignatureRequest['id']));
    expect(world.stored(stored?.id).status).toBe('signed');
  });
});

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise(setImmediate);
}

function replace(world: World, principal: Principal, overrides: Partial<Principal>): void {
  world.principals.set(principal.id, { ...principal, ...overrides });
}

function replaceKey(world: World, overrides: Partial<KeyRecord>): void {
  const key = world.keys.pop();
  if (key !== undefined) world.keys.push({ ...key, ...overrides });
}

function rewriteApproval(world: World, overrides: object): void {
  for (const [id, approval] of world.database.approvals)
    world.database.approvals.set(id, { ...approval, ...overrides });
}

function textContent(texts: readonly string[]): SignatureRequest['content'] {
  const payload = { chain: 'text', format: 'list', network: undefined, content: { texts, to: 'friend' } };
  return { kind: 'chain', payload, options: {} };
}
