import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Delivery, HELLO_MARKER, MARKER, SimulatedRoom } from '../../test/exchange/simulated-room.ts';
import { seededRandom } from '../../test/exchange/test-identities.ts';

const allOf = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** What a relay can do with a delivery; `nth` and `amount` choose among what there is. */
const move = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ kind: 'deliver' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'drop' as const,
        'repeat' as const,
        'alter' as const,
        'cut' as const,
        'extend' as const,
        'change slot' as const,
        'send elsewhere' as const,
        'replay old' as const,
        'replay from another room' as const,
        'reflect' as const,
        'invent' as const,
      ),
    }),
  },
);

function bytesOf(rooms: readonly SimulatedRoom[]): string {
  return Buffer.concat(rooms.flatMap(({ sent }) => sent.map(({ frame }) => frame))).toString('latin1');
}

describe('a malicious relay', () => {
  it('can do no more than end the operation; it reads nothing, and nobody is blamed', () => {
    const earlier = new SimulatedRoom({ candidates: 5, present: allOf(5), roomId: 'an earlier room' });
    earlier.start();
    earlier.run();
    // The same id once more, which only a relay that lies offers.
    const sameId = new SimulatedRoom({ candidates: 5, present: allOf(5), seed: 'earlier' });
    sameId.start();
    sameId.run();

    const runs = fc.record({
      n: fc.integer({ min: 2, max: 5 }),
      moves: fc.array(move, { minLength: 20, maxLength: 80 }),
      choices: fc.infiniteStream(fc.nat()),
    });
    let finished = 0;
    let ended = 0;
    fc.assert(
      fc.property(runs, ({ n, moves, choices }) => {
        const room = new SimulatedRoom({ candidates: 5, present: allOf(n), rounds: 3 });
        const choose = (count: number): number => (choices.next().value ?? 0) % Math.max(1, count);
        const randomBytes = seededRandom(`invented ${choose(1000)}`);
        room.start();
        const act = (kind: (typeof moves)[number]['kind']): void => {
          const [delivery] = room.pending.splice(choose(room.pending.length), 1);
          if (delivery === undefined) return;
          for (const each of altered(kind, delivery)) room.deliver(each);
        };
        const altered = (kind: (typeof moves)[number]['kind'], delivery: Delivery): Delivery[] => {
          const { from, to, frame } = delivery;
          const other = choose(n);
          const pick = (sent: SimulatedRoom['sent']): Uint8Array => sent[choose(sent.length)]?.frame ?? frame;
          switch (kind) {
            case 'deliver':
              return [delivery];
            case 'drop':
              return [];
            case 'repeat':
              return [delivery, delivery];
            case 'alter': {
              const copy = Buffer.from(frame);
              const place = choose(copy.length);
              copy.writeUInt8(copy.readUInt8(place) ^ (1 << choose(8)), place);
              return [{ from, to, frame: copy }];
            }
            case 'cut':
              return [{ from, to, frame: frame.subarray(0, choose(frame.length)) }];
            case 'extend':
              return [{ from, to, frame: Buffer.concat([frame, randomBytes(1 + choose(40))]) }];
            case 'change slot':
              return [{ from: other, to, frame }];
            case 'send elsewhere':
              return [delivery, { from, to: other, frame }];
            case 'replay old':
              return [delivery, { from: other, to, frame: pick(room.sent) }];
            case 'replay from another room':
              return [delivery, { from: other, to, frame: pick(choose(2) === 0 ? earlier.sent : sameId.sent) }];
            case 'reflect':
              return [delivery, { from, to, frame: room.sent.find((sent) => sent.from === to)?.frame ?? frame }];
            case 'invent':
              return [delivery, { from, to, frame: randomBytes(1 + choose(3000)) }];
          }
        };
        for (const { kind } of moves) act(kind);
        room.run(choose);
        room.timeOut();
        room.run(choose);

        expect(room.isOver()).toBe(true);
        for (const abort of room.aborts()) if (abort !== undefined) expect(abort.culprits).toEqual([]);
        const results = room.results().filter((result) => result !== undefined);
        expect(new Set(results).size).toBeLessThanOrEqual(1);
        const bytes = bytesOf([room]);
        expect(bytes).not.toContain(MARKER);
        expect(bytes).not.toContain(HELLO_MARKER);
        finished += results.length;
        ended += n - results.length;
      }),
      { numRuns: 60 },
    );
    // Both ends were really met.
    expect(finished).toBeGreaterThan(20);
    expect(ended).toBeGreaterThan(20);
  });

  it('gets nowhere by altering any byte of a hello', () => {
    const make = (): SimulatedRoom => {
      const room = new SimulatedRoom({ candidates: 2, present: [0, 1] });
      room.start();
      return room;
    };
    const hello = make().sent[1]?.frame ?? Buffer.alloc(0);
    const room = make();
    const [party] = room.parties;
    // Boxes for others than this party, and their hints, are none of its business: the one for slot 1 itself is last.
    const untouched = { from: 2 + 32 + 4 + 64, to: 2 + 32 + 4 + 2 * 64 };
    let altered = 0;
    for (let place = 0; place < hello.length; place += 1) {
      if (place >= untouched.from && place < untouched.to) continue;
      const copy = Buffer.from(hello);
      copy.writeUInt8(copy.readUInt8(place) ^ 0x10, place);
      expect(party?.exchange.receive(1, copy)).toEqual({ send: [], status: 'waiting' });
      altered += 1;
    }
    expect(party?.exchange.dropped).toBe(altered);
    room.run();
    expect(room.results()[0]).toBeDefined();
  });

  it('can not make one member speak for two, or two for one', () => {
    const room = new SimulatedRoom({ candidates: 3, present: allOf(3) });
    room.start();
    const [party] = room.parties;
    const hellos = room.sent.map(({ frame }) => frame);
    const [, ofOne = Buffer.alloc(0), ofTwo = Buffer.alloc(0)] = hellos;
    party?.exchange.receive(1, ofOne);
    party?.exchange.receive(1, ofTwo);
    expect(party?.exchange.dropped).toBe(1);
    party?.exchange.receive(2, ofOne);
    expect(party?.exchange.dropped).toBe(1);
    room.run();
    expect(new Set(room.results()).size).toBe(1);
    expect(room.results()[0]).toBeDefined();
  });

  it('that offers one room id twice can not end the second use by what it kept of the first', () => {
    const first = new SimulatedRoom({ candidates: 2, present: [0, 1], seed: 'first' });
    first.start();
    const [, leaving] = first.parties;
    if (leaving === undefined) throw new Error('no party');
    first.apply(leaving, leaving.exchange.abandon());
    const abort = first.sent.at(-1)?.frame ?? new Uint8Array();

    const second = new SimulatedRoom({ candidates: 2, present: [0, 1], seed: 'second' });
    second.start();
    const [party] = second.parties;
    party?.exchange.receive(1, second.sent[1]?.frame ?? new Uint8Array());
    expect(party?.exchange.receive(1, abort).status).toBe('waiting');
    expect(party?.exchange.dropped).toBe(1);
  });

  it('sees nothing of a reason either', () => {
    const room = new SimulatedRoom({ candidates: 2, present: [0, 1] });
    room.start();
    const [party] = room.parties;
    if (party === undefined) throw new Error('no party');
    room.apply(party, party.exchange.abandon('A-REASON-THAT-NAMES-THINGS'));
    expect(bytesOf([room])).not.toContain('A-REASON-THAT-NAMES-THINGS');
    room.run();
    expect(room.aborts()[1]?.reason).toContain('A-REASON-THAT-NAMES-THINGS');
  });
});
