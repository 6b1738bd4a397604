/**
 * Locked native memory for secrets: guard pages, no swap, no core dump (libsodium's `sodium_malloc`). Loads native
 * code, so only the sealed processes import this file.
 */
import sodium from 'sodium-native';

/** `length` zero bytes in locked memory. Free with `freeSecret`; never slice it into strings. */
export function allocateSecret(length: number): Buffer {
  // libsodium fills fresh memory with 0xdb, so that a missing initialisation shows.
  return sodium.sodium_malloc(length).fill(0);
}

/** Copies `source` into locked memory. The caller still owns, and wipes, `source`. */
export function copySecret(source: Uint8Array): Buffer {
  const secret = allocateSecret(source.length);
  secret.set(source);
  return secret;
}

/** `length` bytes of the kernel's randomness in locked memory. */
export function randomSecret(length: number): Buffer {
  const secret = allocateSecret(length);
  sodium.randombytes_buf(secret);
  return secret;
}

/**
 * Wipes, then gives the memory up. The buffer has length 0 afterwards: reads give undefined, writes go nowhere.
 * The wipe comes first because sodium-native's `sodium_free` only detaches the buffer; libsodium's own wipe and
 * unmap run when the garbage collector gets to it, which may be never.
 */
export function freeSecret(secret: Buffer): void {
  if (secret.length > 0) sodium.sodium_memzero(secret);
  sodium.sodium_free(secret);
}
