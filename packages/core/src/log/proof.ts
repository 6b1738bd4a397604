/**
 * Inclusion and consistency proofs (RFC 6962, sections 2.1.1 and 2.1.2; RFC 9162, sections 2.1.3 to 2.1.5) over
 * stored tiles. Every hash that a proof needs is folded from whole subtrees, each of which lies in one tile.
 */
import { DomainError } from '../domain-error.ts';
import { foldSubtree, TILE_HEIGHT, TILE_WIDTH } from './tile.ts';
import { HASH_BYTES, hashNode } from './tree-hash.ts';

/** Reads at least the first `width` hashes (32 bytes each) of a tile; the tile may be longer. */
export type TileReader = (level: number, index: number, width: number) => Uint8Array | Promise<Uint8Array>;

/** Root of the tree of the first `size` leaves. `size` at least 1. */
export function treeRoot(size: number, readTile: TileReader): Promise<Uint8Array> {
  assertRange(0, size, size);
  return rangeRoot(0, size, readTile);
}

/**
 * The audit path of leaf `index` in the tree of `size` leaves, from the leaf upwards.
 * @throws DomainError `invalid_request` unless 0 <= index < size
 */
export async function inclusionProof(index: number, size: number, readTile: TileReader): Promise<Uint8Array[]> {
  assertRange(index, index + 1, size);
  const path: Uint8Array[] = [];
  let begin = 0;
  let end = size;
  while (end - begin > 1) {
    const middle = begin + splitPoint(end - begin);
    if (index < middle) {
      path.push(await rangeRoot(middle, end, readTile));
      end = middle;
    } else {
      path.push(await rangeRoot(begin, middle, readTile));
      begin = middle;
    }
  }
  return path.reverse();
}

/**
 * The proof that the tree of `newSize` leaves continues the one of `oldSize`; empty where both are equal.
 * @throws DomainError `invalid_request` unless 0 < oldSize <= newSize
 */
export async function consistencyProof(oldSize: number, newSize: number, readTile: TileReader): Promise<Uint8Array[]> {
  assertRange(0, oldSize, newSize);
  const path: Uint8Array[] = [];
  let begin = 0;
  let end = newSize;
  // SUBPROOF of RFC 6962, 2.1.2, from the root down: `begin` stays 0 as long as the old tree is a left part.
  while (end !== oldSize) {
    const middle = begin + splitPoint(end - begin);
    if (oldSize <= middle) {
      path.push(await rangeRoot(middle, end, readTile));
      end = middle;
    } else {
      path.push(await rangeRoot(begin, middle, readTile));
      begin = middle;
    }
  }
  if (begin !== 0) path.push(await rangeRoot(begin, end, readTile));
  return path.reverse();
}

/** Whether `proof` shows that `leafHash` is leaf `index` of the tree with this size and root (RFC 9162, 2.1.3.2). */
export function verifyInclusion(
  leafHash: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (!isSize(size) || !isSize(index) || index >= size || proof.some((hash) => hash.length !== HASH_BYTES))
    return false;
  let node = index;
  let last = size - 1;
  let hash = leafHash;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      hash = hashNode(sibling, hash);
      while (node % 2 === 0 && node !== 0) {
        node = Math.floor(node / 2);
        last = Math.floor(last / 2);
      }
    } else {
      hash = hashNode(hash, sibling);
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && equal(hash, root);
}

/** Whether `proof` shows that the new tree begins with all leaves of the old one (RFC 9162, 2.1.4.2). */
export function verifyConsistency(
  oldSize: number,
  newSize: number,
  oldRoot: Uint8Array,
  newRoot: Uint8Array,
  proof: readonly Uint8Array[],
): boolean {
  if (!isSize(oldSize) || !isSize(newSize) || oldSize === 0 || oldSize > newSize) return false;
  if (proof.some((hash) => hash.length !== HASH_BYTES)) return false;
  if (oldSize === newSize) return proof.length === 0 && equal(oldRoot, newRoot);
  const path = isPowerOfTwo(oldSize) ? [oldRoot, ...proof] : proof;
  const start = path[0];
  if (start === undefined) return false;
  let node = oldSize - 1;
  let last = newSize - 1;
  while (node % 2 === 1) {
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  let oldHash = start;
  let newHash = start;
  for (const sibling of path.slice(1)) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      oldHash = hashNode(sibling, oldHash);
      newHash = hashNode(sibling, newHash);
      while (node % 2 === 0 && node !== 0) {
        node = Math.floor(node / 2);
        last = Math.floor(last / 2);
      }
    } else {
      newHash = hashNode(newHash, sibling);
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && equal(oldHash, oldRoot) && equal(newHash, newRoot);
}

/** Root over the leaves [begin, end), where `begin` is a multiple of the range's length rounded up to a power of two. */
async function rangeRoot(begin: number, end: number, readTile: TileReader): Promise<Uint8Array> {
  const peaks: Uint8Array[] = [];
  for (let at = begin; at < end; ) {
    const leaves = largestPowerOfTwo(end - at);
    peaks.push(await subtreeRoot(at, leaves, readTile));
    at += leaves;
  }
  return peaks.reduceRight((right, left) => hashNode(left, right));
}

/** Root of the full subtree of `leaves` (a power of two) leaves that begins at leaf `begin` (a multiple of it). */
async function subtreeRoot(begin: number, leaves: number, readTile: TileReader): Promise<Uint8Array> {
  const height = Math.log2(leaves);
  const level = Math.floor(height / TILE_HEIGHT);
  const hashLeaves = TILE_WIDTH ** level;
  const width = leaves / hashLeaves;
  const number = begin / hashLeaves;
  const first = number % TILE_WIDTH;
  const tile = await readTile(level, Math.floor(number / TILE_WIDTH), first + width);
  if (tile.length < (first + width) * HASH_BYTES) throw new DomainError('internal', 'a tile of the log is too short');
  const root = Buffer.alloc(HASH_BYTES);
  foldSubtree(Buffer.from(tile.buffer, tile.byteOffset, tile.byteLength), first, width, root, 0);
  return root;
}

/** Largest power of two below `count`, for counts of at least 2. */
function splitPoint(count: number): number {
  const power = largestPowerOfTwo(count);
  return power === count ? power / 2 : power;
}

// Bit operations in JavaScript end at 31 bits; sizes go up to 2^53, where these loops stay exact.
function largestPowerOfTwo(count: number): number {
  let power = 1;
  while (power * 2 <= count) power *= 2;
  return power;
}

function isPowerOfTwo(count: number): boolean {
  return largestPowerOfTwo(count) === count;
}

function isSize(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function assertRange(begin: number, end: number, size: number): void {
  if (!isSize(begin) || !isSize(size) || end <= begin || end > size)
    throw new DomainError('invalid_request', 'no such leaf or size in the log');
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
