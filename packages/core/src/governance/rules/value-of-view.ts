import type { View } from '@countersign/chains/view';
import type { PriceSource } from '../../ports/price-source.ts';

export type ViewValue =
  | { readonly known: true; readonly usdMicros: bigint }
  | { readonly known: false; readonly reason: string };

/** 2^256 has 78 digits; a longer amount is nobody's balance, and would only cost time. */
const AMOUNT = /^\d{1,78}$/;

/**
 * What a view moves, or lets others move, in millionths of a US dollar: the sum over all of its transfers. Fees aren't in
 * it. Unknown where the view doesn't say everything, or one asset has no price.
 */
export function valueOfView(view: View, prices: PriceSource): ViewValue {
  if (view.kind === 'opaque') return { known: false, reason: 'what is signed can not be read' };
  if (!view.complete) return { known: false, reason: 'what is signed may move more than can be read' };
  let usdMicros = 0n;
  for (const { asset, amount } of view.transfers) {
    if (!AMOUNT.test(amount)) return { known: false, reason: 'an amount is not a whole number' };
    const units = BigInt(amount);
    // Without a price even nothing has no value that we know: a source that answers for 0 alone would tell us little.
    const value = prices.valueUsdMicros(view.chain, view.network, asset, units);
    if (value === undefined || value < 0n)
      return {
        known: false,
        reason: asset.kind === 'native' ? `no price for ${view.chain}` : 'no price for a token',
      };
    usdMicros += value;
  }
  return { known: true, usdMicros };
}
