import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openPriceFile, parsePrices } from './price-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'countersign-prices-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const DAY_MS = 86_400_000;
const AT = Date.parse('2026-01-31T12:00:00Z');
const table = (usd: string): string =>
  JSON.stringify({ at: '2026-01-31T12:00:00Z', prices: { 'evm:1:native': { usd, decimals: 18 } } });

function open(text: string): {
  readonly value: (amount: bigint) => bigint | undefined;
  readonly advance: (ms: number) => void;
  readonly path: string;
  readonly faults: string[];
} {
  const path = join(folder, `${Math.random()}.json`);
  writeFileSync(path, text);
  let nowMs = AT;
  const faults: string[] = [];
  const prices = openPriceFile({ path, maxAgeMs: DAY_MS, now: () => nowMs, onFault: (reason) => faults.push(reason) });
  return {
    path,
    faults,
    advance: (ms) => {
      nowMs += ms;
    },
    value: (amount) => prices.valueUsdMicros('evm', '1', { kind: 'native' }, amount),
  };
}

describe('prices from a file', () => {
  it('value amounts in millionths of a dollar, rounded up', () => {
    const { value } = open(table('3120.55'));
    expect(value(10n ** 18n)).toBe(3_120_550_000n);
    expect(value(1n)).toBe(1n);
    expect(value(0n)).toBe(0n);
  });

  it('keep every digit of a price below a millionth of a dollar', () => {
    const { value } = open(table('0.00000001'));
    expect(value(10n ** 18n)).toBe(1n);
    expect(value(10n ** 20n)).toBe(1n);
    expect(value(10n ** 21n)).toBe(10n);
  });

  it('are none where they are too old, or for what has no price', () => {
    const { value, advance } = open(table('1'));
    expect(value(1n)).toBeDefined();
    advance(DAY_MS + 1);
    expect(value(1n)).toBeUndefined();
    const { path } = open(table('1'));
    const prices = openPriceFile({ path, maxAgeMs: DAY_MS, now: () => AT, onFault: () => {} });
    expect(prices.valueUsdMicros('evm', '5', { kind: 'native' }, 1n)).toBeUndefined();
    expect(prices.valueUsdMicros('evm', undefined, { kind: 'native' }, 1n)).toBeUndefined();
    expect(prices.valueUsdMicros('evm', '1', { kind: 'token', contract: '0x00' }, 1n)).toBeUndefined();
  });

  it('follow the file, stay as they were while its text is broken, and end with it', () => {
    const { value, advance, path, faults } = open(table('1'));
    expect(value(10n ** 18n)).toBe(1_000_000n);
    writeFileSync(path, table('20.5'));
    advance(5_000);
    expect(value(10n ** 18n)).toBe(20_500_000n);
    writeFileSync(path, '{');
    advance(5_000);
    expect(value(10n ** 18n)).toBe(20_500_000n);
    advance(5_000);
    expect(value(10n ** 18n)).toBe(20_500_000n);
    expect(faults).toHaveLength(1);
    rmSync(path);
    advance(5_000);
    expect(value(10n ** 18n)).toBeUndefined();
    expect(faults).toHaveLength(2);
    writeFileSync(path, table('3'));
    advance(5_000);
    expect(value(10n ** 18n)).toBe(3_000_000n);
  });

  it.each([
    ['[]', /object/],
    ['{"at":"then","prices":{}}', /at must/],
    ['{"at":"2026-01-31T12:00:00Z","prices":{"a":{"usd":1,"decimals":18}}}', /a must be/],
    ['{"at":"2026-01-31T12:00:00Z","prices":{"a":{"usd":"-1","decimals":18}}}', /a must be/],
    ['{"at":"2026-01-31T12:00:00Z","prices":{"a":{"usd":"1","decimals":37}}}', /a must be/],
  ])('refuse %s', (text, reason) => {
    expect(() => parsePrices(text)).toThrow(reason);
  });
});
