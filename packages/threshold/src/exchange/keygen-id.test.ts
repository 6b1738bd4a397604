import { secp256k1 } from '@noble/curves/secp256k1.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digest, testIdentity } from '../../test/exchange/test-identities.ts';
import { createKeygenId, InvalidKeygenId, parseKeygenId } from './keygen-id.ts';

const secret = testIdentity(0);
const ids = [
  createKeygenId(secret, 'persistent', new Uint8Array(0)),
  createKeygenId(secret, 'bip340', secp256k1.getPublicKey(digest('host key'), true)),
  createKeygenId(secret, 'ed25519', testIdentity(1).public.channelKey),
];

describe('keygen ids', () => {
  it.each(ids)('of $scheme are read as they were written', (id) => {
    const read = parseKeygenId(id.text);
    expect(read.scheme).toBe(id.scheme);
    expect(Buffer.from(read.perKeyPublic)).toEqual(Buffer.from(id.perKeyPublic));
    expect(Buffer.from(read.identity.identityKey)).toEqual(Buffer.from(secret.public.identityKey));
    expect(Buffer.from(read.identity.channelKey)).toEqual(Buffer.from(secret.public.channelKey));
    expect(read.text).toBe(id.text);
    expect(id.text).toMatch(/^[A-Za-z0-9_-]+$/);
  });

  it('have one text only: no altered bit, no other length, no other alphabet is read', () => {
    for (const { text } of ids) {
      const bytes = Buffer.from(text, 'base64url');
      for (let bit = 0; bit < bytes.length * 8; bit += 5) {
        const altered = Buffer.from(bytes);
        altered.writeUInt8(altered.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        expect(() => parseKeygenId(altered.toString('base64url'))).toThrow(InvalidKeygenId);
      }
      for (const other of [
        `${text}=`,
        `${text}A`,
        ` ${text}`,
        `${text}\n`,
        text.slice(0, -1),
        bytes.toString('base64').replace(/=+$/, '+'),
        bytes.subarray(1).toString('base64url'),
        Buffer.concat([bytes, Buffer.alloc(1)]).toString('base64url'),
        '',
        'A',
        'AQ',
      ]) {
        expect(() => parseKeygenId(other)).toThrow(InvalidKeygenId);
      }
    }
  });

  it('refuse any text without another exception, and do not repeat it', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ maxLength: 400 }), fc.base64String({ maxLength: 400 })), (text) => {
        expect(() => parseKeygenId(text)).toThrow(InvalidKeygenId);
      }),
    );
    expect(() => parseKeygenId('x'.repeat(100_000))).toThrow('too long');
  });

  it('are not made with a per-key key that is not one', () => {
    const point = secp256k1.getPublicKey(digest('host key'), true);
    const uncompressed = secp256k1.getPublicKey(digest('host key'), false);
    for (const [scheme, key] of [
      ['persistent', point],
      ['bip340', new Uint8Array(0)],
      ['bip340', uncompressed],
      ['bip340', point.subarray(1)],
      // x = 5 has no point, and x = p isn't canonical (SEC 2, section 2.4.1).
      ['bip340', Buffer.from(`02${'5'.padStart(64, '0')}`, 'hex')],
      ['bip340', Buffer.from('02fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f', 'hex')],
      ['ed25519', new Uint8Array(32)],
      ['ed25519', point],
    ] as const) {
      expect(() => createKeygenId(secret, scheme, key)).toThrow(InvalidKeygenId);
    }
  });

  it("can't be put together from two servers' keys", () => {
    const [{ text } = { text: '' }] = ids;
    const bytes = Buffer.from(text, 'base64url');
    bytes.set(testIdentity(1).public.channelKey, 34);
    expect(() => parseKeygenId(bytes.toString('base64url'))).toThrow('its signature is wrong');
  });
});
