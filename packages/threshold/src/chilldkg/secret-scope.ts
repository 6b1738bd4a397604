import type { Secp256k1Group } from '../secp256k1/secp256k1-group.ts';

/** The secrets of one computation, in locked memory of the group. All are freed at its end, except what was kept. */
export class SecretScope {
  readonly #group: Secp256k1Group;
  readonly #owned = new Set<Uint8Array>();

  constructor(group: Secp256k1Group) {
    this.#group = group;
  }

  allocate(length: number): Uint8Array {
    const secret = this.#group.allocateSecret(length);
    this.#owned.add(secret);
    return secret;
  }

  /** `count` zero scalars of 32 bytes each, views of one piece of memory. */
  allocateScalars(count: number): readonly Uint8Array[] {
    const all = this.allocate(32 * count);
    return Array.from({ length: count }, (_, index) => all.subarray(32 * index, 32 * index + 32));
  }

  /** The caller owns this one from now on. */
  keep(secret: Uint8Array): Uint8Array {
    if (!this.#owned.delete(secret)) throw new Error('the scope does not own this secret');
    return secret;
  }

  end(): void {
    for (const secret of this.#owned) this.#group.freeSecret(secret);
    this.#owned.clear();
  }
}

/** Runs `compute` and frees its secrets, whichever way it ends. */
export function withSecrets<Result>(group: Secp256k1Group, compute: (scope: SecretScope) => Result): Result {
  const scope = new SecretScope(group);
  try {
    return compute(scope);
  } finally {
    scope.end();
  }
}
