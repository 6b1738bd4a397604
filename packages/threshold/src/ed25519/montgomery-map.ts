/**
 * The birational map between X25519's curve and Ed25519's (RFC 7748, section 4.1): u = (1 + y) / (1 - y). It lets a
 * party prove with Ed25519's group what a Diffie-Hellman key of X25519 is. Big integers, hence for public values only.
 */
import type { Point, PrimeOrderGroup } from '../group.ts';

const P = 2n ** 255n - 19n;
const KEY_BYTES = 32;
const COORDINATE_MASK = 2n ** 255n - 1n;

/**
 * The point with this u coordinate and even x. Undefined for what isn't canonical, lies on the twist, or has another
 * order than the group: no public key that was made by the rules is any of these.
 */
export function liftX25519PublicKey(group: PrimeOrderGroup, publicKey: Uint8Array): Point | undefined {
  if (publicKey.length !== KEY_BYTES) return undefined;
  const u = toNumber(publicKey);
  if (u >= P || u === P - 1n) return undefined;
  return group.decode(toBytes(modP((u - 1n) * invertModP(u + 1n))));
}

/**
 * `out` = the scalar whose product with the generator is `lifted`: what X25519 multiplies with (RFC 7748, section 5),
 * up to its sign.
 * @param out 32 bytes of secret memory
 * @param secret 32 bytes of X25519
 * @param lifted the lifted public key of that secret
 */
export function liftX25519Secret(group: PrimeOrderGroup, out: Uint8Array, secret: Uint8Array, lifted: Point): void {
  out.set(secret);
  out[0] = (out[0] ?? 0) & 0xf8;
  out[KEY_BYTES - 1] = ((out[KEY_BYTES - 1] ?? 0) & 0x7f) | 0x40;
  group.reduce(out, out);
  if (!group.equals(group.multiplyBase(out), lifted)) group.negateScalar(out, out);
}

/** The u coordinate of a point other than the identity, as X25519 encodes it. */
export function x25519Coordinate(group: PrimeOrderGroup, p: Point): Uint8Array {
  const y = toNumber(group.encode(p)) & COORDINATE_MASK;
  return toBytes(modP((1n + y) * invertModP(modP(1n - y))));
}

function invertModP(value: bigint): bigint {
  // Fermat: value^(p - 2).
  let result = 1n;
  let power = modP(value);
  for (let exponent = P - 2n; exponent > 0n; exponent >>= 1n) {
    if ((exponent & 1n) === 1n) result = (result * power) % P;
    power = (power * power) % P;
  }
  return result;
}

function modP(value: bigint): bigint {
  return ((value % P) + P) % P;
}

function toNumber(littleEndian: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(littleEndian.toReversed()).toString('hex')}`);
}

function toBytes(value: bigint): Uint8Array {
  return Uint8Array.from(Buffer.from(value.toString(16).padStart(2 * KEY_BYTES, '0'), 'hex')).toReversed();
}
