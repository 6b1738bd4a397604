import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeRootKey, encodeRootKeyHex } from './root-key-encoding.ts';

const key = fc.uint8Array({ minLength: 32, maxLength: 32 }).filter((bytes) => bytes.some((byte) => byte !== 0));
const decode = (text: string): number[] | undefined => {
  const decoded = decodeRootKey(Buffer.from(text, 'latin1'));
  return decoded === undefined ? undefined : [...decoded];
};

describe('decodeRootKey', () => {
  it('reads hex of either case and base64', () => {
    fc.assert(
      fc.property(key, (bytes) => {
        const buffer = Buffer.from(bytes);
        expect(decode(buffer.toString('hex'))).toEqual([...bytes]);
        expect(decode(buffer.toString('hex').toUpperCase())).toEqual([...bytes]);
        expect(decode(buffer.toString('base64'))).toEqual([...bytes]);
      }),
    );
  });

  it('accepts no text but the canonical ones', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ minLength: 44, maxLength: 44 }), fc.string({ minLength: 64, maxLength: 64 })),
        (text) => {
          const decoded = decode(text);
          if (decoded === undefined) return;
          const buffer = Buffer.from(decoded);
          expect([buffer.toString('hex'), buffer.toString('base64')]).toContain(
            text.length === 64 ? text.toLowerCase() : text,
          );
        },
      ),
    );
    const base64 = Buffer.alloc(32, 1).toString('base64');
    expect(decode(base64.replace(/.=$/, 'F='))).toBeUndefined(); // bits that carry nothing
    expect(decode(base64.slice(0, 43))).toBeUndefined();
    expect(decode(`${'ab'.repeat(31)}zz`)).toBeUndefined();
    expect(decode('00'.repeat(32))).toBeUndefined();
    expect(decode('')).toBeUndefined();
  });
});

describe('encodeRootKeyHex', () => {
  it('writes what decodeRootKey reads', () => {
    fc.assert(
      fc.property(key, (bytes) => {
        const out = Buffer.alloc(64);
        encodeRootKeyHex(bytes, out);
        expect(out.toString('latin1')).toBe(Buffer.from(bytes).toString('hex'));
      }),
    );
  });
});
