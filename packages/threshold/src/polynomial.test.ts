import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CURVES } from '../test/redeal/curves.ts';
import { combine, evaluate, randomScalar, weight } from '../test/redeal/shamir.ts';
import { lagrangeCoefficient } from './lagrange-coefficient.ts';
import { commitToPolynomial, evaluateCommitments, evaluatePolynomial } from './polynomial.ts';

describe.each(CURVES)('polynomials on $name, beside big integers', (curve) => {
  const { group } = curve;
  describe.skipIf(group === undefined)('with the native group', () => {
    if (group === undefined) return;
    const at = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(2 ** 32 - 1, 65_536));

    it('evaluates them, and their commitments to the same', () => {
      fc.assert(
        fc.property(fc.integer({ min: 1, max: 7 }), at, (length, x) => {
          const polynomial = Array.from({ length }, () => randomScalar(curve));
          const coefficients = Uint8Array.from(polynomial.flatMap((value) => [...curve.toBytes(value)]));
          // What was there before doesn't count.
          const out = new Uint8Array(32).fill(1);
          evaluatePolynomial(group, out, coefficients, x);
          const expected = evaluate(curve, polynomial, x);
          expect(curve.toScalar(out)).toBe(expected);
          const commitments = commitToPolynomial(group, coefficients);
          const encoded = commitments.map((point) => Buffer.from(group.encode(point)));
          expect(encoded).toEqual(polynomial.map((value) => Buffer.from(curve.multiplyBase(value))));
          const point = Buffer.from(group.encode(evaluateCommitments(group, commitments, x)));
          expect(point).toEqual(Buffer.from(curve.multiplyBase(expected)));
        }),
        { numRuns: 15 },
      );
    });

    it('gives the identity for no commitments, and takes it as the first', () => {
      expect(group.isIdentity(evaluateCommitments(group, [], 3))).toBe(true);
      const point = evaluateCommitments(group, [group.identity, group.generator], 3);
      expect(Buffer.from(group.encode(point))).toEqual(Buffer.from(curve.multiplyBase(3n)));
    });

    it('weighs shares so that they add up to the constant', () => {
      const indexes = fc.uniqueArray(fc.nat({ max: 100 }), { minLength: 1, maxLength: 7 });
      fc.assert(
        fc.property(indexes, (some) => {
          const polynomial = some.map(() => randomScalar(curve));
          const shares = new Map(some.map((index) => [index, evaluate(curve, polynomial, index + 1)]));
          expect(combine(curve, shares)).toBe(polynomial[0]);
          const identifiers = some.map((index) => index + 1);
          for (const index of some) {
            const coefficient = lagrangeCoefficient(group, identifiers, index + 1);
            expect(curve.toScalar(coefficient)).toBe(weight(curve, some, index));
          }
        }),
        { numRuns: 25 },
      );
    });

    it.each([
      { identifiers: [0, 1], identifier: 1 },
      { identifiers: [1, 2, 1], identifier: 1 },
      { identifiers: [1, 2], identifier: 3 },
      { identifiers: [], identifier: 1 },
    ])('has no weight for $identifier among $identifiers', ({ identifiers, identifier }) => {
      expect(() => lagrangeCoefficient(group, identifiers, identifier)).toThrow(RangeError);
    });
  });
});
