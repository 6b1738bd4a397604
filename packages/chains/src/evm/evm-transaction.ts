import { InvalidPayload } from './invalid-payload.ts';
import { MAX_UINT64, MAX_UINT256 } from './read-json.ts';

/** An EIP-2930 entry: 20 bytes, and keys of 32 bytes. */
export interface AccessListEntry {
  readonly address: Uint8Array;
  readonly storageKeys: readonly Uint8Array[];
}

/** An EIP-7702 tuple. Chain id 0: valid on every chain. */
export interface SignedAuthorization {
  readonly chainId: bigint;
  readonly address: Uint8Array;
  readonly nonce: bigint;
  readonly yParity: bigint;
  readonly r: bigint;
  readonly s: bigint;
}

/** EIP-2718 types; 0 is the form from before there were types. */
export type TransactionType = 0 | 1 | 2 | 4;

/** An unsigned transaction of any type that we sign. Lists that a type doesn't have are empty. */
export interface EvmTransaction {
  readonly type: TransactionType;
  /** Undefined only in type 0 without EIP-155: valid on every chain. */
  readonly chainId: bigint | undefined;
  readonly nonce: bigint;
  readonly gasLimit: bigint;
  /** Types 0 and 1: the gas price. In wei per unit of gas. */
  readonly maxFeePerGas: bigint;
  /** Types 2 and 4 only; 0 elsewhere. */
  readonly maxPriorityFeePerGas: bigint;
  /** 20 bytes; undefined: a contract is deployed. */
  readonly to: Uint8Array | undefined;
  readonly value: bigint;
  readonly data: Uint8Array;
  readonly accessList: readonly AccessListEntry[];
  readonly authorizationList: readonly SignedAuthorization[];
}

/** Twice EIP-3860's limit of init code has room to spare; nodes relay no transaction above 128 KiB. */
export const MAX_DATA_BYTES = 131_072;
/** Addresses and storage keys together. */
export const MAX_ACCESS_LIST_ENTRIES = 1_000;
export const MAX_AUTHORIZATIONS = 100;
/** Above all chains there are; below it, chain ids are exact as JSON numbers too. */
export const MAX_CHAIN_ID: bigint = 2n ** 53n - 1n;

/**
 * Bounds of a transaction, whichever form it came in; the field names in the reasons are those of the JSON form.
 *
 * @throws InvalidPayload for what no chain takes, or what is beyond our limits
 */
export function checkTransaction(tx: EvmTransaction): void {
  if (tx.chainId === undefined ? tx.type !== 0 : tx.chainId < 1n || tx.chainId > MAX_CHAIN_ID) {
    throw new InvalidPayload(`chainId must be from 1 to ${MAX_CHAIN_ID}.`);
  }
  // EIP-2681.
  requireAtMost(tx.nonce, MAX_UINT64 - 1n, 'nonce');
  requireAtMost(tx.gasLimit, MAX_UINT64, 'gasLimit');
  const dynamicFee = tx.type === 2 || tx.type === 4;
  requireAtMost(tx.maxFeePerGas, MAX_UINT256, dynamicFee ? 'maxFeePerGas' : 'gasPrice');
  requireAtMost(tx.maxPriorityFeePerGas, MAX_UINT256, 'maxPriorityFeePerGas');
  requireAtMost(tx.value, MAX_UINT256, 'value');
  if (tx.maxPriorityFeePerGas > tx.maxFeePerGas) {
    throw new InvalidPayload('maxPriorityFeePerGas must not exceed maxFeePerGas.');
  }
  if (tx.to !== undefined && tx.to.length !== 20) {
    throw new InvalidPayload('to must have 20 bytes.');
  }
  if (tx.data.length > MAX_DATA_BYTES) {
    throw new InvalidPayload(`data has more than ${MAX_DATA_BYTES} bytes.`);
  }
  checkAccessList(tx.accessList);
  checkAuthorizations(tx);
}

function checkAccessList(list: readonly AccessListEntry[]): void {
  let entries = 0;
  for (const { address, storageKeys } of list) {
    entries += 1 + storageKeys.length;
    if (address.length !== 20 || storageKeys.some((key) => key.length !== 32)) {
      throw new InvalidPayload('accessList must have addresses of 20 bytes and storage keys of 32 bytes.');
    }
  }
  if (entries > MAX_ACCESS_LIST_ENTRIES) {
    throw new InvalidPayload(
      `accessList has ${entries} addresses and storage keys; at most ${MAX_ACCESS_LIST_ENTRIES} are accepted.`,
    );
  }
}

/** EIP-7702: such a transaction has a recipient and at least one authorization. */
function checkAuthorizations(tx: EvmTransaction): void {
  if (tx.type !== 4) {
    return;
  }
  if (tx.to === undefined) {
    throw new InvalidPayload('to is missing; a transaction of type 4 has to have it.');
  }
  if (tx.authorizationList.length === 0 || tx.authorizationList.length > MAX_AUTHORIZATIONS) {
    throw new InvalidPayload(`authorizationList must have 1 to ${MAX_AUTHORIZATIONS} items.`);
  }
  for (const item of tx.authorizationList) {
    if (item.address.length !== 20) {
      throw new InvalidPayload('authorizationList must have addresses of 20 bytes.');
    }
    requireAtMost(item.chainId, MAX_UINT256, 'chainId of an authorization');
    requireAtMost(item.nonce, MAX_UINT64, 'nonce of an authorization');
    requireAtMost(item.yParity, 1n, 'yParity of an authorization');
    requireAtMost(item.r, MAX_UINT256, 'r of an authorization');
    requireAtMost(item.s, MAX_UINT256, 's of an authorization');
  }
}

function requireAtMost(value: bigint, max: bigint, where: string): void {
  if (value < 0n || value > max) {
    throw new InvalidPayload(`${where} must be from 0 to ${max}.`);
  }
}
