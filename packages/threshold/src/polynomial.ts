/** Polynomials over scalars, and Feldman's commitments to them (RFC 9591, appendix C). */
import type { Point, PrimeOrderGroup } from './group.ts';

const SCALAR_BYTES = 32;

/**
 * `out` = the polynomial's value, by Horner's rule (polynomial_evaluate).
 * @param coefficients in secret memory, one after another, the constant first
 * @param at public
 */
export function evaluatePolynomial(
  group: PrimeOrderGroup,
  out: Uint8Array,
  coefficients: Uint8Array,
  at: number,
): void {
  const x = group.scalarOf(at);
  out.fill(0);
  for (let start = coefficients.length - SCALAR_BYTES; start >= 0; start -= SCALAR_BYTES) {
    group.multiplyScalars(out, out, x);
    group.addScalars(out, out, coefficients.subarray(start, start + SCALAR_BYTES));
  }
}

/** Each coefficient times the generator (vss_commit). */
export function commitToPolynomial(group: PrimeOrderGroup, coefficients: Uint8Array): readonly Point[] {
  return Array.from({ length: coefficients.length / SCALAR_BYTES }, (_, i) =>
    group.multiplyBase(coefficients.subarray(SCALAR_BYTES * i, SCALAR_BYTES * (i + 1))),
  );
}

/** The polynomial's value times the generator, from the commitments (derive_group_info). */
export function evaluateCommitments(group: PrimeOrderGroup, commitments: readonly Point[], at: number): Point {
  const x = group.scalarOf(at);
  return commitments.reduceRight(
    (sum, commitment) => group.add([group.multiplyPublic(sum, x), commitment]),
    group.identity,
  );
}
