import { describe, expect, it } from 'vitest';
import { loadSecp256k1Group } from '../engines/secp256k1/load-group.ts';
import { SecretNonce } from './secret-nonce.ts';

const group = await loadSecp256k1Group();
const isWiped = (memory: Uint8Array): boolean => memory.every((byte) => byte === 0);

/** Two scalars in range. */
function nonceMemory(): Uint8Array {
  return new Uint8Array(64).fill(0x11);
}

describe('a secret nonce', () => {
  it('works once, and is wiped then', () => {
    const memory = nonceMemory();
    const nonce = new SecretNonce(memory);
    expect(nonce.use(group, (first, second) => [first.length, second.length, first[0]])).toEqual([32, 32, 0x11]);
    expect(isWiped(memory)).toBe(true);
    expect(() => nonce.use(group, () => 1)).toThrow('secret nonce used twice');
  });

  it('is spent by a use that fails', () => {
    const memory = nonceMemory();
    const nonce = new SecretNonce(memory);
    expect(() =>
      nonce.use(group, () => {
        throw new Error('broken');
      }),
    ).toThrow('broken');
    expect(isWiped(memory)).toBe(true);
    expect(() => nonce.use(group, () => 1)).toThrow('secret nonce used twice');
  });

  it("can't be used from inside its use", () => {
    const nonce = new SecretNonce(nonceMemory());
    expect(() => nonce.use(group, () => nonce.use(group, () => 1))).toThrow('secret nonce used twice');
  });

  it('is wiped and given up once, also when nobody uses it', () => {
    const memory = nonceMemory();
    const released: Uint8Array[] = [];
    const nonce = new SecretNonce(memory, (given) => released.push(given));
    nonce.destroy();
    nonce.destroy();
    expect(isWiped(memory)).toBe(true);
    expect(released).toEqual([memory]);
    expect(() => nonce.use(group, () => 1)).toThrow('secret nonce used twice');
  });

  it('is refused and wiped when a half is zero or out of range', () => {
    for (const [start, problem] of [
      [0, 'first-nonce-range'],
      [32, 'second-nonce-range'],
    ] as const) {
      for (const byte of [0, 0xff]) {
        const memory = nonceMemory().fill(byte, start, start + 32);
        const nonce = new SecretNonce(memory);
        expect(() => nonce.use(group, () => 1)).toThrow(expect.objectContaining({ problem }));
        expect(isWiped(memory)).toBe(true);
      }
    }
    expect(() => new SecretNonce(new Uint8Array(63))).toThrow(RangeError);
  });
});
