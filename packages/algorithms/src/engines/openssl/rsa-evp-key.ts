/** RSA keys on their way into OpenSSL's objects and out of them, without copies in ordinary memory. */
import { DER_TAGS } from '../../der.ts';
import type { RsaParameters, RsaPrivateKey, RsaPublicKey } from '../../rsa-key.ts';
import { allocateSecret } from '../../secret-memory.ts';
import { KEY_PAIR, keyFromParams, PUBLIC_KEY, stirGenerator, withContext, withLittleEndian } from './evp-key.ts';
import { type Libcrypto, opensslFailure, type Pointer, requirePointer } from './libcrypto.ts';
import { encodeOsslParams, type OsslParam } from './ossl-params.ts';

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

/**
 * A fresh key as RSAPrivateKey in locked memory; the caller wipes it.
 *
 * The primes come from OpenSSL's own generator, which it doesn't let us replace for one call. The kernel's randomness
 * is stirred in first, so that a cloned virtual machine doesn't make the same key as its twin.
 */
export function generateRsaPrivateKey(libcrypto: Libcrypto, parameters: RsaParameters): Buffer {
  stirGenerator(libcrypto);
  const generated = withContext(libcrypto, libcrypto.EVP_PKEY_CTX_new_from_name(null, 'RSA', null), (context) => {
    const params = encodeOsslParams(libcrypto, [
      { key: 'bits', unsignedInt: parameters.modulusBits },
      { key: 'e', unsignedInt: parameters.publicExponent },
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
    return exportPrivateKey(libcrypto, generated);
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
    // Can't fail: the length was measured on the same number.
    libcrypto.BN_bn2binpad(number, encoded.subarray(offset), length);
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

export function toRsaPrivateEvpKey(libcrypto: Libcrypto, key: RsaPrivateKey): Pointer {
  const components = COMPONENTS.map(([member, name]) => ({ name, magnitude: key[member] }));
  return toEvpKey(libcrypto, KEY_PAIR, components);
}

export function toRsaPublicEvpKey(libcrypto: Libcrypto, key: RsaPublicKey): Pointer {
  return toEvpKey(libcrypto, PUBLIC_KEY, [
    { name: 'n', magnitude: key.modulus },
    { name: 'e', magnitude: key.publicExponent },
  ]);
}

interface Component {
  readonly name: string;
  /** Big-endian. */
  readonly magnitude: Uint8Array;
}

function toEvpKey(
  libcrypto: Libcrypto,
  selection: typeof PUBLIC_KEY | typeof KEY_PAIR,
  components: readonly Component[],
): Pointer {
  return withLittleEndian(
    components.map(({ magnitude }) => magnitude),
    (numbers) => {
      const params = numbers.map(
        (littleEndian, index): OsslParam => ({ key: components[index]?.name ?? '', littleEndian }),
      );
      return keyFromParams(libcrypto, 'RSA', selection, params);
    },
  );
}
