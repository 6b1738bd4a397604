import { generateKeyPairSync, type KeyObject, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { keyCredential } from './key-credential.ts';

const credentialId = 'cr-1';
const data = new TextEncoder().encode('{"type":"key.get"}');
const KEYS: readonly (readonly [string, { readonly publicKey: KeyObject; readonly privateKey: KeyObject }])[] = [
  ['Ed25519', generateKeyPairSync('ed25519')],
  ['P-256', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
  ['secp256k1', generateKeyPairSync('ec', { namedCurve: 'secp256k1' })],
  ['RSA', generateKeyPairSync('rsa', { modulusLength: 2048 })],
];

describe('the key of a credential', () => {
  it.each(KEYS)('%s signs, from a KeyObject and from PEM', async (name, { publicKey, privateKey }) => {
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    for (const key of [privateKey, pem]) {
      const signature = await keyCredential({ credentialId, privateKey: key }).sign(data);
      expect(verify(name === 'Ed25519' ? null : 'sha256', data, publicKey, signature)).toBe(true);
    }
  });

  it('must be private, unencrypted and of a kind that the service takes, and is never quoted', () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const encrypted = privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'p' });
    const refused = [publicKey, generateKeyPairSync('x25519').privateKey, encrypted.toString(), 'c2VjcmV0'];
    for (const key of refused) {
      const make = (): unknown => keyCredential({ credentialId, privateKey: key });
      expect(make).toThrow(TypeError);
      expect(make).not.toThrow('c2VjcmV0');
    }
  });
});
