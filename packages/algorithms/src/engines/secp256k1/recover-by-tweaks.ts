/**
 * The public key of a signature (SEC 1, version 2, section 4.1.6) with functions that every libsecp256k1 has, for those
 * that were compiled without the recovery module. Everything here is public, so that big integers and variable time
 * do no harm.
 */
import type { EcdsaFunctions } from './ecdsa-engine.ts';
import { SCALAR_BYTES } from './group-order.ts';

/** Keys are points in the library's own form, changed in place; scalars are below n. False for a result at infinity. */
export interface PointFunctions {
  readonly parse: (compressed33: Buffer) => Buffer | undefined;
  /** Refuses zero. */
  readonly multiply: (key: Buffer, scalar32: Buffer) => boolean;
  /** key + scalar * G */
  readonly addBase: (key: Buffer, scalar32: Buffer) => boolean;
  readonly serialize: (key: Buffer, point65: Buffer) => void;
}

/** SEC 2, version 2, section 2.4.1. */
const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const P = 2n ** 256n - 2n ** 32n - 977n;
const EVEN_Y = 0x02;

/** Q = r^-1 (s R - z G), for the R that r and the recovery id name. */
export function recoverByTweaks(points: PointFunctions): EcdsaFunctions['recover'] {
  return (rs, recoveryId, digest, point65) => {
    const r = integer(rs.subarray(0, SCALAR_BYTES));
    const s = integer(rs.subarray(SCALAR_BYTES));
    if (r === 0n || r >= N || s === 0n || s >= N) return false;
    // Bit 1: the x coordinate of R was n or above, and r is what was left of it. Bit 0: the parity of its y coordinate.
    const x = recoveryId >= 2 ? r + N : r;
    if (x >= P) return false;
    const key = points.parse(Buffer.concat([Buffer.of(EVEN_Y | (recoveryId & 1)), bytes(x)]));
    if (key === undefined) return false;
    const inverse = invert(r);
    const z = integer(digest) % N;
    if (!points.multiply(key, bytes((s * inverse) % N))) return false;
    if (!points.addBase(key, bytes(((N - z) * inverse) % N))) return false;
    points.serialize(key, point65);
    return true;
  };
}

/** By the extended Euclidean algorithm, for 0 < value < n, which is prime. */
function invert(value: bigint): bigint {
  let [a, b] = [N, value];
  let [u, v] = [0n, 1n];
  while (b !== 0n) {
    const quotient = a / b;
    [a, b] = [b, a - quotient * b];
    [u, v] = [v, u - quotient * v];
  }
  return u < 0n ? u + N : u;
}

function integer(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}

function bytes(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(2 * SCALAR_BYTES, '0'), 'hex');
}
