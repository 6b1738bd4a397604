/** BIP340 on every native library that is here, against the file of the BIP and against @noble/curves. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeEngines } from '../../../test/describe-engines.ts';
import { BIP340_CSV, readBip340Vectors } from '../../../test/known-answers/bip340.ts';
import { bytesFromHex } from '../../../test/known-answers/known-answer.ts';
import { type Engine, EngineFailure } from '../../engine.ts';
import { fillFromKernel } from '../../kernel-randomness.ts';
import { loadEngine as loadSystemEngine } from '../libsecp256k1/bip340.ts';
import { loadEngine as loadNpmEngine } from '../secp256k1-npm/bip340.ts';

const { Fn } = secp256k1.Point;
const VECTORS = process.env['COUNTERSIGN_VECTORS'];
const PRIVATE_KEY = Fn.toBytes(0x1234567890abcdef1234567890abcdef1234567890abcdef1234567890abcdefn);

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** What the engines draw next; the kernel's where nothing is given. */
let injected: Uint8Array | undefined;
const fillRandom = (out: Buffer): void => (injected === undefined ? fillFromKernel(out) : void out.set(injected));

await describeEngines({ libsecp256k1: loadSystemEngine, 'secp256k1-npm': loadNpmEngine }, fillRandom, describeEngine);

function describeEngine(engine: Engine): void {
  function sign(privateKey: Uint8Array, message: Uint8Array, auxRand: Uint8Array, merkleRoot?: string): Uint8Array {
    const key = engine.loadPrivate(privateKey, {});
    const out = new Uint8Array(64);
    injected = auxRand;
    key.signer({ deterministic: false, ...(merkleRoot === undefined ? {} : { merkleRoot }) })(message, out);
    injected = undefined;
    key.destroy();
    return out;
  }

  function isValid(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
    try {
      return engine.loadPublic(publicKey, {}).verifier({ deterministic: false })(message, signature);
    } catch (error) {
      if (error instanceof EngineFailure && error.code === 'invalid_key') return false;
      throw error;
    }
  }

  it.skipIf(VECTORS === undefined)('agrees with every row of the file of BIP340 (needs COUNTERSIGN_VECTORS)', () => {
    const vectors = VECTORS ?? '';
    let verified = 0;
    let signed = 0;
    for (const vector of readBip340Vectors(vectors)) {
      const message = bytesFromHex(vector.message);
      const valid = isValid(bytesFromHex(vector.publicKey), message, bytesFromHex(vector.signature));
      expect(valid, `row ${vector.index}: ${vector.comment}`).toBe(vector.isValid);
      verified += 1;
      if (vector.secretKey === '') continue;
      const signature = sign(bytesFromHex(vector.secretKey), message, bytesFromHex(vector.auxRand));
      expect(hex(signature), `row ${vector.index}`).toBe(vector.signature);
      signed += 1;
    }
    const file = readFileSync(join(vectors, BIP340_CSV), 'utf8').trim().split('\n').slice(1);
    expect(verified).toBe(file.length);
    expect(signed).toBe(file.filter((row) => /^\d+,[0-9A-F]{64},/.test(row)).length);
    expect(signed).toBeGreaterThan(0);
  });

  it('is the default signing of BIP340, byte for byte, whatever message and aux_rand', () => {
    const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(bytes32, fc.uint8Array({ maxLength: 200 }), bytes32, (seed, message, auxRand) => {
        const privateKey = Fn.toBytes((Fn.create(BigInt(`0x${hex(seed)}`)) % (Fn.ORDER - 1n)) + 1n);
        return hex(sign(privateKey, message, auxRand)) === hex(schnorr.sign(message, privateKey, auxRand));
      }),
      { numRuns: 40 },
    );
  });

  it('signs under the output key of BIP341, which verifies without any tweak', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.uint8Array({ minLength: 32, maxLength: 32 }), (isEmpty, root) => {
        const merkleRoot = isEmpty ? '' : hex(root);
        const message = new Uint8Array(32).fill(1);
        const signature = sign(PRIVATE_KEY, message, new Uint8Array(32).fill(2), merkleRoot);
        const internalKey = schnorr.getPublicKey(PRIVATE_KEY);
        const tweak = schnorr.utils.taggedHash('TapTweak', internalKey, bytesFromHex(merkleRoot));
        const point = schnorr.utils
          .lift_x(BigInt(`0x${hex(internalKey)}`))
          .add(secp256k1.Point.BASE.multiply(Fn.fromBytes(tweak)));
        return (
          schnorr.verify(signature, message, schnorr.utils.pointToBytes(point)) &&
          !schnorr.verify(signature, message, internalKey)
        );
      }),
      { numRuns: 20 },
    );
  });

  it('keeps many merkle roots apart, in whatever order they are used', () => {
    const key = engine.loadPrivate(PRIVATE_KEY, {});
    const message = new Uint8Array(32).fill(3);
    const roots = Array.from({ length: 20 }, (_, index) => index.toString(16).padStart(64, '0'));
    const signers = roots.map((merkleRoot) => key.signer({ deterministic: true, merkleRoot }));
    const plain = key.signer({ deterministic: true });
    const first = signers.map((signer) => signWith(signer, message));
    const untweaked = signWith(plain, message);
    expect(new Set([...first.map(hex), hex(untweaked)]).size).toBe(21);
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 19 }), { minLength: 1, maxLength: 40 }), (order) =>
        order.every((index) => {
          const signer = signers[index];
          const expected = first[index];
          if (signer === undefined || expected === undefined) return false;
          return hex(signWith(signer, message)) === hex(expected) && hex(signWith(plain, message)) === hex(untweaked);
        }),
      ),
      { numRuns: 20 },
    );
    key.destroy();
    for (const signer of signers) expect(() => signWith(signer, message)).toThrow(/destroyed/);
  });

  it('refuses merkle roots that are neither empty nor 32 bytes', () => {
    const key = engine.loadPrivate(PRIVATE_KEY, {});
    for (const merkleRoot of [
      '00',
      'zz'.repeat(32),
      'AB'.repeat(32),
      `${'00'.repeat(32)}\n`,
      '00'.repeat(33),
      7,
      true,
    ]) {
      expect(() => key.signer({ deterministic: true, merkleRoot })).toThrow(EngineFailure);
    }
    key.destroy();
  });

  it('refuses messages beyond 64 KiB, to sign and to verify', () => {
    const key = engine.loadPrivate(PRIVATE_KEY, {});
    const signer = key.signer({ deterministic: true });
    const longest = new Uint8Array(65_536);
    const signature = signWith(signer, longest);
    expect(hex(signature)).toBe(hex(schnorr.sign(longest, PRIVATE_KEY, new Uint8Array(32))));
    expect(isValid(key.publicKey, longest, signature)).toBe(true);
    expect(() => signWith(signer, new Uint8Array(65_537))).toThrow(EngineFailure);
    expect(isValid(key.publicKey, new Uint8Array(65_537), signature)).toBe(false);
    key.destroy();
  });

  it('refuses private keys out of range and public keys off the curve', () => {
    for (const scalar of [0n, Fn.ORDER, 2n ** 256n - 1n]) {
      const bytes = Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex');
      expect(() => engine.loadPrivate(bytes, {})).toThrow(expect.objectContaining({ code: 'invalid_key' }));
      expect(() => engine.importPrivate(bytes)).toThrow(expect.objectContaining({ code: 'invalid_key' }));
    }
    // y^2 = 7 has no solution; the others aren't below the field's prime.
    for (const x of [0n, secp256k1.Point.Fp.ORDER, secp256k1.Point.Fp.ORDER + 1n, 2n ** 256n - 1n]) {
      const bytes = Buffer.from(x.toString(16).padStart(64, '0'), 'hex');
      expect(() => engine.loadPublic(bytes, {})).toThrow(expect.objectContaining({ code: 'invalid_key' }));
    }
  });
}

function signWith(signer: (payload: Uint8Array, out: Uint8Array) => number, message: Uint8Array): Uint8Array {
  const out = new Uint8Array(64);
  return out.slice(0, signer(message, out));
}
