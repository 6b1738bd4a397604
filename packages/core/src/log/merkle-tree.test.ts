import { hash, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MerkleTree } from './merkle-tree.ts';
import {
  consistencyProof,
  inclusionProof,
  type TileReader,
  treeRoot,
  verifyConsistency,
  verifyInclusion,
} from './proof.ts';
import { hashesInLevel, TILE_WIDTH } from './tile.ts';
import { emptyRoot, HASH_BYTES, hashLeaf, hashNode } from './tree-hash.ts';

// Leaves, roots and proofs from testonly/constants.go and testdata of github.com/transparency-dev/merkle, which has
// them from the reference implementation of Certificate Transparency.
const CT_LEAVES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
const CT_ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
const CT_INCLUSION = [
  {
    index: 0,
    size: 8,
    path: [
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ],
  },
  {
    index: 5,
    size: 8,
    path: [
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  },
];
const CT_CONSISTENCY = [
  { from: 1, to: 1, path: [] },
  {
    from: 1,
    to: 8,
    path: [
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ],
  },
  {
    from: 6,
    to: 8,
    path: [
      '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  },
  {
    from: 2,
    to: 5,
    path: [
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ],
  },
];

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const sha256 = (bytes: Uint8Array): Buffer => hash('sha256', bytes, 'buffer');

/** MTH as RFC 6962, section 2.1 defines it: recursive, over leaf hashes. */
function definedRoot(leaves: readonly Uint8Array[]): Buffer {
  if (leaves.length === 0) return sha256(Buffer.alloc(0));
  if (leaves.length === 1) return Buffer.from(leaves[0] as Uint8Array);
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return sha256(Buffer.concat([Buffer.of(1), definedRoot(leaves.slice(0, split)), definedRoot(leaves.slice(split))]));
}

/** A tree, with the tiles it completed in a map. */
function grow(leaves: readonly Uint8Array[], chunks: readonly number[] = []): { tree: MerkleTree; read: TileReader } {
  const tree = new MerkleTree();
  const tiles = new Map<string, Uint8Array>();
  let at = 0;
  const take = (count: number): void => {
    for (const tile of tree.append(Buffer.concat(leaves.slice(at, at + count))))
      tiles.set(`${tile.level}/${tile.index}`, Uint8Array.from(tile.hashes));
    at = Math.min(at + count, leaves.length);
  };
  for (const chunk of chunks) take(chunk);
  take(leaves.length - at);
  const read: TileReader = (level, index) => {
    const full = tiles.get(`${level}/${index}`);
    if (full !== undefined) return full;
    expect(index).toBe(Math.floor(hashesInLevel(level, leaves.length) / TILE_WIDTH));
    return tree.partialTile(level);
  };
  return { tree, read };
}

const randomLeaves = (count: number): Uint8Array[] => {
  const bytes = randomBytes(count * HASH_BYTES);
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES));
};
// Borders of tiles, and anything else up to three levels' worth would take too long: two levels and a bit.
const sizes = fc.oneof(fc.integer({ min: 1, max: 700 }), fc.constantFrom(255, 256, 257, 511, 512, 513, 1024));

describe('the Merkle tree of RFC 6962', () => {
  const ctHashes = CT_LEAVES.map((leaf) => hashLeaf(Buffer.from(leaf, 'hex')));

  it('gives the roots of the Certificate Transparency test data', () => {
    for (const [size, root] of CT_ROOTS.entries()) {
      const { tree } = grow(ctHashes.slice(0, size));
      expect(hex(tree.root())).toBe(root);
    }
    expect(hex(emptyRoot())).toBe(CT_ROOTS[0]);
  });

  it('gives the inclusion proofs of the Certificate Transparency test data', async () => {
    for (const { index, size, path } of CT_INCLUSION) {
      const { read, tree } = grow(ctHashes.slice(0, size));
      const proof = await inclusionProof(index, size, read);
      expect(proof.map(hex)).toEqual(path);
      expect(verifyInclusion(ctHashes[index] as Uint8Array, index, size, proof, tree.root())).toBe(true);
    }
  });

  it('gives the consistency proofs of the Certificate Transparency test data', async () => {
    for (const { from, to, path } of CT_CONSISTENCY) {
      const { read } = grow(ctHashes.slice(0, to));
      expect((await consistencyProof(from, to, read)).map(hex)).toEqual(path);
    }
  });

  it('has the root that the recursive definition gives, whatever pieces the leaves came in', () => {
    fc.assert(
      fc.property(sizes, fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 5 }), (size, chunks) => {
        const leaves = randomLeaves(size);
        expect(hex(grow(leaves, chunks).tree.root())).toBe(hex(definedRoot(leaves)));
      }),
      { numRuns: 40 },
    );
  });

  it('carries into the second level of tiles', async () => {
    const size = 256 * 256 + 256 + 3;
    const leaves = randomLeaves(size);
    const { tree, read } = grow(leaves);
    expect(hex(tree.root())).toBe(hex(definedRoot(leaves)));
    expect(hex(await treeRoot(size, read))).toBe(hex(tree.root()));
    for (const index of [0, 255, 256, 65_535, 65_536, 65_791, 65_792, size - 1]) {
      const proof = await inclusionProof(index, size, read);
      expect(verifyInclusion(leaves[index] as Uint8Array, index, size, proof, tree.root())).toBe(true);
    }
    for (const old of [1, 255, 256, 257, 65_535, 65_536, 65_537, size - 1]) {
      const proof = await consistencyProof(old, size, read);
      expect(verifyConsistency(old, size, definedRoot(leaves.slice(0, old)), tree.root(), proof)).toBe(true);
    }
  });

  it('stores as a level above the roots of the tiles below', () => {
    const leaves = randomLeaves(600);
    const { tree } = grow(leaves);
    expect(hex(tree.partialTile(1))).toBe(
      hex(Buffer.concat([definedRoot(leaves.slice(0, 256)), definedRoot(leaves.slice(256, 512))])),
    );
  });

  it('goes on from its edge as if it had never stopped', () => {
    fc.assert(
      fc.property(sizes, fc.integer({ min: 0, max: 300 }), (size, more) => {
        const leaves = randomLeaves(size + more);
        const { tree } = grow(leaves.slice(0, size));
        const resumed = MerkleTree.fromEdge(size, (level) => tree.partialTile(level));
        resumed.append(Buffer.concat(leaves.slice(size)));
        expect(hex(resumed.root())).toBe(hex(definedRoot(leaves)));
      }),
      { numRuns: 25 },
    );
  });

  it('refuses an edge of the wrong length', () => {
    expect(() => MerkleTree.fromEdge(3, () => new Uint8Array(64))).toThrow('damaged edge');
  });

  it('forgets on reset what was appended since the mark, across tile borders too', () => {
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 600 }), fc.integer({ min: 1, max: 600 }), (size, lost, kept) => {
        const leaves = randomLeaves(size + kept);
        const { tree } = grow(leaves.slice(0, size));
        const mark = tree.mark();
        tree.append(Buffer.concat(randomLeaves(lost)));
        tree.reset(mark);
        expect(hex(tree.root())).toBe(hex(definedRoot(leaves.slice(0, size))));
        tree.append(Buffer.concat(leaves.slice(size)));
        expect(hex(tree.root())).toBe(hex(definedRoot(leaves)));
      }),
      { numRuns: 25 },
    );
  });
});

describe('proofs', () => {
  it('verify for every leaf, and for no other leaf, size or root, nor with any bit flipped', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, fc.nat(), fc.nat(), async (size, pick, bit) => {
        const leaves = randomLeaves(size);
        const { tree, read } = grow(leaves);
        const index = pick % size;
        const leaf = leaves[index] as Uint8Array;
        const root = tree.root();
        const proof = await inclusionProof(index, size, read);
        expect(verifyInclusion(leaf, index, size, proof, root)).toBe(true);
        expect(verifyInclusion(flip(leaf, bit), index, size, proof, root)).toBe(false);
        expect(verifyInclusion(leaf, index, size, proof, flip(root, bit))).toBe(false);
        expect(verifyInclusion(leaf, index, size, [...proof, root], root)).toBe(false);
        if (proof.length > 0) {
          const at = bit % proof.length;
          const bent = proof.map((each, i) => (i === at ? flip(each, bit) : each));
          expect(verifyInclusion(leaf, index, size, bent, root)).toBe(false);
          expect(verifyInclusion(leaf, index, size, proof.slice(1), root)).toBe(false);
          expect(verifyInclusion(leaf, (index + 1) % size, size, proof, root)).toBe(false);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('show that a tree continues an older one, and fail with any bit flipped', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, fc.nat(), fc.nat(), async (size, pick, bit) => {
        const leaves = randomLeaves(size);
        const { tree, read } = grow(leaves);
        const old = 1 + (pick % size);
        const oldRoot = definedRoot(leaves.slice(0, old));
        const proof = await consistencyProof(old, size, read);
        expect(verifyConsistency(old, size, oldRoot, tree.root(), proof)).toBe(true);
        expect(verifyConsistency(old, size, flip(oldRoot, bit), tree.root(), proof)).toBe(false);
        expect(verifyConsistency(old, size, oldRoot, flip(tree.root(), bit), proof)).toBe(false);
        expect(verifyConsistency(old, size, oldRoot, tree.root(), [...proof, oldRoot])).toBe(false);
        if (proof.length > 0) {
          const at = bit % proof.length;
          const bent = proof.map((each, i) => (i === at ? flip(each, bit) : each));
          expect(verifyConsistency(old, size, oldRoot, tree.root(), bent)).toBe(false);
          expect(verifyConsistency(old, size, oldRoot, tree.root(), proof.slice(1))).toBe(false);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('are refused for leaves and sizes that are not there', async () => {
    const { read } = grow(randomLeaves(3));
    await expect(inclusionProof(3, 3, read)).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(consistencyProof(0, 3, read)).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(consistencyProof(4, 3, read)).rejects.toMatchObject({ code: 'invalid_request' });
    const leaf = randomBytes(32);
    expect(verifyInclusion(leaf, 1, 1, [], leaf)).toBe(false);
    expect(verifyConsistency(0, 1, leaf, leaf, [])).toBe(false);
  });

  it('keep leaves and nodes apart', () => {
    const [a, b] = randomLeaves(2) as [Uint8Array, Uint8Array];
    expect(hex(hashLeaf(Buffer.concat([a, b])))).not.toBe(hex(hashNode(a, b)));
  });
});

function flip(bytes: Uint8Array, bit: number): Uint8Array {
  const bent = Uint8Array.from(bytes);
  const at = (bit >> 3) % bent.length;
  bent[at] = (bent[at] ?? 0) ^ (1 << (bit & 7));
  return bent;
}
