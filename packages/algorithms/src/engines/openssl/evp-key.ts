/** Makes and frees EVP_PKEY objects, which hold the keys while they are in use. */
import { EngineFailure, type EngineFailureCode } from '../../engine.ts';
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

/** The components of an RSA key of 8192 bits, the most that is ever needed, take 4.6 KiB. */
const SCRATCH_BYTES = 8192;
let scratch: Buffer | undefined;

/**
 * Runs `use` with little-endian copies of big-endian numbers, as OpenSSL's integer parameters want them, and wipes the
 * copies afterwards. They share one piece of locked memory for the life of the process: locked memory is given back by
 * the garbage collector only, and a signer that loads thousands of keys would run out of it. Not reentrant.
 */
export function withLittleEndian<const Numbers extends readonly Uint8Array[], Result>(
  bigEndian: Numbers,
  use: (littleEndian: { readonly [Index in keyof Numbers]: Uint8Array }) => Result,
): Result {
  scratch ??= allocateSecret(SCRATCH_BYTES);
  const memory = scratch;
  let offset = 0;
  try {
    const copies = bigEndian.map((number) => {
      const end = offset + number.length;
      if (end > memory.length) throw new EngineFailure('invalid_key', 'the key is too long');
      const copy = memory.subarray(offset, end);
      for (let index = 0; index < number.length; index++) copy[index] = number[number.length - 1 - index] ?? 0;
      offset = end;
      return copy;
    });
    // `map` forgets that its result is as long as its input.
    return use(copies as unknown as { readonly [Index in keyof Numbers]: Uint8Array });
  } finally {
    memory.fill(0);
  }
}
