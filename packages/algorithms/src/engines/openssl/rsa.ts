/**
 * RSA by OpenSSL: PKCS #1 v1.5 and PSS over digests.
 *
 * Every private-key operation is blinded, and OpenSSL raises the result of the Chinese remainder theorem to the public
 * exponent and compares; if that fails it throws the result away and takes the slow way (rsa_ossl_mod_exp). A fault in
 * one half, which would give away the primes, so never leaves the library. For this it needs the public exponent,
 * which we always pass.
 */
import type { KeyParameters, Scheme } from '../../algorithm.ts';
import { DerError } from '../../der.ts';
import { type DigestName, findDigest, isDigestName } from '../../digests.ts';
import { type Engine, EngineFailure, type KeyMaterial, type SigningKey, type VerifyingKey } from '../../engine.ts';
import { PKCS1_DIGESTS, PSS_DIGESTS } from '../../rsa-digests.ts';
import {
  bitLength,
  encodeRsaPublicKey,
  type RsaParameters,
  type RsaPrivateKey,
  readRsaPrivateKey,
  readRsaPublicKey,
  rsaParameters,
  rsaSignatureBytes,
  unwrapRsaPrivateKey,
} from '../../rsa-key.ts';
import { copySecret, freeSecret } from '../../secret-memory.ts';
import { checkKey } from './evp-key.ts';
import { describeLibcrypto, type Libcrypto, loadLibcrypto } from './libcrypto.ts';
import { encodeOsslParams, type OsslParam } from './ossl-params.ts';
import { generateRsaPrivateKey, toRsaPrivateEvpKey, toRsaPublicEvpKey } from './rsa-evp-key.ts';
import { SignatureContexts, signWith, verifyWith } from './signature-context.ts';

/** Primes this close to each other are found by Fermat's method (FIPS 186-5, appendix A.1.1, asks for 100 bits). */
const MIN_DIFFERENT_LEADING_BYTES = 12;

/** @throws EngineUnavailable */
export async function loadEngine(): Promise<Engine> {
  const libcrypto = await loadLibcrypto();
  const engine: Engine = {
    description: describeLibcrypto(libcrypto),
    generate: (parameters) => {
      const required = requireParameters(parameters);
      const privateKey = generateRsaPrivateKey(libcrypto, required);
      return { privateKey, publicKey: encodeRsaPublicKey(readRsaPrivateKey(privateKey)), parameters: required };
    },
    importPrivate: (encoded) => importPrivate(libcrypto, encoded),
    loadPrivate: (privateKey, parameters) => loadPrivate(libcrypto, privateKey, parameters),
    loadPublic: (publicKey, parameters) => loadPublic(libcrypto, publicKey, parameters),
  };
  warmUp(engine);
  return engine;
}

function importPrivate(libcrypto: Libcrypto, encoded: Uint8Array): KeyMaterial {
  return refuseMalformed(() => {
    const pkcs1 = unwrapRsaPrivateKey(encoded);
    const key = readRsaPrivateKey(pkcs1);
    const parameters = rsaParameters(key);
    requireSoundPrimes(key, parameters);
    const loaded = toRsaPrivateEvpKey(libcrypto, key);
    try {
      // Primality of both primes, their product, both exponents, the coefficient: rsa_validate_keypair_multiprime.
      checkKey(libcrypto, loaded, libcrypto.EVP_PKEY_check, 'invalid_key', 'the parts of the RSA key do not match');
    } finally {
      libcrypto.EVP_PKEY_free(loaded);
    }
    return { privateKey: copySecret(pkcs1), publicKey: encodeRsaPublicKey(key), parameters };
  });
}

/** What makes a key weak although all its equations hold. */
function requireSoundPrimes(key: RsaPrivateKey, parameters: RsaParameters): void {
  const half = Math.ceil(parameters.modulusBits / 2);
  if (Math.abs(bitLength(key.prime1) - half) > 1 || Math.abs(bitLength(key.prime2) - half) > 1) {
    throw new DerError('the primes are not both half as long as the modulus');
  }
  let isClose = key.prime1.length === key.prime2.length;
  for (let index = 0; index < MIN_DIFFERENT_LEADING_BYTES; index++) {
    isClose &&= key.prime1[index] === key.prime2[index];
  }
  if (isClose) throw new DerError('the primes are too close to each other');
  if (bitLength(key.privateExponent) <= half) throw new DerError('the private exponent is too short');
}

function loadPrivate(libcrypto: Libcrypto, privateKey: Uint8Array, parameters: KeyParameters): SigningKey {
  return refuseMalformed(() => {
    const key = readRsaPrivateKey(privateKey);
    const actual = requireSame(rsaParameters(key), parameters);
    const publicKey = encodeRsaPublicKey(key);
    const contexts = new SignatureContexts(libcrypto, toRsaPrivateEvpKey(libcrypto, key));
    return {
      publicKey,
      signer: (scheme) => {
        const parsed = parseScheme(scheme);
        const context = contexts.obtain(parsed.name, (fresh) =>
          libcrypto.EVP_PKEY_sign_init_ex(fresh, schemeParams(libcrypto, parsed, 'digest')),
        );
        const digestBytes = findDigest(parsed.digest).bytes;
        const signatureBytes = rsaSignatureBytes(actual);
        return (payload, out) => {
          contexts.requireAlive();
          if (payload.length !== digestBytes) {
            throw new EngineFailure('invalid_payload', 'the digest has the wrong length');
          }
          if (out.length < signatureBytes) throw new EngineFailure('engine_error', 'no room for the signature');
          return signWith(libcrypto, context, payload, out);
        };
      },
      destroy: () => contexts.destroy(),
    };
  });
}

function loadPublic(libcrypto: Libcrypto, publicKey: Uint8Array, parameters: KeyParameters): VerifyingKey {
  return refuseMalformed(() => {
    const key = readRsaPublicKey(publicKey);
    const actual = requireSame(rsaParameters(key), parameters);
    const contexts = new SignatureContexts(libcrypto, toRsaPublicEvpKey(libcrypto, key));
    const signatureBytes = rsaSignatureBytes(actual);
    return {
      verifier: (scheme) => {
        const parsed = parseScheme(scheme);
        const context = contexts.obtain(parsed.name, (fresh) =>
          libcrypto.EVP_PKEY_verify_init_ex(fresh, schemeParams(libcrypto, parsed, 'auto')),
        );
        const digestBytes = findDigest(parsed.digest).bytes;
        return (payload, signature) => {
          contexts.requireAlive();
          // RFC 8017, sections 8.1.2 and 8.2.2, step 1; OpenSSL would take a number with its leading zeros cut off.
          if (signature.length !== signatureBytes || payload.length !== digestBytes) return false;
          return verifyWith(libcrypto, context, payload, signature);
        };
      },
      destroy: () => contexts.destroy(),
    };
  });
}

interface RsaScheme {
  /** Distinct for distinct schemes. */
  readonly name: string;
  readonly digest: DigestName;
  /** Undefined: PKCS #1 v1.5. */
  readonly mgf1Digest: DigestName | undefined;
}

/** @throws EngineFailure `invalid_scheme` for what `families/rsa.ts` doesn't write */
function parseScheme(scheme: Scheme): RsaScheme {
  const { padding, digest, mgf1Digest, ...unknown } = scheme;
  if (Object.keys(unknown).length === 0 && isDigestName(digest)) {
    if (padding === 'pkcs1-v1.5' && mgf1Digest === undefined && PKCS1_DIGESTS.includes(digest)) {
      return { name: `pkcs1 ${digest}`, digest, mgf1Digest };
    }
    if (
      padding === 'pss' &&
      isDigestName(mgf1Digest) &&
      PSS_DIGESTS.includes(digest) &&
      PSS_DIGESTS.includes(mgf1Digest)
    ) {
      return { name: `pss ${digest} ${mgf1Digest}`, digest, mgf1Digest };
    }
  }
  throw new EngineFailure('invalid_scheme', 'not a scheme of RSA');
}

/**
 * The salt of PSS comes from OpenSSL's generator: it is public, and a salt that repeats costs nothing but the tightness
 * of a proof.
 */
function schemeParams(libcrypto: Libcrypto, scheme: RsaScheme, saltLength: 'digest' | 'auto'): Uint8Array {
  const params: OsslParam[] = [{ key: 'digest', text: opensslName(scheme.digest) }];
  if (scheme.mgf1Digest === undefined) params.push({ key: 'pad-mode', text: 'pkcs1' });
  else {
    params.push(
      { key: 'pad-mode', text: 'pss' },
      { key: 'mgf1-digest', text: opensslName(scheme.mgf1Digest) },
      { key: 'saltlen', text: saltLength },
    );
  }
  return encodeOsslParams(libcrypto, params);
}

function opensslName(digest: DigestName): string {
  return findDigest(digest).openssl ?? '';
}

function requireParameters(parameters: KeyParameters): RsaParameters {
  const { modulusBits, publicExponent } = parameters;
  if (typeof modulusBits !== 'number' || typeof publicExponent !== 'number') {
    throw new EngineFailure('invalid_key', 'an RSA key has modulusBits and publicExponent');
  }
  return { modulusBits, publicExponent };
}

function requireSame(actual: RsaParameters, expected: KeyParameters): RsaParameters {
  const { modulusBits, publicExponent } = requireParameters(expected);
  if (actual.modulusBits !== modulusBits || actual.publicExponent !== publicExponent) {
    throw new EngineFailure('invalid_key', 'the RSA key has other parameters than its record says');
  }
  return actual;
}

function refuseMalformed<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof DerError)) throw cause;
    throw new EngineFailure('invalid_key', `not an acceptable RSA key: ${cause.message}`, { cause });
  }
}

/** One small key through every hash and padding: see the warm-up of ECDSA. */
function warmUp(engine: Engine): void {
  // Long enough for every digest with PSS, short enough to be made in milliseconds.
  const parameters = { modulusBits: 1152, publicExponent: 65537 };
  const material = engine.generate(parameters);
  const signing = engine.loadPrivate(material.privateKey, parameters);
  freeSecret(material.privateKey as Buffer);
  const verifying = engine.loadPublic(signing.publicKey, parameters);
  const out = new Uint8Array(rsaSignatureBytes(parameters));
  const schemes: Scheme[] = [
    ...PKCS1_DIGESTS.map((digest) => ({ padding: 'pkcs1-v1.5', digest })),
    ...PSS_DIGESTS.map((digest) => ({ padding: 'pss', digest, mgf1Digest: digest })),
  ];
  for (const scheme of schemes) {
    const digest = new Uint8Array(findDigest(parseScheme(scheme).digest).bytes).fill(0x5a);
    const written = signing.signer(scheme)(digest, out);
    if (!verifying.verifier(scheme)(digest, out.subarray(0, written))) {
      throw new EngineFailure('engine_error', "OpenSSL's RSA fails its check");
    }
  }
  signing.destroy();
  verifying.destroy();
}
