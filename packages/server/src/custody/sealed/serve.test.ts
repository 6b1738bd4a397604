import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { allocateFrame, FRAME_HEADER_BYTES, FRAME_TYPES, FrameError, FrameReader } from '../frames.ts';
import { socketPair } from '../sealed-process.fixture.ts';
import { serve } from './serve.ts';

const SLOW = FRAME_TYPES.exportEncrypted;
const QUICK = FRAME_TYPES.generate;

const undo: (() => void)[] = [];
afterEach(() => {
  for (const step of undo.splice(0)) step();
});

function frame(type: typeof SLOW | typeof QUICK, value: number): Buffer {
  const made = allocateFrame(type, 1);
  made[FRAME_HEADER_BYTES] = value;
  return made;
}

/** Answers with what it was sent; the slow operation takes its time, or fails where it is sent 255. */
async function served() {
  const [near, far] = await socketPair();
  undo.push(
    () => near.destroy(),
    () => far.destroy(),
  );
  const started: number[] = [];
  let closed = 0;
  const done = serve(far, {
    serve: new Map<number, (body: Buffer) => Buffer | Promise<Buffer>>([
      [QUICK, (body) => frame(QUICK, body[0] ?? 0)],
      [
        SLOW,
        async (body) => {
          const value = body[0] ?? 0;
          started.push(value);
          await sleep(100);
          if (value === 255) throw new FrameError('broken');
          return frame(SLOW, value);
        },
      ],
    ]),
    close: () => {
      closed += 1;
    },
  });
  const answers: number[] = [];
  const reader = new FrameReader((_type, body) => answers.push(body[0] ?? 0));
  near.on('data', (chunk: Buffer) => reader.push(chunk));
  far.resume();
  return { near, done, answers, started, closed: () => closed };
}

describe('a channel', () => {
  it('answers in the order of the questions, one after another, also where an answer takes its time', async () => {
    const { near, answers, started } = await served();
    near.write(Buffer.concat([frame(SLOW, 1), frame(QUICK, 2), frame(SLOW, 3)]));
    await sleep(10);
    // While the first is under way.
    near.write(Buffer.concat([frame(QUICK, 4), frame(SLOW, 5)]));
    await sleep(10);
    expect(started).toEqual([1]);
    await expect.poll(() => answers, { timeout: 5_000 }).toEqual([1, 2, 3, 4, 5]);
    // And behind one that is alone.
    near.write(frame(SLOW, 6));
    await expect.poll(() => started, { interval: 2 }).toEqual([1, 3, 5, 6]);
    near.write(frame(QUICK, 7));
    await expect.poll(() => answers).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('is closed without an answer by a slow question that breaks the format', async () => {
    const { near, done, answers, closed } = await served();
    near.write(Buffer.concat([frame(SLOW, 255), frame(QUICK, 2)]));
    await expect(done).rejects.toBeInstanceOf(FrameError);
    await sleep(20);
    expect([answers, closed()]).toEqual([[], 1]);
  });

  it('ends well where the peer leaves while an answer is under way', async () => {
    const { near, done, started, closed } = await served();
    near.write(frame(SLOW, 1));
    await expect.poll(() => started, { interval: 2 }).toEqual([1]);
    near.destroy();
    await done;
    await sleep(150);
    expect(closed()).toBe(1);
  });
});
