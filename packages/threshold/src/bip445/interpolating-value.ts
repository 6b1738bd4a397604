import type { Secp256k1Group } from '../secp256k1/secp256k1-group.ts';

/**
 * BIP 445, `DeriveInterpolatingValue`: the Lagrange coefficient at zero for the polynomial whose value for identifier
 * i is taken at i + 1. A public scalar.
 *
 * @param ids distinct, each below 2^32 - 1
 * @param id one of them
 */
export function deriveInterpolatingValue(group: Secp256k1Group, ids: readonly number[], id: number): Uint8Array {
  const numerator = group.scalarOf(1);
  const denominator = group.scalarOf(1);
  for (const other of ids) {
    if (other === id) continue;
    group.multiplyScalars(numerator, numerator, group.scalarOf(other + 1));
    group.multiplyScalars(denominator, denominator, group.scalarOf(Math.abs(other - id)));
    if (other < id) group.negateScalar(denominator, denominator);
  }
  group.multiplyScalars(numerator, numerator, group.invertPublic(denominator));
  return numerator;
}
