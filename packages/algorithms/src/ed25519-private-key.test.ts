import { describe, expect, it } from 'vitest';
import { readEd25519PrivateKey } from './ed25519-private-key.ts';
import { EngineFailure } from './engine.ts';
import { ed25519 } from './families/ed25519.ts';

/** RFC 8410, section 10.3: version 0; version 1 with an attribute and the public key. */
const WITHOUT_PUBLIC_KEY = Buffer.from('MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC', 'base64');
const WITH_PUBLIC_KEY = Buffer.from(
  'MHICAQEwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhCoB8wHQYKKoZIhvcNAQkJFDEPDA1DdXJkbGUgQ2hhaXJzgSEA' +
    'Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=',
  'base64',
);
/** RFC 8410, section 10.1. */
const SPKI = Buffer.from('MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=', 'base64');
const PUBLIC_KEY_BYTES = 32;

describe('PKCS#8 of Ed25519', () => {
  it('reads both examples of RFC 8410', () => {
    const without = readEd25519PrivateKey(WITHOUT_PUBLIC_KEY);
    const withPublicKey = readEd25519PrivateKey(WITH_PUBLIC_KEY);
    expect(without.publicKey).toBeUndefined();
    expect(Buffer.from(withPublicKey.publicKey ?? []).toString('hex')).toBe(
      SPKI.subarray(-PUBLIC_KEY_BYTES).toString('hex'),
    );
    expect(withPublicKey.seed).toEqual(without.seed);
  });

  it('refuses what is not an Ed25519 key', () => {
    const x25519 = Buffer.from(WITHOUT_PUBLIC_KEY);
    x25519[11] = 0x6e;
    const shortSeed = Buffer.concat([Buffer.from('302d020100300506032b65700421041f', 'hex'), Buffer.alloc(31)]);
    const withNull = Buffer.concat([Buffer.from('3030020100300706032b6570050004220420', 'hex'), Buffer.alloc(32)]);
    const bareSeed = Buffer.concat([Buffer.from('302c020100300506032b65700420', 'hex'), Buffer.alloc(32)]);
    const versionTwo = Buffer.from(WITHOUT_PUBLIC_KEY);
    versionTwo[4] = 2;
    for (const encoded of [x25519, shortSeed, withNull, bareSeed, versionTwo, SPKI]) {
      expect(() => readEd25519PrivateKey(encoded)).toThrow(EngineFailure);
    }
  });
});

describe.each(ed25519.engines.map((binding) => ({ binding })))('import on $binding.name', ({ binding }) => {
  it('gives the public key that RFC 8410 prints', async () => {
    const engine = await binding.load();
    for (const encoded of [WITHOUT_PUBLIC_KEY, WITH_PUBLIC_KEY]) {
      const material = engine.importPrivate(encoded);
      expect(Buffer.from(ed25519.encodeSpki(material.publicKey, {}) ?? []).toString('hex')).toBe(SPKI.toString('hex'));
    }
  });

  it('refuses a public key that belongs to another private key', async () => {
    const engine = await binding.load();
    for (const offset of [1, 16, PUBLIC_KEY_BYTES]) {
      const encoded = Buffer.from(WITH_PUBLIC_KEY);
      encoded[encoded.length - offset] = (encoded[encoded.length - offset] ?? 0) ^ 1;
      expect(() => engine.importPrivate(encoded)).toThrow(/doesn't belong/);
    }
  });
});
