import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import sodium from 'sodium-native';
import { describe, expect, it } from 'vitest';
import { secretTaggedHash, writeSecretHmacSha512, writeSha512 } from './secret-hash.ts';
import { allocateSecret, copySecret, freeSecret } from './secret-memory.ts';
import { taggedHash } from './tagged-hash.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('hashes over secrets', () => {
  it('make the HMAC-SHA512 that OpenSSL makes, whatever the lengths of key and parts', () => {
    const parts = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 4 });
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 128 }), parts, (keyBytes, data) => {
        const key = copySecret(keyBytes);
        const out = allocateSecret(64);
        writeSecretHmacSha512(out, key, data);
        const isSame = hex(out) === createHmac('sha512', keyBytes).update(Buffer.concat(data)).digest('hex');
        const isKeyKept = hex(key) === hex(keyBytes);
        freeSecret(key);
        freeSecret(out);
        return isSame && isKeyKept;
      }),
    );
  });

  it('write over a key in the same memory', () => {
    const memory = copySecret(new Uint8Array(64).fill(3));
    const expected = createHmac('sha512', memory.subarray(32)).update('part').digest('hex');
    writeSecretHmacSha512(memory, memory.subarray(32), [Buffer.from('part')]);
    expect(hex(memory)).toBe(expected);
    freeSecret(memory);
  });

  it('refuse keys that HMAC would hash first', () => {
    expect(() => writeSecretHmacSha512(Buffer.alloc(64), new Uint8Array(129), [])).toThrow(RangeError);
  });

  it('make the tagged hash of BIP340, one after another', () => {
    const tagged = secretTaggedHash('a tag');
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 4 }), (data) => {
        const out = Buffer.alloc(32);
        tagged.begin();
        for (const part of data) tagged.add(part);
        tagged.end(out);
        return hex(out) === hex(taggedHash('a tag', ...data));
      }),
    );
  });

  it('make SHA-512 of three parts', () => {
    const state = allocateSecret(sodium.crypto_hash_sha512_STATEBYTES);
    const out = allocateSecret(64);
    const [a, b, c] = ['', 'abc', 'd'.repeat(200)].map((text) => Buffer.from(text)) as [Buffer, Buffer, Buffer];
    writeSha512(state, out, a, b, c);
    expect(hex(out)).toBe(
      createHash('sha512')
        .update(Buffer.concat([a, b, c]))
        .digest('hex'),
    );
    freeSecret(state);
    freeSecret(out);
  });
});
