import { createPublicKey, randomBytes, verify } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import { schnorr } from '@noble/curves/secp256k1.js';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  PARTY_ALGORITHMS,
  type PartyOperation,
  type SealSlot,
  type SigningElement,
  type StoredSecret,
} from '../../messages/party-message.ts';
import { expectReply, meet, type SeatEnd, startTestParty, type TestParty } from './party-room.fixture.ts';

type Key = ReturnType<TestParty['createKey']>;
type Algorithm = SealSlot['algorithm'];

let parties: readonly TestParty[];

beforeAll(async () => {
  parties = await Promise.all([startTestParty(), startTestParty(), startTestParty()]);
});

function generateOperation(keys: readonly Key[], me: number, threshold = 2, sealed?: Uint8Array): PartyOperation {
  const own = keys[me];
  if (own === undefined) throw new Error('no key');
  return {
    kind: 'generate',
    share: { slot: own.slot, sealed: sealed ?? own.sealed },
    threshold,
    othersKeygenIds: keys.filter((_, party) => party !== me).map(({ keygenId }) => keygenId),
  };
}

function shareOf(end: SeatEnd | undefined) {
  if (end?.progress.kind !== 'done' || end.progress.outcome.kind !== 'share')
    throw new Error(`no share: ${JSON.stringify(end?.progress)}`);
  return end.progress.outcome;
}

function generate(algorithm: Algorithm) {
  const keys = parties.map((party) => party.createKey(algorithm));
  const ends = meet(
    'room',
    parties.map((party, me) => ({ party, operation: generateOperation(keys, me) })),
  );
  return { keys, shares: ends.map(shareOf) };
}

function verifies(algorithm: Algorithm, publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (algorithm === 'bip340') return schnorr.verify(signature, message, publicKey);
  const key = createPublicKey({ key: Buffer.from(publicKey), format: 'raw-public', asymmetricKeyType: 'ed25519' });
  return verify(null, message, key, signature);
}

function element(share: number | undefined, room: string, text: string, path: readonly number[] = []): SigningElement {
  return { room, share, path, merkleRoot: undefined, message: Buffer.from(text) };
}

describe.each(PARTY_ALGORITHMS)('a %s key of three party processes', (algorithm) => {
  it('is generated with one public key, and signs with every pair', () => {
    const { keys, shares } = generate(algorithm);
    const publicKey = shares[0]?.publicKey ?? new Uint8Array();
    for (const share of shares) {
      expect(share.publicKey).toEqual(publicKey);
      expect(share.facts.parametersHash).toEqual(shares[0]?.facts.parametersHash);
    }
    for (const pair of [
      [0, 1],
      [0, 2],
      [1, 2],
    ]) {
      const ends = meet(
        'a-room',
        pair.map((index) => {
          const party = parties[index];
          const key = keys[index];
          const share = shares[index];
          if (party === undefined || key === undefined || share === undefined) throw new Error('no party');
          return {
            party,
            operation: {
              kind: 'sign',
              algorithm,
              shares: [{ slot: key.slot, sealed: share.sealed }],
              elements: [element(0, 'a-room', 'hello'), element(0, 'b-room', 'again', [1, 2])],
            },
          };
        }),
      );
      const child = expectReply(
        (parties[0] as TestParty).ask({
          kind: 'derive-public-key',
          algorithm,
          groupKey: shares[0]?.facts.groupKey ?? new Uint8Array(),
          chainCode: shares[0]?.facts.chainCode ?? new Uint8Array(),
          path: [1, 2],
          merkleRoot: undefined,
        }),
        'public-key',
      );
      for (const { progress } of ends) {
        if (progress.kind !== 'done' || progress.outcome.kind !== 'signatures')
          throw new Error(JSON.stringify(progress));
        const [first, second] = progress.outcome.elements;
        if (first?.kind !== 'signed' || second?.kind !== 'signed') throw new Error(JSON.stringify(progress));
        expect(verifies(algorithm, publicKey, Buffer.from('hello'), first.signature)).toBe(true);
        expect(verifies(algorithm, child.publicKey, Buffer.from('again'), second.signature)).toBe(true);
      }
    }
  });

  it('signs with refreshed shares, and no longer with the old ones', () => {
    const { keys, shares } = generate(algorithm);
    const into = keys.map(({ slot }) => ({ slot: { ...slot, keyId: new Uint8Array(16).fill(200) }, sealed: NOTHING }));
    const ends = meet(
      'refresh-room',
      parties.map((party, me) => ({
        party,
        operation: { kind: 'refresh', share: stored(keys, shares, me), into: at(into, me) },
      })),
    );
    const refreshed = ends.map(shareOf);
    expect(refreshed.map(({ facts }) => facts.epoch)).toEqual([1, 1, 1]);
    expect(new Set(refreshed.map(({ publicKey }) => hex(publicKey)))).toEqual(new Set([hex(at(shares, 0).publicKey)]));
    expect(hex(at(refreshed, 0).facts.chainCode)).toBe(hex(at(shares, 0).facts.chainCode));
    const renewed = into.map(({ slot }, me) => ({ slot, sealed: at(refreshed, me).sealed }));
    expect(signPair(algorithm, [1, 2], [at(renewed, 1), at(renewed, 2)], at(shares, 0).publicKey)).toBe('signed');
    const mixed = signPair(algorithm, [1, 2], [at(renewed, 1), stored(keys, shares, 2)], at(shares, 0).publicKey);
    expect(mixed).toContain('another share epoch');
  });

  it('reshares to a quorum with a party that joins', async () => {
    const { keys, shares } = generate(algorithm);
    const joining = await startTestParty();
    const all = [...parties, joining];
    const joiner = joining.createKey(algorithm);
    const ids = [...keys.map(({ keygenId }) => keygenId), joiner.keygenId];
    const into = keys.map(({ slot }) => ({ slot: { ...slot, keyId: new Uint8Array(16).fill(201) }, sealed: NOTHING }));
    const ends = meet(
      'reshare-room',
      all.map((party, me) => ({
        party,
        operation: {
          kind: 'reshare',
          share: me < 3 ? stored(keys, shares, me) : undefined,
          into: me < 3 ? at(into, me) : { slot: joiner.slot, sealed: joiner.sealed },
          keygenIds: ids.filter((_, other) => other !== me),
          oldThreshold: me < 3 ? 0 : 2,
          newThreshold: 3,
        },
      })),
    );
    const reshared = ends.map(shareOf);
    const rows = reshared.map(({ sealed }, me) => ({ slot: me < 3 ? at(into, me).slot : joiner.slot, sealed }));
    const publicKey = at(shares, 0).publicKey;
    expect(new Set(reshared.map((share) => hex(share.publicKey)))).toEqual(new Set([hex(publicKey)]));
    const trio = [0, 2, 3];
    expect(
      sign(
        algorithm,
        trio.map((me) => at(all, me)),
        trio.map((me) => at(rows, me)),
        publicKey,
      ),
    ).toBe('signed');
    const pair = sign(algorithm, [at(all, 0), joining], [at(rows, 0), at(rows, 3)], publicKey);
    expect(pair).toContain('3 parties sign with this key');
  });

  it.each([true, false])('imports a key that a dealer gives away (it keeps a share: %s)', async (keeps) => {
    const dealer = keeps ? at(parties, 0) : await startTestParty();
    const receivers = keeps ? parties.slice(1) : parties;
    const keys = parties.map((party) => party.createKey(algorithm));
    const privateKey = randomBytes(32);
    const publicKey = publicKeyOf(algorithm, privateKey);
    const own = keeps ? at(keys, 0) : undefined;
    const receiving = keeps ? keys.slice(1) : keys;
    const dealerId = own?.keygenId ?? dealer.persistentKeygenId;
    const ends = meet('import-room', [
      {
        party: dealer,
        operation: {
          kind: 'import-deal',
          algorithm,
          privateKey,
          keygenIds: receiving.map(({ keygenId }) => keygenId),
          threshold: 2,
          into: own === undefined ? undefined : { slot: own.slot, sealed: own.sealed },
        },
      },
      ...receivers.map((party, me) => ({
        party,
        operation: {
          kind: 'import-receive' as const,
          share: { slot: at(receiving, me).slot, sealed: at(receiving, me).sealed },
          othersKeygenIds: [dealerId, ...receiving.filter((_, other) => other !== me).map(({ keygenId }) => keygenId)],
          threshold: 2,
        },
      })),
    ]);
    if (!keeps) expect(ends[0]?.progress).toMatchObject({ kind: 'done', outcome: { kind: 'nothing' } });
    const shares = (keeps ? ends : ends.slice(1)).map(shareOf);
    expect(shares.map(({ facts }) => facts.origin)).toEqual(['imported', 'imported', 'imported']);
    expect(hex(at(shares, 0).publicKey)).toBe(hex(publicKey));
    const rows = shares.map(({ sealed }, me) => ({ slot: at(keys, me).slot, sealed }));
    expect(signPair(algorithm, [0, 2], [at(rows, 0), at(rows, 2)], publicKey)).toBe('signed');
  });

  it('exports the whole key to one party, and nothing to the others', () => {
    const { keys, shares } = generate(algorithm);
    const ends = meet(
      'export-room',
      [0, 2].map((me) => ({
        party: at(parties, me),
        operation: { kind: 'export', share: stored(keys, shares, me), exportTo: at(keys, 2).keygenId },
      })),
    );
    expect(ends[0]?.progress).toMatchObject({ kind: 'done', outcome: { kind: 'nothing' } });
    const progress = ends[1]?.progress;
    if (progress?.kind !== 'done' || progress.outcome.kind !== 'private-key') throw new Error(JSON.stringify(progress));
    const { privateKey } = progress.outcome;
    const exported =
      algorithm === 'bip340'
        ? schnorr.getPublicKey(privateKey)
        : ed25519.Point.BASE.multiply(BigInt(`0x${hex(Buffer.from(privateKey).reverse())}`)).toBytes();
    expect(hex(exported)).toBe(hex(at(shares, 0).publicKey));
  });

  it('gives a share away for a backup and takes it back', () => {
    const { keys, shares } = generate(algorithm);
    const party = at(parties, 1);
    const backup = expectReply(
      party.ask({ kind: 'export-share', share: stored(keys, shares, 1), encrypted: false }),
      'backup',
    );
    const slot: SealSlot = { ...at(keys, 1).slot, keyId: new Uint8Array(16).fill(202) };
    const request = { kind: 'import-share', slot, backup: Uint8Array.from(backup.share), encrypted: false } as const;
    const restored = expectReply(party.ask({ ...request, identity: party.identity }), 'restored');
    expect(restored.keygenId).toBe(at(keys, 1).keygenId);
    const rows = [{ slot, sealed: Uint8Array.from(restored.sealed) }, stored(keys, shares, 2)];
    expect(signPair(algorithm, [1, 2], rows, at(shares, 0).publicKey)).toBe('signed');
    const other = at(parties, 0);
    expect(other.ask({ ...request, identity: other.identity })).toMatchObject({ kind: 'refused', code: 'conflict' });
  });
});

const NOTHING = new Uint8Array(0);

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new Error(`nothing at ${index}`);
  return item;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function stored(keys: readonly Key[], shares: readonly { readonly sealed: Uint8Array }[], me: number): StoredSecret {
  return { slot: at(keys, me).slot, sealed: at(shares, me).sealed };
}

function publicKeyOf(algorithm: Algorithm, privateKey: Uint8Array): Uint8Array {
  return algorithm === 'bip340' ? schnorr.getPublicKey(privateKey) : ed25519.getPublicKey(privateKey);
}

function signPair(
  algorithm: Algorithm,
  pair: readonly number[],
  rows: readonly StoredSecret[],
  publicKey: Uint8Array,
): string {
  return sign(
    algorithm,
    pair.map((me) => at(parties, me)),
    rows,
    publicKey,
  );
}

/** `signed`, or why not. */
function sign(
  algorithm: Algorithm,
  signers: readonly TestParty[],
  rows: readonly StoredSecret[],
  publicKey: Uint8Array,
): string {
  const ends = meet(
    'sign-room',
    signers.map((party, me) => ({
      party,
      operation: { kind: 'sign', algorithm, shares: [at(rows, me)], elements: [element(0, 'sign-room', 'a message')] },
    })),
  );
  const results = ends.map(({ progress }) => {
    if (progress.kind !== 'done' || progress.outcome.kind !== 'signatures') return JSON.stringify(progress);
    const [first] = progress.outcome.elements;
    if (first?.kind !== 'signed') return first?.reason ?? 'nothing';
    return verifies(algorithm, publicKey, Buffer.from('a message'), first.signature) ? 'signed' : 'a bad signature';
  });
  return [...new Set(results)].join(' | ');
}
