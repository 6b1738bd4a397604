import { createHmac } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GROUPS } from '../../test/ed25519/groups.ts';
import { derivePath } from './derivation.ts';

const { Point } = ed25519;
const { Fn } = Point;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const littleEndian = (bytes: Uint8Array): bigint => BigInt(`0x${hex(bytes.toReversed())}`);

/** The same rule, written down a second time for a secret key that is whole. */
function deriveSecret(secret: bigint, chainCode: Uint8Array, path: readonly number[]) {
  let key = { secret, chainCode };
  for (const index of path) {
    const data = Buffer.concat([Point.BASE.multiply(key.secret).toBytes(), Buffer.alloc(4)]);
    data.writeUInt32BE(index, 32);
    const digest = createHmac('sha512', key.chainCode).update(data).digest();
    key = {
      secret: Fn.create(key.secret + Fn.create(littleEndian(digest.subarray(0, 32)))),
      chainCode: digest.subarray(32),
    };
  }
  return key;
}

describe.each(GROUPS.map((group) => ({ name: group.description, group })))('children on $name', ({ group }) => {
  const secret = fc.bigInt({ min: 1n, max: Fn.ORDER - 1n });
  const chainCode = fc.uint8Array({ minLength: 32, maxLength: 32 });
  const path = fc.array(fc.integer({ min: 0, max: 0x7fff_ffff }), { maxLength: 4 });

  it('are what a whole key would derive, and their secret is the parent plus the tweak', () => {
    fc.assert(
      fc.property(secret, chainCode, path, (parent, code, steps) => {
        const expected = deriveSecret(parent, code, steps);
        const child = derivePath(group, Point.BASE.multiply(parent).toBytes(), code, steps);
        expect(hex(child.publicKey)).toBe(hex(Point.BASE.multiply(expected.secret).toBytes()));
        expect(hex(child.chainCode)).toBe(hex(expected.chainCode));
        expect(Fn.create(parent + Fn.fromBytes(child.tweak))).toBe(expected.secret);
      }),
      { numRuns: 10 },
    );
  });

  it('differ by every step, and can be reached in two goes', () => {
    const parent = Point.BASE.multiply(5n).toBytes();
    const code = new Uint8Array(32).fill(1);
    const keys = [[], [0], [1], [0, 0], [0, 1]].map((steps) => hex(derivePath(group, parent, code, steps).publicKey));
    expect(new Set(keys).size).toBe(5);
    const first = derivePath(group, parent, code, [7]);
    expect(hex(derivePath(group, first.publicKey, first.chainCode, [9]).publicKey)).toBe(
      hex(derivePath(group, parent, code, [7, 9]).publicKey),
    );
  });

  it('are refused for hardened steps, strange numbers, endless paths and keys that are none', () => {
    const parent = Point.BASE.toBytes();
    const code = new Uint8Array(32);
    for (const steps of [[0x8000_0000], [-1], [1.5], [Number.NaN], Array.from({ length: 256 }, () => 0)]) {
      expect(() => derivePath(group, parent, code, steps)).toThrow(RangeError);
    }
    expect(() => derivePath(group, new Uint8Array(32), code, [])).toThrow(RangeError);
    expect(() => derivePath(group, parent, new Uint8Array(31), [])).toThrow(RangeError);
  });
});
