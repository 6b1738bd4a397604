/**
 * The system's libsecp256k1 by FFI. Every symbol is bound by name when the library is loaded, so that signing works
 * after the process has lost the right to open files, and no symbol is chosen by data.
 *
 * A pointer argument is a `Buffer` whose length the caller guarantees; the library can't check. It calls abort() on an
 * argument that breaks its rules (an all-zero key object, for example): a dead signer, not a wrong signature.
 */

import { EngineUnavailable } from '../../engine.ts';
import { fillFromKernel } from '../../kernel-randomness.ts';
import { allocateSecret, freeSecret } from '../../secret-memory.ts';
import { loadSystemLibrary } from '../system-library.ts';

/** A path that replaces the search. */
const PATH_VARIABLE = 'COUNTERSIGN_LIBSECP256K1';

/** SECP256K1_CONTEXT_NONE since 0.2; signing and verification are always possible. */
const CONTEXT_NONE = 1;

/** The newest first. The functions used here are the same in all of them. */
const SONAME_VERSIONS = [6, 5, 4, 3, 2, 1] as const;
const SEARCHED_NAMES: readonly string[] = [
  ...SONAME_VERSIONS.map((version) => `libsecp256k1.so.${version}`),
  'libsecp256k1.dylib',
  '/opt/homebrew/lib/libsecp256k1.dylib',
];

const INSTALL =
  'install libsecp256k1 0.2 or newer (Debian, Ubuntu: apt install libsecp256k1-1 or its successor; macOS: brew install ' +
  `secp256k1), or set ${PATH_VARIABLE} to its path`;

/** SECP256K1_EC_UNCOMPRESSED: 65 bytes. */
export const FLAG_UNCOMPRESSED = 2;

type Bytes = Uint8Array;
type Status = 0 | 1;

/** Opaque: an address of a secp256k1_context. */
declare const contextBrand: unique symbol;
export interface Context {
  readonly [contextBrand]: never;
}

export interface Libsecp256k1 {
  readonly description: string;
  readonly context: Context;
  /** Blinds the operations with secrets anew. */
  readonly randomize: (seed32: Bytes) => void;
  readonly isPrivateKey: (scalar: Bytes) => boolean;
  readonly createPublicKey: (context: Context, publicKey64: Bytes, scalar: Bytes) => Status;
  readonly parsePublicKey: (context: Context, publicKey64: Bytes, encoded: Bytes, length: number) => Status;
  readonly serializePublicKey: (
    context: Context,
    out: Bytes,
    length: BigUint64Array,
    publicKey64: Bytes,
    flags: number,
  ) => Status;
  /** Binds another function; `prototype` is a constant of the caller. @throws EngineUnavailable */
  readonly bind: <Function>(prototype: string) => Function;
}

let loaded: Libsecp256k1 | undefined;

/**
 * Loads the library once per process.
 * @throws EngineUnavailable with a text that says what to install
 */
export function loadLibsecp256k1(): Libsecp256k1 {
  loaded ??= openLibrary();
  return loaded;
}

function openLibrary(): Libsecp256k1 {
  const { library, path } = loadSystemLibrary({
    name: 'libsecp256k1',
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

  bind<() => void>('void secp256k1_selftest()')();
  const context = bind<(flags: number) => Context | null>('void *secp256k1_context_create(unsigned int flags)')(
    CONTEXT_NONE,
  );
  if (context === null) throw new EngineUnavailable(`${path} gives no context`);
  const randomizeContext = bind<(context: Context, seed: Bytes) => Status>(
    'int secp256k1_context_randomize(void *ctx, const void *seed32)',
  );
  const verifyScalar = bind<(context: Context, scalar: Bytes) => Status>(
    'int secp256k1_ec_seckey_verify(const void *ctx, const void *seckey)',
  );
  const randomize = (seed: Bytes): void => {
    if (randomizeContext(context, seed) !== 1) throw new Error('libsecp256k1 refused to randomize its context');
  };

  const seed = allocateSecret(32);
  fillFromKernel(seed);
  randomize(seed);
  freeSecret(seed);

  return {
    description: `libsecp256k1 by FFI (${path})`,
    context,
    randomize,
    isPrivateKey: (scalar) => verifyScalar(context, scalar) === 1,
    createPublicKey: bind('int secp256k1_ec_pubkey_create(const void *ctx, void *pubkey, const void *seckey)'),
    parsePublicKey: bind(
      'int secp256k1_ec_pubkey_parse(const void *ctx, void *pubkey, const void *input, size_t inputlen)',
    ),
    serializePublicKey: bind(
      'int secp256k1_ec_pubkey_serialize(const void *ctx, void *output, void *outputlen, const void *pubkey, unsigned int flags)',
    ),
    bind,
  };
}
