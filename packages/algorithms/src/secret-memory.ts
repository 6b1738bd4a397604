/**
 * Locked native memory for secrets: guard pages, no swap, no core dump (libsodium's `sodium_malloc`). Loads native
 * code, so only the sealed processes import this file.
 *
 * Pieces are used again. Each new one costs some 30 us and four of the system's mappings, which are given back only when
 * the collector gets to it: a process that made and freed thousands would run out of mappings (65,530 on Linux) and be
 * aborted. A freed piece changes hands by `ArrayBuffer.transfer`, which detaches every view that anybody still has.
 */
import sodium from 'sodium-native';

/** Sizes are rounded up to powers of two from this one on. */
const SMALLEST_BYTES = 32;
/** Of free pieces; what is above is given back to the system. */
const MAX_FREE_BYTES = 16 * 1024 * 1024;
const MAX_FREE_PIECES = 4096;

/** Wiped pieces by their size. */
const free = new Map<number, ArrayBuffer[]>();
/** All pieces, free or not: nothing else gets into the free ones. */
const pieces = new WeakSet<ArrayBufferLike>();
let freeBytes = 0;
let freePieces = 0;

/** `length` zero bytes in locked memory. Free with `freeSecret`; never slice it into strings. */
export function allocateSecret(length: number): Buffer {
  const size = sizeFor(length);
  const piece = free.get(size)?.pop();
  if (piece === undefined) {
    const fresh = sodium.sodium_malloc(size);
    pieces.add(fresh.buffer);
    // libsodium fills fresh memory with 0xdb, so that a missing initialisation shows.
    return fresh.fill(0).subarray(0, length);
  }
  freeBytes -= size;
  freePieces -= 1;
  return Buffer.from(piece, 0, length);
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
 * Wipes, then gives the memory up, whole, whatever view of it this is. The buffer and every view of it have length 0
 * afterwards: reads give undefined, writes go nowhere. Freeing twice does nothing.
 * @throws TypeError for memory of another kind
 */
export function freeSecret(secret: Uint8Array): void {
  const { buffer } = secret;
  if (!(buffer instanceof ArrayBuffer) || !pieces.has(buffer)) throw new TypeError('not secret memory');
  if (buffer.detached) return;
  const piece = buffer.transfer();
  pieces.add(piece);
  const bytes = Buffer.from(piece);
  sodium.sodium_memzero(bytes);
  const size = piece.byteLength;
  if (size === 0 || freePieces >= MAX_FREE_PIECES || freeBytes + size > MAX_FREE_BYTES) {
    // It only detaches: libsodium's own unmapping runs when the collector gets to it.
    sodium.sodium_free(bytes);
    return;
  }
  const sameSize = free.get(size);
  if (sameSize === undefined) free.set(size, [piece]);
  else sameSize.push(piece);
  freeBytes += size;
  freePieces += 1;
}

function sizeFor(length: number): number {
  let size = SMALLEST_BYTES;
  while (size < length) size *= 2;
  return size;
}
