/**
 * A server keeps its word back from one of the others, or is lost for good right after it gave it to one of them: the
 * key that some have must not depend on it, beyond what the threshold says.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { PARTY_ALGORITHMS, type PartyOperation, type StoredSecret } from '../../messages/party-message.ts';
import { meet, type RoomScript, type SeatEnd, startTestParty, type TestParty } from './party-room.fixture.ts';
import { openShare, sealShare } from './sealed-secrets.ts';

let parties: readonly TestParty[];
let rows = 100;

beforeAll(async () => {
  parties = await Promise.all([startTestParty(), startTestParty(), startTestParty()]);
});

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new Error(`nothing at ${index}`);
  return item;
}

function shareOf(end: SeatEnd) {
  if (end.progress.kind !== 'done' || end.progress.outcome.kind !== 'share')
    throw new Error(JSON.stringify(end.progress));
  return end.progress.outcome;
}

function reasonOf({ progress }: SeatEnd): string {
  return progress.kind === 'aborted' ? progress.reason : progress.kind;
}

/** What the third server sends from its last message on doesn't reach the second one. */
function keepingItsWordBack(): RoomScript {
  let sent = 0;
  return {
    onFrame: (from, to, frame) => {
      if (from !== 2 || to !== 1) return frame;
      sent += 1;
      return sent < 4 ? frame : undefined;
    },
  };
}

function lastKept(end: SeatEnd): Uint8Array {
  const keep = end.kept.at(-1);
  if (keep?.kind !== 'sealed') throw new Error('nothing was kept');
  return keep.sealed;
}

describe.each(PARTY_ALGORITHMS)('new shares of a %s key', (algorithm) => {
  const created = () => parties.map((party) => party.createKey(algorithm));

  function generating(keys: ReturnType<typeof created>, me: number, sealed = at(keys, me).sealed): PartyOperation {
    const othersKeygenIds = keys.filter((_, other) => other !== me).map(({ keygenId }) => keygenId);
    return { kind: 'generate', share: { slot: at(keys, me).slot, sealed }, threshold: 2, othersKeygenIds };
  }

  function signs(shares: readonly StoredSecret[]): readonly string[] {
    const message = Buffer.from('a message');
    const elements = [{ room: 'room', share: 0, path: [], merkleRoot: undefined, message }];
    return meet(
      'room',
      shares.map((share, me) => ({
        party: at(parties, me),
        operation: { kind: 'sign', algorithm, shares: [share], elements },
      })),
    ).map(({ progress }) => {
      if (progress.kind !== 'done' || progress.outcome.kind !== 'signatures') return JSON.stringify(progress);
      return at(progress.outcome.elements, 0).kind;
    });
  }

  it('are finished by two servers of a generated key, without the third', () => {
    const keys = created();
    const ends = meet(
      'room',
      parties.map((party, me) => ({ party, operation: generating(keys, me) })),
      keepingItsWordBack(),
    );
    const first = shareOf(at(ends, 0));
    expect(reasonOf(at(ends, 1))).toMatch(/no frame for round/);
    // Both were there before the third was lost; its keygen id is what the key was made with.
    const again = meet('another', [
      { party: at(parties, 0), operation: generating(keys, 0, first.sealed) },
      { party: at(parties, 1), operation: generating(keys, 1, lastKept(at(ends, 1))) },
    ]);
    const second = shareOf(at(again, 1));
    expect(second.publicKey).toEqual(first.publicKey);
    expect(
      signs([
        { slot: at(keys, 0).slot, sealed: shareOf(at(again, 0)).sealed },
        { slot: at(keys, 1).slot, sealed: second.sealed },
      ]),
    ).toEqual(['signed', 'signed']);
  });

  it('are finished by two servers of a refreshed key, without the third', () => {
    const keys = created();
    const old = meet(
      'room',
      parties.map((party, me) => ({ party, operation: generating(keys, me) })),
    ).map((end, me): StoredSecret => ({ slot: at(keys, me).slot, sealed: shareOf(end).sealed }));
    rows += 1;
    const slots = keys.map(({ slot }) => ({ ...slot, keyId: new Uint8Array(16).fill(rows) }));
    const refreshing = (me: number, sealed: Uint8Array = new Uint8Array(0)): PartyOperation => ({
      kind: 'refresh',
      share: at(old, me),
      into: { slot: at(slots, me), sealed },
    });
    const ends = meet(
      'room',
      parties.map((party, me) => ({ party, operation: refreshing(me) })),
      keepingItsWordBack(),
    );
    expect(reasonOf(at(ends, 1))).toMatch(/no frame for round/);
    const again = meet('another', [
      { party: at(parties, 0), operation: refreshing(0, shareOf(at(ends, 0)).sealed) },
      { party: at(parties, 1), operation: refreshing(1, lastKept(at(ends, 1))) },
    ]);
    expect(signs(again.map((end, me): StoredSecret => ({ slot: at(slots, me), sealed: shareOf(end).sealed })))).toEqual(
      ['signed', 'signed'],
    );
  });

  it('stay unfinished where none that is there has the word of all', () => {
    const keys = created();
    const ends = meet(
      'room',
      parties.map((party, me) => ({ party, operation: generating(keys, me) })),
      { onFrame: (from, _to, frame, index) => (from === 2 && index >= 18 ? undefined : frame) },
    );
    const again = meet(
      'another',
      [0, 1].map((me) => ({ party: at(parties, me), operation: generating(keys, me, lastKept(at(ends, me))) })),
    );
    for (const end of again) expect(reasonOf(end)).toMatch(/none that is has the word of all|gave up|for 2 parties/);
    const all = meet(
      'third',
      parties.map((party, me) => ({ party, operation: generating(keys, me, lastKept(at(ends, me))) })),
    );
    expect(new Set(all.map((end) => Buffer.from(shareOf(end).publicKey).toString('hex'))).size).toBe(1);
  });

  it('stay unfinished where a server shows a word that the others have not given', () => {
    const keys = created();
    const ends = meet(
      'room',
      parties.map((party, me) => ({ party, operation: generating(keys, me) })),
      keepingItsWordBack(),
    );
    const { rootKey } = at(parties, 0);
    const { slot } = at(keys, 0);
    const opened = openShare(rootKey, { slot, sealed: shareOf(at(ends, 0)).sealed });
    if (opened?.value.kind !== 'share') throw new Error('no share');
    const { value } = opened;
    const words = value.acknowledgements.map((word) => Uint8Array.from(word));
    const lies = [
      words.toReversed(),
      words.slice(0, 2),
      [...words.slice(0, 2), new Uint8Array(64)],
      [...words, ...words],
    ];
    for (const acknowledgements of lies) {
      const lying = sealShare(rootKey, slot, { ...value, acknowledgements });
      const again = meet('another', [
        { party: at(parties, 0), operation: generating(keys, 0, lying) },
        { party: at(parties, 1), operation: generating(keys, 1, lastKept(at(ends, 1))) },
      ]);
      for (const end of again) expect(reasonOf(end)).toMatch(/none that is has the word of all|gave up/);
    }
    opened.free();
  });

  it('are not begun in a room that is smaller than the operation', () => {
    const keys = created();
    const ends = meet(
      'room',
      [0, 1].map((me) => ({ party: at(parties, me), operation: generating(keys, me) })),
    );
    for (const end of ends) expect(reasonOf(end)).toBe('the room is for 2 parties, and the key for 3');
  });
});
