/** Makes and frees EVP_PKEY objects, which hold the keys while they are in use. */
import type { EngineFailureCode } from '../../engine.ts';
import { allocateSecret, freeSecret, randomSecret } from '../../secret-memory.ts';
import { type Libcrypto, opensslFailure, type Pointer, requirePointer } from './libcrypto.ts';
import { encodeOsslParams, type OsslParam } from './ossl-params.ts';

/** Selections of EVP_PKEY_fromdata (evp.h): parameters and public key; the same and the private key. */
export const PUBLIC_KEY = 0x86;
export const KEY_PAIR = 0x87;

/** An EVP_PKEY from its components, which the caller then wipes. @throws EngineFailure `invalid_key` */
export function keyFromParams(
  libcrypto: Libcrypto,
  type: string,
  selection: typeof PUBLIC_KEY | typeof KEY_PAIR,
  params: readonly OsslParam[],
): Pointer {
  return withContext(libcrypto, libcrypto.EVP_PKEY_CTX_new_from_name(null, type, null), (context) => {
    const key = new BigUint64Array(1);
    if (
      libcrypto.EVP_PKEY_fromdata_init(context) !== 1 ||
      libcrypto.EVP_PKEY_fromdata(context, key, selection, encodeOsslParams(libcrypto, params)) !== 1
    ) {
      throw opensslFailure(libcrypto, 'invalid_key', `the ${type} key was refused`);
    }
    return requirePointer(libcrypto, key[0] ?? null, 'EVP_PKEY_fromdata');
  });
}

/** Runs one of the EVP_PKEY_*check functions. @throws EngineFailure `code` */
export function checkKey(
  libcrypto: Libcrypto,
  key: Pointer,
  check: (context: Pointer) => number,
  code: EngineFailureCode,
  message: string,
): void {
  withContext(libcrypto, libcrypto.EVP_PKEY_CTX_new_from_pkey(null, key, null), (context) => {
    if (check(context) !== 1) throw opensslFailure(libcrypto, code, message);
  });
}

/** Runs `use` with a context and frees it whatever happens. */
export function withContext<Result>(
  libcrypto: Libcrypto,
  context: Pointer | null,
  use: (context: Pointer) => Result,
): Result {
  const required = requirePointer(libcrypto, context, 'EVP_PKEY_CTX_new');
  try {
    return use(required);
  } finally {
    libcrypto.EVP_PKEY_CTX_free(required);
  }
}

/**
 * Stirs fresh randomness of the kernel into OpenSSL's generator. A virtual machine that was cloned repeats the
 * generator's state; after this call the clones' outputs differ. The bytes count as no entropy: OpenSSL reseeds from
 * its own source as well.
 */
export function stirGenerator(libcrypto: Libcrypto): void {
  const seed = randomSecret(48);
  try {
    libcrypto.RAND_add(seed, seed.length, 0);
  } finally {
    freeSecret(seed);
  }
}

/** Big-endian bytes as OpenSSL's integer parameters want them, in locked memory; the caller frees them. */
export function reverseSecret(bigEndian: Uint8Array): Buffer {
  const reversed = allocateSecret(bigEndian.length);
  copyReversed(bigEndian, reversed);
  return reversed;
}

/** Both have the same length. */
export function copyReversed(from: Uint8Array, to: Uint8Array): void {
  const last = from.length - 1;
  for (let index = 0; index <= last; index++) to[index] = from[last - index] ?? 0;
}
