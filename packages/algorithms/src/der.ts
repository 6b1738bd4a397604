/**
 * As much of DER (X.690) as keys and signatures need: a writer for public values and a strict reader. Strict means
 * definite, minimal lengths, no trailing bytes, and nothing read past the end. The reader returns views of its input
 * and copies nothing, so that it can run over a private key in locked memory.
 */

export const DER_TAGS = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  objectIdentifier: 0x06,
  sequence: 0x30,
  /** Constructed, context-specific. */
  context0: 0xa0,
  context1: 0xa1,
  /** Primitive, context-specific (IMPLICIT). */
  implicit0: 0x80,
  implicit1: 0x81,
} as const;

/** Malformed DER. The message names the rule that was broken and carries no input bytes. */
export class DerError extends Error {
  override readonly name = 'DerError';
}

/** One value: tag, shortest length, contents. */
export function encodeDer(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const length = contents.reduce((sum, part) => sum + part.length, 0);
  const header = [tag, ...encodeLength(length)];
  const out = new Uint8Array(header.length + length);
  out.set(header);
  let offset = header.length;
  for (const part of contents) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}

function encodeLength(length: number): number[] {
  if (length < 0x80) return [length];
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return [0x80 | bytes.length, ...bytes];
}

/** An OBJECT IDENTIFIER from its dotted form, tag and length included. */
export function encodeObjectIdentifier(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const contents: number[] = [];
  for (const arc of [first * 40 + second, ...rest]) {
    const groups = [arc % 128];
    for (let high = Math.floor(arc / 128); high > 0; high = Math.floor(high / 128)) groups.unshift(0x80 | (high % 128));
    contents.push(...groups);
  }
  return encodeDer(DER_TAGS.objectIdentifier, Uint8Array.from(contents));
}

/** A non-negative INTEGER from big-endian bytes of any width. */
export function encodeUnsignedInteger(bigEndian: Uint8Array): Uint8Array {
  let start = 0;
  while (start < bigEndian.length - 1 && bigEndian[start] === 0) start++;
  const digits = bigEndian.subarray(start);
  const padding = digits.length === 0 || (digits[0] ?? 0) >= 0x80 ? [0] : [];
  return encodeDer(DER_TAGS.integer, Uint8Array.from(padding), digits);
}

/** Reads the values of one DER container in order. */
export class DerReader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#offset === this.#bytes.length;
  }

  /** The next tag, or undefined at the end. */
  peekTag(): number | undefined {
    return this.#bytes[this.#offset];
  }

  /** Contents of the next value, which must have this tag. @throws DerError */
  read(tag: number): Uint8Array {
    if (this.peekTag() !== tag) throw new DerError(`expected tag 0x${tag.toString(16)}`);
    const length = this.#readLength(this.#offset + 1);
    const end = length.contentsAt + length.value;
    if (end > this.#bytes.length) throw new DerError('a length runs past the end');
    this.#offset = end;
    return this.#bytes.subarray(length.contentsAt, end);
  }

  /** A reader over the contents of the next value. @throws DerError */
  enter(tag: number): DerReader {
    return new DerReader(this.read(tag));
  }

  /** Contents of the next value if it has this tag, otherwise undefined. @throws DerError */
  readOptional(tag: number): Uint8Array | undefined {
    return this.peekTag() === tag ? this.read(tag) : undefined;
  }

  /** Magnitude of the next INTEGER, big-endian, no leading zeros (zero is empty). @throws DerError if negative */
  readUnsignedInteger(): Uint8Array {
    const contents = this.read(DER_TAGS.integer);
    const [first, second] = contents;
    if (first === undefined) throw new DerError('an INTEGER is empty');
    if (first >= 0x80) throw new DerError('an INTEGER is negative');
    if (first !== 0) return contents;
    if (second !== undefined && second < 0x80) throw new DerError('an INTEGER has superfluous zeros');
    return contents.subarray(1);
  }

  /** The next INTEGER, which must be below 256: versions. @throws DerError */
  readSmallInteger(): number {
    const magnitude = this.readUnsignedInteger();
    if (magnitude.length > 1) throw new DerError('a version number is too large');
    return magnitude[0] ?? 0;
  }

  /** Contents of the next BIT STRING, which must hold whole bytes. @throws DerError */
  readBitString(): Uint8Array {
    return wholeBytes(this.read(DER_TAGS.bitString));
  }

  /** @throws DerError unless everything was read */
  end(): void {
    if (!this.isAtEnd) throw new DerError('there are trailing bytes');
  }

  #readLength(at: number): { readonly value: number; readonly contentsAt: number } {
    const first = this.#bytes[at];
    if (first === undefined) throw new DerError('a length is missing');
    if (first < 0x80) return { value: first, contentsAt: at + 1 };
    const count = first & 0x7f;
    // Four octets would already be 4 GiB; zero octets is the indefinite form, which DER forbids.
    if (count === 0 || count > 3) throw new DerError('a length is indefinite or too large');
    let value = 0;
    for (let index = 1; index <= count; index++) {
      const octet = this.#bytes[at + index];
      if (octet === undefined) throw new DerError('a length is cut off');
      value = value * 256 + octet;
    }
    if (value < 0x80 || value < 256 ** (count - 1)) throw new DerError('a length is not minimal');
    return { value, contentsAt: at + 1 + count };
  }
}

/** The bytes of a BIT STRING's contents, whose first octet counts the unused bits and must be zero. @throws DerError */
export function wholeBytes(bitStringContents: Uint8Array): Uint8Array {
  if (bitStringContents[0] !== 0) throw new DerError('a BIT STRING does not hold whole bytes');
  return bitStringContents.subarray(1);
}
