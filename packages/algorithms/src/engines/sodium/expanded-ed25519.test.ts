/** Ed25519 keys that aren't seeds, with and without the system's libsodium, against @noble/curves. */
import { createHash, createHmac } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ed25519 as family } from '../../families/ed25519.ts';
import { taggedHash } from '../../tagged-hash.ts';
import { loadEngine as loadNodeEngine } from '../node-crypto/ed25519.ts';
import { loadEngine } from './ed25519.ts';
import { createExpandedKeys, deriveEd25519Child } from './expanded-ed25519.ts';
import { loadScalarMultiplication, multiplyByAdditions } from './multiply-scalar.ts';

const { Point } = ed25519;
const { Fn } = Point;
const EXPANDED = { form: 'expanded' };
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const scalars = fc.bigInt({ min: 0n, max: Fn.ORDER - 1n });
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });

const WAYS = { 'the preferred way': loadScalarMultiplication().multiply, 'additions alone': multiplyByAdditions() };

describe.each(Object.entries(WAYS))('scalars multiplied by %s', (_name, multiply) => {
  it('are products modulo the order', () => {
    const edges = fc.constantFrom(0n, 1n, 2n, Fn.ORDER - 1n);
    fc.assert(
      fc.property(fc.oneof(scalars, edges), fc.oneof(scalars, edges), (a, b) => {
        const out = Buffer.alloc(32);
        multiply(out, Buffer.from(Fn.toBytes(a)), Buffer.from(Fn.toBytes(b)));
        return Fn.fromBytes(out) === Fn.mul(a, b);
      }),
      { numRuns: 60 },
    );
  });

  it('make the signature of the scalar, with the nonce that prefix, public key and message give', () => {
    const load = createExpandedKeys(multiply);
    const nonZero = fc.bigInt({ min: 1n, max: Fn.ORDER - 1n });
    fc.assert(
      fc.property(nonZero, bytes32, fc.uint8Array({ maxLength: 300 }), (scalar, prefix, message) => {
        const key = load(Buffer.concat([Fn.toBytes(scalar), prefix]));
        const out = new Uint8Array(64);
        key.signer({})(message, out);
        key.destroy();
        const publicKey = Point.BASE.multiply(scalar).toBytes();
        const nonce = modOrder(sha512(prefix, publicKey, message));
        const noncePoint = Point.BASE.multiply(nonce).toBytes();
        const challenge = modOrder(sha512(noncePoint, publicKey, message));
        const response = Fn.toBytes(Fn.add(nonce, Fn.mul(challenge, scalar)));
        expect(hex(key.publicKey)).toBe(hex(publicKey));
        return hex(out) === hex(noncePoint) + hex(response) && ed25519.verify(out, message, publicKey);
      }),
      { numRuns: 20 },
    );
  });
});

describe.each([
  ['sodium', loadEngine],
  ['node-crypto', loadNodeEngine],
] as const)('expanded keys on %s', (_name, load) => {
  const expanded = (scalar: bigint): Buffer =>
    Buffer.concat([Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex').reverse(), Buffer.alloc(32, 1)]);

  it('are refused with a scalar of zero, or of the order and above', async () => {
    const engine = await load();
    for (const scalar of [0n, Fn.ORDER, Fn.ORDER + 1n, 2n ** 256n - 1n]) {
      const privateKey = expanded(scalar);
      expect(() => engine.loadPrivate(privateKey, EXPANDED)).toThrow(expect.objectContaining({ code: 'invalid_key' }));
      expect(() => engine.deriveChild?.(privateKey, EXPANDED, [0])).toThrow(
        expect.objectContaining({ code: 'invalid_key' }),
      );
    }
    expect(hex(engine.loadPrivate(expanded(1n), EXPANDED).publicKey)).toBe(hex(Point.BASE.toBytes()));
  });

  it('are told from seeds by their parameters alone', async () => {
    const engine = await load();
    const refused = expect.objectContaining({ code: 'invalid_key' });
    expect(() => engine.loadPrivate(expanded(5n), {})).toThrow(refused);
    expect(() => engine.loadPrivate(Buffer.alloc(32, 1), EXPANDED)).toThrow(refused);
    for (const parameters of [{ form: 'seed' }, { form: 1 }, { ...EXPANDED, other: 1 }, { other: 'expanded' }]) {
      expect(() => engine.loadPrivate(expanded(5n), parameters)).toThrow(refused);
      expect(() => engine.deriveChild?.(expanded(5n), parameters, [0])).toThrow(refused);
    }
  });

  it('sign nothing once destroyed, and take no scheme and no room that they do not know', async () => {
    const key = (await load()).loadPrivate(expanded(5n), EXPANDED);
    const sign = key.signer({});
    expect(() => key.signer({ path: '1' })).toThrow(expect.objectContaining({ code: 'invalid_scheme' }));
    expect(() => sign(new Uint8Array(1), new Uint8Array(63))).toThrow(/room/);
    key.destroy();
    key.destroy();
    expect(() => sign(new Uint8Array(1), new Uint8Array(64))).toThrow(/destroyed/);
    expect(() => key.signer({})).toThrow(/destroyed/);
  });

  it('keep no reference to the private key that they were given', async () => {
    const privateKey = expanded(5n);
    const key = (await load()).loadPrivate(privateKey, EXPANDED);
    privateKey.fill(0);
    const out = new Uint8Array(64);
    key.signer({})(Buffer.from('a message'), out);
    expect(ed25519.verify(out, Buffer.from('a message'), key.publicKey)).toBe(true);
    key.destroy();
  });
});

describe('a child of an Ed25519 key', () => {
  it('has the scalar and the prefix that the documented rule gives', () => {
    const path = fc.array(fc.nat({ max: 0x7fff_ffff }), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(bytes32, path, (seed, indices) => {
        const expected = childOfSeed(seed, indices);
        const child = deriveEd25519Child(seed, {}, indices);
        expect(child.parameters).toEqual(EXPANDED);
        expect(hex(child.publicKey)).toBe(hex(Point.BASE.multiply(expected.scalar).toBytes()));
        return hex(child.privateKey) === hex(Fn.toBytes(expected.scalar)) + hex(expected.prefix);
      }),
      { numRuns: 15 },
    );
  });

  it('shares no nonce with its siblings or its parent for one message', async () => {
    const engine = await loadEngine();
    const parent = engine.generate({});
    const keys = [parent, ...[[0], [1], [0, 0]].map((path) => deriveEd25519Child(parent.privateKey, {}, path))];
    const noncePoints = keys.map(({ privateKey, parameters }) => {
      const out = new Uint8Array(64);
      engine.loadPrivate(privateKey, parameters).signer({})(Buffer.from('one message'), out);
      return hex(out.subarray(0, 32));
    });
    expect(new Set(noncePoints).size).toBe(keys.length);
    expect(new Set(keys.map(({ privateKey }) => hex(privateKey.slice(-32)))).size).toBe(keys.length);
  });

  it('is the only way to a key of that form', () => {
    expect(family.parseParameters(EXPANDED)).toMatchObject({ ok: false });
  });
});

describe('without the system library', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('additions make up for it, and the description says so and what to install', async () => {
    vi.stubEnv('COUNTERSIGN_LIBSODIUM', '/nonexistent/libsodium.so');
    vi.resetModules();
    const fresh = await import('./ed25519.ts');
    const engine = await fresh.loadEngine();
    expect(engine.description).toMatch(/sodium-native alone \(slower: COUNTERSIGN_LIBSODIUM=.*can't be loaded/);
    const child = engine.deriveChild?.(Buffer.alloc(32, 4), {}, [1]);
    const out = new Uint8Array(64);
    engine.loadPrivate(child?.privateKey ?? Buffer.alloc(0), EXPANDED).signer({})(Buffer.from('m'), out);
    expect(ed25519.verify(out, Buffer.from('m'), child?.publicKey ?? Buffer.alloc(32))).toBe(true);
  });
});

/** The rule of `deriveEd25519Child` a second time, on big integers. */
function childOfSeed(seed: Uint8Array, path: readonly number[]): { readonly scalar: bigint; readonly prefix: Buffer } {
  let scalar = Fn.create(ed25519.utils.getExtendedPublicKey(seed).scalar);
  let prefix = sha512(seed).subarray(32);
  let chainCode: Buffer = taggedHash('countersign/vault-chain-code/v1', seed);
  for (const index of path) {
    const serialized = Buffer.alloc(4);
    serialized.writeUInt32BE(index);
    const publicKey = Point.BASE.multiply(scalar).toBytes();
    const step = createHmac('sha512', chainCode).update(publicKey).update(serialized).digest();
    scalar = Fn.add(scalar, modOrder(step.subarray(0, 32)));
    const label = 'countersign/ed25519-child-prefix/v1';
    prefix = createHmac('sha512', prefix).update(label).update(step).digest().subarray(0, 32);
    chainCode = step.subarray(32);
  }
  return { scalar, prefix };
}

function sha512(...parts: readonly Uint8Array[]): Buffer {
  return createHash('sha512').update(Buffer.concat(parts)).digest();
}

function modOrder(digest: Buffer): bigint {
  return Fn.create(BigInt(`0x${hex(digest.toReversed())}`));
}
