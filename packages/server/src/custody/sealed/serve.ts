/** Serves one channel until it closes: frames in, replies out, one message at a time. */
import type { Socket } from 'node:net';
import { FrameError, FrameReader } from '../frames.ts';

/**
 * A role's closed list of operations, by frame type. Each takes the body and gives the frame that answers it; where
 * `Answer` allows that, it may promise it, and the messages behind it wait.
 */
export interface Operations<Answer extends Buffer | Promise<Buffer> = Buffer> {
  readonly serve: ReadonlyMap<number, (body: Buffer) => Answer>;
  /** Wipes what is held. */
  readonly close: () => void;
}

/** Messages are worked off for this long before the event loop gets its turn and the replies are flushed. */
const SLICE_MS = 1;
/** Reading stops while this much waits, and working while this much of replies hasn't been taken. */
const MAX_QUEUED_FRAMES = 1024;
const MAX_QUEUED_BYTES = 32 * 1024 * 1024;
const MAX_UNSENT_BYTES = 32 * 1024 * 1024;

/**
 * Resolves when the peer has closed the channel.
 * Rejects with `FrameError` when the peer broke the format: the channel is then closed without an answer.
 */
export function serve(socket: Socket, operations: Operations<Buffer | Promise<Buffer>>): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let queue: { readonly type: number; readonly body: Buffer }[] = [];
  let next = 0;
  let queuedBytes = 0;
  let scheduled = false;
  let failed = false;
  /** A promised answer is outstanding. */
  let waiting = false;

  const fail = (error: unknown): void => {
    failed = true;
    socket.destroy();
    reject(error);
  };

  const reader = new FrameReader((type, body) => {
    if (!operations.serve.has(type)) throw new FrameError('operation of another role');
    queue.push({ type, body });
    queuedBytes += body.length;
  });

  const work = (): void => {
    scheduled = false;
    if (waiting) return;
    const startMs = performance.now();
    socket.cork();
    try {
      while (next < queue.length && !failed) {
        // biome-ignore lint/style/noNonNullAssertion: next is inside the queue
        const { type, body } = queue[next]!;
        next++;
        queuedBytes -= body.length;
        const reply = operations.serve.get(type)?.(body);
        if (reply instanceof Promise) {
          waiting = true;
          reply.then(answerLate, fail);
          return;
        }
        if (reply !== undefined) socket.write(reply);
        if (performance.now() - startMs >= SLICE_MS || socket.writableLength > MAX_UNSENT_BYTES) break;
      }
    } catch (error) {
      fail(error);
      return;
    } finally {
      socket.uncork();
    }
    if (next === queue.length) {
      queue = [];
      next = 0;
      if (socket.isPaused()) socket.resume();
    } else if (socket.writableLength > MAX_UNSENT_BYTES) {
      socket.once('drain', schedule);
    } else {
      schedule();
    }
  };
  const answerLate = (reply: Buffer): void => {
    waiting = false;
    if (failed || socket.destroyed) return;
    socket.write(reply);
    schedule();
  };
  const schedule = (): void => {
    if (scheduled || failed) return;
    scheduled = true;
    setImmediate(work);
  };

  socket.on('data', (chunk: Buffer) => {
    const idle = next === queue.length;
    try {
      reader.push(chunk);
    } catch (error) {
      fail(error);
      return;
    }
    if (queue.length - next > MAX_QUEUED_FRAMES || queuedBytes > MAX_QUEUED_BYTES) socket.pause();
    if (idle && next < queue.length) work();
  });
  // A reset by the peer ends the service like a close does.
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    operations.close();
    if (!failed) resolve();
  });
  return promise;
}
