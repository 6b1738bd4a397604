/**
 * Gives equal texts and equal JSON one value in memory. A hundred thousand cached keys name few algorithms, groups,
 * accounts and sets of operations; SQLite makes a new string for every cell.
 */
export class SharedValues {
  static readonly #MAX_ENTRIES = 2_000;
  readonly #texts = new Map<string, string>();
  readonly #parsed = new Map<string, unknown>();

  text(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    makeRoom(this.#texts);
    this.#texts.set(text, text);
    return text;
  }

  /** The value of a JSON text, frozen, since many records share it. */
  json(text: string): unknown {
    const known = this.#parsed.get(text);
    if (known !== undefined) return known;
    const value = deepFreeze(JSON.parse(text));
    makeRoom(this.#parsed);
    this.#parsed.set(text, value);
    return value;
  }

  static get maxEntries(): number {
    return SharedValues.#MAX_ENTRIES;
  }
}

function makeRoom(map: Map<string, unknown>): void {
  if (map.size >= SharedValues.maxEntries) map.clear();
}

function deepFreeze(value: unknown): unknown {
  if (typeof value === 'object' && value !== null) {
    for (const member of Object.values(value)) deepFreeze(member);
    Object.freeze(value);
  }
  return value;
}
