import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromBase64, toBase64 } from './base64.ts';

describe('base64', () => {
  it('is that of Node, both ways', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const text = toBase64(bytes);
        expect(text).toBe(Buffer.from(bytes).toString('base64'));
        expect(fromBase64(text)).toEqual(bytes);
      }),
    );
    const long = new Uint8Array(300_000).fill(251);
    expect(fromBase64(toBase64(long))).toEqual(long);
  });

  it.each(['=', 'QQ', 'QQ=', 'QR==', 'Q Q==', 'QQ==\n', '-_8=', 'é'])('refuses %j', (text) => {
    expect(() => fromBase64(text)).toThrow(TypeError);
  });
});
