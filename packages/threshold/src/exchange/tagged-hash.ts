import { createHash } from 'node:crypto';

const prefixes = new Map<string, Uint8Array>();

/**
 * SHA-256 with a domain, built as BIP 340 builds it: SHA-256(SHA-256(tag) || SHA-256(tag) || parts). 32 bytes.
 * @param tag one of this package's constants; never data
 * @param parts are joined without separators: all but one must have a fixed length, or carry their own
 */
export function taggedHash(tag: string, ...parts: readonly Uint8Array[]): Buffer {
  let prefix = prefixes.get(tag);
  if (prefix === undefined) {
    const once = createHash('sha256').update(tag, 'utf8').digest();
    prefix = Buffer.concat([once, once]);
    prefixes.set(tag, prefix);
  }
  const hash = createHash('sha256').update(prefix);
  for (const part of parts) hash.update(part);
  return hash.digest();
}
