import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
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

  it('is used again, and wiped before, without a view of it that is left', () => {
    const first = allocateSecret(40).fill(0x77);
    const address = koffi.address(first);
    const view = first.subarray(3, 9);
    freeSecret(first);
    const second = allocateSecret(60);
    expect(koffi.address(second)).toBe(address);
    expect(second.every((byte) => byte === 0)).toBe(true);
    expect([first.length, view.length]).toEqual([0, 0]);
    expect(() => view.fill(1)).toThrow('detached');
    expect(second.every((byte) => byte === 0)).toBe(true);
    freeSecret(second);
  });

  it('refuses to free other memory, which would hand it out as locked', () => {
    expect(() => freeSecret(new Uint8Array(32))).toThrow(TypeError);
    expect(() => freeSecret(Buffer.from('x'))).toThrow(TypeError);
  });

  it.skipIf(process.platform !== 'linux')('takes no further mappings for what was freed', () => {
    const before = mappings();
    for (let i = 0; i < 5000; i++) freeSecret(allocateSecret(32 + (i % 90)));
    expect(mappings() - before).toBeLessThan(100);
  });

  it.skipIf(process.platform !== 'linux')('is wiped before it is given up (read back through /proc)', () => {
    const secret = allocateSecret(32).fill(0x5a);
    const address = koffi.address(secret);
    expect(readOwnMemory(address, 32)).toBe('5a'.repeat(32));
    freeSecret(secret);
    expect(readOwnMemory(address, 32)).not.toContain('5a5a5a5a');
  });
});

function mappings(): number {
  return readFileSync('/proc/self/maps', 'latin1').split('\n').length;
}

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
