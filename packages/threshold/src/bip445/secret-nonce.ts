import type { Secp256k1Group } from '../secp256k1/secp256k1-group.ts';
import { InvalidSigningInput } from './signing-errors.ts';

const SCALAR_BYTES = 32;
export const SECRET_NONCE_BYTES = 2 * SCALAR_BYTES;

/**
 * The two secret nonces of one signature, 64 bytes of locked memory. Two signatures with the same nonces give the
 * secret share away, so that this works once, whatever comes of it, and is wiped.
 */
export class SecretNonce {
  #memory: Uint8Array | undefined;
  readonly #release: ((memory: Uint8Array) => void) | undefined;

  /**
   * @param memory 64 bytes, taken over: wiped at the end
   * @param release gives the memory up where it isn't part of a larger piece
   */
  constructor(memory: Uint8Array, release?: (memory: Uint8Array) => void) {
    if (memory.length !== SECRET_NONCE_BYTES) throw new RangeError(`a secret nonce has ${SECRET_NONCE_BYTES} bytes`);
    this.#memory = memory;
    this.#release = release;
  }

  /**
   * Runs `compute` with the two scalars, which it may overwrite.
   * @throws InvalidSigningInput for scalars that are zero or out of range
   * @throws Error `secret nonce used twice`
   */
  use<Result>(group: Secp256k1Group, compute: (first: Uint8Array, second: Uint8Array) => Result): Result {
    const memory = this.#memory;
    if (memory === undefined) throw new Error('secret nonce used twice');
    this.#memory = undefined;
    try {
      const first = memory.subarray(0, SCALAR_BYTES);
      const second = memory.subarray(SCALAR_BYTES);
      if (!isUsable(group, first))
        throw new InvalidSigningInput('first-nonce-range', 'the first nonce is out of range');
      if (!isUsable(group, second)) {
        throw new InvalidSigningInput('second-nonce-range', 'the second nonce is out of range');
      }
      return compute(first, second);
    } finally {
      this.#end(memory);
    }
  }

  /** Wipes nonces that nobody will use. */
  destroy(): void {
    const memory = this.#memory;
    this.#memory = undefined;
    if (memory !== undefined) this.#end(memory);
  }

  #end(memory: Uint8Array): void {
    memory.fill(0);
    this.#release?.(memory);
  }
}

function isUsable(group: Secp256k1Group, scalar: Uint8Array): boolean {
  return group.isScalar(scalar) && !group.isZero(scalar);
}
