import type { SecretMemory } from '../secret-memory.ts';
import type { Ed25519Group } from './ed25519-group.ts';
import { hashNonce } from './frost-hashes.ts';
import { NONCE_PAIR_BYTES } from './frost-signing.ts';

/** Fresh bytes of the kernel for one pair of nonces: 32 for each (RFC 9591, section 4.1). */
export const NONCE_RANDOM_BYTES = 64;

const HEDGE_TAG = Buffer.from('countersign/ed25519/nonce-randomness/v1');
const KINDS = [Uint8Array.of(0), Uint8Array.of(1)] as const;
const RANDOM_BYTES = 32;
const SCALAR_BYTES = 32;
const DIGEST_BYTES = 64;

/** What a pair of nonces is made for. */
export interface NonceContext {
  /** The signer's, a scalar. */
  readonly secretShare: Uint8Array;
  /** 32 bytes each; the group's is that of the child which signs. */
  readonly publicShare: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  /** Whatever else sets this signature apart: room, hash of the hellos. */
  readonly extraInput: Uint8Array;
}

/**
 * RFC 9591, section 4.1, nonce_generate: `out` = H3(random || secret).
 * @param wide 64 bytes of secret memory, wiped
 */
export function generateNonce(
  group: Ed25519Group,
  out: Uint8Array,
  wide: Uint8Array,
  randomBytes: Uint8Array,
  secret: Uint8Array,
): void {
  if (randomBytes.length !== RANDOM_BYTES) throw new RangeError('a nonce takes 32 random bytes');
  hashNonce(group, out, wide, randomBytes, secret);
}

/**
 * Makes pairs of nonces. The random bytes that go into nonce_generate are themselves a hash of the kernel's and of
 * what the nonces are for: a machine whose randomness repeats (a cloned one, say) still gives two nonces for two
 * messages, rooms or keys.
 */
export class NonceGenerator {
  readonly #group: Ed25519Group;
  readonly #memory: SecretMemory;
  readonly #scratch: Buffer;

  constructor(group: Ed25519Group, memory: SecretMemory) {
    this.#group = group;
    this.#memory = memory;
    this.#scratch = memory.allocate(2 * DIGEST_BYTES);
  }

  /**
   * @param out 64 bytes of secret memory: the pair
   * @param randomness 64 fresh bytes of the kernel, in secret memory; wiped
   */
  generate(out: Uint8Array, randomness: Uint8Array, context: NonceContext): void {
    if (out.length !== NONCE_PAIR_BYTES) throw new RangeError('a pair of nonces has 64 bytes');
    if (randomness.length !== NONCE_RANDOM_BYTES) throw new RangeError('a pair of nonces takes 64 random bytes');
    const { secretShare, publicShare, publicKey, message, extraInput } = context;
    const hedged = this.#scratch.subarray(0, DIGEST_BYTES);
    const wide = this.#scratch.subarray(DIGEST_BYTES);
    const lengths = Buffer.alloc(16);
    lengths.writeBigUInt64LE(BigInt(message.length));
    lengths.writeBigUInt64LE(BigInt(extraInput.length), 8);

    for (const [i, kind] of KINDS.entries()) {
      const random = randomness.subarray(RANDOM_BYTES * i, RANDOM_BYTES * (i + 1));
      this.#group.hash(hedged, [
        ...[HEDGE_TAG, kind, random, secretShare, publicShare, publicKey],
        ...[lengths, message, extraInput],
      ]);
      const nonce = out.subarray(SCALAR_BYTES * i, SCALAR_BYTES * (i + 1));
      generateNonce(this.#group, nonce, wide, hedged.subarray(0, RANDOM_BYTES), secretShare);
    }
    hedged.fill(0);
    randomness.fill(0);
  }

  /** Gives the secret memory back. */
  free(): void {
    this.#memory.free(this.#scratch);
  }
}
