/**
 * One byte string for one value, so that a hash over it commits to the value: injective, and independent of the order in
 * which members were given.
 *
 *   null 00, false 01, true 02
 *   number 03, string 04, bytes 05   length u32, then ASCII decimal, UTF-16LE, or the bytes
 *   list 06                          count u32, then the entries
 *   object 07                        count u32, then each name as a string and its value, in order of UTF-16 code units
 */
import { DomainError } from '../domain-error.ts';

export type CanonicalValue =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly CanonicalValue[]
  /** A member that is undefined is left out. */
  | { readonly [member: string]: CanonicalValue | undefined };

/** Deeper values are refused, before a caller's nesting exhausts the stack. */
export const MAX_DEPTH = 64;

/** @throws DomainError `invalid_request` for a value that is nested deeper than `MAX_DEPTH` */
export function canonicalBytes(value: CanonicalValue): Uint8Array {
  const chunks: Uint8Array[] = [];
  write(value, chunks, 0);
  return Buffer.concat(chunks);
}

function write(value: CanonicalValue, chunks: Uint8Array[], depth: number): void {
  if (depth > MAX_DEPTH) throw new DomainError('invalid_request', `values are nested at most ${MAX_DEPTH} deep`);
  if (value === null) chunks.push(Uint8Array.of(0));
  else if (typeof value === 'boolean') chunks.push(Uint8Array.of(value ? 2 : 1));
  else if (typeof value === 'number') writeNumber(value, chunks);
  // UTF-16, since UTF-8 has one form for all lone surrogates.
  else if (typeof value === 'string') writeSized(4, Buffer.from(value, 'utf16le'), chunks);
  else if (value instanceof Uint8Array) writeSized(5, value, chunks);
  else if (isList(value)) {
    chunks.push(head(6, value.length));
    for (const entry of value) write(entry, chunks, depth + 1);
  } else {
    // The default order of sort is that of UTF-16 code units.
    const names = Object.keys(value)
      .filter((name) => value[name] !== undefined)
      .sort();
    chunks.push(head(7, names.length));
    for (const name of names) {
      write(name, chunks, depth + 1);
      write(value[name] ?? null, chunks, depth + 1);
    }
  }
}

/** The shortest decimal that reads as the same number; minus zero counts as zero, since JSON loses the difference. */
function writeNumber(value: number, chunks: Uint8Array[]): void {
  if (!Number.isFinite(value)) throw new DomainError('internal', 'a number that JSON does not have');
  writeSized(3, Buffer.from(String(value), 'latin1'), chunks);
}

function writeSized(tag: number, bytes: Uint8Array, chunks: Uint8Array[]): void {
  chunks.push(head(tag, bytes.length), bytes);
}

function head(tag: number, count: number): Uint8Array {
  const bytes = Buffer.alloc(5);
  bytes[0] = tag;
  bytes.writeUInt32BE(count, 1);
  return bytes;
}

function isList(value: CanonicalValue): value is readonly CanonicalValue[] {
  return Array.isArray(value);
}
