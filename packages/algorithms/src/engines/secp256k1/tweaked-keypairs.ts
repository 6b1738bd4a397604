import { allocateSecret, freeSecret } from '../../secret-memory.ts';

/** More roots than this in use at once cost a tweak per change, not memory. */
const SLOTS = 8;

/** Names one tweak of one key; made once per compiled scheme. */
export interface TweakToken {
  readonly merkleRootHex: string;
  slot: number;
}

/**
 * The tweaked forms of one BIP340 key. A tweak costs twice as much as a signature, so that they are kept; but merkle
 * roots come from callers, so that only a fixed number is. A token whose slot went to another root gets a new one.
 */
export class TweakedKeypairs {
  readonly #keypairBytes: number;
  readonly #writeTweaked: (merkleRootHex: string, keypair: Buffer) => void;
  readonly #owners: (TweakToken | undefined)[] = [];
  #memory: Buffer | undefined;
  readonly #views: Buffer[] = [];
  #next = 0;

  /** @param writeTweaked fills a key pair object in locked memory, or throws */
  constructor(keypairBytes: number, writeTweaked: (merkleRootHex: string, keypair: Buffer) => void) {
    this.#keypairBytes = keypairBytes;
    this.#writeTweaked = writeTweaked;
  }

  /** A token for a root: an existing one where there is one, so that equal schemes share a slot. */
  tokenFor(merkleRootHex: string): TweakToken {
    const owner = this.#owners.find((candidate) => candidate?.merkleRootHex === merkleRootHex);
    return owner ?? { merkleRootHex, slot: 0 };
  }

  /** The key pair of a token, valid until the next call. */
  keypairOf(token: TweakToken): Buffer {
    const view = this.#views[token.slot];
    if (view !== undefined && this.#owners[token.slot] === token) return view;
    return this.#occupy(token);
  }

  destroy(): void {
    this.#owners.length = 0;
    this.#views.length = 0;
    if (this.#memory !== undefined) freeSecret(this.#memory);
    this.#memory = undefined;
  }

  #occupy(token: TweakToken): Buffer {
    this.#memory ??= allocateSecret(SLOTS * this.#keypairBytes);
    const slot = this.#next;
    this.#next = (slot + 1) % SLOTS;
    const view = this.#memory.subarray(slot * this.#keypairBytes, (slot + 1) * this.#keypairBytes);
    this.#views[slot] = view;
    // Nobody owns the slot while it's being written: a failed tweak must not leave a key under a wrong name.
    this.#owners[slot] = undefined;
    this.#writeTweaked(token.merkleRootHex, view);
    this.#owners[slot] = token;
    token.slot = slot;
    return view;
  }
}
