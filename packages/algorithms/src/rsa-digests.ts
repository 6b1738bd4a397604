/** Which digests RSA signs, and how. Shared by the family, which refuses the others, and by the engine. */
import { DIGEST_NAMES, type DigestName, findDigest } from './digests.ts';

/** The hashes that PKCS #1 v1.5 has a DigestInfo for, and SSL 3's pair, which is signed bare. */
export const PKCS1_DIGESTS: readonly DigestName[] = DIGEST_NAMES.filter(
  (name) => findDigest(name).oid !== undefined || name === 'ssl3',
);

/** The hashes that OpenSSL takes for PSS and for MGF1: no BLAKE2. */
export const PSS_DIGESTS: readonly DigestName[] = DIGEST_NAMES.filter((name) => findDigest(name).oid !== undefined);

/**
 * The shortest modulus, in bits, that has room for PSS with a salt as long as the digest (RFC 8017, section 9.1.1:
 * emLen >= hLen + sLen + 2, with emLen in bytes of modulusBits - 1 bits).
 */
export function minPssModulusBits(digest: DigestName): number {
  return (2 * findDigest(digest).bytes + 1) * 8 + 2;
}
