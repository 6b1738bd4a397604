import { hexToBytes } from '@noble/hashes/utils.js';
import { addr } from 'micro-eth-signer';
import type { JsonValue } from '../chain.ts';
import { InvalidPayload } from './invalid-payload.ts';

/** Members of a JSON object of the caller, its own ones only. */
export type JsonMembers = ReadonlyMap<string, JsonValue>;

export const MAX_UINT64: bigint = 2n ** 64n - 1n;
export const MAX_UINT256: bigint = 2n ** 256n - 1n;

const DECIMAL = /^(?:0|[1-9][0-9]{0,77})$/;
const HEX_NUMBER = /^0x[0-9a-fA-F]{1,64}$/;
const NO_HEX_DIGIT = /[^0-9a-fA-F]/;
const ADDRESS = /^0x[0-9a-fA-F]{40}$/;

/**
 * A JSON object. A member outside `known` is refused: it would be shown to an approver and not be signed.
 *
 * @throws InvalidPayload
 */
export function readMembers(value: JsonValue | undefined, where: string, known?: readonly string[]): JsonMembers {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidPayload(`${where} must be a JSON object.`);
  }
  const members = new Map<string, JsonValue>(Object.entries(value));
  if (known !== undefined) {
    const unknown = [...members.keys()].find((name) => !known.includes(name));
    if (unknown !== undefined) {
      const shown = JSON.stringify(unknown.slice(0, 40));
      throw new InvalidPayload(`${where} has a member ${shown} that isn't known; known are: ${known.join(', ')}.`);
    }
  }
  return members;
}

/** @throws InvalidPayload for what isn't an array or has more than `maxItems` items */
export function readArray(value: JsonValue | undefined, where: string, maxItems: number): readonly JsonValue[] {
  if (!isArray(value)) {
    throw new InvalidPayload(`${where} must be an array.`);
  }
  if (value.length > maxItems) {
    throw new InvalidPayload(`${where} has ${value.length} items; at most ${maxItems} are accepted.`);
  }
  return value;
}

/** `Array.isArray` alone would make the items `any`. */
function isArray(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/**
 * A whole number from 0 to `max`: a JSON number (safe integers only: above 2^53 JSON has lost digits already), a decimal
 * string without leading zeros, or a `0x` hexadecimal string of at most 64 digits.
 *
 * @throws InvalidPayload
 */
export function readUint(value: JsonValue | undefined, where: string, max: bigint): bigint {
  let number: bigint;
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) {
      throw new InvalidPayload(`${where} must be a whole number; write one above 2^53 - 1 as a decimal string.`);
    }
    number = BigInt(value);
  } else if (typeof value === 'string' && (DECIMAL.test(value) || HEX_NUMBER.test(value))) {
    number = BigInt(value);
  } else {
    throw new InvalidPayload(`${where} must be a whole number, a decimal string or a 0x hexadecimal string.`);
  }
  if (number < 0n || number > max) {
    throw new InvalidPayload(`${where} must be from 0 to ${max}.`);
  }
  return number;
}

/**
 * Bytes in hexadecimal digits. The prefix `0x` may be absent only where `prefix` is `optional`.
 *
 * @throws InvalidPayload
 */
export function readBytes(
  value: JsonValue | undefined,
  where: string,
  prefix: 'required' | 'optional',
  maxBytes: number,
): Uint8Array {
  const isPrefixed = typeof value === 'string' && value.startsWith('0x');
  const digits =
    typeof value === 'string' && (isPrefixed || prefix === 'optional') ? value.slice(isPrefixed ? 2 : 0) : undefined;
  if (digits !== undefined && digits.length > 2 * maxBytes) {
    throw new InvalidPayload(`${where} has more than ${maxBytes} bytes.`);
  }
  if (digits === undefined || digits.length % 2 !== 0 || NO_HEX_DIGIT.test(digits)) {
    const form =
      prefix === 'required' ? '0x and an even number of hexadecimal digits' : 'hexadecimal digits, two a byte';
    throw new InvalidPayload(`${where} must be a string of ${form}.`);
  }
  return hexToBytes(digits);
}

/**
 * `0x` and 40 hexadecimal digits -> 20 bytes. Digits of mixed case must be a correct EIP-55 checksum: a wrong one means
 * that somebody mistyped the address.
 *
 * @throws InvalidPayload
 */
export function readAddress(value: JsonValue | undefined, where: string): Uint8Array {
  if (typeof value !== 'string' || !ADDRESS.test(value)) {
    throw new InvalidPayload(`${where} must be an address: 0x and 40 hexadecimal digits.`);
  }
  if (!addr.isValid(value)) {
    throw new InvalidPayload(
      `${where} is an address whose EIP-55 checksum is wrong; check it, or write it in lower case.`,
    );
  }
  return hexToBytes(value.slice(2).toLowerCase());
}
