import { hash } from 'node:crypto';
import { taggedHashPrefix } from '@countersign/algorithms/tagged-hash';

/**
 * The tagged hash of BIP340 ("Design") for one tag, over the concatenation of public parts: 32 bytes. Secrets go
 * through the group's `hashSecret`, since this one leaves copies behind.
 */
export function taggedHash(tag: string): (...parts: readonly Uint8Array[]) => Buffer {
  const prefix = taggedHashPrefix(tag);
  return (...parts) => hash('sha256', Buffer.concat([prefix, ...parts]), 'buffer');
}
