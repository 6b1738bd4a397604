import type { DigestName } from '@countersign/algorithms/digests';

/** DSM's words for digests. `undefined`: a word of the reference that isn't supported yet. */
export const DIGEST_WORDS: ReadonlyMap<string, DigestName | undefined> = new Map<string, DigestName | undefined>([
  ['SHA1', 'sha-1'],
  ['SHA224', 'sha-224'],
  ['SHA256', 'sha-256'],
  ['SHA384', 'sha-384'],
  ['SHA512', 'sha-512'],
  ['SHA3_224', 'sha3-224'],
  ['SHA3_256', 'sha3-256'],
  ['SHA3_384', 'sha3-384'],
  ['SHA3_512', 'sha3-512'],
  ['BLAKE2B256', 'blake2b-256'],
  ['BLAKE2B384', 'blake2b-384'],
  ['BLAKE2B512', 'blake2b-512'],
  ['BLAKE2S256', 'blake2s-256'],
  ['RIPEMD160', 'ripemd160'],
  ['SSL3', 'ssl3'],
  ['STREEBOG256', undefined],
  ['STREEBOG512', undefined],
]);

/** Why a word isn't the name of a digest that we have. */
export function refuseDigestWord(
  member: string,
  word: unknown,
): { readonly supported: boolean; readonly reason: string } {
  if (typeof word === 'string' && DIGEST_WORDS.has(word))
    return { supported: false, reason: `${member}: ${word} is not supported yet` };
  return { supported: true, reason: `${member} must be one of ${[...DIGEST_WORDS.keys()].join(', ')}` };
}
