/**
 * The system's libsodium by FFI, for what the npm package that signs with libsodium lacks (products of scalars, above
 * all); that one hides the library's symbols. Every symbol is bound by name when the library is loaded, so that a process
 * that has lost the right to open files can still use it, and no symbol is chosen by data.
 *
 * A pointer argument is a buffer whose length the caller guarantees; the library can't check.
 */

import { EngineUnavailable } from '../../engine.ts';
import { loadSystemLibrary } from '../system-library.ts';

/** A path that replaces the search. */
const PATH_VARIABLE = 'COUNTERSIGN_LIBSODIUM';

/** The newest first. The functions used here came with 1.0.18 and are the same since. */
const SEARCHED_NAMES: readonly string[] = [
  'libsodium.so.26',
  'libsodium.so.23',
  'libsodium.dylib',
  '/opt/homebrew/lib/libsodium.dylib',
];

const INSTALL =
  'install libsodium 1.0.18 or newer (Debian, Ubuntu: apt install libsodium23 or its successor; macOS: brew install ' +
  `libsodium), or set ${PATH_VARIABLE} to its path`;

type Bytes = Uint8Array;
/** 0 for success, -1 for a refused argument. */
type Status = 0 | -1;

export interface Libsodium {
  readonly description: string;
  /** 1 for the canonical encoding of a point of the prime-order subgroup other than the identity. */
  readonly isValidPoint: (point: Bytes) => 0 | 1;
  readonly addPoints: (out: Bytes, p: Bytes, q: Bytes) => Status;
  /** Constant-time. Refuses a zero scalar. */
  readonly multiplyBase: (out: Bytes, scalar: Bytes) => Status;
  /** Constant-time. Refuses a zero scalar and points outside the prime-order subgroup, which costs it half its time. */
  readonly multiply: (out: Bytes, scalar: Bytes, point: Bytes) => Status;
  readonly addScalars: (out: Bytes, a: Bytes, b: Bytes) => void;
  readonly multiplyScalars: (out: Bytes, a: Bytes, b: Bytes) => void;
  readonly negateScalar: (out: Bytes, a: Bytes) => void;
  /** Refuses zero. */
  readonly invertScalar: (out: Bytes, a: Bytes) => Status;
  /** From 64 bytes. */
  readonly reduceScalar: (out: Bytes, wide: Bytes) => void;
  /** Bytes of SHA-512's state. */
  readonly hashStateBytes: number;
  readonly hashInit: (state: Bytes) => Status;
  readonly hashUpdate: (state: Bytes, part: Bytes, length: number) => Status;
  readonly hashFinal: (state: Bytes, out: Bytes) => Status;
  readonly verify: (signature: Bytes, message: Bytes, length: number, publicKey: Bytes) => Status;
}

let loaded: Libsodium | undefined;

/**
 * Loads the library once per process.
 * @throws EngineUnavailable with a text that says what to install
 */
export function loadLibsodium(): Libsodium {
  loaded ??= openLibrary();
  return loaded;
}

function openLibrary(): Libsodium {
  const { library, path } = loadSystemLibrary({
    name: 'libsodium',
    pathVariable: PATH_VARIABLE,
    searched: SEARCHED_NAMES,
    install: INSTALL,
  });
  const bind = <Function>(prototype: string): Function => {
    try {
      return library.func(prototype) as Function;
    } catch (cause) {
      throw new EngineUnavailable(`${path} lacks a function that is needed here: ${INSTALL}`, { cause });
    }
  };
  // 1 says that it was initialised before, by somebody else in this process.
  if (bind<() => number>('int sodium_init()')() < 0) throw new EngineUnavailable(`${path} can't be initialised`);
  const version = bind<() => string>('str sodium_version_string()')();

  return {
    description: `libsodium ${version} by FFI (${path})`,
    isValidPoint: bind('int crypto_core_ed25519_is_valid_point(const void *p)'),
    addPoints: bind('int crypto_core_ed25519_add(void *r, const void *p, const void *q)'),
    multiplyBase: bind('int crypto_scalarmult_ed25519_base_noclamp(void *q, const void *n)'),
    multiply: bind('int crypto_scalarmult_ed25519_noclamp(void *q, const void *n, const void *p)'),
    addScalars: bind('void crypto_core_ed25519_scalar_add(void *z, const void *x, const void *y)'),
    multiplyScalars: bind('void crypto_core_ed25519_scalar_mul(void *z, const void *x, const void *y)'),
    negateScalar: bind('void crypto_core_ed25519_scalar_negate(void *neg, const void *s)'),
    invertScalar: bind('int crypto_core_ed25519_scalar_invert(void *recip, const void *s)'),
    reduceScalar: bind('void crypto_core_ed25519_scalar_reduce(void *r, const void *s)'),
    hashStateBytes: Number(bind<() => number | bigint>('size_t crypto_hash_sha512_statebytes()')()),
    hashInit: bind('int crypto_hash_sha512_init(void *state)'),
    hashUpdate: bind('int crypto_hash_sha512_update(void *state, const void *in, uint64_t inlen)'),
    hashFinal: bind('int crypto_hash_sha512_final(void *state, void *out)'),
    verify: bind(
      'int crypto_sign_ed25519_verify_detached(const void *sig, const void *m, uint64_t mlen, const void *pk)',
    ),
  };
}
