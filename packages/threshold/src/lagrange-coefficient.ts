import type { PrimeOrderGroup } from './group.ts';

/**
 * RFC 9591, section 4.2, derive_interpolating_value: the Lagrange coefficient at 0 of one signer among the signers.
 *
 * @param identifiers 1 to 2^32 - 1, each of them once
 * @param identifier one of them
 * @throws RangeError for anything else
 */
export function lagrangeCoefficient(
  group: PrimeOrderGroup,
  identifiers: readonly number[],
  identifier: number,
): Uint8Array {
  if (identifiers.includes(0)) throw new RangeError('0 identifies nobody');
  if (new Set(identifiers).size !== identifiers.length) throw new RangeError('a signer is named twice');
  if (!identifiers.includes(identifier)) throw new RangeError("the signer isn't among the signers");

  const numerator = group.scalarOf(1);
  const denominator = group.scalarOf(1);
  for (const other of identifiers) {
    if (other === identifier) continue;
    group.multiplyScalars(numerator, numerator, group.scalarOf(other));
    const difference = group.scalarOf(Math.abs(other - identifier));
    if (other < identifier) group.negateScalar(difference, difference);
    group.multiplyScalars(denominator, denominator, difference);
  }
  const coefficient = new Uint8Array(numerator.length);
  group.multiplyScalars(coefficient, numerator, group.invertPublic(denominator));
  return coefficient;
}
