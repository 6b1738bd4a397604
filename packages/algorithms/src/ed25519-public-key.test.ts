import { ed25519 as noble } from '@noble/curves/ed25519.js';
import { describe, expect, it } from 'vitest';
import { assertEd25519PublicKey } from './ed25519-public-key.ts';

const { Point } = noble;
const P = Point.Fp.ORDER;

const fromNumber = (value: bigint): Uint8Array => Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse();

const refusal = expect.objectContaining({ code: 'invalid_key' });

/** The eight points of small order: multiples of one of order 8, found by multiplying any point by the group order. */
function smallOrderPoints(): InstanceType<typeof Point>[] {
  for (let y = 2n; ; y += 1n) {
    const torsion = decode(fromNumber(y))?.multiplyUnsafe(Point.Fn.ORDER - 1n);
    const point = decode(fromNumber(y));
    if (torsion === undefined || point === undefined) continue;
    const candidate = torsion.add(point);
    const multiples = Array.from({ length: 8 }, (_, index) => candidate.multiplyUnsafe(BigInt(index)));
    if (new Set(multiples.map((multiple) => multiple.toHex())).size === 8) return multiples;
  }
}

function decode(bytes: Uint8Array): InstanceType<typeof Point> | undefined {
  try {
    return Point.fromBytes(bytes);
  } catch {
    return undefined;
  }
}

describe('public keys of Ed25519', () => {
  it('accepts those that keys have', () => {
    for (let round = 1; round <= 20; round += 1) {
      const publicKey = noble.getPublicKey(new Uint8Array(32).fill(round));
      expect(() => assertEd25519PublicKey(publicKey)).not.toThrow();
    }
  });

  it('refuses all eight points of small order', () => {
    const points = smallOrderPoints();
    expect(points.length).toBe(8);
    for (const point of points) expect(() => assertEd25519PublicKey(point.toBytes()), point.toHex()).toThrow(refusal);
  });

  it('refuses a good point to which one of small order was added', () => {
    const good = Point.BASE.multiply(7n);
    for (const small of smallOrderPoints()) {
      const mixed = good.add(small).toBytes();
      if (small.is0()) expect(() => assertEd25519PublicKey(mixed)).not.toThrow();
      else expect(() => assertEd25519PublicKey(mixed)).toThrow(refusal);
    }
  });

  it('refuses every encoding with a y of p or above', () => {
    for (let y = 0n; y < 19n; y += 1n) {
      for (const sign of [0n, 1n << 255n]) {
        expect(() => assertEd25519PublicKey(fromNumber(P + y + sign)), `y = p + ${y}`).toThrow(refusal);
        // Why no comparison with p is needed: each of them is the identity, has a part of small order, or is no point.
        const point = decode(fromNumber(y + sign));
        expect(point === undefined || point.is0() || !point.isTorsionFree(), `y = ${y}`).toBe(true);
      }
    }
  });

  it('refuses what is on no point, and wrong lengths', () => {
    for (let y = 0n; y < 40n; y += 1n) {
      if (decode(fromNumber(y)) === undefined) expect(() => assertEd25519PublicKey(fromNumber(y))).toThrow(refusal);
    }
    for (const length of [0, 31, 33, 64]) expect(() => assertEd25519PublicKey(new Uint8Array(length))).toThrow(refusal);
  });
});
