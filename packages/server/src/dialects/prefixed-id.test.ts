import { type KeyId, newId } from '@countersign/core/ids';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePrefixedId, readMemberId, readPathId, writeId } from './prefixed-id.ts';

/** The pattern that clients know (reference, section 1.1). */
const WIRE = /^key-[a-z0-9]{5}-[a-z0-9]{5}-[a-z0-9]{14,16}$/;

describe('identifiers on the wire', () => {
  it('have the known pattern and are the same 128 bits', () => {
    fc.assert(
      fc.property(fc.uuid(), (uuid) => {
        const text = writeId('key', uuid as KeyId);
        expect(text).toMatch(WIRE);
        expect(parsePrefixedId('key', text)).toBe(uuid);
      }),
    );
  });

  it('are the 128 bits as a number in base 32, whatever they are', () => {
    const edges = ['0', 'f', '8', '1'].flatMap((digit) => [
      digit.repeat(32),
      digit.padStart(32, '0'),
      digit.padEnd(32, '0'),
    ]);
    const bits = fc.oneof(fc.constantFrom(...edges), fc.stringMatching(/^[0-9a-f]{32}$/));
    fc.assert(
      fc.property(bits, (hex) => {
        const uuid = hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-') as KeyId;
        const number = BigInt(`0x${hex}`).toString(32).padStart(26, '0');
        const text = `key-${number.slice(0, 5)}-${number.slice(5, 10)}-${number.slice(10)}`;
        expect(writeId('key', uuid)).toBe(text);
        expect(parsePrefixedId('key', text)).toBe(uuid);
      }),
    );
    // One more than 128 bits can hold.
    expect(parsePrefixedId('key', `key-80000-00000-${'0'.repeat(16)}`)).toBeUndefined();
    expect(parsePrefixedId('key', `key-7vvvv-vvvvv-${'v'.repeat(16)}`)).toBe('ffffffff-ffff-ffff-ffff-ffffffffffff');
  });

  it('keep the order of the UUIDs, so that lists by id are in one order everywhere', () => {
    fc.assert(
      fc.property(fc.array(fc.uuid()), (uuids) => {
        const texts = uuids.map((uuid) => writeId('key', uuid as KeyId)).sort();
        expect(texts.map((text) => parsePrefixedId('key', text))).toEqual([...uuids].sort());
      }),
    );
  });

  it('are never taken for another kind, nor read where they have more than 128 bits', () => {
    const text = writeId('key', newId());
    expect(parsePrefixedId('sig', text)).toBeUndefined();
    expect(parsePrefixedId('key', text.toUpperCase())).toBeUndefined();
    expect(parsePrefixedId('key', 'key-zzzzz-zzzzz-zzzzzzzzzzzzzzzz')).toBeUndefined();
    expect(parsePrefixedId('key', `key-vvvvv-vvvvv-${'v'.repeat(16)}`)).toBeUndefined();
    expect(() => readPathId('key', `${text}0`)).toThrow(expect.objectContaining({ code: 'not_found' }));
    expect(() => readMemberId('key', 'keyId', 'x')).toThrow(expect.objectContaining({ code: 'invalid_request' }));
  });
});
