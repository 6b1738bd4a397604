import { randomSecret } from '@countersign/algorithms/secret-memory';
import { beforeAll, describe, expect, it } from 'vitest';
import { PARTY_ALGORITHMS, type SealSlot, type StoredSecret } from '../../messages/party-message.ts';
import { expectReply, meet, startTestParty, type TestParty } from './party-room.fixture.ts';

let parties: readonly TestParty[];

beforeAll(async () => {
  parties = await Promise.all([startTestParty(), startTestParty(), startTestParty()]);
});

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new Error(`nothing at ${index}`);
  return item;
}

function generate(algorithm: SealSlot['algorithm'], holders: readonly TestParty[] = parties) {
  const keys = holders.map((party) => party.createKey(algorithm));
  const ends = meet(
    'room',
    holders.map((party, me) => ({
      party,
      operation: {
        kind: 'generate',
        share: { slot: at(keys, me).slot, sealed: at(keys, me).sealed },
        threshold: 2,
        othersKeygenIds: keys.filter((_, other) => other !== me).map(({ keygenId }) => keygenId),
      },
    })),
  );
  return ends.map(({ progress }, me) => {
    if (progress.kind !== 'done' || progress.outcome.kind !== 'share') throw new Error(JSON.stringify(progress));
    const { sealed, facts } = progress.outcome;
    return { row: { slot: at(keys, me).slot, sealed } satisfies StoredSecret, facts };
  });
}

function backUp(party: TestParty, share: StoredSecret, encrypted = false): Buffer {
  return Buffer.from(expectReply(party.ask({ kind: 'export-share', share, encrypted }), 'backup').share);
}

function restore(party: TestParty, algorithm: SealSlot['algorithm'], backup: Uint8Array, encrypted = false) {
  const slot = { keyId: new Uint8Array(16).fill(99), accountId: new Uint8Array(16).fill(255), algorithm };
  return party.ask({
    kind: 'import-share',
    identity: party.identity,
    slot,
    backup: Uint8Array.from(backup),
    encrypted,
  });
}

/** After the form (5), the algorithm (1) and the scalar (32). */
const THRESHOLD_OFFSET = 38;

describe.each(PARTY_ALGORITHMS)('the backup of a share of a %s key', (algorithm) => {
  it('is taken back by the server that it is of', () => {
    const { row } = at(generate(algorithm), 0);
    expect(restore(at(parties, 0), algorithm, backUp(at(parties, 0), row)).kind).toBe('restored');
  });

  it('is taken back after the shares were refreshed', () => {
    const rows = generate(algorithm);
    const into = rows.map(
      ({ row }): StoredSecret => ({
        slot: { ...row.slot, keyId: new Uint8Array(16).fill(98) },
        sealed: new Uint8Array(0),
      }),
    );
    const ends = meet(
      'room',
      parties.map((party, me) => ({
        party,
        operation: { kind: 'refresh', share: at(rows, me).row, into: at(into, me) },
      })),
    );
    for (const [me, { progress }] of ends.entries()) {
      if (progress.kind !== 'done' || progress.outcome.kind !== 'share') throw new Error(JSON.stringify(progress));
      const backup = backUp(at(parties, me), { slot: at(into, me).slot, sealed: progress.outcome.sealed });
      expect(restore(at(parties, me), algorithm, backup)).toMatchObject({ kind: 'restored', facts: { epoch: 1 } });
    }
  });

  it.each<[string, (backup: Buffer, facts: ReturnType<typeof generate>[number]['facts']) => void]>([
    ["a threshold that is not the polynomial's", (backup) => backup.writeUInt16LE(1, THRESHOLD_OFFSET)],
    ['no threshold', (backup) => backup.writeUInt16LE(0, THRESHOLD_OFFSET)],
    ['a threshold above its parties', (backup) => backup.writeUInt16LE(4, THRESHOLD_OFFSET)],
    ['another group key', (backup, facts) => replace(backup, facts.groupKey, at(facts.parties, 1).publicShare)],
    ['a group key that is none', (backup, facts) => replace(backup, facts.groupKey, Buffer.alloc(33, 1))],
    [
      "another party's public share that is wrong",
      (backup, facts) => replace(backup, at(facts.parties, (facts.index + 1) % 3).publicShare, facts.groupKey),
    ],
    [
      'one identity twice',
      (backup, facts) =>
        replace(
          backup,
          at(facts.parties, (facts.index + 1) % 3).identity,
          at(facts.parties, (facts.index + 2) % 3).identity,
        ),
    ],
    [
      'a channel key that is none',
      (backup, facts) => replace(backup, at(facts.parties, (facts.index + 1) % 3).channelKey, Buffer.alloc(32)),
    ],
    [
      'an own public key for the key that is none',
      (backup, facts) => replace(backup, at(facts.parties, facts.index).perKeyPublic, Buffer.alloc(33)),
    ],
  ])('is refused with %s', (_what, change) => {
    const { row, facts } = at(generate(algorithm), 0);
    const backup = backUp(at(parties, 0), row);
    change(backup, facts);
    expect(restore(at(parties, 0), algorithm, backup)).toMatchObject({ kind: 'refused', code: 'invalid_request' });
  });

  it("says nothing of the share without the operator's key, and opens under no other", async () => {
    const locked = await Promise.all(
      [randomSecret(32), randomSecret(32)].map((key) =>
        startTestParty({ allowFullExport: false, backup: { mode: 'encrypted', key } }),
      ),
    );
    const { row } = at(generate(algorithm, locked), 0);
    expect(at(locked, 0).ask({ kind: 'export-share', share: row, encrypted: false })).toMatchObject({
      kind: 'refused',
      code: 'forbidden',
    });
    const backup = backUp(at(locked, 0), row, true);
    expect(restore(at(locked, 0), algorithm, backup, true).kind).toBe('restored');
    expect(restore(at(locked, 1), algorithm, backup, true)).toMatchObject({ code: 'invalid_request' });
    for (const place of [0, 4, 20, 40, backup.length - 1]) {
      const altered = Buffer.from(backup);
      altered.writeUInt8(altered.readUInt8(place) ^ 1, place);
      expect(restore(at(locked, 0), algorithm, altered, true)).toMatchObject({ code: 'invalid_request' });
    }
  });

  it('is off where the operator has said nothing', async () => {
    const party = await startTestParty({ allowFullExport: false, backup: { mode: 'off' } });
    const { slot, sealed } = party.createKey(algorithm);
    for (const encrypted of [true, false]) {
      expect(party.ask({ kind: 'export-share', share: { slot, sealed }, encrypted })).toMatchObject({
        code: 'forbidden',
      });
      expect(restore(party, algorithm, Buffer.alloc(100), encrypted)).toMatchObject({ code: 'forbidden' });
    }
  });
});

function replace(backup: Buffer, old: Uint8Array, fresh: Uint8Array): void {
  for (let place = backup.indexOf(old); place !== -1; place = backup.indexOf(old, place + 1))
    backup.set(fresh.subarray(0, old.length), place);
}
