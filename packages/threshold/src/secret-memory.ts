/**
 * Where protocols put secrets. The sealed process gives libsodium's locked memory (no swap, no core dump, guard
 * pages); the protocols themselves load no native code.
 */
export interface SecretMemory {
  /** `length` zero bytes that the caller owns until it frees them. */
  allocate(length: number): Buffer;
  /** Wipes, then gives the memory up. The buffer may not be used afterwards, nor any view of it. */
  free(secret: Buffer): void;
}
