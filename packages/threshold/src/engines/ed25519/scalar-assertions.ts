import { isScalar } from './scalar-arithmetic.ts';

const SCALAR_BYTES = 32;

/** A library reads 32 bytes, whatever it is given, and reduces some numbers but not others. @throws RangeError */
export function assertScalar(scalar: Uint8Array): void {
  if (!isScalar(scalar)) throw new RangeError('not a scalar: 32 bytes below the order of the group');
}

/** A library writes 32 bytes, whatever there is room for. @throws RangeError */
export function assertRoom(out: Uint8Array): void {
  if (out.length !== SCALAR_BYTES) throw new RangeError('a scalar takes 32 bytes');
}
