import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HandMadeParty } from '../../test/exchange/hand-made-party.ts';
import { exchangeOptions, MARKER, type RoomSetup, SimulatedRoom } from '../../test/exchange/simulated-room.ts';
import { digest, testIdentity } from '../../test/exchange/test-identities.ts';
import { type Keep, ProtocolAbort } from '../protocol.ts';
import { Exchange } from './exchange.ts';

const allOf = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

function startedRoom(setup: RoomSetup): SimulatedRoom {
  const room = new SimulatedRoom(setup);
  room.start();
  return room;
}

describe('parties that all follow the protocol', () => {
  it.each([1, 2, 3, 5, 20])('finish with one result, %i of them, and drop no frame', (n) => {
    const room = startedRoom({ candidates: n, present: allOf(n), rounds: n === 20 ? 1 : 3 });
    room.run();
    const results = room.results();
    expect(results).toHaveLength(n);
    expect(new Set(results).size).toBe(1);
    expect(results[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(room.parties.map(({ exchange }) => exchange.dropped)).toEqual(Array(n).fill(0));
  });

  it('finish whoever of the candidates come, in whatever order frames arrive, repeated or not', () => {
    const runs = fc.record({
      present: fc.shuffledSubarray(allOf(6), { minLength: 2, maxLength: 5 }),
      rounds: fc.integer({ min: 1, max: 3 }),
      order: fc.infiniteStream(fc.nat()),
      repeat: fc.infiniteStream(fc.integer({ min: 0, max: 3 })),
    });
    fc.assert(
      fc.property(runs, ({ present, rounds, order, repeat }) => {
        const room = startedRoom({ candidates: 6, present, rounds });
        for (;;) {
          const place = (order.next().value ?? 0) % Math.max(1, room.pending.length);
          const [next] = room.pending.splice(place, 1);
          if (next === undefined) break;
          room.deliver(next);
          if (repeat.next().value === 0) room.deliver(next);
        }
        expect(new Set(room.results())).toEqual(new Set([expect.stringMatching(/^[0-9a-f]{64}$/)]));
        expect(room.parties.map(({ exchange }) => exchange.dropped)).toEqual(present.map(() => 0));
      }),
      { numRuns: 40 },
    );
  });

  it('are put into the order of the candidates, whatever their slots', () => {
    const seen: unknown[] = [];
    const room = startedRoom({
      candidates: 5,
      present: [4, 0, 2],
      options: (slot) => ({
        hello: Buffer.from(`hello of slot ${slot}`),
        checkHellos: ({ parties, me, hellos, session }) => {
          const said = hellos.map((hello) => Buffer.from(hello).toString());
          seen.push({ slot, parties, me, said, session: Buffer.from(session).toString('hex') });
          return { kind: 'finished', result: 'met' };
        },
      }),
    });
    room.run();
    const said = ['hello of slot 1', 'hello of slot 2', 'hello of slot 0'];
    expect(seen).toHaveLength(3);
    const sessions = new Set(seen.map((each) => (each as { session: string }).session));
    expect(sessions.size).toBe(1);
    const [session] = sessions;
    for (const [slot, me] of [
      [0, 2],
      [1, 0],
      [2, 1],
    ]) {
      expect(seen).toContainEqual({ slot, me, parties: [0, 2, 4], said, session });
    }
  });

  it('carry broadcasts of the greatest size, and refuse longer ones of their own', () => {
    const limit = 1024 * 1024;
    const room = startedRoom({
      candidates: 3,
      present: allOf(3),
      rounds: 1,
      toy: () => ({ padding: Buffer.alloc(limit - 200, 7) }),
      options: () => ({ hello: Buffer.alloc(limit, 1) }),
    });
    room.run();
    expect(new Set(room.results()).size).toBe(1);
    expect(room.results()[0]).toBeDefined();
    // Encrypted once for all, not once for each.
    expect(Math.max(...room.sent.map(({ frame }) => frame.length))).toBeLessThan(limit + 2000);

    const tooLong = startedRoom({
      candidates: 2,
      present: allOf(2),
      toy: () => ({ padding: Buffer.alloc(limit) }),
    });
    tooLong.run();
    expect(tooLong.aborts()[0]).toMatchObject({ cause: 'internal', culprits: [] });
  });
});

describe('what has to be durable', () => {
  const keepOf = (round: number): Keep | undefined =>
    round === 1
      ? { kind: 'nonces', hashes: [digest('a nonce')] }
      : { kind: 'pending', secret: Buffer.from('a pending secret') };
  const setup: RoomSetup = { candidates: 2, present: [0, 1], toy: () => ({ keep: keepOf }) };

  function metPair() {
    const [a, b] = [0, 1].map((slot) => new Exchange(exchangeOptions(setup, slot, slot)));
    if (a === undefined || b === undefined) throw new Error('no pair');
    const helloOfA = a.start().send[0] ?? Buffer.alloc(0);
    const helloOfB = b.start().send[0] ?? Buffer.alloc(0);
    return { a, b, atA: a.receive(1, helloOfB), atB: b.receive(0, helloOfA) };
  }

  it('is given once, and its broadcast leaves only when it is kept', () => {
    const { a, b, atA, atB } = metPair();
    expect(atA).toEqual({ send: [], keep: { kind: 'nonces', hashes: [digest('a nonce')] }, status: 'waiting' });
    expect(a.look()).toEqual({ send: [], status: 'waiting' });
    expect(atB.send).toEqual([]);
    const roundOfB = b.kept();
    expect(roundOfB.send).toHaveLength(1);
    // The other's frame is here; this party's own isn't free yet.
    expect(a.receive(1, roundOfB.send[0] ?? Buffer.alloc(0))).toEqual({ send: [], status: 'waiting' });
    const released = a.kept();
    expect(released.send).toHaveLength(1);
    expect(released.keep).toMatchObject({ kind: 'pending' });
    expect(() => b.kept()).toThrow('nothing was to be kept');
  });

  it('ends the operation without a word to anybody about it, if it is not stored in time', () => {
    const { a } = metPair();
    const { status, send } = a.timeOut();
    expect(status).toMatchObject({ aborted: { cause: 'abandoned', culprits: [], silent: [] } });
    expect(send).toHaveLength(1);
    expect(a.kept()).toEqual({ send: [], status });
  });

  it('is wiped, and so is the round, when the operation ends before anybody has seen it', () => {
    const secret = Buffer.from('a pending secret');
    let abandoned = 0;
    const exchange = new Exchange({
      ...exchangeOptions({ candidates: 1, present: [0] }, 0, 0),
      checkHellos: () => ({
        kind: 'round',
        broadcast: Buffer.alloc(2 * 1024 * 1024),
        keep: { kind: 'pending', secret },
        next: () => ({ kind: 'finished', result: '' }),
        abandon: () => {
          abandoned += 1;
        },
      }),
    });
    const { keep, status } = exchange.start();
    expect(status).toMatchObject({ aborted: { cause: 'internal' } });
    expect({ keep, abandoned }).toEqual({ keep: undefined, abandoned: 1 });
    expect(secret).toEqual(Buffer.alloc(secret.length));
  });
});

describe('parties that were asked for different things', () => {
  it('name the field that the check of the hellos names', () => {
    const room = startedRoom({
      candidates: 3,
      present: allOf(3),
      options: (slot) => ({
        hello: Buffer.from(slot === 2 ? 'message B' : 'message A'),
        checkHellos: ({ hellos, me }) => {
          const other = hellos.findIndex((hello) => Buffer.compare(hello, hellos[me] ?? hello) !== 0);
          throw new ProtocolAbort([], `party ${other} was asked to sign another message`);
        },
      }),
    });
    room.run();
    expect(room.aborts()).toMatchObject([
      { culprits: [], reason: expect.stringContaining('party 2 was asked to sign another message') },
      { culprits: [], reason: expect.stringContaining('was asked to sign another message') },
      { culprits: [], reason: expect.stringContaining('was asked to sign another message') },
    ]);
  });

  it.each([
    { field: 'operation', other: { operation: 'refresh' }, reason: 'another operation: refresh, here toy' },
    { field: 'number of parties', other: { roomSize: 3 }, reason: 'another number of parties: 3, here 2' },
    {
      field: 'parties',
      other: {
        candidates: [1, 0, 2].map((i) => ({ identity: testIdentity(i).public, name: '' })),
      },
      reason: 'other parties',
    },
    {
      field: 'parties that not all know',
      other: { candidates: [0, 1, 7].map((i) => ({ identity: testIdentity(i).public, name: '' })) },
      reason: 'other parties',
    },
  ])('name the $field', ({ other, reason }) => {
    const room = startedRoom({
      candidates: 3,
      present: [0, 1],
      options: (slot) => (slot === 1 ? other : {}),
    });
    room.run();
    const [abort] = room.aborts();
    expect(abort).toMatchObject({ cause: 'refused', culprits: [], silent: [] });
    expect(abort?.reason).toContain(`server 1 was asked`);
    expect(abort?.reason).toContain(reason);
    expect(room.isOver()).toBe(true);
  });

  it('refuse a hello that the protocol finds malformed, and tell no more than that', () => {
    const room = startedRoom({
      candidates: 2,
      present: [0, 1],
      options: () => ({
        checkHellos: () => {
          throw new Error('a detail with a secret in it');
        },
      }),
    });
    room.run();
    const [abort] = room.aborts();
    expect(abort).toMatchObject({ cause: 'internal', error: new Error('a detail with a secret in it') });
    expect(JSON.stringify(room.aborts().map((each) => each?.reason))).not.toContain('secret');
  });
});

describe('an end before the end', () => {
  it('is told to the others, with its reason', () => {
    const room = startedRoom({ candidates: 3, present: allOf(3) });
    const [first] = room.parties;
    if (first === undefined) throw new Error('no party');
    room.run(() => room.pending.findIndex(({ to }) => to !== 0));
    room.apply(first, first.exchange.abandon('the server\u2028is stopped\u0007'));
    room.run();
    expect(room.aborts()).toMatchObject([
      { cause: 'abandoned', reason: 'the server is stopped ' },
      { cause: 'peer_aborted', culprits: [], gaveUp: 0, reason: 'server 0 gave up: the server is stopped ' },
      { cause: 'peer_aborted', culprits: [], gaveUp: 0, reason: 'server 0 gave up: the server is stopped ' },
    ]);
  });

  it('is understood from a party whose hello comes only after it', () => {
    const room = startedRoom({ candidates: 2, present: [0, 1] });
    const [, second] = room.parties;
    if (second === undefined) throw new Error('no party');
    room.apply(second, second.exchange.abandon());
    room.run((length) => length - 1);
    expect(room.aborts()[0]).toMatchObject({ cause: 'peer_aborted', gaveUp: 1 });
  });

  it('at the time-out names who is absent', () => {
    const room = startedRoom({ candidates: 4, present: [0, 2, 3] });
    room.run(() => room.pending.findIndex(({ from }) => from !== 2));
    room.timeOut();
    expect(room.aborts()[0]).toMatchObject({
      cause: 'silence',
      culprits: [],
      silent: [1, 3],
      reason: '2 of 3 parties came; not heard of: server 1, server 3; the relay may be the cause',
    });
  });

  it('at the time-out names who said nothing in a round', () => {
    const room = startedRoom({ candidates: 3, present: allOf(3), rounds: 2 });
    const deaf = new Set<Uint8Array>();
    // Server 1 says hello and is never heard again.
    for (let turn = 0; turn < 100 && room.pending.length > 0; turn += 1) {
      const [next] = room.pending.splice(0, 1);
      if (next === undefined) break;
      if (next.from === 1 && next.frame !== room.sent[1]?.frame) deaf.add(next.frame);
      else room.deliver(next);
    }
    room.timeOut();
    expect(deaf.size).toBeGreaterThan(0);
    expect(room.aborts()[0]).toMatchObject({
      cause: 'silence',
      culprits: [],
      silent: [1],
      reason: 'no frame for round 1 from server 1; the relay may be the cause',
    });
  });

  it('is final', () => {
    const room = startedRoom({ candidates: 2, present: [0, 1] });
    const hello = room.sent[1]?.frame ?? Buffer.alloc(0);
    const [party] = room.parties;
    const { status } = party?.exchange.timeOut() ?? {};
    expect(status).toMatchObject({ aborted: { cause: 'silence' } });
    for (const output of [party?.exchange.receive(1, hello), party?.exchange.timeOut(), party?.exchange.abandon()]) {
      expect(output).toEqual({ send: [], status });
    }
  });

  it('wipes the round that nobody continues', () => {
    let abandoned = 0;
    const toy = () => ({
      onAbandon: () => {
        abandoned += 1;
      },
    });
    const room = startedRoom({ candidates: 2, present: [0, 1], toy });
    room.run(() => room.pending.findIndex(({ frame }) => room.sent.findIndex((each) => each.frame === frame) < 2));
    room.timeOut();
    expect(abandoned).toBe(2);
  });
});

describe('limits', () => {
  it('drop frames that are too long, too many, or from no slot of the room', () => {
    const room = startedRoom({
      candidates: 2,
      present: [0, 1],
      options: () => ({ limits: { payloadBytes: 4096, frames: 5 } }),
    });
    const [party] = room.parties;
    const hello = room.sent[1]?.frame ?? Buffer.alloc(0);
    for (const slot of [-1, 2, 0.5, Number.NaN]) party?.exchange.receive(slot, hello);
    party?.exchange.receive(1, Buffer.alloc(1024 * 1024));
    expect(party?.exchange.dropped).toBe(5);
    expect(party?.exchange.receive(1, hello)).toEqual({ send: [], status: 'waiting' });
    expect(party?.exchange.dropped).toBe(6);
  });

  it('hold back a bounded number of frames before the hellos are complete', () => {
    const room = startedRoom({ candidates: 3, present: allOf(3) });
    const other = startedRoom({ candidates: 3, present: allOf(3), roomId: 'another room' });
    other.run();
    const roundFrames = other.sent.filter(({ from }) => from === 1).slice(1);
    const [party] = room.parties;
    for (const { frame } of roundFrames) party?.exchange.receive(1, frame);
    for (const { frame } of roundFrames) party?.exchange.receive(1, Buffer.concat([frame]));
    expect(party?.exchange.dropped).toBe(Math.max(0, roundFrames.length - 4));
    room.run();
    expect(new Set(room.results()).size).toBe(1);
  });

  it('buffer a bounded number of bytes of the round ahead', () => {
    const setup: RoomSetup = {
      candidates: 2,
      present: [0, 1],
      options: () => ({ limits: { bufferedBytes: 3000 } }),
    };
    const exchange = new Exchange(exchangeOptions(setup, 0, 0));
    const other = new HandMadeParty(exchangeOptions(setup, 1, 1));
    other.receive(0, exchange.start().send[0] ?? new Uint8Array());
    exchange.receive(1, other.helloFrame());
    exchange.receive(1, other.roundFrame(2, other.session, Buffer.alloc(3001)));
    expect(exchange.dropped).toBe(1);
    exchange.receive(1, other.roundFrame(2, other.session, Buffer.alloc(2999)));
    expect(exchange.dropped).toBe(1);
  });

  it.each([
    { what: 'without itself', options: { me: testIdentity(9) }, message: 'not among the candidates' },
    { what: 'for more than come', options: { roomSize: 3 }, message: 'size of the room' },
    { what: 'for nobody', options: { roomSize: 0 }, message: 'size of the room' },
    { what: 'without an id', options: { roomId: '' }, message: 'id of the room' },
    { what: 'without an operation', options: { operation: '' }, message: 'operation' },
    { what: 'with a long hello', options: { hello: Buffer.alloc(1024 * 1024 + 1) }, message: 'hello above the limit' },
    {
      what: 'with somebody twice',
      options: { candidates: [0, 1, 1].map((i) => ({ identity: testIdentity(i).public, name: '' })) },
      message: 'twice among the candidates',
    },
  ])('refuse an exchange $what', ({ options, message }) => {
    const base = exchangeOptions({ candidates: 2, present: [0, 1] }, 0, 0);
    expect(() => new Exchange({ ...base, ...options })).toThrow(message);
  });

  it('refuse to be used out of order', () => {
    const exchange = new Exchange(exchangeOptions({ candidates: 2, present: [0, 1] }, 0, 0));
    expect(() => exchange.receive(1, Buffer.alloc(1))).toThrow('before the start');
    exchange.start();
    expect(() => exchange.start()).toThrow('started twice');
    expect(() => exchange.kept()).toThrow('nothing was to be kept');
  });
});

it('the marker that leaks are looked for is really in what the parties say', () => {
  let said = '';
  const room = startedRoom({
    candidates: 2,
    present: [0, 1],
    toy: () => ({
      forge: (_, honest) => {
        said += honest.toString();
        return honest;
      },
    }),
  });
  room.run();
  expect(said).toContain(MARKER);
});
