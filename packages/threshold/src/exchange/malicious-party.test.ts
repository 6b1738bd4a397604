import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HandMadeParty } from '../../test/exchange/hand-made-party.ts';
import { exchangeOptions, type RoomSetup, SimulatedRoom } from '../../test/exchange/simulated-room.ts';
import { digest, seededRandom } from '../../test/exchange/test-identities.ts';
import { ProtocolAbort } from '../protocol.ts';
import { Exchange } from './exchange.ts';
import type { Aborted } from './exchange-output.ts';
import { encodeHello } from './payloads.ts';
import { equalBytes, hashOfRound, NO_HASH } from './statement.ts';

const allOf = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/**
 * Honest parties, and one in the last slot that is two at once: both halves have the same keys and say the same hello,
 * then one may say other things than the other. The first half talks with the slots in `first`, the other with the
 * rest.
 */
class RoomWithTwoFacedParty {
  readonly room: SimulatedRoom;
  readonly #liar: number;
  readonly #otherHalf: Exchange<string>;
  readonly #first: ReadonlySet<number>;
  readonly #choose: (length: number) => number;

  constructor(setup: RoomSetup, first: readonly number[], options: { round: number; choose?: (n: number) => number }) {
    this.#liar = setup.present.length - 1;
    this.#first = new Set(first);
    this.#choose = options.choose ?? (() => 0);
    this.room = new SimulatedRoom(setup);
    const candidate = setup.present[this.#liar] ?? 0;
    const lying: RoomSetup = {
      ...setup,
      toy: (slot) => ({
        ...setup.toy?.(slot),
        forge: (round, honest) => (round === options.round ? Buffer.from(`a lie of round ${round}`) : honest),
      }),
    };
    this.#otherHalf = new Exchange(exchangeOptions(lying, candidate, this.#liar));
  }

  run(): void {
    const { room } = this;
    room.start();
    // The same hello as the first half's.
    this.#otherHalf.start();
    for (;;) {
      const [next] = room.pending.splice(this.#choose(room.pending.length), 1);
      if (next === undefined) return;
      if (next.to === this.#liar) {
        for (const frame of this.#otherHalf.receive(next.from, next.frame).send) this.#sendToOthers(frame);
      }
      const isHello = room.sent.some(({ frame }, i) => i < room.parties.length && frame === next.frame);
      const isOfFirstHalf = next.from !== this.#liar || isHello || this.#isOfOtherHalf.has(next.frame);
      if (isOfFirstHalf || this.#first.has(next.to)) room.deliver(next);
    }
  }

  honestAborts(): readonly (Aborted | undefined)[] {
    return this.room.aborts().slice(0, -1);
  }

  readonly #isOfOtherHalf = new Set<Uint8Array>();

  #sendToOthers(frame: Uint8Array): void {
    this.#isOfOtherHalf.add(frame);
    for (const slot of allOf(this.#liar)) {
      if (!this.#first.has(slot)) this.room.pending.push({ from: this.#liar, to: slot, frame });
    }
  }
}

describe('a party that tells different parties different things', () => {
  it.each([
    { n: 3, round: 1 },
    { n: 3, round: 2 },
    { n: 4, round: 1 },
    { n: 5, round: 2 },
  ])('in round $round of 3, to $n parties, is convicted by all honest ones', ({ n, round }) => {
    const liar = n - 1;
    const two = new RoomWithTwoFacedParty({ candidates: n, present: allOf(n), rounds: 3 }, [0], { round });
    two.run();
    const aborts = two.honestAborts();
    expect(aborts).toEqual(
      Array.from({ length: n - 1 }, () => expect.objectContaining({ cause: 'equivocation', culprits: [liar] })),
    );
    for (const abort of aborts) expect(abort?.reason).toContain(`server ${liar} signed different frames`);
  });

  it('is the only one that is ever blamed, in whatever order frames arrive and whatever is lost', () => {
    const runs = fc.record({
      n: fc.integer({ min: 3, max: 5 }),
      first: fc.subarray([0, 1, 2, 3]),
      round: fc.integer({ min: 1, max: 3 }),
      order: fc.infiniteStream(fc.nat()),
    });
    let convicted = 0;
    fc.assert(
      fc.property(runs, ({ n, first, round, order }) => {
        const choose = (count: number): number => (order.next().value ?? 0) % Math.max(1, count);
        const setup = { candidates: n, present: allOf(n), rounds: 3 };
        const two = new RoomWithTwoFacedParty(setup, first, { round, choose });
        two.run();
        two.room.timeOut();
        two.room.run(choose);
        for (const abort of two.honestAborts()) {
          expect([[], [n - 1]]).toContainEqual(abort?.culprits ?? []);
          if (abort?.culprits.length === 1) convicted += 1;
        }
        expect(
          new Set(
            two.room
              .results()
              .slice(0, -1)
              .filter((each) => each !== undefined),
          ).size,
        ).toBeLessThan(2);
      }),
      { numRuns: 40 },
    );
    expect(convicted).toBeGreaterThan(20);
  });
});

describe('a party that breaks the protocol', () => {
  const forging = (round: number, liar: number): NonNullable<RoomSetup['toy']> => {
    return (slot) => (slot === liar ? { forge: (r, honest) => (r === round ? Buffer.from('nonsense') : honest) } : {});
  };

  it.each([1, 2])('in round %i of 2 is blamed by all, once they know that all saw the same', (round) => {
    const room = new SimulatedRoom({ candidates: 4, present: allOf(4), rounds: 2, toy: forging(round, 2) });
    room.start();
    room.run();
    const [first, second, , last] = room.aborts();
    for (const abort of [first, second, last]) {
      expect(abort).toMatchObject({
        cause: 'protocol',
        culprits: [2],
        reason: `server 2 broke the protocol: broadcast of round ${round} is wrong`,
      });
    }
  });

  it('is not blamed before another party confirms what it saw, and the reason says so', () => {
    const room = new SimulatedRoom({ candidates: 3, present: allOf(3), rounds: 1, toy: forging(1, 2) });
    room.start();
    // Of each honest party, hello and round 1 come through, and what it saw of that doesn't.
    const counts = new Map<number, number>();
    const passed = new Set<Uint8Array>();
    const isLost = (from: number, frame: Uint8Array): boolean => {
      if (passed.has(frame)) return false;
      const count = (counts.get(from) ?? 0) + 1;
      counts.set(from, count);
      if (count <= 2) passed.add(frame);
      return count > 2;
    };
    for (;;) {
      const [next] = room.pending.splice(0, 1);
      if (next === undefined) break;
      if (!isLost(next.from, next.frame)) room.deliver(next);
    }
    expect(room.aborts()[0]).toBeUndefined();
    room.timeOut();
    expect(room.aborts()[0]).toMatchObject({ cause: 'silence', culprits: [], silent: [1] });
    expect(room.aborts()[0]?.reason).toContain('server 2 broke the protocol');
    expect(room.aborts()[0]?.reason).toContain('unconfirmed, since nothing came from server 1');
  });

  it('towards one party alone is blamed by that one, and the others learn why it stopped', () => {
    const room = new SimulatedRoom({
      candidates: 3,
      present: allOf(3),
      rounds: 2,
      // Only server 0 can see that something is wrong with what server 2 says.
      toy: (slot) => ({
        forge: (round, honest) => (slot === 2 && round === 1 ? Buffer.concat([honest, Buffer.from('!')]) : honest),
        ...(slot === 0 ? {} : { isBlindTo: 2 }),
      }),
    });
    room.start();
    room.run();
    const [accuser, other] = room.aborts();
    expect(accuser).toMatchObject({ cause: 'protocol', culprits: [2] });
    expect(other).toMatchObject({ cause: 'peer_aborted', culprits: [], gaveUp: 0 });
    expect(other?.reason).toContain('server 0 gave up: server 2 broke the protocol');
  });
});

describe('a party that breaks the protocol in the last round', () => {
  it('towards one party alone is blamed by that one, since those that are done tell what they saw', () => {
    const room = new SimulatedRoom({
      candidates: 3,
      present: allOf(3),
      rounds: 1,
      toy: (slot) => ({
        forge: (_, honest) => (slot === 2 ? Buffer.from('nonsense') : honest),
        ...(slot === 0 ? {} : { isBlindTo: 2 }),
      }),
    });
    room.start();
    room.run();
    expect(room.aborts()[0]).toMatchObject({ cause: 'protocol', culprits: [2] });
    expect(room.results()[1]).toBeDefined();
  });
});

/** Three candidates; the last is hand-made, the others are honest and in their first round. */
function handMade(overrides: Partial<RoomSetup> = {}) {
  const setup: RoomSetup = { candidates: 3, present: allOf(3), rounds: 3, ...overrides };
  const room = new SimulatedRoom(setup);
  const liar = new HandMadeParty(exchangeOptions(setup, 2, 2));
  const honest = room.parties.slice(0, 2);
  for (const party of honest) room.apply(party, party.exchange.start());
  const sendTo = (to: number, frame: Uint8Array): void => room.deliver({ from: 2, to, frame });
  const send = (frame: Uint8Array): void => {
    for (const to of [0, 1]) sendTo(to, frame);
  };
  /** Delivers between the honest ones, and to the hand-made one what is for it. */
  const settle = (): void => {
    for (;;) {
      const [next] = room.pending.splice(0, 1);
      if (next === undefined) return;
      if (next.to === 2) liar.receive(next.from, next.frame);
      else room.deliver(next);
    }
  };
  return { room, liar, sendTo, send, settle, aborts: () => room.aborts().slice(0, 2) };
}

/** What the hand-made party has of a round, with its own statement put in its place. */
function seenBy(liar: HandMadeParty, round: number, own: HandMadeParty['met'][number]) {
  const others = liar.mail.filter(({ statement }) => statement.kind === 'round' && statement.round === round);
  return [
    ...others.map(({ candidate, statement }) => ({ candidate, statement })).sort((a, b) => a.candidate - b.candidate),
    { candidate: 2, statement: own },
  ];
}

function playFirstRound() {
  const made = handMade();
  made.send(made.liar.helloFrame());
  made.settle();
  const own = made.liar.sign(
    { kind: 'round', round: 1, session: made.liar.session, previous: made.liar.session },
    Buffer.from('said in round 1'),
  );
  return { ...made, own };
}

/** The toy would find the culprit; a protocol that takes everything shows what the exchange finds. */
const credulous: Partial<RoomSetup> = {
  options: () => ({
    checkHellos: () => anyRounds(3),
  }),
};
function anyRounds(left: number): ReturnType<ReturnType<typeof exchangeOptions>['checkHellos']> {
  if (left === 0) return { kind: 'finished', result: 'done' };
  return {
    kind: 'round',
    broadcast: Buffer.from(`anything ${left}`),
    keep: undefined,
    next: () => anyRounds(left - 1),
    abandon: () => {},
  };
}

function inSecondRound() {
  const made = handMade(credulous);
  made.send(made.liar.helloFrame());
  made.settle();
  const payload = Buffer.from('said in round 1');
  const head = { kind: 'round', round: 1, session: made.liar.session, previous: made.liar.session } as const;
  const own = made.liar.sign(head, payload);
  made.send(made.liar.roundFrame(1, made.liar.session, payload));
  made.settle();
  const seen = seenBy(made.liar, 1, own);
  return { ...made, own, seen, hash: hashOfRound(seen.map(({ statement }) => statement)) };
}

describe('an accusation', () => {
  it.each([
    {
      what: 'the same',
      isSame: true,
      culprits: [1],
      says: 'server 1 broke the protocol: broadcast of round 1 is wrong',
    },
    { what: 'something else', isSame: false, culprits: [], says: 'unconfirmed, since server 2 gave up' },
  ])('by a party whose last witness gives up after it saw $what', ({ isSame, culprits, says }) => {
    const made = handMade({
      toy: (slot) => ({ isBlindTo: 2, forge: (_, honest) => (slot === 1 ? Buffer.from('nonsense') : honest) }),
    });
    const { liar, send, settle, aborts } = made;
    send(liar.helloFrame());
    settle();
    const payload = Buffer.from('said in round 1');
    const head = { kind: 'round', round: 1, session: liar.session, previous: liar.session } as const;
    send(liar.roundFrame(1, liar.session, payload));
    settle();
    expect(aborts()[0]).toBeUndefined();
    const hash = hashOfRound(seenBy(liar, 1, liar.sign(head, payload)).map(({ statement }) => statement));
    send(liar.abortFrame({ cause: 'abandoned', reason: 'stopped', proof: undefined }, 2, isSame ? hash : NO_HASH));
    expect(aborts()[0]).toMatchObject({ cause: 'protocol', culprits });
    expect(aborts()[0]?.reason).toContain(says);
  });

  it('never names the party that makes it', () => {
    const room = new SimulatedRoom({
      candidates: 2,
      present: [0, 1],
      options: () => ({
        checkHellos: ({ me }) => {
          throw new ProtocolAbort([me], 'a check failed');
        },
      }),
    });
    room.start();
    room.run();
    for (const abort of room.aborts()) expect(abort?.culprits).toEqual([]);
  });
});

describe('a party that lies about what it saw', () => {
  it('is believed as long as it tells the truth', () => {
    const { liar, send, settle, room, hash } = inSecondRound();
    send(liar.roundFrame(2, hash, Buffer.from('said in round 2')));
    settle();
    expect(room.aborts().slice(0, 2)).toEqual([undefined, undefined]);
    expect(room.parties.slice(0, 2).map(({ exchange }) => exchange.dropped)).toEqual([0, 0]);
  });

  it('is convicted when the frames that it shows are not those it claims', () => {
    const { liar, send, settle, aborts, seen } = inSecondRound();
    const claim = digest('a hash of nothing');
    send(liar.roundFrame(2, claim, Buffer.from('said in round 2')));
    settle();
    expect(aborts()).toEqual([undefined, undefined]);
    send(liar.reportFrame(1, claim, { seen, next: [] }));
    for (const abort of aborts()) {
      expect(abort).toMatchObject({ cause: 'equivocation', culprits: [2] });
      expect(abort?.reason).toBe('server 2 claims to have seen other frames than it shows');
    }
  });

  it('is convicted when it takes its claim back', () => {
    const { liar, send, settle, aborts, seen, hash } = inSecondRound();
    send(liar.roundFrame(2, digest('a hash of nothing'), Buffer.from('said in round 2')));
    settle();
    send(liar.reportFrame(1, hash, { seen, next: [] }));
    for (const abort of aborts()) {
      expect(abort).toMatchObject({ cause: 'equivocation', culprits: [2] });
      expect(abort?.reason).toBe('server 2 claims to have seen other frames than it said before');
    }
  });

  it('is convicted when it shows frames that nobody signed, or of others than the parties', () => {
    for (const forge of [
      (seen: ReturnType<typeof inSecondRound>['seen']) =>
        seen.map((shown, i) => {
          const signature = Uint8Array.from(shown.statement.signature);
          signature.fill(1, 0, 3);
          const bytes = Uint8Array.from(shown.statement.bytes);
          bytes.fill(9, -3);
          return i === 0 ? { ...shown, statement: { ...shown.statement, bytes, signature } } : shown;
        }),
      (seen: ReturnType<typeof inSecondRound>['seen']) => seen.slice(1),
      (seen: ReturnType<typeof inSecondRound>['seen']) => [...seen].reverse(),
    ]) {
      const { liar, send, aborts, seen } = inSecondRound();
      const shown = forge(seen);
      const claim = hashOfRound(shown.map(({ statement }) => statement));
      send(liar.reportFrame(1, claim, { seen: shown, next: [] }));
      for (const abort of aborts()) expect(abort).toMatchObject({ cause: 'equivocation', culprits: [2] });
    }
  });

  it('and then shows nothing is named as silent, not blamed', () => {
    const { liar, send, settle, room, aborts } = inSecondRound();
    send(liar.roundFrame(2, digest('a hash of nothing'), Buffer.from('said in round 2')));
    settle();
    room.timeOut();
    for (const abort of aborts()) {
      expect(abort).toMatchObject({ cause: 'silence', culprits: [], silent: [2] });
      expect(abort?.reason).toContain("server 2 saw other frames in round 1 and didn't show them");
    }
  });

  it('and then gives up ends the operation at once', () => {
    const { liar, send, settle, aborts } = inSecondRound();
    send(liar.roundFrame(2, digest('a hash of nothing'), Buffer.from('said in round 2')));
    settle();
    send(liar.abortFrame({ cause: 'internal', reason: 'server 0 is bad', proof: undefined }));
    for (const abort of aborts()) expect(abort).toMatchObject({ cause: 'disagreement', culprits: [] });
  });

  it('to one party, and says nothing to the other, makes the other show what it saw as well', () => {
    const { liar, sendTo, settle, room, aborts } = inSecondRound();
    sendTo(1, liar.roundFrame(2, digest('a hash of nothing'), Buffer.from('said in round 2')));
    settle();
    const reporters = liar.mail
      .filter(({ statement }) => statement.kind === 'report')
      .map(({ candidate }) => candidate);
    expect(reporters.sort()).toEqual([0, 1]);
    room.timeOut();
    for (const abort of aborts()) expect(abort).toMatchObject({ cause: 'silence', culprits: [], silent: [2] });
  });

  it('before this party has all frames of the round, is found out before the protocol goes on', () => {
    let steps = 0;
    const { room, liar, send, sendTo, aborts } = handMade({
      options: () => ({
        checkHellos: () => ({
          kind: 'round',
          broadcast: Buffer.from('anything'),
          keep: undefined,
          next: () => {
            steps += 1;
            return { kind: 'finished', result: 'done' };
          },
          abandon: () => {},
        }),
      }),
    });
    send(liar.helloFrame());
    // Only the hellos of the honest ones, which they sent first.
    for (const { from, frame } of room.sent.slice(0, 2)) {
      for (const to of [0, 1]) if (to !== from) room.deliver({ from, to, frame });
      liar.receive(from, frame);
    }
    const roundOfOne = room.sent.findLast(({ from }) => from === 1)?.frame ?? new Uint8Array();
    sendTo(0, liar.roundFrame(1, liar.session, Buffer.from('said in round 1')));
    sendTo(0, liar.roundFrame(2, digest('a hash of nothing'), Buffer.from('said in round 2')));
    room.deliver({ from: 1, to: 0, frame: roundOfOne });
    expect(steps).toBe(0);
    room.timeOut();
    expect(aborts()[0]).toMatchObject({ cause: 'silence', culprits: [], silent: [2] });
    expect(aborts()[0]?.reason).toContain('saw other frames in round 1');
  });

  it('to one party alone is convicted by what the other has from it', () => {
    const { liar, sendTo, settle, aborts, hash } = inSecondRound();
    sendTo(0, liar.roundFrame(2, hash, Buffer.from('said in round 2')));
    sendTo(1, liar.roundFrame(2, digest('a hash of nothing'), Buffer.from('said in round 2')));
    settle();
    for (const abort of aborts()) expect(abort).toMatchObject({ cause: 'equivocation', culprits: [2] });
  });
});

describe('a party that says two things', () => {
  it('to one party is convicted by its two frames, and the proof convinces the others', () => {
    const { liar, sendTo, settle, aborts } = playFirstRound();
    sendTo(0, liar.roundFrame(1, liar.session, Buffer.from('one')));
    sendTo(0, liar.roundFrame(1, liar.session, Buffer.from('other')));
    settle();
    expect(aborts()).toMatchObject([
      { cause: 'equivocation', culprits: [2], reason: 'server 2 signed different frames for round 1' },
      {
        cause: 'equivocation',
        culprits: [2],
        reason: 'server 2 signed different frames for one round, as server 0 shows',
      },
    ]);
  });

  it.each(['statements of its own', 'an altered one', 'an altered one first', 'a hello and a frame', 'one twice'])(
    'can not make a proof against another out of %s',
    (what) => {
      const { liar, send, settle, aborts, own } = playFirstRound();
      settle();
      const frame = liar.mail.find(({ candidate }) => candidate === 0)?.statement;
      const [hello] = liar.met;
      if (frame === undefined || hello === undefined) throw new Error('nothing came from server 0');
      const bytes = Uint8Array.from(frame.bytes).fill(7, -1);
      const altered = { ...frame, bytes };
      const head = { kind: 'round', round: 1, session: liar.session, previous: NO_HASH } as const;
      const pairs = new Map([
        ['statements of its own', [own, liar.sign(head, Buffer.alloc(1))]],
        ['an altered one', [frame, altered]],
        ['an altered one first', [altered, frame]],
        ['a hello and a frame', [hello, frame]],
        ['one twice', [frame, frame]],
      ]);
      const [one, other] = pairs.get(what) ?? [];
      if (one === undefined || other === undefined) throw new Error('no such pair');
      send(liar.abortFrame({ cause: 'equivocation', reason: 'server 0 lies', proof: { candidate: 0, one, other } }));
      for (const abort of aborts()) {
        expect(abort).toMatchObject({ cause: 'peer_aborted', culprits: [], gaveUp: 2 });
        expect(abort?.reason).toBe('server 2 gave up: server 0 lies');
      }
    },
  );

  it('in two hellos with one fresh key is convicted', () => {
    const { liar, send, aborts } = handMade();
    const { operation, size, candidatesHash: candidates } = liar.room;
    const payload = encodeHello({ operation, size, candidates, content: Buffer.from('something else') }, 1000);
    const { freshPublicKey: session } = liar.mailbox;
    const statement = liar.sign({ kind: 'hello', round: 0, session, previous: NO_HASH }, payload);
    send(liar.helloFrame());
    send(liar.mailbox.sealKnock(statement, payload));
    for (const abort of aborts()) {
      expect(abort).toMatchObject({ cause: 'equivocation', culprits: [2], reason: 'server 2 signed different hellos' });
    }
  });

  it('nothing counts that it signs for another room, operation or session', () => {
    const { liar, send, room, aborts } = playFirstRound();
    const options = exchangeOptions({ candidates: 3, present: allOf(3) }, 2, 2);
    const doingElse = new HandMadeParty({ ...options, operation: 'refresh' });
    const elsewhere = new HandMadeParty({ ...options, roomId: 'another room' });
    const head = { kind: 'round', round: 1, session: liar.session, previous: liar.session } as const;
    const payload = Buffer.from('of another operation');
    const frames = [
      liar.mailbox.sealRound(doingElse.sign(head, payload), payload),
      liar.mailbox.sealRound(elsewhere.sign(head, payload), payload),
      liar.mailbox.sealRound(liar.sign({ ...head, session: digest('of another session') }, payload), payload),
      liar.mailbox.sealRound(liar.sign({ ...head, round: 3 }, payload), payload),
      liar.mailbox.sealRound(liar.sign(head, Buffer.from('not the payload')), payload),
      liar.mailbox.sealRound({ ...liar.sign(head, payload), signature: new Uint8Array(64) }, payload),
    ];
    for (const frame of frames) send(frame ?? new Uint8Array());
    expect(aborts()).toEqual([undefined, undefined]);
    expect(room.parties.slice(0, 2).map(({ exchange }) => exchange.dropped)).toEqual([frames.length, frames.length]);
  });
});

describe('one identity twice', () => {
  it('in a room, as two copies of a server, ends it without blame, at the copies as well', () => {
    const room = new SimulatedRoom({
      candidates: 3,
      present: [0, 1, 1],
      options: (slot) => ({ random: seededRandom(`of slot ${slot}`) }),
    });
    room.start();
    room.run();
    const [other, copy, secondCopy] = room.aborts();
    expect(other).toMatchObject({ cause: 'identity_twice', culprits: [], reason: 'server 1 is in the room twice' });
    for (const abort of [copy, secondCopy]) {
      expect(abort).toMatchObject({ cause: 'identity_twice', culprits: [] });
      expect(abort?.reason).toBe("this server's own identity is in the room twice");
    }
  });

  it('by hellos that differ from party to party, is found out without blame', () => {
    const { room, liar, sendTo, settle, aborts } = handMade();
    const setup: RoomSetup = { candidates: 3, present: allOf(3), rounds: 3, seed: 'another' };
    const twin = new HandMadeParty(exchangeOptions(setup, 2, 2));
    expect(equalBytes(twin.mailbox.freshPublicKey, liar.mailbox.freshPublicKey)).toBe(false);
    sendTo(0, liar.helloFrame());
    sendTo(1, twin.helloFrame());
    settle();
    expect(room.isOver()).toBe(false);
    for (const abort of aborts()) {
      expect(abort).toMatchObject({ cause: 'identity_twice', culprits: [] });
      expect(abort?.reason).toContain('server 2 is in the room twice, or said different hellos');
    }
  });
});

describe('parties that met different ones', () => {
  it('end without blame', () => {
    const setup: RoomSetup = { candidates: 4, present: [0, 1, 2] };
    const room = new SimulatedRoom(setup);
    const stranger = new HandMadeParty(exchangeOptions({ ...setup, present: [0, 1, 3] }, 3, 2));
    const [a, b] = room.parties;
    if (a === undefined || b === undefined) throw new Error('no parties');
    room.start();
    // The relay gives server 1 another third party than server 0.
    const isForB = (to: number, from: number): boolean => to === 1 && from === 2;
    room.apply(b, b.exchange.receive(2, stranger.helloFrame()));
    for (;;) {
      const [next] = room.pending.splice(0, 1);
      if (next === undefined) break;
      if (!isForB(next.to, next.from)) room.deliver(next);
    }
    room.timeOut();
    for (const abort of room.aborts()) expect(abort?.culprits).toEqual([]);
    expect(room.aborts()[0]?.reason).toContain('server 1');
  });
});
