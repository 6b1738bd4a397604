/**
 * Makes `ecdsa-made.json`: deterministic ECDSA for the curves and digests that RFC 6979 prints no answers for.
 *
 *     node packages/algorithms/test/known-answers/make-ecdsa.ts > packages/algorithms/test/known-answers/ecdsa-made.json
 *
 * Arithmetic, HMAC-DRBG and digests are those of @noble/curves and @noble/hashes; nothing of the code under test is
 * imported. The keys are test keys.
 */
import { type ECDSA, ecdsa, type WeierstrassOpts, weierstrass } from '@noble/curves/abstract/weierstrass.js';
import { p256, p384, p521 } from '@noble/curves/nist.js';
import { blake2b, blake2s } from '@noble/hashes/blake2.js';
import { ripemd160, sha1 } from '@noble/hashes/legacy.js';
import { sha224, sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import { sha3_224, sha3_256, sha3_384, sha3_512 } from '@noble/hashes/sha3.js';
import type { CHash } from '@noble/hashes/utils.js';

type Point = Parameters<typeof ecdsa>[0];
type CurveParameters = WeierstrassOpts<bigint>;

/** SEC 2, version 1, section 2.5.2 (secp192r1, which is P-192). */
const P192: CurveParameters = {
  p: 0xfffffffffffffffffffffffffffffffeffffffffffffffffn,
  n: 0xffffffffffffffffffffffff99def836146bc9b1b4d22831n,
  h: 1n,
  a: 0xfffffffffffffffffffffffffffffffefffffffffffffffcn,
  b: 0x64210519e59c80e70fa7e9ab72243049feb8deecc146b9b1n,
  Gx: 0x188da80eb03090f67cbf20eb43a18800f4ff0afd82ff1012n,
  Gy: 0x07192b95ffc8da78631011ed6b24cdd573f977a11e794811n,
};

/** FIPS 186-4, appendix D.1.2.2. */
const P224: CurveParameters = {
  p: 0xffffffffffffffffffffffffffffffff000000000000000000000001n,
  n: 0xffffffffffffffffffffffffffff16a2e0b8f03e13dd29455c5c2a3dn,
  h: 1n,
  a: 0xfffffffffffffffffffffffffffffffefffffffffffffffffffffffen,
  b: 0xb4050a850c04b3abf54132565044b0b7d7bfd8ba270b39432355ffb4n,
  Gx: 0xb70e0cbd6bb4bf7f321390b94a03c1d356c21122343280d6115c1d21n,
  Gy: 0xbd376388b5f723fb4c22dfe6cd4375a05a07476444d5819985007e34n,
};

/** SEC 2, version 2, section 2.2.1. */
const SECP192K1: CurveParameters = {
  p: 0xfffffffffffffffffffffffffffffffffffffffeffffee37n,
  n: 0xfffffffffffffffffffffffe26f2fc170f69466a74defd8dn,
  h: 1n,
  a: 0n,
  b: 3n,
  Gx: 0xdb4ff10ec057e9ae26b07d0280b7f4341da5d1b1eae06c7dn,
  Gy: 0x9b2f2f6d9c5628a7844163d015be86344082aa88d95e2f9dn,
};

/** SEC 2, version 2, section 2.3.1. */
const SECP224K1: CurveParameters = {
  p: 0xfffffffffffffffffffffffffffffffffffffffffffffffeffffe56dn,
  n: 0x010000000000000000000000000001dce8d2ec6184caf0a971769fb1f7n,
  h: 1n,
  a: 0n,
  b: 5n,
  Gx: 0xa1455b334df099df30fc28a169a467e9e47075a90f7e650eb6b7a45cn,
  Gy: 0x7e089fed7fba344282cafbd6f7e319f7c0b0bd59e2ca4bdb556d61a5n,
};

const RFC_6979_DIGESTS: Record<string, CHash> = {
  'sha-1': sha1,
  'sha-224': sha224,
  'sha-256': sha256,
  'sha-384': sha384,
  'sha-512': sha512,
};

const OTHER_DIGESTS: Record<string, CHash> = {
  'sha3-224': sha3_224,
  'sha3-256': sha3_256,
  'sha3-384': sha3_384,
  'sha3-512': sha3_512,
  'blake2b-512': blake2b,
  'blake2s-256': blake2s,
  ripemd160: ripemd160,
};

const ALL_DIGESTS = { ...RFC_6979_DIGESTS, ...OTHER_DIGESTS };

const CURVES: readonly (readonly [algorithm: string, point: Point, digests: Record<string, CHash>])[] = [
  ['ecdsa-p192', weierstrass(P192), OTHER_DIGESTS],
  ['ecdsa-p224', weierstrass(P224), OTHER_DIGESTS],
  ['ecdsa-p256', p256.Point, OTHER_DIGESTS],
  ['ecdsa-p384', p384.Point, OTHER_DIGESTS],
  ['ecdsa-p521', p521.Point, OTHER_DIGESTS],
  ['ecdsa-secp192k1', weierstrass(SECP192K1), ALL_DIGESTS],
  ['ecdsa-secp224k1', weierstrass(SECP224K1), ALL_DIGESTS],
];

const utf8 = (text: string) => new TextEncoder().encode(text);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

function* makeAnswers(algorithm: string, point: Point, digests: Record<string, CHash>) {
  for (const [digest, hash] of Object.entries(digests)) {
    const scheme: ECDSA = ecdsa(point, hash);
    // Any number below the order: a hash, with a first byte of zero to be sure.
    const privateKey = new Uint8Array(point.Fn.BYTES);
    privateKey.set(sha512(utf8(`test key of ${algorithm}`)).subarray(0, point.Fn.BYTES - 1), 1);
    const message = hash(utf8(`message for ${digest}`));
    yield {
      digest,
      privateKey: hex(privateKey),
      publicKey: hex(scheme.getPublicKey(privateKey, false)),
      payload: hex(message),
      signature: hex(scheme.sign(message, privateKey, { prehash: false, lowS: false, format: 'der' })),
    };
  }
}

const made: Record<string, unknown[]> = {};
for (const [algorithm, point, digests] of CURVES) made[algorithm] = [...makeAnswers(algorithm, point, digests)];
console.log(JSON.stringify(made, null, 2));
