import { closeSync, openSync, readSync } from 'node:fs';
import koffi from 'koffi';
import { describe, expect, it } from 'vitest';
import { allocateSecret, copySecret, freeSecret, randomSecret } from './secret-memory.ts';

describe('secret memory', () => {
  it('is zero when it is new', () => {
    for (const length of [1, 32, 64, 96, 5000]) {
      const secret = allocateSecret(length);
      expect(secret.length).toBe(length);
      expect(secret.every((byte) => byte === 0)).toBe(true);
      freeSecret(secret);
    }
  });

  it('copies, and leaves the source alone', () => {
    const source = Uint8Array.of(1, 2, 3);
    const secret = copySecret(source);
    secret[0] = 9;
    expect([...source]).toEqual([1, 2, 3]);
    expect([...secret]).toEqual([9, 2, 3]);
    freeSecret(secret);
  });

  it('is random where it is asked to be', () => {
    const [one, two] = [randomSecret(32), randomSecret(32)];
    expect(one.equals(two)).toBe(false);
    freeSecret(one);
    freeSecret(two);
  });

  it('can be freed twice, and reads as empty afterwards', () => {
    const secret = randomSecret(32);
    freeSecret(secret);
    freeSecret(secret);
    expect(secret.length).toBe(0);
    expect(secret[0]).toBeUndefined();
  });

  it.skipIf(process.platform !== 'linux')('is wiped before it is given up (read back through /proc)', () => {
    const secret = allocateSecret(32).fill(0x5a);
    const address = koffi.address(secret);
    expect(readOwnMemory(address, 32)).toBe('5a'.repeat(32));
    freeSecret(secret);
    expect(readOwnMemory(address, 32)).not.toContain('5a5a5a5a');
  });
});

/** Hex, or 'unmapped'. */
function readOwnMemory(address: bigint, length: number): string {
  const file = openSync('/proc/self/mem', 'r');
  try {
    const bytes = Buffer.alloc(length);
    readSync(file, bytes, 0, length, address);
    return bytes.toString('hex');
  } catch {
    return 'unmapped';
  } finally {
    closeSync(file);
  }
}
