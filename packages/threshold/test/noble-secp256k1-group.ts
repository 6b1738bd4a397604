/**
 * The group of secp256k1 in `@noble/curves`: an independent implementation for the tests, which needs no library and
 * can play a party. Neither constant-time nor in locked memory; it counts the secrets that are not freed.
 */
import { randomBytes } from 'node:crypto';
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js';
import type { Point } from '../src/group.ts';
import type { Secp256k1Group } from '../src/secp256k1/secp256k1-group.ts';

type NoblePoint = typeof secp256k1.Point.BASE;

const { Point: Curve } = secp256k1;
const order = Curve.Fn.ORDER;

export interface NobleGroup extends Secp256k1Group {
  /** How many pieces of secret memory were allocated and not freed. */
  readonly secretsInUse: () => number;
}

export function nobleSecp256k1Group(): NobleGroup {
  const secrets = new Set<Uint8Array>();

  return {
    name: 'secp256k1',
    description: '@noble/curves, for tests',
    constantTime: false,
    pointBytes: 33,
    identity: wrap(Curve.ZERO),
    generator: wrap(Curve.BASE),

    isScalar: (bytes) => bytes.length === 32 && toNumber(bytes) < order,
    isZero: (scalar) => scalar.every((byte) => byte === 0),
    scalarOf: (value) => {
      if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff) throw new RangeError('not 32 bits');
      return toBytes(BigInt(value));
    },
    reduce: (out, wide) => {
      if (wide.length < 32 || wide.length > 64) throw new RangeError('32 to 64 bytes');
      out.set(toBytes(toNumber(wide) % order));
    },
    randomScalar: (out) => out.set(toBytes((toNumber(randomBytes(48)) % (order - 1n)) + 1n)),
    addScalars: (out, a, b) => write(out, (toScalar(a) + toScalar(b)) % order),
    multiplyScalars: (out, a, b) => write(out, (toScalar(a) * toScalar(b)) % order),
    negateScalar: (out, a) => write(out, (order - toScalar(a)) % order),
    invertPublic: (scalar) => {
      const value = toScalar(scalar);
      if (value === 0n) throw new RangeError('zero has no inverse');
      return toBytes(Curve.Fn.inv(value));
    },

    multiplyBase: (secret) => wrap(Curve.BASE.multiplyUnsafe(toScalar(secret))),
    multiplyBasePublic: (scalar) => wrap(Curve.BASE.multiplyUnsafe(toScalar(scalar))),
    multiplyPublic: (p, scalar) => wrap(unwrap(p).multiplyUnsafe(toScalar(scalar))),
    addBasePublic: (p, scalar) => wrap(unwrap(p).add(Curve.BASE.multiplyUnsafe(toScalar(scalar)))),
    diffieHellman: (out, secret, p) => {
      if (out.length !== 33) throw new RangeError('33 bytes');
      out.set(encode(unwrap(p).multiplyUnsafe(toScalar(secret))));
    },
    add: (points) => wrap(points.reduce((sum, p) => sum.add(unwrap(p)), Curve.ZERO)),
    negate: (p) => wrap(unwrap(p).negate()),
    isIdentity: (p) => unwrap(p).is0(),
    equals: (a, b) => unwrap(a).equals(unwrap(b)),
    encode: (p) => encode(unwrap(p)),
    decode,

    hasEvenY: (p) => encode(unwrap(p))[0] === 2,
    xOnly: (p) => encode(unwrap(p)).slice(1),
    liftX: (x) => (x.length === 32 ? decode(Uint8Array.of(2, ...x)) : undefined),
    verifySchnorr: (publicKey, message, signature) =>
      !unwrap(publicKey).is0() &&
      signature.length === 64 &&
      schnorr.verify(signature, message, encode(unwrap(publicKey)).slice(1)),

    hashSecret: (out, tag, parts) => out.set(schnorr.utils.taggedHash(tag, ...parts)),
    allocateSecret: (length) => {
      const secret = new Uint8Array(length);
      secrets.add(secret);
      return secret;
    },
    freeSecret: (secret) => {
      if (!secrets.delete(secret)) throw new Error('freed twice, or not allocated here');
      secret.fill(0);
    },
    secretsInUse: () => secrets.size,
  };
}

function wrap(p: NoblePoint): Point {
  return p as unknown as Point;
}

function unwrap(p: Point): NoblePoint {
  return p as unknown as NoblePoint;
}

function encode(p: NoblePoint): Uint8Array {
  if (p.is0()) throw new RangeError('the identity has no encoding');
  return p.toBytes(true);
}

function decode(encoded: Uint8Array): Point | undefined {
  if (encoded.length !== 33) return undefined;
  try {
    return wrap(Curve.fromBytes(encoded));
  } catch {
    return undefined;
  }
}

function toNumber(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}

function toScalar(bytes: Uint8Array): bigint {
  const value = toNumber(bytes);
  if (bytes.length !== 32 || value >= order) throw new RangeError('a scalar has 32 bytes and is below the order');
  return value;
}

function toBytes(value: bigint): Uint8Array {
  return Uint8Array.from(Buffer.from(value.toString(16).padStart(64, '0'), 'hex'));
}

function write(out: Uint8Array, value: bigint): void {
  if (out.length !== 32) throw new RangeError('a scalar has 32 bytes');
  out.set(toBytes(value));
}
