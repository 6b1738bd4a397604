import { describe, expect, it } from 'vitest';
import { contextOf, payment, viewOf } from '../../../test/governance-fixtures.ts';
import { recipientWhitelist } from './recipient-whitelist.ts';

const list = { addresses: ['0xaa', '0xbb'] };
const triggers = (view: ReturnType<typeof viewOf>, configuration = list): boolean =>
  recipientWhitelist.judge(configuration, contextOf({ view })).triggered;
const call = (to: string | undefined) => ({ to, selector: '0x12345678', dataBytes: 4 });

describe('recipientWhitelist', () => {
  it('lets payments, allowances and calls to listed addresses pass', () => {
    const transfers = [payment('0xaa', '1'), { ...payment('0xbb', '1'), effect: 'allowance' as const }];
    expect(triggers(viewOf({ transfers, calls: [call('0xbb')] }))).toBe(false);
  });

  it('lets pass what pays nobody and calls nothing', () => {
    expect(triggers(viewOf())).toBe(false);
  });

  it('triggers when one of many recipients is not listed', () => {
    expect(triggers(viewOf({ transfers: [payment('0xaa', '1'), payment('0xcc', '0')] }))).toBe(true);
  });

  it('triggers for an allowance, a call or a deployment beyond the list', () => {
    expect(triggers(viewOf({ transfers: [{ ...payment('0xcc', '1'), effect: 'allowance' }] }))).toBe(true);
    expect(triggers(viewOf({ calls: [call('0xcc')] }))).toBe(true);
    expect(triggers(viewOf({ calls: [call(undefined)] }))).toBe(true);
  });

  it('compares exactly', () => {
    expect(triggers(viewOf({ transfers: [payment('0xAA', '1')] }))).toBe(true);
    expect(triggers(viewOf({ transfers: [payment('0xaa ', '1')] }))).toBe(true);
    expect(triggers(viewOf({ transfers: [payment('0xa', '1')] }))).toBe(true);
  });

  it('takes 1 to 1,000 addresses of one line, and each once', () => {
    const many = (count: number) => ({ addresses: Array.from({ length: count }, (_, index) => `0x${index}`) });
    expect(recipientWhitelist.parse(many(0)).ok).toBe(false);
    expect(recipientWhitelist.parse(many(1000)).ok).toBe(true);
    expect(recipientWhitelist.parse(many(1001)).ok).toBe(false);
    for (const bad of ['', ' ', 'a\nb', '0xaa\u202e', 'x'.repeat(257), 5, null])
      expect(recipientWhitelist.parse({ addresses: ['0xaa', bad] }).ok).toBe(false);
    expect(recipientWhitelist.parse({ addresses: ['a', 'a'] })).toEqual({ ok: true, value: { addresses: ['a'] } });
  });
});
