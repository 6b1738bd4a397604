/**
 * Private keys in the encodings that people bring, made by `node:crypto`, which is independent of the parsers under
 * test. One line per algorithm; an algorithm without one fails the generic suite.
 */
import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { schnorr } from '@noble/curves/secp256k1.js';
import { starkPublicKey } from './stark-arithmetic.ts';

export interface EncodedPrivateKey {
  readonly name: string;
  readonly privateKey: Uint8Array;
  /** SubjectPublicKeyInfo, or the raw form for an algorithm that has none. */
  readonly publicKey: Uint8Array;
}

interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const MAKERS: Readonly<Record<string, () => readonly EncodedPrivateKey[]>> = {
  'ecdsa-p192': () => ecEncodings('prime192v1'),
  'ecdsa-p224': () => ecEncodings('secp224r1'),
  'ecdsa-p256': () => ecEncodings('prime256v1'),
  'ecdsa-p384': () => ecEncodings('secp384r1'),
  'ecdsa-p521': () => ecEncodings('secp521r1'),
  'ecdsa-secp192k1': () => ecEncodings('secp192k1'),
  'ecdsa-secp224k1': () => ecEncodings('secp224k1'),
  'ecdsa-secp256k1': () => ecEncodings('secp256k1'),
  'ecdsa-stark': () => {
    const privateKey = randomBytes(32);
    privateKey[0] = 0x01;
    return [{ name: '32 bytes', privateKey, publicKey: starkPublicKey(privateKey) }];
  },
  'dh-secp256k1': () => ecEncodings('secp256k1'),
  ed25519: () => [pkcs8(generateKeyPairSync('ed25519'))],
  ed448: () => [pkcs8(generateKeyPairSync('ed448'))],
  'ml-dsa-44': () => [pkcs8(generateKeyPairSync('ml-dsa-44'))],
  'ml-dsa-65': () => [pkcs8(generateKeyPairSync('ml-dsa-65'))],
  'ml-dsa-87': () => [pkcs8(generateKeyPairSync('ml-dsa-87'))],
  rsa: rsaEncodings,
  bip340: () => {
    const privateKey = randomBytes(32);
    return [{ name: '32 bytes', privateKey, publicKey: schnorr.getPublicKey(privateKey) }];
  },
};

/** Fresh keys of an algorithm; empty for one that has no line above. */
export function encodedPrivateKeys(algorithm: string): readonly EncodedPrivateKey[] {
  return MAKERS[algorithm]?.() ?? [];
}

function pkcs8({ publicKey, privateKey }: KeyPair): EncodedPrivateKey {
  return {
    name: 'PKCS#8',
    privateKey: privateKey.export({ format: 'der', type: 'pkcs8' }),
    publicKey: publicKey.export({ format: 'der', type: 'spki' }),
  };
}

function ecEncodings(namedCurve: string): EncodedPrivateKey[] {
  const pair = generateKeyPairSync('ec', { namedCurve });
  const { publicKey } = pkcs8(pair);
  return [
    pkcs8(pair),
    { name: 'SEC1', privateKey: pair.privateKey.export({ format: 'der', type: 'sec1' }), publicKey },
  ];
}

function rsaEncodings(): EncodedPrivateKey[] {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const { publicKey } = pkcs8(pair);
  return [
    pkcs8(pair),
    { name: 'PKCS#1', privateKey: pair.privateKey.export({ format: 'der', type: 'pkcs1' }), publicKey },
  ];
}
