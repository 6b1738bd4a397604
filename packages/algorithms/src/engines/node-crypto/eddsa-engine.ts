/**
 * EdDSA by `node:crypto` (OpenSSL). Weaker than the other engines in one way, hence a fallback: its key objects lie in
 * ordinary memory, and are released by the garbage collector rather than by us.
 */
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { type Engine, EngineFailure, type KeyMaterial, type SigningKey, type VerifyingKey } from '../../engine.ts';
import { type FillRandom, fillFromKernel } from '../../kernel-randomness.ts';
import { equalBytes } from '../../private-key-info.ts';
import { assertSchemeMembers } from '../../scheme-members.ts';
import { allocateSecret, copySecret, freeSecret } from '../../secret-memory.ts';

export interface EddsaCurve {
  readonly name: string;
  readonly privateKeyBytes: number;
  readonly signatureBytes: number;
  /** Everything of the version 0 PKCS#8 structure before the private key (RFC 8410, section 7). */
  readonly pkcs8Prefix: Buffer;
  /** Everything of SubjectPublicKeyInfo before the public key (RFC 8410, section 4). */
  readonly spkiPrefix: Buffer;
  /** @throws EngineFailure `invalid_key` */
  readonly readPrivateKey: (encoded: Uint8Array) => {
    readonly privateKey: Uint8Array;
    readonly publicKey: Uint8Array | undefined;
  };
  /** @throws EngineFailure `invalid_key` */
  readonly assertPublicKey: (publicKey: Uint8Array) => void;
}

export function createEddsaEngine(curve: EddsaCurve, fillRandom: FillRandom = fillFromKernel): Engine {
  const { name, privateKeyBytes, signatureBytes, pkcs8Prefix, spkiPrefix } = curve;

  function keyObjectOf(privateKey: Uint8Array): KeyObject {
    const encoded = allocateSecret(pkcs8Prefix.length + privateKeyBytes);
    encoded.set(pkcs8Prefix);
    encoded.set(privateKey, pkcs8Prefix.length);
    try {
      return createPrivateKey({ key: encoded, format: 'der', type: 'pkcs8' });
    } finally {
      freeSecret(encoded);
    }
  }

  function publicKeyOf(key: KeyObject): Buffer {
    return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(spkiPrefix.length);
  }

  /** Takes over `privateKey`. */
  function materialOf(privateKey: Buffer): KeyMaterial {
    return { privateKey, publicKey: publicKeyOf(keyObjectOf(privateKey)), parameters: {} };
  }

  function importPrivate(encoded: Uint8Array): KeyMaterial {
    const decoded = curve.readPrivateKey(encoded);
    const privateKey = copySecret(decoded.privateKey);
    const material = materialOf(privateKey);
    if (decoded.publicKey !== undefined && !equalBytes(decoded.publicKey, material.publicKey)) {
      freeSecret(privateKey);
      throw new EngineFailure('invalid_key', "the public key in the encoding doesn't belong to the private key");
    }
    return material;
  }

  function loadPrivate(privateKey: Uint8Array): SigningKey {
    if (privateKey.length !== privateKeyBytes) {
      throw new EngineFailure('invalid_key', `an ${name} private key has ${privateKeyBytes} bytes`);
    }
    let key: KeyObject | undefined = keyObjectOf(privateKey);
    const alive = (): KeyObject => {
      if (key === undefined) throw new EngineFailure('engine_error', 'the key was destroyed');
      return key;
    };
    return {
      publicKey: publicKeyOf(key),
      signer: (scheme) => {
        assertSchemeMembers(scheme, []);
        alive();
        return (payload, out) => {
          const current = alive();
          if (out.length < signatureBytes) throw new EngineFailure('engine_error', 'no room for the signature');
          out.set(sign(null, payload, current));
          return signatureBytes;
        };
      },
      destroy: () => {
        key = undefined;
      },
    };
  }

  function loadPublic(publicKey: Uint8Array): VerifyingKey {
    curve.assertPublicKey(publicKey);
    const key = createPublicKey({ key: Buffer.concat([spkiPrefix, publicKey]), format: 'der', type: 'spki' });
    return {
      verifier: (scheme) => {
        assertSchemeMembers(scheme, []);
        return (payload, signature) => signature.length === signatureBytes && verify(null, payload, key, signature);
      },
      destroy: () => {},
    };
  }

  return {
    description: `node:crypto of Node ${process.version} (OpenSSL ${process.versions.openssl})`,
    generate: () => {
      const privateKey = allocateSecret(privateKeyBytes);
      fillRandom(privateKey);
      return materialOf(privateKey);
    },
    importPrivate,
    loadPrivate,
    loadPublic,
  };
}
