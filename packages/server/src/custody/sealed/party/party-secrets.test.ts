/** Every way through, and out of, an operation leaves no secret behind: its locked memory is freed, or wiped. */
import { randomBytes } from 'node:crypto';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  PARTY_ALGORITHMS,
  type PartyOperation,
  type PartyReply,
  type SealSlot,
  type StoredSecret,
} from '../../messages/party-message.ts';
import { expectReply, meet, type RoomScript, startTestParty, type TestParty } from './party-room.fixture.ts';

/** Pieces of locked memory that nobody has freed, with where they were asked for. */
const live = vi.hoisted(() => new Map<Uint8Array, string>());

vi.mock(import('@countersign/algorithms/secret-memory'), async (original) => {
  const real = await original();
  const noted = (secret: Buffer): Buffer => {
    live.set(secret, new Error('left').stack ?? '');
    return secret;
  };
  return {
    allocateSecret: (length) => noted(real.allocateSecret(length)),
    copySecret: (source) => noted(real.copySecret(source)),
    randomSecret: (length) => noted(real.randomSecret(length)),
    freeSecret: (secret) => {
      live.delete(secret);
      real.freeSecret(secret);
    },
  };
});

type Algorithm = SealSlot['algorithm'];
type Key = ReturnType<TestParty['createKey']>;

let parties: readonly TestParty[];
let rows = 0;

beforeAll(async () => {
  parties = await Promise.all([startTestParty(), startTestParty(), startTestParty()]);
});
beforeEach(() => {
  // What is there from the start: root keys, and scratch memory of the engines.
  live.clear();
});

/** Where memory was asked for that is neither freed nor wiped. */
function leftBehind(): readonly string[] {
  return [...live].flatMap(([secret, stack]) =>
    secret.some((byte) => byte !== 0) ? [stack.split('\n').slice(3, 6).join(' <')] : [],
  );
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new Error(`nothing at ${index}`);
  return item;
}

function emptyRow(algorithm: Algorithm): StoredSecret {
  rows += 1;
  const keyId = new Uint8Array(16).fill(255);
  keyId[0] = rows;
  return { slot: { keyId, accountId: new Uint8Array(16).fill(255), algorithm }, sealed: new Uint8Array(0) };
}

function generating(keys: readonly Key[], me: number): PartyOperation {
  const { slot, sealed } = at(keys, me);
  const othersKeygenIds = keys.filter((_, party) => party !== me).map(({ keygenId }) => keygenId);
  return { kind: 'generate', share: { slot, sealed }, threshold: 2, othersKeygenIds };
}

function generate(algorithm: Algorithm): { readonly keys: readonly Key[]; readonly rows: readonly StoredSecret[] } {
  const keys = parties.map((party) => party.createKey(algorithm));
  const ends = meet(
    'room',
    parties.map((party, me) => ({ party, operation: generating(keys, me) })),
  );
  return {
    keys,
    rows: ends.map(({ progress }, me) => {
      if (progress.kind !== 'done' || progress.outcome.kind !== 'share') throw new Error(JSON.stringify(progress));
      return { slot: at(keys, me).slot, sealed: progress.outcome.sealed };
    }),
  };
}

/** Each operation, as seat `me` of a room of three begins it. */
const OPERATIONS: Readonly<Record<string, (algorithm: Algorithm) => (me: number) => PartyOperation>> = {
  generate: (algorithm) => {
    const keys = parties.map((party) => party.createKey(algorithm));
    return (me) => generating(keys, me);
  },
  sign: (algorithm) => {
    const key = generate(algorithm);
    const elements = ['one', 'two'].map((text) => ({
      room: 'room',
      share: 0,
      path: [1],
      merkleRoot: undefined,
      message: Buffer.from(text),
    }));
    return (me) => ({ kind: 'sign', algorithm, shares: [at(key.rows, me)], elements });
  },
  refresh: (algorithm) => {
    const key = generate(algorithm);
    return (me) => ({ kind: 'refresh', share: at(key.rows, me), into: emptyRow(algorithm) });
  },
  reshare: (algorithm) => {
    const { keys, rows: shares } = generate(algorithm);
    return (me) => ({
      kind: 'reshare',
      share: at(shares, me),
      into: emptyRow(algorithm),
      keygenIds: keys.filter((_, other) => other !== me).map(({ keygenId }) => keygenId),
      oldThreshold: 0,
      newThreshold: 3,
    });
  },
  import: (algorithm) => {
    const keys = parties.map((party) => party.createKey(algorithm));
    const privateKey = randomBytes(32);
    return (me) => {
      const { slot, sealed } = at(keys, me);
      const others = keys.filter((_, other) => other !== me).map(({ keygenId }) => keygenId);
      return me === 0
        ? {
            kind: 'import-deal',
            algorithm,
            privateKey: Buffer.from(privateKey),
            keygenIds: others,
            threshold: 2,
            into: { slot, sealed },
          }
        : { kind: 'import-receive', share: { slot, sealed }, othersKeygenIds: others, threshold: 2 };
    };
  },
  export: (algorithm) => {
    const key = generate(algorithm);
    return (me) => ({ kind: 'export', share: at(key.rows, me), exportTo: at(key.keys, 1).keygenId });
  },
};

/** How a room goes. */
const COURSES: Readonly<Record<string, RoomScript>> = {
  'goes through': {},
  'stays without an answer': { onFrame: () => undefined },
  'is cut off after the hellos': { onFrame: (_from, _to, frame, index) => (index < 6 ? frame : undefined) },
  'is cut off after the first round': { onFrame: (_from, _to, frame, index) => (index < 12 ? frame : undefined) },
  'is cut off after the second round': { onFrame: (_from, _to, frame, index) => (index < 18 ? frame : undefined) },
  'cannot be stored': { onKeep: () => false },
  'ends after it was stored': { afterKeep: () => false },
};

describe.each(PARTY_ALGORITHMS)('locked memory of %s operations', (algorithm) => {
  for (const [name, begin] of Object.entries(OPERATIONS)) {
    it.each(Object.keys(COURSES))(`is given back when ${name} %s`, (course) => {
      const operationOf = begin(algorithm);
      meet(
        'room',
        parties.map((party, me) => ({ party, operation: operationOf(me) })),
        COURSES[course],
      );
      expect(leftBehind()).toEqual([]);
    });

    it(`is given back when ${name} is refused for the size of its room`, () => {
      const operation = begin(algorithm)(0);
      expect(open(operation, { size: 17 })).toMatchObject({ kind: 'refused', code: 'invalid_request' });
      expect(leftBehind()).toEqual([]);
    });
  }

  it('is given back when new shares are to go into a row that is not its own', () => {
    const { keys, rows: shares } = generate(algorithm);
    const into = { slot: emptyRow(algorithm).slot, sealed: at(shares, 0).sealed };
    const ids = keys.slice(1).map(({ keygenId }) => keygenId);
    const share = at(shares, 0);
    const refused = { kind: 'refused', code: 'invalid_request' };
    expect(open({ kind: 'refresh', share, into })).toMatchObject(refused);
    expect(open({ kind: 'reshare', share, into, keygenIds: ids, oldThreshold: 0, newThreshold: 2 })).toMatchObject(
      refused,
    );
    const privateKey = randomBytes(32);
    expect(open({ kind: 'import-deal', algorithm, privateKey, keygenIds: ids, threshold: 2, into })).toMatchObject(
      refused,
    );
    expect(leftBehind()).toEqual([]);
  });

  it('is given back when one share of a batch is not one to sign with', () => {
    const { keys, rows: shares } = generate(algorithm);
    const { slot, sealed } = at(keys, 0);
    const elements = [{ room: 'room', share: 0, path: [], merkleRoot: undefined, message: Buffer.from('one') }];
    for (const other of [
      { slot, sealed },
      { slot: emptyRow(algorithm).slot, sealed: at(shares, 0).sealed },
    ])
      expect(open({ kind: 'sign', algorithm, shares: [at(shares, 0), other], elements })).toMatchObject({
        kind: 'refused',
        code: 'invalid_request',
      });
    expect(leftBehind()).toEqual([]);
  });

  it('is one piece for the shares of a batch, however many', () => {
    const { rows: shares } = generate(algorithm);
    const elements = [{ room: 'room', share: 0, path: [], merkleRoot: undefined, message: Buffer.from('one') }];
    live.clear();
    const { ask, identity } = at(parties, 0);
    const operation: PartyOperation = {
      kind: 'sign',
      algorithm,
      shares: new Array<StoredSecret>(1000).fill(at(shares, 0)),
      elements,
    };
    sessions += 1;
    expect(ask({ kind: 'open', session: sessions, identity, room: 'room', size: 2, operation }).kind).toBe('session');
    expect(live.size).toBe(1);
    ask({ kind: 'close', session: sessions });
    expect(live.size).toBe(0);
  });

  it('is given back when a share is backed up, restored, or neither', () => {
    const { rows: shares } = generate(algorithm);
    const party = at(parties, 0);
    const { share } = expectReply(
      party.ask({ kind: 'export-share', share: at(shares, 0), encrypted: false }),
      'backup',
    );
    const restore = (backup: Uint8Array): PartyReply =>
      party.ask({
        kind: 'import-share',
        identity: party.identity,
        slot: emptyRow(algorithm).slot,
        backup: Uint8Array.from(backup),
        encrypted: false,
      });
    expect(restore(share).kind).toBe('restored');
    for (const length of [0, 4, 5, 6, 40, share.length - 1])
      expect(restore(share.subarray(0, length))).toMatchObject({ kind: 'refused', code: 'invalid_request' });
    expect(leftBehind()).toEqual([]);
  });
});

let sessions = 900_000;

function open(operation: PartyOperation, { size = 3 } = {}): PartyReply {
  const { ask, identity } = at(parties, 0);
  sessions += 1;
  const reply = ask({ kind: 'open', session: sessions, identity, room: 'room', size, operation });
  ask({ kind: 'close', session: sessions });
  return reply;
}
