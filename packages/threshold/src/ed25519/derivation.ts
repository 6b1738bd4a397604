/**
 * Children of an Ed25519 key by path, without hardened steps: what BIP32 does for secp256k1, with additions that FROST
 * can make. Not the derivation of SLIP-10, which has hardened steps only.
 *
 * One step from public key A and chain code: I = HMAC-SHA512(chain code, A || ser32(index)); the tweak is the left half
 * as a little-endian number modulo the order, the child's chain code is the right half, the child's key A + tweak * G.
 */
import { createHmac } from 'node:crypto';
import type { PrimeOrderGroup } from '../group.ts';

const HALF_BYTES = 32;
const FIRST_HARDENED = 0x8000_0000;
/** As deep as BIP32's serialisation can say. */
const MAX_DEPTH = 255;

export interface DerivedKey {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 32 bytes. */
  readonly chainCode: Uint8Array;
  /** The sum of all tweaks on the way: the child's secret is the parent's plus this. A scalar, 32 bytes; public. */
  readonly tweak: Uint8Array;
}

/**
 * @param publicKey 32 bytes
 * @param chainCode 32 bytes
 * @param path indexes below 2^31, at most 255; empty for the key itself
 * @throws RangeError for another path, a public key that isn't a point, or a child that is the identity (2^-252)
 */
export function derivePath(
  group: PrimeOrderGroup,
  publicKey: Uint8Array,
  chainCode: Uint8Array,
  path: readonly number[],
): DerivedKey {
  if (path.length > MAX_DEPTH) throw new RangeError(`a path has at most ${MAX_DEPTH} steps`);
  if (chainCode.length !== HALF_BYTES) throw new RangeError('a chain code has 32 bytes');
  const parent = group.decode(publicKey);
  if (parent === undefined) throw new RangeError("the public key isn't a point");

  let point = parent;
  let child: DerivedKey = { publicKey: group.encode(parent), chainCode, tweak: group.scalarOf(0) };
  for (const index of path) {
    if (!Number.isInteger(index) || index < 0 || index >= FIRST_HARDENED) {
      throw new RangeError('a step of a path is below 2^31');
    }
    const serialized = Buffer.alloc(4);
    serialized.writeUInt32BE(index);
    const digest = createHmac('sha512', child.chainCode).update(child.publicKey).update(serialized).digest();
    const step = new Uint8Array(HALF_BYTES);
    group.reduce(step, digest.subarray(0, HALF_BYTES));
    const tweak = new Uint8Array(HALF_BYTES);
    group.addScalars(tweak, child.tweak, step);
    point = group.add([point, group.multiplyBasePublic(step)]);
    child = { publicKey: group.encode(point), chainCode: Uint8Array.from(digest.subarray(HALF_BYTES)), tweak };
  }
  return child;
}
