/**
 * Permits: the proof, inside the process, that one exact signing item passed policy and that its intent is durable.
 * Only this file can make one; custody takes nothing else. That guards against our own mistakes, not against a
 * taken-over HTTP process, which could mint its own: against that stands what is sealed inside the wrapped key.
 */
import type { Scheme } from '@countersign/algorithms/algorithm';
import { DomainError } from './domain-error.ts';
import type { KeyRecord } from './key-record.ts';
import type { IntentReceipt } from './ports/signing-journal.ts';
import type { Ceremony } from './signing-item.ts';

/** What one permit allows: these bytes, in this way, with this key, once. */
export interface PermittedItem {
  readonly key: KeyRecord;
  readonly scheme: Scheme;
  readonly bytes: Uint8Array;
  /** Where a threshold key meets its other parties; a custody that signs alone doesn't look at it. */
  readonly ceremony?: Ceremony | undefined;
}

/** The permits of one batch, single use. */
export class PermitSet {
  readonly #items: readonly PermittedItem[];
  readonly #batchId: number;
  #redeemed = false;

  /** @internal Only `mintPermits` holds the token. */
  constructor(token: symbol, batchId: number, items: readonly PermittedItem[]) {
    if (token !== mintToken) throw new DomainError('internal', 'permits are made by mintPermits alone');
    this.#batchId = batchId;
    this.#items = items;
  }

  get size(): number {
    return this.#items.length;
  }

  /**
   * Spends this set for several smaller ones with the same batch id, one for each list of places.
   * @throws DomainError `internal` unless every place is in exactly one list
   */
  split(parts: readonly (readonly number[])[]): readonly PermitSet[] {
    const { items } = PermitSet.redeem(this);
    const places = parts.flat();
    if (new Set(places).size !== items.length || places.length !== items.length)
      throw new DomainError('internal', 'a permit was lost or doubled');
    return parts.map((part) => {
      const taken = part.map((place) => items[place]).filter((item) => item !== undefined);
      if (taken.length !== part.length) throw new DomainError('internal', 'a permit was lost');
      return new PermitSet(mintToken, this.#batchId, taken);
    });
  }

  /**
   * Hands out the content, once. Every custody calls this before anything else.
   * @throws DomainError `internal` for a value that isn't a permit set, or was redeemed before
   */
  static redeem(permits: PermitSet): { readonly batchId: number; readonly items: readonly PermittedItem[] } {
    if (typeof permits !== 'object' || permits === null || !(#redeemed in permits))
      throw new DomainError('internal', 'signing without a permit');
    if (permits.#redeemed) throw new DomainError('internal', 'permit used twice');
    permits.#redeemed = true;
    return { batchId: permits.#batchId, items: permits.#items };
  }
}

const mintToken = Symbol('mint');
const spentReceipts = new WeakSet<IntentReceipt>();

/**
 * Mints the permits of a batch whose intent is durable. A receipt mints once.
 * @throws DomainError `internal` when the receipt was used before or doesn't cover the number of items
 */
export function mintPermits(receipt: IntentReceipt, items: readonly PermittedItem[]): PermitSet {
  if (spentReceipts.has(receipt)) throw new DomainError('internal', 'intent receipt used twice');
  if (receipt.itemCount !== items.length) throw new DomainError('internal', 'intent receipt is for another batch');
  spentReceipts.add(receipt);
  return new PermitSet(mintToken, receipt.batchId, items);
}
