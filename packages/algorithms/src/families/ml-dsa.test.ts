import { createHash, createPublicKey, generateKeyPairSync, sign as nodeSign, verify as nodeVerify } from 'node:crypto';
import { shake256 } from '@noble/hashes/sha3.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesFromHex, payloadOf } from '../../test/known-answers/known-answer.ts';
import { MADE_ML_DSA, mlDsaKnownAnswers } from '../../test/known-answers/ml-dsa.ts';
import type { Algorithm, Payload, SigningOptions } from '../algorithm.ts';
import { DER_TAGS, encodeDer, encodeObjectIdentifier, encodeUnsignedInteger } from '../der.ts';
import { DIGEST_NAMES, DIGESTS, type DigestName } from '../digests.ts';
import { loadEngine } from '../engines/openssl/ml-dsa.ts';
import { ML_DSA_PARAMETER_SETS, type MlDsaName } from '../ml-dsa-parameter-sets.ts';
import { mlDsa44, mlDsa65, mlDsa87 } from './ml-dsa.ts';

const ALL = [mlDsa44, mlDsa65, mlDsa87].map((algorithm) => ({ algorithm, name: algorithm.name as MlDsaName }));
const message: Payload = { kind: 'message', bytes: new TextEncoder().encode('a message'), digest: undefined };

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

describe.each(ALL)('$name', ({ algorithm, name }) => {
  const set = ML_DSA_PARAMETER_SETS[name];
  const made = MADE_ML_DSA[name];

  it('makes the hedged answers of @noble/post-quantum from the same randomness', async () => {
    for (const answer of made?.answers.filter(({ randomizer }) => randomizer !== undefined) ?? []) {
      const engine = await loadEngine(name, (out) => {
        out.set(bytesFromHex(answer.randomizer ?? ''));
      });
      const key = engine.loadPrivate(bytesFromHex(made?.seed ?? ''), {});
      const payload: Payload = { kind: 'message', bytes: bytesFromHex(answer.payload), digest: undefined };
      const { scheme, bytes } = prepared(algorithm, payload);
      const out = new Uint8Array(set.signatureBytes);
      key.signer(scheme)(bytes, out);
      expect(Buffer.from(out).toString('hex')).toBe(answer.signature);
      key.destroy();
    }
    expect.assertions(1);
  });

  it('makes its known answers in any order with one key, so that no scheme leaks into another', async () => {
    const engine = await loadEngine(name);
    const key = engine.loadPrivate(bytesFromHex(made?.seed ?? ''), {});
    const verifying = engine.loadPublic(bytesFromHex(made?.publicKey ?? ''), {});
    const cases = mlDsaKnownAnswers(name)().cases.map((answer) => {
      const { scheme, bytes } = prepared(algorithm, payloadOf(answer.payload), answer.options);
      return { answer, bytes, sign: key.signer(scheme), verify: verifying.verifier(scheme) };
    });
    const out = new Uint8Array(set.signatureBytes);
    fc.assert(
      fc.property(fc.shuffledSubarray(cases), (order) => {
        for (const { answer, bytes, sign, verify } of order) {
          sign(bytes, out);
          expect(verify(bytes, out)).toBe(true);
          expect(verify(bytes, bytesFromHex(answer.signatureHex))).toBe(true);
          if (answer.expect === 'sign') expect(Buffer.from(out).toString('hex'), answer.name).toBe(answer.signatureHex);
        }
      }),
      { numRuns: 8 },
    );
    key.destroy();
    verifying.destroy();
  });

  it('agrees with node:crypto, both ways', async () => {
    const engine = await loadEngine(name);
    const pair = generateKeyPairSync(name);
    const imported = engine.importPrivate(pair.privateKey.export({ format: 'der', type: 'pkcs8' }));
    const spki = Buffer.from(algorithm.encodeSpki(imported.publicKey, {}) ?? []);
    expect(spki).toEqual(pair.publicKey.export({ format: 'der', type: 'spki' }));
    const { scheme, bytes } = prepared(algorithm, message);
    const verifying = engine.loadPublic(imported.publicKey, {});
    expect(verifying.verifier(scheme)(bytes, nodeSign(null, bytes, pair.privateKey))).toBe(true);
    const key = engine.loadPrivate(imported.privateKey, {});
    const out = new Uint8Array(set.signatureBytes);
    key.signer(scheme)(bytes, out);
    expect(nodeVerify(null, bytes, createPublicKey({ key: spki, format: 'der', type: 'spki' }), out)).toBe(true);
    expect(verifying.verifier(scheme)(bytes, out.subarray(0, -1))).toBe(false);
    key.destroy();
    verifying.destroy();
  });

  it('signs an external mu so that the signature verifies as that of the message (FIPS 204, algorithms 7 and 8)', async () => {
    const engine = await loadEngine(name);
    const { privateKey, publicKey } = engine.generate({});
    const context = new TextEncoder().encode('ctx');
    const tr = shake256(publicKey, { dkLen: 64 });
    const formatted = Uint8Array.from([0, context.length, ...context, ...message.bytes]);
    const mu = shake256(Uint8Array.from([...tr, ...formatted]), { dkLen: 64 });
    const external = prepared(algorithm, { kind: 'digest', bytes: mu, digest: undefined }, { variant: 'external-mu' });
    const key = engine.loadPrivate(privateKey, {});
    const verifying = engine.loadPublic(publicKey, {});
    const out = new Uint8Array(set.signatureBytes);
    key.signer(external.scheme)(external.bytes, out);
    const pure = prepared(algorithm, message, { context });
    expect(verifying.verifier(pure.scheme)(pure.bytes, out)).toBe(true);
    expect(verifying.verifier(prepared(algorithm, message).scheme)(pure.bytes, out)).toBe(false);
    key.destroy();
    verifying.destroy();
  });

  it('keeps variants, contexts and hashes apart', async () => {
    const engine = await loadEngine(name);
    const { privateKey, publicKey } = engine.generate({});
    const key = engine.loadPrivate(privateKey, {});
    const verifying = engine.loadPublic(publicKey, {});
    const digest: Payload = {
      kind: 'digest',
      bytes: createHash('sha512').update(message.bytes).digest(),
      digest: 'sha-512',
    };
    const ways = [
      prepared(algorithm, { ...digest, kind: 'message' }),
      prepared(algorithm, { ...digest, kind: 'message' }, { context: Uint8Array.of(1) }),
      prepared(algorithm, digest, { variant: 'pre-hash' }),
      prepared(algorithm, digest, { variant: 'pre-hash', context: Uint8Array.of(1) }),
      prepared(algorithm, { ...digest, digest: 'sha3-512' }, { variant: 'pre-hash' }),
      prepared(algorithm, digest, { variant: 'external-mu' }),
    ];
    const out = new Uint8Array(set.signatureBytes);
    ways.forEach(({ scheme, bytes }, index) => {
      key.signer(scheme)(bytes, out);
      const accepting = ways.map((way) => verifying.verifier(way.scheme)(way.bytes, out));
      expect(accepting).toEqual(ways.map((_, other) => other === index));
    });
    key.destroy();
    verifying.destroy();
  });

  it('imports a seed, alone or with the key expanded from it, and nothing that does not match', async () => {
    const engine = await loadEngine(name);
    const seed = bytesFromHex(made?.seed ?? '');
    const publicKey = bytesFromHex(made?.publicKey ?? '');
    const expanded = bytesFromHex(made?.expandedKey ?? '');
    const encode = (choice: Uint8Array, oid: string = set.oid, besides: readonly Uint8Array[] = []) =>
      encodeDer(
        DER_TAGS.sequence,
        encodeUnsignedInteger(Uint8Array.of(besides.length)),
        encodeDer(DER_TAGS.sequence, encodeObjectIdentifier(oid)),
        encodeDer(DER_TAGS.octetString, choice),
        ...besides.map((point) => encodeDer(DER_TAGS.implicit1, Uint8Array.of(0), point)),
      );
    const seedOnly = encodeDer(DER_TAGS.implicit0, seed);
    const both = (key: Uint8Array) =>
      encodeDer(DER_TAGS.sequence, encodeDer(DER_TAGS.octetString, seed), encodeDer(DER_TAGS.octetString, key));
    for (const good of [encode(seedOnly), encode(both(expanded)), encode(seedOnly, set.oid, [publicKey])]) {
      const material = engine.importPrivate(good);
      expect(Buffer.from(material.privateKey)).toEqual(Buffer.from(seed));
      expect(material.publicKey).toEqual(Uint8Array.from(publicKey));
    }
    const flipped = expanded.slice();
    flipped[100] = (flipped[100] ?? 0) ^ 1;
    const otherOid = name === 'ml-dsa-44' ? mlDsa65.name : mlDsa44.name;
    for (const [bad, reason] of [
      [encode(both(flipped)), "doesn't belong to its seed"],
      [encode(both(expanded.subarray(1))), 'wrong length'],
      [encode(seedOnly, set.oid, [publicKey.map((byte) => byte ^ 1)]), "doesn't belong to the private key"],
      [encode(encodeDer(DER_TAGS.octetString, expanded)), 'no seed'],
      [encode(encodeDer(DER_TAGS.implicit0, seed.subarray(1))), '32 bytes'],
      [encode(seedOnly, ML_DSA_PARAMETER_SETS[otherOid as MlDsaName].oid), 'another algorithm'],
    ] as const) {
      expect(() => engine.importPrivate(bad)).toThrow(reason);
    }
  });

  it('refuses schemes that the family does not write', async () => {
    const engine = await loadEngine(name);
    const key = engine.loadPrivate(bytesFromHex(made?.seed ?? ''), {});
    for (const scheme of [
      {},
      { variant: 'pure' },
      { variant: 'pure', deterministic: true },
      { variant: 'pure', deterministic: true, contextHex: 'abc' },
      { variant: 'pure', deterministic: true, contextHex: 'zz' },
      { variant: 'pure', deterministic: true, contextHex: '00'.repeat(256) },
      { variant: 'pure', deterministic: true, contextHex: '', digest: 'sha-512' },
      { variant: 'external-mu', deterministic: true, contextHex: '' },
      { variant: 'pre-hash', deterministic: true, contextHex: '' },
      { variant: 'pre-hash', deterministic: true, contextHex: '', digest: 'sha-224' },
      { variant: 'pre-hash', deterministic: true, contextHex: '', digest: 'valueOf' },
      { variant: 'raw', deterministic: true, contextHex: '' },
    ]) {
      expect(() => key.signer(scheme)).toThrow(expect.objectContaining({ code: 'invalid_scheme' }));
    }
    const mu = key.signer({ variant: 'external-mu', deterministic: true });
    expect(() => mu(new Uint8Array(63), new Uint8Array(5000))).toThrow('wrong length');
    const hashed = key.signer({ variant: 'pre-hash', deterministic: true, contextHex: '', digest: 'sha-512' });
    expect(() => hashed(new Uint8Array(63), new Uint8Array(5000))).toThrow('wrong length');
    expect(() => hashed(new Uint8Array(64), new Uint8Array(set.signatureBytes - 1))).toThrow('no room');
    key.destroy();
  });
});

describe('preparing a payload for ML-DSA', () => {
  const digest = (name: DigestName): Payload => ({
    kind: 'digest',
    bytes: new Uint8Array(DIGESTS[name].bytes),
    digest: name,
  });

  it('is pure unless told otherwise, and pure takes no digest', () => {
    expect(prepared(mlDsa65, message).scheme).toEqual({ variant: 'pure', deterministic: false, contextHex: '' });
    expect(prepared(mlDsa65, message).bytes).toBe(message.bytes);
    expect(refusal(mlDsa65, digest('sha-512'))).toContain('pre-hash');
  });

  it('takes a pre-hash only from a hash that is approved and strong enough', () => {
    const accepted = (algorithm: Algorithm) =>
      DIGEST_NAMES.filter((name) => algorithm.prepare(digest(name), { variant: 'pre-hash' }, {}).ok).sort();
    expect(accepted(mlDsa44)).toEqual(['sha-256', 'sha-384', 'sha-512', 'sha3-256', 'sha3-384', 'sha3-512']);
    expect(accepted(mlDsa65)).toEqual(['sha-384', 'sha-512', 'sha3-384', 'sha3-512']);
    expect(accepted(mlDsa87)).toEqual(['sha-512', 'sha3-512']);
    expect(refusal(mlDsa65, digest('sha-256'), { variant: 'pre-hash' })).toContain('384 bits');
    expect(refusal(mlDsa44, digest('blake2b-512'), { variant: 'pre-hash' })).toContain('SHA-2 and SHA-3');
  });

  it('hashes a message for the pre-hash variant, and wants the name and the length', () => {
    const options: SigningOptions = { variant: 'pre-hash' };
    const hashed = prepared(mlDsa44, { ...message, digest: 'sha-512' }, options);
    expect(hashed.bytes).toEqual(DIGESTS['sha-512'].compute(message.bytes));
    expect(refusal(mlDsa44, message, options)).toContain('name the hash');
    expect(refusal(mlDsa44, { ...digest('sha-512'), digest: 'sha-256' }, options)).toContain('32 bytes, not 64');
  });

  it('takes an external mu of 64 bytes as digest or message, without a context', () => {
    const options: SigningOptions = { variant: 'external-mu' };
    expect(prepared(mlDsa44, digest('sha-512'), options).scheme).toEqual({
      variant: 'external-mu',
      deterministic: false,
    });
    expect(prepared(mlDsa44, { ...digest('sha-512'), kind: 'message' }, options).bytes).toHaveLength(64);
    expect(refusal(mlDsa44, digest('sha-256'), options)).toContain('64 bytes, not 32');
    expect(refusal(mlDsa44, digest('sha-512'), { ...options, context: new Uint8Array(0) })).toContain(
      'leave the context',
    );
  });

  it('bounds the context and refuses options of other algorithms', () => {
    expect(prepared(mlDsa44, message, { context: new Uint8Array(255) }).scheme['contextHex']).toHaveLength(510);
    expect(refusal(mlDsa44, message, { context: new Uint8Array(256) })).toContain('255');
    expect(refusal(mlDsa44, message, { padding: 'pss' })).toContain('RSA');
    expect(refusal(mlDsa44, message, { mgf1Digest: 'sha-256' })).toContain('RSA');
    expect(refusal(mlDsa44, message, { merkleRoot: new Uint8Array(0) })).toContain('BIP340');
  });
});
