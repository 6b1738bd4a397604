import { ed25519, x25519 as nobleX25519 } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digest } from '../../test/exchange/test-identities.ts';
import { loadIdentity, parsePublicIdentity } from './identity.ts';
import { parseX25519PublicKey, x25519, x25519PrivateKey, x25519PublicBytes } from './x25519.ts';

const P = 2n ** 255n - 19n;

function littleEndian(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse();
}

function modulo(value: bigint): bigint {
  return ((value % P) + P) % P;
}

/** The eight points of low order of edwards25519, as affine coordinates. */
const lowOrder = Array.from({ length: 8 }, (_, i) => {
  // Of order 8, as the number of different multiples shows.
  const generator = ed25519.Point.fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05', true);
  let point = ed25519.Point.ZERO;
  for (let k = 0; k < i; k += 1) point = point.add(generator);
  return point.toAffine();
});

describe('X25519 public keys', () => {
  it('agree with an independent implementation', () => {
    const secret = fc.uint8Array({ minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(secret, secret, (a, b) => {
        const [mine, theirs] = [x25519PrivateKey(a), x25519PrivateKey(b)];
        const theirPublic = nobleX25519.getPublicKey(b);
        expect(Buffer.from(x25519PublicBytes(theirs))).toEqual(Buffer.from(theirPublic));
        const parsed = parseX25519PublicKey(theirPublic);
        if (parsed === undefined) throw new Error('refused');
        expect(Buffer.from(x25519(mine, parsed))).toEqual(Buffer.from(nobleX25519.getSharedSecret(a, theirPublic)));
      }),
      { numRuns: 20 },
    );
  });

  it('of low order are refused', () => {
    expect(new Set(lowOrder.map(({ x, y }) => `${x} ${y}`)).size).toBe(8);
    // RFC 7748, section 4.1: u = (1 + y) / (1 - y); the point at infinity has no u, and 0 stands for it.
    const inverse = (value: bigint): bigint => ed25519.Point.Fp.inv(modulo(value));
    const us = lowOrder.map(({ y }) => (y === 1n ? 0n : modulo((1n + y) * inverse(1n - y))));
    // And the points of low order of the twist that aren't on the curve: u = -1.
    for (const u of [...us, 0n, 1n, P - 1n]) expect(parseX25519PublicKey(littleEndian(u))).toBeUndefined();
  });

  it('that are not canonical are refused', () => {
    for (let excess = 0n; excess < 19n; excess += 1n) {
      expect(parseX25519PublicKey(littleEndian(P + excess))).toBeUndefined();
    }
    const bit255 = littleEndian(9n + 2n ** 255n);
    expect(parseX25519PublicKey(bit255)).toBeUndefined();
    expect(parseX25519PublicKey(littleEndian(9n))).toBeDefined();
    expect(parseX25519PublicKey(littleEndian(P - 2n))).toBeDefined();
  });

  it.each([0, 31, 33])('of %i bytes are refused', (length) => {
    expect(parseX25519PublicKey(Buffer.alloc(length, 9))).toBeUndefined();
    expect(() => x25519PrivateKey(Buffer.alloc(length, 9))).toThrow(RangeError);
  });
});

describe('identities', () => {
  const secret = loadIdentity(digest('seed'), digest('channel'));
  const { channelKey, identityKey } = secret.public;

  it('are the keys of the standards', () => {
    expect(Buffer.from(identityKey)).toEqual(Buffer.from(ed25519.getPublicKey(digest('seed'))));
    expect(Buffer.from(channelKey)).toEqual(Buffer.from(nobleX25519.getPublicKey(digest('channel'))));
  });

  it('sign for one purpose, which another one does not take', () => {
    const signature = secret.sign('tag', Buffer.from('message'));
    expect(secret.public.verifies(signature, 'tag', Buffer.from('message'))).toBe(true);
    expect(secret.public.verifies(signature, 'other tag', Buffer.from('message'))).toBe(false);
    expect(secret.public.verifies(signature, 'tag', Buffer.from('massage'))).toBe(false);
    expect(secret.public.verifies(signature.subarray(1), 'tag', Buffer.from('message'))).toBe(false);
  });

  it('with an identity key of low order, in any encoding, are refused', () => {
    for (const { y } of lowOrder) {
      for (const sign of [0n, 2n ** 255n]) {
        expect(parsePublicIdentity(littleEndian(y + sign), channelKey)).toBeUndefined();
      }
    }
    for (let excess = 0n; excess < 19n; excess += 1n) {
      expect(parsePublicIdentity(littleEndian(P + excess), channelKey)).toBeUndefined();
    }
    expect(parsePublicIdentity(identityKey, channelKey)).toBeDefined();
    expect(parsePublicIdentity(identityKey.subarray(1), channelKey)).toBeUndefined();
    expect(parsePublicIdentity(identityKey, littleEndian(1n))).toBeUndefined();
  });

  it('need secrets of 32 bytes', () => {
    expect(() => loadIdentity(Buffer.alloc(31), digest('channel'))).toThrow(RangeError);
    expect(() => loadIdentity(digest('seed'), Buffer.alloc(33))).toThrow(RangeError);
  });
});
