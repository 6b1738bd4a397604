import type { SecretMemory } from '../src/secret-memory.ts';

/** Ordinary memory that knows what is still allocated, wipes as the real one does, and refuses to free twice. */
export class CountingMemory implements SecretMemory {
  readonly #owned = new Set<Buffer>();

  get allocated(): number {
    return this.#owned.size;
  }

  allocate(length: number): Buffer {
    const secret = Buffer.alloc(length);
    this.#owned.add(secret);
    return secret;
  }

  free(secret: Buffer): void {
    if (!this.#owned.delete(secret)) throw new Error('freed twice, or never allocated');
    // Not zero: who goes on using it notices.
    secret.fill(0xdb);
  }
}
