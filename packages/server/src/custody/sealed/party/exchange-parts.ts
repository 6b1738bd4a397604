/** What every operation gives its exchange. */
import { fillFromKernel } from '@countersign/algorithms/kernel-randomness';
import { freeSecret, randomSecret } from '@countersign/algorithms/secret-memory';
import type { Candidate } from '@countersign/threshold/exchange/exchange';
import type { PublicIdentity } from '@countersign/threshold/exchange/identity';

/** A party as messages name it: its place in the key and the beginning of its identity, which its keygen id shows. */
export function candidateOf(identity: PublicIdentity, index: number): Candidate {
  return { identity, name: partyName(identity.identityKey, index) };
}

export function partyName(identityKey: Uint8Array, index: number): string {
  return `party ${index} (${Buffer.from(identityKey.subarray(0, 4)).toString('hex')})`;
}

/** `length` random bytes for a use that ends when `use` returns. */
export function withRandomSecret<T>(length: number, use: (secret: Buffer) => T): T {
  const secret = randomSecret(length);
  try {
    return use(secret);
  } finally {
    freeSecret(secret);
  }
}

export function kernelRandom(length: number): Uint8Array {
  const bytes = Buffer.alloc(length);
  fillFromKernel(bytes);
  return bytes;
}
