/** BIP 445 beyond its vectors: any signers, any tweaks, and signers who cheat. @noble/curves verifies. */
import { randomBytes } from 'node:crypto';
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DealtKey, dealSecp256k1Key } from '../../test/deal-secp256k1-key.ts';
import { loadSecp256k1Group } from '../engines/secp256k1/load-group.ts';
import { deriveTaprootTweak, deriveTweaks } from '../secp256k1/derivation.ts';
import type { Tweak } from '../secp256k1/tweak.ts';
import { deterministicSign } from './deterministic-sign.ts';
import { deriveInterpolatingValue } from './interpolating-value.ts';
import { type GeneratedNonce, nonceGen } from './nonce-generation.ts';
import { aggregateNonces, encodePublicNonce } from './nonces.ts';
import { partialSigAgg, partialSigVerify, sign } from './partial-signature.ts';
import { openSession, type Session } from './session.ts';
import { validateSigners } from './signers.ts';
import { tweakKey } from './tweaked-key.ts';

const group = await loadSecp256k1Group();
const { Fn } = secp256k1.Point;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const keyId = (key: DealtKey, id: number): Uint8Array => key.secretShares[id] ?? new Uint8Array(0);

/** t of n, and the identifiers of t or more signers in any order. */
const quorum = fc
  .integer({ min: 1, max: 6 })
  .chain((participants) => fc.tuple(fc.constant(participants), fc.integer({ min: 1, max: participants })))
  .chain(([participants, threshold]) =>
    fc.record({
      participants: fc.constant(participants),
      threshold: fc.constant(threshold),
      ids: fc
        .shuffledSubarray([...Array(participants).keys()], { minLength: threshold })
        .filter((ids) => ids.length >= threshold),
    }),
  );
const tweakList = fc.array(
  fc.record({
    value: fc.bigInt({ min: 0n, max: Fn.ORDER - 1n }).map((value) => Fn.toBytes(value)),
    isXOnly: fc.boolean(),
  }),
  { maxLength: 4 },
);
const anyMessage = fc.uint8Array({ maxLength: 80 });

interface Run {
  readonly session: Session;
  readonly nonces: readonly GeneratedNonce[];
  readonly partialSignatures: readonly Uint8Array[];
}

function signTogether(key: DealtKey, ids: readonly number[], tweaks: readonly Tweak[], message: Uint8Array): Run {
  const signers = validateSigners(group, key.contextOf(ids));
  const tweaked = tweakKey(group, signers.thresholdKey, tweaks);
  const nonces = ids.map((id) =>
    nonceGen(group, {
      random: randomBytes(32),
      secretShare: keyId(key, id),
      thresholdPublicKey: tweaked.xOnly,
      message,
    }),
  );
  const aggregateNonce = aggregateNonces(
    group,
    nonces.map((nonce) => nonce.public),
  );
  const session = openSession(group, { signers, key: tweaked, aggregateNonce, message });
  const partialSignatures = nonces.map((nonce, position) => {
    const id = ids[position] ?? -1;
    return sign(group, nonce.secret, keyId(key, id), id, session);
  });
  return { session, nonces, partialSignatures };
}

/** The x-only key after the tweaks, by @noble/curves. */
function expectedKey(key: DealtKey, tweaks: readonly Tweak[]): Uint8Array {
  let point = secp256k1.Point.fromBytes(key.thresholdPublicKey);
  for (const { value, isXOnly } of tweaks) {
    if (isXOnly && point.toBytes()[0] === 3) point = point.negate();
    point = point.add(secp256k1.Point.BASE.multiplyUnsafe(Fn.fromBytes(value)));
  }
  return point.toBytes().subarray(1);
}

describe('signing', () => {
  it('gives a BIP340 signature for any t or more of n, any tweaks and any message', () => {
    fc.assert(
      fc.property(quorum, tweakList, anyMessage, ({ participants, threshold, ids }, tweaks, message) => {
        const key = dealSecp256k1Key(participants, threshold);
        const { session, nonces, partialSignatures } = signTogether(key, ids, tweaks, message);
        for (const [position, partialSignature] of partialSignatures.entries()) {
          const nonce = nonces[position];
          if (nonce === undefined) return false;
          expect(partialSigVerify(group, partialSignature, position, nonce.public, session)).toBe(true);
        }
        const signature = partialSigAgg(group, partialSignatures, session);
        expect(hex(session.key.xOnly)).toBe(hex(expectedKey(key, tweaks)));
        expect(group.verifySchnorr(session.key.point, message, signature)).toBe(true);
        return schnorr.verify(signature, message, expectedKey(key, tweaks));
      }),
      { numRuns: 30 },
    );
  });

  it('signs for a child key and its taproot output', () => {
    const key = dealSecp256k1Key(3, 2);
    const child = deriveTweaks(group, key.thresholdPublicKey, new Uint8Array(32).fill(9), [44, 0, 7]);
    const output = deriveTaprootTweak(group, child.publicKey, new Uint8Array(32).fill(5));
    const message = randomBytes(32);
    const { session, partialSignatures } = signTogether(key, [2, 0], [...child.tweaks, output.tweak], message);
    expect(hex(session.key.xOnly)).toBe(hex(output.publicKey));
    expect(schnorr.verify(partialSigAgg(group, partialSignatures, session), message, output.publicKey)).toBe(true);
  });

  it('takes t: fewer are refused, and their shares under a smaller threshold are no shares of the key', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 5 }), fc.integer({ min: 0, max: 2 }), (threshold, more) => {
        const key = dealSecp256k1Key(threshold + more, threshold);
        const context = key.contextOf([...Array(threshold - 1).keys()]);
        expect(() => validateSigners(group, context)).toThrow(expect.objectContaining({ problem: 'signer-count' }));
        expect(() => validateSigners(group, { ...context, threshold: threshold - 1 })).toThrow(
          expect.objectContaining({ problem: 'key-material' }),
        );
      }),
      { numRuns: 10 },
    );
  });

  it('names the signer whose partial signature is wrong, and no other', () => {
    fc.assert(
      fc.property(quorum, fc.nat(), fc.nat({ max: 255 }), ({ participants, threshold, ids }, cheat, bit) => {
        const key = dealSecp256k1Key(participants, threshold);
        const message = randomBytes(32);
        const { session, nonces, partialSignatures } = signTogether(key, ids, [], message);
        const cheater = cheat % ids.length;
        const changed = partialSignatures.map((partialSignature) => Uint8Array.from(partialSignature));
        const wrong = changed[cheater] ?? new Uint8Array(0);
        wrong[bit >> 3] = (wrong[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const verdicts = changed.map((partialSignature, position) => {
          const nonce = nonces[position];
          return nonce !== undefined && partialSigVerify(group, partialSignature, position, nonce.public, session);
        });
        return verdicts.every((isRight, position) => isRight === (position !== cheater));
      }),
      { numRuns: 15 },
    );
  });

  it('binds a partial signature to message, signers, key and nonces', () => {
    const key = dealSecp256k1Key(4, 2);
    const tweaks = [{ value: Fn.toBytes(5n), isXOnly: true }];
    const message = randomBytes(32);
    const { session, nonces, partialSignatures } = signTogether(key, [0, 1, 2], tweaks, message);
    const [partialSignature] = partialSignatures;
    const [nonce, other] = nonces;
    if (partialSignature === undefined || nonce === undefined || other === undefined) throw new Error('no signature');
    const { signers } = session;
    const context = {
      signers,
      key: session.key,
      message,
      aggregateNonce: aggregateNonces(
        group,
        nonces.map((each) => each.public),
      ),
    };
    const isRight = (changed: Partial<typeof context>, position = 0, sent = nonce.public): boolean =>
      partialSigVerify(group, partialSignature, position, sent, openSession(group, { ...context, ...changed }));
    expect(isRight({})).toBe(true);
    expect(isRight({ message: randomBytes(32) })).toBe(false);
    expect(isRight({ key: tweakKey(group, signers.thresholdKey, []) })).toBe(false);
    expect(isRight({ signers: validateSigners(group, key.contextOf([0, 1, 3])) })).toBe(false);
    expect(isRight({ aggregateNonce: aggregateNonces(group, [nonce.public, other.public]) })).toBe(false);
    expect(isRight({}, 1)).toBe(false);
    expect(isRight({}, 0, other.public)).toBe(false);
  });

  it('goes on with G when the nonces cancel out, so that the cheater is found', () => {
    const key = dealSecp256k1Key(2, 2);
    const signers = validateSigners(group, key.contextOf([0, 1]));
    const tweaked = tweakKey(group, signers.thresholdKey, []);
    const honest = nonceGen(group, { random: randomBytes(32) });
    const cheating = { first: group.negate(honest.public.first), second: group.negate(honest.public.second) };
    const aggregateNonce = aggregateNonces(group, [honest.public, cheating]);
    expect(aggregateNonce.encoded).toEqual(new Uint8Array(66));
    const session = openSession(group, { signers, key: tweaked, aggregateNonce, message: new Uint8Array(0) });
    expect(session.nonceX).toEqual(group.xOnly(group.generator));
    const partialSignature = sign(group, honest.secret, keyId(key, 0), 0, session);
    expect(partialSigVerify(group, partialSignature, 0, honest.public, session)).toBe(true);
  });

  it('has a last signer who needs no state', () => {
    fc.assert(
      fc.property(quorum, tweakList, fc.boolean(), ({ participants, threshold, ids }, tweaks, isRandom) => {
        const key = dealSecp256k1Key(participants, threshold);
        const signers = validateSigners(group, key.contextOf(ids));
        const tweaked = tweakKey(group, signers.thresholdKey, tweaks);
        const message = randomBytes(32);
        const others = ids.slice(0, -1);
        const id = ids.at(-1) ?? -1;
        const nonces = others.map(() => nonceGen(group, { random: randomBytes(32) }));
        const input = {
          secretShare: keyId(key, id),
          id,
          signers,
          key: tweaked,
          message,
          random: isRandom ? randomBytes(32) : undefined,
          aggregateOtherNonce:
            nonces.length === 0
              ? undefined
              : aggregateNonces(
                  group,
                  nonces.map((nonce) => nonce.public),
                ).encoded,
        };
        const last = deterministicSign(group, input);
        expect(deterministicSign(group, input)).toEqual(last);
        const first = group.decode(last.publicNonce.subarray(0, 33));
        const second = group.decode(last.publicNonce.subarray(33));
        if (first === undefined || second === undefined) return false;
        const aggregateNonce = aggregateNonces(group, [...nonces.map((nonce) => nonce.public), { first, second }]);
        const session = openSession(group, { signers, key: tweaked, aggregateNonce, message });
        const partialSignatures = nonces.map((nonce, position) => {
          const other = ids[position] ?? -1;
          return sign(group, nonce.secret, keyId(key, other), other, session);
        });
        const signature = partialSigAgg(group, [...partialSignatures, last.partialSignature], session);
        return schnorr.verify(signature, message, expectedKey(key, tweaks));
      }),
      { numRuns: 15 },
    );
  });
});

describe('interpolating values', () => {
  it('take a polynomial from its values at id + 1 to its value at zero', () => {
    const ids = fc.uniqueArray(fc.nat({ max: 0xffff_fffe }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(
        ids,
        fc.array(fc.bigInt({ min: 0n, max: Fn.ORDER - 1n }), { minLength: 6, maxLength: 6 }),
        (all, c) => {
          const coefficients = c.slice(0, all.length);
          const valueAt = (x: bigint): bigint => coefficients.reduceRight((sum, each) => Fn.create(sum * x + each), 0n);
          const sum = all.reduce(
            (total, id) => total + valueAt(BigInt(id) + 1n) * Fn.fromBytes(deriveInterpolatingValue(group, all, id)),
            0n,
          );
          return Fn.create(sum) === coefficients[0];
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe('nonces', () => {
  const key = dealSecp256k1Key(3, 2);
  const input = {
    random: new Uint8Array(32).fill(1),
    secretShare: keyId(key, 0),
    publicShare: key.publicShares[0],
    thresholdPublicKey: key.thresholdPublicKey.subarray(1),
    message: new Uint8Array(32).fill(2),
    extraInput: new Uint8Array(8).fill(3),
  };
  const made = (changed: object): string =>
    hex(encodePublicNonce(group, nonceGen(group, { ...input, ...changed }).public));

  it('depend on every input', () => {
    const variants = [
      {},
      { random: new Uint8Array(32).fill(9) },
      { secretShare: keyId(key, 1) },
      { secretShare: undefined },
      { publicShare: key.publicShares[1] },
      { publicShare: undefined },
      { thresholdPublicKey: new Uint8Array(32).fill(9) },
      { thresholdPublicKey: undefined },
      { message: new Uint8Array(31).fill(2) },
      { message: new Uint8Array(0) },
      { message: undefined },
      { extraInput: new Uint8Array(9).fill(3) },
      { extraInput: undefined },
    ];
    expect(new Set(variants.map(made)).size).toBe(variants.length);
    expect(made({})).toBe(made({}));
  });

  it('are refused inputs of the wrong length, and leave the inputs as they were', () => {
    const before = Object.values(input).map((each) => hex(each ?? new Uint8Array(0)));
    for (const changed of [
      { random: new Uint8Array(31) },
      { secretShare: new Uint8Array(33) },
      { publicShare: new Uint8Array(32) },
      { thresholdPublicKey: key.thresholdPublicKey },
    ]) {
      expect(() => made(changed)).toThrow(expect.objectContaining({ problem: 'length' }));
    }
    made({});
    expect(Object.values(input).map((each) => hex(each ?? new Uint8Array(0)))).toEqual(before);
  });
});
