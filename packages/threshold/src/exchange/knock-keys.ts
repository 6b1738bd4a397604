import { hkdfSync } from 'node:crypto';
import { AEAD_KEY_BYTES } from './aead.ts';
import { HINT_BYTES } from './frame.ts';
import type { IdentitySecret, PublicIdentity } from './identity.ts';

const INFO = Buffer.from('countersign/exchange/v1/knock', 'utf8');

/** What one knock's body key is sealed with, for one recipient. The hint is as random as the key to everybody else. */
export interface KnockKey {
  readonly hint: Buffer;
  /** 32 secret bytes, to be wiped. */
  readonly key: Buffer;
}

/**
 * Keys from the lasting channel keys alone, before the parties know each other's fresh ones: HKDF-SHA256 over X25519 of
 * the two, salted by 32 bytes of the frame, bound to room and direction. Whoever gets a channel secret later can read
 * what was sealed so: nothing that has to stay secret beyond that is said in a hello.
 */
export class KnockKeys {
  readonly #me: PublicIdentity;
  readonly #candidates: readonly PublicIdentity[];
  readonly #room: Uint8Array;
  readonly #shared: Buffer[];

  /** @param candidates this party included: it knocks at its own door too, to meet a copy of itself */
  constructor(me: IdentitySecret, candidates: readonly PublicIdentity[], room: Uint8Array) {
    this.#me = me.public;
    this.#candidates = candidates;
    this.#room = room;
    this.#shared = candidates.map((candidate) => me.agree(candidate));
  }

  forRecipient(candidate: number, salt: Uint8Array): KnockKey {
    return this.#derive(candidate, salt, this.#me, this.#identity(candidate));
  }

  fromSender(candidate: number, salt: Uint8Array): KnockKey {
    return this.#derive(candidate, salt, this.#identity(candidate), this.#me);
  }

  /** Nothing can be sealed or opened afterwards. */
  erase(): void {
    for (const shared of this.#shared.splice(0)) shared.fill(0);
  }

  #identity(candidate: number): PublicIdentity {
    const identity = this.#candidates[candidate];
    if (identity === undefined) throw new RangeError('no such candidate');
    return identity;
  }

  #derive(candidate: number, salt: Uint8Array, sender: PublicIdentity, recipient: PublicIdentity): KnockKey {
    const shared = this.#shared[candidate];
    if (shared === undefined) throw new Error('no such candidate, or the keys are erased');
    const info = Buffer.concat([INFO, this.#room, sender.identityKey, recipient.identityKey]);
    const derived = Buffer.from(hkdfSync('sha256', shared, salt, info, HINT_BYTES + AEAD_KEY_BYTES));
    return { hint: derived.subarray(0, HINT_BYTES), key: derived.subarray(HINT_BYTES) };
  }
}
