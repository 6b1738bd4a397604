import { EngineFailure } from '../../engine.ts';
import type { FillRandom } from '../../kernel-randomness.ts';
import { allocateSecret, freeSecret } from '../../secret-memory.ts';

/** A draw misses the range with a chance of 2^-128: a second miss means that the randomness is broken. */
const ATTEMPTS = 2;

/**
 * A uniformly random private scalar, 32 bytes in locked memory, by rejection.
 * @throws EngineFailure `engine_error` where the source gives nothing usable
 */
export function generateScalar(isPrivateKey: (scalar: Buffer) => boolean, fillRandom: FillRandom): Buffer {
  const scalar = allocateSecret(32);
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    fillRandom(scalar);
    if (isPrivateKey(scalar)) return scalar;
  }
  freeSecret(scalar);
  throw new EngineFailure('engine_error', 'the source of randomness is broken');
}
