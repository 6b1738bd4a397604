/**
 * The signer's answer: columns, not objects.
 *
 *     request id u32 | microseconds u32 | items u32 | signature bytes u32
 *     | items * status u8 | items * signature length u16 | items * SHA-256 of the signature | signatures
 */
import type { CustodySignature } from '@countersign/core/ports/custody';
import { FrameError, MAX_MESSAGE_ITEMS } from '../frames.ts';

export const SIGN_REPLY_FIXED_BYTES = 16;
/** Of a SHA-256. */
export const DIGEST_BYTES = 32;

/** A status is its index on the wire. */
export const SIGN_STATUSES = ['signed', 'refused', 'invalid', 'unavailable', 'fault'] as const;
export type SignStatus = (typeof SIGN_STATUSES)[number];
export const SIGN_STATUS_CODES = {
  signed: 0,
  refused: 1,
  invalid: 2,
  unavailable: 3,
  fault: 4,
} as const satisfies Record<SignStatus, number>;

/** Results without a signature, shared: there is nothing in them that differs. */
export const UNSIGNED: Readonly<Record<Exclude<SignStatus, 'signed'>, CustodySignature>> = {
  refused: Object.freeze({ status: 'refused' }),
  invalid: Object.freeze({ status: 'invalid' }),
  unavailable: Object.freeze({ status: 'unavailable' }),
  fault: Object.freeze({ status: 'fault' }),
};

/**
 * A signature where it lies in the reply. Views are made when they are asked for: making two typed arrays for each
 * item here took six times as long (0.06 us), and all of them would live until the whole batch is signed.
 */
class SignatureInReply {
  readonly status = 'signed';
  readonly #body: Buffer;
  readonly #at: number;
  readonly #length: number;
  readonly #digestAt: number;

  constructor(body: Buffer, at: number, length: number, digestAt: number) {
    this.#body = body;
    this.#at = at;
    this.#length = length;
    this.#digestAt = digestAt;
  }

  get signature(): Uint8Array {
    return this.#body.subarray(this.#at, this.#at + this.#length);
  }

  get signatureDigest(): Uint8Array {
    return this.#body.subarray(this.#digestAt, this.#digestAt + DIGEST_BYTES);
  }
}

/** Bytes of a reply's body before the signatures. */
export function signReplyColumnsBytes(itemCount: number): number {
  return SIGN_REPLY_FIXED_BYTES + itemCount * (1 + 2 + DIGEST_BYTES);
}

/**
 * Reads a reply into `results[first + i]`; signatures and digests are views of `body`.
 * @throws FrameError when it isn't the well-formed answer to a request of `expectedItems` items
 */
export function readSignReply(
  body: Buffer,
  expectedItems: number,
  results: (CustodySignature | undefined)[],
  indexes: ArrayLike<number>,
): { readonly busyUs: number } {
  if (body.length < SIGN_REPLY_FIXED_BYTES) throw new FrameError('reply too short');
  const busyUs = body.readUInt32LE(4);
  const itemCount = body.readUInt32LE(8);
  const signatureBytes = body.readUInt32LE(12);
  if (itemCount !== expectedItems || itemCount > MAX_MESSAGE_ITEMS) throw new FrameError('reply items');
  const columns = signReplyColumnsBytes(itemCount);
  if (body.length !== columns + signatureBytes) throw new FrameError('reply length');
  const lengthsAt = SIGN_REPLY_FIXED_BYTES + itemCount;
  let digestAt = lengthsAt + 2 * itemCount;
  let position = columns;
  for (let index = 0; index < itemCount; index++) {
    const status = body[SIGN_REPLY_FIXED_BYTES + index] ?? 0xff;
    // biome-ignore lint/style/noNonNullAssertion: indexes has an entry for each item of the message
    const target = indexes[index]!;
    if (status === SIGN_STATUS_CODES.signed) {
      const length = body.readUInt16LE(lengthsAt + 2 * index);
      if (length === 0 || position + length > body.length) throw new FrameError('reply signature');
      results[target] = new SignatureInReply(body, position, length, digestAt);
      position += length;
    } else {
      const name = SIGN_STATUSES[status];
      if (name === undefined || name === 'signed') throw new FrameError('reply status');
      results[target] = UNSIGNED[name];
    }
    digestAt += DIGEST_BYTES;
  }
  if (position !== body.length) throw new FrameError('reply signatures');
  return { busyUs };
}
