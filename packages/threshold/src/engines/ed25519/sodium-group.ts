/** Ed25519's prime-order group by the system's libsodium: constant-time, nothing secret outside the caller's memory. */
import { loadLibsodium } from '@countersign/algorithms/engines/sodium/libsodium';
import { type FillRandom, fillFromKernel } from '@countersign/algorithms/kernel-randomness';
import { allocateSecret } from '@countersign/algorithms/secret-memory';
import type { Ed25519Group } from '../../ed25519/ed25519-group.ts';
import type { Point } from '../../group.ts';
import { isScalar, isZeroScalar } from './scalar-arithmetic.ts';
import { assertRoom, assertScalar } from './scalar-assertions.ts';
import { smallScalar } from './small-scalar.ts';

const POINT_BYTES = 32;
const SCALAR_BYTES = 32;
const WIDE_BYTES = 64;
const SIGNATURE_BYTES = 64;
/** The bit of an encoding that gives the sign of x (RFC 8032, section 5.1.2). */
const SIGN_BYTE = 31;
const SIGN_BIT = 0x80;

/** libsodium takes and gives encodings, so that is what a point is; the identity (0, 1) never reaches it. */
class EncodedPoint {
  readonly encoded: Uint8Array;
  readonly isIdentity: boolean;
  constructor(encoded: Uint8Array) {
    this.encoded = encoded;
    this.isIdentity = encoded[0] === 1 && encoded.subarray(1).every((byte) => byte === 0);
  }
}

/** @throws EngineUnavailable where libsodium isn't installed */
export function loadSodiumGroup(fillRandom: FillRandom = fillFromKernel): Ed25519Group {
  const sodium = loadLibsodium();
  // For the process's life: fresh locked memory per operation would cost more than the operation.
  const wideScratch = allocateSecret(WIDE_BYTES);
  const hashState = allocateSecret(sodium.hashStateBytes);

  const wrap = (encoded: Uint8Array): Point => new EncodedPoint(encoded) as unknown as Point;
  const open = (p: Point): EncodedPoint => {
    const opened = p as unknown;
    if (!(opened instanceof EncodedPoint)) throw new TypeError('a point of another group');
    return opened;
  };

  const identityEncoded = new Uint8Array(POINT_BYTES);
  identityEncoded[0] = 1;
  const identity = wrap(identityEncoded);

  const reduce = (out: Uint8Array, wide: Uint8Array): void => {
    assertRoom(out);
    if (wide.length < SCALAR_BYTES || wide.length > WIDE_BYTES)
      throw new RangeError('a wide number has 32 to 64 bytes');
    wideScratch.set(wide);
    sodium.reduceScalar(out, wideScratch);
    wideScratch.fill(0);
  };

  const multiplyBase = (scalar: Uint8Array): Point => {
    assertScalar(scalar);
    if (isZeroScalar(scalar)) return identity;
    const out = new Uint8Array(POINT_BYTES);
    if (sodium.multiplyBase(out, scalar) !== 0) throw new Error('libsodium refused a scalar');
    return wrap(out);
  };

  const addTwo = (a: Point, b: Point): Point => {
    const p = open(a);
    const q = open(b);
    if (p.isIdentity) return b;
    if (q.isIdentity) return a;
    const out = new Uint8Array(POINT_BYTES);
    if (sodium.addPoints(out, p.encoded, q.encoded) !== 0) throw new Error('libsodium refused a point');
    return wrap(out);
  };

  return {
    name: 'ed25519',
    description: sodium.description,
    constantTime: true,
    pointBytes: POINT_BYTES,
    identity,
    generator: multiplyBase(smallScalar(1)),

    isScalar,
    isZero: isZeroScalar,
    scalarOf: smallScalar,
    reduce,
    randomScalar: (out) => {
      // 512 bits make the remainder uniform (RFC 9591, appendix D.2); zero comes with a chance of 2^-252.
      assertRoom(out);
      do {
        fillRandom(wideScratch);
        sodium.reduceScalar(out, wideScratch);
      } while (isZeroScalar(out));
      wideScratch.fill(0);
    },
    addScalars: (out, a, b) => {
      assertRoom(out);
      assertScalar(a);
      assertScalar(b);
      sodium.addScalars(out, a, b);
    },
    multiplyScalars: (out, a, b) => {
      assertRoom(out);
      assertScalar(a);
      assertScalar(b);
      sodium.multiplyScalars(out, a, b);
    },
    negateScalar: (out, a) => {
      assertRoom(out);
      assertScalar(a);
      sodium.negateScalar(out, a);
    },
    invertPublic: (scalar) => {
      assertScalar(scalar);
      const out = new Uint8Array(SCALAR_BYTES);
      if (isZeroScalar(scalar) || sodium.invertScalar(out, scalar) !== 0) throw new RangeError('zero has no inverse');
      return out;
    },

    multiplyBase,
    multiplyBasePublic: multiplyBase,
    multiplyPublic: (p, scalar) => {
      assertScalar(scalar);
      const point = open(p);
      if (point.isIdentity || isZeroScalar(scalar)) return identity;
      const out = new Uint8Array(POINT_BYTES);
      if (sodium.multiply(out, scalar, point.encoded) !== 0) throw new Error('libsodium refused a multiplication');
      return wrap(out);
    },
    diffieHellman: (out, secret, p) => {
      assertScalar(secret);
      if (out.length !== POINT_BYTES) throw new RangeError('a point has 32 bytes');
      const point = open(p);
      if (point.isIdentity) throw new RangeError('Diffie-Hellman with the identity');
      if (isZeroScalar(secret)) throw new RangeError('Diffie-Hellman with a zero secret');
      if (sodium.multiply(out, secret, point.encoded) !== 0) throw new Error('libsodium refused a multiplication');
    },
    add: (points) => points.reduce(addTwo, identity),
    negate: (p) => {
      const point = open(p);
      if (point.isIdentity) return p;
      // -(x, y) = (-x, y); x isn't 0, since only the identity and a point of order 2 have that.
      const out = Uint8Array.from(point.encoded);
      out[SIGN_BYTE] = (out[SIGN_BYTE] as number) ^ SIGN_BIT;
      return wrap(out);
    },
    isIdentity: (p) => open(p).isIdentity,
    equals: (a, b) => Buffer.compare(open(a).encoded, open(b).encoded) === 0,
    encode: (p) => {
      const point = open(p);
      if (point.isIdentity) throw new RangeError('the identity has no encoding');
      return Uint8Array.from(point.encoded);
    },
    decode: (encoded) => {
      if (encoded.length !== POINT_BYTES) return undefined;
      // A copy, since messages lie in memory that others write to.
      const copy = Uint8Array.from(encoded);
      return sodium.isValidPoint(copy) === 1 ? wrap(copy) : undefined;
    },

    multiplyEncoded: (encoded, scalar) => {
      assertScalar(scalar);
      if (encoded.length !== POINT_BYTES) return undefined;
      const out = new Uint8Array(POINT_BYTES);
      // It makes all checks of `isValidPoint`, and refuses a zero scalar in the same way as a bad point.
      if (sodium.multiply(out, scalar, encoded) === 0) return wrap(out);
      return isZeroScalar(scalar) && sodium.isValidPoint(encoded) === 1 ? identity : undefined;
    },
    hash: (out, parts) => {
      if (out.length !== WIDE_BYTES) throw new RangeError('SHA-512 has 64 bytes');
      sodium.hashInit(hashState);
      for (const part of parts) sodium.hashUpdate(hashState, part, part.length);
      // This wipes the state, too.
      sodium.hashFinal(hashState, out);
    },
    verifySignature: (publicKey, message, signature) =>
      publicKey.length === POINT_BYTES &&
      signature.length === SIGNATURE_BYTES &&
      sodium.verify(signature, message, message.length, publicKey) === 0,
  };
}
