/** HashML-DSA (FIPS 204, section 5.4): which hashes it takes, and what is signed in place of the message. */
import { encodeObjectIdentifier } from './der.ts';
import { type DigestName, findDigest } from './digests.ts';
import type { MlDsaParameterSet } from './ml-dsa-parameter-sets.ts';

/**
 * Why a hash can't be used with a parameter set, or undefined where it can. The standard wants an approved hash of at
 * least the set's own strength: a weaker one would be what an attacker goes for.
 */
export function findPreHashProblem(name: DigestName, set: MlDsaParameterSet): string | undefined {
  const digest = findDigest(name);
  if (digest.collisionBits < set.strengthBits) {
    return `HashML-DSA with ${set.openssl} needs a hash of at least ${2 * set.strengthBits} bits (FIPS 204, section 5.4), which ${name} is not`;
  }
  if (digest.oid === undefined) return `HashML-DSA takes SHA-2 and SHA-3 only (FIPS 204, section 5.4), not ${name}`;
  return undefined;
}

/** M' of algorithm 4 up to the digest: 1, the context's length, the context, DER of the hash's identifier. */
export function preHashPrefix(name: DigestName, context: Uint8Array): Uint8Array {
  const oid = encodeObjectIdentifier(findDigest(name).oid ?? '');
  return Uint8Array.from([1, context.length, ...context, ...oid]);
}
