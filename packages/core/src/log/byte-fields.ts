/** Fields of a log entry in bytes: big-endian integers up to 2^53, 16-byte ids, short strings. */
import { DomainError } from '../domain-error.ts';

const ID_BYTES = 16;
const HYPHEN = 45;

/** Writes the 16 bytes of a lower-case UUID; without intermediate strings, since a batch has thousands of them. */
export function writeId(target: Uint8Array, offset: number, id: string): void {
  let at = offset;
  for (let i = 0; i < id.length; ) {
    const code = id.charCodeAt(i);
    if (code === HYPHEN) {
      i++;
      continue;
    }
    target[at++] = (nibble(code) << 4) | nibble(id.charCodeAt(i + 1));
    i += 2;
  }
  if (at !== offset + ID_BYTES) throw new DomainError('internal', 'an identifier is not a UUID');
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

function nibble(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  if (code >= 97 && code <= 102) return code - 87;
  throw new DomainError('internal', 'an identifier is not a UUID');
}
