import { CountingMemory } from './counting-memory.ts';

export class OutOfMemory extends Error {}

/** Gives out only so many pieces of memory, as locked memory may. */
export class FailingMemory extends CountingMemory {
  #left: number;

  constructor(pieces: number) {
    super();
    this.#left = pieces;
  }

  override allocate(length: number): Buffer {
    if (this.#left === 0) throw new OutOfMemory();
    this.#left -= 1;
    return super.allocate(length);
  }
}
