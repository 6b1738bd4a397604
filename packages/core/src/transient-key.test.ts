import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KeyRecord } from './key-record.ts';
import { openTransientKey, sealTransientKey } from './transient-key.ts';

const binding = new Uint8Array(32).fill(1);
const key = {
  id: 'id',
  algorithm: 'ecdsa-p256',
  publicKey: new Uint8Array([4, 1, 2]),
  sealed: new Uint8Array([9, 8, 7]),
  operations: ['sign'],
  createdAtMs: 5,
} as unknown as KeyRecord;

describe('transient keys', () => {
  it('come back as they were to the session that they were given to', () => {
    expect(openTransientKey(binding, sealTransientKey(binding, key))).toEqual(key);
  });

  it('are nothing to another session', () => {
    expect(openTransientKey(new Uint8Array(32).fill(2), sealTransientKey(binding, key))).toBeUndefined();
  });

  it('do not open after any bit is flipped', () => {
    const blob = sealTransientKey(binding, key);
    fc.assert(
      fc.property(fc.nat(blob.length * 8 - 1), (bit) => {
        const flipped = Uint8Array.from(blob);
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(openTransientKey(binding, flipped)).toBeUndefined();
      }),
    );
  });

  it('refuses blobs that are too short or too long without reading them', () => {
    expect(openTransientKey(binding, new Uint8Array(32))).toBeUndefined();
    expect(openTransientKey(binding, new Uint8Array(64 * 1024 + 1))).toBeUndefined();
  });
});
