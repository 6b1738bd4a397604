import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CanonicalValue, canonicalBytes, MAX_DEPTH } from './canonical-bytes.ts';

const hex = (value: CanonicalValue): string => Buffer.from(canonicalBytes(value)).toString('hex');

/** Small alphabets, so that different values are often nearly the same. */
const { value: values } = fc.letrec<{ value: CanonicalValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<CanonicalValue>(null, true, false, 0, 1, 10, '', '0', '1', 'a', 'ab', '\ud800', '\udc00'),
    fc.uint8Array({ maxLength: 2 }),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'ab', '__proto__'), tie('value'), { maxKeys: 3 }),
  ),
}));

/** Prototypes aside: a dictionary may have none. */
const plain = (value: CanonicalValue): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, member: unknown) =>
      member instanceof Uint8Array ? { bytes: Buffer.from(member).toString('hex'), tag: 'bytes' } : member,
    ),
  );

describe('canonicalBytes', () => {
  it('is the same for the same value, and another for every other', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        expect(hex(a) === hex(b)).toBe(isDeepStrictEqual(plain(a), plain(b)));
      }),
      { numRuns: 5_000 },
    );
  });

  it('does not depend on the order of members, nor on members that are undefined', () => {
    expect(hex({ a: 1, b: [2], c: undefined })).toBe(hex({ b: [2], a: 1 }));
    expect(hex({ a: null })).not.toBe(hex({}));
  });

  it('is as its description says', () => {
    expect(hex([null, true, 12, 'é', Uint8Array.of(255), { b: false }])).toBe(
      '0600000006' +
        '00' +
        '02' +
        '03000000023132' +
        '0400000002e900' +
        '0500000001ff' +
        '0700000001' +
        '04000000026200' +
        '01',
    );
  });

  it('counts minus zero as zero, as JSON does, and refuses what JSON does not have', () => {
    expect(hex(-0)).toBe(hex(0));
    expect(() => canonicalBytes([Number.NaN])).toThrow('JSON');
  });

  it('refuses nesting that would exhaust the stack', () => {
    let nested: CanonicalValue = 1;
    for (let depth = 0; depth < MAX_DEPTH; depth++) nested = [nested];
    expect(hex(nested)).toMatch(/^06/);
    for (let depth = 0; depth < 100_000; depth++) nested = [nested];
    expect(() => canonicalBytes(nested)).toThrow('nested');
  });
});
