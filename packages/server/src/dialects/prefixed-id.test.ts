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
