import { closeSync, readSync } from 'node:fs';
import { allocateSecret, freeSecret } from '@countersign/algorithms/secret-memory';
import { ROOT_KEY_BYTES } from './wrapping.ts';

const RETRY_MS = 2;
const TIMEOUT_MS = 10_000;

/**
 * Reads the root key from an inherited pipe straight into locked memory, and closes the pipe.
 * @throws Error when it isn't exactly 32 bytes followed by the end, within ten seconds
 */
export function readRootKey(descriptor: number): Buffer {
  const rootKey = allocateSecret(ROOT_KEY_BYTES);
  const beyond = Buffer.alloc(1);
  try {
    let filled = 0;
    while (filled < ROOT_KEY_BYTES) {
      const count = readWaiting(descriptor, rootKey, filled, ROOT_KEY_BYTES - filled);
      if (count === 0) throw new Error('root key too short');
      filled += count;
    }
    if (readWaiting(descriptor, beyond, 0, 1) !== 0) throw new Error('root key too long');
    return rootKey;
  } catch (error) {
    freeSecret(rootKey);
    throw error;
  } finally {
    beyond.fill(0);
    closeSync(descriptor);
  }
}

/** A pipe that came non-blocking answers EAGAIN until its writer has written. */
function readWaiting(descriptor: number, target: Buffer, offset: number, length: number): number {
  const deadlineMs = Date.now() + TIMEOUT_MS;
  for (;;) {
    try {
      return readSync(descriptor, target, offset, length, null);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'EOF') return 0;
      if (code !== 'EAGAIN' || Date.now() > deadlineMs) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    }
  }
}
