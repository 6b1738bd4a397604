/**
 * Makes `ml-dsa-made.json`: ML-DSA in all its variants by @noble/post-quantum. Nothing of the code under test is
 * imported. The keys are test keys.
 *
 *     node packages/algorithms/test/known-answers/make-ml-dsa.ts > packages/algorithms/test/known-answers/ml-dsa-made.json
 */
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import { sha3_256, sha3_384, sha3_512 } from '@noble/hashes/sha3.js';
import type { CHash } from '@noble/hashes/utils.js';
import { type DSA, ml_dsa44, ml_dsa65, ml_dsa87 } from '@noble/post-quantum/ml-dsa.js';

/** With each set the weakest hashes that FIPS 204, section 5.4, lets it have, and a stronger one. */
const SETS: readonly (readonly [name: string, scheme: DSA, hashes: Readonly<Record<string, CHash>>])[] = [
  ['ml-dsa-44', ml_dsa44, { 'sha-256': sha256, 'sha3-256': sha3_256, 'sha-512': sha512 }],
  ['ml-dsa-65', ml_dsa65, { 'sha-384': sha384, 'sha3-384': sha3_384, 'sha-512': sha512 }],
  ['ml-dsa-87', ml_dsa87, { 'sha-512': sha512, 'sha3-512': sha3_512 }],
];

const utf8 = (text: string) => new TextEncoder().encode(text);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

function makeAnswers(name: string, scheme: DSA, hashes: Readonly<Record<string, CHash>>) {
  const seed = sha256(utf8(`test seed of ${name}`));
  const { secretKey, publicKey } = scheme.keygen(seed);
  const message = utf8(`message for ${name}`);
  const contexts = [new Uint8Array(0), utf8('context'), new Uint8Array(255).fill(0xc7)];
  const hedge = sha256(utf8(`randomizer for ${name}`));
  const mu = sha512(message);

  const answers = [];
  for (const context of contexts) {
    const signature = scheme.sign(message, secretKey, { context, extraEntropy: false });
    answers.push({ variant: 'pure', context: hex(context), payload: hex(message), signature: hex(signature) });
  }
  const ofNothing = scheme.sign(new Uint8Array(0), secretKey, { extraEntropy: false });
  answers.push({ variant: 'pure', context: '', payload: '', signature: hex(ofNothing) });
  for (const [digest, hash] of Object.entries(hashes)) {
    const context = digest.startsWith('sha3') ? utf8('context') : new Uint8Array(0);
    const signature = scheme.prehash(hash).sign(message, secretKey, { context, extraEntropy: false });
    answers.push({
      variant: 'pre-hash',
      digest,
      context: hex(context),
      payload: hex(hash(message)),
      signature: hex(signature),
    });
  }
  const ofMu = scheme.internal.sign(mu, secretKey, { externalMu: true, extraEntropy: false });
  answers.push({ variant: 'external-mu', payload: hex(mu), signature: hex(ofMu) });
  const hedged = scheme.sign(message, secretKey, { extraEntropy: hedge });
  answers.push({ variant: 'pure', context: '', payload: hex(message), randomizer: hex(hedge), signature: hex(hedged) });

  return { seed: hex(seed), publicKey: hex(publicKey), expandedKey: hex(secretKey), answers };
}

console.log(
  JSON.stringify(
    Object.fromEntries(SETS.map(([name, scheme, hashes]) => [name, makeAnswers(name, scheme, hashes)])),
    null,
    2,
  ),
);
