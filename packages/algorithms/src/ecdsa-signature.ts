/** The DER form of an ECDSA signature: SEQUENCE { INTEGER r, INTEGER s } (RFC 3279, section 2.2.3). */
import { DER_TAGS, DerError, DerReader } from './der.ts';

/** Longest DER signature, in bytes, of a group whose order has `orderBits` bits. */
export function maxEcdsaSignatureBytes(orderBits: number): number {
  // An INTEGER takes a sign bit, hence one byte more than the order where that fills its last byte.
  const integer = 2 + Math.floor(orderBits / 8) + 1;
  const contents = 2 * integer;
  return (contents < 0x80 ? 2 : 3) + contents;
}

/**
 * Writes r || s, two big-endian numbers of equal width (at most 66 bytes), as DER.
 *
 * @returns the number of bytes written to `out`, which must have room for `maxEcdsaSignatureBytes`
 */
export function writeEcdsaSignature(rs: Uint8Array, out: Uint8Array): number {
  const width = rs.length / 2;
  const rLength = integerLength(rs, 0, width);
  const sLength = integerLength(rs, width, rs.length);
  const contents = rLength + sLength + 4;
  let offset = 0;
  out[offset++] = DER_TAGS.sequence;
  if (contents >= 0x80) out[offset++] = 0x81;
  out[offset++] = contents;
  offset = writeInteger(rs, 0, width, rLength, out, offset);
  return writeInteger(rs, width, rs.length, sLength, out, offset);
}

/** r || s, each `width` bytes, or undefined for anything but the strict DER form of two numbers of that width. */
export function readEcdsaSignature(der: Uint8Array, width: number): Uint8Array | undefined {
  try {
    const outer = new DerReader(der);
    const sequence = outer.enter(DER_TAGS.sequence);
    outer.end();
    const r = sequence.readUnsignedInteger();
    const s = sequence.readUnsignedInteger();
    sequence.end();
    if (r.length > width || s.length > width) return undefined;
    const rs = new Uint8Array(2 * width);
    rs.set(r, width - r.length);
    rs.set(s, 2 * width - s.length);
    return rs;
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}

/** Length of the INTEGER's contents: no superfluous zeros, and one where the number would read as negative. */
function integerLength(rs: Uint8Array, start: number, end: number): number {
  let first = start;
  while (first < end - 1 && rs[first] === 0) first++;
  return end - first + ((rs[first] ?? 0) >= 0x80 ? 1 : 0);
}

function writeInteger(
  rs: Uint8Array,
  start: number,
  end: number,
  length: number,
  out: Uint8Array,
  offset: number,
): number {
  out[offset] = DER_TAGS.integer;
  out[offset + 1] = length;
  const stop = offset + 2 + length;
  for (let to = stop - 1, from = end - 1; to >= offset + 2; to--, from--) out[to] = from >= start ? (rs[from] ?? 0) : 0;
  return stop;
}
