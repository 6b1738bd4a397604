import { FrameError } from '../frames.ts';

/** Reads the fields of a hostile message in order; anything past the end is a `FrameError`. Little-endian. */
export class ByteReader {
  readonly #bytes: Buffer;
  #position = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get position(): number {
    return this.#position;
  }

  u8(): number {
    return this.#bytes.readUInt8(this.#advance(1));
  }

  u16(): number {
    return this.#bytes.readUInt16LE(this.#advance(2));
  }

  u32(): number {
    return this.#bytes.readUInt32LE(this.#advance(4));
  }

  /** An integer of up to 53 bits, carried as a double. */
  safeInteger(): number {
    const value = this.#bytes.readDoubleLE(this.#advance(8));
    if (!Number.isSafeInteger(value) || value < 0) throw new FrameError('integer field');
    return value;
  }

  /** A view, not a copy. */
  bytes(length: number): Buffer {
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** A JSON object or array. @throws FrameError for text that isn't one */
  json(length: number): object {
    let value: unknown;
    try {
      value = JSON.parse(this.bytes(length).toString('utf8'));
    } catch (error) {
      if (error instanceof FrameError) throw error;
      throw new FrameError('malformed JSON');
    }
    if (typeof value !== 'object' || value === null) throw new FrameError('malformed JSON');
    return value;
  }

  /** @throws FrameError unless everything was read */
  end(): void {
    if (this.#position !== this.#bytes.length) throw new FrameError('trailing bytes');
  }

  #advance(length: number): number {
    const start = this.#position;
    if (this.#bytes.length - start < length) throw new FrameError('message too short');
    this.#position = start + length;
    return start;
  }
}
