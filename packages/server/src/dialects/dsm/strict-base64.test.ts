import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeStrictBase64, encodeBase64 } from './strict-base64.ts';

describe('strict base64', () => {
  it('reads back what it wrote, short and long', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1000 }), (bytes) => {
        const text = encodeBase64(bytes);
        expect(text).toBe(Buffer.from(bytes).toString('base64'));
        expect(decodeStrictBase64(text)).toEqual(bytes);
      }),
    );
  });

  it('overwrites all of the room that it was given', () => {
    for (const size of [0, 1, 2, 3, 4, 5, 6, 400]) {
      const dirty = (bytes: number) => new Uint8Array(bytes).fill(0xa5);
      expect(decodeStrictBase64(encodeBase64(new Uint8Array(size)), dirty)).toEqual(new Uint8Array(size));
    }
  });

  it('accepts exactly the canonical texts', () => {
    const letters = fc.constantFrom(...'AQZaz09+/-_= \n\0Āé');
    fc.assert(
      fc.property(fc.string({ unit: letters, maxLength: 12 }), fc.integer({ min: 0, max: 200 }), (text, repeat) => {
        for (const candidate of [text, 'AAAA'.repeat(repeat) + text, text + 'AAAA'.repeat(repeat)]) {
          const canonical = Buffer.from(candidate, 'base64').toString('base64') === candidate;
          expect(decodeStrictBase64(candidate) !== undefined).toBe(canonical);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    'A',
    'AA',
    'AAA',
    'QQ',
    'QR==',
    'QUJ=',
    'QQ= =',
    'Q Q=',
    'QUJD\n',
    '    ',
    'QQ==    ',
    'QUJD QUI=   ',
    'QUI-',
    'QUI_',
    '====',
    '=QQQ',
    'QQ==QQ==',
    'QUJ\u0144',
  ])('refuses %j', (text) => {
    expect(decodeStrictBase64(text)).toBeUndefined();
    const long = 'AAAA'.repeat(200);
    expect(decodeStrictBase64(long + text)).toBeUndefined();
  });
});
