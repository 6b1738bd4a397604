/**
 * Children of every algorithm that has them, on every engine that is here, against second implementations that see what
 * the public may see: the parent's public key and the chain code, with the points of @noble/curves.
 */
import { createHash, createHmac, createPublicKey, verify as verifyWithNode } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Engine, EngineFailure, EngineUnavailable, type KeyMaterial } from './engine.ts';
import { allAlgorithms } from './registry.ts';
import { freeSecret } from './secret-memory.ts';
import { taggedHash } from './tagged-hash.ts';

const TAG = 'countersign/vault-chain-code/v1';
const MESSAGE = Buffer.from('a message of 32 bytes, as it is.');
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

interface Reference {
  /** The child's public key in the algorithm's raw form, from nothing but what a watching wallet has. */
  readonly publicChild: (publicKey: Uint8Array, chainCode: Uint8Array, path: readonly number[]) => Uint8Array;
  /** What the chain code is the tagged hash of. */
  readonly chainCodeInput: (privateKey: Uint8Array) => Uint8Array;
  readonly payload: Uint8Array;
  readonly scheme: Readonly<Record<string, boolean>>;
  readonly isValid: (signature: Uint8Array, publicKey: Uint8Array) => boolean;
}

const REFERENCES: Readonly<Record<string, Reference>> = {
  'ecdsa-secp256k1': {
    publicChild: (publicKey, chainCode, path) =>
      secp256k1.Point.fromBytes(bip32(compress(publicKey), chainCode, path)).toBytes(false),
    chainCodeInput: (privateKey) => privateKey,
    payload: MESSAGE,
    scheme: { deterministic: false },
    isValid: (signature, publicKey) =>
      secp256k1.verify(signature, MESSAGE, publicKey, { prehash: false, format: 'der' }),
  },
  bip340: {
    publicChild: (publicKey, chainCode, path) => bip32(Uint8Array.of(0x02, ...publicKey), chainCode, path).subarray(1),
    chainCodeInput: evenScalar,
    payload: MESSAGE,
    scheme: { deterministic: false },
    isValid: (signature, publicKey) => schnorr.verify(signature, MESSAGE, publicKey),
  },
  ed25519: {
    publicChild: publicEd25519Child,
    chainCodeInput: (privateKey) => privateKey,
    payload: MESSAGE,
    scheme: {},
    isValid: (signature, publicKey) => {
      const key = createPublicKey({ key: Buffer.from(publicKey), format: 'raw-public', asymmetricKeyType: 'ed25519' });
      return ed25519.verify(signature, MESSAGE, publicKey) && verifyWithNode(null, MESSAGE, key, signature);
    },
  },
};

/**
 * Fixed answers, so that no change can silently lead the same path to another key: the child of the private key
 * SHA-256("parent") at 44/60/0/7. Made once from the public key by @noble/curves 2.4.0 and the chain code by `node:crypto`:
 * on secp256k1 by `HDKey({ publicKey, chainCode }).deriveChild(index)` of @scure/bip32 1.7.0 for each index, on Ed25519 by
 * `publicEd25519Child` below; Node 26.10.
 */
const PINNED_PATH = [44, 60, 0, 7];
const PINNED_PRIVATE_KEY = createHash('sha256').update('parent').digest();
const PINNED: Readonly<Record<string, string>> = {
  'ecdsa-secp256k1':
    '047f2ba901768827f923ac2d04bf32daf5a1eba6edbca9ad2786b4c7380def1efd569299e8f94e80b029eda89823f03d0f4474befe83b065c72e0d8a189644c98b',
  bip340: '7f897e5093ce5419ebc7db4ab6cc6656dd2e6af51cad3ff86ff9ff34ce3fcb87',
  ed25519: '323822e3be120ca8a49f08049320de6b95bd71ac8ca06c1a5516150ff57c303e',
};

const index = fc.integer({ min: 0, max: 0x7fff_ffff });
const path = fc.array(index, { minLength: 1, maxLength: 4 });

it('every engine of an algorithm with children derives them, and no other does', async () => {
  for (const algorithm of allAlgorithms()) {
    for (const { engine } of await loadEngines(algorithm.engines)) {
      expect(engine.deriveChild !== undefined, algorithm.name).toBe(algorithm.derivesChildren);
    }
    expect(algorithm.derivesChildren, algorithm.name).toBe(algorithm.name in REFERENCES);
  }
});

for (const algorithm of allAlgorithms().filter(({ derivesChildren }) => derivesChildren)) {
  const reference = REFERENCES[algorithm.name];
  if (reference === undefined) continue; // The test above fails then.
  const engines = await loadEngines(algorithm.engines);
  describe.each(engines)(`children of ${algorithm.name} on $name`, ({ engine }) => {
    it('are where the public key and the chain code lead', () => {
      fc.assert(
        fc.property(path, (steps) => {
          const parent = engine.generate({});
          const chainCode = taggedHash(TAG, reference.chainCodeInput(parent.privateKey));
          const child = derive(engine, parent, steps);
          return hex(child.publicKey) === hex(reference.publicChild(parent.publicKey, chainCode, steps));
        }),
        { numRuns: 15 },
      );
    });

    it('are at the same place for ever', () => {
      const key = engine.loadPrivate(PINNED_PRIVATE_KEY, {});
      const child = engine.deriveChild?.(PINNED_PRIVATE_KEY, {}, PINNED_PATH);
      const chainCode = taggedHash(TAG, reference.chainCodeInput(PINNED_PRIVATE_KEY));
      expect(hex(reference.publicChild(key.publicKey, chainCode, PINNED_PATH))).toBe(PINNED[algorithm.name]);
      expect(hex(child?.publicKey ?? new Uint8Array())).toBe(PINNED[algorithm.name]);
      key.destroy();
    });

    it('are private keys in locked memory, which load, sign, and verify elsewhere', () => {
      fc.assert(
        fc.property(path, (steps) => {
          const child = derive(engine, engine.generate({}), steps);
          const signature = sign(engine, child, reference);
          const isValid = reference.isValid(signature, child.publicKey);
          const own = engine.loadPublic(child.publicKey, child.parameters).verifier(reference.scheme);
          const isValidHere = own(reference.payload, signature);
          freeSecret(child.privateKey);
          return isValid && isValidHere;
        }),
        { numRuns: 10 },
      );
    });

    it('differ by every index of their path, and are the same each time', () => {
      const parent = engine.generate({});
      const before = hex(parent.privateKey);
      const paths = [[0], [1], [0, 0], [0, 1], [1, 0], [0x7fff_ffff], Array.from({ length: 16 }, () => 5)];
      const keys = paths.map((steps) => hex(derive(engine, parent, steps).publicKey));
      expect(new Set([...keys, hex(parent.publicKey)]).size).toBe(paths.length + 1);
      expect(paths.map((steps) => hex(derive(engine, parent, steps).publicKey))).toEqual(keys);
      expect(hex(parent.privateKey)).toBe(before);
    });

    it('can have children of their own, with the chain code of their own private key', () => {
      const parent = derive(engine, engine.generate({}), [1, 2]);
      const chainCode = taggedHash(TAG, reference.chainCodeInput(parent.privateKey));
      const child = derive(engine, parent, [3, 4]);
      expect(hex(child.publicKey)).toBe(hex(reference.publicChild(parent.publicKey, chainCode, [3, 4])));
      expect(reference.isValid(sign(engine, child, reference), child.publicKey)).toBe(true);
    });

    it('are refused for paths that are empty, too long, hardened or no whole numbers', () => {
      const parent = engine.generate({});
      for (const steps of [
        [],
        Array.from({ length: 17 }, () => 0),
        [0x8000_0000],
        [0, -1],
        [1.5],
        [Number.NaN],
        [2 ** 53],
      ]) {
        expect(
          failureOf(() => derive(engine, parent, steps)),
          JSON.stringify(steps),
        ).toBe('invalid_scheme');
      }
    });

    it('are refused for private keys that are none', () => {
      const { privateKey } = engine.generate({});
      const wrong = [new Uint8Array(0), privateKey.subarray(1), Uint8Array.of(...privateKey, 0)];
      if (algorithm.name !== 'ed25519') wrong.push(new Uint8Array(32), new Uint8Array(32).fill(0xff));
      for (const candidate of wrong) {
        expect(failureOf(() => engine.deriveChild?.(candidate, {}, [0]))).toBe('invalid_key');
      }
    });
  });

  const [first, ...others] = engines;
  for (const other of others) {
    it(`${other.name} derives the same children of ${algorithm.name} as ${first?.name}`, () => {
      fc.assert(
        fc.property(path, (steps) => {
          const parent = other.engine.generate({});
          const [one, two] = [first?.engine ?? other.engine, other.engine].map((engine) =>
            derive(engine, parent, steps),
          );
          expect(one?.parameters).toEqual(two?.parameters);
          return hex(one?.privateKey ?? new Uint8Array()) === hex(two?.privateKey ?? new Uint8Array());
        }),
        { numRuns: 10 },
      );
    });
  }
}

it('children of a BIP340 key are the same whichever of its two private keys is there', async () => {
  const { Fn } = secp256k1.Point;
  const algorithm = allAlgorithms().find(({ name }) => name === 'bip340');
  for (const { engine } of await loadEngines(algorithm?.engines ?? [])) {
    const { privateKey } = engine.generate({});
    const negated = Fn.toBytes(Fn.neg(Fn.fromBytes(privateKey)));
    const [one, two] = [privateKey, negated].map((key) => engine.deriveChild?.(key, {}, [6, 7]));
    expect(hex(one?.privateKey ?? new Uint8Array())).toBe(hex(two?.privateKey ?? new Uint8Array()));
  }
});

async function loadEngines(bindings: readonly { name: string; load: () => Promise<Engine> }[]) {
  const loaded: { name: string; engine: Engine }[] = [];
  for (const { name, load } of bindings) {
    try {
      loaded.push({ name, engine: await load() });
    } catch (error) {
      if (!(error instanceof EngineUnavailable)) throw error;
      it.skip(`children on ${name} (${error.message})`, () => {});
    }
  }
  return loaded;
}

function derive(engine: Engine, parent: KeyMaterial, steps: readonly number[]): KeyMaterial {
  if (engine.deriveChild === undefined) throw new Error('this engine has no children');
  return engine.deriveChild(parent.privateKey, parent.parameters, steps);
}

function sign(engine: Engine, { privateKey, parameters, publicKey }: KeyMaterial, reference: Reference): Uint8Array {
  const key = engine.loadPrivate(privateKey, parameters);
  expect(hex(key.publicKey)).toBe(hex(publicKey));
  const out = new Uint8Array(72);
  const length = key.signer(reference.scheme)(reference.payload, out);
  key.destroy();
  return out.slice(0, length);
}

/** CKDpub of BIP32, and the compressed public key at its end. */
function bip32(publicKey: Uint8Array, chainCode: Uint8Array, steps: readonly number[]): Uint8Array {
  const { Point } = secp256k1;
  let [key, code] = [publicKey, chainCode];
  for (const step of steps) {
    const digest = hmacStep(key, code, step);
    const tweak = Point.Fn.fromBytes(digest.subarray(0, 32));
    key = Point.fromBytes(key).add(Point.BASE.multiply(tweak)).toBytes(true);
    code = digest.subarray(32);
  }
  return key;
}

function compress(point: Uint8Array): Uint8Array {
  return secp256k1.Point.fromBytes(point).toBytes(true);
}

function evenScalar(privateKey: Uint8Array): Uint8Array {
  const { Fn } = secp256k1.Point;
  const isEven = secp256k1.getPublicKey(privateKey, true)[0] === 0x02;
  return isEven ? privateKey : Fn.toBytes(Fn.neg(Fn.fromBytes(privateKey)));
}

function publicEd25519Child(publicKey: Uint8Array, chainCode: Uint8Array, steps: readonly number[]): Uint8Array {
  let [key, code] = [publicKey, chainCode];
  for (const step of steps) {
    const digest = hmacStep(key, code, step);
    const tweak = BigInt(`0x${hex(digest.subarray(0, 32).toReversed())}`) % ed25519.Point.Fn.ORDER;
    key = ed25519.Point.fromBytes(key).add(ed25519.Point.BASE.multiply(tweak)).toBytes();
    code = digest.subarray(32);
  }
  return key;
}

function hmacStep(publicKey: Uint8Array, chainCode: Uint8Array, step: number): Buffer {
  const serialized = Buffer.alloc(4);
  serialized.writeUInt32BE(step);
  return createHmac('sha512', chainCode).update(publicKey).update(serialized).digest();
}

function failureOf(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (error instanceof EngineFailure) return error.code;
    throw error;
  }
}
