/**
 * Gives equal texts and equal JSON one value in memory. A hundred thousand cached keys name few algorithms, groups,
 * accounts and sets of operations; SQLite makes a new string for every cell.
 */
export class SharedValues {
  readonly #texts = new Map<string, string>();
  readonly #parsed = new Map<string, unknown>();

  text(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    makeRoom(this.#texts);
    if (text.length <= MAX_CHARACTERS) this.#texts.set(text, text);
    return text;
  }

  /** The value of a JSON text, frozen, since many records share it. */
  json(text: string): unknown {
    const known = this.#parsed.get(text);
    if (known !== undefined) return known;
    const value = deepFreeze(JSON.parse(text));
    makeRoom(this.#parsed);
    if (text.length <= MAX_CHARACTERS) this.#parsed.set(text, value);
    return value;
  }
}

const MAX_ENTRIES = 2_000;
/** Longer texts are hardly ever equal, and would fill the memory. */
const MAX_CHARACTERS = 512;

function makeRoom(map: Map<string, unknown>): void {
  if (map.size >= MAX_ENTRIES) map.clear();
}

function deepFreeze(value: unknown): unknown {
  if (typeof value === 'object' && value !== null) {
    for (const member of Object.values(value)) deepFreeze(member);
    Object.freeze(value);
  }
  return value;
}
