/** FROST(Ed25519, SHA-512) against RFC 9591's printed vectors, and with @noble/curves as the other party. */
import { createPublicKey, verify } from 'node:crypto';
import { ed25519, ed25519_FROST } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dealKey } from '../../test/ed25519/dealt-key.ts';
import { GROUPS } from '../../test/ed25519/groups.ts';
import type { Point } from '../group.ts';
import { lagrangeCoefficient } from '../lagrange-coefficient.ts';
import { evaluatePolynomial } from '../polynomial.ts';
import type { Ed25519Group } from './ed25519-group.ts';
import { hashCommitments, hashMessage } from './frost-hashes.ts';
import {
  aggregate,
  combineNonces,
  commitToNonces,
  computeBindingFactors,
  computeChallenge,
  computeCommitmentShare,
  isSignatureShare,
  type NonceCommitment,
  respond,
} from './frost-signing.ts';
import { generateNonce } from './nonce-generation.ts';

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));
const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex');

/** RFC 9591, appendix E.1. */
const VECTOR = {
  groupSecretKey: bytes('7b1c33d3f5291d85de664833beb1ad469f7fb6025a0ec78b3a790c6e13a98304'),
  groupPublicKey: bytes('15d21ccd7ee42959562fc8aa63224c8851fb3ec85a3faf66040d380fb9738673'),
  message: bytes('74657374'),
  coefficient: bytes('178199860edd8c62f5212ee91eff1295d0d670ab4ed4506866bae57e7030b204'),
  shares: [
    '929dcc590407aae7d388761cddb0c0db6f5627aea8e217f4a033f2ec83d93509',
    'a91e66e012e4364ac9aaa405fcafd370402d9859f7b6685c07eed76bf409e80d',
    'd3cb090a075eb154e82fdb4b3cb507f110040905468bb9c46da8bdea643a9a02',
  ].map(bytes),
  signers: [
    {
      identifier: 1,
      hidingRandomness: bytes('0fd2e39e111cdc266f6c0f4d0fd45c947761f1f5d3cb583dfcb9bbaf8d4c9fec'),
      bindingRandomness: bytes('69cd85f631d5f7f2721ed5e40519b1366f340a87c2f6856363dbdcda348a7501'),
      hidingNonce: '812d6104142944d5a55924de6d49940956206909f2acaeedecda2b726e630407',
      bindingNonce: 'b1110165fc2334149750b28dd813a39244f315cff14d4e89e6142f262ed83301',
      hidingCommitment: 'b5aa8ab305882a6fc69cbee9327e5a45e54c08af61ae77cb8207be3d2ce13de3',
      bindingCommitment: '67e98ab55aa310c3120418e5050c9cf76cf387cb20ac9e4b6fdb6f82a469f932',
      bindingFactor: 'f2cb9d7dd9beff688da6fcc83fa89046b3479417f47f55600b106760eb3b5603',
      signatureShare: '001719ab5a53ee1a12095cd088fd149702c0720ce5fd2f29dbecf24b7281b603',
    },
    {
      identifier: 3,
      hidingRandomness: bytes('86d64a260059e495d0fb4fcc17ea3da7452391baa494d4b00321098ed2a0062f'),
      bindingRandomness: bytes('13e6b25afb2eba51716a9a7d44130c0dbae0004a9ef8d7b5550c8a0e07c61775'),
      hidingNonce: 'c256de65476204095ebdc01bd11dc10e57b36bc96284595b8215222374f99c0e',
      bindingNonce: '243d71944d929063bc51205714ae3c2218bd3451d0214dfb5aeec2a90c35180d',
      hidingCommitment: 'cfbdb165bd8aad6eb79deb8d287bcc0ab6658ae57fdcc98ed12c0669e90aec91',
      bindingCommitment: '7487bc41a6e712eea2f2af24681b58b1cf1da278ea11fe4e8b78398965f13552',
      bindingFactor: 'b087686bf35a13f3dc78e780a34b0fe8a77fef1b9938c563f5573d71d8d7890f',
      signatureShare: 'bd86125de990acc5e1f13781d8e32c03a9bbd4c53539bbc106058bfd14326007',
    },
  ],
  /** The binding factors' inputs without the identifiers: key, H4 of the message, H5 of the commitments. */
  bindingFactorPrefix: bytes(`
    15d21ccd7ee42959562fc8aa63224c8851fb3ec85a3faf66040d380fb9738673504df914fa965023fb75c25ded4bb260f417de6d32e5c442
    c6ba313791cc9a4948d6273e8d3511f93348ea7a708a9b862bc73ba2a79cfdfe07729a193751cbc973af46d8ac3440e518d4ce440a0e7d4a
    d5f62ca8940f32de6d8dc00fc12c660b817d587d82f856d277ce6473cae6d2f5763f7da2e8b4d799a3f3e725d4522ec7`),
  signature: bytes(`
    36282629c383bb820a88b71cae937d41f2f2adfcc3d02e55507e2fb9e2dd3cbe
    bd9d2b0844e49ae0f3fa935161e1419aab7b47d21a37ebeae1f17d4987b3160b`),
};

function isSignature(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const key = createPublicKey({ key: Buffer.from(publicKey), format: 'raw-public', asymmetricKeyType: 'ed25519' });
  return verify(null, message, key, signature);
}

function shareOfCommitment(group: Ed25519Group, encoded: Uint8Array, factor: Uint8Array = new Uint8Array(0)): Point {
  const commitmentShare = computeCommitmentShare(group, encoded, factor);
  if (commitmentShare === undefined) throw new Error('a pair of points');
  return commitmentShare;
}

describe.each(GROUPS.map((group) => ({ name: group.description, group })))('FROST on $name', ({ group }) => {
  it('gives every value that RFC 9591, appendix E.1, prints', () => {
    const { message, groupPublicKey } = VECTOR;
    const polynomial = Buffer.concat([VECTOR.groupSecretKey, VECTOR.coefficient]);
    for (const [i, expected] of VECTOR.shares.entries()) {
      const share = new Uint8Array(32);
      evaluatePolynomial(group, share, polynomial, i + 1);
      expect(hex(share)).toBe(hex(expected));
    }
    expect(hex(group.encode(group.multiplyBase(VECTOR.groupSecretKey)))).toBe(hex(groupPublicKey));

    const shareOf = (identifier: number) => VECTOR.shares[identifier - 1] as Uint8Array;
    const pairs = VECTOR.signers.map((signer) => {
      const pair = new Uint8Array(64);
      const share = shareOf(signer.identifier);
      generateNonce(group, pair.subarray(0, 32), new Uint8Array(64), signer.hidingRandomness, share);
      generateNonce(group, pair.subarray(32), new Uint8Array(64), signer.bindingRandomness, share);
      expect(hex(pair)).toBe(signer.hidingNonce + signer.bindingNonce);
      return pair;
    });
    const commitments = VECTOR.signers.map((signer, i): NonceCommitment => {
      const encoded = commitToNonces(group, pairs[i] as Uint8Array);
      expect(hex(encoded)).toBe(signer.hidingCommitment + signer.bindingCommitment);
      return { identifier: signer.identifier, encoded };
    });
    const list = commitments.flatMap(({ identifier, encoded }) => [group.scalarOf(identifier), encoded]);
    expect(hex(Buffer.concat([groupPublicKey, hashMessage(group, message), hashCommitments(group, list)]))).toBe(
      hex(VECTOR.bindingFactorPrefix),
    );
    const factors = computeBindingFactors(group, groupPublicKey, commitments, message);
    expect(factors.map(hex)).toEqual(VECTOR.signers.map(({ bindingFactor }) => bindingFactor));

    const commitmentShares = commitments.map(({ encoded }, i) => shareOfCommitment(group, encoded, factors[i]));
    const groupCommitment = group.encode(group.add(commitmentShares));
    const challenge = computeChallenge(group, groupCommitment, groupPublicKey, message);
    const shares = VECTOR.signers.map(({ identifier, signatureShare }, i) => {
      const pair = pairs[i] as Uint8Array;
      const own = combineNonces(group, pair, factors[i] as Uint8Array);
      const commitmentShare = commitmentShares[i];
      if (commitmentShare === undefined) throw new Error('one for each signer');
      expect(group.equals(own, commitmentShare)).toBe(true);
      const weight = new Uint8Array(32);
      group.multiplyScalars(weight, lagrangeCoefficient(group, [1, 3], identifier), challenge);
      const share = respond(group, pair, shareOf(identifier), weight);
      expect(hex(share)).toBe(signatureShare);
      expect(pair.every((byte) => byte === 0)).toBe(true);
      const publicShare = group.multiplyBase(shareOf(identifier));
      expect(isSignatureShare(group, share, own, publicShare, weight)).toBe(true);
      return share;
    });
    const signature = aggregate(group, groupCommitment, shares, challenge, undefined);
    expect(hex(signature)).toBe(hex(VECTOR.signature));
    expect(isSignature(groupPublicKey, message, signature)).toBe(true);
  });

  it('signs with @noble/curves as the other party', () => {
    const dealt = ed25519_FROST.trustedDealer({ min: 2, max: 3 });
    const message = Buffer.from('one party each');
    const [first, , third] = [1, 2, 3].map((i) => ed25519_FROST.Identifier.fromNumber(i));
    const theirs = dealt.secretShares[first as string];
    const ours = dealt.secretShares[third as string];
    const publicKey = dealt.public.commitments[0];
    if (theirs === undefined || ours === undefined || publicKey === undefined) throw new Error('a share each');

    const theirNonces = ed25519_FROST.commit(theirs);
    const pair = new Uint8Array(64);
    group.randomScalar(pair.subarray(0, 32));
    group.randomScalar(pair.subarray(32));
    const encoded = commitToNonces(group, pair);
    const list = [
      theirNonces.commitments,
      { identifier: third as string, hiding: encoded.subarray(0, 32), binding: encoded.subarray(32) },
    ];
    const theirShare = ed25519_FROST.signShare(theirs, dealt.public, theirNonces.nonces, list, message);

    const commitments: readonly NonceCommitment[] = [
      { identifier: 1, encoded: Buffer.concat([theirNonces.commitments.hiding, theirNonces.commitments.binding]) },
      { identifier: 3, encoded },
    ];
    const factors = computeBindingFactors(group, publicKey, commitments, message);
    const sum = group.add(commitments.map((one, i) => shareOfCommitment(group, one.encoded, factors[i])));
    const groupCommitment = group.encode(sum);
    const challenge = computeChallenge(group, groupCommitment, publicKey, message);
    combineNonces(group, pair, factors[1] as Uint8Array);
    const weight = new Uint8Array(32);
    group.multiplyScalars(weight, lagrangeCoefficient(group, [1, 3], 3), challenge);
    const ourShare = respond(group, pair, ours.signingShare, weight);

    expect(ed25519_FROST.verifyShare(dealt.public, list, message, third as string, ourShare)).toBe(true);
    const signature = aggregate(group, groupCommitment, [theirShare, ourShare], challenge, undefined);
    const theirSignature = ed25519_FROST.aggregate(dealt.public, list, message, {
      [first as string]: theirShare,
      [third as string]: ourShare,
    });
    expect(hex(signature)).toBe(hex(theirSignature));
    expect(isSignature(publicKey, message, signature)).toBe(true);
  });

  it('accepts no altered signature share', () => {
    const key = dealKey(group, 1, 1);
    const pair = new Uint8Array(64);
    group.randomScalar(pair.subarray(0, 32));
    const commitmentShare = combineNonces(group, pair, group.scalarOf(1));
    const weight = group.scalarOf(7);
    const share = respond(group, pair, key.secretShares[0] as Uint8Array, weight);
    const publicShare = group.decode(key.publicShares[0] as Uint8Array);
    if (publicShare === undefined) throw new Error('a point');
    expect(isSignatureShare(group, share, commitmentShare, publicShare, weight)).toBe(true);
    fc.assert(
      fc.property(fc.nat({ max: 255 }), (bit) => {
        const altered = Uint8Array.from(share);
        altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        return !isSignatureShare(group, altered, commitmentShare, publicShare, weight);
      }),
      { numRuns: 25 },
    );
  });

  it('takes no commitment with the identity, a stray length or a point of mixed order', () => {
    const good = group.encode(group.generator);
    const identity = Uint8Array.of(1, ...new Uint8Array(31));
    const mixed = ed25519.Point.BASE.add(ed25519.Point.fromBytes(new Uint8Array(32))).toBytes();
    const factor = group.scalarOf(8);
    expect(computeCommitmentShare(group, Buffer.concat([good, good]), factor)).toBeDefined();
    for (const bad of [identity, mixed, new Uint8Array(31)]) {
      expect(computeCommitmentShare(group, Buffer.concat([good, bad]), factor)).toBeUndefined();
      expect(computeCommitmentShare(group, Buffer.concat([bad, good]), factor)).toBeUndefined();
    }
  });
});

describe('Lagrange coefficients', () => {
  const [group] = GROUPS;
  const { Fn } = ed25519.Point;

  it('interpolate the constant of every polynomial from any signers', () => {
    const identifiers = fc.uniqueArray(
      fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 0xffff_ffff })),
      {
        minLength: 1,
        maxLength: 6,
      },
    );
    const coefficient = fc.bigInt({ min: 0n, max: Fn.ORDER - 1n });
    fc.assert(
      fc.property(identifiers, fc.array(coefficient, { minLength: 6, maxLength: 6 }), (signers, all) => {
        const coefficients = all.slice(0, signers.length);
        const sum = signers.reduce((total, x) => {
          const value = coefficients.reduceRight((y, c) => Fn.create(y * BigInt(x) + c), 0n);
          return Fn.create(total + value * Fn.fromBytes(lagrangeCoefficient(group, signers, x)));
        }, 0n);
        return sum === coefficients[0];
      }),
    );
  });

  it('refuse signers that are named twice, are nobody, or are not there', () => {
    expect(() => lagrangeCoefficient(group, [1, 1], 1)).toThrow(RangeError);
    expect(() => lagrangeCoefficient(group, [0, 1], 1)).toThrow(RangeError);
    expect(() => lagrangeCoefficient(group, [1, 2], 3)).toThrow(RangeError);
  });
});
