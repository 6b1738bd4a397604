/** Private scalars as fixed-width big-endian bytes. Touches locked memory, so only the sealed processes import it. */
import { EngineFailure } from './engine.ts';
import { freeSecret, randomSecret } from './secret-memory.ts';

/** At least every second draw is in range, so that this many failures can't be chance. */
const MAX_DRAWS = 128;

/** Whether 1 <= scalar < order. Both are big-endian and equally wide. Looks at every byte whatever it finds. */
export function isValidScalar(scalar: Uint8Array, order: Uint8Array): boolean {
  if (scalar.length !== order.length) return false;
  let any = 0;
  let borrow = 0;
  for (let index = scalar.length - 1; index >= 0; index--) {
    const byte = scalar[index] ?? 0;
    any |= byte;
    // scalar - order, from the last byte on: a borrow that is left over means scalar < order.
    borrow = ((byte - (order[index] ?? 0) - borrow) >> 8) & 1;
  }
  return any !== 0 && borrow === 1;
}

/**
 * A uniform scalar of a group, from the kernel's randomness, in locked memory: drawn again while it's out of range
 * (FIPS 186-5, appendix A.2.2), so that no bias enters.
 *
 * @param order big-endian; its first byte isn't zero
 */
export function randomScalar(order: Uint8Array): Buffer {
  // Bits above the order's length would only make most draws fail: for P-521, 127 of 128.
  const mask = (1 << (32 - Math.clz32(order[0] ?? 0))) - 1;
  for (let draw = 0; draw < MAX_DRAWS; draw++) {
    const scalar = randomSecret(order.length);
    scalar[0] = (scalar[0] ?? 0) & mask;
    if (isValidScalar(scalar, order)) return scalar;
    freeSecret(scalar);
  }
  throw new EngineFailure('engine_error', 'the source of randomness is broken');
}
