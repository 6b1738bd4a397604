const MAX_SMALL = 0xffff_ffff;

/** A public number, 0 to 2^32 - 1, as a scalar: 32 bytes, little-endian. @throws RangeError */
export function smallScalar(value: number): Uint8Array {
  if (!Number.isInteger(value) || value < 0 || value > MAX_SMALL) throw new RangeError('not a number of 32 bits');
  const out = new Uint8Array(32);
  new DataView(out.buffer).setUint32(0, value, true);
  return out;
}
