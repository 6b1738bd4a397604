/** What every operation gives its exchange. */
import { fillFromKernel } from '@countersign/algorithms/kernel-randomness';
import { freeSecret, randomSecret } from '@countersign/algorithms/secret-memory';
import { type Codec, decode, MalformedBytes } from '@countersign/threshold/codec';
import type { Candidate, Meeting } from '@countersign/threshold/exchange/exchange';
import type { PublicIdentity } from '@countersign/threshold/exchange/identity';
import { ProtocolAbort } from '@countersign/threshold/protocol';

/** A party as messages name it: its place in the key and the beginning of its identity, which its keygen id shows. */
export function candidateOf(identity: PublicIdentity, index: number): Candidate {
  return { identity, name: partyName(identity.identityKey, index) };
}

export function partyName(identityKey: Uint8Array, index: number): string {
  return `party ${index} (${Buffer.from(identityKey.subarray(0, 4)).toString('hex')})`;
}

/**
 * What each party of a meeting said of itself, in their order.
 * @throws ProtocolAbort that names whose hello can't be read; without blame, since it may be of another version
 */
export function readHellos<T>(
  content: Codec<T>,
  { hellos, parties }: Meeting,
  candidates: readonly Candidate[],
): readonly T[] {
  return hellos.map((encoded, party) => {
    try {
      return decode(content, encoded);
    } catch (error) {
      if (!(error instanceof MalformedBytes)) throw error;
      const name = candidates[parties[party] ?? -1]?.name ?? 'a party';
      throw new ProtocolAbort([], `${name} says what it was asked for in a form that this server doesn't know`);
    }
  });
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
