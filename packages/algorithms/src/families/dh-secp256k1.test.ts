/** The keyed function on secp256k1, on every native library that is here, against @noble/curves. */
import { createHash } from 'node:crypto';
import { secp256k1, secp256k1_hasher } from '@noble/curves/secp256k1.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeEngines } from '../../test/describe-engines.ts';
import type { Payload, SigningOptions } from '../algorithm.ts';
import type { Engine } from '../engine.ts';
import { loadEngine as loadSystemEngine } from '../engines/libsecp256k1/dh.ts';
import { loadEngine as loadNpmEngine } from '../engines/secp256k1-npm/dh.ts';
import { fillFromKernel } from '../kernel-randomness.ts';
import { dhSecp256k1 } from './dh-secp256k1.ts';

const { Point } = secp256k1;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

await describeEngines(
  { libsecp256k1: loadSystemEngine, 'secp256k1-npm': loadNpmEngine },
  fillFromKernel,
  describeEngine,
);

function describeEngine(engine: Engine): void {
  it('is SHA-256 of the compressed product of the private key and the hashed seed', () => {
    const privateKeys = fc.bigInt({ min: 1n, max: Point.Fn.ORDER - 1n });
    const domains = fc.uint8Array({ minLength: 1, maxLength: 255 });
    fc.assert(
      fc.property(privateKeys, domains, fc.uint8Array({ maxLength: 1024 }), (scalar, domain, seed) => {
        const key = engine.loadPrivate(Point.Fn.toBytes(scalar), {});
        const out = new Uint8Array(32);
        expect(key.signer({ domain: hex(domain) })(seed, out)).toBe(32);
        key.destroy();
        const mapped = Point.fromAffine(secp256k1_hasher.hashToCurve(seed, { DST: domain }).toAffine());
        return hex(out) === createHash('sha256').update(mapped.multiply(scalar).toBytes(true)).digest('hex');
      }),
      { numRuns: 15 },
    );
  });

  it('gives another value for another key, domain or seed, and no value of one domain for another split', () => {
    const derive = (scalar: bigint, domain: string, seed: string): string => {
      const out = new Uint8Array(32);
      engine.loadPrivate(Point.Fn.toBytes(scalar), {}).signer({ domain: hex(Buffer.from(domain)) })(
        Buffer.from(seed),
        out,
      );
      return hex(out);
    };
    const inputs = [
      [5n, 'a', 'b'],
      [6n, 'a', 'b'],
      [5n, 'ab', ''],
      [5n, 'a', 'c'],
      [5n, 'b', 'b'],
    ] as const;
    expect(new Set(inputs.map(([scalar, domain, seed]) => derive(scalar, domain, seed))).size).toBe(inputs.length);
    expect(derive(5n, 'a', 'b')).toBe(derive(5n, 'a', 'b'));
  });

  it('refuses domains and seeds beyond their bounds, whoever compiled the scheme', () => {
    const key = engine.loadPrivate(Point.Fn.toBytes(5n), {});
    for (const domain of ['', 'a', 'AB', 'zz', '00\n', '00'.repeat(256), 7, true]) {
      expect(() => key.signer({ domain })).toThrow(expect.objectContaining({ code: 'invalid_scheme' }));
    }
    expect(() => key.signer({})).toThrow(expect.objectContaining({ code: 'invalid_scheme' }));
    const derive = key.signer({ domain: '00'.repeat(255) });
    expect(() => derive(new Uint8Array(1025), new Uint8Array(32))).toThrow(
      expect.objectContaining({ code: 'invalid_payload' }),
    );
    expect(() => derive(new Uint8Array(1), new Uint8Array(31))).toThrow(/room/);
    expect(derive(new Uint8Array(1024), new Uint8Array(32))).toBe(32);
  });

  it('refuses private keys out of range, and points off the curve', () => {
    const refused = expect.objectContaining({ code: 'invalid_key' });
    for (const scalar of [0n, Point.Fn.ORDER, 2n ** 256n - 1n]) {
      expect(() => engine.loadPrivate(Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex'), {})).toThrow(refused);
    }
    expect(() => engine.loadPublic(Uint8Array.of(4, ...new Uint8Array(64)), {})).toThrow(refused);
  });
}

describe('preparing a seed', () => {
  const prepare = (payload: Partial<Payload>, options: SigningOptions) =>
    dhSecp256k1.prepare({ kind: 'message', bytes: new Uint8Array(3), digest: undefined, ...payload }, options, {});
  const domain = Uint8Array.of(0xab, 0x01);

  it('puts the domain into the scheme', () => {
    expect(prepare({}, { domain })).toMatchObject({ ok: true, value: { scheme: { domain: 'ab01' } } });
    expect(prepare({ bytes: new Uint8Array(0) }, { domain, deterministic: true })).toMatchObject({ ok: true });
    expect(prepare({ bytes: new Uint8Array(1024) }, { domain: new Uint8Array(255) })).toMatchObject({ ok: true });
  });

  it('refuses what is no seed, or has no domain, and says why', () => {
    const refusal = (payload: Partial<Payload>, options: SigningOptions): string | undefined => {
      const prepared = prepare(payload, options);
      return prepared.ok ? undefined : prepared.reason;
    };
    expect(refusal({}, {})).toContain('needs a domain');
    expect(refusal({}, { domain: new Uint8Array(0) })).toContain('1 to 255 bytes');
    expect(refusal({}, { domain: new Uint8Array(256) })).toContain('1 to 255 bytes');
    expect(refusal({ bytes: new Uint8Array(1025) }, { domain })).toContain('at most 1024 bytes');
    expect(refusal({ kind: 'digest' }, { domain })).toContain('give it as a message');
    expect(refusal({ digest: 'sha-256' }, { domain })).toContain('without a hash');
    expect(refusal({}, { domain, recoverable: true })).toContain('recoverable');
  });
});
