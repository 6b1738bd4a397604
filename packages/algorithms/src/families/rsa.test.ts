import { createPrivateKey, createPublicKey, generateKeyPairSync, verify as nodeVerify } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesFromHex } from '../../test/known-answers/known-answer.ts';
import { MADE_RSA } from '../../test/known-answers/rsa.ts';
import type { KeyParameters, Payload, SigningOptions } from '../algorithm.ts';
import { DER_TAGS, encodeDer, encodeObjectIdentifier, encodeUnsignedInteger } from '../der.ts';
import { DIGEST_NAMES, DIGESTS, type DigestName } from '../digests.ts';
import { type RsaPrivateKey, readRsaPrivateKey } from '../rsa-key.ts';
import { rsa } from './rsa.ts';

const engine = await rsa.engines[0].load();
const RSA_2048 = { modulusBits: 2048, publicExponent: 65537 };
const material = engine.generate(RSA_2048);

function prepared(payload: Payload, options: SigningOptions, parameters: KeyParameters = RSA_2048) {
  const result = rsa.prepare(payload, options, parameters);
  if (!result.ok) throw new Error(result.reason);
  return result.value;
}

function refusal(payload: Payload, options: SigningOptions, parameters: KeyParameters = RSA_2048): string {
  const result = rsa.prepare(payload, options, parameters);
  if (result.ok) throw new Error('was not refused');
  return result.reason;
}

const digestPayload = (digest: DigestName): Payload => ({
  kind: 'digest',
  bytes: new Uint8Array(DIGESTS[digest].bytes).fill(7),
  digest,
});

function signOnce(payload: Payload, options: SigningOptions) {
  const { scheme, bytes } = prepared(payload, options);
  const key = engine.loadPrivate(material.privateKey, RSA_2048);
  const out = new Uint8Array(rsa.maxSignatureBytes(RSA_2048));
  const written = key.signer(scheme)(bytes, out);
  key.destroy();
  return out.slice(0, written);
}

function verifies(payload: Payload, options: SigningOptions, signature: Uint8Array): boolean {
  const { scheme, bytes } = prepared(payload, options);
  const key = engine.loadPublic(material.publicKey, RSA_2048);
  try {
    return key.verifier(scheme)(bytes, signature);
  } finally {
    key.destroy();
  }
}

const keyOf = (name: string) => {
  const key = MADE_RSA.keys[name];
  if (key === undefined) throw new Error(name);
  return { ...key, der: bytesFromHex(key.privateKey) };
};

const MEMBERS = [
  'modulus',
  'publicExponent',
  'privateExponent',
  'prime1',
  'prime2',
  'exponent1',
  'exponent2',
  'coefficient',
] as const;

function encodePrivate(key: RsaPrivateKey): Uint8Array {
  return encodeDer(
    DER_TAGS.sequence,
    encodeUnsignedInteger(Uint8Array.of(0)),
    ...MEMBERS.map((member) => encodeUnsignedInteger(key[member])),
  );
}

function pkcs8(inner: Uint8Array, algorithm = '1.2.840.113549.1.1.1', parameters = encodeDer(DER_TAGS.null)) {
  return encodeDer(
    DER_TAGS.sequence,
    encodeUnsignedInteger(Uint8Array.of(0)),
    encodeDer(DER_TAGS.sequence, encodeObjectIdentifier(algorithm), parameters),
    encodeDer(DER_TAGS.octetString, inner),
  );
}

describe('RSA keys', () => {
  it('are generated as PKCS#1 that Node reads, with the size and exponent asked for', () => {
    for (const [modulusBits, publicExponent] of [
      [1024, 3],
      [1032, 4294967295],
      [2048, 65537],
    ] as const) {
      const parameters = { modulusBits, publicExponent };
      const made = engine.generate(parameters);
      const key = createPrivateKey({ key: Buffer.from(made.privateKey), format: 'der', type: 'pkcs1' });
      expect(key.asymmetricKeyDetails).toMatchObject({
        modulusLength: modulusBits,
        publicExponent: BigInt(publicExponent),
      });
      expect(createPublicKey(key).export({ format: 'der', type: 'pkcs1' })).toEqual(Buffer.from(made.publicKey));
      expect(engine.importPrivate(made.privateKey)).toEqual(made);
    }
  });

  it('differ from one generation to the next', () => {
    const parameters = { modulusBits: 1024, publicExponent: 65537 };
    expect(engine.generate(parameters).publicKey).not.toEqual(engine.generate(parameters).publicKey);
  });

  it('write the SPKI that Node writes', () => {
    const spki = Buffer.from(rsa.encodeSpki(material.publicKey, RSA_2048) ?? []);
    const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    expect(key.export({ format: 'der', type: 'spki' })).toEqual(spki);
  });

  it('have parameters with defaults and bounds', () => {
    expect(rsa.parseParameters({})).toEqual({ ok: true, value: { modulusBits: 3072, publicExponent: 65537 } });
    for (const bad of [
      { modulusBits: 1016 },
      { modulusBits: 8200 },
      { modulusBits: 2047 },
      { modulusBits: Number.NaN },
      { modulusBits: '2048' },
      { publicExponent: 1 },
      { publicExponent: 65536 },
      { publicExponent: 2 ** 32 + 1 },
      { publicExponent: 3.5 },
      { size: 2048 },
    ]) {
      expect(rsa.parseParameters(bad)).toMatchObject({ ok: false });
    }
  });

  it('below 2048 bits are a legacy use', () => {
    expect(rsa.legacyKeyUse({ modulusBits: 1024, publicExponent: 3 })).toEqual(['rsa-below-2048']);
    expect(rsa.legacyKeyUse(RSA_2048)).toEqual([]);
  });
});

describe('import of RSA keys', () => {
  const sound = keyOf('rsa-2048');
  const key = readRsaPrivateKey(sound.der);

  it('takes PKCS#1 and PKCS#8, and a modulus of 2047 bits', () => {
    expect(engine.importPrivate(sound.der).parameters).toEqual(RSA_2048);
    expect(engine.importPrivate(pkcs8(sound.der))).toEqual(engine.importPrivate(sound.der));
    expect(engine.importPrivate(keyOf('rsa-2047').der).parameters).toEqual({
      modulusBits: 2047,
      publicExponent: 65537,
    });
  });

  it('refuses a key of which any part was changed', () => {
    for (const member of MEMBERS) {
      const changed = Uint8Array.from(key[member]);
      changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 2;
      expect(() => engine.importPrivate(encodePrivate({ ...key, [member]: changed })), member).toThrow(
        expect.objectContaining({ code: 'invalid_key' }),
      );
    }
    expect(engine.importPrivate(encodePrivate(key)).parameters).toEqual(RSA_2048);
  });

  it('refuses a size or an exponent out of bounds, even where the equations hold', () => {
    const small = generateKeyPairSync('rsa', { modulusLength: 1016 }).privateKey.export({
      format: 'der',
      type: 'pkcs1',
    });
    expect(() => engine.importPrivate(small)).toThrow('1016 bits');
    const large = generateKeyPairSync('rsa', { modulusLength: 1024, publicExponent: 2 ** 32 - 1 }).privateKey;
    expect(engine.importPrivate(large.export({ format: 'der', type: 'pkcs1' })).parameters['publicExponent']).toBe(
      2 ** 32 - 1,
    );
    expect(() => engine.importPrivate(encodePrivate({ ...key, publicExponent: Uint8Array.of(1) }))).toThrow('exponent');
    const long = Uint8Array.of(1, 0, 0, 0, 1);
    expect(() => engine.importPrivate(encodePrivate({ ...key, publicExponent: long }))).toThrow('exponent');
  });

  it('refuses primes that are close together, or of different lengths', () => {
    const close = { ...key, prime2: Uint8Array.from(key.prime1) };
    close.prime2[close.prime2.length - 1] = (close.prime2.at(-1) ?? 0) ^ 2;
    expect(() => engine.importPrivate(encodePrivate(close))).toThrow('close');
    expect(() => engine.importPrivate(encodePrivate({ ...key, prime1: key.prime1.subarray(4) }))).toThrow(
      'half as long',
    );
    expect(() => engine.importPrivate(encodePrivate({ ...key, privateExponent: Uint8Array.of(3) }))).toThrow(
      'private exponent is too short',
    );
  });

  it('refuses other structures, with invalid_key and nothing else', () => {
    const ec = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
    for (const bad of [
      ec.export({ format: 'der', type: 'pkcs8' }),
      ec.export({ format: 'der', type: 'sec1' }),
      pkcs8(sound.der, '1.2.840.113549.1.1.10'),
      pkcs8(sound.der, '1.2.840.113549.1.1.1', new Uint8Array(0)),
      Buffer.concat([sound.der, Buffer.of(0)]),
      sound.der.subarray(0, -1),
      bytesFromHex(sound.publicKey),
      new Uint8Array(0),
      new Uint8Array(100_000).fill(0x30),
    ]) {
      expect(() => engine.importPrivate(bad)).toThrow(expect.objectContaining({ code: 'invalid_key' }));
    }
  });

  it('survives any byte changed', () => {
    const small = keyOf('rsa-1024-e3').der;
    fc.assert(
      fc.property(fc.nat(small.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Uint8Array.from(small);
        changed[at] = (changed[at] ?? 0) ^ change;
        expect(() => engine.importPrivate(changed)).toThrow(expect.objectContaining({ code: 'invalid_key' }));
      }),
    );
  });
});

describe('loading RSA keys', () => {
  it('refuses a key with other parameters than its record says', () => {
    for (const parameters of [{ ...RSA_2048, modulusBits: 3072 }, { ...RSA_2048, publicExponent: 3 }, {}]) {
      expect(() => engine.loadPrivate(material.privateKey, parameters)).toThrow(
        expect.objectContaining({ code: 'invalid_key' }),
      );
      expect(() => engine.loadPublic(material.publicKey, parameters)).toThrow(
        expect.objectContaining({ code: 'invalid_key' }),
      );
    }
  });

  it('derives the public half from the private one', () => {
    const key = engine.loadPrivate(material.privateKey, RSA_2048);
    expect(key.publicKey).toEqual(material.publicKey);
    key.destroy();
  });

  it('can not be used after destroy', () => {
    const { scheme, bytes } = prepared(digestPayload('sha-256'), {});
    const key = engine.loadPrivate(material.privateKey, RSA_2048);
    const sign = key.signer(scheme);
    key.destroy();
    expect(() => sign(bytes, new Uint8Array(256))).toThrow('destroyed');
    expect(() => key.signer(scheme)).toThrow('destroyed');
    const verifying = engine.loadPublic(material.publicKey, RSA_2048);
    const verify = verifying.verifier(scheme);
    verifying.destroy();
    expect(() => verify(bytes, new Uint8Array(256))).toThrow('destroyed');
  });
});

describe('RSA signatures', () => {
  const publicKey = createPublicKey({
    key: Buffer.from(rsa.encodeSpki(material.publicKey, RSA_2048) ?? []),
    format: 'der',
    type: 'spki',
  });

  it('of every hash that each padding takes verify', () => {
    for (const digest of DIGEST_NAMES) {
      for (const padding of ['pkcs1-v1.5', 'pss'] as const) {
        const payload = digestPayload(digest);
        if (!rsa.prepare(payload, { padding }, RSA_2048).ok) continue;
        const signature = signOnce(payload, { padding });
        expect(signature).toHaveLength(256);
        expect(verifies(payload, { padding }, signature), `${padding} ${digest}`).toBe(true);
      }
    }
  });

  it('of messages are those that node:crypto verifies', () => {
    const message = Buffer.from('to be signed');
    const payload: Payload = { kind: 'message', bytes: message, digest: 'sha-384' };
    expect(nodeVerify('sha384', message, publicKey, signOnce(payload, { padding: 'pkcs1-v1.5' }))).toBe(true);
    const pss = { key: publicKey, padding: 6, saltLength: 48 };
    expect(nodeVerify('sha384', message, pss, signOnce(payload, { padding: 'pss' }))).toBe(true);
  });

  it('are PKCS #1 v1.5 where no padding is named', () => {
    const payload = digestPayload('sha-256');
    expect(signOnce(payload, {})).toEqual(signOnce(payload, { padding: 'pkcs1-v1.5', deterministic: true }));
  });

  it('with PSS take a new salt each time, and every pair of hashes', () => {
    const payload = digestPayload('sha-256');
    expect(signOnce(payload, { padding: 'pss' })).not.toEqual(signOnce(payload, { padding: 'pss' }));
    const options: SigningOptions = { padding: 'pss', mgf1Digest: 'sha-1' };
    const signature = signOnce(payload, options);
    expect(verifies(payload, options, signature)).toBe(true);
    expect(verifies(payload, { padding: 'pss' }, signature)).toBe(false);
    expect(verifies(payload, {}, signature)).toBe(false);
  });

  it('fail with any bit flipped, cut off or lengthened, and never throw', () => {
    const payload = digestPayload('sha-256');
    for (const padding of ['pkcs1-v1.5', 'pss'] as const) {
      const signature = signOnce(payload, { padding });
      const key = engine.loadPublic(material.publicKey, RSA_2048);
      const verify = key.verifier(prepared(payload, { padding }).scheme);
      expect(verify(payload.bytes, signature)).toBe(true);
      for (let bit = 0; bit < signature.length * 8; bit++) {
        const flipped = signature.slice();
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(verify(payload.bytes, flipped)).toBe(false);
      }
      for (let bit = 0; bit < 256; bit++) {
        const flipped = payload.bytes.slice();
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(verify(flipped, signature)).toBe(false);
      }
      expect(verify(payload.bytes, signature.subarray(1))).toBe(false);
      expect(verify(payload.bytes, Uint8Array.from([0, ...signature]))).toBe(false);
      expect(verify(payload.bytes, new Uint8Array(256).fill(0xff))).toBe(false);
      expect(verify(payload.bytes, new Uint8Array(0))).toBe(false);
      key.destroy();
    }
  });

  it.each(['pkcs1-v1.5', 'pss'] as const)(
    'are not accepted without a leading zero that belongs to them: %s',
    (padding) => {
      const key = engine.loadPrivate(material.privateKey, RSA_2048);
      const sign = key.signer(prepared(digestPayload('sha-256'), { padding }).scheme);
      const out = new Uint8Array(256);
      const bytes = new Uint8Array(32);
      // One signature in 256 begins with a zero byte.
      for (let counter = 0; counter < 10_000; counter++) {
        new DataView(bytes.buffer).setUint32(0, counter);
        sign(bytes, out);
        if (out[0] === 0) break;
      }
      expect(out[0]).toBe(0);
      const payload: Payload = { kind: 'digest', bytes, digest: 'sha-256' };
      expect(verifies(payload, { padding }, out)).toBe(true);
      expect(verifies(payload, { padding }, out.subarray(1))).toBe(false);
      key.destroy();
    },
  );

  it('are not made for schemes that the family does not write, or digests of another length', () => {
    const key = engine.loadPrivate(material.privateKey, RSA_2048);
    for (const scheme of [
      {},
      { padding: 'none', digest: 'sha-256' },
      { padding: 'pkcs1-v1.5' },
      { padding: 'pkcs1-v1.5', digest: 'blake2b-512' },
      { padding: 'pkcs1-v1.5', digest: 'sha-256', mgf1Digest: 'sha-256' },
      { padding: 'pss', digest: 'sha-256' },
      { padding: 'pss', digest: 'ssl3', mgf1Digest: 'sha-256' },
      { padding: 'pss', digest: 'sha-256', mgf1Digest: 'toString' },
      { padding: 'pss', digest: 'sha-256', mgf1Digest: 'sha-256', saltLength: 0 },
    ]) {
      expect(() => key.signer(scheme)).toThrow(expect.objectContaining({ code: 'invalid_scheme' }));
    }
    const sign = key.signer({ padding: 'pkcs1-v1.5', digest: 'sha-256' });
    expect(() => sign(new Uint8Array(33), new Uint8Array(256))).toThrow('wrong length');
    expect(() => sign(new Uint8Array(32), new Uint8Array(255))).toThrow('no room');
    key.destroy();
  });
});

describe('preparing a payload for RSA', () => {
  it('wants the name of the hash and the exact length of its digest', () => {
    const bytes = new Uint8Array(32);
    expect(refusal({ kind: 'digest', bytes, digest: undefined }, {})).toContain('name the hash');
    expect(refusal({ kind: 'digest', bytes, digest: 'sha-1' }, {})).toBe('a sha-1 digest has 20 bytes, not 32');
  });

  it('refuses what a padding can not do', () => {
    expect(refusal(digestPayload('blake2b-512'), {})).toContain('PKCS #1 v1.5');
    expect(refusal(digestPayload('blake2s-256'), { padding: 'pss' })).toContain('blake2s-256');
    expect(refusal(digestPayload('sha-256'), { padding: 'pss', mgf1Digest: 'blake2b-512' })).toContain('blake2b-512');
    expect(refusal(digestPayload('ssl3'), { padding: 'pss' })).toContain('SSL 3');
    expect(refusal(digestPayload('sha-256'), { padding: 'pss', deterministic: true })).toContain('salt');
    expect(refusal(digestPayload('sha-256'), { mgf1Digest: 'sha-256' })).toContain('MGF1');
    expect(refusal(digestPayload('sha-256'), { variant: 'pure' })).toContain('ML-DSA');
    expect(refusal(digestPayload('sha-256'), { context: new Uint8Array(1) })).toContain('ML-DSA');
    expect(refusal(digestPayload('sha-256'), { merkleRoot: new Uint8Array(32) })).toContain('BIP340');
  });

  it('refuses PSS where the modulus is too short for digest and salt, at the very bit', () => {
    const payload = digestPayload('sha-512');
    expect(refusal(payload, { padding: 'pss' }, { modulusBits: 1024, publicExponent: 3 })).toContain('1034 bits');
    expect(refusal(payload, { padding: 'pss' }, { modulusBits: 1033, publicExponent: 3 })).toContain('1034 bits');
    expect(rsa.prepare(payload, { padding: 'pss' }, { modulusBits: 1034, publicExponent: 3 }).ok).toBe(true);
    expect(rsa.prepare(payload, {}, { modulusBits: 1024, publicExponent: 3 }).ok).toBe(true);
    const key = generateKeyPairSync('rsa', { modulusLength: 1034 }).privateKey.export({ format: 'der', type: 'pkcs1' });
    const imported = engine.importPrivate(key);
    const signing = engine.loadPrivate(imported.privateKey, imported.parameters);
    const { scheme, bytes } = prepared(payload, { padding: 'pss' }, imported.parameters);
    expect(signing.signer(scheme)(bytes, new Uint8Array(130))).toBe(130);
    signing.destroy();
  });

  it('names weak hashes of the message, and lets MGF1 have one', () => {
    expect(prepared(digestPayload('ssl3'), {}).legacy).toEqual(['ssl3']);
    expect(prepared(digestPayload('sha-1'), { padding: 'pss' }).legacy).toEqual(['sha-1']);
    expect(prepared(digestPayload('sha-256'), { padding: 'pss', mgf1Digest: 'sha-1' }).legacy).toEqual([]);
  });
});
