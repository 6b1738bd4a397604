/** Encodings in which the identity is a value too (BIP 445, `cbytes_ext` and `cpoint_ext`): 33 zero bytes. */
import type { Point } from '../group.ts';
import type { Secp256k1Group } from './secp256k1-group.ts';

const POINT_BYTES = 33;

/** 33 bytes. */
export function encodeExtended(group: Secp256k1Group, p: Point): Uint8Array {
  return group.isIdentity(p) ? new Uint8Array(POINT_BYTES) : group.encode(p);
}

/** Undefined for what is neither 33 zeros nor the encoding of a point. */
export function decodeExtended(group: Secp256k1Group, encoded: Uint8Array): Point | undefined {
  if (encoded.length === POINT_BYTES && encoded.every((byte) => byte === 0)) return group.identity;
  return group.decode(encoded);
}
