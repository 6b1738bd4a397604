/** What every implementation of a prime-order group must do, whatever the library behind it: a Vitest suite. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Point, PrimeOrderGroup } from './group.ts';

/** The part of a point of `@noble/curves` that the suite compares with. */
interface ReferencePoint<P> {
  add(other: P): P;
  negate(): P;
  multiplyUnsafe(scalar: bigint): P;
  toBytes(): Uint8Array;
  is0(): boolean;
}

/** The second implementation, which shares no code with the group under test. */
export interface GroupReference<P extends ReferencePoint<P>> {
  readonly Point: {
    readonly BASE: P;
    readonly ZERO: P;
    readonly Fn: {
      readonly ORDER: bigint;
      readonly isLE: boolean;
      create(value: bigint): bigint;
      inv(value: bigint): bigint;
      toBytes(value: bigint): Uint8Array;
      fromBytes(bytes: Uint8Array): bigint;
    };
  };
  /** The point of the prime-order group, other than the identity, with this one canonical encoding. */
  readonly decode: (encoded: Uint8Array) => P | undefined;
  /** Encodings to be refused that chance doesn't find: the identity, small and mixed order, coordinates beyond the field. */
  readonly refused: Readonly<Record<string, Uint8Array>>;
}

const SCALAR_BYTES = 32;
const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

/** To be called inside `describe`. */
export function describeGroup<P extends ReferencePoint<P>>(
  group: PrimeOrderGroup,
  { Point: reference, decode, refused }: GroupReference<P>,
): void {
  const { Fn, BASE, ZERO } = reference;
  const toNumber = (bytes: Uint8Array): bigint =>
    BigInt(`0x${Buffer.from(Fn.isLE ? bytes.toReversed() : bytes).toString('hex')}`);
  const toWide = (value: bigint, length: number): Uint8Array => {
    const bytes = new Uint8Array(Buffer.from(value.toString(16).padStart(2 * length, '0'), 'hex'));
    return Fn.isLE ? bytes.toReversed() : bytes;
  };
  const edges = [0n, 1n, 2n, Fn.ORDER - 2n, Fn.ORDER - 1n, 2n ** 128n - 1n, 2n ** 128n, Fn.ORDER >> 1n];
  const scalar = fc.oneof(
    { weight: 3, arbitrary: fc.bigInt({ min: 0n, max: Fn.ORDER - 1n }) },
    { weight: 1, arbitrary: fc.constantFrom(...edges) },
  );
  const nonZero = scalar.filter((value) => value !== 0n);
  const pointOf = (value: bigint): Point => group.multiplyBase(Fn.toBytes(value));
  const referenceOf = (value: bigint): P => BASE.multiplyUnsafe(value);
  const same = (p: Point, q: P): boolean =>
    q.is0() ? group.isIdentity(p) : !group.isIdentity(p) && sameBytes(group.encode(p), q.toBytes());
  const outside = [
    new Uint8Array(0),
    new Uint8Array(31),
    new Uint8Array(33),
    toWide(Fn.ORDER, 32),
    toWide(Fn.ORDER + 1n, 32),
    new Uint8Array(32).fill(0xff),
  ];

  describe('scalars', () => {
    const out = (): Uint8Array => new Uint8Array(SCALAR_BYTES).fill(0xdb);

    it('are 32 bytes below the order, zero included', () => {
      for (const value of edges) expect(group.isScalar(Fn.toBytes(value))).toBe(true);
      for (const bytes of outside) expect(group.isScalar(bytes)).toBe(false);
    });

    it('tell zero from everything else', () => {
      fc.assert(fc.property(scalar, (value) => group.isZero(Fn.toBytes(value)) === (value === 0n)));
      for (let bit = 0; bit < 256; bit += 1) expect(group.isZero(toWide(1n << BigInt(bit), 32))).toBe(false);
    });

    it('are added, multiplied and negated as the reference does, also in place', () => {
      const ofBoth = (
        operation: (out: Uint8Array, a: Uint8Array, b: Uint8Array) => void,
        x: bigint,
        y: bigint,
      ): bigint[] => {
        const fresh = out();
        operation(fresh, Fn.toBytes(x), Fn.toBytes(y));
        const first = Fn.toBytes(x);
        operation(first, first, Fn.toBytes(y));
        const second = Fn.toBytes(y);
        operation(second, Fn.toBytes(x), second);
        return [fresh, first, second].map(toNumber);
      };
      fc.assert(
        fc.property(scalar, scalar, (x, y) => {
          const sum = Fn.create(x + y);
          const product = Fn.create(x * y);
          const negated = out();
          group.negateScalar(negated, Fn.toBytes(x));
          const inPlace = Fn.toBytes(x);
          group.negateScalar(inPlace, inPlace);
          expect(ofBoth(group.addScalars, x, y)).toEqual([sum, sum, sum]);
          expect(ofBoth(group.multiplyScalars, x, y)).toEqual([product, product, product]);
          expect([negated, inPlace].map(toNumber)).toEqual([Fn.create(-x), Fn.create(-x)]);
        }),
      );
    });

    it('add to themselves and to their negative', () => {
      fc.assert(
        fc.property(scalar, (x) => {
          const doubled = Fn.toBytes(x);
          group.addScalars(doubled, doubled, doubled);
          const squared = Fn.toBytes(x);
          group.multiplyScalars(squared, squared, squared);
          const cancelled = out();
          group.addScalars(cancelled, Fn.toBytes(x), Fn.toBytes(Fn.create(-x)));
          expect([doubled, squared, cancelled].map(toNumber)).toEqual([Fn.create(2n * x), Fn.create(x * x), 0n]);
        }),
      );
    });

    it('leave their operands as they were', () => {
      fc.assert(
        fc.property(scalar, scalar, (x, y) => {
          const a = Fn.toBytes(x);
          const b = Fn.toBytes(y);
          group.addScalars(out(), a, b);
          group.multiplyScalars(out(), a, b);
          group.negateScalar(out(), a);
          if (y !== 0n) group.invertPublic(b);
          group.multiplyBase(a);
          group.multiplyPublic(group.generator, b);
          return toNumber(a) === x && toNumber(b) === y;
        }),
        { numRuns: 30 },
      );
    });

    it('have inverses, zero excepted', () => {
      fc.assert(fc.property(nonZero, (x) => toNumber(group.invertPublic(Fn.toBytes(x))) === Fn.inv(x)));
      expect(() => group.invertPublic(Fn.toBytes(0n))).toThrow(RangeError);
    });

    it('are made of 32-bit numbers, and of nothing else', () => {
      fc.assert(
        fc.property(fc.nat({ max: 0xffff_ffff }), (value) => toNumber(group.scalarOf(value)) === BigInt(value)),
      );
      expect(toNumber(group.scalarOf(0xffff_ffff))).toBe(0xffff_ffffn);
      for (const value of [-1, 1.5, 0x1_0000_0000, Number.NaN, Number.POSITIVE_INFINITY]) {
        expect(() => group.scalarOf(value)).toThrow(RangeError);
      }
    });

    it('are reduced from 32 to 64 bytes', () => {
      const near = [0n, 1n, Fn.ORDER - 1n, Fn.ORDER, Fn.ORDER + 1n, 2n ** 256n - 1n, 2n ** 128n];
      const wide = fc.integer({ min: 32, max: 64 }).chain((length) =>
        fc.oneof(
          bytesOf(length),
          fc.constantFrom(...near).map((value) => toWide(value, length)),
          fc.constant(new Uint8Array(length).fill(0xff)),
        ),
      );
      fc.assert(
        fc.property(wide, (bytes) => {
          const reduced = out();
          group.reduce(reduced, bytes);
          return toNumber(reduced) === toNumber(bytes) % Fn.ORDER;
        }),
        { numRuns: 300 },
      );
      const inPlace = toWide(Fn.ORDER + 5n, 32);
      group.reduce(inPlace, inPlace);
      expect(toNumber(inPlace)).toBe(5n);
      for (const length of [0, 31, 65]) expect(() => group.reduce(out(), new Uint8Array(length))).toThrow(RangeError);
    });

    it('are drawn from all of the range, never zero, never twice', () => {
      const drawn = Array.from({ length: 64 }, () => {
        const bytes = out();
        group.randomScalar(bytes);
        return toNumber(bytes);
      });
      expect(new Set(drawn).size).toBe(64);
      expect(drawn.every((value) => value > 0n && value < Fn.ORDER)).toBe(true);
      // 64 draws miss either quarter with a chance of 2 * (3/4)^64, 2^-25.
      expect(drawn.some((value) => value < Fn.ORDER >> 2n)).toBe(true);
      expect(drawn.some((value) => value > Fn.ORDER - (Fn.ORDER >> 2n))).toBe(true);
    });

    it('are refused by every operation when they are none', () => {
      const one = Fn.toBytes(1n);
      for (const bytes of outside) {
        for (const operation of [group.addScalars, group.multiplyScalars]) {
          expect(() => operation(out(), bytes, one)).toThrow(RangeError);
          expect(() => operation(out(), one, bytes)).toThrow(RangeError);
          expect(() => operation(out(), bytes, Fn.toBytes(0n))).toThrow(RangeError);
          expect(() => operation(out(), Fn.toBytes(0n), bytes)).toThrow(RangeError);
        }
        expect(() => group.negateScalar(out(), bytes)).toThrow(RangeError);
        expect(() => group.invertPublic(bytes)).toThrow(RangeError);
        expect(() => group.multiplyBase(bytes)).toThrow(RangeError);
        expect(() => group.multiplyBasePublic(bytes)).toThrow(RangeError);
        expect(() => group.multiplyPublic(group.generator, bytes)).toThrow(RangeError);
        expect(() => group.multiplyPublic(group.identity, bytes)).toThrow(RangeError);
        expect(() => group.diffieHellman(new Uint8Array(group.pointBytes), bytes, group.generator)).toThrow(RangeError);
      }
      for (const length of [0, 31, 33]) {
        expect(() => group.addScalars(new Uint8Array(length), one, one)).toThrow(RangeError);
        expect(() => group.multiplyScalars(new Uint8Array(length), one, one)).toThrow(RangeError);
        expect(() => group.negateScalar(new Uint8Array(length), one)).toThrow(RangeError);
        expect(() => group.reduce(new Uint8Array(length), one)).toThrow(RangeError);
        expect(() => group.randomScalar(new Uint8Array(length))).toThrow(RangeError);
      }
    });
  });

  describe('points', () => {
    it('are multiples of the generator', () => {
      expect(same(group.generator, BASE)).toBe(true);
      expect(same(group.identity, ZERO)).toBe(true);
      fc.assert(
        fc.property(scalar, (x) => {
          const expected = referenceOf(x);
          return same(pointOf(x), expected) && same(group.multiplyBasePublic(Fn.toBytes(x)), expected);
        }),
        { numRuns: 40 },
      );
    });

    it('are multiplied by public scalars', () => {
      fc.assert(
        fc.property(scalar, scalar, (x, y) =>
          same(group.multiplyPublic(pointOf(x), Fn.toBytes(y)), referenceOf(Fn.create(x * y))),
        ),
        { numRuns: 40 },
      );
    });

    it('are added, however many, also where they cancel out', () => {
      const summands = fc.array(fc.oneof(scalar, fc.constantFrom(1n, Fn.ORDER - 1n, 0n)), { maxLength: 40 });
      fc.assert(
        fc.property(summands, fc.boolean(), (values, isCancelled) => {
          const all = isCancelled ? [...values, ...values.map((value) => Fn.create(-value))] : values;
          const sum = Fn.create(all.reduce((total, value) => total + value, 0n));
          return same(group.add(all.map(pointOf)), referenceOf(sum));
        }),
        { numRuns: 30 },
      );
      // Libraries add in portions: one that cancels out must not spoil the next.
      for (let pairs = 1; pairs <= 20; pairs += 1) {
        const points = Array.from({ length: pairs }, (_, index) => pointOf(BigInt(index + 1)));
        const cancelled = [...points, ...points.map((p) => group.negate(p))];
        expect(same(group.add([...cancelled, pointOf(5n), pointOf(6n)]), referenceOf(11n))).toBe(true);
      }
      expect(group.isIdentity(group.add([]))).toBe(true);
      expect(group.isIdentity(group.add([group.identity, group.identity]))).toBe(true);
    });

    it('are negated', () => {
      fc.assert(
        fc.property(scalar, (x) => {
          const p = pointOf(x);
          return same(group.negate(p), referenceOf(x).negate()) && group.isIdentity(group.add([p, group.negate(p)]));
        }),
        { numRuns: 30 },
      );
    });

    it('are equal when they are the same point, however they came about', () => {
      fc.assert(
        fc.property(scalar, scalar, (x, y) => {
          const sum = group.add([pointOf(x), pointOf(y)]);
          expect(group.equals(sum, pointOf(Fn.create(x + y)))).toBe(true);
          expect(group.equals(pointOf(x), pointOf(y))).toBe(x === y);
          expect(group.isIdentity(pointOf(x))).toBe(x === 0n);
        }),
        { numRuns: 30 },
      );
    });

    it('are encoded and decoded without loss, and the identity not at all', () => {
      fc.assert(
        fc.property(nonZero, (x) => {
          const encoded = group.encode(pointOf(x));
          expect(encoded).toHaveLength(group.pointBytes);
          expect(sameBytes(encoded, referenceOf(x).toBytes())).toBe(true);
          const decoded = group.decode(encoded);
          return decoded !== undefined && group.equals(decoded, pointOf(x)) && same(decoded, referenceOf(x));
        }),
        { numRuns: 30 },
      );
      expect(() => group.encode(group.identity)).toThrow(RangeError);
    });

    it('are decoded exactly where the reference decodes', () => {
      const isRight = (encoded: Uint8Array): boolean => {
        const ours = group.decode(encoded);
        const theirs = decode(encoded);
        return ours === undefined || theirs === undefined ? ours === theirs : same(ours, theirs);
      };
      fc.assert(fc.property(bytesOf(group.pointBytes), isRight), { numRuns: 60 });
      // A valid encoding with one byte replaced is nearer to the truth than chance comes.
      fc.assert(
        fc.property(nonZero, fc.nat({ max: group.pointBytes - 1 }), fc.nat({ max: 255 }), (x, index, byte) => {
          const encoded = referenceOf(x).toBytes();
          encoded[index] = byte;
          return isRight(encoded);
        }),
        { numRuns: 60 },
      );
    });

    for (const [title, encoded] of Object.entries(refused)) {
      it(`are not decoded from ${title}`, () => expect(group.decode(encoded)).toBeUndefined());
    }

    it('are not decoded from other lengths', () => {
      const encoded = group.encode(group.generator);
      for (const length of [0, 1, group.pointBytes - 1])
        expect(group.decode(encoded.subarray(0, length))).toBeUndefined();
      expect(group.decode(Uint8Array.of(...encoded, 0))).toBeUndefined();
    });

    it('do not change, neither by what is done with them nor with their encodings', () => {
      fc.assert(
        fc.property(nonZero, nonZero, (x, y) => {
          const input = referenceOf(x).toBytes();
          const p = group.decode(input);
          if (p === undefined) return false;
          group.multiplyPublic(p, Fn.toBytes(y));
          group.negate(p);
          group.add([p, pointOf(y)]);
          group.add([p]);
          group.encode(p).fill(0);
          input.fill(0);
          return same(p, referenceOf(x)) && same(group.add([p, pointOf(y)]), referenceOf(Fn.create(x + y)));
        }),
        { numRuns: 20 },
      );
    });
  });

  describe('Diffie-Hellman', () => {
    it('gives both sides the encoding of one point', () => {
      fc.assert(
        fc.property(nonZero, nonZero, (x, y) => {
          const ours = new Uint8Array(group.pointBytes);
          const theirs = new Uint8Array(group.pointBytes);
          group.diffieHellman(ours, Fn.toBytes(x), pointOf(y));
          group.diffieHellman(theirs, Fn.toBytes(y), pointOf(x));
          return sameBytes(ours, theirs) && sameBytes(ours, referenceOf(Fn.create(x * y)).toBytes());
        }),
        { numRuns: 30 },
      );
    });

    it('refuses the identity, a zero secret and room of the wrong length', () => {
      const out = new Uint8Array(group.pointBytes);
      const one = Fn.toBytes(1n);
      expect(() => group.diffieHellman(out, one, group.identity)).toThrow(RangeError);
      expect(() => group.diffieHellman(out, Fn.toBytes(0n), group.generator)).toThrow(RangeError);
      expect(() => group.diffieHellman(new Uint8Array(group.pointBytes - 1), one, group.generator)).toThrow(RangeError);
    });
  });
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
