/** The group of secp256k1 on every native library that is here, against @noble/curves. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EngineUnavailable } from '@countersign/algorithms/engine';
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeGroup, type GroupReference } from '../../group-contract.ts';
import type { Secp256k1Group } from '../../secp256k1/secp256k1-group.ts';
import { loadGroup as loadSystemGroup } from './libsecp256k1.ts';
import { loadSecp256k1Group } from './load-group.ts';
import { loadGroup as loadNpmGroup } from './npm-secp256k1.ts';

const { Point } = secp256k1;
const { Fn, Fp } = Point;
const VECTORS = process.env['COUNTERSIGN_VECTORS'];

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
const withTag = (tag: number, x: bigint): Uint8Array => Uint8Array.of(tag, ...numberBytes(x));
const scalar = fc.bigInt({ min: 1n, max: Fn.ORDER - 1n });

function numberBytes(value: bigint): Uint8Array {
  return Uint8Array.from(Buffer.from(value.toString(16).padStart(64, '0'), 'hex'));
}

const REFERENCE: GroupReference<InstanceType<typeof Point>> = {
  Point,
  decode: (encoded) => {
    if (encoded.length !== 33) return undefined;
    try {
      return Point.fromBytes(encoded);
    } catch {
      return undefined;
    }
  },
  refused: {
    'zeros, which BIP 445 writes for the identity': new Uint8Array(33),
    'the one byte that SEC1 writes for the identity': Uint8Array.of(0),
    'an uncompressed point': Point.BASE.toBytes(false),
    'a hybrid point': Uint8Array.of(6, ...Point.BASE.toBytes(false).subarray(1)),
    'an unknown tag': Uint8Array.of(4, ...Point.BASE.toBytes().subarray(1)),
    // p + 1 is 1 modulo p, and 1 is the coordinate of a point.
    'a coordinate above the field': withTag(2, Fp.ORDER + 1n),
    'the field order as a coordinate': withTag(2, Fp.ORDER),
    'a coordinate of no point': withTag(3, 5n),
  },
};

const loads = { libsecp256k1: loadSystemGroup, 'secp256k1-npm': loadNpmGroup };
for (const [name, load] of Object.entries(loads)) {
  try {
    const group = await load();
    describe(name, () => {
      describeGroup(group, REFERENCE);
      describeBitcoin(group);
    });
  } catch (error) {
    if (!(error instanceof EngineUnavailable)) throw error;
    it.skip(`${name} (${error.message})`, () => {});
  }
}

describe('loading', () => {
  it('takes the first library that is here, once', async () => {
    const [group, again] = await Promise.all([loadSecp256k1Group(), loadSecp256k1Group()]);
    expect(again).toBe(group);
    expect(group.name).toBe('secp256k1');
    expect(group.constantTime).toBe(true);
    expect(group.description).toContain('secp256k1');
  });
});

function describeBitcoin(group: Secp256k1Group): void {
  describe('x-only points', () => {
    it('have the coordinate and the parity of the point', () => {
      fc.assert(
        fc.property(scalar, (x) => {
          const p = group.multiplyBase(Fn.toBytes(x));
          const expected = Point.BASE.multiplyUnsafe(x).toBytes();
          expect(hex(group.xOnly(p))).toBe(hex(expected.subarray(1)));
          expect(group.hasEvenY(p)).toBe(expected[0] === 2);
          group.xOnly(p).fill(0);
          expect(hex(group.xOnly(p))).toBe(hex(expected.subarray(1)));
        }),
        { numRuns: 30 },
      );
      expect(() => group.xOnly(group.identity)).toThrow(RangeError);
      expect(() => group.hasEvenY(group.identity)).toThrow(RangeError);
    });

    it('are lifted to the point with even y, where there is one', () => {
      const lifted = (bytes: Uint8Array): string | undefined => {
        const p = group.liftX(bytes);
        return p === undefined ? undefined : hex(group.encode(p));
      };
      const expected = (bytes: Uint8Array): string | undefined => {
        try {
          return hex(schnorr.utils.lift_x(BigInt(`0x${hex(bytes)}`)).toBytes());
        } catch {
          return undefined;
        }
      };
      fc.assert(fc.property(bytes32, (bytes) => lifted(bytes) === expected(bytes)));
      for (const x of [0n, 5n, Fp.ORDER, Fp.ORDER + 1n]) expect(lifted(numberBytes(x))).toBeUndefined();
      expect(group.liftX(group.encode(group.generator))).toBeUndefined();
    });
  });

  describe('P + scalar * G', () => {
    it('is what its two halves give, the identity included', () => {
      const any = fc.oneof(scalar, fc.constant(0n));
      fc.assert(
        fc.property(any, any, fc.boolean(), (x, y, isCancelled) => {
          const p = group.multiplyBase(Fn.toBytes(x));
          const addend = Fn.toBytes(isCancelled ? Fn.create(-x) : y);
          const sum = group.add([p, group.multiplyBase(addend)]);
          return (
            group.equals(group.addBasePublic(p, addend), sum) &&
            group.isIdentity(sum) === (isCancelled || x + y === 0n || Fn.create(x + y) === 0n)
          );
        }),
        { numRuns: 40 },
      );
      for (const p of [group.identity, group.generator]) {
        expect(() => group.addBasePublic(p, numberBytes(Fn.ORDER))).toThrow(RangeError);
        expect(() => group.addBasePublic(p, new Uint8Array(31))).toThrow(RangeError);
      }
    });
  });

  describe('verification of BIP340', () => {
    it.skipIf(VECTORS === undefined)('agrees with every row of the file of the BIP (needs COUNTERSIGN_VECTORS)', () => {
      const rows = readFileSync(join(VECTORS ?? '', 'bip340/test-vectors.csv'), 'utf8')
        .trim()
        .split(/\r?\n/)
        .slice(1);
      let run = 0;
      for (const row of rows) {
        const [index, , publicKey = '', , message = '', signature = '', result] = row.split(',');
        const key = group.liftX(Buffer.from(publicKey, 'hex'));
        const valid =
          key !== undefined && group.verifySchnorr(key, Buffer.from(message, 'hex'), Buffer.from(signature, 'hex'));
        expect(valid, `row ${index}`).toBe(result === 'TRUE');
        run += 1;
      }
      expect(run).toBe(rows.length);
      expect(run).toBeGreaterThan(15);
    });

    it('takes what the reference signs, for either parity of the key, and nothing that is changed', () => {
      fc.assert(
        fc.property(scalar, fc.uint8Array({ maxLength: 100 }), fc.nat({ max: 511 }), (x, message, bit) => {
          const secret = Fn.toBytes(x);
          const signature = schnorr.sign(message, secret, new Uint8Array(32));
          const p = group.multiplyBase(secret);
          expect(group.verifySchnorr(p, message, signature)).toBe(true);
          expect(group.verifySchnorr(group.negate(p), message, signature)).toBe(true);
          expect(group.verifySchnorr(p, Uint8Array.of(...message, 0), signature)).toBe(false);
          expect(group.verifySchnorr(group.generator, message, signature)).toBe(x === 1n || x === Fn.ORDER - 1n);
          signature[bit >> 3] = (signature[bit >> 3] ?? 0) ^ (1 << (bit & 7));
          expect(group.verifySchnorr(p, message, signature)).toBe(false);
        }),
        { numRuns: 25 },
      );
      for (const length of [0, 63, 65]) {
        expect(group.verifySchnorr(group.generator, new Uint8Array(32), new Uint8Array(length))).toBe(false);
      }
      expect(group.verifySchnorr(group.identity, new Uint8Array(32), new Uint8Array(64))).toBe(false);
    });
  });

  describe('hashes of secrets', () => {
    it('are the tagged hashes of BIP340 over all parts, empty ones included', () => {
      fc.assert(
        fc.property(
          fc.constantFrom('BIP0340/aux', 'another tag'),
          fc.array(fc.uint8Array({ maxLength: 150 })),
          (tag, parts) => {
            const out = group.allocateSecret(32);
            group.hashSecret(out, tag, parts);
            const expected = schnorr.utils.taggedHash(tag, ...parts);
            const isRight = hex(out) === hex(expected);
            group.freeSecret(out);
            return isRight;
          },
        ),
        { numRuns: 40 },
      );
    });

    it('are those of @noble/curves also for parts that are larger than what is put together first', () => {
      for (const lengths of [[1024], [1023, 1, 1], [1, 1024], [5000], [10, 5000, 10], [600, 600, 600], [0, 0]]) {
        const parts = lengths.map((length, index) => new Uint8Array(length).fill(index + 1));
        const out = new Uint8Array(32);
        group.hashSecret(out, 'tag', parts);
        expect(hex(out), lengths.join()).toBe(hex(schnorr.utils.taggedHash('tag', ...parts)));
      }
      expect(() => group.hashSecret(new Uint8Array(31), 'tag', [])).toThrow(RangeError);
    });

    it('may overwrite one of their parts', () => {
      const out = new Uint8Array(32).fill(7);
      const expected = schnorr.utils.taggedHash('tag', out);
      group.hashSecret(out, 'tag', [out]);
      expect(hex(out)).toBe(hex(expected));
    });
  });

  describe('points of another implementation', () => {
    it('are refused, not taken for the identity', () => {
      const foreign = Point.BASE as unknown as ReturnType<Secp256k1Group['negate']>;
      expect(() => group.add([group.generator, foreign])).toThrow(TypeError);
      expect(() => group.multiplyPublic(foreign, Fn.toBytes(2n))).toThrow(TypeError);
      expect(() => group.isIdentity(foreign)).toThrow(TypeError);
      expect(() => group.encode(foreign)).toThrow(TypeError);
    });
  });

  describe('locked memory', () => {
    it('starts as zeros and is gone when it was given up', () => {
      const secret = group.allocateSecret(64);
      expect(hex(secret)).toBe('00'.repeat(64));
      secret.fill(1);
      group.freeSecret(secret);
      expect(secret).toHaveLength(0);
    });
  });
}
