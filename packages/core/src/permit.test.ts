import { describe, expect, it } from 'vitest';
import type { KeyRecord } from './key-record.ts';
import { mintPermits, PermitSet } from './permit.ts';

const key = { id: 'k' } as unknown as KeyRecord;
const item = (byte: number) => ({ key, scheme: {}, bytes: Uint8Array.of(byte) });

describe('permits', () => {
  it('carry exactly the minted items and the batch id, once', () => {
    const permits = mintPermits({ batchId: 7, itemCount: 2 }, [item(1), item(2)]);
    expect(PermitSet.redeem(permits)).toEqual({ batchId: 7, items: [item(1), item(2)] });
    expect(() => PermitSet.redeem(permits)).toThrow('permit used twice');
  });

  it('are minted once for a receipt, and only for the number of items that it covers', () => {
    const receipt = { batchId: 8, itemCount: 1 };
    expect(() => mintPermits(receipt, [item(1), item(2)])).toThrow('another batch');
    mintPermits(receipt, [item(1)]);
    expect(() => mintPermits(receipt, [item(1)])).toThrow('receipt used twice');
  });

  it('cannot be forged', () => {
    const forged: unknown = Object.create(PermitSet.prototype);
    expect(() => PermitSet.redeem(forged as PermitSet)).toThrow('without a permit');
    expect(() => PermitSet.redeem({ batchId: 1, items: [item(1)] } as unknown as PermitSet)).toThrow(
      'without a permit',
    );
    expect(() => PermitSet.redeem(undefined as unknown as PermitSet)).toThrow('without a permit');
    expect(() => new PermitSet(Symbol('mint'), 1, [item(1)])).toThrow('mintPermits');
  });

  it('split into sets that together hold every item once, and spend the original', () => {
    const permits = mintPermits({ batchId: 9, itemCount: 3 }, [item(1), item(2), item(3)]);
    const [left, right] = permits.split([[2, 0], [1]]);
    if (left === undefined || right === undefined) throw new Error('two sets expected');
    expect(() => PermitSet.redeem(permits)).toThrow('permit used twice');
    expect(PermitSet.redeem(left).items).toEqual([item(3), item(1)]);
    expect(PermitSet.redeem(right)).toEqual({ batchId: 9, items: [item(2)] });
  });

  it.each([[[[0], [0]]], [[[0]]], [[[0, 1], [5]]]])('refuse a split that loses or doubles an item: %j', (parts) => {
    const permits = mintPermits({ batchId: 10, itemCount: 2 }, [item(1), item(2)]);
    expect(() => permits.split(parts)).toThrow();
  });
});
