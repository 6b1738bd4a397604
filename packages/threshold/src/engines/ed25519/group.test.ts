/** The group of Ed25519 by libsodium and without it, against @noble/curves. */
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { EngineUnavailable } from '@countersign/algorithms/engine';
import { fillFromKernel } from '@countersign/algorithms/kernel-randomness';
import { ed25519 } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Ed25519Group } from '../../ed25519/ed25519-group.ts';
import { describeGroup, type GroupReference } from '../../group-contract.ts';
import { loadBlindedGroup } from './blinded-group.ts';
import { loadEd25519Group } from './load-group.ts';
import { loadSodiumGroup } from './sodium-group.ts';

const { Point } = ed25519;
const { BASE, Fp } = Point;

/** The points of small order other than the identity; the torsion of one of order 8 is all of them. */
const torsion = smallOrderPoints();

function smallOrderPoints(): readonly InstanceType<typeof Point>[] {
  for (let y = 2n; ; y += 1n) {
    const encoded = littleEndian(y);
    try {
      const point = Point.fromBytes(encoded);
      // L * P has an order that divides 8: keep the first of order 8.
      const small = point.multiplyUnsafe(Point.Fn.ORDER - 1n).add(point);
      if (small.multiplyUnsafe(4n).is0()) continue;
      return Array.from({ length: 7 }, (_, i) => small.multiplyUnsafe(BigInt(i + 1)));
    } catch {
      // Not the y coordinate of a point.
    }
  }
}

function littleEndian(value: bigint): Uint8Array {
  return Uint8Array.from(Buffer.from(value.toString(16).padStart(64, '0'), 'hex')).toReversed();
}

const REFERENCE: GroupReference<InstanceType<typeof Point>> = {
  Point,
  decode: (encoded) => {
    if (encoded.length !== 32) return undefined;
    try {
      const point = Point.fromBytes(encoded);
      return point.is0() || !point.isTorsionFree() ? undefined : point;
    } catch {
      return undefined;
    }
  },
  refused: {
    'the identity': Point.ZERO.toBytes(),
    'the identity with a sign': withSign(Point.ZERO.toBytes()),
    // p + 1 is 1 modulo p, the identity's coordinate; p + 3 is one of a point.
    'the identity above the field': littleEndian(Fp.ORDER + 1n),
    'coordinates above the field': littleEndian(Fp.ORDER + 3n),
    'the field order as a coordinate': littleEndian(Fp.ORDER),
    ...Object.fromEntries(torsion.map((point, i) => [`a point of small order, ${i + 1} of 7`, point.toBytes()])),
    ...Object.fromEntries(
      torsion.map((point, i) => [`a point of mixed order, ${i + 1} of 7`, BASE.multiply(7n).add(point).toBytes()]),
    ),
  },
};

function withSign(encoded: Uint8Array): Uint8Array {
  const signed = Uint8Array.from(encoded);
  signed[31] = (signed[31] ?? 0) | 0x80;
  return signed;
}

function describeEd25519(group: Ed25519Group): void {
  it('hashes parts as SHA-512 hashes the whole', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 }), (parts) => {
        const out = new Uint8Array(64);
        group.hash(out, parts);
        return Buffer.compare(out, createHash('sha512').update(Buffer.concat(parts)).digest()) === 0;
      }),
    );
    expect(() => group.hash(new Uint8Array(63), [])).toThrow(RangeError);
  });

  it('verifies signatures of node:crypto, and no others', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const encoded = publicKey.export({ format: 'raw-public' });
    const message = Buffer.from('a message');
    const signature = sign(null, message, privateKey);
    expect(group.verifySignature(encoded, message, signature)).toBe(true);
    for (let bit = 0; bit < 512; bit += 7) {
      const altered = Buffer.from(signature);
      altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(group.verifySignature(encoded, message, altered)).toBe(false);
    }
    expect(group.verifySignature(encoded, Buffer.from('another'), signature)).toBe(false);
    expect(group.verifySignature(encoded, message, Buffer.concat([signature, Buffer.alloc(1)]))).toBe(false);
    expect(group.verifySignature(encoded, message, signature.subarray(1))).toBe(false);
    expect(group.verifySignature(encoded.subarray(1), message, signature)).toBe(false);
  });

  it('multiplies an encoding as it multiplies the point, and refuses what it refuses to decode', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: Point.Fn.ORDER - 1n }), fc.nat(), (number, small) => {
        const encoded = BASE.multiply(number).toBytes();
        const scalar = group.scalarOf(small);
        const [product, expected] = [group.multiplyEncoded(encoded, scalar), group.decode(encoded)];
        if (product === undefined || expected === undefined) return false;
        return group.equals(product, group.multiplyPublic(expected, scalar));
      }),
      { numRuns: 25 },
    );
    for (const scalar of [group.scalarOf(0), group.scalarOf(1), group.scalarOf(8)]) {
      for (const [what, encoded] of Object.entries(REFERENCE.refused)) {
        expect(group.multiplyEncoded(encoded, scalar), what).toBeUndefined();
      }
      expect(group.multiplyEncoded(new Uint8Array(31), scalar)).toBeUndefined();
    }
    expect(group.multiplyEncoded(BASE.toBytes(), group.scalarOf(0))).toBe(group.identity);
  });

  it('refuses points of another implementation', () => {
    const foreign = (group.constantTime ? loadBlindedGroup() : { generator: {} as never }).generator;
    expect(() => group.encode(foreign)).toThrow(TypeError);
  });
}

describe('without libsodium', () => {
  const group = loadBlindedGroup();
  describeGroup(group, REFERENCE);
  describeEd25519(group);

  it('says that it is not constant-time, and what it is', () => {
    expect(group.constantTime).toBe(false);
    expect(group.description).toMatch(/^@noble\/curves \d+\.\d+\.\d+: not constant-time/);
  });

  it('splits a secret anew for every product, and public scalars not at all', () => {
    const draws = vi.fn((out: Buffer) => fillFromKernel(out));
    const counted = loadBlindedGroup(draws);
    const secret = counted.scalarOf(5);
    const p = counted.multiplyBase(secret);
    expect(draws).toHaveBeenCalledTimes(1);
    counted.diffieHellman(new Uint8Array(32), secret, p);
    expect(draws).toHaveBeenCalledTimes(2);
    counted.multiplyPublic(p, secret);
    counted.multiplyBasePublic(secret);
    expect(draws).toHaveBeenCalledTimes(2);
  });
});

try {
  const group = loadSodiumGroup();
  describe('libsodium', () => {
    describeGroup(group, REFERENCE);
    describeEd25519(group);

    it('says that it is constant-time, which version it is, and where', () => {
      expect(group.constantTime).toBe(true);
      expect(group.description).toMatch(/^libsodium \d+\.\d+\.\d+ by FFI \(.*libsodium.*\)$/);
    });
  });
  it('loads libsodium where it is installed', async () => {
    expect((await loadEd25519Group()).constantTime).toBe(true);
  });
} catch (error) {
  if (!(error instanceof EngineUnavailable)) throw error;
  it.skip(`libsodium (${error.message})`, () => {});
}

describe('finding libsodium', () => {
  afterEach(() => vi.unstubAllEnvs());

  async function failure(): Promise<string> {
    // A fresh copy of the modules: the library is loaded once per process.
    vi.resetModules();
    const fresh = await import('./load-group.ts');
    return fresh.loadEd25519Group().then(
      () => 'it loaded',
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
  }

  it('takes the path of COUNTERSIGN_LIBSODIUM and nothing else: a wrong one is an error, not a downgrade', async () => {
    vi.stubEnv('COUNTERSIGN_LIBSODIUM', '/nonexistent/libsodium.so');
    expect(await failure()).toBe("COUNTERSIGN_LIBSODIUM=/nonexistent/libsodium.so can't be loaded");
  });

  it.skipIf(process.platform !== 'linux')('refuses another library, and says what to install', async () => {
    vi.stubEnv('COUNTERSIGN_LIBSODIUM', 'libm.so.6');
    expect(await failure()).toMatch(/lacks a function.*apt install libsodium23/);
  });
});
