import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allocateFrame, FRAME_HEADER_BYTES, FRAME_TYPES, FrameError, FrameReader } from './frames.ts';

function frameOf(body: Uint8Array): Buffer {
  const frame = allocateFrame(FRAME_TYPES.sign, body.length);
  frame.set(body, FRAME_HEADER_BYTES);
  return frame;
}

describe('FrameReader', () => {
  it('gives the same frames however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 8 }),
        fc.array(fc.nat(400), { maxLength: 12 }),
        (bodies, cuts) => {
          const stream = Buffer.concat(bodies.map(frameOf));
          const received: string[] = [];
          const reader = new FrameReader((type, body) => received.push(`${type} ${body.toString('hex')}`));
          const positions = [
            0,
            ...cuts.map((cut) => Math.min(cut, stream.length)).sort((a, b) => a - b),
            stream.length,
          ];
          for (let index = 1; index < positions.length; index++) {
            reader.push(stream.subarray(positions[index - 1], positions[index]));
          }
          expect(received).toEqual(bodies.map((body) => `2 ${Buffer.from(body).toString('hex')}`));
        },
      ),
    );
  });

  it('refuses a length that is too small or above the limit before it allocates anything', () => {
    for (const length of [0, 3, 61, 0xffff_ffff]) {
      const bytes = Buffer.alloc(8);
      bytes.writeUInt32LE(length);
      const whole = new FrameReader(() => undefined, 64);
      expect(() => whole.push(bytes), `${length}`).toThrow(FrameError);
      const split = new FrameReader(() => undefined, 64);
      split.push(bytes.subarray(0, 2));
      expect(() => split.push(bytes.subarray(2)), `${length} split`).toThrow(FrameError);
    }
  });

  it('refuses a header whose reserved bytes are used', () => {
    const frame = frameOf(new Uint8Array(3));
    frame[6] = 1;
    expect(() => new FrameReader(() => undefined).push(frame)).toThrow(FrameError);
  });
});
