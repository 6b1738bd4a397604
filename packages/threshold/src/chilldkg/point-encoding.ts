import type { Point } from '../group.ts';
import type { Secp256k1Group } from '../secp256k1/secp256k1-group.ts';

/** 33 bytes: SEC1 compressed, or 33 zeros for the identity, as commitments are sent. */
export function encodeWithIdentity(group: Secp256k1Group, p: Point): Uint8Array {
  return group.isIdentity(p) ? new Uint8Array(33) : group.encode(p);
}

/** Undefined for what encodes no point. */
export function decodeWithIdentity(group: Secp256k1Group, encoded: Uint8Array): Point | undefined {
  return encoded.length === 33 && encoded.every((byte) => byte === 0) ? group.identity : group.decode(encoded);
}
