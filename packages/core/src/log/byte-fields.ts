/** Fields of a log entry in bytes: big-endian integers up to 2^53, 16-byte ids, short strings. */
import { DomainError } from '../domain-error.ts';

const ID_BYTES = 16;

// Where the sixteen pairs of digits of a UUID are, and what a digit is worth; 255 for what is none.
const PAIRS = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
const UUID_CHARACTERS = 36;
const NIBBLES = Uint8Array.from({ length: 128 }, (_, code) => {
  const value = '0123456789abcdef'.indexOf(String.fromCharCode(code));
  return value < 0 ? 255 : value;
});

/** Writes the 16 bytes of a lower-case UUID; without intermediate strings, since a batch has thousands of them. */
export function writeId(target: Uint8Array, offset: number, id: string): void {
  let bad = id.length ^ UUID_CHARACTERS;
  for (let i = 0; i < ID_BYTES; i++) {
    const at = PAIRS[i] as number;
    const high = NIBBLES[id.charCodeAt(at)] ?? 255;
    const low = NIBBLES[id.charCodeAt(at + 1)] ?? 255;
    bad |= (high | low) & 0xf0;
    target[offset + i] = (high << 4) | low;
  }
  if (bad !== 0) throw new DomainError('internal', 'an identifier is not a UUID');
}

/** The lower-case UUID of 16 bytes. */
export function readId(source: Buffer, offset: number): string {
  const hex = source.toString('hex', offset, offset + ID_BYTES);
  if (hex.length !== 2 * ID_BYTES) throw malformed();
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Writes a non-negative safe integer as 64 bits. */
export function writeUint53(target: Buffer, offset: number, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) throw new DomainError('internal', 'a log field is out of range');
  target.writeUInt32BE(Math.floor(value / 2 ** 32), offset);
  target.writeUInt32BE(value % 2 ** 32, offset + 4);
}

/** Reads what `EntryWriter` and the functions above wrote; rows on a disk may hold anything, so that it checks all. */
export class FieldReader {
  readonly #bytes: Buffer;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get offset(): number {
    return this.#offset;
  }

  get atEnd(): boolean {
    return this.#offset === this.#bytes.length;
  }

  uint8(): number {
    return this.#bytes.readUInt8(this.#take(1));
  }

  uint16(): number {
    return this.#bytes.readUInt16BE(this.#take(2));
  }

  uint32(): number {
    return this.#bytes.readUInt32BE(this.#take(4));
  }

  uint53(): number {
    const at = this.#take(8);
    const value = this.#bytes.readUInt32BE(at) * 2 ** 32 + this.#bytes.readUInt32BE(at + 4);
    if (!Number.isSafeInteger(value)) throw malformed();
    return value;
  }

  id(): string {
    return readId(this.#bytes, this.#take(ID_BYTES));
  }

  bytes(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** One byte of length, then that many characters of ASCII. */
  shortText(): string {
    const length = this.uint8();
    const at = this.#take(length);
    return this.#bytes.toString('latin1', at, at + length);
  }

  #take(length: number): number {
    const at = this.#offset;
    if (at + length > this.#bytes.length) throw malformed();
    this.#offset = at + length;
    return at;
  }
}

/** The error for a row that no version of the program wrote. */
export function malformed(): DomainError {
  return new DomainError('internal', 'malformed log entry');
}
