import { secp256k1 } from '@noble/curves/secp256k1.js';
import { toHex } from 'viem';
import { describe, expect, it } from 'vitest';
import { decode, digestOf, refusal } from '../../test/evm-fixtures.ts';

describe('digest', () => {
  it('is signed as it is, with a view that shows nothing', () => {
    const digest = secp256k1.utils.randomSecretKey();
    for (const content of [toHex(digest), toHex(digest).slice(2)]) {
      const decoded = decode('digest', content);
      expect(digestOf(decoded)).toBe(toHex(digest));
      expect(decoded.view).toEqual({ kind: 'opaque' });
    }
  });

  it('has 32 bytes, whatever the network', () => {
    for (const content of ['', '0x', `0x${'00'.repeat(31)}`, `0x${'00'.repeat(33)}`, 'zz', 1, null, {}])
      expect(refusal('digest', content)).toMatch(/digest/);
    expect(digestOf(decode('digest', `0x${'01'.repeat(32)}`, '137'))).toBe(`0x${'01'.repeat(32)}`);
  });
});
