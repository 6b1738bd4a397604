/** Ed448 by OpenSSL: constant time, deterministic. */
import { DerError } from '../../der.ts';
import { type Ed448PrivateKey, readEd448PrivateKey } from '../../ed448-private-key.ts';
import {
  assertEd448PublicKey,
  ED448_PRIVATE_KEY_BYTES,
  ED448_PUBLIC_KEY_BYTES,
  ED448_SIGNATURE_BYTES,
} from '../../ed448-public-key.ts';
import { type Engine, EngineFailure, type KeyMaterial, type SigningKey, type VerifyingKey } from '../../engine.ts';
import { equalBytes } from '../../private-key-info.ts';
import { assertSchemeMembers } from '../../scheme-members.ts';
import { copySecret, freeSecret, randomSecret } from '../../secret-memory.ts';
import {
  describeLibcrypto,
  type Libcrypto,
  loadLibcrypto,
  opensslFailure,
  type Pointer,
  requirePointer,
} from './libcrypto.ts';
import { SignatureContexts, signWith, verifyWith } from './signature-context.ts';

/** @throws EngineUnavailable */
export async function loadEngine(): Promise<Engine> {
  const libcrypto = await loadLibcrypto();
  // Fetched once and never freed: it lives as long as the engine.
  const eddsa = requirePointer(libcrypto, libcrypto.EVP_SIGNATURE_fetch(null, 'ED448', null), 'Ed448');
  const engine: Engine = {
    description: describeLibcrypto(libcrypto),
    generate: () => {
      const privateKey = randomSecret(ED448_PRIVATE_KEY_BYTES);
      return { privateKey, publicKey: derivePublicKey(libcrypto, privateKey), parameters: {} };
    },
    importPrivate: (encoded) => importPrivate(libcrypto, encoded),
    loadPrivate: (privateKey) => loadPrivate(libcrypto, eddsa, privateKey),
    loadPublic: (publicKey) => loadPublic(libcrypto, eddsa, publicKey),
  };
  warmUp(engine);
  return engine;
}

function importPrivate(libcrypto: Libcrypto, encoded: Uint8Array): KeyMaterial {
  const key = parsePrivateKey(encoded);
  const publicKey = derivePublicKey(libcrypto, key.privateKey);
  if (key.publicKey !== undefined && !equalBytes(key.publicKey, publicKey)) {
    throw new EngineFailure('invalid_key', "the public key in the encoding doesn't belong to the private key");
  }
  return { privateKey: copySecret(key.privateKey), publicKey, parameters: {} };
}

function parsePrivateKey(encoded: Uint8Array): Ed448PrivateKey {
  try {
    return readEd448PrivateKey(encoded);
  } catch (cause) {
    if (!(cause instanceof DerError)) throw cause;
    throw new EngineFailure('invalid_key', `not a PKCS#8 key of Ed448: ${cause.message}`, { cause });
  }
}

/** Every 57 bytes are a private key. OpenSSL derives the public half, which goes into each signature's hash. */
function toEvpKey(libcrypto: Libcrypto, privateKey: Uint8Array): Pointer {
  if (privateKey.length !== ED448_PRIVATE_KEY_BYTES) {
    throw new EngineFailure('invalid_key', 'an Ed448 private key has 57 bytes');
  }
  const key = libcrypto.EVP_PKEY_new_raw_private_key_ex(null, 'ED448', null, privateKey, privateKey.length);
  return requirePointer(libcrypto, key, 'EVP_PKEY_new_raw_private_key_ex');
}

function publicKeyOf(libcrypto: Libcrypto, key: Pointer): Uint8Array {
  const publicKey = new Uint8Array(ED448_PUBLIC_KEY_BYTES);
  const length = Uint32Array.of(publicKey.length, 0);
  if (libcrypto.EVP_PKEY_get_raw_public_key(key, publicKey, length) !== 1) {
    throw opensslFailure(libcrypto, 'engine_error', 'the public key could not be derived');
  }
  return publicKey;
}

function derivePublicKey(libcrypto: Libcrypto, privateKey: Uint8Array): Uint8Array {
  const key = toEvpKey(libcrypto, privateKey);
  try {
    return publicKeyOf(libcrypto, key);
  } finally {
    libcrypto.EVP_PKEY_free(key);
  }
}

function loadPrivate(libcrypto: Libcrypto, eddsa: Pointer, privateKey: Uint8Array): SigningKey {
  const key = toEvpKey(libcrypto, privateKey);
  const contexts = new SignatureContexts(libcrypto, key);
  return {
    publicKey: publicKeyOf(libcrypto, key),
    signer: (scheme) => {
      assertSchemeMembers(scheme, []);
      const context = contexts.obtain('sign', (fresh) => libcrypto.EVP_PKEY_sign_message_init(fresh, eddsa, null));
      return (payload, out) => {
        contexts.requireAlive();
        if (out.length < ED448_SIGNATURE_BYTES) throw new EngineFailure('engine_error', 'no room for the signature');
        return signWith(libcrypto, context, payload, out);
      };
    },
    destroy: () => contexts.destroy(),
  };
}

function loadPublic(libcrypto: Libcrypto, eddsa: Pointer, publicKey: Uint8Array): VerifyingKey {
  assertEd448PublicKey(publicKey);
  const key = libcrypto.EVP_PKEY_new_raw_public_key_ex(null, 'ED448', null, publicKey, publicKey.length);
  const contexts = new SignatureContexts(libcrypto, requirePointer(libcrypto, key, 'EVP_PKEY_new_raw_public_key_ex'));
  return {
    verifier: (scheme) => {
      assertSchemeMembers(scheme, []);
      const context = contexts.obtain('verify', (fresh) => libcrypto.EVP_PKEY_verify_message_init(fresh, eddsa, null));
      return (payload, signature) => {
        contexts.requireAlive();
        return signature.length === ED448_SIGNATURE_BYTES && verifyWith(libcrypto, context, payload, signature);
      };
    },
    destroy: () => contexts.destroy(),
  };
}

/** See the warm-up of ECDSA. */
function warmUp(engine: Engine): void {
  const material = engine.generate({});
  const signing = engine.loadPrivate(material.privateKey, {});
  freeSecret(material.privateKey as Buffer);
  const verifying = engine.loadPublic(signing.publicKey, {});
  const message = new Uint8Array(40).fill(0x5a);
  const signature = new Uint8Array(ED448_SIGNATURE_BYTES);
  signing.signer({})(message, signature);
  if (!verifying.verifier({})(message, signature)) {
    throw new EngineFailure('engine_error', "OpenSSL's Ed448 fails its check");
  }
  signing.destroy();
  verifying.destroy();
}
