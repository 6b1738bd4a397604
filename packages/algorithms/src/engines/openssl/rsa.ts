/**
 * RSA by OpenSSL: PKCS #1 v1.5 and PSS over digests.
 *
 * Every private-key operation is blinded, and OpenSSL raises the result of the Chinese remainder theorem to the public
 * exponent and compares; if that fails it throws the result away and takes the slow way (rsa_ossl_mod_exp). A fault in
 * one half, which would give away the primes, so never leaves the library. For this it needs the public exponent,
 * which we always pass.
 */
import type { KeyParameters, Scheme } from '../../algorithm.ts';
import { DER_TAGS, DerError } from '../../der.ts';
import { type DigestName, findDigest, isDigestName } from '../../digests.ts';
import { type Engine, EngineFailure, type KeyMaterial, type SigningKey, type VerifyingKey } from '../../engine.ts';
import { PKCS1_DIGESTS, PSS_DIGESTS } from '../../rsa-digests.ts';
import {
  bitLength,
  encodeRsaPublicKey,
  type RsaParameters,
  type RsaPrivateKey,
  type RsaPublicKey,
  readRsaPrivateKey,
  readRsaPublicKey,
  rsaParameters,
  rsaSignatureBytes,
  unwrapRsaPrivateKey,
} from '../../rsa-key.ts';
import { allocateSecret, copySecret, freeSecret } from '../../secret-memory.ts';
import { checkKey, KEY_PAIR, keyFromParams, PUBLIC_KEY, stirGenerator, withContext } from './evp-key.ts';
import { describeLibcrypto, type Libcrypto, loadLibcrypto, opensslFailure, type Pointer, requirePointer } from './libcrypto.ts';
import { encodeOsslParams, type OsslParam } from './ossl-params.ts';
import { SignatureContexts, signWith, verifyWith } from './signature-context.ts';

/** OpenSSL's names of the members of RSAPrivateKey, in its order. */
const COMPONENTS = [
  ['modulus', 'n'],
  ['publicExponent', 'e'],
  ['privateExponent', 'd'],
  ['prime1', 'rsa-factor1'],
  ['prime2', 'rsa-factor2'],
  ['exponent1', 'rsa-exponent1'],
  ['exponent2', 'rsa-exponent2'],
  ['coefficient', 'rsa-coefficient1'],
] as const satisfies readonly (readonly [keyof RsaPrivateKey, string])[];

/** Primes this close to each other are found by Fermat's method (FIPS 186-5, appendix A.1.1, asks for 100 bits). */
const MIN_DIFFERENT_LEADING_BYTES = 12;

/** @throws EngineUnavailable */
export async function loadEngine(): Promise<Engine> {
  const libcrypto = await loadLibcrypto();
  const engine: Engine = {
    description: describeLibcrypto(libcrypto),
    generate: (parameters) => generate(libcrypto, requireParameters(parameters)),
    importPrivate: (encoded) => importPrivate(libcrypto, encoded),
    loadPrivate: (privateKey, parameters) => loadPrivate(libcrypto, privateKey, parameters),
    loadPublic: (publicKey, parameters) => loadPublic(libcrypto, publicKey, parameters),
  };
  warmUp(engine);
  return engine;
}

/**
 * The primes come from OpenSSL's own generator, which it doesn't let us replace for one call. The kernel's randomness
 * is stirred in first, so that a cloned virtual machine doesn't make the same key as its twin.
 */
function generate(libcrypto: Libcrypto, parameters: RsaParameters): KeyMaterial {
  stirGenerator(libcrypto);
  const generated = withContext(libcrypto, libcrypto.EVP_PKEY_CTX_new_from_name(null, 'RSA', null), (context) => {
    const exponent = new Uint8Array(new ArrayBuffer(4));
    new DataView(exponent.buffer).setUint32(0, parameters.publicExponent, true);
    const params = encodeOsslParams(libcrypto, [
      { key: 'bits', unsignedInt: parameters.modulusBits },
      { key: 'e', littleEndian: exponent },
    ]);
    const key = new BigUint64Array(1);
    if (
      libcrypto.EVP_PKEY_keygen_init(context) !== 1 ||
      libcrypto.EVP_PKEY_CTX_set_params(context, params) !== 1 ||
      libcrypto.EVP_PKEY_generate(context, key) !== 1
    ) {
      throw opensslFailure(libcrypto, 'engine_error', 'the RSA key could not be generated');
    }
    return requirePointer(libcrypto, key[0] ?? null, 'EVP_PKEY_generate');
  });
  try {
    const privateKey = exportPrivateKey(libcrypto, generated);
    return { privateKey, publicKey: encodeRsaPublicKey(readRsaPrivateKey(privateKey)), parameters };
  } finally {
    libcrypto.EVP_PKEY_free(generated);
  }
}

/** RSAPrivateKey in locked memory. OpenSSL's own encoder would leave copies in ordinary memory. */
function exportPrivateKey(libcrypto: Libcrypto, key: Pointer): Buffer {
  const numbers: Pointer[] = [];
  try {
    for (const [, name] of COMPONENTS) {
      const number = new BigUint64Array(1);
      if (libcrypto.EVP_PKEY_get_bn_param(key, name, number) !== 1) {
        throw opensslFailure(libcrypto, 'engine_error', `the RSA key has no ${name}`);
      }
      numbers.push(requirePointer(libcrypto, number[0] ?? null, 'EVP_PKEY_get_bn_param'));
    }
    return encodePrivateKey(libcrypto, numbers);
  } finally {
    for (const number of numbers) libcrypto.BN_clear_free(number);
  }
}

function encodePrivateKey(libcrypto: Libcrypto, numbers: readonly Pointer[]): Buffer {
  // An INTEGER has a sign bit, hence a byte more than the magnitude where the magnitude fills its last one.
  const lengths = numbers.map((number) => Math.floor(libcrypto.BN_num_bits(number) / 8) + 1);
  const version = [DER_TAGS.integer, 1, 0];
  const contents = version.length + lengths.reduce((sum, length) => sum + headerBytes(length) + length, 0);
  const encoded = allocateSecret(headerBytes(contents) + contents);
  let offset = writeHeader(encoded, 0, DER_TAGS.sequence, contents);
  encoded.set(version, offset);
  offset += version.length;
  numbers.forEach((number, index) => {
    const length = lengths[index] ?? 0;
    offset = writeHeader(encoded, offset, DER_TAGS.integer, length);
    if (libcrypto.BN_bn2binpad(number, encoded.subarray(offset), length) !== length) {
      throw opensslFailure(libcrypto, 'engine_error', 'the RSA key could not be read');
    }
    offset += length;
  });
  return encoded;
}

/** Tag and length; all lengths here are below 65,536. */
function headerBytes(length: number): number {
  if (length < 0x80) return 2;
  return length < 0x100 ? 3 : 4;
}

function writeHeader(out: Uint8Array, offset: number, tag: number, length: number): number {
  const bytes = [tag, length];
  if (length >= 0x80) bytes.splice(1, 1, 0x81, length);
  if (length >= 0x100) bytes.splice(1, 2, 0x82, length >> 8, length & 0xff);
  out.set(bytes, offset);
  return offset + bytes.length;
}

function importPrivate(libcrypto: Libcrypto, encoded: Uint8Array): KeyMaterial {
  return refuseMalformed(() => {
    const pkcs1 = unwrapRsaPrivateKey(encoded);
    const key = readRsaPrivateKey(pkcs1);
    const parameters = rsaParameters(key);
    requireSoundPrimes(key, parameters);
    const loaded = toEvpKey(libcrypto, key);
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
    const contexts = new SignatureContexts(libcrypto, toEvpKey(libcrypto, key));
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
    const params = withReversed([key.modulus, key.publicExponent], ([n, e]) =>
      keyFromParams(libcrypto, 'RSA', PUBLIC_KEY, [littleEndianParam('n', n), littleEndianParam('e', e)]),
    );
    const contexts = new SignatureContexts(libcrypto, params);
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

/** An EVP_PKEY of all components; the copies that it takes on the way lie in locked memory. */
function toEvpKey(libcrypto: Libcrypto, key: RsaPrivateKey): Pointer {
  return withReversed(
    COMPONENTS.map(([member]) => key[member]),
    (reversed) =>
      keyFromParams(
        libcrypto,
        'RSA',
        KEY_PAIR,
        COMPONENTS.map(([, name], index) => littleEndianParam(name, reversed[index])),
      ),
  );
}

function littleEndianParam(key: string, littleEndian: Uint8Array | undefined): OsslParam {
  if (littleEndian === undefined) throw new EngineFailure('engine_error', `no value for ${key}`);
  return { key, littleEndian };
}

/** Runs `use` with little-endian copies of the numbers, in one piece of locked memory that is wiped afterwards. */
function withReversed<Result>(
  magnitudes: readonly Uint8Array[],
  use: (reversed: readonly Uint8Array[]) => Result,
): Result {
  const memory = allocateSecret(magnitudes.reduce((sum, magnitude) => sum + magnitude.length, 0));
  try {
    let offset = 0;
    const reversed = magnitudes.map((magnitude) => {
      const copy = memory.subarray(offset, offset + magnitude.length);
      for (let index = 0; index < magnitude.length; index++) copy[index] = magnitude[magnitude.length - 1 - index] ?? 0;
      offset += magnitude.length;
      return copy;
    });
    return use(reversed);
  } finally {
    freeSecret(memory);
  }
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
