import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DER_TAGS, DerError, DerReader, encodeDer, encodeObjectIdentifier, encodeUnsignedInteger } from './der.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const fromHex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));

describe('writing DER', () => {
  it('uses the shortest length', () => {
    expect(hex(encodeDer(0x04, new Uint8Array(127))).slice(0, 4)).toBe('047f');
    expect(hex(encodeDer(0x04, new Uint8Array(128))).slice(0, 6)).toBe('048180');
    expect(hex(encodeDer(0x04, new Uint8Array(255))).slice(0, 6)).toBe('0481ff');
    expect(hex(encodeDer(0x04, new Uint8Array(256))).slice(0, 8)).toBe('04820100');
    expect(hex(encodeDer(0x04, new Uint8Array(65536))).slice(0, 10)).toBe('0483010000');
  });

  it('encodes identifiers as X.690, section 8.19, gives them', () => {
    expect(hex(encodeObjectIdentifier('2.999.3'))).toBe('0603883703');
    expect(hex(encodeObjectIdentifier('1.2.840.113549.1.1.1'))).toBe('06092a864886f70d010101');
  });

  it('encodes integers without a sign that they do not have, and zero in one byte', () => {
    expect(hex(encodeUnsignedInteger(fromHex('00007f')))).toBe('02017f');
    expect(hex(encodeUnsignedInteger(fromHex('0080')))).toBe('02020080');
    expect(hex(encodeUnsignedInteger(fromHex('0000')))).toBe('020100');
    expect(hex(encodeUnsignedInteger(new Uint8Array(0)))).toBe('020100');
  });
});

describe('reading DER', () => {
  it('returns views of its input', () => {
    const input = encodeDer(DER_TAGS.octetString, Uint8Array.of(1, 2, 3));
    const contents = new DerReader(input).read(DER_TAGS.octetString);
    expect(contents).toEqual(Uint8Array.of(1, 2, 3));
    expect(contents.buffer).toBe(input.buffer);
  });

  it.each([
    ['an indefinite length', '3080020101 0000'],
    ['a long form where the short one fits', '04810100'],
    ['a length with a leading zero', `04820080${'00'.repeat(128)}`],
    ['a length of four octets', '048400000001 00'],
    ['a length past the end', '040200'],
    ['a length that is cut off', '0482 01'],
    ['no length', '04'],
    ['another tag', '030100'],
    ['nothing', ''],
  ])('refuses %s', (_what, text) => {
    expect(() => new DerReader(fromHex(text.replaceAll(' ', ''))).read(DER_TAGS.octetString)).toThrow(DerError);
  });

  it.each([
    ['negative', '020180'],
    ['padded', '02020001'],
    ['empty', '0200'],
  ])('refuses an INTEGER that is %s', (_what, text) => {
    expect(() => new DerReader(fromHex(text)).readUnsignedInteger()).toThrow(DerError);
  });

  it('refuses bit strings that do not hold whole bytes, large versions and trailing bytes', () => {
    expect(() => new DerReader(fromHex('03020101')).readBitString()).toThrow(DerError);
    expect(() => new DerReader(fromHex('0300')).readBitString()).toThrow(DerError);
    expect(() => new DerReader(fromHex('02020100')).readSmallInteger()).toThrow(DerError);
    expect(() => new DerReader(fromHex('00')).end()).toThrow(DerError);
  });

  it('reads back every integer that was written', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const magnitude = new DerReader(encodeUnsignedInteger(bytes)).readUnsignedInteger();
        const firstDigit = bytes.findIndex((byte) => byte !== 0);
        expect(hex(magnitude)).toBe(firstDigit < 0 ? '' : hex(bytes.subarray(firstDigit)));
      }),
    );
  });

  it('fails with DerError and nothing else, whatever it is given', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          const reader = new DerReader(bytes).enter(DER_TAGS.sequence);
          reader.readUnsignedInteger();
          reader.readBitString();
          reader.end();
        } catch (error) {
          expect(error).toBeInstanceOf(DerError);
        }
      }),
    );
  });
});
