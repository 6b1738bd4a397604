import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isValidScalar, randomScalar } from './ec-scalar.ts';

const toBytes = (value: bigint, width: number) =>
  Uint8Array.from(Buffer.from(value.toString(16).padStart(2 * width, '0'), 'hex'));

describe('EC scalars', () => {
  it('are valid from 1 to order - 1, by any order', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 2n ** 56n, max: 2n ** 64n - 1n }),
        fc.bigInt({ min: -3n, max: 3n }),
        (order, near) => {
          const bytes = toBytes(order, 8);
          const candidate = order + near;
          if (candidate < 2n ** 64n) expect(isValidScalar(toBytes(candidate, 8), bytes)).toBe(near < 0n);
          expect(isValidScalar(new Uint8Array(8), bytes)).toBe(false);
          expect(isValidScalar(toBytes(1n, 8), bytes)).toBe(true);
        },
      ),
    );
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 9, maxLength: 9 }),
        fc.bigInt({ min: 2n ** 64n, max: 2n ** 72n - 1n }),
        (scalar, order) => {
          const value = BigInt(`0x${Buffer.from(scalar).toString('hex')}`);
          expect(isValidScalar(scalar, toBytes(order, 9))).toBe(value > 0n && value < order);
        },
      ),
    );
    expect(isValidScalar(Uint8Array.of(1), Uint8Array.of(0, 7))).toBe(false);
  });

  it('are drawn from the whole range and nothing beyond', () => {
    const order = Uint8Array.of(0x01, 0x03);
    const seen = new Set<number>();
    for (let draw = 0; draw < 8000; draw++) {
      const scalar = randomScalar(order);
      seen.add(((scalar[0] ?? 0) << 8) | (scalar[1] ?? 0));
    }
    expect(seen.size).toBe(0x102);
    expect(Math.min(...seen)).toBe(1);
    expect(Math.max(...seen)).toBe(0x102);
  });
});
