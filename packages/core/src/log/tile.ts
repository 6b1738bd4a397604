/**
 * Tiles (C2SP tlog-tiles): a tile of level L and index N holds up to 256 consecutive hashes of the tree at height
 * 8L, beginning with number 256N. A full tile never changes; a partial one is a prefix of the full one.
 */
import { HASH_BYTES, sha256Into } from './tree-hash.ts';

/** Hashes in a full tile: a tile spans eight levels of the tree. */
export const TILE_WIDTH = 256;
export const TILE_HEIGHT = 8;

/** A full tile: 256 hashes, 8192 bytes. */
export interface CompletedTile {
  readonly level: number;
  readonly index: number;
  readonly hashes: Uint8Array;
}

/** Number of hashes of a tree with `size` leaves in level `level`, over all its tiles. Exact up to 2^53 leaves. */
export function hashesInLevel(level: number, size: number): number {
  return Math.floor(size / TILE_WIDTH ** level);
}

// Each slot is the input of one interior node: 0x01 and a pair of hashes. The node of pair i goes to half (i mod 2)
// of slot floor(i / 2), whose own pair was consumed by then, so a subtree folds in place and nothing is allocated.
const SLOT_BYTES = 1 + 2 * HASH_BYTES;
const slots = Buffer.alloc(SLOT_BYTES * (TILE_WIDTH / 2), 1);
const slotViews = Array.from({ length: TILE_WIDTH / 2 }, (_, i) =>
  slots.subarray(i * SLOT_BYTES, (i + 1) * SLOT_BYTES),
);

/**
 * Root of the full subtree over the `width` hashes (a power of two, 1 to 256) that begin with number `first` of
 * `hashes`; written to `target` at `offset`.
 */
export function foldSubtree(hashes: Buffer, first: number, width: number, target: Buffer, offset: number): void {
  const start = first * HASH_BYTES;
  if (width === 1) {
    target.set(hashes.subarray(start, start + HASH_BYTES), offset);
    return;
  }
  for (let pair = 0; pair < width / 2; pair++)
    hashes.copy(slots, pair * SLOT_BYTES + 1, start + 2 * pair * HASH_BYTES, start + 2 * (pair + 1) * HASH_BYTES);
  for (let pairs = width / 2; pairs > 1; pairs /= 2)
    for (let pair = 0; pair < pairs; pair++)
      sha256Into(slots, (pair >> 1) * SLOT_BYTES + 1 + (pair & 1) * HASH_BYTES, slotViews[pair] as Buffer);
  sha256Into(target, offset, slotViews[0] as Buffer);
}
