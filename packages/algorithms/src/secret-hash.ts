/**
 * Hashes over secrets by libsodium, with all state in locked memory: `node:crypto` would leave copies on its heap. Loads
 * native code, so only the sealed processes import this file.
 */
import sodium from 'sodium-native';
import { allocateSecret, freeSecret } from './secret-memory.ts';
import { taggedHashPrefix } from './tagged-hash.ts';

const SHA512_BYTES = 64;
const SHA512_BLOCK_BYTES = 128;
const INNER_PAD = 0x36;
const OUTER_PAD = 0x5c;

export interface SecretTaggedHash {
  readonly begin: () => void;
  readonly add: (bytes: Uint8Array) => void;
  readonly end: (out32: Buffer) => void;
}

/**
 * The tagged hash of BIP340 with one state for the life of the process: for one use at a time.
 * @param tag a constant of the program, never data
 */
export function secretTaggedHash(tag: string): SecretTaggedHash {
  const state = allocateSecret(sodium.crypto_hash_sha256_STATEBYTES);
  // The prefix fills one block of SHA-256 exactly, so that the state after it is the same for all messages.
  const afterPrefix = Buffer.alloc(sodium.crypto_hash_sha256_STATEBYTES);
  sodium.crypto_hash_sha256_init(afterPrefix);
  sodium.crypto_hash_sha256_update(afterPrefix, taggedHashPrefix(tag));
  return {
    begin: () => state.set(afterPrefix),
    add: (bytes) => sodium.crypto_hash_sha256_update(state, bytes as Buffer),
    end: (out32) => sodium.crypto_hash_sha256_final(state, out32),
  };
}

/** `state` has `crypto_hash_sha512_STATEBYTES`, `out64` 64 bytes; both in locked memory where the parts are secret. */
export function writeSha512(
  state: Buffer,
  out64: Buffer,
  first: Uint8Array,
  second: Uint8Array,
  third: Uint8Array,
): void {
  sodium.crypto_hash_sha512_init(state);
  sodium.crypto_hash_sha512_update(state, first as Buffer);
  sodium.crypto_hash_sha512_update(state, second as Buffer);
  sodium.crypto_hash_sha512_update(state, third as Buffer);
  sodium.crypto_hash_sha512_final(state, out64);
}

/**
 * HMAC-SHA512 (RFC 2104) of some parts, one after another, under a secret key of at most 128 bytes.
 * @param out 64 bytes of locked memory; may share memory with the key
 */
export function writeSecretHmacSha512(out: Buffer, key: Uint8Array, parts: readonly Uint8Array[]): void {
  if (key.length > SHA512_BLOCK_BYTES) throw new RangeError('a key has at most 128 bytes');
  const state = allocateSecret(sodium.crypto_hash_sha512_STATEBYTES);
  const block = allocateSecret(SHA512_BLOCK_BYTES);
  const inner = allocateSecret(SHA512_BYTES);
  try {
    writePadded(block, key, INNER_PAD);
    sodium.crypto_hash_sha512_init(state);
    sodium.crypto_hash_sha512_update(state, block);
    for (const part of parts) sodium.crypto_hash_sha512_update(state, part as Buffer);
    sodium.crypto_hash_sha512_final(state, inner);
    writePadded(block, key, OUTER_PAD);
    sodium.crypto_hash_sha512_init(state);
    sodium.crypto_hash_sha512_update(state, block);
    sodium.crypto_hash_sha512_update(state, inner);
    sodium.crypto_hash_sha512_final(state, out);
  } finally {
    freeSecret(state);
    freeSecret(block);
    freeSecret(inner);
  }
}

/** Byte by byte, without a branch on them, on numbers that are too small for V8 to put them on its heap. */
function writePadded(block: Buffer, key: Uint8Array, pad: number): void {
  block.fill(pad);
  for (let index = 0; index < key.length; index += 1) block[index] = (key[index] ?? 0) ^ pad;
}
