/** What a refresh leaves behind: nothing of before it is of use, alone or together with what came after. */

import { participantRecover } from '@countersign/threshold/chilldkg/recovery';
import { loadSecp256k1Group } from '@countersign/threshold/engines/secp256k1/load-group';
import { ed25519 } from '@noble/curves/ed25519.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { describe, expect, it } from 'vitest';
import {
  PARTY_ALGORITHMS,
  type PartyOperation,
  type SealSlot,
  type StoredSecret,
} from '../../messages/party-message.ts';
import { meet, type SeatEnd, startTestParty, type TestParty } from './party-room.fixture.ts';
import { openIdentity, openShare } from './sealed-secrets.ts';

type Algorithm = SealSlot['algorithm'];

const PARTIES = 5;
const THRESHOLD = 3;
const ALL = Array.from({ length: PARTIES }, (_, seat) => seat);

/** A key before and after a refresh; `old` is what a thief may have copied before it. */
interface Refreshed {
  readonly parties: readonly TestParty[];
  readonly old: readonly StoredSecret[];
  readonly fresh: readonly StoredSecret[];
  readonly keygenIds: readonly string[];
  readonly groupKey: Uint8Array;
  readonly evidence: Uint8Array;
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new Error(`nothing at ${index}`);
  return item;
}

function shareOf({ progress }: SeatEnd) {
  if (progress.kind !== 'done' || progress.outcome.kind !== 'share') throw new Error(JSON.stringify(progress));
  const { sealed, facts } = progress.outcome;
  return { sealed: Uint8Array.from(sealed), facts };
}

async function refreshedKey(algorithm: Algorithm): Promise<Refreshed> {
  const parties = await Promise.all(ALL.map(() => startTestParty()));
  const keys = parties.map((party) => party.createKey(algorithm));
  const run = (room: string, operationOf: (seat: number) => PartyOperation) =>
    meet(
      room,
      parties.map((party, seat) => ({ party, operation: operationOf(seat) })),
    ).map(shareOf);
  const made = run('keygen', (seat) => ({
    kind: 'generate',
    share: { slot: at(keys, seat).slot, sealed: at(keys, seat).sealed },
    threshold: THRESHOLD,
    othersKeygenIds: keys.filter((_, other) => other !== seat).map(({ keygenId }) => keygenId),
  }));
  const old = made.map(({ sealed }, seat) => ({ slot: at(keys, seat).slot, sealed }));
  const slots = keys.map(({ slot }) => ({ ...slot, keyId: new Uint8Array(16).fill(0xf0) }));
  const renewed = run('refresh', (seat) => ({
    kind: 'refresh',
    share: at(old, seat),
    into: { slot: at(slots, seat), sealed: new Uint8Array(0) },
  }));
  const fresh = renewed.map(({ sealed }, seat) => ({ slot: at(slots, seat), sealed }));
  const { groupKey, publicEvidence } = at(made, 0).facts;
  return { parties, old, fresh, keygenIds: keys.map(({ keygenId }) => keygenId), groupKey, evidence: publicEvidence };
}

/** What a thief with the root key reads in a stored share. */
function secretOf(party: TestParty, stored: StoredSecret) {
  const opened = openShare(party.rootKey, stored);
  if (opened?.value.kind !== 'share') throw new Error('no share');
  const { scalar, perKey, facts } = opened.value;
  const secret = {
    scalar: Uint8Array.from(scalar),
    perKey: perKey && Uint8Array.from(perKey),
    index: facts.index,
  };
  opened.free();
  return secret;
}

/** sum of lambda_i * share_i at zero, times the generator, by another library. */
function interpolated(
  algorithm: Algorithm,
  shares: readonly { readonly index: number; readonly scalar: Uint8Array }[],
) {
  const { Point } = algorithm === 'bip340' ? secp256k1 : ed25519;
  const { Fn } = Point;
  const total = shares.reduce((sum, { index, scalar }) => {
    const big = Buffer.from(scalar);
    const value = BigInt(`0x${(algorithm === 'bip340' ? big : big.reverse()).toString('hex')}`);
    const weight = shares.reduce((product, other) => {
      if (other.index === index) return product;
      const [x, own] = [BigInt(other.index + 1), BigInt(index + 1)];
      return Fn.mul(product, Fn.mul(x, Fn.inv(Fn.create(x - own))));
    }, 1n);
    return Fn.add(sum, Fn.mul(weight, Fn.create(value)));
  }, 0n);
  return Buffer.from(Point.BASE.multiply(total).toBytes());
}

function subsets(of: readonly number[], size: number): readonly (readonly number[])[] {
  if (size === 0) return [[]];
  return of.flatMap((last, place) => subsets(of.slice(0, place), size - 1).map((rest) => [...rest, last]));
}

describe.each(PARTY_ALGORITHMS)('after a refresh of a %s key', (algorithm) => {
  it('old and new shares are two keys’ worth of shares: fewer than a quorum of each are nothing together', async () => {
    const { parties, old, fresh, groupKey } = await refreshedKey(algorithm);
    const [before, after] = [old, fresh].map((shares) =>
      shares.map((share, seat) => secretOf(at(parties, seat), share)),
    );
    if (before === undefined || after === undefined) throw new Error('no shares');
    for (const quorum of subsets(ALL, THRESHOLD)) {
      for (const epochs of [0b000, 0b001, 0b010, 0b011, 0b100, 0b101, 0b110, 0b111]) {
        const mixed = quorum.map((seat, place) => at((epochs >> place) & 1 ? after : before, seat));
        const isOneEpoch = epochs === 0 || epochs === 0b111;
        expect(interpolated(algorithm, mixed).equals(groupKey)).toBe(isOneEpoch);
      }
    }
  });

  it('a room with parties of both epochs ends with the reason, and signs nothing', async () => {
    const { parties, old, fresh } = await refreshedKey(algorithm);
    for (const epochs of [0b001, 0b010, 0b100, 0b110]) {
      const room = `mixed-${epochs}`;
      const ends = meet(
        room,
        [0, 2, 4].map((seat, place) => ({
          party: at(parties, seat),
          operation: {
            kind: 'sign',
            algorithm,
            shares: [at((epochs >> place) & 1 ? fresh : old, seat)],
            elements: [{ room, share: 0, path: [], merkleRoot: undefined, message: Buffer.from('m') }],
          },
        })),
      );
      for (const { progress, kept } of ends) {
        if (progress.kind !== 'done' || progress.outcome.kind !== 'signatures')
          throw new Error(JSON.stringify(progress));
        expect(progress.outcome.elements).toEqual([
          { kind: 'failed', reason: expect.stringContaining('another share epoch'), mayExist: false },
        ]);
        // Not even a nonce was made.
        expect(kept).toEqual([]);
      }
    }
  });

  it('parties of both epochs do not refresh, reshare or export together', async () => {
    const { parties, old, fresh, keygenIds } = await refreshedKey(algorithm);
    const into = (seat: number) => ({
      slot: { ...at(old, seat).slot, keyId: new Uint8Array(16).fill(0xf1) },
      sealed: new Uint8Array(0),
    });
    const sealedOf = (seat: number): StoredSecret => at(seat === 1 ? old : fresh, seat);
    const operations: Readonly<Record<string, (seat: number) => PartyOperation>> = {
      refresh: (seat) => ({ kind: 'refresh', share: sealedOf(seat), into: into(seat) }),
      reshare: (seat) => ({
        kind: 'reshare',
        share: sealedOf(seat),
        into: into(seat),
        keygenIds: keygenIds.filter((_, other) => other !== seat),
        oldThreshold: 0,
        newThreshold: 2,
      }),
      export: (seat) => ({ kind: 'export', share: sealedOf(seat), exportTo: at(keygenIds, 0) }),
    };
    for (const [name, operationOf] of Object.entries(operations)) {
      const ends = meet(
        name,
        parties.map((party, seat) => ({ party, operation: operationOf(seat) })),
      );
      for (const { progress } of ends) {
        expect(progress).toMatchObject({ kind: 'aborted', reason: expect.stringContaining('epoch') });
      }
    }
  });
});

describe('ChillDKG recovery data of before a refresh', () => {
  it('gives a share with what is stored before, and none with anything that is stored after', async () => {
    const group = await loadSecp256k1Group();
    const { parties, old, fresh, evidence } = await refreshedKey('bip340');
    for (const [seat, party] of parties.entries()) {
      const before = secretOf(party, at(old, seat));
      const { output } = participantRecover(group, before.perKey ?? new Uint8Array(), evidence);
      expect(Buffer.from(output.secretShare ?? [])).toEqual(Buffer.from(before.scalar));

      const after = secretOf(party, at(fresh, seat));
      expect(after.perKey).toBeUndefined();
      const identity = openIdentity(party.rootKey, party.identity);
      if (identity === undefined) throw new Error('no identity');
      const { seed, channel, question } = identity.value;
      for (const secret of [after.scalar, seed, channel, question, party.rootKey])
        expect(() => participantRecover(group, secret, evidence)).toThrow(/belongs to no participant|host secret/);
      identity.free();
      // Nor does the operation itself begin again with it.
      const [end] = meet('again', [
        { party, operation: { kind: 'generate', share: at(fresh, seat), threshold: THRESHOLD, othersKeygenIds: [] } },
      ]);
      expect(end?.progress).toMatchObject({ kind: 'aborted', reason: expect.stringContaining('refreshed since') });
    }
  });
});
