import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign as nodeSign,
  verify as nodeVerify,
} from 'node:crypto';
import { type ECDSA, ecdsa } from '@noble/curves/abstract/weierstrass.js';
import { p256, p384, p521 } from '@noble/curves/nist.js';
import { sha1 } from '@noble/hashes/legacy.js';
import { sha224, sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import type { CHash } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RFC_6979 } from '../../test/known-answers/ecdsa.ts';
import { bytesFromHex } from '../../test/known-answers/known-answer.ts';
import type { Algorithm, Payload, SigningOptions } from '../algorithm.ts';
import { encodeDer } from '../der.ts';
import { DIGESTS, type DigestName } from '../digests.ts';
import type { Engine } from '../engine.ts';
import { selectEngines } from '../engine-selection.ts';
import {
  ecdsaP192,
  ecdsaP224,
  ecdsaP256,
  ecdsaP384,
  ecdsaP521,
  ecdsaSecp192k1,
  ecdsaSecp224k1,
  ecdsaSecp256k1,
} from './ecdsa.ts';

const ON_OPENSSL = [ecdsaP192, ecdsaP224, ecdsaP256, ecdsaP384, ecdsaP521, ecdsaSecp192k1, ecdsaSecp224k1];
const NODE_CURVES: Record<string, string> = {
  'ecdsa-p192': 'prime192v1',
  'ecdsa-p224': 'secp224r1',
  'ecdsa-p256': 'prime256v1',
  'ecdsa-p384': 'secp384r1',
  'ecdsa-p521': 'secp521r1',
  'ecdsa-secp192k1': 'secp192k1',
  'ecdsa-secp224k1': 'secp224k1',
};

const selected = await selectEngines(ON_OPENSSL);

function engineOf(algorithm: Algorithm): Engine {
  const engine = selected.get(algorithm.name)?.selected?.engine;
  if (engine === undefined) throw new Error(`no engine for ${algorithm.name}`);
  return engine;
}

function prepared(algorithm: Algorithm, payload: Payload, options: SigningOptions = {}) {
  const result = algorithm.prepare(payload, options, {});
  if (!result.ok) throw new Error(result.reason);
  return result.value;
}

function refusal(algorithm: Algorithm, payload: Payload, options: SigningOptions = {}): string {
  const result = algorithm.prepare(payload, options, {});
  if (result.ok) throw new Error('was not refused');
  return result.reason;
}

const digestPayload = (digest: DigestName, fill = 7): Payload => ({
  kind: 'digest',
  bytes: new Uint8Array(DIGESTS[digest].bytes).fill(fill),
  digest,
});

function signOnce(algorithm: Algorithm, privateKey: Uint8Array, payload: Payload, options: SigningOptions = {}) {
  const { scheme, bytes } = prepared(algorithm, payload, options);
  const key = engineOf(algorithm).loadPrivate(privateKey, {});
  const out = new Uint8Array(algorithm.maxSignatureBytes({}));
  const signature = out.slice(0, key.signer(scheme)(bytes, out));
  key.destroy();
  return signature;
}

function verifies(algorithm: Algorithm, publicKey: Uint8Array, payload: Payload, signature: Uint8Array): boolean {
  const { scheme, bytes } = prepared(algorithm, payload);
  const key = engineOf(algorithm).loadPublic(publicKey, {});
  try {
    return key.verifier(scheme)(bytes, signature);
  } finally {
    key.destroy();
  }
}

describe('RFC 6979 answers, as typed in, agree with @noble/curves', () => {
  const HASHES: Record<string, CHash> = {
    'sha-1': sha1,
    'sha-224': sha224,
    'sha-256': sha256,
    'sha-384': sha384,
    'sha-512': sha512,
  };
  const POINTS = { 'A.2.5': p256, 'A.2.6': p384, 'A.2.7': p521 } as const;

  for (const [section, curve] of Object.entries(POINTS)) {
    it(`section ${section}`, () => {
      const printed = RFC_6979.find((entry) => entry.section === section);
      expect(printed?.signatures).toHaveLength(10);
      for (const { message, digest, r, s } of printed?.signatures ?? []) {
        const scheme: ECDSA = ecdsa(curve.Point, HASHES[digest] ?? sha256);
        const key = bytesFromHex(printed?.privateKey ?? '');
        const signature = scheme.sign(new TextEncoder().encode(message), key, { lowS: false });
        expect(Buffer.from(signature).toString('hex')).toBe(r + s);
      }
    });
  }
});

describe.each(ON_OPENSSL)('$name', (algorithm) => {
  const engine = engineOf(algorithm);
  const material = engine.generate({});
  const curve = NODE_CURVES[algorithm.name];
  const publicKey = createPublicKey({
    key: Buffer.from(algorithm.encodeSpki(material.publicKey, {}) ?? []),
    format: 'der',
    type: 'spki',
  });

  it('writes the SPKI that Node reads as a key of this curve', () => {
    expect(publicKey.asymmetricKeyDetails?.namedCurve).toBe(curve);
    expect(publicKey.export({ format: 'der', type: 'spki' })).toEqual(
      Buffer.from(algorithm.encodeSpki(material.publicKey, {}) ?? []),
    );
  });

  it('makes signatures that node:crypto verifies, of messages and of digests', () => {
    const message = Buffer.from('to be signed');
    for (const digest of ['sha-256', 'sha-512', 'sha3-384', 'sha-1'] as const) {
      for (const deterministic of [true, false]) {
        const signature = signOnce(
          algorithm,
          material.privateKey,
          { kind: 'message', bytes: message, digest },
          { deterministic },
        );
        expect(nodeVerify(DIGESTS[digest].openssl, message, publicKey, signature)).toBe(true);
        const ofDigest: Payload = { kind: 'digest', bytes: DIGESTS[digest].compute(message), digest };
        expect(verifies(algorithm, material.publicKey, ofDigest, signature)).toBe(true);
      }
    }
  });

  it('verifies what node:crypto signs', () => {
    const pair = generateKeyPairSync('ec', { namedCurve: curve ?? '' });
    const imported = engine.importPrivate(pair.privateKey.export({ format: 'der', type: 'pkcs8' }));
    const message = Buffer.from('signed elsewhere');
    const signature = nodeSign('sha256', message, pair.privateKey);
    expect(
      verifies(algorithm, imported.publicKey, { kind: 'message', bytes: message, digest: 'sha-256' }, signature),
    ).toBe(true);
  });

  it('imports SEC1 and PKCS#8 and derives the same key from both', () => {
    const pair = generateKeyPairSync('ec', { namedCurve: curve ?? '' });
    const pkcs8 = engine.importPrivate(pair.privateKey.export({ format: 'der', type: 'pkcs8' }));
    const sec1 = engine.importPrivate(pair.privateKey.export({ format: 'der', type: 'sec1' }));
    expect(sec1).toEqual(pkcs8);
    expect(Buffer.from(algorithm.encodeSpki(pkcs8.publicKey, {}) ?? [])).toEqual(
      pair.publicKey.export({ format: 'der', type: 'spki' }),
    );
    expect(engine.loadPrivate(pkcs8.privateKey, {}).publicKey).toEqual(pkcs8.publicKey);
  });

  it('refuses to import a key whose public half belongs to another key', () => {
    const [one, other] = [0, 1].map(() => {
      const pair = generateKeyPairSync('ec', { namedCurve: curve ?? '' });
      return {
        der: pair.privateKey.export({ format: 'der', type: 'sec1' }),
        point: material.publicKey.length,
      };
    });
    const swapped = Buffer.concat([
      one?.der.subarray(0, -one.point) ?? Buffer.alloc(0),
      other?.der.subarray(-other.point) ?? Buffer.alloc(0),
    ]);
    expect(() => engine.importPrivate(swapped)).toThrow("doesn't belong");
  });

  it('refuses scalars that are zero, the order or wider, and points off the curve', () => {
    const width = material.privateKey.length;
    for (const bad of [new Uint8Array(width), new Uint8Array(width).fill(0xff), new Uint8Array(width + 1).fill(1)]) {
      expect(() => engine.loadPrivate(bad, {})).toThrow('out of range');
    }
    const off = material.publicKey.slice();
    off[off.length - 1] = (off.at(-1) ?? 0) ^ 1;
    expect(() => engine.loadPublic(off, {})).toThrow(expect.objectContaining({ code: 'invalid_key' }));
    for (const bad of [Uint8Array.of(0), material.publicKey.subarray(1), new Uint8Array(off.length)]) {
      expect(() => engine.loadPublic(bad, {})).toThrow(expect.objectContaining({ code: 'invalid_key' }));
    }
  });

  it('answers false, and never throws, for any bit flipped in a signature or a digest', () => {
    const payload = digestPayload('sha-256');
    const signature = signOnce(algorithm, material.privateKey, payload);
    const key = engine.loadPublic(material.publicKey, {});
    const verify = key.verifier(prepared(algorithm, payload).scheme);
    expect(verify(payload.bytes, signature)).toBe(true);
    // Every bit on the curve that verifies fastest; on the others a step that meets each position of a byte.
    const step = algorithm === ecdsaP256 ? 1 : 7;
    for (let bit = 0; bit < signature.length * 8; bit += step) {
      const flipped = signature.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(verify(payload.bytes, flipped)).toBe(false);
    }
    // A digest longer than the order counts only as far as the order is long.
    const significantBits = Math.min(256, material.privateKey.length * 8 - 8);
    for (let bit = 0; bit < significantBits; bit += 5) {
      const flipped = payload.bytes.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7));
      expect(verify(flipped, signature)).toBe(false);
    }
    expect(verify(payload.bytes, Uint8Array.from([...signature, 0]))).toBe(false);
    expect(verify(payload.bytes, signature.subarray(0, -1))).toBe(false);
    expect(verify(payload.bytes, new Uint8Array(0))).toBe(false);
    expect(verify(new Uint8Array(0), signature)).toBe(false);
    key.destroy();
  });

  it('refuses DER that is not the shortest', () => {
    const payload = digestPayload('sha-256');
    const signature = signOnce(algorithm, material.privateKey, payload);
    const body = signature.subarray(signature[1] === 0x81 ? 3 : 2);
    const rLength = body[1] ?? 0;
    const [r, s] = [body.subarray(2, 2 + rLength), body.subarray(4 + rLength)];
    const assemble = (first: Uint8Array) => encodeDer(0x30, encodeDer(0x02, first), encodeDer(0x02, s));
    expect(verifies(algorithm, material.publicKey, payload, assemble(r))).toBe(true);
    expect(verifies(algorithm, material.publicKey, payload, assemble(Uint8Array.from([0, ...r])))).toBe(false);
    expect(
      verifies(algorithm, material.publicKey, payload, Uint8Array.from([0x30, 0x82, 0, body.length, ...body])),
    ).toBe(false);
  });

  it('can not be used after destroy, by old functions or new ones', () => {
    const payload = digestPayload('sha-256');
    const { scheme } = prepared(algorithm, payload);
    const key = engine.loadPrivate(material.privateKey, {});
    const sign = key.signer(scheme);
    key.destroy();
    key.destroy();
    const out = new Uint8Array(algorithm.maxSignatureBytes({}));
    expect(() => sign(payload.bytes, out)).toThrow('destroyed');
    expect(() => key.signer(scheme)).toThrow('destroyed');
    const verifying = engine.loadPublic(material.publicKey, {});
    const verify = verifying.verifier(scheme);
    verifying.destroy();
    expect(() => verify(payload.bytes, out)).toThrow('destroyed');
  });

  it('takes a random nonce unless a deterministic signature is asked for', () => {
    const payload = digestPayload('sha-256');
    const once = () => signOnce(algorithm, material.privateKey, payload);
    expect(once()).not.toEqual(once());
    const again = () => signOnce(algorithm, material.privateKey, payload, { deterministic: true });
    expect(again()).toEqual(again());
  });

  it('writes within the bounds it was given', () => {
    const payload = digestPayload('sha-256');
    const { scheme } = prepared(algorithm, payload);
    const key = engine.loadPrivate(material.privateKey, {});
    const room = new Uint8Array(3 * algorithm.maxSignatureBytes({})).fill(0xaa);
    const view = room.subarray(40, 40 + algorithm.maxSignatureBytes({}));
    const written = key.signer(scheme)(payload.bytes, view);
    expect(room.subarray(0, 40).every((byte) => byte === 0xaa)).toBe(true);
    expect(room.subarray(40 + view.length).every((byte) => byte === 0xaa)).toBe(true);
    expect(verifies(algorithm, material.publicKey, payload, view.subarray(0, written))).toBe(true);
    expect(() => key.signer(scheme)(payload.bytes, view.subarray(1))).toThrow('could not be made');
    key.destroy();
  });

  it('refuses schemes that it did not write and payloads of another length than the scheme says', () => {
    const key = engine.loadPrivate(material.privateKey, {});
    for (const scheme of [
      {},
      { deterministic: 1 },
      { deterministic: false, digest: 'sha-256' },
      { deterministic: true },
      { deterministic: true, digest: 'blake2b-256' },
      { deterministic: true, digest: 'ssl3' },
      { deterministic: true, digest: 'constructor' },
      { deterministic: false, extra: 1 },
    ]) {
      expect(() => key.signer(scheme)).toThrow(expect.objectContaining({ code: 'invalid_scheme' }));
    }
    const out = new Uint8Array(algorithm.maxSignatureBytes({}));
    const deterministic = key.signer({ deterministic: true, digest: 'sha-256' });
    expect(() => deterministic(new Uint8Array(31), out)).toThrow('wrong length');
    expect(() => key.signer({ deterministic: false })(new Uint8Array(65), out)).toThrow('wrong length');
    expect(() => key.signer({ deterministic: false })(new Uint8Array(0), out)).toThrow('wrong length');
    key.destroy();
  });
});

describe('import of EC keys', () => {
  const engine = engineOf(ecdsaP256);

  it('refuses keys of another curve or algorithm, and anything that is not one key', () => {
    const p384Key = generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey;
    const k1Key = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey;
    const edKey = generateKeyPairSync('ed25519').privateKey;
    const good = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey.export({
      format: 'der',
      type: 'pkcs8',
    });
    for (const bad of [
      p384Key.export({ format: 'der', type: 'pkcs8' }),
      p384Key.export({ format: 'der', type: 'sec1' }),
      k1Key.export({ format: 'der', type: 'pkcs8' }),
      k1Key.export({ format: 'der', type: 'sec1' }),
      edKey.export({ format: 'der', type: 'pkcs8' }),
      Buffer.concat([good, Buffer.of(0)]),
      good.subarray(0, -1),
      Buffer.alloc(0),
      Buffer.alloc(32, 1),
    ]) {
      expect(() => engine.importPrivate(bad)).toThrow(expect.objectContaining({ code: 'invalid_key' }));
    }
  });

  it('refuses every truncation and never fails with anything but invalid_key on noise', () => {
    const good = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey.export({
      format: 'der',
      type: 'pkcs8',
    });
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), (at, byte) => {
        const changed = Buffer.from(good);
        changed[at] = byte;
        try {
          engine.importPrivate(changed);
        } catch (error) {
          expect(error).toMatchObject({ code: 'invalid_key' });
        }
        expect(() => engine.importPrivate(good.subarray(0, at))).toThrow(
          expect.objectContaining({ code: 'invalid_key' }),
        );
      }),
    );
  });

  it('takes a SEC1 key without its public half and one with a compressed point', () => {
    const pair = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const jwk = pair.privateKey.export({ format: 'jwk' });
    const scalar = Buffer.from(jwk.d ?? '', 'base64url');
    const oid = Buffer.from('06082a8648ce3d030107', 'hex');
    const x = Buffer.from(jwk.x ?? '', 'base64url');
    const isOdd = ((Buffer.from(jwk.y ?? '', 'base64url').at(-1) ?? 0) & 1) === 1;
    const parts = (point: readonly Uint8Array[]) =>
      encodeDer(
        0x30,
        encodeDer(0x02, Uint8Array.of(1)),
        encodeDer(0x04, scalar),
        encodeDer(0xa0, oid),
        ...point.map((bytes) => encodeDer(0xa1, encodeDer(0x03, Uint8Array.of(0), bytes))),
      );
    const expected = engine.importPrivate(pair.privateKey.export({ format: 'der', type: 'sec1' }));
    expect(engine.importPrivate(parts([]))).toEqual(expected);
    expect(engine.importPrivate(parts([Uint8Array.from([isOdd ? 3 : 2, ...x])]))).toEqual(expected);
    expect(() => engine.importPrivate(parts([Uint8Array.from([isOdd ? 2 : 3, ...x])]))).toThrow("doesn't belong");
    expect(createPrivateKey({ key: Buffer.from(parts([])), format: 'der', type: 'sec1' }).type).toBe('private');
  });
});

describe('preparing a payload for ECDSA', () => {
  it('wants the name of the hash and the exact length of its digest', () => {
    const bytes = new Uint8Array(32);
    expect(refusal(ecdsaP256, { kind: 'digest', bytes, digest: undefined })).toContain('name the hash');
    expect(refusal(ecdsaP256, { kind: 'message', bytes, digest: undefined })).toContain('name the hash');
    expect(refusal(ecdsaP256, { kind: 'digest', bytes, digest: 'sha-512' })).toBe(
      'a sha-512 digest has 64 bytes, not 32',
    );
    expect(refusal(ecdsaP256, digestPayload('ssl3'))).toContain('PKCS #1 v1.5');
  });

  it('hashes a message and passes a digest on without a copy', () => {
    const message = new TextEncoder().encode('abc');
    expect(prepared(ecdsaP256, { kind: 'message', bytes: message, digest: 'sha-256' }).bytes).toEqual(
      DIGESTS['sha-256'].compute(message),
    );
    const payload = digestPayload('sha-256');
    expect(prepared(ecdsaP256, payload).bytes).toBe(payload.bytes);
  });

  it('refuses a deterministic signature where the HMAC of the hash is not to be had, and only then', () => {
    const deterministic = { deterministic: true };
    expect(refusal(ecdsaP256, digestPayload('blake2b-256'), deterministic)).toContain('RFC 6979');
    expect(refusal(ecdsaP256, digestPayload('blake2b-384'), deterministic)).toContain('RFC 6979');
    expect(prepared(ecdsaP256, digestPayload('blake2b-256')).scheme).toEqual({ deterministic: false });
    expect(refusal(ecdsaSecp256k1, digestPayload('sha-512'), deterministic)).toContain('HMAC-SHA-256');
    expect(prepared(ecdsaSecp256k1, digestPayload('sha-256'), deterministic).scheme).toEqual({
      deterministic: true,
      digest: 'sha-256',
    });
  });

  it('refuses options that are not for ECDSA', () => {
    const payload = digestPayload('sha-256');
    for (const options of [
      { padding: 'pss' },
      { mgf1Digest: 'sha-256' },
      { variant: 'pure' },
      { context: new Uint8Array(0) },
      { merkleRoot: new Uint8Array(0) },
    ] as const) {
      expect(refusal(ecdsaP256, payload, options)).toContain('leave it out');
    }
    expect(ecdsaP256.parseParameters({ modulusBits: 1 })).toMatchObject({ ok: false });
  });

  it('names weak hashes and weak curves', () => {
    expect(prepared(ecdsaP256, digestPayload('sha-1')).legacy).toEqual(['sha-1']);
    expect(prepared(ecdsaP256, digestPayload('ripemd160')).legacy).toEqual(['ripemd160']);
    expect(prepared(ecdsaP256, digestPayload('sha-224')).legacy).toEqual([]);
    expect(ecdsaP192.legacyKeyUse({})).toEqual(['p-192']);
    expect(ecdsaSecp192k1.legacyKeyUse({})).toEqual(['secp192k1']);
    expect(ecdsaP256.legacyKeyUse({})).toEqual([]);
  });
});

describe('what only secp256k1 has', () => {
  const digest = { kind: 'digest', bytes: new Uint8Array(32), digest: undefined } as const;

  it('takes an unnamed digest of 32 bytes as one of SHA-256, and an unnamed message not at all', () => {
    const named = ecdsaSecp256k1.prepare({ ...digest, digest: 'sha-256' }, { deterministic: true }, {});
    expect(ecdsaSecp256k1.prepare(digest, { deterministic: true }, {})).toEqual(named);
    expect(ecdsaSecp256k1.prepare(digest, {}, {})).toMatchObject({ ok: true });
    expect(ecdsaSecp256k1.prepare({ ...digest, bytes: new Uint8Array(31) }, {}, {})).toMatchObject({ ok: false });
    expect(ecdsaSecp256k1.prepare({ ...digest, kind: 'message' }, {}, {})).toMatchObject({ ok: false });
  });

  it('writes the recoverable form into the scheme, and nothing where it is not wanted', () => {
    const scheme = (options: SigningOptions) => {
      const prepared = ecdsaSecp256k1.prepare(digest, options, {});
      return prepared.ok ? prepared.value.scheme : prepared.reason;
    };
    expect(scheme({ recoverable: true })).toEqual({ deterministic: false, recoverable: true });
    expect(scheme({ recoverable: false })).toEqual({ deterministic: false });
    expect(scheme({ recoverable: true, deterministic: true })).toEqual({
      deterministic: true,
      digest: 'sha-256',
      recoverable: true,
    });
  });

  it('is refused by the other curves', () => {
    const prepared = ecdsaP256.prepare({ ...digest, digest: 'sha-256' }, { recoverable: true }, {});
    expect(prepared).toMatchObject({ ok: false, reason: expect.stringContaining('secp256k1 and stark only') });
    expect(ecdsaP256.derivesChildren).toBe(false);
  });
});
