/** Products of scalars modulo the order L of Ed25519's prime-order group (RFC 8032, section 5.1), little-endian. */
import sodium from 'sodium-native';
import { EngineUnavailable } from '../../engine.ts';
import { allocateSecret } from '../../secret-memory.ts';
import { loadLibsodium } from './libsodium.ts';

const SCALAR_BYTES = 32;
const SCALAR_BITS = 253;

/** `out` = factor * secret mod L, in time that tells nothing of the secret. All three are apart, and below L. */
export type MultiplyScalar = (out: Buffer, factor: Buffer, secret: Buffer) => void;

export interface ScalarMultiplication {
  readonly multiply: MultiplyScalar;
  /** For people. */
  readonly description: string;
}

/** By the system's libsodium; where that is missing, many additions of npm's one make up for it. */
export function loadScalarMultiplication(): ScalarMultiplication {
  try {
    const { multiplyScalars, description } = loadLibsodium();
    return { multiply: multiplyScalars, description };
  } catch (error) {
    if (!(error instanceof EngineUnavailable)) throw error;
    return { multiply: multiplyByAdditions(), description: `sodium-native alone (slower: ${error.message})` };
  }
}

/**
 * Bit by bit of the factor, which is public in every use here (the hash of what is published): the steps depend on it, and
 * each of them takes a time that doesn't depend on the secret.
 */
export function multiplyByAdditions(): MultiplyScalar {
  // Additions read and write in locked memory; `out` may be ordinary memory, since a product with a known factor isn't
  // the secret but is as good as it.
  const sum = allocateSecret(SCALAR_BYTES);
  return (out, factor, secret) => {
    sum.fill(0);
    for (let bit = SCALAR_BITS - 1; bit >= 0; bit -= 1) {
      sodium.crypto_core_ed25519_scalar_add(sum, sum, sum);
      if ((((factor[bit >> 3] ?? 0) >> (bit & 7)) & 1) === 1) sodium.crypto_core_ed25519_scalar_add(sum, sum, secret);
    }
    out.set(sum);
    sum.fill(0);
  };
}
