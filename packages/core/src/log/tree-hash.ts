/**
 * The two hashes of a Merkle tree (RFC 6962, section 2.1): SHA-256 with a prefix of 0x00 for leaves and 0x01 for
 * interior nodes, so that a leaf can't pass for a node.
 */
import { hash } from 'node:crypto';

export const HASH_BYTES = 32;

const nodeInput = Buffer.alloc(1 + 2 * HASH_BYTES, 1);

/** SHA-256 of the empty string: the root of a tree without leaves. */
export function emptyRoot(): Uint8Array {
  const root = Buffer.alloc(HASH_BYTES);
  sha256Into(root, 0, nodeInput.subarray(0, 0));
  return root;
}

/**
 * Writes SHA-256 of `input` to `target[offset..offset+32)`. By way of a Latin-1 string, because the Buffer that
 * `crypto.hash` makes for a result costs more than hashing a short input (0.86 against 0.37 us).
 */
export function sha256Into(target: Buffer, offset: number, input: Uint8Array): void {
  target.write(hash('sha256', input, 'binary'), offset, HASH_BYTES, 'latin1');
}

/** The hash of a leaf with this data. */
export function hashLeaf(data: Uint8Array): Uint8Array {
  const input = new Uint8Array(1 + data.length);
  input.set(data, 1);
  const leaf = Buffer.alloc(HASH_BYTES);
  sha256Into(leaf, 0, input);
  return leaf;
}

/** The hash of an interior node over two hashes of 32 bytes. */
export function hashNode(left: Uint8Array, right: Uint8Array): Uint8Array {
  nodeInput.set(left, 1);
  nodeInput.set(right, 1 + HASH_BYTES);
  const node = Buffer.alloc(HASH_BYTES);
  sha256Into(node, 0, nodeInput);
  return node;
}
