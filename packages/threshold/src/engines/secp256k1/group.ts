/**
 * The group of secp256k1 over a build of libsecp256k1. What is the same for every build is here once: zero and the
 * identity, which the library refuses, lengths, and the locked memory in which secrets are worked on.
 *
 * Whether a scalar is zero, or a sum is, shows in the time taken. For a secret that has a chance of 2^-256, so that
 * only public structure (an accumulator that starts at zero) ever shows.
 */

import { fillFromKernel } from '@countersign/algorithms/kernel-randomness';
import { allocateSecret, freeSecret } from '@countersign/algorithms/secret-memory';
import { taggedHashPrefix } from '@countersign/algorithms/tagged-hash';
import sodium from 'sodium-native';
import type { Point } from '../../group.ts';
import type { Secp256k1Group } from '../../secp256k1/secp256k1-group.ts';
import { invertModOrder } from './invert-mod-order.ts';
import type { NativeFunctions } from './native-functions.ts';

const SCALAR_BYTES = 32;
const COMPRESSED_BYTES = 33;
const SIGNATURE_BYTES = 64;
const EVEN_Y = 0x02;

const HASH_INPUT_BYTES = 1024;

/** Half a scalar: a number of this length is below the order, whatever its bytes. */
const LIMB_BYTES = 16;
const MAX_WIDE_BYTES = 64;

/** A draw misses the range with a chance of 2^-128: a second miss means that the randomness is broken. */
const DRAWS = 2;

/** Only this file makes points, so that a `Point` is always one of these. */
class NativePoint {
  /** Undefined for the identity. */
  readonly key: Buffer | undefined;
  /** Made when it's first asked for: most points in a signature never are. */
  encoded: Buffer | undefined;
  constructor(key: Buffer | undefined) {
    this.key = key;
  }
}

const GENERATOR_SCALAR = scalarOf(1);
/** 2^128. */
const LIMB_BASE = Buffer.alloc(SCALAR_BYTES).fill(1, LIMB_BYTES - 1, LIMB_BYTES);

export function createSecp256k1Group(native: NativeFunctions): Secp256k1Group {
  // One of each per process and library: every operation is synchronous.
  const scratch = allocateSecret(5 * SCALAR_BYTES);
  const result = scratch.subarray(0, SCALAR_BYTES);
  const limb = scratch.subarray(SCALAR_BYTES, 2 * SCALAR_BYTES);
  const wideResult = scratch.subarray(2 * SCALAR_BYTES, 3 * SCALAR_BYTES);
  const secretX = scratch.subarray(3 * SCALAR_BYTES, 4 * SCALAR_BYTES);
  const secretY = scratch.subarray(4 * SCALAR_BYTES, 5 * SCALAR_BYTES);
  const hashState = allocateSecret(sodium.crypto_hash_sha256_STATEBYTES);
  const hashInput = allocateSecret(HASH_INPUT_BYTES);
  const digest = allocateSecret(SCALAR_BYTES);
  const tagStates = new Map<string, Buffer>();

  const identity = new NativePoint(undefined);
  const generator = multiplyBase(GENERATOR_SCALAR);

  function isScalar(bytes: Uint8Array): boolean {
    return bytes.length === SCALAR_BYTES && (native.isPrivateKey(bytes) || isZero(bytes));
  }

  function assertScalar(scalar: Uint8Array): void {
    if (!isScalar(scalar)) throw new RangeError('a scalar has 32 bytes and is below the group order');
  }

  function addScalars(out: Uint8Array, a: Uint8Array, b: Uint8Array): void {
    assertLengths(out, a, b);
    result.set(a);
    if (native.addToScalar(result, b)) {
      out.set(result);
      result.fill(0);
      return;
    }
    // Zero plus something, something minus itself, or no scalars at all.
    assertScalar(a);
    assertScalar(b);
    if (isZero(a)) out.set(b);
    else if (isZero(b)) out.set(a);
    else out.fill(0);
  }

  function multiplyScalars(out: Uint8Array, a: Uint8Array, b: Uint8Array): void {
    assertLengths(out, a, b);
    result.set(a);
    if (native.multiplyScalar(result, b)) {
      out.set(result);
      result.fill(0);
      return;
    }
    assertScalar(a);
    assertScalar(b);
    out.fill(0);
  }

  function negateScalar(out: Uint8Array, a: Uint8Array): void {
    assertLengths(out, a, a);
    result.set(a);
    if (native.negateScalar(result)) {
      out.set(result);
      result.fill(0);
      return;
    }
    assertScalar(a);
    out.fill(0);
  }

  /** By limbs of 128 bits, most significant first: r = r * 2^128 + limb, in which every operand is below the order. */
  function reduce(out: Uint8Array, wide: Uint8Array): void {
    assertLengths(out, out, out);
    if (wide.length < SCALAR_BYTES || wide.length > MAX_WIDE_BYTES) {
      throw new RangeError('only numbers of 32 to 64 bytes are reduced');
    }
    if (wide.length === SCALAR_BYTES && native.isPrivateKey(wide)) {
      // All but 2^-128 of uniform numbers.
      out.set(wide);
      return;
    }
    wideResult.fill(0);
    let start = 0;
    for (let end = ((wide.length - 1) % LIMB_BYTES) + 1; end <= wide.length; end += LIMB_BYTES) {
      limb.fill(0);
      limb.set(wide.subarray(start, end), SCALAR_BYTES - (end - start));
      multiplyScalars(wideResult, wideResult, LIMB_BASE);
      addScalars(wideResult, wideResult, limb);
      start = end;
    }
    out.set(wideResult);
    wideResult.fill(0);
    limb.fill(0);
  }

  function randomScalar(out: Uint8Array): void {
    assertLengths(out, out, out);
    for (let draw = 0; draw < DRAWS; draw += 1) {
      fillFromKernel(asBuffer(out));
      if (native.isPrivateKey(out)) return;
    }
    throw new Error('the source of randomness is broken');
  }

  function multiplyBase(secret: Uint8Array): Point {
    assertLengths(secret, secret, secret);
    const key = Buffer.allocUnsafe(native.keyBytes);
    if (native.createKey(key, secret)) return asPoint(new NativePoint(key));
    assertScalar(secret);
    return asPoint(identity);
  }

  function multiplyPublic(p: Point, scalar: Uint8Array): Point {
    assertLengths(scalar, scalar, scalar);
    const { key } = inner(p);
    if (key !== undefined) {
      const product = copyOf(key);
      if (native.multiplyKey(product, scalar)) return asPoint(new NativePoint(product));
    }
    assertScalar(scalar);
    return asPoint(identity);
  }

  function addBasePublic(p: Point, scalar: Uint8Array): Point {
    assertLengths(scalar, scalar, scalar);
    const { key } = inner(p);
    if (key === undefined) return multiplyBase(scalar);
    const sum = copyOf(key);
    if (native.addBaseToKey(sum, scalar)) return asPoint(new NativePoint(sum));
    assertScalar(scalar);
    return asPoint(identity);
  }

  function diffieHellman(out: Uint8Array, secret: Uint8Array, p: Point): void {
    assertLengths(secret, secret, secret);
    if (out.length !== COMPRESSED_BYTES) throw new RangeError('an encoded point has 33 bytes');
    const { key } = inner(p);
    if (key === undefined || !native.multiplySecret(secretX, secretY, secret, key)) {
      throw new RangeError('no shared secret with the identity, or with a secret that is zero or out of range');
    }
    out[0] = EVEN_Y | ((secretY[SCALAR_BYTES - 1] ?? 0) & 1);
    out.set(secretX, 1);
    secretX.fill(0);
    secretY.fill(0);
  }

  function add(points: readonly Point[]): Point {
    const keys: Buffer[] = [];
    for (const point of points) {
      const { key } = inner(point);
      if (key !== undefined) keys.push(key);
    }
    const first = keys[0];
    if (first === undefined) return asPoint(identity);
    if (keys.length === 1) return asPoint(new NativePoint(first));
    const sum = Buffer.allocUnsafe(native.keyBytes);
    return asPoint(native.combineKeys(sum, keys) ? new NativePoint(sum) : identity);
  }

  function negate(p: Point): Point {
    const { key } = inner(p);
    if (key === undefined) return p;
    const negated = copyOf(key);
    native.negateKey(negated);
    return asPoint(new NativePoint(negated));
  }

  /** The point's own bytes: not for callers, who could change them. */
  function encoding(p: Point): Buffer {
    const point = inner(p);
    if (point.encoded !== undefined) return point.encoded;
    if (point.key === undefined) throw new RangeError('the identity has no encoding');
    const encoded = Buffer.allocUnsafe(COMPRESSED_BYTES);
    native.serializeKey(encoded, point.key);
    point.encoded = encoded;
    return encoded;
  }

  function decode(encoded: Uint8Array): Point | undefined {
    if (encoded.length !== COMPRESSED_BYTES) return undefined;
    const key = Buffer.allocUnsafe(native.keyBytes);
    if (!native.parseKey(key, encoded)) return undefined;
    return asPoint(new NativePoint(key));
  }

  function hashSecret(out: Uint8Array, tag: string, parts: readonly Uint8Array[]): void {
    let afterPrefix = tagStates.get(tag);
    if (afterPrefix === undefined) {
      // The prefix fills one block of SHA-256 exactly, so that the state after it is the same for all messages.
      afterPrefix = Buffer.alloc(sodium.crypto_hash_sha256_STATEBYTES);
      sodium.crypto_hash_sha256_init(afterPrefix);
      sodium.crypto_hash_sha256_update(afterPrefix, taggedHashPrefix(tag));
      tagStates.set(tag, afterPrefix);
    }
    assertLengths(out, out, out);
    hashState.set(afterPrefix);
    // Parts are put together first: a call of the library costs more than copying what most hashes are made of.
    let used = 0;
    let most = 0;
    for (const part of parts) {
      if (used > 0 && part.length > HASH_INPUT_BYTES - used) {
        sodium.crypto_hash_sha256_update(hashState, hashInput.subarray(0, used));
        used = 0;
      }
      if (part.length > HASH_INPUT_BYTES) sodium.crypto_hash_sha256_update(hashState, asBuffer(part));
      else {
        hashInput.set(part, used);
        used += part.length;
        most = Math.max(most, used);
      }
    }
    if (used > 0) sodium.crypto_hash_sha256_update(hashState, hashInput.subarray(0, used));
    sodium.crypto_hash_sha256_final(hashState, digest);
    hashInput.fill(0, 0, most);
    out.set(digest);
    digest.fill(0);
  }

  return {
    name: 'secp256k1',
    description: native.description,
    constantTime: true,
    pointBytes: COMPRESSED_BYTES,
    identity: asPoint(identity),
    generator,
    isScalar,
    isZero,
    scalarOf,
    reduce,
    randomScalar,
    addScalars,
    multiplyScalars,
    negateScalar,
    invertPublic: (scalar) => {
      assertScalar(scalar);
      return invertModOrder(scalar);
    },
    multiplyBase,
    multiplyBasePublic: multiplyBase,
    multiplyPublic,
    addBasePublic,
    diffieHellman,
    add,
    negate,
    isIdentity: (p) => inner(p).key === undefined,
    equals: (a, b) => {
      if (a === b) return true;
      if (inner(a).key === undefined || inner(b).key === undefined) return inner(a).key === inner(b).key;
      return encoding(a).equals(encoding(b));
    },
    encode: (p) => Uint8Array.from(encoding(p)),
    decode,
    hasEvenY: (p) => encoding(p)[0] === EVEN_Y,
    xOnly: (p) => Uint8Array.from(encoding(p).subarray(1)),
    liftX: (xOnly) => {
      if (xOnly.length !== SCALAR_BYTES) return undefined;
      const encoded = Buffer.allocUnsafe(COMPRESSED_BYTES);
      encoded[0] = EVEN_Y;
      encoded.set(xOnly, 1);
      return decode(encoded);
    },
    verifySchnorr: (publicKey, message, signature) => {
      const { key } = inner(publicKey);
      return key !== undefined && signature.length === SIGNATURE_BYTES && native.verifySchnorr(signature, message, key);
    },
    hashSecret,
    allocateSecret,
    freeSecret: (secret) => freeSecret(secret as Buffer),
  };
}

/** Looks at every byte, so that the time doesn't depend on them. */
function isZero(scalar: Uint8Array): boolean {
  let union = 0;
  for (let index = 0; index < scalar.length; index += 1) union |= scalar[index] ?? 0;
  return union === 0;
}

function scalarOf(value: number): Uint8Array {
  if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff) {
    throw new RangeError('only integers of 32 bits are made scalars');
  }
  const scalar = new Uint8Array(SCALAR_BYTES);
  new DataView(scalar.buffer).setUint32(SCALAR_BYTES - 4, value);
  return scalar;
}

/** The library reads and writes 32 bytes behind each pointer, whatever is there. */
function assertLengths(a: Uint8Array, b: Uint8Array, c: Uint8Array): void {
  if (a.length !== SCALAR_BYTES || b.length !== SCALAR_BYTES || c.length !== SCALAR_BYTES) {
    throw new RangeError('a scalar has 32 bytes');
  }
}

function copyOf(bytes: Uint8Array): Buffer {
  const copy = Buffer.allocUnsafe(bytes.length);
  copy.set(bytes);
  return copy;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** A point of another implementation would be read as the identity, or by the library as something else. */
function inner(p: Point): NativePoint {
  const point: unknown = p;
  if (!(point instanceof NativePoint)) throw new TypeError('a point of another group');
  return point;
}

function asPoint(p: NativePoint): Point {
  return p as unknown as Point;
}
