import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bool,
  bytes,
  decode,
  encode,
  fixed,
  list,
  MalformedBytes,
  optional,
  struct,
  text,
  u8,
  u16,
  u32,
  variants,
  word,
} from './codec.ts';

const inner = struct({ small: u8, flag: bool, name: text(40) });
const sample = struct({
  id: fixed(4),
  count: u32,
  port: u16,
  colour: word(['red', 'green']),
  maybe: optional(bytes(10)),
  items: list(inner, 5),
  shape: variants({ circle: struct({ radius: u16 }), nothing: struct({}) }),
});

const value = fc.record({
  id: fc.uint8Array({ minLength: 4, maxLength: 4 }),
  count: fc.nat(0xffff_ffff),
  port: fc.nat(0xffff),
  colour: fc.constantFrom('red' as const, 'green' as const),
  maybe: fc.option(fc.uint8Array({ maxLength: 10 }), { nil: undefined }),
  items: fc.array(
    fc.record({ small: fc.nat(255), flag: fc.boolean(), name: fc.string({ maxLength: 10, unit: 'grapheme-ascii' }) }),
    { maxLength: 5 },
  ),
  shape: fc.oneof(
    fc.record({ kind: fc.constant('circle' as const), radius: fc.nat(0xffff) }),
    fc.record({ kind: fc.constant('nothing' as const) }),
  ),
});

const plain = (input: unknown): unknown =>
  JSON.parse(JSON.stringify(input, (_key, item) => (ArrayBuffer.isView(item) ? [...(item as Uint8Array)] : item)));
/** Buffers turn themselves into JSON before a replacer sees them. */
const comparable = (input: object): unknown =>
  plain(
    Object.fromEntries(
      Object.entries(input).map(([name, item]) => [name, item instanceof Uint8Array ? Uint8Array.from(item) : item]),
    ),
  );

describe('the encoding of threshold messages', () => {
  it('gives back what was written, and writes the same bytes again', () => {
    fc.assert(
      fc.property(value, (input) => {
        const encoded = encode(sample, input);
        const decoded = decode(sample, encoded);
        expect(comparable(decoded)).toEqual(comparable(input));
        expect(encode(sample, decoded)).toEqual(encoded);
      }),
    );
  });

  it('takes any bytes either as one value with that very encoding, or refuses them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (input) => {
        try {
          expect(encode(sample, decode(sample, input))).toEqual(Buffer.from(input));
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedBytes);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('refuses every truncation and every extension of an encoding', () => {
    fc.assert(
      fc.property(value, (input) => {
        const encoded = encode(sample, input);
        for (let length = 0; length < encoded.length; length++)
          expect(() => decode(sample, encoded.subarray(0, length))).toThrow(MalformedBytes);
        expect(() => decode(sample, Buffer.concat([encoded, Buffer.alloc(1)]))).toThrow('trailing bytes');
      }),
      { numRuns: 50 },
    );
  });

  it('refuses values outside their bounds when writing', () => {
    expect(() => encode(bytes(3), Buffer.alloc(4))).toThrow(RangeError);
    expect(() => encode(fixed(3), Buffer.alloc(2))).toThrow(RangeError);
    expect(() => encode(list(u8, 1), [1, 2])).toThrow(RangeError);
  });

  it('refuses text that is not well-formed UTF-8', () => {
    expect(() => decode(text(9), Buffer.from([1, 0, 0, 0, 0xff]))).toThrow(MalformedBytes);
  });

  it('does not believe a count that the message has no bytes for', () => {
    expect(() => decode(list(u8, 0xffff_ffff), Buffer.from([0xff, 0xff, 0xff, 0x7f]))).toThrow('count');
  });
});
