/** ECDSA on secp256k1, on every native library that is here, against @noble/curves. */
import { secp256k1 } from '@noble/curves/secp256k1.js';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeEngines } from '../../../test/describe-engines.ts';
import { readEcdsaSignature } from '../../ecdsa-signature.ts';
import { type Engine, EngineFailure } from '../../engine.ts';
import { fillFromKernel } from '../../kernel-randomness.ts';
import { loadEngine as loadSystemEngine } from '../libsecp256k1/ecdsa.ts';
import { loadEngine as loadNpmEngine } from '../secp256k1-npm/ecdsa.ts';

const { Fn } = secp256k1.Point;
const DETERMINISTIC = { deterministic: true, digest: 'sha-256' };
const HEDGED = { deterministic: false };
const PRIVATE_KEY = Fn.toBytes(0x1234567890abcdef1234567890abcdef1234567890abcdef1234567890abcdefn);

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** What the engine draws next; the kernel's where nothing is given. */
let injected: Uint8Array | undefined;
const fillRandom = (out: Buffer): void => (injected === undefined ? fillFromKernel(out) : void out.set(injected));

await describeEngines(
  {
    libsecp256k1: loadSystemEngine,
    'libsecp256k1 as if without its recovery module': (fill) => loadSystemEngine(fill, false),
    'secp256k1-npm': loadNpmEngine,
  },
  fillRandom,
  describeEngine,
);

function describeEngine(engine: Engine): void {
  function sign(scheme: Record<string, string | boolean>, digest: Uint8Array): Uint8Array {
    const key = engine.loadPrivate(PRIVATE_KEY, {});
    const out = new Uint8Array(72);
    const signature = out.slice(0, key.signer(scheme)(digest, out));
    key.destroy();
    return signature;
  }

  const digests = fc.uint8Array({ minLength: 32, maxLength: 64 });

  it('is RFC 6979 with a low s, byte for byte', () => {
    fc.assert(
      fc.property(digests, (digest) => {
        const expected = secp256k1.sign(digest.subarray(0, 32), PRIVATE_KEY, {
          prehash: false,
          lowS: true,
          format: 'der',
        });
        return hex(sign(DETERMINISTIC, digest)) === hex(expected);
      }),
    );
  });

  it('takes 32 bytes of extra entropy as RFC 6979, 3.6 says, where it is hedged', () => {
    fc.assert(
      fc.property(digests, fc.uint8Array({ minLength: 32, maxLength: 32 }), (digest, entropy) => {
        injected = entropy;
        const signature = sign(HEDGED, digest);
        injected = undefined;
        const expected = secp256k1.sign(digest.subarray(0, 32), PRIVATE_KEY, {
          prehash: false,
          lowS: true,
          extraEntropy: entropy,
          format: 'der',
        });
        return hex(signature) === hex(expected);
      }),
      { numRuns: 30 },
    );
  });

  it('always makes a low s', () => {
    for (let round = 0; round < 200; round += 1) {
      const rs = readEcdsaSignature(sign(HEDGED, new Uint8Array(32).fill(round)), 32);
      expect(Fn.fromBytes(rs?.subarray(32) ?? new Uint8Array(32)) <= Fn.ORDER / 2n).toBe(true);
    }
  });

  it('gives r || s || recovery id where it is asked to, byte for byte, deterministic or hedged', () => {
    fc.assert(
      fc.property(digests, fc.option(fc.uint8Array({ minLength: 32, maxLength: 32 })), (digest, entropy) => {
        injected = entropy ?? undefined;
        const signature = sign({ ...(entropy === null ? DETERMINISTIC : HEDGED), recoverable: true }, digest);
        injected = undefined;
        const expected = secp256k1.sign(digest.subarray(0, 32), PRIVATE_KEY, {
          prehash: false,
          lowS: true,
          format: 'recovered',
          ...(entropy === null ? {} : { extraEntropy: entropy }),
        });
        // The second implementation puts the recovery id in front.
        return hex(signature) === hex(expected.subarray(1)) + hex(expected.subarray(0, 1));
      }),
      { numRuns: 60 },
    );
  });

  it('accepts exactly the recovery id under which the second implementation recovers the key', () => {
    const publicKey = secp256k1.getPublicKey(PRIVATE_KEY, false);
    const verify = engine.loadPublic(publicKey, {}).verifier({ ...HEDGED, recoverable: true });
    const plain = engine.loadPublic(publicKey, {}).verifier(HEDGED);
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.boolean(), (digest, isHigh) => {
        const low = secp256k1.Signature.fromBytes(secp256k1.sign(digest, PRIVATE_KEY, { prehash: false, lowS: true }));
        const signature = isHigh ? new secp256k1.Signature(low.r, Fn.ORDER - low.s) : low;
        for (let id = 0; id < 8; id += 1) {
          const form = Uint8Array.of(...signature.toBytes('compact'), id);
          expect(verify(digest, form)).toBe(recovers(signature, id, digest, publicKey));
          expect(plain(digest, form)).toBe(false);
        }
        return !verify(digest, signature.toBytes('der'));
      }),
      { numRuns: 20 },
    );
  });

  it('verifies a signature whose nonce has an x coordinate beyond the order, by recovery ids 2 and 3', () => {
    // Nobody finds such a nonce: the signature is chosen first, and the key recovered from it.
    const digest = new Uint8Array(32).fill(7);
    let found = 0;
    for (let r = 1n; found < 4; r += 1n) {
      for (const id of [2, 3]) {
        const publicKey = recover(new secp256k1.Signature(r, 11n, id), digest);
        if (publicKey === undefined) continue;
        found += 1;
        const verify = engine.loadPublic(publicKey, {}).verifier({ ...HEDGED, recoverable: true });
        for (const tried of [0, 1, 2, 3]) {
          const form = Uint8Array.of(...Fn.toBytes(r), ...Fn.toBytes(11n), tried);
          expect(verify(digest, form), `r = ${r}, ${tried} for ${id}`).toBe(tried === id);
        }
      }
    }
  });

  it('refuses a scheme whose recoverable is no boolean', () => {
    for (const recoverable of ['true', 1]) {
      expect(() => sign({ ...HEDGED, recoverable } as never, new Uint8Array(32))).toThrow(
        expect.objectContaining({ code: 'invalid_scheme' }),
      );
    }
  });

  it('pads a short digest on the left', () => {
    const digest = new Uint8Array(20).fill(0x11);
    const padded = new Uint8Array(32);
    padded.set(digest, 12);
    expect(hex(sign(DETERMINISTIC, digest))).toBe(hex(sign(DETERMINISTIC, padded)));
  });

  it('signs no empty digest', () => {
    expect(() => sign(HEDGED, new Uint8Array(0))).toThrow(EngineFailure);
  });

  it('refuses determinism with any digest but SHA-256: its nonce function has no other HMAC', () => {
    for (const digest of ['sha-1', 'sha-384', 'sha-512', 'sha3-256', 'blake2s-256']) {
      expect(() => sign({ deterministic: true, digest }, new Uint8Array(32))).toThrow(
        expect.objectContaining({ code: 'unsupported' }),
      );
    }
    expect(() => sign({ deterministic: true }, new Uint8Array(32))).toThrow(EngineFailure);
  });

  it('refuses private keys out of range', () => {
    for (const scalar of [0n, Fn.ORDER, Fn.ORDER + 1n, 2n ** 256n - 1n]) {
      const bytes = Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex');
      expect(() => engine.loadPrivate(bytes, {})).toThrow(expect.objectContaining({ code: 'invalid_key' }));
      expect(() => engine.importPrivate(sec1(bytes))).toThrow(expect.objectContaining({ code: 'invalid_key' }));
    }
  });

  it('imports SEC1 with the public key compressed, uncompressed or left out, and refuses one that does not match', () => {
    const uncompressed = secp256k1.getPublicKey(PRIVATE_KEY, false);
    const compressed = secp256k1.getPublicKey(PRIVATE_KEY, true);
    for (const publicKey of [undefined, uncompressed, compressed]) {
      const material = engine.importPrivate(sec1(PRIVATE_KEY, publicKey));
      expect(hex(material.privateKey)).toBe(hex(PRIVATE_KEY));
      expect(hex(material.publicKey)).toBe(hex(uncompressed));
    }
    const other = secp256k1.getPublicKey(Fn.toBytes(7n), false);
    const negated = Uint8Array.of((compressed[0] ?? 0) ^ 1, ...compressed.subarray(1));
    for (const publicKey of [other, negated, uncompressed.subarray(0, 64), new Uint8Array(0)]) {
      expect(() => engine.importPrivate(sec1(PRIVATE_KEY, publicKey))).toThrow(/doesn't belong/);
    }
  });

  it('agrees with the second implementation on which signatures are valid', () => {
    const verifying = engine.loadPublic(secp256k1.getPublicKey(PRIVATE_KEY, false), {}).verifier(HEDGED);
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.boolean(), (digest, high) => {
        const low = secp256k1.Signature.fromBytes(secp256k1.sign(digest, PRIVATE_KEY, { prehash: false, lowS: true }));
        const signature = high ? new secp256k1.Signature(low.r, Fn.ORDER - low.s) : low;
        return verifying(digest, signature.toBytes('der')) && !verifying(flipped(digest), signature.toBytes('der'));
      }),
      { numRuns: 30 },
    );
  });
}

type Signature = InstanceType<typeof secp256k1.Signature>;

function recover(signature: Signature, digest: Uint8Array): Uint8Array | undefined {
  try {
    return signature.recoverPublicKey(digest).toBytes(false);
  } catch {
    return undefined; // r names no point
  }
}

function recovers(signature: Signature, id: number, digest: Uint8Array, publicKey: Uint8Array): boolean {
  if (id > 3) return false;
  const recovered = recover(signature.addRecoveryBit(id), digest);
  return recovered !== undefined && hex(recovered) === hex(publicKey);
}

function flipped(bytes: Uint8Array): Uint8Array {
  return Uint8Array.of((bytes[0] ?? 0) ^ 1, ...bytes.subarray(1));
}

/** RFC 5915: version 1, the key, the curve, and perhaps the public key. */
function sec1(scalar: Uint8Array, publicKey?: Uint8Array): Uint8Array {
  const curve = [0xa0, 0x07, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a];
  const point =
    publicKey === undefined ? [] : [0xa1, publicKey.length + 3, 0x03, publicKey.length + 1, 0x00, ...publicKey];
  const contents = [0x02, 0x01, 0x01, 0x04, 0x20, ...scalar, ...curve, ...point];
  return Uint8Array.of(0x30, contents.length, ...contents);
}
