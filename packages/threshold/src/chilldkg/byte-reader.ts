/** Takes a message apart from the front. The lengths are checked before, by whoever knows what the message is. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  /** A copy of the next `length` bytes. @throws RangeError when there are fewer */
  take(length: number): Uint8Array {
    if (length > this.remaining) throw new RangeError('the message is too short');
    const taken = Uint8Array.prototype.slice.call(this.#bytes, this.#offset, this.#offset + length);
    this.#offset += length;
    return taken;
  }

  /** `count` pieces of `length` bytes. */
  takeEach(count: number, length: number): Uint8Array[] {
    if (count * length > this.remaining) throw new RangeError('the message is too short');
    return Array.from({ length: count }, () => this.take(length));
  }
}
