import { createHash, type KeyObject, randomBytes, sign } from 'node:crypto';
import { taggedHash } from '@countersign/algorithms/tagged-hash';
import { ed25519 } from '@noble/curves/ed25519.js';
import { describe, expect, it } from 'vitest';
import { CountingMemory } from '../../test/counting-memory.ts';
import { FailingMemory } from '../../test/failing-memory.ts';
import { CURVES, type Curve } from '../../test/redeal/curves.ts';
import { type Ceremony, ceremony, type Seat, start } from '../../test/redeal/redeal-ceremony.ts';
import { shareKey } from '../../test/redeal/shamir.ts';
import { runProtocol } from '../../test/run-protocol.ts';
import { bytes, decode, encode, fixed, list, MalformedBytes, struct } from '../codec.ts';
import { recoverRedealt } from './redeal.ts';
import {
  CERTIFICATE_TAG,
  encodeEvidence,
  encodeTranscript,
  hashTranscript,
  type RedealTranscript,
  readEvidence,
} from './redeal-transcript.ts';

const IS_SOAK = process.env['COUNTERSIGN_SOAK'] === '1';
const MAX_EVIDENCE_BYTES = 56 * 1024;
const RESHARE: readonly Seat[] = [{ deals: 2 }, { deals: 0, receives: 2 }, { receives: 0 }, { receives: 1 }];
const evidenceCodec = struct({ transcript: bytes(64 * 1024), signatures: list(fixed(64), 40) });

function finishedRoom(curve: Curve, kind: 'reshare' | 'refresh' | 'import' = 'reshare') {
  const key = kind === 'import' ? shareKey(curve, 1, 1) : shareKey(curve, 2, 3);
  const seats = {
    reshare: RESHARE,
    refresh: [0, 1, 2].map((index) => ({ deals: index, receives: index })),
    import: [{ receives: 0 }, { deals: 0 }, { receives: 1 }, { receives: 2 }],
  }[kind];
  const room = ceremony({ key, kind, threshold: 2, seats });
  const outcomes = runProtocol(start(room));
  const pending = outcomes.map(({ kept }) => kept.flatMap((keep) => (keep.kind === 'pending' ? [keep.secret] : []))[0]);
  const evidence = outcomes[0]?.result?.evidence ?? new Uint8Array(0);
  return { room, outcomes, pending, evidence };
}

/** Another transcript, properly signed by all its parties. */
function resigned(room: Ceremony, evidence: Uint8Array, change: Partial<RedealTranscript>): Uint8Array {
  if (room.curve.group === undefined) throw new Error('no engine');
  const { transcript } = readEvidence(room.curve.group, evidence);
  const altered = encodeTranscript({ ...transcript, ...change });
  const message = taggedHash(CERTIFICATE_TAG, hashTranscript(altered));
  return encodeEvidence(
    altered,
    room.identities.map((key: KeyObject) => sign(null, message, key)),
  );
}

describe.each(CURVES)('evidence of a redealing on $name', (curve) => {
  const { group } = curve;
  describe.skipIf(group === undefined)('with the native group', () => {
    if (group === undefined) return;

    it.each(['reshare', 'refresh', 'import'] as const)(
      '%s: gives each receiver its share from what it kept',
      (kind) => {
        const { room, outcomes, pending, evidence } = finishedRoom(curve, kind);
        const memory = new CountingMemory();
        for (const [party, { result }] of outcomes.entries()) {
          const kept = pending[party];
          expect(kept === undefined).toBe(result?.scalar === undefined);
          if (kept === undefined) continue;
          const copy = Uint8Array.from(kept);
          const recovered = recoverRedealt(group, memory, kept, Uint8Array.from(evidence));
          expect(recovered.scalar.equals(result?.scalar ?? Buffer.alloc(0))).toBe(true);
          expect(recovered.publicShares).toEqual(result?.publicShares);
          expect(Buffer.from(recovered.transcriptHash)).toEqual(Buffer.from(result?.transcriptHash ?? []));
          expect(recovered.evidence).toEqual(Uint8Array.from(evidence));
          const { groupKey, epoch, threshold, kind: told, session } = recovered.transcript;
          expect(Buffer.from(groupKey)).toEqual(Buffer.from(room.key.groupKey));
          expect(Buffer.from(session)).toEqual(room.parameters[0]?.session);
          expect({ epoch, threshold, told }).toEqual({ epoch: 7, threshold: 2, told: kind });
          expect(Uint8Array.from(kept)).toEqual(copy);
          expect(memory.allocated).toBe(1);
          memory.free(recovered.scalar);
        }
      },
    );

    it('is none for who kept the state of another session', () => {
      const { pending } = finishedRoom(curve);
      const { evidence } = finishedRoom(curve);
      expectRefused(pending[1], evidence);
    });

    it('is none for altered state', () => {
      const { pending, evidence } = finishedRoom(curve);
      const kept = pending[1] ?? new Uint8Array(0);
      for (const place of [0, 1, 2, 3, 34, 35, 50, kept.length - 1]) expectRefused(altered(kept, place), evidence);
      expectRefused(kept.subarray(1), evidence);
      expectRefused(Uint8Array.of(...kept, 0), evidence);
      expectRefused(new Uint8Array(0), evidence);
      // The share zero, and one above the order.
      expectRefused(Uint8Array.from([...kept.subarray(0, 35), ...new Uint8Array(32)]), evidence);
      expectRefused(Uint8Array.from([...kept.subarray(0, 35), ...new Uint8Array(32).fill(0xff)]), evidence);
    });

    it("is none for another receiver's state under this one's number", () => {
      const { pending, evidence } = finishedRoom(curve);
      const [mine, other] = [pending[1], pending[2]].map((kept) => Uint8Array.from(kept ?? []));
      if (mine === undefined || other === undefined) throw new Error('nothing kept');
      expectRefused(Uint8Array.from([...mine.subarray(0, 35), ...other.subarray(35)]), evidence);
    });

    it('is none where any byte is altered, missing or added', () => {
      const { pending, evidence } = finishedRoom(curve);
      const step = Math.max(1, Math.floor(evidence.length / 150));
      for (let place = 0; place < evidence.length; place += step) expectRefused(pending[1], altered(evidence, place));
      for (const length of [0, 1, 100, evidence.length - 64, evidence.length - 1])
        expectRefused(pending[1], evidence.subarray(0, length));
      expectRefused(pending[1], Uint8Array.of(...evidence, 0));
    });

    it('is none without the signature of each party, in its place', () => {
      const { room, pending, evidence } = finishedRoom(curve);
      const { transcript, signatures } = decode(evidenceCodec, evidence);
      const [first, second, ...rest] = signatures;
      if (first === undefined || second === undefined) throw new Error('no signatures');
      for (const wrong of [
        [],
        signatures.slice(1),
        [...signatures, first],
        [second, first, ...rest],
        [first, first, ...rest],
      ])
        expectRefused(pending[1], encode(evidenceCodec, { transcript, signatures: wrong }));
      // Of the same hash for another purpose.
      const otherTag = taggedHash('countersign/other/v1', hashTranscript(transcript));
      const others = room.identities.map((key) => sign(null, otherTag, key));
      expectRefused(pending[1], encodeEvidence(transcript, others));
    });

    it('of other facts that all have signed is none for this state, and none at all if it makes no sense', () => {
      const { room, pending, evidence } = finishedRoom(curve);
      const { transcript } = readEvidence(group, evidence);
      const sensible: Partial<RedealTranscript>[] = [
        { epoch: 8 },
        { kind: 'refresh' },
        { groupKey: curve.multiplyBase(5n) },
        { session: randomBytes(32) },
        { base: [0, 1, 2].map(() => curve.multiplyBase(5n)) },
      ];
      for (const change of sensible) {
        const other = resigned(room, evidence, change);
        expect(readEvidence(group, other).transcript.parties.length).toBe(4);
        expectRefused(pending[1], other);
      }
      const { parties, dealings } = transcript;
      const senseless: Partial<RedealTranscript>[] = [
        { threshold: 3 },
        { threshold: 0 },
        { base: [curve.multiplyBase(5n)] },
        { base: [0, 1, 2].map(() => new Uint8Array(33)) },
        { dealings: [] },
        { dealings: dealings.with(0, new Uint8Array(0)) },
        { dealings: dealings.with(0, dealings[1] ?? new Uint8Array(0)) },
        { parties: parties.map((party) => ({ ...party, index: party.index === 0 ? 3 : party.index })) },
        { parties: parties.map((party) => ({ ...party, index: party.index === 0 ? 1 : party.index })) },
        { parties: parties.map((party) => ({ ...party, constant: undefined })) },
      ];
      for (const [place, change] of senseless.entries()) {
        const other = resigned(room, evidence, change);
        expect(() => readEvidence(group, other), `change ${place}`).toThrow(MalformedBytes);
      }
    });

    it('can be signed differently by a signer, so that only the transcript hash is equal everywhere', () => {
      const { room, outcomes, pending, evidence } = finishedRoom(curve);
      const { transcript, signatures } = decode(evidenceCodec, evidence);
      const transcriptHash = hashTranscript(transcript);
      const message = taggedHash(CERTIFICATE_TAG, transcriptHash);
      const another = signWithRandomNonce(room.identities[3] as KeyObject, message);
      const other = encode(evidenceCodec, { transcript, signatures: signatures.with(3, another) });
      expect(other).not.toEqual(Buffer.from(evidence));
      const recovered = recoverRedealt(group, new CountingMemory(), pending[1] ?? new Uint8Array(0), other);
      expect(Buffer.from(recovered.transcriptHash)).toEqual(transcriptHash);
      expect(Buffer.from(outcomes[1]?.result?.transcriptHash ?? [])).toEqual(transcriptHash);
    });

    it('leaves nothing where memory runs out', () => {
      const { pending, evidence } = finishedRoom(curve);
      const memory = new FailingMemory(0);
      expect(() => recoverRedealt(group, memory, pending[1] ?? new Uint8Array(0), evidence)).toThrow();
      expect(memory.allocated).toBe(0);
    });

    const all = Array.from({ length: 20 }, (_, index) => index);
    const itsOwnDealers = all.map((index) => ({ deals: index, receives: index }));
    it.each([
      { kind: 'refresh', seats: itsOwnDealers },
      // 40 parties: more than a room has, and the most that the parameters allow.
      { kind: 'reshare', seats: [...all.map((deals) => ({ deals })), ...all.map((receives) => ({ receives }))] },
      // Smaller than the one before.
      ...(IS_SOAK ? [{ kind: 'reshare', seats: itsOwnDealers } as const] : []),
    ] as const)(
      '$kind: stays within 56 KiB for 20 of 20 with 20 dealers ($seats.length parties)',
      ({ kind, seats }) => {
        const room = ceremony({ key: shareKey(curve, 20, 20), kind, threshold: 20, seats });
        const outcomes = runProtocol(start(room));
        for (const { result } of outcomes) expect(result).toBeDefined();
        const evidence = outcomes[0]?.result?.evidence ?? new Uint8Array(0);
        expect(evidence.length).toBeGreaterThan(40 * 1024);
        expect(evidence.length).toBeLessThanOrEqual(MAX_EVIDENCE_BYTES);
        expect(readEvidence(group, evidence).publicShares.length).toBe(20);
      },
      60_000,
    );

    function expectRefused(pending: Uint8Array | undefined, evidence: Uint8Array): void {
      const memory = new CountingMemory();
      if (group === undefined) throw new Error('no engine');
      expect(() => recoverRedealt(group, memory, pending ?? new Uint8Array(0), evidence)).toThrow(MalformedBytes);
      expect(memory.allocated).toBe(0);
    }
  });
});

function altered(of: Uint8Array, place: number): Uint8Array {
  const copy = Uint8Array.from(of);
  copy[place] = (copy[place] ?? 0) ^ 0x10;
  return copy;
}

/** RFC 8032, section 5.1.6, but for the nonce: valid all the same. */
function signWithRandomNonce(identity: KeyObject, message: Uint8Array): Uint8Array {
  const { Fn, BASE } = ed25519.Point;
  const { scalar, pointBytes } = ed25519.utils.getExtendedPublicKey(identity.export({ format: 'raw-private' }));
  const nonce = Fn.create(BigInt(`0x${randomBytes(31).toString('hex')}`));
  const commitment = BASE.multiply(nonce).toBytes();
  const digest = createHash('sha512').update(commitment).update(pointBytes).update(message).digest();
  const challenge = Fn.create(BigInt(`0x${digest.reverse().toString('hex')}`));
  return Buffer.concat([commitment, Fn.toBytes(Fn.create(nonce + challenge * scalar))]);
}
