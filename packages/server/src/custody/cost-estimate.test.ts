import { describe, expect, it } from 'vitest';
import { CostEstimate } from './cost-estimate.ts';
import { recordOf, termsOf } from './sealed-process.fixture.ts';

function keyOf(algorithm: string, parameters = {}): ReturnType<typeof recordOf> {
  return recordOf(termsOf(algorithm), { sealed: new Uint8Array(1), publicKey: new Uint8Array(1), parameters });
}

describe('CostEstimate', () => {
  it('takes the first observation as it is, then follows faster times at once and slower ones reluctantly', () => {
    const costs = new CostEstimate();
    const cost = costs.costOf(keyOf('ecdsa-p256'));
    costs.observe([cost], [100], 2000);
    expect(cost.us).toBeCloseTo(20);
    costs.observe([cost], [100], 4000);
    expect(cost.us).toBeCloseTo(21);
    costs.observe([cost], [100], 1000);
    expect(cost.us).toBeCloseTo(15.5);
  });

  it('tells sizes of one algorithm apart and shares what is the same', () => {
    const costs = new CostEstimate();
    const small = costs.costOf(keyOf('rsa', { modulusBits: 2048 }));
    expect(costs.costOf(keyOf('rsa', { modulusBits: 2048 }))).toBe(small);
    expect(costs.costOf(keyOf('rsa', { modulusBits: 4096 }))).not.toBe(small);
  });

  it('finds the cost of each kind from mixtures', () => {
    const costs = new CostEstimate();
    const fast = costs.costOf(keyOf('fast'));
    const slow = costs.costOf(keyOf('slow'));
    for (let turn = 0; turn < 400; turn++) {
      const counts = turn % 2 === 0 ? [90, 10] : [10, 90];
      costs.observe([fast, slow], counts, (counts[0] ?? 0) * 20 + (counts[1] ?? 0) * 1000);
    }
    expect(slow.us).toBeGreaterThan(800);
    expect(slow.us).toBeLessThan(1200);
    expect(fast.us).toBeLessThan(120);
  });
});
