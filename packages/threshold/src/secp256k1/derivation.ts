/** Child keys of a group key, as tweaks that are applied while signing: no share changes. */
import { createHmac } from 'node:crypto';
import { taggedHash } from '@countersign/algorithms/tagged-hash';
import type { Point } from '../group.ts';
import type { Secp256k1Group } from './secp256k1-group.ts';
import type { Tweak } from './tweak.ts';

const CHAIN_CODE_BYTES = 32;
const HALF = 32;
/** BIP32 counts the depth in one byte. */
const MAX_PATH_LENGTH = 255;
const FIRST_HARDENED = 0x8000_0000;

export interface DerivedKey {
  /** In the order of the path. */
  readonly tweaks: readonly Tweak[];
  /** 33 bytes. */
  readonly publicKey: Uint8Array;
  /** 32 bytes. */
  readonly chainCode: Uint8Array;
}

/**
 * BIP32 public derivation (CKDpub) along a path of non-hardened indexes. Hardened ones need the private key, which
 * is nowhere. Costs a point multiplication for each index.
 *
 * @param groupKey 33 bytes
 * @param chainCode 32 bytes
 * @param path each below 2^31, at most 255
 * @throws RangeError
 */
export function deriveTweaks(
  group: Secp256k1Group,
  groupKey: Uint8Array,
  chainCode: Uint8Array,
  path: readonly number[],
): DerivedKey {
  if (chainCode.length !== CHAIN_CODE_BYTES) throw new RangeError('a chain code has 32 bytes');
  if (path.length > MAX_PATH_LENGTH) throw new RangeError(`a path has at most ${MAX_PATH_LENGTH} indexes`);
  let point = decodeKey(group, groupKey);
  let code: Uint8Array = Uint8Array.from(chainCode);
  const tweaks: Tweak[] = [];
  for (const index of path) {
    if (!Number.isInteger(index) || index < 0 || index >= FIRST_HARDENED) {
      throw new RangeError('a path has indexes from 0 to 2^31 - 1: hardened ones need the whole private key');
    }
    const digest = createHmac('sha512', code).update(group.encode(point)).update(uint32(index)).digest();
    const value = Uint8Array.from(digest.subarray(0, HALF));
    code = Uint8Array.from(digest.subarray(HALF));
    point = addTweak(group, point, value);
    tweaks.push({ value, isXOnly: false });
  }
  return { tweaks, publicKey: group.encode(point), chainCode: code };
}

export interface TaprootKey {
  readonly tweak: Tweak;
  /** The output key, 32 bytes, x-only. */
  readonly publicKey: Uint8Array;
}

/**
 * BIP341: the tweak that commits a key to a script tree.
 *
 * @param publicKey 33 bytes, of either parity: the internal key is its x coordinate
 * @param merkleRoot 32 bytes, or none for a key that commits to having no scripts
 * @throws RangeError
 */
export function deriveTaprootTweak(group: Secp256k1Group, publicKey: Uint8Array, merkleRoot: Uint8Array): TaprootKey {
  if (merkleRoot.length !== 0 && merkleRoot.length !== HALF) throw new RangeError('a merkle root has 32 bytes or none');
  const point = decodeKey(group, publicKey);
  const internal = group.hasEvenY(point) ? point : group.negate(point);
  const value = Uint8Array.from(taggedHash('TapTweak', group.xOnly(internal), merkleRoot));
  return { tweak: { value, isXOnly: true }, publicKey: group.xOnly(addTweak(group, internal, value)) };
}

function decodeKey(group: Secp256k1Group, publicKey: Uint8Array): Point {
  const point = group.decode(publicKey);
  if (point === undefined) throw new RangeError('the public key is no compressed point');
  return point;
}

/** Hashes that are no scalar, or lead to the identity, have a chance of 2^-127; both BIPs say to fail. */
function addTweak(group: Secp256k1Group, point: Point, value: Uint8Array): Point {
  if (!group.isScalar(value)) throw new RangeError('there is no key here: the tweak is out of range');
  const sum = group.addBasePublic(point, value);
  if (group.isIdentity(sum)) throw new RangeError('there is no key here: the tweak takes it to the identity');
  return sum;
}

function uint32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
