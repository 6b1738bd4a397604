import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contextOf, payment, viewOf } from '../../../test/governance-fixtures.ts';
import { NO_PRICES } from '../../ports/price-source.ts';
import { amountLimit } from './amount-limit.ts';
import { amountVelocity } from './amount-velocity.ts';
import { countVelocity } from './count-velocity.ts';
import { formatUsdMicros, parseUsdMicros } from './usd-limit.ts';

const paying = (...amounts: readonly string[]) =>
  viewOf({ transfers: amounts.map((amount) => payment('0xaa', amount)) });
const limit = (limitUsd: string, view: ReturnType<typeof viewOf>, prices = contextOf().prices): boolean =>
  amountLimit.judge({ limitUsd, currency: 'USD' }, contextOf({ view, prices })).triggered;

describe('amountLimit', () => {
  it('triggers above the limit and not at it', () => {
    expect(limit('10', paying('10'))).toBe(false);
    expect(limit('9.999999', paying('10'))).toBe(true);
  });

  it('adds up all transfers of an item, allowances too', () => {
    expect(limit('10', paying('4', '6'))).toBe(false);
    expect(limit('10', paying('4', '7'))).toBe(true);
    const transfers = [payment('0xaa', '4'), { ...payment('0xbb', '7'), effect: 'allowance' as const }];
    expect(limit('10', viewOf({ transfers }))).toBe(true);
  });

  it('triggers where one transfer has no price, whatever its amount', () => {
    const token = { ...payment('0xaa', '0'), asset: { kind: 'token' as const, contract: '0xcc' } };
    expect(limit('10', viewOf({ transfers: [payment('0xaa', '1'), token] }))).toBe(true);
    expect(limit('10', paying('1'), NO_PRICES)).toBe(true);
  });

  it('needs no price where nothing moves', () => {
    expect(limit('0', viewOf(), NO_PRICES)).toBe(false);
  });

  it('triggers for amounts that are no whole numbers', () => {
    for (const amount of ['', '-1', '1.5', '0x10', '1e3', ' 1', '9'.repeat(79)])
      expect(limit('99999999999', paying(amount))).toBe(true);
  });

  it('triggers for an unlimited allowance', () => {
    expect(limit('99999999999', paying((2n ** 256n - 1n).toString()))).toBe(true);
  });
});

describe('amountVelocity', () => {
  const configuration = { limitUsd: '10.5', currency: 'USD', windowMinutes: 60 };

  it('spends the sum of the item in millionths of a dollar', () => {
    expect(amountVelocity.judge(configuration, contextOf({ view: paying('4', '6') }))).toMatchObject({
      triggered: false,
      spend: { unit: 'usd-micros', windowMs: 3_600_000, limit: 10_500_000n, amount: 10_000_000n },
    });
  });

  it('spends nothing where nothing of value moves', () => {
    expect(amountVelocity.judge(configuration, contextOf())).not.toHaveProperty('spend');
  });

  it('spends all of what is over the limit alone: the limit may be raised after people have approved it', () => {
    const huge = paying((2n ** 256n - 1n).toString());
    expect(amountVelocity.judge(configuration, contextOf({ view: huge }))).toMatchObject({
      spend: { limit: 10_500_000n, amount: (2n ** 256n - 1n) * 1_000_000n },
    });
  });
});

describe('countVelocity', () => {
  it('counts an item once, whether it can be read or not', () => {
    for (const view of [paying('1', '2'), { kind: 'opaque' } as const])
      expect(countVelocity.judge({ limit: 5, windowMinutes: 1 }, contextOf({ view }))).toMatchObject({
        triggered: false,
        spend: { unit: 'signatures', windowMs: 60_000, limit: 5n, amount: 1n },
      });
  });

  it('takes windows of 1 minute to 30 days', () => {
    for (const [windowMinutes, ok] of [
      [0, false],
      [1, true],
      [43_200, true],
      [43_201, false],
      [1.5, false],
    ] as const) {
      expect(countVelocity.parse({ limit: 1, windowMinutes }).ok).toBe(ok);
      expect(amountVelocity.parse({ limitUsd: '1', windowMinutes }).ok).toBe(ok);
    }
    for (const bad of [0, -1, 1.5, 1_000_000_001, '1'])
      expect(countVelocity.parse({ limit: bad, windowMinutes: 1 }).ok).toBe(false);
  });
});

describe('a limit in dollars', () => {
  it('is read exactly and written in one form', () => {
    expect(parseUsdMicros('1500.50')).toBe(1_500_500_000n);
    expect(amountLimit.parse({ limitUsd: '007.10' })).toEqual({
      ok: true,
      value: { limitUsd: '7.1', currency: 'USD' },
    });
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 17n - 1n }), (micros) => {
        expect(parseUsdMicros(formatUsdMicros(micros))).toBe(micros);
      }),
    );
  });

  it('is no number, nothing negative, nothing finer than a millionth, no other currency', () => {
    for (const bad of [10, '-1', '1e3', '1.', '.5', '1.0000001', '1,5', ' 1', '', '100000000000', null])
      expect(amountLimit.parse({ limitUsd: bad }).ok).toBe(false);
    expect(amountLimit.parse({ limitUsd: '1', currency: 'EUR' }).ok).toBe(false);
  });
});
