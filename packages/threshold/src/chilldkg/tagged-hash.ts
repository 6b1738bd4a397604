import { createHash } from 'node:crypto';

/** What every tag of ChillDKG begins with. */
export const bipDkgTag = 'BIP DKG/';

const tagHashes = new Map<string, Buffer>();

function tagHash(tag: string): Buffer {
  let hash = tagHashes.get(tag);
  if (hash === undefined) {
    hash = createHash('sha256').update(tag).digest();
    tagHashes.set(tag, hash);
  }
  return hash;
}

/**
 * The tagged hash of BIP340 over public parts, one after another: 32 bytes. Tags are constants of the program. Secrets
 * go through the group's `hashSecret`, since this one leaves copies behind.
 */
export function taggedHash(tag: string, ...parts: readonly Uint8Array[]): Buffer {
  const prefix = tagHash(tag);
  const hash = createHash('sha256').update(prefix).update(prefix);
  for (const part of parts) hash.update(part);
  return hash.digest();
}
