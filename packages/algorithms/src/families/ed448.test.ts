import { createPublicKey, generateKeyPairSync, sign as nodeSign, verify as nodeVerify } from 'node:crypto';
import { ed448 as noble } from '@noble/curves/ed448.js';
import { describe, expect, it } from 'vitest';
import { bytesFromHex } from '../../test/known-answers/known-answer.ts';
import type { Payload } from '../algorithm.ts';
import { DER_TAGS, encodeDer, encodeObjectIdentifier, encodeUnsignedInteger } from '../der.ts';
import { assertEd448PublicKey, ED448_OID } from '../ed448-public-key.ts';
import { ed448 } from './ed448.ts';

const engine = await ed448.engines[0].load();
const material = engine.generate({});
const message = new TextEncoder().encode('a message');

function sign(bytes: Uint8Array): Uint8Array {
  const key = engine.loadPrivate(material.privateKey, {});
  const out = new Uint8Array(114);
  key.signer({})(bytes, out);
  key.destroy();
  return out;
}

describe('Ed448', () => {
  it('agrees with @noble/curves on keys and signatures', () => {
    expect(noble.getPublicKey(material.privateKey)).toEqual(Uint8Array.from(material.publicKey));
    expect(sign(message)).toEqual(noble.sign(message, material.privateKey));
  });

  it('agrees with node:crypto, both ways', () => {
    const spki = Buffer.from(ed448.encodeSpki(material.publicKey, {}) ?? []);
    const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    expect(publicKey.export({ format: 'der', type: 'spki' })).toEqual(spki);
    expect(nodeVerify(null, message, publicKey, sign(message))).toBe(true);
    const pair = generateKeyPairSync('ed448');
    const imported = engine.importPrivate(pair.privateKey.export({ format: 'der', type: 'pkcs8' }));
    const verifying = engine.loadPublic(imported.publicKey, {});
    expect(verifying.verifier({})(message, nodeSign(null, message, pair.privateKey))).toBe(true);
    verifying.destroy();
    expect(() => verifying.verifier({})).toThrow('destroyed');
  });

  it('refuses to import a key with another public half, another algorithm or another length', () => {
    const encode = (privateKey: Uint8Array, publicKey: Uint8Array, oid = ED448_OID) =>
      encodeDer(
        DER_TAGS.sequence,
        encodeUnsignedInteger(Uint8Array.of(1)),
        encodeDer(DER_TAGS.sequence, encodeObjectIdentifier(oid)),
        encodeDer(DER_TAGS.octetString, encodeDer(DER_TAGS.octetString, privateKey)),
        encodeDer(DER_TAGS.implicit1, Uint8Array.of(0), publicKey),
      );
    expect(engine.importPrivate(encode(material.privateKey, material.publicKey))).toEqual(material);
    const other = engine.generate({}).publicKey;
    expect(() => engine.importPrivate(encode(material.privateKey, other))).toThrow("doesn't belong");
    expect(() => engine.importPrivate(encode(material.privateKey, material.publicKey, '1.3.101.112'))).toThrow(
      'another algorithm',
    );
    expect(() => engine.importPrivate(encode(material.privateKey.subarray(1), material.publicKey))).toThrow('57 bytes');
  });

  it('fails with any bit flipped in the signature', () => {
    const key = engine.loadPublic(material.publicKey, {});
    const verify = key.verifier({});
    const signature = sign(message);
    expect(verify(message, signature)).toBe(true);
    for (let bit = 0; bit < signature.length * 8; bit++) {
      const flipped = signature.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(verify(message, flipped)).toBe(false);
    }
    key.destroy();
  });

  it('signs messages with no options, and says so', () => {
    const bytes = new Uint8Array(64);
    const refusal = (payload: Payload, options = {}) => ed448.prepare(payload, options, {});
    expect(refusal({ kind: 'digest', bytes, digest: 'sha-512' })).toEqual({
      ok: false,
      reason: 'Ed448 signs messages, not digests',
    });
    const payload: Payload = { kind: 'message', bytes, digest: 'sha-512' };
    expect(refusal(payload)).toEqual({ ok: true, value: { scheme: {}, bytes, legacy: [] } });
    expect(refusal(payload, { deterministic: true }).ok).toBe(true);
    for (const options of [{ padding: 'pss' }, { context: bytes }, { variant: 'pure' }, { mgf1Digest: 'sha-1' }]) {
      expect(refusal(payload, options).ok).toBe(false);
    }
  });
});

describe('Ed448 public keys', () => {
  const isAccepted = (publicKey: Uint8Array) => {
    try {
      assertEd448PublicKey(publicKey);
      return true;
    } catch {
      return false;
    }
  };
  const isPointOfNoble = (publicKey: Uint8Array) => {
    try {
      return !noble.Point.fromBytes(publicKey).isSmallOrder();
    } catch {
      return false;
    }
  };

  it('are accepted exactly where @noble/curves finds a point that is not of small order', () => {
    for (let counter = 0; counter < 60; counter++) {
      const candidate = material.publicKey.slice();
      candidate[0] = counter;
      expect(isAccepted(candidate)).toBe(isPointOfNoble(candidate));
    }
  });

  it('are refused where they are of small order, not canonical, or off the curve', () => {
    const zero = '00'.repeat(57);
    const one = `01${'00'.repeat(56)}`;
    const minusOne = `fe${'ff'.repeat(27)}fe${'ff'.repeat(27)}00`;
    const prime = `ff${'ff'.repeat(27)}fe${'ff'.repeat(27)}00`;
    const signOf = (hex: string) => `${hex.slice(0, -2)}80`;
    for (const hex of [zero, one, minusOne, prime, signOf(zero), signOf(one), signOf(minusOne), 'ff'.repeat(57)]) {
      expect(isAccepted(bytesFromHex(hex)), hex).toBe(false);
      expect(isPointOfNoble(bytesFromHex(hex)), hex).toBe(false);
    }
    const unusedBit = material.publicKey.slice();
    unusedBit[56] = (unusedBit[56] ?? 0) | 1;
    expect(isAccepted(unusedBit)).toBe(false);
  });
});
