import { keccak_256 } from '@noble/hashes/sha3.js';
import { concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import type { JsonValue } from '../chain.ts';
import { InvalidPayload } from './invalid-payload.ts';
import { readAddress, readArray, readBytes, readMembers, readUint } from './read-json.ts';
import { encodeType, type MemberType, type TypedDataSchema } from './typed-data-schema.ts';

export const MAX_DEPTH = 32;
/** Values of all kinds: structs, arrays, and what is in them. */
export const MAX_NODES = 10_000;
/** All values of `string` and `bytes` together. */
export const MAX_TEXT_BYTES = 131_072;

const NEGATIVE = /^-[1-9][0-9]{0,77}$/;

/**
 * Hashes the structs of one message and checks every value on the way, in one pass: what was checked is what is hashed,
 * and nothing that a lenient reading would add. A struct must have exactly the members of its type.
 */
export class TypedDataHasher {
  readonly #schema: TypedDataSchema;
  readonly #typeHashes = new Map<string, Uint8Array>();
  #nodes = 0;
  #textBytes = 0;

  constructor(schema: TypedDataSchema) {
    this.#schema = schema;
  }

  /**
   * EIP-712 `hashStruct`: 32 bytes.
   *
   * @param name a struct of the schema
   * @throws InvalidPayload that names the value by its path below `where`
   */
  hashStruct(name: string, value: JsonValue | undefined, where: string): Uint8Array {
    return this.#hashStruct(name, value, where, 1);
  }

  #hashStruct(name: string, value: JsonValue | undefined, where: string, depth: number): Uint8Array {
    const members = this.#schema.get(name) ?? [];
    const values = readMembers(
      value,
      where,
      members.map((member) => member.name),
    );
    const words = members.map((member) => {
      if (!values.has(member.name)) {
        throw new InvalidPayload(`${where}.${member.name} is missing.`);
      }
      return this.#encode(member.type, values.get(member.name), `${where}.${member.name}`, depth);
    });
    return keccak_256(concatBytes(this.#typeHash(name), ...words));
  }

  /** The value as one word of 32 bytes. */
  #encode(type: MemberType, value: JsonValue | undefined, where: string, depth: number): Uint8Array {
    this.#nodes++;
    if (this.#nodes > MAX_NODES || depth > MAX_DEPTH) {
      throw new InvalidPayload(`message has more than ${MAX_NODES} values, or is deeper than ${MAX_DEPTH}.`);
    }
    switch (type.kind) {
      case 'struct':
        return this.#hashStruct(type.name, value, where, depth + 1);
      case 'array': {
        const items = readArray(value, where, MAX_NODES);
        if (type.length !== undefined && items.length !== type.length) {
          throw new InvalidPayload(`${where} must have ${type.length} items, not ${items.length}.`);
        }
        const words = items.map((item, index) => this.#encode(type.item, item, `${where}[${index}]`, depth + 1));
        return keccak_256(concatBytes(...words));
      }
      case 'string':
        return keccak_256(this.#counted(readText(value, where)));
      case 'bytes':
        return keccak_256(this.#counted(readBytes(value, where, 'required', MAX_TEXT_BYTES)));
      case 'fixedBytes':
        return readFixedBytes(value, where, type.size);
      case 'address':
        return padStart(readAddress(value, where));
      case 'bool':
        if (typeof value !== 'boolean') {
          throw new InvalidPayload(`${where} must be true or false.`);
        }
        return integerWord(value ? 1n : 0n);
      case 'uint':
        return integerWord(readUint(value, where, 2n ** BigInt(type.bits) - 1n));
      case 'int':
        return integerWord(readInt(value, where, type.bits));
    }
  }

  #typeHash(name: string): Uint8Array {
    const known = this.#typeHashes.get(name);
    if (known !== undefined) {
      return known;
    }
    const hash = keccak_256(utf8ToBytes(encodeType(this.#schema, name)));
    this.#typeHashes.set(name, hash);
    return hash;
  }

  #counted(bytes: Uint8Array): Uint8Array {
    this.#textBytes += bytes.length;
    if (this.#textBytes > MAX_TEXT_BYTES) {
      throw new InvalidPayload(`message has more than ${MAX_TEXT_BYTES} bytes in strings and bytes.`);
    }
    return bytes;
  }
}

function readText(value: JsonValue | undefined, where: string): Uint8Array {
  // A lone surrogate has no UTF-8 form: encoders replace it, so that two different texts would have one hash.
  if (typeof value !== 'string' || !value.isWellFormed()) {
    throw new InvalidPayload(`${where} must be a string of valid Unicode.`);
  }
  return utf8ToBytes(value);
}

function readFixedBytes(value: JsonValue | undefined, where: string, size: number): Uint8Array {
  const bytes = readBytes(value, where, 'required', size);
  if (bytes.length !== size) {
    throw new InvalidPayload(`${where} must have ${size} bytes, not ${bytes.length}.`);
  }
  const word = new Uint8Array(32);
  word.set(bytes);
  return word;
}

function readInt(value: JsonValue | undefined, where: string, bits: number): bigint {
  const limit = 2n ** BigInt(bits - 1);
  if (!isNegative(value)) {
    return readUint(value, where, limit - 1n);
  }
  const number = BigInt(value);
  if (number < -limit) {
    throw new InvalidPayload(`${where} must be from ${-limit} to ${limit - 1n}.`);
  }
  return number;
}

function isNegative(value: JsonValue | undefined): value is number | string {
  return typeof value === 'number'
    ? Number.isSafeInteger(value) && value < 0
    : typeof value === 'string' && NEGATIVE.test(value);
}

/** Two's complement, 32 bytes, big-endian. */
function integerWord(value: bigint): Uint8Array {
  return hexToBytes(BigInt.asUintN(256, value).toString(16).padStart(64, '0'));
}

function padStart(bytes: Uint8Array): Uint8Array {
  const word = new Uint8Array(32);
  word.set(bytes, 32 - bytes.length);
  return word;
}
