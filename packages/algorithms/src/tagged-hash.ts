import { createHash } from 'node:crypto';

/** SHA-256(tag) twice: the first block of a tagged hash (BIP340, "Design", tagged hashes). */
export function taggedHashPrefix(tag: string): Buffer {
  const digest = createHash('sha256').update(tag).digest();
  return Buffer.concat([digest, digest]);
}

const TAP_TWEAK = taggedHashPrefix('TapTweak');

/**
 * The tweak of BIP341: tagged hash "TapTweak" over the internal key and the root.
 *
 * @param internalKey x-only, 32 bytes
 * @param merkleRootHex empty, or 32 bytes
 */
export function tapTweak(internalKey: Uint8Array, merkleRootHex: string): Buffer {
  return createHash('sha256').update(TAP_TWEAK).update(internalKey).update(merkleRootHex, 'hex').digest();
}
