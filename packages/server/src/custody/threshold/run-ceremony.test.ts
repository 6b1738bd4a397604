import { randomSecret } from '@countersign/algorithms/secret-memory';
import { DomainError } from '@countersign/core/domain-error';
import type { Room, RoomEvents, Rooms } from '@countersign/core/ports/rooms';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { FRAME_HEADER_BYTES } from '../frames.ts';
import type { PartyOperation, SealSlot } from '../messages/party-message.ts';
import type { PoolWork } from '../pool-work.ts';
import { loadSchemes } from '../sealed/party/load-schemes.ts';
import { partyOperations } from '../sealed/party/party-operations.ts';
import { PartyLink } from './party-link.ts';
import { type CeremonyEnd, CeremonyRunner, type CeremonyTimes } from './run-ceremony.ts';

const TIMES: CeremonyTimes = { joinMs: 300, totalMs: 600, silenceMs: 200 };
const SLOT: SealSlot = {
  keyId: new Uint8Array(16).fill(1),
  accountId: new Uint8Array(16).fill(2),
  algorithm: 'bip340',
};

/** A relay that does as it likes. */
class TestRelay implements Rooms {
  size = 2;
  events: RoomEvents | undefined;
  sent: Uint8Array[] = [];
  isLeft = false;
  onSend: (frame: Uint8Array) => void = () => undefined;

  create(): Promise<string> {
    return Promise.resolve('room');
  }

  join(_relay: string | undefined, _rooms: readonly string[], events: RoomEvents): Promise<Room> {
    this.events = events;
    return Promise.resolve({
      size: this.size,
      refused: new Map(),
      send: (frame: Uint8Array) => {
        this.sent.push(frame);
        this.onSend(frame);
      },
      leave: () => {
        this.isLeft = true;
      },
    });
  }
}

let schemes: Awaited<ReturnType<typeof loadSchemes>>;
let rootKey: Buffer;
let relay: TestRelay;
let party: { serve: ((body: Buffer) => Buffer) | undefined; largestRequest: number; abandoned: number };
let link: PartyLink;
let runner: CeremonyRunner;
let identity: Uint8Array;
let own: { readonly sealed: Uint8Array };
let others: readonly string[];
const timers = new Set<NodeJS.Timeout>();

beforeAll(async () => {
  schemes = await loadSchemes();
  rootKey = randomSecret(32);
});

beforeEach(async () => {
  relay = new TestRelay();
  party = { serve: startProcess(), largestRequest: 0, abandoned: 0 };
  link = new PartyLink({ submit: (work) => answer(work) });
  const rooms: Rooms = { create: () => relay.create(), join: (...parts) => relay.join(...parts) };
  runner = new CeremonyRunner(link, rooms, TIMES);
  identity = Uint8Array.from((await asked('identity', { kind: 'create-identity' })).sealed);
  own = { sealed: Uint8Array.from((await asked('key', { kind: 'create-key', identity, slot: SLOT })).sealed) };
  const other = Uint8Array.from((await asked('identity', { kind: 'create-identity' })).sealed);
  others = [(await asked('key', { kind: 'create-key', identity: other, slot: SLOT })).keygenId];
});

afterEach(() => {
  for (const timer of timers) clearInterval(timer);
  timers.clear();
});

function startProcess(): ((body: Buffer) => Buffer) | undefined {
  const options = { allowFullExport: false, backup: { mode: 'off' } } as const;
  return [...partyOperations(schemes, rootKey, options).serve.values()][0];
}

/** As a pool with one process: an answer comes later; without a process, or once it has ended, none does. */
function answer(work: PoolWork): void {
  if (party.abandoned > 0) {
    party.abandoned -= 1;
    work.abandon();
    return;
  }
  const { frame, complete, lost } = work.take(0);
  const body = Buffer.from(frame.subarray(FRAME_HEADER_BYTES));
  party.largestRequest = Math.max(party.largestRequest, body.length);
  const { serve } = party;
  setImmediate(() => {
    if (serve === undefined || serve !== party.serve) lost();
    else complete(Buffer.from(serve(body).subarray(FRAME_HEADER_BYTES)));
  });
}

async function asked<Kind extends 'identity' | 'key'>(kind: Kind, request: Parameters<PartyLink['ask']>[0]) {
  const reply = await link.ask(request);
  if (reply?.kind !== kind) throw new Error(`expected ${kind}`);
  return reply as Extract<typeof reply, { kind: Kind }>;
}

function generating(): PartyOperation {
  return { kind: 'generate', share: { slot: SLOT, sealed: own.sealed }, threshold: 2, othersKeygenIds: others };
}

async function run(operation: () => PartyOperation = generating): Promise<CeremonyEnd> {
  return runner.run({
    identity,
    rooms: ['room'],
    relay: undefined,
    operation,
    store: () => Promise.reject(new DomainError('unavailable', 'the disk is full')),
  });
}

function repeat(everyMs: number, what: () => void): void {
  const timer = setInterval(what, everyMs);
  timers.add(timer);
}

function messageOf(end: CeremonyEnd): string {
  return end.ok ? 'ok' : `${end.error.code}: ${end.error.message}`;
}

describe('one operation of one party', () => {
  it('names who did not come, and leaves the room', async () => {
    const end = await run();
    expect(messageOf(end)).toMatch(/^ceremony_failed: 1 of 2 parties came; not heard of: party \d/);
    expect(end).toMatchObject({ ok: false, stored: false });
    expect(relay.isLeft).toBe(true);
  });

  it('waits a little, and no longer, for the frames of a member that is gone', async () => {
    runner = new CeremonyRunner(link, relay, { joinMs: 20_000, totalMs: 20_000, silenceMs: 100 });
    const startedMs = performance.now();
    const running = run();
    setTimeout(() => relay.events?.onLeft(), 50);
    expect(messageOf(await running)).toMatch(/not heard of: party \d/);
    const tookMs = performance.now() - startedMs;
    expect(tookMs).toBeGreaterThan(140);
    expect(tookMs).toBeLessThan(5_000);
  });

  it('ends in its time, however much a relay sends', async () => {
    const flooding = relay;
    relay.onSend = () => repeat(1, () => flooding.events?.onFrame(1, Buffer.from('nothing')));
    const startedMs = performance.now();
    expect(messageOf(await run())).toMatch(/^ceremony_failed: /);
    expect(performance.now() - startedMs).toBeLessThan(2 * TIMES.totalMs);
  });

  it('takes no more than it has room for', async () => {
    relay.onSend = () => {
      for (let count = 0; count < 1000; count += 1) relay.events?.onFrame(1, Buffer.alloc(1024));
    };
    expect(messageOf(await run())).toContain('the relay sent more than this server takes');
  });

  it('gives the party process as many frames at once as one message takes', async () => {
    relay.onSend = () => {
      relay.onSend = () => undefined;
      for (let count = 0; count < 15; count += 1) relay.events?.onFrame(1, Buffer.alloc(1024 * 1024 + 10));
      // Longer than any that a party has a reason to send.
      relay.events?.onFrame(1, Buffer.alloc(15 * 1024 * 1024));
    };
    expect(messageOf(await run())).toMatch(/^ceremony_failed: 1 of 2 parties came/);
    expect(party.largestRequest).toBeGreaterThan(4 * 1024 * 1024);
    expect(party.largestRequest).toBeLessThan(9 * 1024 * 1024);
  });

  it('says so when the room ends before the others came', async () => {
    relay.onSend = () => setImmediate(() => relay.events?.onEnd('the relay is stopping'));
    expect(messageOf(await run())).toMatch(/^ceremony_failed: the room ended \(the relay is stopping\): 1 of 2/);
  });

  it('fails with a process that ended, and the next one goes on with the one that came after it', async () => {
    relay.onSend = () => {
      party.serve = undefined;
      setImmediate(() => relay.events?.onFrame(1, Buffer.from('anything')));
    };
    expect(messageOf(await run())).toMatch(/^unavailable: /);
    expect(relay.isLeft).toBe(true);
    party.serve = startProcess();
    relay = new TestRelay();
    expect(messageOf(await run())).toMatch(/^ceremony_failed: 1 of 2 parties came/);
  });

  it('is closed in a party process that had too much to do at first', async () => {
    relay.onSend = () => {
      relay.onSend = () => undefined;
      // What comes next: the frame, and the end.
      party.abandoned = 3;
      setImmediate(() => relay.events?.onFrame(1, Buffer.from('anything')));
    };
    expect(messageOf(await run())).toMatch(/^unavailable: /);
    await vi.waitFor(async () => {
      const reply = await link.ask({ kind: 'kept', session: 1 });
      expect(reply).toMatchObject({ kind: 'refused', reason: 'the operation is no longer under way' });
    });
  });

  it('says what is too large for one message', async () => {
    const element = { room: 'room', share: 0, path: [], merkleRoot: undefined, message: Buffer.alloc(64 * 1024) };
    const elements = new Array<typeof element>(1000).fill(element);
    const end = await run(() => ({ kind: 'sign', algorithm: 'bip340', shares: [], elements }));
    expect(messageOf(end)).toBe('too_large: the batch is too large; send it in parts');
  });

  it('passes on why the party process refused, and leaves nothing open there', async () => {
    relay.size = 3;
    for (let count = 0; count < 5; count += 1)
      expect(messageOf(await run())).toBe('invalid_request: the room is for 3 parties, and the key for 2');
    // The number of the last session is free.
    const reply = await link.ask({
      kind: 'open',
      session: 1,
      identity,
      room: 'room',
      size: 2,
      operation: generating(),
    });
    expect(reply?.kind).toBe('session');
  });
});
