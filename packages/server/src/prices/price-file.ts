/**
 * Prices that the operator keeps in a file:
 *
 *   { "at": "2026-01-31T12:00:00Z", "prices": { "evm:1:native": { "usd": "3120.55", "decimals": 18 },
 *                                               "evm:1:0xa0b8...eb48": { "usd": "1", "decimals": 6 } } }
 *
 * A key is chain, network and asset (`native`, or the contract in lower case). The file is read again when it changes. A
 * text that can't be understood leaves the last prices, which then grow old; a file that can't be read leaves none.
 */
import { readFileSync, statSync } from 'node:fs';
import type { Asset } from '@countersign/chains/view';
import type { PriceSource } from '@countersign/core/ports/price-source';

export interface PriceFileOptions {
  readonly path: string;
  readonly maxAgeMs: number;
  readonly now: () => number;
  /** A file that can't be used; at most once for each version of the file. */
  readonly onFault: (reason: string) => void;
}

/** `usdMicros` for 10^`decimals` of the asset's smallest unit. */
interface Price {
  readonly usdMicros: bigint;
  readonly unit: bigint;
}

interface PriceTable {
  readonly atMs: number;
  readonly prices: ReadonlyMap<string, Price>;
}

/** How often the file's time of change is looked at, at most. */
const LOOK_EVERY_MS = 2_000;
const MAX_FILE_BYTES = 4 * 1024 * 1024;
const MAX_PRICES = 50_000;
const MAX_DECIMALS = 36;
const MICRO_DIGITS = 6;

export function openPriceFile({ path, maxAgeMs, now, onFault }: PriceFileOptions): PriceSource {
  let table: PriceTable | undefined;
  let version = '';
  let lookedAtMs = Number.NEGATIVE_INFINITY;

  function refresh(): void {
    if (now() - lookedAtMs < LOOK_EVERY_MS) return;
    lookedAtMs = now();
    let seen = 'unreadable';
    let text: string | undefined;
    try {
      const { mtimeMs, size, ino } = statSync(path);
      seen = `${mtimeMs}/${size}/${ino}`;
      if (seen === version) return;
      if (size > MAX_FILE_BYTES) throw new Error(`it has more than ${MAX_FILE_BYTES} bytes`);
      text = readFileSync(path, 'utf8');
      table = parsePrices(text);
    } catch (error) {
      // A text that doesn't parse may be half written: the last prices stand. A file that is gone, or that this process may
      // not read, says that they no longer do.
      if (text === undefined) {
        table = undefined;
        seen = 'unreadable';
      }
      if (seen !== version) onFault(error instanceof Error ? error.message : 'it cannot be read');
    }
    version = seen;
  }

  return {
    valueUsdMicros(chain, network, asset, amount) {
      refresh();
      if (table === undefined || network === undefined) return undefined;
      const ageMs = now() - table.atMs;
      // One from the future is a clock that is wrong, here or there: nothing to judge by.
      if (ageMs > maxAgeMs || ageMs < -maxAgeMs) return undefined;
      const price = table.prices.get(`${chain}:${network}:${assetName(asset)}`);
      if (price === undefined || amount < 0n) return undefined;
      return (amount * price.usdMicros + price.unit - 1n) / price.unit;
    },
  };
}

/** @throws Error that says what is wrong with the text */
export function parsePrices(text: string): PriceTable {
  const file = JSON.parse(text) as unknown;
  if (!isRecord(file)) throw new Error('it must be an object');
  const atMs = typeof file['at'] === 'string' ? Date.parse(file['at']) : Number.NaN;
  if (Number.isNaN(atMs)) throw new Error('at must be a date');
  const { prices } = file;
  if (!isRecord(prices)) throw new Error('prices must be an object');
  const entries = Object.entries(prices);
  if (entries.length > MAX_PRICES) throw new Error(`it has more than ${MAX_PRICES} prices`);
  return { atMs, prices: new Map(entries.map(([name, value]) => [name, parsePrice(name, value)])) };
}

function parsePrice(name: string, value: unknown): Price {
  const { usd, decimals } = isRecord(value) ? value : {};
  const [, whole, fraction = ''] = typeof usd === 'string' ? (/^(\d{1,15})(?:\.(\d{1,18}))?$/.exec(usd) ?? []) : [];
  const isCount =
    typeof decimals === 'number' && Number.isInteger(decimals) && decimals >= 0 && decimals <= MAX_DECIMALS;
  if (whole === undefined || !isCount)
    throw new Error(`${name.slice(0, 100)} must be {"usd": "12.34", "decimals": 18}`);
  // As many digits as were given: a price below a millionth of a dollar isn't nothing.
  const digits = Math.max(fraction.length, MICRO_DIGITS);
  const scaled = BigInt(whole + fraction.padEnd(digits, '0'));
  return { usdMicros: scaled, unit: 10n ** BigInt(decimals) * 10n ** BigInt(digits - MICRO_DIGITS) };
}

function assetName(asset: Asset): string {
  // What a collection's single pieces are worth, no price of the collection says.
  if (asset.kind === 'native') return 'native';
  return asset.tokenId === undefined ? asset.contract : `${asset.contract}/${asset.tokenId}`;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
