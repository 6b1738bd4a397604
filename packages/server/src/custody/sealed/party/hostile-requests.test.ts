/** What a taken-over HTTP process gets out of a party process: signatures in rooms, and no secret. */
import { decode, encode } from '@countersign/threshold/codec';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { FRAME_HEADER_BYTES, FrameError } from '../../frames.ts';
import {
  PARTY_ALGORITHMS,
  type PartyOperation,
  type PartyReply,
  type PartyRequest,
  partyReply,
  partyRequest,
  type SealSlot,
  type StoredSecret,
} from '../../messages/party-message.ts';
import { expectReply, meet, startTestParty, type TestParty } from './party-room.fixture.ts';
import { openShare } from './sealed-secrets.ts';

type Algorithm = SealSlot['algorithm'];

let parties: readonly TestParty[];
let sessions = 500_000;

beforeAll(async () => {
  const closed = { allowFullExport: false, backup: { mode: 'off' } } as const;
  parties = await Promise.all([startTestParty(closed), startTestParty(closed)]);
});

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new Error(`nothing at ${index}`);
  return item;
}

/** What one server stored of a key, in the order of the states. */
interface Stored {
  readonly slot: SealSlot;
  readonly keygenId: string;
  readonly created: Uint8Array;
  readonly pending: Uint8Array;
  readonly certified: Uint8Array;
  readonly share: Uint8Array;
}

function generate(algorithm: Algorithm): readonly Stored[] {
  const keys = parties.map((party) => party.createKey(algorithm));
  const ends = meet(
    'room',
    parties.map((party, me) => ({ party, operation: generating(at(keys, me), at(keys, 1 - me).keygenId) })),
  );
  return ends.map(({ progress, kept }, me) => {
    const [pending, certified] = kept.map((keep) => (keep.kind === 'sealed' ? keep.sealed : new Uint8Array(0)));
    if (
      progress.kind !== 'done' ||
      progress.outcome.kind !== 'share' ||
      pending === undefined ||
      certified === undefined
    )
      throw new Error(JSON.stringify(progress));
    const { slot, keygenId, sealed } = at(keys, me);
    return { slot, keygenId, created: sealed, pending, certified, share: progress.outcome.sealed };
  });
}

function generating(share: StoredSecret, other: string): PartyOperation {
  const { slot, sealed } = share;
  return { kind: 'generate', share: { slot, sealed }, threshold: 2, othersKeygenIds: [other] };
}

function signing(share: StoredSecret, room = 'room'): PartyOperation {
  const element = { room, share: 0, path: [], merkleRoot: undefined, message: Buffer.from('a message') };
  return { kind: 'sign', algorithm: share.slot.algorithm, shares: [share], elements: [element] };
}

/** Opens a session, and says it is closed afterwards unless it is to be used. */
function open(party: TestParty, operation: PartyOperation, session = nextSession(), room = 'room'): PartyReply {
  return party.ask({ kind: 'open', session, identity: party.identity, room, size: 2, operation });
}

function nextSession(count = 1): number {
  sessions += count;
  return sessions;
}

/** Every secret of a stored share. */
function secretsOf(party: TestParty, slot: SealSlot, sealed: Uint8Array): readonly Uint8Array[] {
  const opened = openShare(party.rootKey, { slot, sealed });
  if (opened === undefined) throw new Error('not of this server');
  const { value } = opened;
  const secrets = [
    value.kind === 'created' ? value.perKey : undefined,
    value.kind === 'pending' ? value.resume : undefined,
    value.kind === 'certified' || value.kind === 'share' ? value.scalar : undefined,
  ];
  const copies = secrets.filter((secret) => secret !== undefined).map((secret) => Uint8Array.from(secret));
  opened.free();
  return copies;
}

describe.each(PARTY_ALGORITHMS)('a taken-over HTTP process, with %s keys', (algorithm) => {
  it('signs with nothing but an acknowledged share in its own row', () => {
    const stored = at(generate(algorithm), 0);
    const other = at(generate(algorithm), 0);
    const party = at(parties, 0);
    const { slot, share } = stored;
    expect(open(party, signing({ slot, sealed: share })).kind).toBe('session');
    const refused: StoredSecret[] = [
      { slot, sealed: stored.created },
      { slot, sealed: stored.pending },
      { slot, sealed: stored.certified },
      { slot, sealed: new Uint8Array(0) },
      { slot, sealed: party.identity },
      { slot: other.slot, sealed: share },
      { slot: { ...slot, accountId: new Uint8Array(16) }, sealed: share },
      { slot: { ...slot, algorithm: algorithm === 'bip340' ? 'ed25519' : 'bip340' }, sealed: share },
    ];
    for (const each of refused) expect(open(party, signing(each))).toMatchObject({ kind: 'refused' });
    for (let place = 0; place < share.length; place += 97) {
      const altered = Uint8Array.from(share);
      altered[place] = (altered[place] ?? 0) ^ 1;
      expect(open(party, signing({ slot, sealed: altered }))).toMatchObject({ kind: 'refused' });
    }
    // The other server's row is of another installation.
    expect(open(at(parties, 1), signing({ slot, sealed: share }))).toMatchObject({ kind: 'refused' });
  });

  it('makes no share, no backup and no whole key leave, which the process was told not to give', () => {
    const { slot, share, keygenId } = at(generate(algorithm), 0);
    const party = at(parties, 0);
    const stored = { slot, sealed: share };
    expect(open(party, { kind: 'export', share: stored, exportTo: keygenId })).toMatchObject({ code: 'forbidden' });
    for (const encrypted of [true, false])
      expect(party.ask({ kind: 'export-share', share: stored, encrypted })).toMatchObject({ code: 'forbidden' });
  });

  it('takes no share for an identity and no identity for a share', () => {
    const { slot, share } = at(generate(algorithm), 0);
    const party = at(parties, 0);
    const operation = signing({ slot, sealed: share });
    sessions += 1;
    const request = { kind: 'open', session: sessions, room: 'room', size: 2, operation } as const;
    for (const identity of [share, new Uint8Array(0), at(parties, 1).identity])
      expect(party.ask({ ...request, identity })).toMatchObject({ kind: 'refused', code: 'invalid_request' });
    // An identity of this server that the key wasn't made for.
    const { sealed } = expectReply(party.ask({ kind: 'create-identity' }), 'identity');
    expect(party.ask({ ...request, identity: Uint8Array.from(sealed) })).toMatchObject({ code: 'conflict' });
  });

  it('has fresh nonces for every session, whatever it repeats, and no session twice', () => {
    const stored = generate(algorithm);
    const hashes: string[] = [];
    for (const room of ['room', 'room', 'other']) {
      const ends = meet(
        room,
        stored.map(({ slot, share }, me) => ({
          party: at(parties, me),
          operation: signing({ slot, sealed: share }, room),
        })),
      );
      for (const { kept } of ends)
        for (const keep of kept)
          if (keep.kind === 'nonces') hashes.push(...keep.hashes.map((each) => Buffer.from(each).toString('hex')));
    }
    expect(hashes).toHaveLength(6);
    expect(new Set(hashes).size).toBe(6);

    const { slot, share } = at(stored, 0);
    const party = at(parties, 0);
    sessions += 1;
    expect(open(party, signing({ slot, sealed: share }), sessions).kind).toBe('session');
    expect(open(party, signing({ slot, sealed: share }), sessions)).toMatchObject({ kind: 'refused' });
    expect(party.ask({ kind: 'kept', session: sessions })).toMatchObject({ kind: 'refused', code: 'internal' });
    expect(party.ask({ kind: 'close', session: sessions }).kind).toBe('session');
    expect(party.ask({ kind: 'kept', session: sessions })).toMatchObject({ code: 'unavailable' });
  });

  it('sees no secret in any answer, in whatever order it asks', () => {
    const stored = generate(algorithm);
    const party = at(parties, 0);
    const own = at(stored, 0);
    const { slot } = own;
    const blobs = [own.created, own.pending, own.certified, own.share];
    const secrets = blobs.flatMap((sealed) => secretsOf(party, slot, sealed));
    const row: StoredSecret = { slot: { ...slot, keyId: new Uint8Array(16).fill(77) }, sealed: new Uint8Array(0) };
    const operations = blobs.flatMap((sealed): PartyOperation[] => [
      signing({ slot, sealed }),
      generating({ slot, sealed }, at(stored, 1).keygenId),
      { kind: 'refresh', share: { slot, sealed }, into: row },
      { kind: 'refresh', share: { slot, sealed }, into: { slot, sealed } },
      {
        kind: 'reshare',
        share: { slot, sealed },
        into: row,
        keygenIds: [at(stored, 1).keygenId],
        oldThreshold: 0,
        newThreshold: 1,
      },
      { kind: 'import-receive', share: { slot, sealed }, othersKeygenIds: [at(stored, 1).keygenId], threshold: 1 },
      { kind: 'export', share: { slot, sealed }, exportTo: own.keygenId },
    ]);
    const sent: Uint8Array[] = [Buffer.from('a frame')];
    const request = fc.oneof(
      fc.constantFrom(...operations).map(
        (operation) =>
          (session: number): PartyRequest => ({
            kind: 'open',
            session,
            identity: party.identity,
            room: 'room',
            size: 2,
            operation,
          }),
      ),
      fc.nat().map(
        (place) =>
          (session: number): PartyRequest => ({
            kind: 'deliver',
            session,
            frames: [{ slot: place % 3, frame: sent[place % sent.length] ?? new Uint8Array(0) }],
          }),
      ),
      fc.constantFrom('kept', 'time-out', 'close').map(
        (kind) =>
          (session: number): PartyRequest => ({ kind, session }),
      ),
      fc
        .constantFrom(...blobs)
        .map((sealed) => (): PartyRequest => ({ kind: 'export-share', share: { slot, sealed }, encrypted: false })),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(request, fc.nat(2)), { maxLength: 12 }), (steps) => {
        const first = nextSession(10);
        for (const [make, offset] of steps) {
          const asked = make(first + offset);
          const reply = party.ask(asked);
          const bytes = encode(partyReply, reply);
          for (const secret of secrets) expect(bytes.indexOf(secret)).toBe(-1);
          // Its own frames, and those of the same server in another session, come back.
          if (reply.kind === 'session') sent.push(...reply.send);
          if (sent.length > 50) sent.splice(1, 25);
        }
        for (const offset of [0, 1, 2]) party.ask({ kind: 'close', session: first + offset });
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});

describe('bytes that are no request', () => {
  it('are answered as a request, or cut off as a broken format, and nothing else', () => {
    const [serve] = [...at(parties, 0).operations.serve.values()];
    if (serve === undefined) throw new Error('no operation');
    const { slot, sealed } = at(parties, 0).createKey('bip340');
    const valid = encode(partyRequest, { kind: 'export-share', share: { slot, sealed }, encrypted: true });
    const bodies = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.tuple(fc.nat(valid.length - 1), fc.nat(255)).map(([place, byte]) => {
        const altered = Uint8Array.from(valid);
        altered[place] = byte;
        return altered;
      }),
      fc.nat(valid.length).map((length) => valid.subarray(0, length)),
    );
    fc.assert(
      fc.property(bodies, (body) => {
        let answer: Buffer;
        try {
          answer = serve(Buffer.concat([Buffer.of(1, 0, 0, 0), body]));
        } catch (error) {
          expect(error).toBeInstanceOf(FrameError);
          return;
        }
        expect(() => decode(partyReply, Buffer.from(answer.subarray(FRAME_HEADER_BYTES + 4)))).not.toThrow();
      }),
      { numRuns: 500 },
    );
  });
});
