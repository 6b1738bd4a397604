import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DER_TAGS, encodeDer, encodeUnsignedInteger } from './der.ts';
import { maxEcdsaSignatureBytes, readEcdsaSignature, writeEcdsaSignature } from './ecdsa-signature.ts';

/** r || s for each width in use, with edges that random bytes would miss. */
const halves = (width: number) =>
  fc.oneof(
    fc.uint8Array({ minLength: width, maxLength: width }),
    fc.uint8Array({ minLength: 1, maxLength: 3 }).map((tail) => {
      const padded = new Uint8Array(width);
      padded.set(tail, width - tail.length);
      return padded;
    }),
    fc.constantFrom(0x00, 0x7f, 0x80, 0xff).map((byte) => new Uint8Array(width).fill(byte)),
  );

const signatures = fc
  .constantFrom(24, 28, 29, 32, 48, 66)
  .chain((width) => fc.tuple(halves(width), halves(width)).map(([r, s]) => ({ width, r, s })));

describe('the DER form of an ECDSA signature', () => {
  it('is what a general writer makes of two integers, and reads back', () => {
    fc.assert(
      fc.property(signatures, ({ width, r, s }) => {
        const rs = Uint8Array.from([...r, ...s]);
        const out = new Uint8Array(maxEcdsaSignatureBytes(width * 8));
        const der = out.slice(0, writeEcdsaSignature(rs, out));
        expect(der).toEqual(encodeDer(DER_TAGS.sequence, encodeUnsignedInteger(r), encodeUnsignedInteger(s)));
        expect(readEcdsaSignature(der, width)).toEqual(rs);
      }),
    );
  });

  it('is at most as long as OpenSSL says for each curve (ECDSA_size)', () => {
    expect([192, 224, 225, 256, 384, 521].map(maxEcdsaSignatureBytes)).toEqual([56, 64, 64, 72, 104, 139]);
  });

  it('is refused if it is anything but the shortest form of two numbers of the width', () => {
    const good = encodeDer(
      DER_TAGS.sequence,
      encodeUnsignedInteger(Uint8Array.of(5)),
      encodeUnsignedInteger(Uint8Array.of(6)),
    );
    expect(readEcdsaSignature(good, 32)).toBeDefined();
    for (const bad of [
      new Uint8Array(0),
      good.subarray(0, -1),
      Uint8Array.from([...good, 0]),
      Uint8Array.of(0x30, 0x81, 6, 2, 1, 5, 2, 1, 6),
      Uint8Array.of(0x30, 0x07, 2, 2, 0, 5, 2, 1, 6),
      Uint8Array.of(0x30, 0x06, 2, 1, 0x85, 2, 1, 6),
      Uint8Array.of(0x30, 0x09, 2, 1, 5, 2, 1, 6, 2, 1, 7),
      Uint8Array.of(0x31, 0x06, 2, 1, 5, 2, 1, 6),
    ]) {
      expect(readEcdsaSignature(bad, 32)).toBeUndefined();
    }
    const wide = encodeUnsignedInteger(new Uint8Array(33).fill(1));
    expect(readEcdsaSignature(encodeDer(DER_TAGS.sequence, wide, wide), 32)).toBeUndefined();
    expect(readEcdsaSignature(encodeDer(DER_TAGS.sequence, wide, wide), 33)).toBeDefined();
  });
});
