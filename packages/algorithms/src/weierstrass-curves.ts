/** The short Weierstrass curves that ECDSA runs on (FIPS 186-4, appendix D; SEC 2, version 2). All have cofactor 1. */
import type { LegacyUse } from './legacy-use.ts';

export interface WeierstrassCurve {
  /** Dotted identifier of the named curve. */
  readonly oid: string;
  readonly openssl: string;
  /** Size of the field in bits, the size by which the curve is known. */
  readonly fieldBits: number;
  /** Size of the group's order in bits; secp224k1's is one bit longer than its field. */
  readonly orderBits: number;
  readonly legacy: LegacyUse | undefined;
}

export const WEIERSTRASS_CURVES = {
  'p-192': { oid: '1.2.840.10045.3.1.1', openssl: 'P-192', fieldBits: 192, orderBits: 192, legacy: 'p-192' },
  'p-224': { oid: '1.3.132.0.33', openssl: 'P-224', fieldBits: 224, orderBits: 224, legacy: undefined },
  'p-256': { oid: '1.2.840.10045.3.1.7', openssl: 'P-256', fieldBits: 256, orderBits: 256, legacy: undefined },
  'p-384': { oid: '1.3.132.0.34', openssl: 'P-384', fieldBits: 384, orderBits: 384, legacy: undefined },
  'p-521': { oid: '1.3.132.0.35', openssl: 'P-521', fieldBits: 521, orderBits: 521, legacy: undefined },
  secp192k1: { oid: '1.3.132.0.31', openssl: 'secp192k1', fieldBits: 192, orderBits: 192, legacy: 'secp192k1' },
  secp224k1: { oid: '1.3.132.0.32', openssl: 'secp224k1', fieldBits: 224, orderBits: 225, legacy: undefined },
  secp256k1: { oid: '1.3.132.0.10', openssl: 'secp256k1', fieldBits: 256, orderBits: 256, legacy: undefined },
} as const satisfies Record<string, WeierstrassCurve>;

export type WeierstrassCurveName = keyof typeof WEIERSTRASS_CURVES;

/** Width of a private scalar, and of r and s, in bytes. */
export function scalarBytes(curve: WeierstrassCurve): number {
  return Math.ceil(curve.orderBits / 8);
}

/** Length of an uncompressed SEC 1 point in bytes. */
export function uncompressedPointBytes(curve: WeierstrassCurve): number {
  return 1 + 2 * Math.ceil(curve.fieldBits / 8);
}
