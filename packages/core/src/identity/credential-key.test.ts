import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { describe, expect, it } from 'vitest';
import { parseCredentialKey, verifyCredentialSignature } from './credential-key.ts';

const MESSAGE = Buffer.from('a message');
const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve });
const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength });
const pemOf = (pair: { publicKey: ReturnType<typeof createPublicKey> }): string =>
  pair.publicKey.export({ format: 'pem', type: 'spki' }).toString();

function spkiOf(pem: string): Uint8Array {
  const parsed = parseCredentialKey(pem);
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.spki;
}

describe('keys of credentials', () => {
  it.each([
    ['Ed25519', generateKeyPairSync('ed25519'), null],
    ['P-256', ec('P-256'), 'sha256'],
    ['secp256k1', ec('secp256k1'), 'sha256'],
    ['RSA of 2048 bits', rsa(2048), 'sha256'],
  ])('verify what %s signs as clients do it, and nothing that was changed', async (_name, pair, digest) => {
    const spki = spkiOf(pemOf(pair));
    const signature = sign(digest, MESSAGE, pair.privateKey);
    expect(await verifyCredentialSignature(spki, MESSAGE, signature)).toBe(true);
    expect(await verifyCredentialSignature(spki, Buffer.from('a massage'), signature)).toBe(false);
    for (const changed of [signature.subarray(1), Buffer.concat([signature, Buffer.of(0)]), Buffer.alloc(0)])
      expect(await verifyCredentialSignature(spki, MESSAGE, changed)).toBe(false);
    const flipped = Buffer.from(signature);
    flipped.writeUInt8(flipped.readUInt8(flipped.length - 1) ^ 1, flipped.length - 1);
    expect(await verifyCredentialSignature(spki, MESSAGE, flipped)).toBe(false);
    expect(await verifyCredentialSignature(spki, MESSAGE, Buffer.alloc(2_000))).toBe(false);
  });

  it('take either S of an ECDSA signature, as clients send it', async () => {
    const secretKey = secp256k1.utils.randomSecretKey();
    const point = secp256k1.getPublicKey(secretKey, false);
    const jwk = {
      kty: 'EC',
      crv: 'secp256k1',
      x: Buffer.from(point.subarray(1, 33)).toString('base64url'),
      y: Buffer.from(point.subarray(33)).toString('base64url'),
    };
    const spki = createPublicKey({ key: jwk, format: 'jwk' }).export({ format: 'der', type: 'spki' });
    const low = secp256k1.Signature.fromBytes(secp256k1.sign(MESSAGE, secretKey, { lowS: true }));
    const high = new secp256k1.Signature(low.r, secp256k1.Point.Fn.ORDER - low.s);
    for (const signature of [low, high])
      expect(await verifyCredentialSignature(spki, MESSAGE, signature.toBytes('der'))).toBe(true);
  });

  it('leave the caller no choice of digest or padding', async () => {
    const pair = rsa(2048);
    const spki = spkiOf(pemOf(pair));
    expect(await verifyCredentialSignature(spki, MESSAGE, sign('sha512', MESSAGE, pair.privateKey))).toBe(false);
    const pss = sign('sha256', MESSAGE, { key: pair.privateKey, padding: 6 });
    expect(await verifyCredentialSignature(spki, MESSAGE, pss)).toBe(false);
    const curve = ec('P-256');
    const raw = sign('sha256', MESSAGE, { key: curve.privateKey, dsaEncoding: 'ieee-p1363' });
    expect(await verifyCredentialSignature(spkiOf(pemOf(curve)), MESSAGE, raw)).toBe(false);
  });

  it.each([
    ['P-384', pemOf(ec('P-384'))],
    ['P-521', pemOf(ec('P-521'))],
    ['RSA of 1024 bits', pemOf(rsa(1024))],
    ['RSA for PSS alone', pemOf(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }))],
    ['Ed448', pemOf(generateKeyPairSync('ed448'))],
    ['X25519', pemOf(generateKeyPairSync('x25519'))],
    ['PKCS #1', rsa(2048).publicKey.export({ format: 'pem', type: 'pkcs1' }).toString()],
    ['a private key', ec('P-256').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()],
    ['two keys', `${pemOf(ec('P-256'))}${pemOf(ec('P-256'))}`],
    ['rubbish in PEM', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n'],
    ['nothing', ''],
    ['very much', `-----BEGIN PUBLIC KEY-----\n${'A'.repeat(100_000)}\n-----END PUBLIC KEY-----\n`],
  ])('are not %s', (_name, pem) => {
    expect(parseCredentialKey(pem).ok).toBe(false);
  });
});
