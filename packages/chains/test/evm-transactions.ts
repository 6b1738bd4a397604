import fc from 'fast-check';
import { type TransactionSerializable, toHex } from 'viem';
import type { JsonValue } from '../src/chain.ts';
import { anyAddress, anyUint256, hexBytes } from './evm-fixtures.ts';

/** Below 2^50: viem computes a legacy transaction's v in floating point. */
const anyChainId = fc.oneof(fc.integer({ min: 1, max: 2 ** 50 }), fc.constantFrom(1, 10, 56, 137, 8453, 11_155_111));

const common = {
  nonce: fc.oneof(fc.maxSafeNat(), fc.integer({ min: 0, max: 300 })),
  gas: fc.bigInt(0n, 2n ** 64n - 1n),
  value: anyUint256,
  data: fc.oneof(fc.constant('0x' as const), hexBytes(1, 80)),
};
const to = fc.option(anyAddress, { nil: undefined });
const accessList = fc.array(fc.record({ address: anyAddress, storageKeys: fc.array(hexBytes(32), { maxLength: 3 }) }), {
  maxLength: 3,
});
const fees = fc
  .tuple(anyUint256, anyUint256)
  .map(([a, b]) =>
    a < b ? { maxPriorityFeePerGas: a, maxFeePerGas: b } : { maxPriorityFeePerGas: b, maxFeePerGas: a },
  );
const authorization = fc.record({
  chainId: fc.oneof(fc.constant(0), anyChainId),
  address: anyAddress,
  nonce: fc.maxSafeNat(),
  // With a first byte that isn't zero: viem writes r and s without minding leading zeros.
  r: hexBytes(31).map((tail) => `0x7f${tail.slice(2)}` as const),
  s: hexBytes(31).map((tail) => `0x55${tail.slice(2)}` as const),
  yParity: fc.constantFrom(0, 1),
});

/** Unsigned transactions of all types in viem's form. */
export const anyTransaction: fc.Arbitrary<TransactionSerializable> = fc.oneof(
  fc.record({
    ...common,
    type: fc.constant('legacy' as const),
    chainId: fc.option(anyChainId, { nil: undefined }),
    to,
    gasPrice: anyUint256,
  }),
  fc.record({
    ...common,
    type: fc.constant('eip2930' as const),
    chainId: anyChainId,
    to,
    gasPrice: anyUint256,
    accessList,
  }),
  fc
    .tuple(fc.record({ ...common, type: fc.constant('eip1559' as const), chainId: anyChainId, to, accessList }), fees)
    .map(([tx, fee]) => ({ ...tx, ...fee })),
  fc
    .tuple(
      fc.record({
        ...common,
        type: fc.constant('eip7702' as const),
        chainId: anyChainId,
        to: anyAddress,
        accessList,
        authorizationList: fc.array(authorization, { minLength: 1, maxLength: 3 }),
      }),
      fees,
    )
    .map(([tx, fee]) => ({ ...tx, ...fee })),
) as fc.Arbitrary<TransactionSerializable>;

const TYPES: Readonly<Record<string, number>> = { legacy: 0, eip2930: 1, eip1559: 2, eip7702: 4 };

/** The same transaction in our JSON form; numbers written as `number` says. */
export function jsonOf(tx: TransactionSerializable, number: (value: bigint) => JsonValue): JsonValue {
  const members: Record<string, JsonValue> = { type: TYPES[tx.type ?? ''] ?? -1 };
  const { gas, authorizationList, ...others } = tx as Record<string, unknown> & TransactionSerializable;
  members['gasLimit'] = number(gas ?? 0n);
  for (const [name, value] of Object.entries(others)) {
    if (name !== 'type' && value !== undefined) {
      members[name] =
        typeof value === 'bigint' || typeof value === 'number' ? number(BigInt(value)) : (value as JsonValue);
    }
  }
  if (authorizationList !== undefined) {
    members['authorizationList'] = authorizationList.map(({ chainId, address, nonce, r, s, yParity }) => ({
      chainId,
      address,
      nonce,
      signature: { r, s, yParity: yParity ?? 0 },
    }));
  }
  return members;
}

/** Numbers in the three ways in which JSON may have them. */
export const NUMBER_FORMS: readonly ((value: bigint) => JsonValue)[] = [
  (value) => value.toString(),
  (value) => toHex(value),
  (value) => (value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value.toString()),
];
