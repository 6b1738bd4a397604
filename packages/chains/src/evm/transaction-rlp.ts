import { bytesToHex, concatBytes } from '@noble/hashes/utils.js';
import { RLP, type RLPInput } from 'micro-eth-signer/core/rlp.js';
import { checkTransaction, type EvmTransaction, MAX_DATA_BYTES, type TransactionType } from './evm-transaction.ts';
import { InvalidPayload } from './invalid-payload.ts';
import type { RecoverableSignature } from './recoverable-signature.ts';

type RlpItem = Uint8Array | readonly RlpItem[];
type Field = Exclude<keyof EvmTransaction, 'type'>;

/** The order of fields on the wire. Type 0 is followed by [chainId, 0, 0] where EIP-155 applies. */
const LAYOUTS: Readonly<Record<TransactionType, readonly Field[]>> = {
  0: ['nonce', 'maxFeePerGas', 'gasLimit', 'to', 'value', 'data'],
  1: ['chainId', 'nonce', 'maxFeePerGas', 'gasLimit', 'to', 'value', 'data', 'accessList'],
  2: ['chainId', 'nonce', 'maxPriorityFeePerGas', 'maxFeePerGas', 'gasLimit', 'to', 'value', 'data', 'accessList'],
  4: [
    'chainId',
    'nonce',
    'maxPriorityFeePerGas',
    'maxFeePerGas',
    'gasLimit',
    'to',
    'value',
    'data',
    'accessList',
    'authorizationList',
  ],
};

/** Data, 1,000 list entries and 100 authorizations, with room for all else. */
export const MAX_TRANSACTION_BYTES: number = MAX_DATA_BYTES + 65_536;

const EMPTY = new Uint8Array(0);

/**
 * The bytes whose Keccak-256 is signed: RLP of the fields, after the type's byte unless it is 0.
 *
 * The transaction must have passed `checkTransaction`.
 */
export function serializeUnsigned(tx: EvmTransaction): Uint8Array {
  const replayProtection = tx.type === 0 && tx.chainId !== undefined ? [tx.chainId, EMPTY, EMPTY] : [];
  return serialize(tx, replayProtection);
}

/** The transaction as a node takes it. v of type 0: 35 + 2 * chainId + yParity (EIP-155), or 27 + yParity without it. */
export function serializeSigned(tx: EvmTransaction, signature: RecoverableSignature): Uint8Array {
  const yParity = BigInt(signature.yParity);
  const r = toInteger(signature.bytes.subarray(0, 32));
  const s = toInteger(signature.bytes.subarray(32));
  if (tx.type !== 0) {
    return serialize(tx, [yParity, r, s]);
  }
  return serialize(tx, [tx.chainId === undefined ? 27n + yParity : 35n + 2n * tx.chainId + yParity, r, s]);
}

/**
 * Reads an unsigned transaction. Only the one canonical encoding is accepted: what was read is written again and has to
 * be the same bytes, so that no second reading of them is possible.
 *
 * @throws InvalidPayload
 */
export function parseUnsigned(bytes: Uint8Array): EvmTransaction {
  const first = bytes[0];
  if (first === undefined) {
    throw new InvalidPayload('transaction is empty.');
  }
  if (bytes.length > MAX_TRANSACTION_BYTES) {
    throw new InvalidPayload(`transaction has more than ${MAX_TRANSACTION_BYTES} bytes.`);
  }
  if (first === 3) {
    throw new InvalidPayload('transaction is of type 3 (blobs), which is not supported; types 0, 1, 2 and 4 are.');
  }
  if (first !== 1 && first !== 2 && first !== 4 && first < 0xc0) {
    throw new InvalidPayload('transaction must begin with type 1, 2 or 4, or be an RLP list (type 0).');
  }
  const type: TransactionType = first === 1 || first === 2 || first === 4 ? first : 0;
  const items = decodeList(type === 0 ? bytes : bytes.subarray(1));
  const tx = fromItems(type, items);
  checkTransaction(tx);
  if (!sameBytes(serializeUnsigned(tx), bytes)) {
    throw new InvalidPayload('transaction is not in canonical RLP.');
  }
  return tx;
}

function serialize(tx: EvmTransaction, tail: readonly RLPInput[]): Uint8Array {
  const items = LAYOUTS[tx.type].map((field) => encodeField(tx, field));
  const list = RLP.encode([...items, ...tail]);
  return tx.type === 0 ? list : concatBytes(Uint8Array.of(tx.type), list);
}

function encodeField(tx: EvmTransaction, field: Field): RLPInput {
  if (field === 'accessList') {
    return tx.accessList.map(({ address, storageKeys }) => [address, [...storageKeys]]);
  }
  if (field === 'authorizationList') {
    return tx.authorizationList.map((item) => [item.chainId, item.address, item.nonce, item.yParity, item.r, item.s]);
  }
  return tx[field] ?? EMPTY;
}

function decodeList(bytes: Uint8Array): readonly RlpItem[] {
  let decoded: unknown;
  try {
    decoded = RLP.decode(bytes);
  } catch {
    throw new InvalidPayload('transaction is not valid RLP, or has bytes after its end.');
  }
  if (!Array.isArray(decoded)) {
    throw new InvalidPayload('transaction must be an RLP list.');
  }
  // The decoder gives nothing but byte strings and arrays of them.
  return decoded as readonly RlpItem[];
}

function fromItems(type: TransactionType, items: readonly RlpItem[]): EvmTransaction {
  const layout = LAYOUTS[type];
  const hasReplayProtection = type === 0 && items.length === layout.length + 3;
  if (items.length === layout.length + 3 && !(hasReplayProtection && isEmpty(items[7]) && isEmpty(items[8]))) {
    throw new InvalidPayload('transaction is already signed; send it without signature.');
  }
  if (items.length !== layout.length && !hasReplayProtection) {
    throw new InvalidPayload(`transaction of type ${type} must have ${layout.length} fields, not ${items.length}.`);
  }
  const field = (name: Field): RlpItem => items[layout.indexOf(name)] ?? EMPTY;
  const has = (name: Field): boolean => layout.includes(name);
  const to = bytesOf(field('to'), 'to');
  return {
    type,
    chainId: hasReplayProtection
      ? integer(items[6] ?? EMPTY, 'chainId')
      : has('chainId')
        ? integer(field('chainId'), 'chainId')
        : undefined,
    nonce: integer(field('nonce'), 'nonce'),
    gasLimit: integer(field('gasLimit'), 'gasLimit'),
    maxFeePerGas: integer(field('maxFeePerGas'), has('maxPriorityFeePerGas') ? 'maxFeePerGas' : 'gasPrice'),
    maxPriorityFeePerGas: has('maxPriorityFeePerGas')
      ? integer(field('maxPriorityFeePerGas'), 'maxPriorityFeePerGas')
      : 0n,
    to: to.length === 0 ? undefined : to,
    value: integer(field('value'), 'value'),
    data: bytesOf(field('data'), 'data'),
    accessList: has('accessList') ? tuples(field('accessList'), 2, 'accessList').map(accessListEntry) : [],
    authorizationList: has('authorizationList')
      ? tuples(field('authorizationList'), 6, 'authorizationList').map(signedAuthorization)
      : [],
  };
}

function accessListEntry([address = EMPTY, storageKeys = EMPTY]: readonly RlpItem[]): {
  address: Uint8Array;
  storageKeys: Uint8Array[];
} {
  return {
    address: bytesOf(address, 'accessList'),
    storageKeys: listOf(storageKeys, 'accessList').map((key) => bytesOf(key, 'accessList')),
  };
}

function signedAuthorization(items: readonly RlpItem[]): EvmTransaction['authorizationList'][number] {
  const [chainId = EMPTY, address = EMPTY, nonce = EMPTY, yParity = EMPTY, r = EMPTY, s = EMPTY] = items;
  const where = 'authorizationList';
  return {
    chainId: integer(chainId, where),
    address: bytesOf(address, where),
    nonce: integer(nonce, where),
    yParity: integer(yParity, where),
    r: integer(r, where),
    s: integer(s, where),
  };
}

/** A list of lists of `size` items each. */
function tuples(item: RlpItem, size: number, where: string): readonly (readonly RlpItem[])[] {
  return listOf(item, where).map((tuple) => {
    const items = listOf(tuple, where);
    if (items.length !== size) {
      throw new InvalidPayload(`${where} must have entries of ${size} items.`);
    }
    return items;
  });
}

function listOf(item: RlpItem, where: string): readonly RlpItem[] {
  if (item instanceof Uint8Array) {
    throw new InvalidPayload(`${where} must be a list.`);
  }
  return item;
}

function bytesOf(item: RlpItem, where: string): Uint8Array {
  if (!(item instanceof Uint8Array)) {
    throw new InvalidPayload(`${where} must be a byte string, not a list.`);
  }
  return item;
}

function isEmpty(item: RlpItem | undefined): boolean {
  return item instanceof Uint8Array && item.length === 0;
}

/** Big-endian, no leading zero byte, at most 32 bytes. */
function integer(item: RlpItem, where: string): bigint {
  const bytes = bytesOf(item, where);
  if (bytes[0] === 0) {
    throw new InvalidPayload(`${where} is a number with a leading zero byte.`);
  }
  if (bytes.length > 32) {
    throw new InvalidPayload(`${where} is a number of more than 256 bits.`);
  }
  return toInteger(bytes);
}

function toInteger(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${bytesToHex(bytes)}`);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
