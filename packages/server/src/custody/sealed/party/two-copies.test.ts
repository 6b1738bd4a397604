/** Two copies of one server's data folder run at once: they have one identity and the same shares. */
import { beforeAll, describe, expect, it } from 'vitest';
import { PARTY_ALGORITHMS, type PartyOperation, type StoredSecret } from '../../messages/party-message.ts';
import { meet, type SeatEnd, startTestParty, type TestParty } from './party-room.fixture.ts';

let parties: readonly TestParty[];

beforeAll(async () => {
  parties = await Promise.all([startTestParty(), startTestParty(), startTestParty()]);
});

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new Error(`nothing at ${index}`);
  return item;
}

function reasons(ends: readonly SeatEnd[]): readonly string[] {
  return ends.map(({ progress }) => (progress.kind === 'aborted' ? progress.reason : progress.kind));
}

describe.each(PARTY_ALGORITHMS)('two copies of one server, with %s keys', (algorithm) => {
  const created = () => parties.map((party) => party.createKey(algorithm));

  function generating(keys: ReturnType<typeof created>, me: number): PartyOperation {
    const { slot, sealed } = at(keys, me);
    const othersKeygenIds = keys.filter((_, other) => other !== me).map(({ keygenId }) => keygenId);
    return { kind: 'generate', share: { slot, sealed }, threshold: 2, othersKeygenIds };
  }

  function generated(): readonly StoredSecret[] {
    const keys = created();
    const ends = meet(
      'room',
      parties.map((party, me) => ({ party, operation: generating(keys, me) })),
    );
    return ends.map(({ progress }, me) => {
      if (progress.kind !== 'done' || progress.outcome.kind !== 'share') throw new Error(JSON.stringify(progress));
      return { slot: at(keys, me).slot, sealed: progress.outcome.sealed };
    });
  }

  function signing(share: StoredSecret, text: string): PartyOperation {
    const element = { room: 'room', share: 0, path: [], merkleRoot: undefined, message: Buffer.from(text) };
    return { kind: 'sign', algorithm, shares: [share], elements: [element] };
  }

  it.each([
    [
      [0, 0, 1],
      ['one', 'one', 'one'],
    ],
    [
      [0, 0, 1],
      ['one', 'other', 'one'],
    ],
    [
      [1, 0, 0],
      ['one', 'one', 'one'],
    ],
    [
      [0, 0],
      ['one', 'other'],
    ],
  ])('sign nothing in one room: %j', (seats, texts) => {
    const shares = generated();
    const ends = meet(
      'room',
      seats.map((me, seat) => ({ party: at(parties, me), operation: signing(at(shares, me), at(texts, seat)) })),
    );
    for (const reason of reasons(ends))
      expect(reason).toMatch(/in the room twice|signs .* as this server|gave up|not heard/);
    // No nonce was made, and so none was used twice.
    expect(ends.flatMap(({ kept }) => kept)).toEqual([]);
  });

  it('make no share in one room, and the key is generated once they are one again', () => {
    const keys = created();
    const ends = meet(
      'room',
      [0, 0, 1].map((me) => ({ party: at(parties, me), operation: generating(keys, me) })),
    );
    for (const reason of reasons(ends))
      expect(reason).toMatch(/in the room twice|signs .* as this server|gave up|not heard/);
    expect(ends.flatMap(({ kept }) => kept)).toEqual([]);
    const again = meet(
      'another',
      parties.map((party, me) => ({ party, operation: generating(keys, me) })),
    );
    expect(again.map(({ progress }) => progress.kind)).toEqual(['done', 'done', 'done']);
  });

  it('sign in two rooms at once with nonces of their own', () => {
    const shares = generated();
    const hashes = ['one', 'other'].flatMap((room) =>
      meet(
        room,
        [0, 1].map((me) => ({ party: at(parties, me), operation: signing(at(shares, me), 'a message') })),
      ).flatMap(({ progress, kept }) => {
        expect(progress.kind).toBe('done');
        return kept.flatMap((keep) => (keep.kind === 'nonces' ? keep.hashes.map((each) => each.toHex()) : []));
      }),
    );
    expect(new Set(hashes).size).toBe(4);
  });
});
