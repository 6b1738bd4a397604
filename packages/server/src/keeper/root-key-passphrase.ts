import { randomBytes, scryptSync } from 'node:crypto';
import { copySecret } from '@countersign/algorithms/secret-memory';
import type { ScryptParameters } from './installation-record.ts';
import { ROOT_KEY_LENGTH } from './root-key-encoding.ts';

/** What a new installation takes: 128 MB and about half a second a guess (RFC 7914 names N, r and p). */
export function newScryptParameters(): ScryptParameters {
  return { cost: 2 ** 17, blockSize: 8, parallelization: 1, salt: randomBytes(32) };
}

/** The root key of a passphrase (taken in Unicode form NFKC): 32 bytes in locked memory. */
export function deriveRootKey(passphrase: string, parameters: ScryptParameters): Buffer {
  const { cost, blockSize, parallelization, salt } = parameters;
  const derived = scryptSync(passphrase.normalize('NFKC'), salt, ROOT_KEY_LENGTH, {
    cost,
    blockSize,
    parallelization,
    maxmem: 128 * blockSize * (cost + parallelization + 2),
  });
  const key = copySecret(derived);
  derived.fill(0);
  return key;
}
