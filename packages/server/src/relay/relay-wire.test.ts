import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ClientMessage,
  encodeClosed,
  encodeFrame,
  encodeJoin,
  encodeJoined,
  encodeLeave,
  encodeMember,
  encodeSend,
  encodeStopping,
  MAX_JOIN_BYTES,
  MAX_ROOMS_PER_JOIN,
  nextSession,
  parseClientMessage,
  parseRelayMessage,
  type RelayMessage,
} from './relay-wire.ts';

const session = fc.integer({ min: 0, max: 0xffff_ffff });
const slot = fc.integer({ min: 0, max: 99 });
const frame = fc.uint8Array({ minLength: 1, maxLength: 50 }).map((bytes) => Buffer.from(bytes));
const roomId = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);

const clientMessage: fc.Arbitrary<ClientMessage> = fc.oneof(
  fc.record({
    kind: fc.constant('join' as const),
    session,
    rooms: fc.uniqueArray(roomId, { minLength: 1, maxLength: 8 }),
  }),
  fc.record({ kind: fc.constant('send' as const), session, frame }),
  fc.record({ kind: fc.constant('leave' as const), session }),
);

const roomOutcome = fc.oneof(
  fc.integer({ min: 2, max: 100 }),
  fc.constantFrom('unknown' as const, 'full' as const, 'used' as const, 'mismatched' as const, 'busy' as const),
);
const relayMessage: fc.Arbitrary<RelayMessage> = fc.oneof(
  fc.record({
    kind: fc.constant('joined' as const),
    session,
    slot: fc.constant(1),
    rooms: fc.array(roomOutcome, { maxLength: 5 }).map((rest) => [2, ...rest]),
  }),
  fc.record({
    kind: fc.constant('joined' as const),
    session,
    slot: fc.constant(undefined),
    rooms: fc.array(roomOutcome, { minLength: 1, maxLength: 5 }),
  }),
  fc.record({ kind: fc.constant('frame' as const), session, slot, frame }),
  fc.record({
    kind: fc.constant('member' as const),
    session,
    slot,
    event: fc.constantFrom('joined' as const, 'left' as const),
  }),
  fc.record({
    kind: fc.constant('closed' as const),
    session,
    reason: fc.constantFrom(
      'join-timeout' as const,
      'room-timeout' as const,
      'limit' as const,
      'memory' as const,
      'stopping' as const,
    ),
  }),
  fc.constant({ kind: 'stopping' as const }),
);

function encodeClient(message: ClientMessage): Uint8Array {
  if (message.kind === 'join') return encodeJoin(message.session, message.rooms);
  return message.kind === 'send' ? encodeSend(message.session, message.frame) : encodeLeave(message.session);
}

function encodeRelay(message: RelayMessage): Uint8Array {
  switch (message.kind) {
    case 'joined':
      return encodeJoined(message.session, message.slot, message.rooms);
    case 'frame':
      return encodeFrame(message.session, message.slot, message.frame);
    case 'member':
      return encodeMember(message.session, message.slot, message.event);
    case 'closed':
      return encodeClosed(message.session, message.reason);
    case 'stopping':
      return encodeStopping();
  }
}

describe('the messages of the relay', () => {
  it('are read as they were written, and written as they were read', () => {
    fc.assert(
      fc.property(clientMessage, (message) => {
        const bytes = encodeClient(message);
        expect(parseClientMessage(bytes)).toEqual(message);
        // No second spelling of a message: any longer or shorter text is another message, or none.
        const longer = parseClientMessage(Buffer.concat([bytes, Buffer.of(0)]));
        if (message.kind !== 'send') expect(longer).toBeUndefined();
        const shorter = parseClientMessage(bytes.subarray(0, -1));
        if (message.kind !== 'send') expect(shorter).toBeUndefined();
      }),
    );
    fc.assert(
      fc.property(relayMessage, (message) => {
        const bytes = encodeRelay(message);
        expect(parseRelayMessage(bytes)).toEqual(message);
        if (message.kind === 'frame') return;
        expect(parseRelayMessage(Buffer.concat([bytes, Buffer.of(0)]))).toBeUndefined();
        expect(parseRelayMessage(bytes.subarray(0, -1))).toBeUndefined();
      }),
    );
  });

  it('are refused or have one spelling, whatever the bytes', () => {
    const kind = fc.constantFrom(0, 1, 2, 3, 4, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0xff);
    const anything = fc
      .tuple(kind, fc.uint8Array({ maxLength: 40 }))
      .map(([first, rest]) => Buffer.from([first, ...rest]));
    fc.assert(
      fc.property(anything, (bytes) => {
        const fromClient = parseClientMessage(bytes);
        if (fromClient !== undefined) expect(Buffer.from(encodeClient(fromClient))).toEqual(bytes);
        const fromRelay = parseRelayMessage(bytes);
        if (fromRelay !== undefined) expect(Buffer.from(encodeRelay(fromRelay))).toEqual(bytes);
      }),
      { numRuns: 2000 },
    );
  });

  it('are refused after any change to the header of a join', () => {
    const join = Buffer.from(encodeJoin(7, ['abc', 'defg']));
    const twice = encodeJoin(7, ['abc', 'abc']);
    const wrongLetter = Buffer.from(join);
    wrongLetter[8] = 0x2f;
    const emptyId = Buffer.from([1, 0, 0, 0, 7, 0, 1, 0]);
    const none = Buffer.from([1, 0, 0, 0, 7, 0, 0]);
    const more = Buffer.from(join);
    more[6] = 3;
    for (const bytes of [twice, wrongLetter, emptyId, none, more, Buffer.alloc(0)])
      expect(parseClientMessage(bytes)).toBeUndefined();
  });

  it('hold 10,000 rooms and no more', () => {
    const rooms = Array.from({ length: MAX_ROOMS_PER_JOIN + 1 }, (_, index) => `${index}`.padStart(64, 'r'));
    expect(encodeJoin(1, rooms.slice(1))).toHaveLength(MAX_JOIN_BYTES);
    expect(parseClientMessage(encodeJoin(1, rooms.slice(1)))).toMatchObject({ kind: 'join' });
    expect(parseClientMessage(encodeJoin(1, rooms))).toBeUndefined();
  });

  it('give no slot beyond the size of the room', () => {
    expect(parseRelayMessage(encodeJoined(1, 1, [2]))).toBeDefined();
    expect(parseRelayMessage(encodeJoined(1, 2, [2]))).toBeUndefined();
    expect(parseRelayMessage(encodeJoined(1, 0, ['full']))).toBeUndefined();
  });

  it('count sessions round', () => {
    expect(nextSession(0)).toBe(1);
    expect(nextSession(0xffff_ffff)).toBe(0);
  });
});
