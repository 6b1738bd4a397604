import { secp256k1 } from '@noble/curves/secp256k1.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isBelowOrder, reduceModOrder, writeDigestScalar } from './group-order.ts';

const { ORDER } = secp256k1.Point.Fn;
const toBytes = (value: bigint): Uint8Array => Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
const toNumber = (bytes: Uint8Array): bigint => BigInt(`0x00${Buffer.from(bytes).toString('hex')}`);

const nearTheOrder = fc.bigInt({ min: -300n, max: 300n }).map((offset) => ORDER + offset);
const anyNumber = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n });

describe('numbers modulo the order of secp256k1', () => {
  it('compares with the order', () => {
    fc.assert(
      fc.property(fc.oneof(nearTheOrder, anyNumber), (value) => isBelowOrder(toBytes(value)) === value < ORDER),
    );
  });

  it('reduces', () => {
    fc.assert(
      fc.property(fc.oneof(nearTheOrder, anyNumber), (value) => {
        const bytes = toBytes(value);
        reduceModOrder(bytes);
        return toNumber(bytes) === value % ORDER;
      }),
    );
  });

  it('takes the leftmost 256 bits of a digest as a number modulo the order', () => {
    const digests = fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 70 }), nearTheOrder.map(toBytes));
    const out = new Uint8Array(32);
    fc.assert(
      fc.property(digests, (digest) => {
        writeDigestScalar(digest, out.fill(0xee));
        return toNumber(out) === toNumber(digest.subarray(0, 32)) % ORDER;
      }),
    );
    expect(out.length).toBe(32);
  });
});
