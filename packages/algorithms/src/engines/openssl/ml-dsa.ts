/** ML-DSA by OpenSSL, in all its variants. */
import { DerError } from '../../der.ts';
import { findDigest } from '../../digests.ts';
import { type Engine, EngineFailure, type KeyMaterial, type SigningKey, type VerifyingKey } from '../../engine.ts';
import { type FillRandom, fillFromKernel } from '../../kernel-randomness.ts';
import {
  ML_DSA_MU_BYTES,
  ML_DSA_PARAMETER_SETS,
  ML_DSA_SEED_BYTES,
  type MlDsaName,
  type MlDsaParameterSet,
} from '../../ml-dsa-parameter-sets.ts';
import { preHashPrefix } from '../../ml-dsa-pre-hash.ts';
import { type MlDsaPrivateKey, readMlDsaPrivateKey } from '../../ml-dsa-private-key.ts';
import { type MlDsaScheme, readMlDsaScheme, writeMlDsaScheme } from '../../ml-dsa-scheme.ts';
import { equalBytes } from '../../private-key-info.ts';
import { allocateSecret, copySecret, freeSecret, randomSecret } from '../../secret-memory.ts';
import { KEY_PAIR, keyFromParams, PUBLIC_KEY } from './evp-key.ts';
import {
  describeLibcrypto,
  type Libcrypto,
  loadLibcrypto,
  opensslFailure,
  type Pointer,
  requirePointer,
} from './libcrypto.ts';
import { encodeOsslParams, type OsslParam } from './ossl-params.ts';
import { SignatureContexts, signWith, verifyWith } from './signature-context.ts';

const RANDOMIZER_BYTES = 32;
/** Values of OpenSSL's `message-encoding`: as it is, and with the prefix of FIPS 204, algorithm 2. */
const ENCODING_RAW = 0;
const ENCODING_PURE = 1;
const NO_CONTEXT = new Uint8Array(0);

/** What the functions of one parameter set share. */
interface Setting {
  readonly libcrypto: Libcrypto;
  readonly set: MlDsaParameterSet;
  readonly algorithm: Pointer;
  readonly fillRandom: FillRandom;
  /** `rnd` of the signature that is being made. One for all keys: signing is synchronous. */
  readonly randomizer: Buffer;
}

/**
 * @param fillRandom for the hedged variant's randomness; tests replay answers with it
 * @throws EngineUnavailable
 */
export async function loadEngine(name: MlDsaName, fillRandom: FillRandom = fillFromKernel): Promise<Engine> {
  const libcrypto = await loadLibcrypto();
  const set = ML_DSA_PARAMETER_SETS[name];
  // Fetched once and never freed: it lives as long as the engine.
  const algorithm = requirePointer(libcrypto, libcrypto.EVP_SIGNATURE_fetch(null, set.openssl, null), set.openssl);
  const setting: Setting = { libcrypto, set, algorithm, fillRandom, randomizer: allocateSecret(RANDOMIZER_BYTES) };
  const engine: Engine = {
    description: describeLibcrypto(libcrypto),
    generate: () => {
      const seed = randomSecret(ML_DSA_SEED_BYTES);
      return { privateKey: seed, publicKey: derivePublicKey(setting, seed), parameters: {} };
    },
    importPrivate: (encoded) => importPrivate(setting, encoded),
    loadPrivate: (seed) => loadPrivate(setting, seed),
    loadPublic: (publicKey) => loadPublic(setting, publicKey),
  };
  warmUp(engine, set);
  return engine;
}

function importPrivate(setting: Setting, encoded: Uint8Array): KeyMaterial {
  const parsed = parsePrivateKey(encoded, setting.set);
  const key = toEvpKey(setting, parsed.seed);
  try {
    const publicKey = publicKeyOf(setting, key);
    if (parsed.publicKey !== undefined && !equalBytes(parsed.publicKey, publicKey)) {
      throw new EngineFailure('invalid_key', "the public key in the encoding doesn't belong to the private key");
    }
    if (parsed.expandedKey !== undefined && !isExpandedFrom(setting, key, parsed.expandedKey)) {
      throw new EngineFailure('invalid_key', "the expanded key in the encoding doesn't belong to its seed");
    }
    return { privateKey: copySecret(parsed.seed), publicKey, parameters: {} };
  } finally {
    setting.libcrypto.EVP_PKEY_free(key);
  }
}

function parsePrivateKey(encoded: Uint8Array, set: MlDsaParameterSet): MlDsaPrivateKey {
  try {
    return readMlDsaPrivateKey(encoded, set);
  } catch (cause) {
    if (!(cause instanceof DerError)) throw cause;
    throw new EngineFailure('invalid_key', `not a PKCS#8 key of ${set.openssl}: ${cause.message}`, { cause });
  }
}

function isExpandedFrom(setting: Setting, key: Pointer, expandedKey: Uint8Array): boolean {
  const derived = allocateSecret(setting.set.expandedKeyBytes);
  try {
    readOctets(setting, key, 'priv', derived);
    let difference = 0;
    for (let index = 0; index < derived.length; index++)
      difference |= (derived[index] ?? 0) ^ (expandedKey[index] ?? 0);
    return difference === 0;
  } finally {
    freeSecret(derived);
  }
}

/** Every 32 bytes are a seed. OpenSSL expands it, public half included. */
function toEvpKey({ libcrypto, set }: Setting, seed: Uint8Array): Pointer {
  if (seed.length !== ML_DSA_SEED_BYTES) {
    throw new EngineFailure('invalid_key', 'an ML-DSA private key is a seed of 32 bytes');
  }
  return keyFromParams(libcrypto, set.openssl, KEY_PAIR, [{ key: 'seed', secretOctets: seed }]);
}

function publicKeyOf(setting: Setting, key: Pointer): Uint8Array {
  const publicKey = new Uint8Array(setting.set.publicKeyBytes);
  readOctets(setting, key, 'pub', publicKey);
  return publicKey;
}

function readOctets({ libcrypto }: Setting, key: Pointer, name: 'pub' | 'priv', out: Uint8Array): void {
  const length = new Uint32Array(2);
  const read = libcrypto.EVP_PKEY_get_octet_string_param(key, name, out, out.length, length);
  if (read !== 1 || length[0] !== out.length) {
    throw opensslFailure(libcrypto, 'engine_error', `the ML-DSA key has no ${name}`);
  }
}

function derivePublicKey(setting: Setting, seed: Uint8Array): Uint8Array {
  const key = toEvpKey(setting, seed);
  try {
    return publicKeyOf(setting, key);
  } finally {
    setting.libcrypto.EVP_PKEY_free(key);
  }
}

function loadPrivate(setting: Setting, seed: Uint8Array): SigningKey {
  const { libcrypto, set, algorithm, fillRandom, randomizer } = setting;
  const key = toEvpKey(setting, seed);
  const publicKey = publicKeyOf(setting, key);
  const contexts = new SignatureContexts(libcrypto, key);
  return {
    publicKey,
    signer: (scheme) => {
      const parsed = readMlDsaScheme(scheme, set);
      const context = contexts.obtain('sign', (fresh) => libcrypto.EVP_PKEY_sign_message_init(fresh, algorithm, null));
      const params = encodeOsslParams(libcrypto, [
        ...schemeParams(parsed),
        // Known to OpenSSL as test entropy, it is `rnd` of FIPS 204, algorithm 2. We always give it: fresh bytes of the
        // kernel, so that a cloned virtual machine can't repeat them, or the zeros of the deterministic variant.
        { key: 'test-entropy', secretOctets: randomizer },
      ]);
      const toSigned = signedBytes(parsed);
      return (payload, out) => {
        contexts.requireAlive();
        const signed = toSigned(payload);
        if (signed === undefined) throw new EngineFailure('invalid_payload', 'the payload has the wrong length');
        if (out.length < set.signatureBytes) throw new EngineFailure('engine_error', 'no room for the signature');
        if (parsed.deterministic) randomizer.fill(0);
        else fillRandom(randomizer);
        // One context serves all schemes of the key, because contexts (the strings) are without number: each signature
        // sets everything that one before it may have set.
        if (libcrypto.EVP_PKEY_CTX_set_params(context, params) !== 1) {
          throw opensslFailure(libcrypto, 'engine_error', 'OpenSSL refused the scheme');
        }
        return signWith(libcrypto, context, signed, out);
      };
    },
    destroy: () => contexts.destroy(),
  };
}

function loadPublic({ libcrypto, set, algorithm }: Setting, publicKey: Uint8Array): VerifyingKey {
  if (publicKey.length !== set.publicKeyBytes) {
    throw new EngineFailure('invalid_key', `a public key of ${set.openssl} has ${set.publicKeyBytes} bytes`);
  }
  const key = keyFromParams(libcrypto, set.openssl, PUBLIC_KEY, [{ key: 'pub', octets: publicKey }]);
  const contexts = new SignatureContexts(libcrypto, key);
  return {
    verifier: (scheme) => {
      const parsed = readMlDsaScheme(scheme, set);
      const context = contexts.obtain('verify', (fresh) =>
        libcrypto.EVP_PKEY_verify_message_init(fresh, algorithm, null),
      );
      const params = encodeOsslParams(libcrypto, schemeParams(parsed));
      const toSigned = signedBytes(parsed);
      return (payload, signature) => {
        contexts.requireAlive();
        const signed = toSigned(payload);
        if (signed === undefined || signature.length !== set.signatureBytes) return false;
        if (libcrypto.EVP_PKEY_CTX_set_params(context, params) !== 1) {
          throw opensslFailure(libcrypto, 'engine_error', 'OpenSSL refused the scheme');
        }
        return verifyWith(libcrypto, context, signed, signature);
      };
    },
    destroy: () => contexts.destroy(),
  };
}

function schemeParams(scheme: MlDsaScheme): OsslParam[] {
  return [
    { key: 'context-string', octets: scheme.variant === 'pure' ? scheme.context : NO_CONTEXT },
    { key: 'message-encoding', int: scheme.variant === 'pre-hash' ? ENCODING_RAW : ENCODING_PURE },
    { key: 'mu', int: scheme.variant === 'external-mu' ? 1 : 0 },
  ];
}

/** What OpenSSL gets in place of the payload, or undefined for a payload of the wrong length. */
function signedBytes(scheme: MlDsaScheme): (payload: Uint8Array) => Uint8Array | undefined {
  switch (scheme.variant) {
    case 'pure':
      return (message) => message;
    case 'external-mu':
      return (mu) => (mu.length === ML_DSA_MU_BYTES ? mu : undefined);
    case 'pre-hash': {
      // OpenSSL has no HashML-DSA, but takes M' (FIPS 204, algorithm 4) as it is. One buffer serves all payloads.
      const prefix = preHashPrefix(scheme.digest, scheme.context);
      const encoded = new Uint8Array(prefix.length + findDigest(scheme.digest).bytes);
      encoded.set(prefix);
      return (digest) => {
        if (prefix.length + digest.length !== encoded.length) return undefined;
        encoded.set(digest, prefix.length);
        return encoded;
      };
    }
  }
}

/** See the warm-up of ECDSA. */
function warmUp(engine: Engine, set: MlDsaParameterSet): void {
  const material = engine.generate({});
  const signing = engine.loadPrivate(material.privateKey, {});
  freeSecret(material.privateKey as Buffer);
  const verifying = engine.loadPublic(signing.publicKey, {});
  const payload = new Uint8Array(64).fill(0x5a);
  const signature = new Uint8Array(set.signatureBytes);
  const schemes: MlDsaScheme[] = [
    { variant: 'pure', deterministic: false, context: payload },
    { variant: 'pre-hash', deterministic: true, context: NO_CONTEXT, digest: 'sha-512' },
    { variant: 'external-mu', deterministic: false },
  ];
  for (const scheme of schemes.map(writeMlDsaScheme)) {
    signing.signer(scheme)(payload, signature);
    if (!verifying.verifier(scheme)(payload, signature)) {
      throw new EngineFailure('engine_error', `OpenSSL's ${set.openssl} fails its check`);
    }
  }
  signing.destroy();
  verifying.destroy();
}
