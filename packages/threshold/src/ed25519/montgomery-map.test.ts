import { createPrivateKey, createPublicKey, diffieHellman, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { GROUPS } from '../../test/ed25519/groups.ts';
import { liftX25519PublicKey, x25519Coordinate } from './montgomery-map.ts';

const [group] = GROUPS;

function keyPair() {
  const privateKey = createPrivateKey({ key: randomBytes(32), format: 'raw-private', asymmetricKeyType: 'x25519' });
  const publicKey = createPublicKey(privateKey);
  const secret = privateKey.export({ format: 'raw-private' });
  secret[0] = (secret[0] ?? 0) & 0xf8;
  secret[31] = ((secret[31] ?? 0) & 0x7f) | 0x40;
  const scalar = new Uint8Array(32);
  group.reduce(scalar, secret);
  return { privateKey, publicKey, encoded: publicKey.export({ format: 'raw-public' }), scalar };
}

describe('X25519 keys as points of Ed25519', () => {
  it('go there and back, and give the Diffie-Hellman key of X25519', () => {
    for (let run = 0; run < 10; run += 1) {
      const [ours, theirs] = [keyPair(), keyPair()];
      const lifted = liftX25519PublicKey(group, theirs.encoded);
      if (lifted === undefined) throw new Error('a public key');
      expect(Buffer.from(x25519Coordinate(group, lifted))).toEqual(theirs.encoded);
      const shared = group.multiplyPublic(lifted, ours.scalar);
      expect(Buffer.from(x25519Coordinate(group, shared))).toEqual(
        diffieHellman({ privateKey: ours.privateKey, publicKey: theirs.publicKey }),
      );
    }
  });

  it('have one encoding, and lie on the curve, in the subgroup', () => {
    const little = (value: bigint): Uint8Array =>
      Uint8Array.from(Buffer.from(value.toString(16).padStart(64, '0'), 'hex')).toReversed();
    const p = 2n ** 255n - 19n;
    expect(liftX25519PublicKey(group, little(9n))).toBeDefined();
    // Not canonical, -1, low order, on the twist, outside the subgroup: adding the point of order 2 inverts u.
    const inverseOf9 = (5n * p + 1n) / 9n;
    expect((9n * inverseOf9) % p).toBe(1n);
    for (const bad of [9n + p, p - 1n, 0n, 1n, 2n, inverseOf9]) {
      expect(liftX25519PublicKey(group, little(bad))).toBeUndefined();
    }
    const withTopBit = little(9n);
    withTopBit[31] = 0x80;
    expect(liftX25519PublicKey(group, withTopBit)).toBeUndefined();
    expect(liftX25519PublicKey(group, new Uint8Array(31))).toBeUndefined();
  });
});
