import type { Scheme } from '@countersign/algorithms/algorithm';
import type { KeyRecord } from '@countersign/core/key-record';
import type { CostEstimate, ItemCost } from './cost-estimate.ts';
import { type FrameType, MAX_MESSAGE_ITEMS } from './frames.ts';
import { packItemMessage } from './messages/item-message.ts';
import type { PoolMessage, PoolWork } from './pool-work.ts';

/** One payload with its signature, where there is one. */
const MAX_ITEM_BYTES = 8 * 1024 * 1024;
/** A message that holds more than one item stays below this. */
const MESSAGE_BYTES = 512 * 1024;
const MAX_SCHEME_CHARACTERS = 4096;

export interface WorkItem {
  readonly key: KeyRecord;
  readonly scheme: Scheme;
  readonly bytes: Uint8Array;
  readonly signature?: Uint8Array;
}

/** A key packed for messages, with what one of its items is expected to take. */
interface PackedKey {
  readonly entry: Uint8Array;
  readonly cost: ItemCost;
}

/** What is different between signing and verifying. */
export interface ItemOperation<Result> {
  readonly requestType: FrameType;
  readonly replyType: FrameType;
  /** Undefined: the key can't be used for this operation. */
  readonly packKey: (key: KeyRecord) => Uint8Array | undefined;
  readonly readReply: (
    body: Buffer,
    itemCount: number,
    results: Result[],
    indexes: ArrayLike<number>,
  ) => { readonly busyUs: number };
  readonly unusableKey: Result;
  readonly tooLarge: Result;
  readonly lost: Result;
}

/** Packs keys once in their life: a record is immutable, and the directory hands out the same one again. */
export class KeyPacker {
  readonly #pack: (key: KeyRecord) => Uint8Array | undefined;
  readonly #packed = new WeakMap<KeyRecord, PackedKey>();
  readonly costs: CostEstimate;

  constructor(pack: (key: KeyRecord) => Uint8Array | undefined, costs: CostEstimate) {
    this.#pack = pack;
    this.costs = costs;
  }

  packed(key: KeyRecord): PackedKey | undefined {
    let packed = this.#packed.get(key);
    if (packed === undefined) {
      const entry = this.#pack(key);
      if (entry === undefined) return undefined;
      packed = { entry, cost: this.costs.costOf(key) };
      this.#packed.set(key, packed);
    }
    return packed;
  }
}

/**
 * The items of one batch on their way through a pool. Costs are learnt from the replies; results keep the order of
 * the items. What can't be sent at all (no sealed key, oversized payload) has its result at once.
 */
export class ItemWork<Result> implements PoolWork {
  /** Resolves when every item has its result; never rejects. */
  readonly done: Promise<readonly Result[]>;
  readonly #resolve: (results: readonly Result[]) => void;
  readonly #operation: ItemOperation<Result>;
  readonly #costs: CostEstimate;
  readonly #batchId: number;
  readonly #results: Result[];
  #open: number;

  /** Items that are sent, packed to the front; `#indexes` says where each result belongs. */
  readonly #items: readonly WorkItem[];
  readonly #indexes: Uint32Array;
  readonly #keyOf: Uint32Array;
  readonly #schemeOf: Uint32Array;
  readonly #keys: PackedKey[] = [];
  readonly #schemes: string[] = [];
  readonly #count: number;
  #cursor = 0;
  #remainingUs = 0;

  /** Numbers of keys and schemes within the message that is being packed; -1 for those not in it. */
  readonly #localKey: Int32Array;
  readonly #localScheme: Int32Array;

  constructor(operation: ItemOperation<Result>, packer: KeyPacker, batchId: number, items: readonly WorkItem[]) {
    const { promise, resolve } = Promise.withResolvers<readonly Result[]>();
    this.done = promise;
    this.#resolve = resolve;
    this.#operation = operation;
    this.#costs = packer.costs;
    this.#batchId = batchId;
    // Every result is overwritten; the value that stays by mistake must be one that claims nothing.
    this.#results = new Array<Result>(items.length).fill(operation.lost);
    this.#indexes = new Uint32Array(items.length);
    this.#keyOf = new Uint32Array(items.length);
    this.#schemeOf = new Uint32Array(items.length);

    const keyNumbers = new Map<KeyRecord, number>();
    const schemeNumbers = new Map<string, number>();
    let sent: WorkItem[] | undefined;
    let count = 0;
    let lastKey: KeyRecord | undefined;
    let keyNumber: number | undefined;
    let lastScheme: Scheme | undefined;
    let schemeNumber: number | undefined;
    for (let index = 0; index < items.length; index++) {
      // biome-ignore lint/style/noNonNullAssertion: index is below the length
      const item = items[index]!;
      if (item.key !== lastKey) {
        lastKey = item.key;
        keyNumber = this.#numberKey(packer, keyNumbers, item.key);
      }
      if (item.scheme !== lastScheme) {
        if (lastScheme === undefined || !sameScheme(item.scheme, lastScheme))
          schemeNumber = this.#numberScheme(schemeNumbers, item.scheme);
        lastScheme = item.scheme;
      }
      const size = item.bytes.length + (item.signature === undefined ? 0 : item.signature.length);
      if (keyNumber === undefined || schemeNumber === undefined || size > MAX_ITEM_BYTES) {
        this.#results[index] = keyNumber === undefined ? operation.unusableKey : operation.tooLarge;
        sent ??= items.slice(0, index);
        continue;
      }
      sent?.push(item);
      this.#indexes[count] = index;
      this.#keyOf[count] = keyNumber;
      this.#schemeOf[count] = schemeNumber;
      this.#remainingUs += this.#keys[keyNumber]?.cost.us ?? 0;
      count++;
    }
    this.#items = sent ?? items;
    this.#count = count;
    this.#open = count;
    this.#localKey = new Int32Array(this.#keys.length).fill(-1);
    this.#localScheme = new Int32Array(this.#schemes.length).fill(-1);
    if (count === 0) resolve(this.#results);
  }

  get remainingItems(): number {
    return this.#count - this.#cursor;
  }

  get remainingUs(): number {
    return Math.max(0, this.#remainingUs);
  }

  take(budgetUs: number): PoolMessage {
    const first = this.#cursor;
    const most = Math.min(this.#count, first + MAX_MESSAGE_ITEMS);
    const keyIndexes = new Uint16Array(most - first);
    const schemeIndexes = new Uint16Array(most - first);
    const keyNumbers: number[] = [];
    const schemeNumbers: number[] = [];
    const entries: Uint8Array[] = [];
    const costs: ItemCost[] = [];
    const counts: number[] = [];
    let estimateUs = 0;
    let bytes = 0;
    let end = first;
    for (; end < most; end++) {
      const keyNumber = this.#keyOf[end] ?? 0;
      const schemeNumber = this.#schemeOf[end] ?? 0;
      // biome-ignore lint/style/noNonNullAssertion: numbers and positions made by the constructor
      const key = this.#keys[keyNumber]!;
      // biome-ignore lint/style/noNonNullAssertion: the same
      const item = this.#items[end]!;
      let local = this.#localKey[keyNumber] ?? -1;
      const size =
        item.bytes.length +
        (item.signature === undefined ? 0 : item.signature.length) +
        (local < 0 ? key.entry.length : 0);
      if (end > first && (estimateUs + key.cost.us > budgetUs || bytes + size > MESSAGE_BYTES)) break;
      if (local < 0) {
        local = keyNumbers.push(keyNumber) - 1;
        this.#localKey[keyNumber] = local;
        entries.push(key.entry);
        costs.push(key.cost);
        counts.push(0);
      }
      let localScheme = this.#localScheme[schemeNumber] ?? -1;
      if (localScheme < 0) {
        localScheme = schemeNumbers.push(schemeNumber) - 1;
        this.#localScheme[schemeNumber] = localScheme;
      }
      keyIndexes[end - first] = local;
      schemeIndexes[end - first] = localScheme;
      counts[local] = (counts[local] ?? 0) + 1;
      estimateUs += key.cost.us;
      bytes += size;
    }
    for (const keyNumber of keyNumbers) this.#localKey[keyNumber] = -1;
    for (const schemeNumber of schemeNumbers) this.#localScheme[schemeNumber] = -1;
    this.#cursor = end;
    this.#remainingUs -= estimateUs;

    const operation = this.#operation;
    const itemCount = end - first;
    return {
      frame: packItemMessage(operation.requestType, {
        batchId: this.#batchId,
        first,
        end,
        keys: entries,
        schemes: schemeNumbers.map((schemeNumber) => this.#schemes[schemeNumber] ?? '{}'),
        keyIndexes,
        schemeIndexes,
        items: this.#items,
      }),
      replyType: operation.replyType,
      itemCount,
      estimateUs,
      complete: (body) => {
        const indexes = this.#indexes.subarray(first, end);
        const { busyUs } = operation.readReply(body, itemCount, this.#results, indexes);
        this.#costs.observe(costs, counts, busyUs);
        this.#settle(itemCount);
      },
      lost: () => this.#lose(first, end),
    };
  }

  abandon(): void {
    const first = this.#cursor;
    this.#cursor = this.#count;
    this.#lose(first, this.#count);
  }

  /** A reply that broke off half-way may have left results behind: all of its items are overwritten. */
  #lose(first: number, end: number): void {
    for (let position = first; position < end; position++) {
      this.#results[this.#indexes[position] ?? 0] = this.#operation.lost;
    }
    this.#settle(end - first);
  }

  #settle(itemCount: number): void {
    this.#open -= itemCount;
    if (this.#open === 0) this.#resolve(this.#results);
  }

  #numberKey(packer: KeyPacker, numbers: Map<KeyRecord, number>, key: KeyRecord): number | undefined {
    const known = numbers.get(key);
    if (known !== undefined) return known;
    const packed = packer.packed(key);
    if (packed === undefined) return undefined;
    const number = this.#keys.push(packed) - 1;
    numbers.set(key, number);
    return number;
  }

  #numberScheme(numbers: Map<string, number>, scheme: Scheme): number | undefined {
    const text = JSON.stringify(scheme);
    if (text.length > MAX_SCHEME_CHARACTERS) return undefined;
    let number = numbers.get(text);
    if (number === undefined) {
      number = this.#schemes.push(text) - 1;
      numbers.set(text, number);
    }
    return number;
  }
}

/** Whether two schemes have the same members in the same order; different order merely costs an entry. */
function sameScheme(left: Scheme, right: Scheme): boolean {
  let members = 0;
  for (const name in left) {
    if (left[name] !== right[name]) return false;
    members++;
  }
  for (const _ in right) members--;
  return members === 0;
}
