import { bytesToHex } from '@noble/hashes/utils.js';

/** Thrown and caught inside this folder alone: the bytes aren't the canonical ABI encoding of the arguments. */
export class NotCanonicalAbi extends Error {}

const WORD = 32;
/** More items than this aren't shown to anybody, so they aren't read either. */
export const MAX_ABI_ITEMS = 1_000;

/**
 * Reads the arguments of a call in the order of its signature and accepts the canonical encoding only: clean upper bytes,
 * dynamic arguments one after the other in order without gaps or overlaps, zero padding, nothing after the end. Contracts
 * are more lenient; what they would read differently from us must not pass as understood.
 */
export class AbiReader {
  readonly #bytes: Uint8Array;
  readonly #headBytes: number;
  #head = 0;
  #tail: number;

  /** @param argumentCount arguments of the signature; each has one word in the head */
  constructor(bytes: Uint8Array, argumentCount: number) {
    this.#bytes = bytes;
    this.#headBytes = argumentCount * WORD;
    this.#tail = this.#headBytes;
  }

  /** @returns `0x` and 40 lower-case hexadecimal digits */
  address(): string {
    const word = this.#nextHead();
    if (word.subarray(0, 12).some((byte) => byte !== 0)) {
      throw new NotCanonicalAbi('an address has upper bytes');
    }
    return `0x${bytesToHex(word.subarray(12))}`;
  }

  uint256(): bigint {
    return integer(this.#nextHead());
  }

  bool(): boolean {
    const value = this.uint256();
    if (value > 1n) {
      throw new NotCanonicalAbi('a truth value is neither 0 nor 1');
    }
    return value === 1n;
  }

  /** Passes over an argument of type `bytes`; its place, length and padding are checked. */
  skipBytes(): void {
    const length = this.#nextTail(this.#bytes.length);
    const padded = Math.ceil(length / WORD) * WORD;
    if (
      this.#slice(this.#tail, padded)
        .subarray(length)
        .some((byte) => byte !== 0)
    ) {
      throw new NotCanonicalAbi('padding is not zero');
    }
    this.#tail += padded;
  }

  uint256Array(): readonly bigint[] {
    const length = this.#nextTail(MAX_ABI_ITEMS);
    const items: bigint[] = [];
    for (let index = 0; index < length; index++) {
      items.push(integer(this.#slice(this.#tail, WORD)));
      this.#tail += WORD;
    }
    return items;
  }

  /** To be called after the last argument: all of the head and all of the data must have been read. */
  end(): void {
    if (this.#head !== this.#headBytes || this.#tail !== this.#bytes.length) {
      throw new NotCanonicalAbi('bytes are left over');
    }
  }

  #nextHead(): Uint8Array {
    const word = this.#slice(this.#head, WORD);
    this.#head += WORD;
    return word;
  }

  /** Reads an offset, which must point to where the last dynamic argument ended, and the length that stands there. */
  #nextTail(maxLength: number): number {
    if (integer(this.#nextHead()) !== BigInt(this.#tail)) {
      throw new NotCanonicalAbi('a dynamic argument is out of its place');
    }
    const length = integer(this.#slice(this.#tail, WORD));
    this.#tail += WORD;
    if (length > BigInt(maxLength)) {
      throw new NotCanonicalAbi('a dynamic argument is too long');
    }
    return Number(length);
  }

  #slice(start: number, length: number): Uint8Array {
    if (start + length > this.#bytes.length) {
      throw new NotCanonicalAbi('the data ends too early');
    }
    return this.#bytes.subarray(start, start + length);
  }
}

function integer(word: Uint8Array): bigint {
  return BigInt(`0x${bytesToHex(word)}`);
}
