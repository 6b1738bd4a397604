/**
 * Looks through JSON text for what `JSON.parse` lets pass: a member given twice (it keeps the last, another reader may
 * keep the first, and so two programs see two requests), `__proto__`, and nesting without bound. One pass over the
 * bytes, about 1 ns each; text that isn't JSON is left to the parser that follows.
 */

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** An object with more members than this, or with an escaped name, keeps its names in a set. */
const LINEAR_MEMBERS = 16;

/**
 * Names of the open objects as offsets, innermost object last; `bases` says where each object's names begin. Kept from
 * one scan to the next: a scan is synchronous, and clearing 8 KB would cost a small request more than its scan.
 */
let scratch = scratchFor(0);

function scratchFor(maxDepth: number): {
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly bases: Int32Array;
} {
  const names = (maxDepth + 1) * LINEAR_MEMBERS;
  return { starts: new Int32Array(names), ends: new Int32Array(names), bases: new Int32Array(maxDepth + 1) };
}

/**
 * Why this text is refused, or undefined. Exact for valid JSON; for anything else the answer may be either.
 * @param bytes UTF-8
 */
export function findJsonHazard(bytes: Uint8Array, maxDepth: number): string | undefined {
  const end = bytes.length;
  if (scratch.bases.length <= maxDepth) scratch = scratchFor(maxDepth);
  const { starts, ends, bases } = scratch;
  let count = 0;
  const inObject: boolean[] = [];
  const sets: (Set<string> | undefined)[] = [];
  let depth = 0;
  let expectsName = false;
  let at = 0;
  while (at < end) {
    const byte = bytes[at++];
    if (byte === QUOTE) {
      const start = at;
      let escaped = false;
      for (;;) {
        if (at >= end) return undefined;
        const inner = bytes[at++];
        if (inner === QUOTE) break;
        if (inner === BACKSLASH) {
          escaped = true;
          at++;
        }
      }
      if (!expectsName) continue;
      expectsName = false;
      const stop = at - 1;
      const base = bases[depth] ?? 0;
      let set = sets[depth];
      if (set === undefined && !escaped && count - base < LINEAR_MEMBERS) {
        for (let index = base; index < count; index++) {
          if (sameBytes(bytes, starts[index] ?? 0, ends[index] ?? 0, start, stop)) return duplicate(bytes, start, stop);
        }
        if (stop - start === 9 && bytes[start] === 0x5f && nameOf(bytes, start, stop) === '__proto__')
          return 'a member may not be named __proto__';
        starts[count] = start;
        ends[count++] = stop;
        continue;
      }
      if (set === undefined) {
        set = new Set();
        for (let index = base; index < count; index++) set.add(nameOf(bytes, starts[index] ?? 0, ends[index] ?? 0));
        sets[depth] = set;
      }
      const name = nameOf(bytes, start, stop);
      if (name === '__proto__') return 'a member may not be named __proto__';
      if (set.has(name)) return duplicate(bytes, start, stop);
      set.add(name);
    } else if (byte === COMMA) {
      expectsName = inObject[depth] === true;
    } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      if (++depth > maxDepth) return `the body is nested more than ${maxDepth} levels deep`;
      expectsName = byte === OPEN_OBJECT;
      inObject[depth] = expectsName;
      bases[depth] = count;
      sets[depth] = undefined;
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      if (depth === 0) return undefined;
      count = bases[depth--] ?? 0;
      expectsName = false;
    }
  }
  return undefined;
}

function sameBytes(bytes: Uint8Array, start: number, stop: number, otherStart: number, otherStop: number): boolean {
  if (stop - start !== otherStop - otherStart) return false;
  for (let left = start, right = otherStart; left < stop; left++, right++) {
    if (bytes[left] !== bytes[right]) return false;
  }
  return true;
}

/** A member's name with its escapes resolved; text that isn't a JSON string stands for itself. */
function nameOf(bytes: Uint8Array, start: number, stop: number): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, stop - start).toString('utf8');
  if (!text.includes('\\')) return text;
  try {
    return String(JSON.parse(`"${text}"`));
  } catch {
    return text;
  }
}

const MAX_SHOWN = 40;

function duplicate(bytes: Uint8Array, start: number, stop: number): string {
  const name = nameOf(bytes, start, stop);
  // Only a plain name is repeated to the caller: the answer is text that ends up in terminals and logs.
  return name.length <= MAX_SHOWN && /^[\w.-]+$/.test(name)
    ? `the member ${name} is given twice`
    : 'a member is given twice';
}
