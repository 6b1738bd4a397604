import { createPrivateKey, createPublicKey, type KeyObject, randomBytes, sign, verify } from 'node:crypto';
import { taggedHash } from '@countersign/algorithms/tagged-hash';
import { ed25519 } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CountingMemory } from '../../test/counting-memory.ts';
import { GROUPS } from '../../test/ed25519/groups.ts';
import { type Outcome, runProtocol, type Tamper } from '../../test/run-protocol.ts';
import { decode, encode, MalformedBytes } from '../codec.ts';
import { parseX25519PublicKey, x25519, x25519PrivateKey, x25519PublicBytes } from '../exchange/x25519.ts';
import { ProtocolAbort, type Round } from '../protocol.ts';
import { sealShare } from '../share-encryption.ts';
import { complaintMessage } from './complaint.ts';
import { type DealingMessage, deal, dealingMessage } from './dealing.ts';
import type { Ed25519Group } from './ed25519-group.ts';
import { readCertificate } from './key-generation-certificate.ts';
import {
  type GeneratedShare,
  type KeyGenerationParameters,
  resumeFromPending,
  startKeyGeneration,
} from './key-generation-protocol.ts';
import { hashSession, type KeyGenerationSession } from './key-generation-session.ts';
import { liftX25519PublicKey, liftX25519Secret } from './montgomery-map.ts';
import { provePossession } from './proof-of-possession.ts';
import { startSignBatch } from './sign-batch-protocol.ts';

const [native] = GROUPS;
const { Fn } = ed25519.Point;
const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex');

interface Ceremony {
  readonly session: KeyGenerationSession;
  readonly memory: CountingMemory;
  readonly parameters: readonly KeyGenerationParameters[];
}

function ceremony(group: Ed25519Group, threshold: number, parties: number): Ceremony {
  const memory = new CountingMemory();
  const identities = Array.from({ length: parties }, () =>
    createPrivateKey({ key: randomBytes(32), format: 'raw-private', asymmetricKeyType: 'ed25519' }),
  );
  const dealSecrets = identities.map(() => randomBytes(32));
  const session = {
    session: randomBytes(32),
    threshold,
    identities: identities.map((key) => createPublicKey(key).export({ format: 'raw-public' })),
    dealKeys: dealSecrets.map((secret) => x25519PublicBytes(x25519PrivateKey(secret))),
  };
  const parameters = identities.map(
    (identity, me): KeyGenerationParameters => ({
      ...{ group, memory, session, me },
      dealSecret: dealSecrets[me] as Uint8Array,
      seed: randomBytes(32),
      sign: (tag, message) => sign(null, taggedHash(tag, message), identity),
    }),
  );
  return { session, memory, parameters };
}

const begin = ({ parameters }: Ceremony): readonly Round<GeneratedShare>[] =>
  parameters.map((own) => startKeyGeneration(own));

const run = (started: Ceremony, tamper?: Tamper): readonly Outcome<GeneratedShare>[] =>
  runProtocol(begin(started), tamper);

/** Alters the fields of one party's dealing. */
const altering =
  (party: number, alter: (dealing: DealingMessage) => DealingMessage): Tamper =>
  (broadcast, from, number) =>
    from === party && number === 1 ? encode(dealingMessage, alter(decode(dealingMessage, broadcast))) : broadcast;

const flipped = (bytes: Uint8Array | undefined, position = 0): Uint8Array => {
  const copy = Uint8Array.from(bytes ?? []);
  copy[position] = (copy[position] ?? 0) ^ 1;
  return copy;
};

function secretOf(shares: readonly GeneratedShare[]): bigint {
  const indexes = shares.map(({ index }) => BigInt(index + 1));
  return shares.reduce((sum, { secretShare, index }) => {
    const x = BigInt(index + 1);
    const coefficient = indexes
      .filter((other) => other !== x)
      .reduce((product, other) => Fn.create(product * Fn.create(other * Fn.inv(Fn.create(other - x)))), 1n);
    return Fn.create(sum + coefficient * Fn.fromBytes(secretShare));
  }, 0n);
}

describe.each(GROUPS.map((group) => ({ name: group.description, group })))('key generation on $name', ({ group }) => {
  it.each([
    [1, 1],
    [1, 2],
    [2, 3],
    [3, 3],
    [3, 4],
  ])('of %i out of %i gives shares of one key', (threshold, parties) => {
    const started = ceremony(group, threshold, parties);
    const shares = run(started).map(({ result, abort }) => {
      if (result === undefined) throw abort ?? new Error('no result');
      return result;
    });
    const [first] = shares;
    if (first === undefined) throw new Error('a party');
    for (const [me, share] of shares.entries()) {
      expect(share.index).toBe(me);
      expect(share.threshold).toBe(threshold);
      expect(share.publicShares).toHaveLength(parties);
      expect(hex(share.publicShares[me])).toBe(
        hex(ed25519.Point.BASE.multiply(Fn.fromBytes(share.secretShare)).toBytes()),
      );
      for (const field of ['publicKey', 'chainCode', 'certificate'] as const) {
        expect(hex(share[field])).toBe(hex(first[field]));
      }
      expect(share.publicShares.map(hex)).toEqual(first.publicShares.map(hex));
    }
    for (const some of [shares.slice(0, threshold), shares.slice(-threshold)]) {
      expect(hex(first.publicKey)).toBe(hex(ed25519.Point.BASE.multiply(secretOf(some)).toBytes()));
    }
    if (threshold > 1) {
      expect(hex(ed25519.Point.BASE.multiply(secretOf(shares.slice(1, threshold))).toBytes())).not.toBe(
        hex(first.publicKey),
      );
    }
    expect(shares.every(({ secretShare }) => secretShare.length === 32)).toBe(true);
    expect(started.parameters.every(({ seed }) => seed.every((byte) => byte === 0))).toBe(true);
    // The share of each, and what each keeps for a crash until the host has stored it.
    expect(started.memory.allocated).toBe(2 * parties);
  });
});

describe('key generation', () => {
  const group = native;

  it('gives a key that signs', () => {
    const { parameters, memory } = ceremony(group, 2, 3);
    const shares = runProtocol(parameters.map((own) => startKeyGeneration(own))).map(({ result }) => result);
    const message = Buffer.from('with a fresh key');
    const holders = [2, 0];
    const rounds = holders.map((holder, me) => {
      const share = shares[holder];
      if (share === undefined) throw new Error('a share');
      const element = {
        secretShare: share.secretShare,
        signers: holders.map((index) => ({ index, publicShare: share.publicShares[index] as Uint8Array })),
        ...{ publicKey: share.publicKey, tweak: undefined, message, extraInput: new Uint8Array(0) },
      };
      return startSignBatch({ group, memory, parties: 2, me, elements: [element], randomness: randomBytes(64) });
    });
    for (const { result } of runProtocol(rounds)) {
      const [outcome] = result ?? [];
      const key = createPublicKey({
        key: Buffer.from(shares[0]?.publicKey ?? []),
        ...{ format: 'raw-public' as const, asymmetricKeyType: 'ed25519' as const },
      });
      expect(outcome?.kind === 'signed' && verify(null, message, key, outcome.signature)).toBe(true);
    }
  });

  it('gives another key for another session, and for other seeds', () => {
    const once = ceremony(group, 2, 2);
    const seeds = once.parameters.map(({ seed }) => Uint8Array.from(seed));
    const keyOf = (started: Ceremony) => hex(run(started)[0]?.result?.publicKey);
    const withSeeds = (session: KeyGenerationSession): Ceremony => ({
      ...once,
      session,
      parameters: once.parameters.map((own, i) => ({ ...own, session, seed: Uint8Array.from(seeds[i] as Uint8Array) })),
    });
    const first = keyOf(withSeeds(once.session));
    expect(keyOf(withSeeds(once.session))).toBe(first);
    expect(keyOf(withSeeds({ ...once.session, session: randomBytes(32) }))).not.toBe(first);
    expect(keyOf(withSeeds({ ...once.session, threshold: 1 }))).not.toBe(first);
  });

  describe('with a liar among three', () => {
    const liar = 1;
    const honest = [0, 2];

    /** What the honest parties say where everybody can see it in round 1: nobody goes on, let alone signs. */
    function culpritsAtOnce(tamper: Tamper, started = ceremony(group, 2, 3)): readonly unknown[] {
      const outcomes = run(started, tamper);
      for (const me of honest) expect(outcomes[me]?.kept).toEqual([]);
      return honest.map((me) => outcomes[me]?.abort?.culprits);
    }

    /** What the honest parties say. Nothing secret stays behind, except what the host is to wipe. */
    function culpritsOf(tamper: Tamper, started = ceremony(group, 2, 3)): readonly unknown[] {
      const outcomes = run(started, tamper);
      const owned = outcomes.map(({ kept, result }) => kept.length + (result === undefined ? 0 : 1));
      expect(started.memory.allocated).toBe(owned.reduce((sum, count) => sum + count, 0));
      return honest.map((me) => outcomes[me]?.abort?.culprits);
    }

    it.each<[string, (dealing: DealingMessage, group: Ed25519Group) => DealingMessage]>([
      ['a proof with another response', (d) => ({ ...d, proof: { ...d.proof, response: flipped(d.proof.response) } })],
      [
        'a proof with another nonce',
        (d) => ({ ...d, proof: { ...d.proof, nonceCommitment: d.commitments[0] as Uint8Array } }),
      ],
      ['a proof that is no point', (d) => ({ ...d, proof: { ...d.proof, nonceCommitment: new Uint8Array(32) } })],
      [
        'a response that is no scalar',
        (d) => ({ ...d, proof: { ...d.proof, response: new Uint8Array(32).fill(0xff) } }),
      ],
      [
        'a constant that it knows nothing of',
        (d, g) => ({ ...d, commitments: [g.encode(g.generator), d.commitments[1] as Uint8Array] }),
      ],
      [
        'other commitments than it proved',
        (d, g) => ({ ...d, commitments: [d.commitments[0] as Uint8Array, g.encode(g.generator)] }),
      ],
      [
        'a commitment that is no point',
        (d) => ({ ...d, commitments: [d.commitments[0] as Uint8Array, new Uint8Array(32).fill(1)] }),
      ],
      ['too few commitments', (d) => ({ ...d, commitments: d.commitments.slice(1) })],
      ['too many commitments', (d) => ({ ...d, commitments: [...d.commitments, ...d.commitments] })],
      ['too few shares', (d) => ({ ...d, sealedShares: d.sealedShares.slice(1) })],
      ['too many shares', (d) => ({ ...d, sealedShares: [...d.sealedShares, ...d.sealedShares] })],
      [
        'a wrong proof of its ephemeral key',
        (d) => ({ ...d, ephemeralProof: { ...d.ephemeralProof, response: flipped(d.ephemeralProof.response) } }),
      ],
      ['one proof for the other', (d) => ({ ...d, ephemeralProof: d.proof })],
      ['an ephemeral key of low order', (d) => ({ ...d, ephemeralKey: new Uint8Array(32) })],
      ['an ephemeral key on the twist', (d) => ({ ...d, ephemeralKey: Uint8Array.of(2, ...new Uint8Array(31)) })],
    ])('names who deals %s', (_, alter) => {
      expect(culpritsAtOnce(altering(liar, (dealing) => alter(dealing, group)))).toEqual([[liar], [liar]]);
    });

    it('names who sends something that is no dealing, or no verdict', () => {
      for (const round of [1, 2]) {
        for (const bytes of [new Uint8Array(0), new Uint8Array(64), new Uint8Array(300).fill(0xff)]) {
          expect(
            culpritsOf((broadcast, from, number) => (from === liar && number === round ? bytes : broadcast)),
          ).toEqual([[liar], [liar]]);
        }
      }
    });

    it('names who deals a polynomial of another degree, with everything else right', () => {
      for (const threshold of [1, 3]) {
        const started = ceremony(group, 2, 3);
        const context = {
          session: { ...started.session, threshold },
          sessionHash: hashSession(group, started.session),
          dealer: liar,
        };
        const dealt = deal(group, started.memory, context, randomBytes(32), new Uint8Array(32));
        expect(
          culpritsAtOnce(
            altering(liar, () => dealt),
            started,
          ),
        ).toEqual([[liar], [liar]]);
      }
    });

    it("names who takes another's ephemeral key, with or without its proof", () => {
      for (const isWithProof of [true, false]) {
        let first: DealingMessage | undefined;
        const tamper: Tamper = (broadcast, from, number) => {
          if (number === 1 && from === 0) first = decode(dealingMessage, Uint8Array.from(broadcast));
          return altering(liar, (d) => ({
            ...d,
            ephemeralKey: first?.ephemeralKey ?? d.ephemeralKey,
            ephemeralProof: isWithProof ? (first?.ephemeralProof ?? d.ephemeralProof) : d.ephemeralProof,
          }))(broadcast, from, number);
        };
        expect(culpritsAtOnce(tamper)).toEqual([[liar], [liar]]);
      }
    });

    it("names who replays another's dealing", () => {
      let first: Uint8Array | undefined;
      const tamper: Tamper = (broadcast, from, number) => {
        if (number === 1 && from === 0) first = broadcast;
        return number === 1 && from === liar ? (first ?? broadcast) : broadcast;
      };
      expect(culpritsAtOnce(tamper)).toEqual([[liar], [liar]]);
    });

    it('names who replays its own dealing of another session', () => {
      const started = ceremony(group, 2, 3);
      const session = { ...started.session, session: randomBytes(32) };
      const parameters = started.parameters.map((own) => ({ ...own, session, seed: Uint8Array.from(own.seed) }));
      const replayed = startKeyGeneration(parameters[liar] as KeyGenerationParameters);
      replayed.abandon();
      const tamper: Tamper = (broadcast, from, number) =>
        number === 1 && from === liar ? replayed.broadcast : broadcast;
      expect(culpritsAtOnce(tamper, started)).toEqual([[liar], [liar]]);
    });

    it('names who deals a share that does not open, whomever it was for', () => {
      for (const slot of [0, 1]) {
        const tamper = altering(liar, (dealing) => ({
          ...dealing,
          sealedShares: dealing.sealedShares.map((sealed, i) => (i === slot ? flipped(sealed, 3) : sealed)),
        }));
        expect(culpritsOf(tamper)).toEqual([[liar], [liar]]);
      }
    });

    it("names who deals a share that opens but isn't on the polynomial", () => {
      const started = ceremony(group, 2, 3);
      const { session } = started;
      const sessionHash = hashSession(group, session);
      const ephemeral = x25519PrivateKey(randomBytes(32));
      const ephemeralKey = x25519PublicBytes(ephemeral);
      const lifted = liftX25519PublicKey(group, ephemeralKey);
      if (lifted === undefined) throw new Error('a public key');
      const secret = new Uint8Array(32);
      liftX25519Secret(group, secret, ephemeral.export({ format: 'raw-private' }), lifted);
      const nonce = Uint8Array.from(group.scalarOf(7));
      const ephemeralProof = provePossession(
        group,
        { sessionHash, dealer: liar, purpose: 'ephemeral key', statement: [ephemeralKey] },
        ...([secret, nonce, new Uint8Array(32)] as const),
      );
      const tamper = altering(liar, (dealing) => ({
        ...dealing,
        ephemeralKey,
        ephemeralProof,
        sealedShares: honest.map((recipient) => {
          const dealKey = session.dealKeys[recipient] as Uint8Array;
          const shared = x25519(ephemeral, parseX25519PublicKey(dealKey) as KeyObject);
          const context = { sessionHash, dealer: liar, recipient, ephemeralKey, dealKey };
          // On no polynomial that anybody knows, and no scalar.
          return sealShare(context, shared, recipient === 0 ? group.scalarOf(42) : new Uint8Array(32).fill(0xff));
        }),
      }));
      expect(culpritsOf(tamper, started)).toEqual([[liar], [liar]]);
    });

    it('names who complains about a good share', () => {
      const started = ceremony(group, 2, 3);
      // A true proof about a true Diffie-Hellman point, only that the share is good.
      const rounds = begin(started);
      const openings = rounds.map(({ broadcast }) => Uint8Array.from(broadcast));
      const seenByLiar = openings.map((bytes, dealer) =>
        dealer === 0
          ? altering(0, (d) => ({
              ...d,
              sealedShares: [flipped(d.sealedShares[0], 2), d.sealedShares[1] as Uint8Array],
            }))(bytes, 0, 1)
          : bytes,
      );
      const seconds = rounds.map((round, me) => {
        const step = round.next(me === liar ? seenByLiar : openings);
        if (step.kind !== 'round') throw new Error('two rounds');
        return step;
      });
      expect(decode(complaintMessage, (seconds[liar]?.broadcast ?? new Uint8Array()).subarray(1)).dealer).toBe(0);
      expect(seconds[liar]?.keep).toBeUndefined();
      for (const me of honest) {
        expect(abortOf(() => seconds[me]?.next(seconds.map(({ broadcast }) => broadcast)))).toEqual([liar]);
      }
    });

    it('names who complains with a wrong proof, about itself, or about nobody', () => {
      const complaint = {
        sharedPoint: group.encode(group.generator),
        challenge: group.scalarOf(1),
        response: group.scalarOf(2),
      };
      for (const dealer of [0, 1, 2, 3, 65_535]) {
        const tamper: Tamper = (broadcast, from, number) =>
          from === liar && number === 2
            ? Buffer.concat([Buffer.of(1), encode(complaintMessage, { dealer, ...complaint })])
            : broadcast;
        expect(culpritsOf(tamper)).toEqual([[liar], [liar]]);
      }
    });

    it('names who gets a bad share and complains with a proof that was altered on purpose', () => {
      // Two liars: the dealer of a bad share, and its victim, which spoils its own complaint. Both are found or the
      // victim alone, but never the honest one.
      const started = ceremony(group, 2, 3);
      const outcomes = run(started, (broadcast, from, number) => {
        if (number === 1) {
          return altering(0, (d) => ({ ...d, sealedShares: d.sealedShares.map((sealed) => flipped(sealed)) }))(
            broadcast,
            from,
            number,
          );
        }
        return from === liar ? flipped(broadcast, broadcast.length - 32) : broadcast;
      });
      // The honest one complains itself, and is right.
      expect(outcomes[2]?.abort?.culprits).toEqual([0, 1]);
    });

    it('names who signs another transcript', () => {
      const tamper: Tamper = (broadcast, from, number) =>
        from === liar && number === 2 ? flipped(broadcast, 20) : broadcast;
      expect(culpritsOf(tamper)).toEqual([[liar], [liar]]);
    });

    it('names nobody honest, whatever a liar sends: any byte of any message', () => {
      fc.assert(
        fc.property(fc.integer({ min: 1, max: 2 }), fc.nat(), fc.integer({ min: 1, max: 255 }), (round, at, mask) => {
          const started = ceremony(group, 2, 3);
          const tamper: Tamper = (broadcast, from, number) => {
            if (from === liar && number === round) {
              const position = at % broadcast.length;
              broadcast[position] = (broadcast[position] ?? 0) ^ mask;
            }
            return broadcast;
          };
          expect(culpritsOf(tamper, started)).toEqual([[liar], [liar]]);
        }),
        { numRuns: 40 },
      );
    });
  });

  it('stops where its own message comes back altered, and blames nobody', () => {
    const started = ceremony(group, 2, 2);
    const rounds = begin(started);
    const openings = rounds.map(({ broadcast }) => Uint8Array.from(broadcast));
    expect(abortOf(() => rounds[0]?.next([flipped(openings[0], 8), openings[1] as Uint8Array]))).toEqual([]);
    for (const round of rounds) round.abandon();
    expect(started.memory.allocated).toBe(0);
  });

  it('reveals by a complaint neither the deal key nor any other share', () => {
    const started = ceremony(group, 2, 3);
    const rounds = begin(started);
    const openings = rounds.map(({ broadcast }) => Uint8Array.from(broadcast));
    openings[1] = altering(1, (d) => ({ ...d, sealedShares: d.sealedShares.map((sealed) => flipped(sealed)) }))(
      ...([openings[1] as Uint8Array, 1, 1] as const),
    ) as Uint8Array<ArrayBuffer>;
    const step = rounds[0]?.next(openings);
    if (step?.kind !== 'round') throw new Error('two rounds');
    const dealSecret = started.parameters[0]?.dealSecret ?? new Uint8Array();
    expect(hex(step.broadcast)).not.toContain(hex(dealSecret));
    expect(step.broadcast).toHaveLength(1 + 2 + 32 + 32 + 32);
    step.abandon();
    for (const round of rounds) round.abandon();
    expect(started.memory.allocated).toBe(0);
  });

  describe('that was interrupted', () => {
    /** All have sent their last message; only party 0 has heard the others'. */
    function interrupted() {
      const started = ceremony(group, 2, 3);
      const seconds = begin(started).map((round, _, rounds) => () => round.next(openingsOf(rounds)));
      const rounds = seconds.map((next) => {
        const step = next();
        if (step.kind !== 'round' || step.keep?.kind !== 'pending') throw new Error('a second round that keeps');
        return { step, pending: Uint8Array.from(step.keep.secret) };
      });
      const finished = rounds[0]?.step.next(rounds.map(({ step }) => step.broadcast));
      if (finished?.kind !== 'finished') throw new Error('finished');
      return { ...started, share: finished.result, pendings: rounds.map(({ pending }) => pending) };
    }
    const openingsOf = (rounds: readonly Round<GeneratedShare>[]) =>
      rounds.map(({ broadcast }) => Uint8Array.from(broadcast));

    it("finishes with anybody's certificate", () => {
      const { share, pendings, memory } = interrupted();
      const resumed = pendings.map((pending) => resumeFromPending(group, memory, pending, share.certificate));
      expect({ ...resumed[0] }).toEqual({ ...share, certificate: Uint8Array.from(share.certificate) });
      expect(hex(ed25519.Point.BASE.multiply(secretOf(resumed.slice(1))).toBytes())).toBe(hex(share.publicKey));
      expect(resumed.map(({ index }) => index)).toEqual([0, 1, 2]);
    });

    it('does not finish with a certificate of another session, an altered one, or with an altered share', () => {
      const { share, pendings, memory } = interrupted();
      const other = interrupted();
      const [pending] = pendings as [Uint8Array];
      const before = memory.allocated;
      const resume = (kept: Uint8Array, certificate: Uint8Array) => resumeFromPending(group, memory, kept, certificate);
      expect(() => resume(pending, other.share.certificate)).toThrow(MalformedBytes);
      expect(() => resume(flipped(pending, pending.length - 20), share.certificate)).toThrow(MalformedBytes);
      expect(() => resume(flipped(pending, 1), share.certificate)).toThrow(MalformedBytes);
      expect(() => resume(flipped(pending, 10), share.certificate)).toThrow(MalformedBytes);
      expect(() => resume(pending.subarray(1), share.certificate)).toThrow(MalformedBytes);
      fc.assert(
        fc.property(fc.nat({ max: share.certificate.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, mask) => {
          const altered = Uint8Array.from(share.certificate);
          altered[at] = (altered[at] ?? 0) ^ mask;
          expect(() => resume(pending, altered)).toThrow(MalformedBytes);
        }),
        { numRuns: 40 },
      );
      expect(memory.allocated).toBe(before);
    });

    it('leaves a certificate that anybody can check', () => {
      const { share, session } = interrupted();
      const read = readCertificate(group, share.certificate);
      expect(hex(read.publicKey)).toBe(hex(share.publicKey));
      expect(hex(read.chainCode)).toBe(hex(share.chainCode));
      expect(read.publicShares.map(hex)).toEqual(share.publicShares.map(hex));
      expect(read.session.identities.map(hex)).toEqual(session.identities.map(hex));
      expect(() => readCertificate(group, share.certificate.subarray(0, -64))).toThrow(MalformedBytes);
    });
  });

  it('refuses sessions that cannot be, before it says anything', () => {
    const { parameters, session, memory } = ceremony(group, 2, 3);
    const [own] = parameters as [KeyGenerationParameters];
    const begun = (change: Partial<KeyGenerationSession>, more: Partial<KeyGenerationParameters> = {}) =>
      startKeyGeneration({ ...own, session: { ...session, ...change }, ...more });
    const [a, b] = session.identities as [Uint8Array, Uint8Array];
    const [x, y, z] = session.dealKeys as [Uint8Array, Uint8Array, Uint8Array];
    for (const threshold of [0, 4, 1.5, Number.NaN]) expect(() => begun({ threshold })).toThrow(RangeError);
    expect(() => begun({ session: new Uint8Array(31) })).toThrow(RangeError);
    expect(() => begun({ identities: [a, b, a] })).toThrow('parties 0 and 2 have one identity key');
    expect(() => begun({ identities: [a, b, a.subarray(1)] })).toThrow(RangeError);
    expect(() => begun({ dealKeys: [x, y, y] })).toThrow('parties 1 and 2 have one deal key');
    expect(() => begun({ dealKeys: [x, y] })).toThrow(RangeError);
    expect(() => begun({ identities: [], dealKeys: [] })).toThrow(RangeError);
    expect(() => begun({}, { dealSecret: randomBytes(32) })).toThrow("the deal secret isn't this party's");
    expect(() => begun({}, { me: 3 })).toThrow(RangeError);
    expect(() => begun({}, { seed: randomBytes(31) })).toThrow(RangeError);
    // Low order, and on the twist: the party that gave it is to blame.
    for (const bad of [new Uint8Array(32), Uint8Array.of(2, ...new Uint8Array(31))]) {
      expect(abortOf(() => begun({ dealKeys: [x, bad, z] }))).toEqual([1]);
    }
    expect(memory.allocated).toBe(0);
  });

  it("does not send a signature that isn't by its own identity", () => {
    const started = ceremony(group, 2, 2);
    const other = ceremony(group, 2, 2);
    const rounds = started.parameters.map((own, i) =>
      startKeyGeneration(i === 0 ? { ...own, sign: (other.parameters[0] as KeyGenerationParameters).sign } : own),
    );
    const openings = rounds.map(({ broadcast }) => Uint8Array.from(broadcast));
    expect(() => rounds[0]?.next(openings)).toThrow("the identity isn't this party's");
    for (const round of rounds) round.abandon();
    expect(started.memory.allocated).toBe(0);
  });
});

function abortOf(attempt: () => unknown): readonly number[] {
  try {
    attempt();
  } catch (error) {
    if (error instanceof ProtocolAbort) return error.culprits;
    throw error;
  }
  throw new Error('no abort');
}
