import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_RELAY_LIMITS, type RelayLimits } from './relay-limits.ts';
import { RelayMemory } from './relay-memory.ts';
import { type JoinOutcome, RelayRooms, type Seat } from './relay-rooms.ts';

interface Table {
  readonly rooms: RelayRooms;
  readonly memory: RelayMemory;
  nowMs: number;
  create(size: number): string;
}

function table(limits: Partial<RelayLimits> = {}, maxMemoryBytes = 1e9): Table {
  const memory = new RelayMemory(maxMemoryBytes);
  let ids = 0;
  const made: Table = {
    memory,
    nowMs: 1000,
    rooms: new RelayRooms({
      limits: { ...DEFAULT_RELAY_LIMITS, ...limits },
      memory,
      now: () => made.nowMs,
      newId: () => `room-${ids++}`,
    }),
    create(size) {
      const created = made.rooms.create(size);
      if (!created.ok) throw new Error(created.reason);
      return created.id;
    },
  };
  return made;
}

interface Player {
  readonly outcome: JoinOutcome;
  readonly seat: Seat;
  readonly heard: string[];
}

function join(on: Table, ...ids: string[]): Player {
  const heard: string[] = [];
  const outcome = on.rooms.join(ids, {
    joined: (slot, rooms) => heard.push(`you ${slot} of ${rooms[0]}`),
    frame: (slot, frame) => heard.push(`${slot}: ${Buffer.from(frame).toString()}`),
    member: (slot, event) => heard.push(`${slot} ${event}`),
    closed: (reason) => heard.push(`closed ${reason}`),
  });
  const { seat = { slot: -1, send: () => undefined, leave: () => undefined } } = outcome;
  return { outcome, seat, heard };
}

const bytes = (text: string): Uint8Array => Buffer.from(text);
const whyNot = (player: Player): unknown => player.outcome.rooms[0];

describe('rooms of a relay', () => {
  it('carry every frame to all others, with the slot of the sender', () => {
    const on = table();
    const id = on.create(3);
    const [a, b, c] = [join(on, id), join(on, id), join(on, id)];
    a.seat.send(bytes('from a'));
    c.seat.send(bytes('from c'));
    expect(a.heard).toEqual(['you 0 of 3', '1 joined', '2 joined', '2: from c']);
    expect(b.heard).toEqual(['you 1 of 3', '0 joined', '2 joined', '0: from a', '2: from c']);
    expect(c.heard).toEqual(['you 2 of 3', '0 joined', '1 joined', '0: from a']);
  });

  it('tell a late member everything that it missed, in order, also of who left', () => {
    const on = table();
    const id = on.create(3);
    const a = join(on, id);
    a.seat.send(bytes('one'));
    const b = join(on, id);
    b.seat.send(bytes('two'));
    a.seat.send(bytes('three'));
    a.seat.leave();
    const c = join(on, id);
    expect(c.heard).toEqual(['you 2 of 3', '0 joined', '0: one', '1 joined', '1: two', '0: three', '0 left']);
  });

  it('keep a copy for late members, whatever becomes of the sender’s bytes', () => {
    const on = table();
    const id = on.create(2);
    const frame = bytes('kept');
    join(on, id).seat.send(frame);
    frame.fill(0);
    expect(join(on, id).heard.at(-1)).toBe('0: kept');
  });

  it('keep nothing once all are there', () => {
    const on = table();
    const id = on.create(2);
    const a = join(on, id);
    a.seat.send(bytes('early'));
    expect(on.memory.usedBytes).toBeGreaterThan(4);
    join(on, id);
    expect(on.memory.usedBytes).toBe(0);
    a.seat.send(bytes('later'));
    expect(on.memory.usedBytes).toBe(0);
  });

  it.each([1, 101, 0, -1, 2.5, Number.NaN])('are not made with a size of %s', (size) => {
    expect(table().rooms.create(size)).toEqual({ ok: false, reason: 'bad-size' });
  });

  it('are bounded in number', () => {
    const on = table({ maxRooms: 2 });
    on.create(2);
    on.create(2);
    expect(on.rooms.create(2)).toEqual({ ok: false, reason: 'too-many-rooms' });
  });

  it('take as many members as they were made for, once', () => {
    const on = table();
    const id = on.create(2);
    const a = join(on, id);
    const b = join(on, id);
    expect(whyNot(join(on, id))).toBe('full');
    a.seat.leave();
    expect(whyNot(join(on, id))).toBe('full');
    b.seat.leave();
    expect(whyNot(join(on, id))).toBe('used');
    expect(whyNot(join(on, 'room-999'))).toBe('unknown');
    expect(on.rooms.counts()).toMatchObject({ rooms: 0, activeRooms: 0 });
  });

  it('remember that they were used for a time, and are refused ever after', () => {
    const on = table({ roomTimeoutMs: 500 });
    const id = on.create(2);
    for (const player of [join(on, id), join(on, id)]) player.seat.leave();
    expect(whyNot(join(on, id))).toBe('used');
    on.nowMs += 500;
    on.rooms.expire();
    expect(whyNot(join(on, id))).toBe('unknown');
  });

  it('remember a bounded number of used ids', () => {
    const on = table({ maxRooms: 3 });
    const ids = Array.from({ length: 5 }, () => {
      const id = on.create(2);
      for (const player of [join(on, id), join(on, id)]) player.seat.leave();
      return id;
    });
    expect(ids.map((id) => whyNot(join(on, id)))).toEqual(['unknown', 'unknown', 'used', 'used', 'used']);
  });

  it('end when not all members come in time, counted from the first', () => {
    const on = table({ joinTimeoutMs: 100, roomTimeoutMs: 1000 });
    const id = on.create(2);
    on.nowMs += 900;
    on.rooms.expire();
    const a = join(on, id);
    on.nowMs += 99;
    on.rooms.expire();
    expect(a.heard).toHaveLength(1);
    on.nowMs += 1;
    // Nobody slips in between the time and its sweep.
    expect(whyNot(join(on, id))).toBe('used');
    on.rooms.expire();
    expect(a.heard.at(-1)).toBe('closed join-timeout');
    expect(on.rooms.counts()).toMatchObject({ rooms: 0, activeRooms: 0 });
    a.seat.send(bytes('too late'));
    a.seat.leave();
    expect(on.rooms.counts()).toMatchObject({ frames: 0, activeRooms: 0 });
  });

  it('end when nobody comes at all', () => {
    const on = table({ roomTimeoutMs: 1000 });
    const id = on.create(2);
    on.nowMs += 1000;
    on.rooms.expire();
    expect(whyNot(join(on, id))).toBe('used');
  });

  it('end after their whole time, complete or not', () => {
    const on = table({ joinTimeoutMs: 100, roomTimeoutMs: 1000 });
    const id = on.create(2);
    const a = join(on, id);
    on.nowMs += 50;
    const b = join(on, id);
    on.nowMs += 949;
    on.rooms.expire();
    expect(b.heard.at(-1)).toBe('0 joined');
    on.nowMs += 1;
    on.rooms.expire();
    expect([a, b].map((player) => player.heard.at(-1))).toEqual(['closed room-timeout', 'closed room-timeout']);
    expect(a.heard.filter((line) => line.includes('left'))).toEqual([]);
  });

  it('send out whoever sends an empty frame or one that is too long, too many of them, or more than its part', () => {
    const limits = { maxFrameBytes: 100_000, maxRoomBytes: 100_000, maxRoomFrames: 64 };
    for (const flood of [
      (seat: Seat) => seat.send(new Uint8Array(0)),
      (seat: Seat) => seat.send(new Uint8Array(100_001)),
      (seat: Seat) => Array.from({ length: 33 }, () => seat.send(bytes('x'))),
      (seat: Seat) => Array.from({ length: 6 }, () => seat.send(new Uint8Array(9000))),
    ]) {
      const on = table(limits);
      const id = on.create(2);
      const [bad, good] = [join(on, id), join(on, id)];
      flood(bad.seat);
      expect(bad.heard.at(-1)).toBe('closed limit');
      expect(good.heard.at(-1)).toBe('0 left');
      good.seat.send(bytes('still here'));
      expect(on.rooms.counts()).toMatchObject({ activeRooms: 1, ended: { limit: 1 } });
    }
  });

  it('leave to everybody a part of what a room may keep', () => {
    const on = table({ maxRoomBytes: 90_000, maxRoomFrames: 1000 });
    const id = on.create(3);
    const bad = join(on, id);
    while (!bad.heard.includes('closed limit')) bad.seat.send(new Uint8Array(2000));
    const good = join(on, id);
    good.seat.send(new Uint8Array(29_000));
    expect(good.heard).not.toContain('closed limit');
    expect(on.memory.usedBytes).toBeLessThanOrEqual(90_000);
  });

  it('send out who would fill up the relay, and give back what they kept', () => {
    const on = table({}, 10_000);
    const id = on.create(2);
    const a = join(on, id);
    a.seat.send(new Uint8Array(8000));
    a.seat.send(new Uint8Array(8000));
    expect(a.heard.at(-1)).toBe('closed memory');
    expect(on.memory.usedBytes).toBeLessThanOrEqual(10_000);
    on.nowMs += 1e9;
    on.rooms.expire();
    expect(on.memory.usedBytes).toBe(0);
  });

  it('count the cost of tiny frames', () => {
    const on = table({}, 10_000);
    const a = join(on, on.create(2));
    for (let index = 0; index < 100; index++) a.seat.send(new Uint8Array(1));
    expect(a.heard.at(-1)).toBe('closed memory');
  });

  it('are claimed together as companions of a carrier, and end with their member', () => {
    const on = table();
    const ids = [on.create(2), on.create(2), on.create(3)];
    const a = join(on, ...ids);
    expect(a.outcome.rooms).toEqual([2, 2, 3]);
    const b = join(on, ...ids);
    expect(b.outcome.rooms).toEqual([2, 2, 3]);
    expect(whyNot(join(on, ids[1] ?? ''))).toBe('full');
    a.seat.leave();
    b.seat.leave();
    expect(whyNot(join(on, ids[1] ?? ''))).toBe('used');
    expect(on.rooms.counts()).toMatchObject({ rooms: 1, activeRooms: 0 });
  });

  it('end with a carrier that ends', () => {
    const on = table({ joinTimeoutMs: 100 });
    const [carrier, companion] = [on.create(2), on.create(2)];
    join(on, carrier, companion);
    on.nowMs += 100;
    on.rooms.expire();
    expect(on.rooms.counts()).toMatchObject({ rooms: 0, activeRooms: 0 });
    expect(whyNot(join(on, companion))).toBe('used');
  });

  it('that refuse as companions don’t harm the rest; a carrier that refuses claims nothing', () => {
    const on = table();
    const id = on.create(2);
    const a = join(on, id, 'nowhere');
    expect(a.outcome.rooms).toEqual([2, 'unknown']);
    expect(a.seat.slot).toBe(0);
    const other = on.create(2);
    const b = join(on, 'nowhere', other);
    expect(b.outcome).toEqual({ seat: undefined, rooms: ['unknown', 2] });
    expect(b.heard).toEqual([]);
    expect(join(on, other).seat.slot).toBe(0);
  });

  it('that one takes for a carrier and another for a companion refuse, since these would never meet', () => {
    const on = table();
    const [one, two, three] = [on.create(2), on.create(2), on.create(2)];
    join(on, one, two);
    expect(whyNot(join(on, two, three))).toBe('mismatched');
    expect(join(on, three).seat.slot).toBe(0);
    expect(join(on, one, three).outcome.rooms).toEqual([2, 'mismatched']);
  });

  it('all end when the relay does', () => {
    const on = table();
    const [a, b] = [join(on, on.create(2)), join(on, on.create(3))];
    on.create(4);
    on.rooms.endAll();
    expect([a, b].map((player) => player.heard.at(-1))).toEqual(['closed stopping', 'closed stopping']);
    expect(on.rooms.counts()).toMatchObject({ rooms: 0, activeRooms: 0 });
  });

  it('forget nothing and keep nothing, whatever happens in whatever order', () => {
    const step = fc.record({
      what: fc.constantFrom('create', 'join', 'join', 'join', 'send', 'send', 'leave', 'time'),
      which: fc.nat(20),
      size: fc.integer({ min: 2, max: 4 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const on = table({ joinTimeoutMs: 30, roomTimeoutMs: 70, maxRooms: 5, maxRoomFrames: 100 });
        const ids: string[] = [];
        const players: Player[] = [];
        for (const { what, which, size } of steps) {
          if (what === 'create') {
            const created = on.rooms.create(size);
            if (created.ok) ids.push(created.id);
          } else if (what === 'join' && ids.length > 0) {
            const wanted = [ids[which % ids.length] ?? '', ids[(which + size) % ids.length] ?? ''];
            const player = join(on, ...new Set(wanted));
            if (player.outcome.seat !== undefined) players.push(player);
          } else if (what === 'time') {
            on.nowMs += which;
            on.rooms.expire();
          } else {
            const player = players[which % Math.max(players.length, 1)];
            if (what === 'send') player?.seat.send(bytes('x'));
            else if (what === 'leave') player?.seat.leave();
          }
        }
        // A member hears of another's coming once, then of its frames, then of its leaving once; nothing after the end.
        for (const { heard } of players) {
          const present = new Set<string>();
          const gone = new Set<string>();
          for (const [index, line] of heard.entries()) {
            const [slot = '', event] = line.split(/[: ]+/);
            if (line.startsWith('closed')) expect(index).toBe(heard.length - 1);
            else if (slot !== 'you' && event === 'joined') {
              expect(present.has(slot) || gone.has(slot)).toBe(false);
              present.add(slot);
            } else if (slot !== 'you') {
              expect(present.has(slot)).toBe(true);
              if (event === 'left') {
                present.delete(slot);
                gone.add(slot);
              }
            }
          }
        }
        for (const { seat } of players) seat.leave();
        on.nowMs += 1000;
        on.rooms.expire();
        on.nowMs += 1000;
        on.rooms.expire();
        expect(on.rooms.counts()).toMatchObject({ rooms: 0, activeRooms: 0 });
        expect(on.memory.usedBytes).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});
