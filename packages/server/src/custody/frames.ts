/**
 * Framing on the socket between the HTTP process and one sealed process; used by both ends, free of native code.
 *
 *     frame = length u32 | type u8 | 3 zero bytes | body        (little-endian; length counts what follows it)
 *
 * Either end may be hostile to the other: the HTTP process may have been taken over, and a sealed process is not to
 * be able to harm the HTTP process by a wrong length. A peer that breaks the format is cut off, never answered.
 */

/** Includes the four bytes of the length. */
export const FRAME_HEADER_BYTES = 8;
/** Largest frame, both ways. One payload that doesn't fit is refused before it is sent. */
export const MAX_FRAME_BYTES = 16 * 1024 * 1024;
/** Most items in one message. */
export const MAX_MESSAGE_ITEMS = 250;

export const FRAME_TYPES = {
  hello: 1,
  sign: 2,
  verify: 3,
  generate: 4,
  import: 5,
  party: 6,
  importPublicKey: 7,
  importEncrypted: 8,
  exportEncrypted: 9,
  deriveChild: 10,
  signReply: 18,
  verifyReply: 19,
  keyPairReply: 20,
  partyReply: 21,
  transferReply: 22,
} as const;
export type FrameType = (typeof FRAME_TYPES)[keyof typeof FRAME_TYPES];

/** What a sealed process is for. Each role serves a closed list of operations and no other. */
export const SEALED_ROLES = ['signer', 'generator', 'verifier', 'party'] as const;
export type SealedRole = (typeof SEALED_ROLES)[number];

/** The peer broke the format; its channel is closed. The message never quotes what it sent. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

/** A frame with room for `bodyBytes`; the body begins at `FRAME_HEADER_BYTES` and is not cleared. */
export function allocateFrame(type: FrameType, bodyBytes: number): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + bodyBytes);
  setFrameHeader(frame, type, bodyBytes);
  return frame;
}

/** Writes the header of a frame whose body turned out to be `bodyBytes` long. */
export function setFrameHeader(frame: Buffer, type: FrameType, bodyBytes: number): void {
  if (FRAME_HEADER_BYTES + bodyBytes > MAX_FRAME_BYTES) throw new FrameError('frame too large');
  frame.writeUInt32LE(bodyBytes + FRAME_HEADER_BYTES - 4, 0);
  frame.writeUInt32LE(type, 4);
}

/**
 * Cuts a byte stream into frames. `onFrame` gets the type and the body; the body is a view that stays valid (each
 * chunk of the socket has memory of its own), and it is a copy only where a frame spans chunks.
 */
export class FrameReader {
  readonly #onFrame: (type: number, body: Buffer) => void;
  readonly #maxFrameBytes: number;
  /** The first bytes of a frame, while its length isn't known yet. */
  #head: Buffer = Buffer.alloc(0);
  /** A frame under assembly, without the length. */
  #partial: Buffer | undefined;
  #filled = 0;

  constructor(onFrame: (type: number, body: Buffer) => void, maxFrameBytes = MAX_FRAME_BYTES) {
    this.#onFrame = onFrame;
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** @throws FrameError when the peer broke the format; the reader isn't to be used afterwards */
  push(chunk: Buffer): void {
    let position = 0;
    while (position < chunk.length) {
      if (this.#partial !== undefined) {
        position = this.#continuePartial(this.#partial, chunk, position);
        continue;
      }
      if (this.#head.length > 0 || chunk.length - position < 4) {
        const taken = chunk.subarray(position, position + 4 - this.#head.length);
        this.#head = Buffer.concat([this.#head, taken]);
        position += taken.length;
        if (this.#head.length < 4) return;
        this.#partial = Buffer.allocUnsafe(this.#checkedLength(this.#head.readUInt32LE(0)));
        this.#head = Buffer.alloc(0);
        continue;
      }
      const length = this.#checkedLength(chunk.readUInt32LE(position));
      position += 4;
      if (chunk.length - position >= length) {
        this.#emit(chunk.subarray(position, position + length));
        position += length;
      } else {
        this.#partial = Buffer.allocUnsafe(length);
      }
    }
  }

  #continuePartial(partial: Buffer, chunk: Buffer, position: number): number {
    const copied = chunk.copy(partial, this.#filled, position);
    this.#filled += copied;
    if (this.#filled === partial.length) {
      this.#partial = undefined;
      this.#filled = 0;
      this.#emit(partial);
    }
    return position + copied;
  }

  #checkedLength(length: number): number {
    if (length < FRAME_HEADER_BYTES - 4 || length + 4 > this.#maxFrameBytes) throw new FrameError('frame length');
    return length;
  }

  #emit(frame: Buffer): void {
    const type = frame.readUInt32LE(0);
    if (type > 0xff) throw new FrameError('frame header');
    this.#onFrame(type, frame.subarray(FRAME_HEADER_BYTES - 4));
  }
}
