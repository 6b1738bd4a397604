/**
 * Ed25519's prime-order group where libsodium isn't installed: points by @noble/curves, whose big integers take a time
 * that depends on their values and stay in the collector's heap.
 *
 * Hence the blinding: a secret is split into two halves, each of them uniformly random, before any of them becomes a
 * big integer, and only the sum of the two products depends on the secret. Scalars are never big integers, except for
 * public inverses. This makes the secret harder to observe; it isn't constant-time, and the group says so.
 */
import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type FillRandom, fillFromKernel } from '@countersign/algorithms/kernel-randomness';
import { allocateSecret } from '@countersign/algorithms/secret-memory';
import { ed25519 } from '@noble/curves/ed25519.js';
import type { Ed25519Group } from '../../ed25519/ed25519-group.ts';
import type { Point } from '../../group.ts';
import {
  addScalars,
  isScalar,
  isZeroScalar,
  multiplyScalars,
  negateScalar,
  reduceScalar,
} from './scalar-arithmetic.ts';
import { assertRoom, assertScalar } from './scalar-assertions.ts';
import { smallScalar } from './small-scalar.ts';

const POINT_BYTES = 32;
const SCALAR_BYTES = 32;
const WIDE_BYTES = 64;
const SIGNATURE_BYTES = 64;

const Curve = ed25519.Point;
type CurvePoint = InstanceType<typeof Curve>;

export function loadBlindedGroup(fillRandom: FillRandom = fillFromKernel): Ed25519Group {
  const wide = allocateSecret(WIDE_BYTES);
  const half = allocateSecret(SCALAR_BYTES);
  const otherHalf = allocateSecret(SCALAR_BYTES);

  const wrap = (p: CurvePoint): Point => p as unknown as Point;
  const open = (p: Point): CurvePoint => {
    const opened = p as unknown;
    if (!(opened instanceof Curve)) throw new TypeError('a point of another group');
    return opened;
  };
  const randomScalar = (out: Uint8Array): void => {
    assertRoom(out);
    do {
      fillRandom(wide);
      reduceScalar(out, wide);
    } while (isZeroScalar(out));
    wide.fill(0);
  };
  /** secret * P as two products with random scalars. */
  const multiplyBlinded = (p: CurvePoint, secret: Uint8Array): CurvePoint => {
    assertScalar(secret);
    randomScalar(half);
    negateScalar(otherHalf, half);
    addScalars(otherHalf, otherHalf, secret);
    const sum = multiplyByBigInt(p, half).add(multiplyByBigInt(p, otherHalf));
    half.fill(0);
    otherHalf.fill(0);
    return sum;
  };
  const multiplyPublic = (p: CurvePoint, scalar: Uint8Array): CurvePoint => {
    assertScalar(scalar);
    return multiplyByBigInt(p, scalar);
  };

  return {
    name: 'ed25519',
    description: `@noble/curves ${nobleVersion()}: not constant-time, secrets are blinded`,
    constantTime: false,
    pointBytes: POINT_BYTES,
    identity: wrap(Curve.ZERO),
    generator: wrap(Curve.BASE),

    isScalar,
    isZero: isZeroScalar,
    scalarOf: smallScalar,
    reduce: (out, wideNumber) => {
      assertRoom(out);
      if (wideNumber.length < SCALAR_BYTES || wideNumber.length > WIDE_BYTES) {
        throw new RangeError('a wide number has 32 to 64 bytes');
      }
      reduceScalar(out, wideNumber);
    },
    randomScalar,
    addScalars: (out, a, b) => {
      assertRoom(out);
      assertScalar(a);
      assertScalar(b);
      addScalars(out, a, b);
    },
    multiplyScalars: (out, a, b) => {
      assertRoom(out);
      assertScalar(a);
      assertScalar(b);
      multiplyScalars(out, a, b);
    },
    negateScalar: (out, a) => {
      assertRoom(out);
      assertScalar(a);
      negateScalar(out, a);
    },
    invertPublic: (scalar) => {
      assertScalar(scalar);
      if (isZeroScalar(scalar)) throw new RangeError('zero has no inverse');
      return Curve.Fn.toBytes(Curve.Fn.inv(Curve.Fn.fromBytes(scalar)));
    },

    multiplyBase: (secret) => wrap(multiplyBlinded(Curve.BASE, secret)),
    multiplyBasePublic: (scalar) => wrap(multiplyPublic(Curve.BASE, scalar)),
    multiplyPublic: (p, scalar) => wrap(multiplyPublic(open(p), scalar)),
    diffieHellman: (out, secret, p) => {
      assertScalar(secret);
      if (out.length !== POINT_BYTES) throw new RangeError('a point has 32 bytes');
      const point = open(p);
      if (point.is0()) throw new RangeError('Diffie-Hellman with the identity');
      if (isZeroScalar(secret)) throw new RangeError('Diffie-Hellman with a zero secret');
      const shared = multiplyBlinded(point, secret).toBytes();
      out.set(shared);
      shared.fill(0);
    },
    add: (points) => wrap(points.reduce<CurvePoint>((sum, p) => sum.add(open(p)), Curve.ZERO)),
    negate: (p) => wrap(open(p).negate()),
    isIdentity: (p) => open(p).is0(),
    equals: (a, b) => open(a).equals(open(b)),
    encode: (p) => {
      const point = open(p);
      if (point.is0()) throw new RangeError('the identity has no encoding');
      return point.toBytes();
    },
    decode: (encoded) => {
      const point = decode(encoded);
      return point === undefined ? undefined : wrap(point);
    },
    multiplyEncoded: (encoded, scalar) => {
      assertScalar(scalar);
      const point = decode(encoded);
      return point === undefined ? undefined : wrap(multiplyPublic(point, scalar));
    },

    hash: (out, parts) => {
      if (out.length !== WIDE_BYTES) throw new RangeError('SHA-512 has 64 bytes');
      const hash = createHash('sha512');
      for (const part of parts) hash.update(part);
      const digest = hash.digest();
      out.set(digest);
      digest.fill(0);
    },
    verifySignature: (publicKey, message, signature) => {
      if (publicKey.length !== POINT_BYTES || signature.length !== SIGNATURE_BYTES) return false;
      const key = createPublicKey({ key: Buffer.from(publicKey), format: 'raw-public', asymmetricKeyType: 'ed25519' });
      return verify(null, message, key, signature);
    },
  };
}

/** Undefined for the identity, too. */
function decode(encoded: Uint8Array): CurvePoint | undefined {
  if (encoded.length !== POINT_BYTES) return undefined;
  try {
    // Strict RFC 8032 decoding: y below p, and no negative zero.
    const point = Curve.fromBytes(Uint8Array.from(encoded));
    return point.is0() || !point.isTorsionFree() ? undefined : point;
  } catch {
    return undefined;
  }
}

function multiplyByBigInt(p: CurvePoint, scalar: Uint8Array): CurvePoint {
  const number = Curve.Fn.fromBytes(scalar);
  // `multiply` has tables for the base point and refuses zero.
  return p === Curve.BASE && number !== 0n ? p.multiply(number) : p.multiplyUnsafe(number);
}

function nobleVersion(): string {
  // The package exports its modules only, which lie beside its package.json.
  const module = createRequire(import.meta.url).resolve('@noble/curves/ed25519.js');
  const { version } = JSON.parse(readFileSync(join(dirname(module), 'package.json'), 'utf8')) as { version: string };
  return version;
}
