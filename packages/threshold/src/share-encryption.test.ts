import { describe, expect, it } from 'vitest';
import { openShare, SEALED_SHARE_BYTES, type SealingContext, sealShare } from './share-encryption.ts';

const filled = (value: number): Uint8Array => new Uint8Array(32).fill(value);

describe('an encrypted share', () => {
  const context: SealingContext = {
    sessionHash: filled(1),
    dealer: 0,
    recipient: 1,
    ephemeralKey: filled(2),
    dealKey: filled(3),
  };
  const shared = filled(4);
  const share = filled(5);
  const sealed = sealShare(context, shared, share);

  it('opens for its recipient', () => {
    const out = filled(0);
    expect(openShare(out, context, shared, sealed)).toBe(true);
    expect(out).toEqual(share);
    expect(sealed).toHaveLength(SEALED_SHARE_BYTES);
  });

  it('opens in no other session, from or for nobody else, and with no other key', () => {
    const others: SealingContext[] = [
      { ...context, sessionHash: filled(9) },
      { ...context, dealer: 1 },
      { ...context, recipient: 0 },
      { ...context, dealer: 1, recipient: 0 },
      { ...context, ephemeralKey: filled(9) },
      { ...context, dealKey: filled(9) },
    ];
    for (const other of others) {
      const out = filled(7);
      expect(openShare(out, other, shared, sealed)).toBe(false);
      expect(out).toEqual(filled(0));
    }
    expect(openShare(filled(0), context, filled(9), sealed)).toBe(false);
  });

  it('opens with no bit altered', () => {
    for (let bit = 0; bit < 8 * SEALED_SHARE_BYTES; bit += 1) {
      const altered = Uint8Array.from(sealed);
      altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(openShare(filled(0), context, shared, altered)).toBe(false);
    }
  });
});
