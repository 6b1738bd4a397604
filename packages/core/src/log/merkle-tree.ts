/**
 * The growing end of the log's Merkle tree. Holds only the right edge: for each tile level the hashes of its last,
 * partial tile. Everything to the left lies in full tiles, which `append` hands out for storing.
 */
import { DomainError } from '../domain-error.ts';
import { type CompletedTile, foldSubtree, hashesInLevel, TILE_WIDTH } from './tile.ts';
import { emptyRoot, HASH_BYTES, hashNode } from './tree-hash.ts';

/** A state to go back to when a transaction fails. Valid until the tree is reset to an older one. */
export interface TreeMark {
  readonly size: number;
  readonly tiles: readonly Buffer[];
}

export class MerkleTree {
  #size = 0;
  // Partial tile of each level, with room for 256 hashes. How many of them count follows from the size. A tile that
  // got full is never written again but by a reset to a mark that held it, so that marks copy references only.
  #tiles: Buffer[] = [];

  /** Number of leaves. */
  get size(): number {
    return this.#size;
  }

  /**
   * A tree of `size` leaves from its right edge: `edge(level)` gives the hashes of the level's partial tile, 32 bytes
   * each, as many as `hashesInLevel(level, size) % 256`.
   * @throws DomainError `internal` where an edge has another length
   */
  static fromEdge(size: number, edge: (level: number) => Uint8Array): MerkleTree {
    const tree = new MerkleTree();
    tree.#size = size;
    for (let level = 0; hashesInLevel(level, size) > 0; level++) {
      const width = hashesInLevel(level, size) % TILE_WIDTH;
      const hashes = width === 0 ? new Uint8Array(0) : edge(level);
      if (hashes.length !== width * HASH_BYTES) throw new DomainError('internal', 'the log tree has a damaged edge');
      const tile = Buffer.alloc(TILE_WIDTH * HASH_BYTES);
      tile.set(hashes);
      tree.#tiles.push(tile);
    }
    return tree;
  }

  /** Appends leaf hashes (32 bytes each, laid end to end) and returns the tiles that got full, lower levels first. */
  append(leafHashes: Uint8Array): CompletedTile[] {
    const completed: CompletedTile[] = [];
    const count = leafHashes.length / HASH_BYTES;
    for (let taken = 0; taken < count; ) {
      const width = this.#size % TILE_WIDTH;
      const chunk = Math.min(count - taken, TILE_WIDTH - width);
      const tile = this.#tile(0);
      tile.set(leafHashes.subarray(taken * HASH_BYTES, (taken + chunk) * HASH_BYTES), width * HASH_BYTES);
      taken += chunk;
      this.#size += chunk;
      this.#carry(completed);
    }
    return completed;
  }

  /** The tree's root (RFC 6962, section 2.1). Up to 255 hashes per level: for checkpoints, not for every commit. */
  root(): Uint8Array {
    return foldPeaks(this.#size, (level) => this.#tile(level));
  }

  /** A copy of the partial tile of a level: `hashesInLevel(level, size) % 256` hashes. */
  partialTile(level: number): Uint8Array {
    const width = hashesInLevel(level, this.#size) % TILE_WIDTH;
    return Uint8Array.from(this.#tile(level).subarray(0, width * HASH_BYTES));
  }

  mark(): TreeMark {
    return { size: this.#size, tiles: this.#tiles.slice() };
  }

  reset(mark: TreeMark): void {
    this.#size = mark.size;
    this.#tiles = mark.tiles.slice();
  }

  #tile(level: number): Buffer {
    let tile = this.#tiles[level];
    if (tile === undefined) {
      tile = Buffer.alloc(TILE_WIDTH * HASH_BYTES);
      this.#tiles[level] = tile;
    }
    return tile;
  }

  /** Moves the root of every tile that just got full one level up. */
  #carry(completed: CompletedTile[]): void {
    for (let level = 0; this.#size % TILE_WIDTH ** (level + 1) === 0; level++) {
      const full = this.#tile(level);
      const index = hashesInLevel(level + 1, this.#size) - 1;
      completed.push({ level, index, hashes: full });
      this.#tiles[level] = Buffer.alloc(TILE_WIDTH * HASH_BYTES);
      foldSubtree(full, 0, TILE_WIDTH, this.#tile(level + 1), (index % TILE_WIDTH) * HASH_BYTES);
    }
  }
}

/** Folds the full subtrees of the right edge, smallest first, into the root. */
function foldPeaks(size: number, tileAt: (level: number) => Buffer): Uint8Array {
  let root: Uint8Array | undefined;
  for (let level = 0; hashesInLevel(level, size) > 0; level++) {
    const width = hashesInLevel(level, size) % TILE_WIDTH;
    let first = width;
    for (let peak = 1; peak <= width; peak *= 2) {
      if ((width & peak) === 0) continue;
      first -= peak;
      const hash = Buffer.alloc(HASH_BYTES);
      foldSubtree(tileAt(level), first, peak, hash, 0);
      root = root === undefined ? hash : hashNode(hash, root);
    }
  }
  return root ?? emptyRoot();
}
