/** Shamir's sharing in big integers, independent of the package's own arithmetic. */
import { randomBytes } from 'node:crypto';
import type { Curve } from './curves.ts';

export type Polynomial = readonly bigint[];

export interface SharedKey {
  readonly curve: Curve;
  readonly threshold: number;
  readonly secret: bigint;
  readonly groupKey: Uint8Array;
  /** By index; each is the polynomial at index + 1. */
  readonly shares: readonly bigint[];
  readonly publicShares: readonly Uint8Array[];
}

export function shareKey(curve: Curve, threshold: number, holders: number): SharedKey {
  const polynomial = Array.from({ length: threshold }, () => randomScalar(curve));
  const shares = Array.from({ length: holders }, (_, index) => evaluate(curve, polynomial, index + 1));
  const secret = polynomial[0] ?? 0n;
  return {
    ...{ curve, threshold, secret, shares },
    groupKey: curve.multiplyBase(secret),
    publicShares: shares.map((share) => curve.multiplyBase(share)),
  };
}

/** Not zero. */
export function randomScalar({ order }: Curve): bigint {
  return (BigInt(`0x${randomBytes(48).toString('hex')}`) % (order - 1n)) + 1n;
}

export function evaluate({ order }: Curve, polynomial: Polynomial, at: number): bigint {
  return mod(
    polynomial.reduceRight((sum, coefficient) => sum * BigInt(at) + coefficient, 0n),
    order,
  );
}

/** The Lagrange coefficient at 0 for the share with this index among those. */
export function weight({ order }: Curve, indexes: readonly number[], index: number): bigint {
  let product = 1n;
  for (const other of indexes) {
    if (other === index) continue;
    product = mod(product * BigInt(other + 1) * invert(BigInt(other - index), order), order);
  }
  return product;
}

/** What these shares, by index, put together to. */
export function combine(curve: Curve, shares: ReadonlyMap<number, bigint>): bigint {
  const indexes = [...shares.keys()];
  return mod(
    indexes.reduce((sum, index) => sum + weight(curve, indexes, index) * (shares.get(index) ?? 0n), 0n),
    curve.order,
  );
}

export function invert(value: bigint, order: bigint): bigint {
  let [a, b, x, y] = [mod(value, order), order, 1n, 0n];
  while (b !== 0n) [a, b, x, y] = [b, a % b, y, x - (a / b) * y];
  return mod(x, order);
}

export function mod(value: bigint, order: bigint): bigint {
  return ((value % order) + order) % order;
}
