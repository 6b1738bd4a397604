/**
 * The verifier's answer:
 *
 *     request id u32 | microseconds u32 | items u32 | items * status u8
 */
import { allocateFrame, FRAME_HEADER_BYTES, FRAME_TYPES, FrameError } from '../frames.ts';

const FIXED_BYTES = 12;

/** `invalid`: key, scheme or payload can't be used at all. `unavailable`: the check couldn't be run. */
export const VERIFY_STATUS_CODES = { rejected: 0, accepted: 1, invalid: 2, unavailable: 3 } as const;

const RESULTS: readonly (boolean | 'invalid' | undefined)[] = [false, true, 'invalid', undefined];

export function packVerifyReply(requestId: number, busyUs: number, statuses: Uint8Array): Buffer {
  const frame = allocateFrame(FRAME_TYPES.verifyReply, FIXED_BYTES + statuses.length);
  frame.writeUInt32LE(requestId, FRAME_HEADER_BYTES);
  frame.writeUInt32LE(busyUs, FRAME_HEADER_BYTES + 4);
  frame.writeUInt32LE(statuses.length, FRAME_HEADER_BYTES + 8);
  frame.set(statuses, FRAME_HEADER_BYTES + FIXED_BYTES);
  return frame;
}

/** Reads a reply into `results[indexes[i]]`. @throws FrameError */
export function readVerifyReply(
  body: Buffer,
  expectedItems: number,
  results: (boolean | 'invalid' | undefined)[],
  indexes: ArrayLike<number>,
): { readonly busyUs: number } {
  if (body.length !== FIXED_BYTES + expectedItems || body.readUInt32LE(8) !== expectedItems)
    throw new FrameError('reply length');
  for (let index = 0; index < expectedItems; index++) {
    const status = body[FIXED_BYTES + index] ?? 0xff;
    if (status >= RESULTS.length) throw new FrameError('reply status');
    // biome-ignore lint/style/noNonNullAssertion: indexes has an entry for each item of the message
    results[indexes[index]!] = RESULTS[status];
  }
  return { busyUs: body.readUInt32LE(4) };
}
