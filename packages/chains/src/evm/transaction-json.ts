import { hexToBytes } from '@noble/hashes/utils.js';
import type { JsonValue } from '../chain.ts';
import {
  type AccessListEntry,
  checkTransaction,
  type EvmTransaction,
  MAX_ACCESS_LIST_ENTRIES,
  MAX_AUTHORIZATIONS,
  MAX_CHAIN_ID,
  MAX_DATA_BYTES,
  type SignedAuthorization,
  type TransactionType,
} from './evm-transaction.ts';
import { InvalidPayload } from './invalid-payload.ts';
import {
  type JsonMembers,
  MAX_UINT64,
  MAX_UINT256,
  readAddress,
  readArray,
  readBytes,
  readMembers,
  readUint,
} from './read-json.ts';

const COMMON = ['type', 'chainId', 'nonce', 'to', 'value', 'data', 'gasLimit'];
const DYNAMIC_FEE = [...COMMON, 'maxFeePerGas', 'maxPriorityFeePerGas', 'accessList'];
const MEMBERS: Readonly<Record<TransactionType, readonly string[]>> = {
  0: [...COMMON, 'gasPrice'],
  1: [...COMMON, 'gasPrice', 'accessList'],
  2: DYNAMIC_FEE,
  4: [...DYNAMIC_FEE, 'authorizationList'],
};

/**
 * Reads the JSON form. Members that the type doesn't have are refused. Nonce, gas limit and fees have to be there, since
 * nothing here asks a chain for them; `chainId` may be left out where the request names the network.
 *
 * @throws InvalidPayload
 */
export function readTransactionJson(content: JsonValue, network: bigint | undefined): EvmTransaction {
  const type = readType(readMembers(content, 'transaction').get('type'));
  const members = readMembers(content, `transaction of type ${type}`, MEMBERS[type]);
  const number = (name: string, max: bigint): bigint => {
    if (!members.has(name)) {
      throw new InvalidPayload(
        `${name} is missing: this server watches no chain, so that it can't fill in nonce, gas limit or fees.`,
      );
    }
    return readUint(members.get(name), name, max);
  };
  const dynamicFee = type === 2 || type === 4;
  const to = members.get('to');
  const tx: EvmTransaction = {
    type,
    chainId: readChainId(members, network),
    nonce: number('nonce', MAX_UINT64),
    gasLimit: number('gasLimit', MAX_UINT64),
    maxFeePerGas: number(dynamicFee ? 'maxFeePerGas' : 'gasPrice', MAX_UINT256),
    maxPriorityFeePerGas: dynamicFee ? number('maxPriorityFeePerGas', MAX_UINT256) : 0n,
    to: to === undefined || to === null ? undefined : readAddress(to, 'to'),
    value: members.has('value') ? readUint(members.get('value'), 'value', MAX_UINT256) : 0n,
    data: members.has('data') ? readBytes(members.get('data'), 'data', 'required', MAX_DATA_BYTES) : new Uint8Array(0),
    accessList: readList(members, 'accessList', MAX_ACCESS_LIST_ENTRIES, readAccessListEntry),
    authorizationList: readList(members, 'authorizationList', MAX_AUTHORIZATIONS, readSignedAuthorization),
  };
  checkTransaction(tx);
  return tx;
}

function readType(value: JsonValue | undefined): TransactionType {
  if (value === undefined) {
    return 2;
  }
  const type = Number(readUint(value, 'type', 255n));
  if (type === 0 || type === 1 || type === 2 || type === 4) {
    return type;
  }
  throw new InvalidPayload(`type ${type} is not supported; types 0, 1, 2 (the default) and 4 are.`);
}

/** Also for type 0: a transaction that is valid on every chain has to be asked for in its hexadecimal form. */
function readChainId(members: JsonMembers, network: bigint | undefined): bigint {
  if (members.has('chainId')) {
    return readUint(members.get('chainId'), 'chainId', MAX_CHAIN_ID);
  }
  if (network === undefined) {
    throw new InvalidPayload('chainId is missing, and the request names no network.');
  }
  return network;
}

function readList<T>(
  members: JsonMembers,
  name: string,
  maxItems: number,
  read: (value: JsonValue, where: string) => T,
): readonly T[] {
  const list = members.get(name);
  return list === undefined
    ? []
    : readArray(list, name, maxItems).map((value, index) => read(value, `${name}[${index}]`));
}

function readAccessListEntry(value: JsonValue, where: string): AccessListEntry {
  const members = readMembers(value, where, ['address', 'storageKeys']);
  const keys = readArray(members.get('storageKeys'), `${where}.storageKeys`, MAX_ACCESS_LIST_ENTRIES);
  return {
    address: readAddress(members.get('address'), `${where}.address`),
    storageKeys: keys.map((key, index) => readWord(key, `${where}.storageKeys[${index}]`)),
  };
}

function readWord(value: JsonValue | undefined, where: string): Uint8Array {
  const bytes = readBytes(value, where, 'required', 32);
  if (bytes.length !== 32) {
    throw new InvalidPayload(`${where} must have 32 bytes.`);
  }
  return bytes;
}

/** {chainId, address, nonce, signature} with {r, s, yParity | v} or 65 bytes r || s || v, or the three members beside it. */
function readSignedAuthorization(value: JsonValue, where: string): SignedAuthorization {
  const members = readMembers(value, where, ['chainId', 'address', 'nonce', 'signature', 'r', 's', 'yParity', 'v']);
  const nested = members.get('signature');
  if (nested !== undefined && ['r', 's', 'yParity', 'v'].some((name) => members.has(name))) {
    throw new InvalidPayload(`${where} has its signature twice: as the member signature, and as r, s, yParity or v.`);
  }
  return {
    chainId: readUint(members.get('chainId'), `${where}.chainId`, MAX_UINT256),
    address: readAddress(members.get('address'), `${where}.address`),
    nonce: readUint(members.get('nonce'), `${where}.nonce`, MAX_UINT64),
    ...(nested === undefined ? readSignature(members, where) : readNested(nested, `${where}.signature`)),
  };
}

type SignatureParts = Pick<SignedAuthorization, 'yParity' | 'r' | 's'>;

function readNested(value: JsonValue, where: string): SignatureParts {
  if (typeof value !== 'string') {
    return readSignature(readMembers(value, where, ['r', 's', 'yParity', 'v']), where);
  }
  if (readBytes(value, where, 'required', 65).length !== 65) {
    throw new InvalidPayload(`${where} must have 65 bytes: r, s and v.`);
  }
  return {
    yParity: parityOf(BigInt(hexToBytes(value.slice(-2))[0] ?? 0), where),
    r: BigInt(value.slice(0, 66)),
    s: BigInt(`0x${value.slice(66, 130)}`),
  };
}

function readSignature(members: JsonMembers, where: string): SignatureParts {
  const yParity = members.has('yParity') ? readUint(members.get('yParity'), `${where}.yParity`, 1n) : undefined;
  const v = members.has('v') ? parityOf(readUint(members.get('v'), `${where}.v`, 28n), `${where}.v`) : undefined;
  const parity = yParity ?? v;
  if (parity === undefined) {
    throw new InvalidPayload(`${where} must have yParity or v.`);
  }
  if (v !== undefined && v !== parity) {
    throw new InvalidPayload(`${where} has a yParity and a v that disagree.`);
  }
  return {
    yParity: parity,
    r: readUint(members.get('r'), `${where}.r`, MAX_UINT256),
    s: readUint(members.get('s'), `${where}.s`, MAX_UINT256),
  };
}

/** v of a signature that isn't a legacy transaction's: 27 or 28, or the parity itself. */
function parityOf(v: bigint, where: string): bigint {
  if (v === 0n || v === 27n) {
    return 0n;
  }
  if (v === 1n || v === 28n) {
    return 1n;
  }
  throw new InvalidPayload(`${where} must have v 27 or 28, or 0 or 1.`);
}
