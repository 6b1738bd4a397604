import { describe, expect, it } from 'vitest';
import { percentile } from './percentile.ts';

describe('percentile', () => {
  const hundred = Float64Array.from({ length: 100 }, (_, index) => index + 1);

  it('takes the nearest rank', () => {
    expect(percentile(hundred, 0.5)).toBe(50);
    expect(percentile(hundred, 0.99)).toBe(99);
    expect(percentile(hundred, 1)).toBe(100);
  });

  it('gives the only sample for every share', () => {
    expect(percentile(Float64Array.of(7), 0)).toBe(7);
    expect(percentile(Float64Array.of(7), 0.99)).toBe(7);
  });

  it('knows nothing about no samples', () => {
    expect(percentile(new Float64Array(0), 0.5)).toBeNaN();
  });
});
