import type { Asset } from '@countersign/chains/view';

/** What assets are worth, as the operator says. Synchronous: prices are held in memory. */
export interface PriceSource {
  /**
   * Value of an amount of an asset's smallest units in millionths of a US dollar, rounded up. Undefined where there is no
   * price, or only one that is older than the operator allows: value rules then count as triggered.
   */
  valueUsdMicros(chain: string, network: string | undefined, asset: Asset, amount: bigint): bigint | undefined;
}

/** Where the operator configured none. */
export const NO_PRICES: PriceSource = { valueUsdMicros: () => undefined };
