/** EVP_PKEY_CTX objects set up for one scheme and used again for every signature made or checked with it. */
import { EngineFailure } from '../../engine.ts';
import { type Libcrypto, opensslFailure, type Pointer, requirePointer } from './libcrypto.ts';

/** A size_t of which the low half is used: payloads and signatures are far below 4 GiB. The process has one thread. */
const length = new Uint32Array(new ArrayBuffer(8));

/**
 * Signs with one context.
 *
 * OpenSSL's one-shot signing leaves a context ready for the next payload, so that an item costs a single call and
 * allocates nothing. OpenSSL refuses an output shorter than the longest signature before it writes.
 */
export function signWith(libcrypto: Libcrypto, context: Pointer, payload: Uint8Array, out: Uint8Array): number {
  length[0] = out.length;
  length[1] = 0;
  if (libcrypto.EVP_PKEY_sign(context, out, length, payload, payload.length) !== 1) {
    throw opensslFailure(libcrypto, 'engine_error', 'the signature could not be made');
  }
  return length[0];
}

/** Verifies with one context. Whatever is wrong with the signature or the payload, the answer is false. */
export function verifyWith(
  libcrypto: Libcrypto,
  context: Pointer,
  payload: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (libcrypto.EVP_PKEY_verify(context, signature, signature.length, payload, payload.length) === 1) return true;
  libcrypto.ERR_clear_error();
  return false;
}

/**
 * The contexts of one key, by scheme. The schemes of an algorithm are a closed list that its engine checks before it
 * asks for one, which bounds the number of contexts.
 */
export class SignatureContexts {
  readonly #libcrypto: Libcrypto;
  #key: Pointer | undefined;
  readonly #contexts = new Map<string, Pointer>();

  /** Takes over `key` and frees it in `destroy`. */
  constructor(libcrypto: Libcrypto, key: Pointer) {
    this.#libcrypto = libcrypto;
    this.#key = key;
  }

  /** The context called `name`, made at its first use. @throws EngineFailure `invalid_scheme` if OpenSSL refuses it */
  obtain(name: string, initialise: (context: Pointer) => number): Pointer {
    const existing = this.#contexts.get(name);
    if (existing !== undefined) return existing;
    if (this.#key === undefined) throw new EngineFailure('engine_error', 'the key was destroyed');
    const context = requirePointer(
      this.#libcrypto,
      this.#libcrypto.EVP_PKEY_CTX_new_from_pkey(null, this.#key, null),
      'EVP_PKEY_CTX_new_from_pkey',
    );
    if (initialise(context) !== 1) {
      this.#libcrypto.EVP_PKEY_CTX_free(context);
      throw opensslFailure(this.#libcrypto, 'invalid_scheme', 'OpenSSL refused the scheme');
    }
    this.#contexts.set(name, context);
    return context;
  }

  /** @throws EngineFailure `engine_error` after `destroy` */
  requireAlive(): void {
    if (this.#key === undefined) throw new EngineFailure('engine_error', 'the key was destroyed');
  }

  /** Frees everything; OpenSSL wipes private components as it frees them. Does nothing the second time. */
  destroy(): void {
    if (this.#key === undefined) return;
    for (const context of this.#contexts.values()) this.#libcrypto.EVP_PKEY_CTX_free(context);
    this.#contexts.clear();
    this.#libcrypto.EVP_PKEY_free(this.#key);
    this.#key = undefined;
  }
}
